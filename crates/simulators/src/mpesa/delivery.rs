//! Letters on their way: HTTP in the clear, to this machine alone.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::{Method, Request, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;

use super::state::Letter;

/// How long somebody has to answer.
const PATIENCE: Duration = Duration::from_secs(8);

/// Octets of an answer that are read.
const ANSWER_MAX_BYTES: usize = 16 * 1024;

/// Who carries letters.
#[derive(Clone, Debug)]
pub(super) struct Post {
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Post {
    pub(super) fn new() -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// Carries a letter to where its address says, or to `place` whatever it says, and gives the answer's status and body; `None` when nobody was there.
    pub(super) async fn carry(&self, letter: &Letter, place: Option<SocketAddr>) -> Option<(u16, Vec<u8>)> {
        let uri = address(&letter.url, place)?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(uri)
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(letter.body.clone())))
            .ok()?;
        let answered = async {
            let response = self.client.request(request).await.ok()?;
            let status = response.status().as_u16();
            let body = Limited::new(response.into_body(), ANSWER_MAX_BYTES).collect().await.ok()?;
            Some((status, body.to_bytes().to_vec()))
        };
        timeout(PATIENCE, answered).await.ok().flatten()
    }
}

fn address(url: &str, place: Option<SocketAddr>) -> Option<Uri> {
    let uri: Uri = url.parse().ok()?;
    let path = uri.path_and_query()?.clone();
    let to = match place {
        Some(place) => place,
        None => here(&uri)?,
    };
    Uri::builder().scheme("http").authority(to.to_string()).path_and_query(path).build().ok()
}

/// An address of this machine that a URL names.
fn here(uri: &Uri) -> Option<SocketAddr> {
    let host = uri.host()?.trim_matches(['[', ']']);
    let address = if host == "localhost" { IpAddr::from(Ipv4Addr::LOCALHOST) } else { host.parse().ok()? };
    (uri.scheme_str() == Some("http") && address.is_loopback())
        .then(|| SocketAddr::new(address, uri.port_u16().unwrap_or(80)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_stay_on_this_machine() {
        let carried = |url: &str, place: Option<&str>| {
            address(url, place.and_then(|place| place.parse().ok())).map(|uri| uri.to_string())
        };

        assert_eq!(carried("http://127.0.0.1:8/cb/0?a=b", None).as_deref(), Some("http://127.0.0.1:8/cb/0?a=b"));
        assert_eq!(carried("http://localhost:8/cb", None).as_deref(), Some("http://127.0.0.1:8/cb"));
        for elsewhere in ["https://pay.example.net/cb", "http://10.0.0.1/cb", "http://example.net/cb", "nonsense"] {
            assert_eq!(carried(elsewhere, None), None, "{elsewhere}");
        }
        let led = carried("https://pay.example.net/cb/0", Some("127.0.0.1:9"));
        assert_eq!(led.as_deref(), Some("http://127.0.0.1:9/cb/0"));
    }
}
