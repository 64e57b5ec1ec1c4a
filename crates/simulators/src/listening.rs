//! A small HTTP server on loopback, the same for all twins that speak HTTP.

use std::io;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Answers requests until it is dropped; connections end with it. A request whose answer is an error gets none.
pub(crate) async fn serve<H, F>(listener: TcpListener, answer: H)
where
    H: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = io::Result<Response<Full<Bytes>>>> + Send + 'static,
{
    let mut talks = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    talks.spawn(talk(stream, answer.clone()));
                }
            }
            Some(_) = talks.join_next() => {}
        }
    }
}

async fn talk<H, F>(stream: TcpStream, answer: H)
where
    H: Fn(Request<Incoming>) -> F + Send + 'static,
    F: Future<Output = io::Result<Response<Full<Bytes>>>> + Send + 'static,
{
    // A connection that breaks is the asker's business.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await;
}
