//! Connections: who may have one, TLS, and how long a head may take. An end that was asked for finishes what was begun.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use ipnet::IpNet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use tracing::{debug, warn};

use crate::address::Line;
use crate::places::Places;
use crate::tls::{Tls, TlsFiles};

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long requests may go on when the role stops.
const GRACE: Duration = Duration::from_secs(5);

/// The longest head of a request.
const HEAD_MAX_BYTES: usize = 32 * 1024;

/// Requests at once on one connection of HTTP/2.
const STREAMS_MAX: u32 = 32;

/// What a role may be asked for in connections and heads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long the head of a request may take, and the rest between two of them.
    pub head: Duration,
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address that is no proxy of ours.
    pub connections_of_address: usize,
}

/// Numbers of the connections, which the role registers under its own name. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Connections {
    /// Those that are open.
    pub open: Gauge,
    /// Those that were one too many.
    pub refused: Counter,
}

/// Where a role listens, and to whom.
#[derive(Clone, Debug)]
pub struct Listening {
    /// The role as its log calls it, as "the API".
    pub role: &'static str,
    /// The setting that holds the address, as `api.listen`.
    pub setting: &'static str,
    /// The address.
    pub address: SocketAddr,
    /// The files of its certificate; without, it speaks plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Machines that forward requests of others: they may have as many connections as there are.
    pub trusted_proxies: Vec<IpNet>,
    /// What is allowed.
    pub limits: Limits,
    /// What is counted.
    pub connections: Connections,
}

/// Why a role could not start.
#[derive(Debug, Error)]
pub enum BindError {
    /// The address is not ours or is taken.
    #[error(
        "{role} cannot listen on {address}: give `{setting}` ({}) a free address of this machine",
        variable(setting)
    )]
    Binding {
        /// The role.
        role: &'static str,
        /// The setting.
        setting: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the kernel said.
        source: io::Error,
    },
    /// A file of the certificate cannot be used.
    #[error("`{}` is of no use for TLS: {why}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// The variable of the environment that holds a setting.
fn variable(setting: &str) -> String {
    format!("MNETIFI_{}", setting.replace('.', "_").to_ascii_uppercase())
}

/// A role with its socket bound and nothing answered yet.
pub struct Bound {
    listening: Listening,
    listener: TcpListener,
    tls: Option<Tls>,
}

impl std::fmt::Debug for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bound").field("listening", &self.listening).finish_non_exhaustive()
    }
}

impl Bound {
    /// Binds the socket and reads the certificate.
    pub async fn bind(mut listening: Listening) -> Result<Self, BindError> {
        let Listening { role, setting, address, .. } = listening;
        let tls = listening.tls.clone().map(|files| Tls::open(role, files)).transpose()?;
        let binding = |source| BindError::Binding { role, setting, address, source };
        let listener = TcpListener::bind(address).await.map_err(binding)?;
        listening.address = listener.local_addr().map_err(binding)?;
        Ok(Self { listening, listener, tls })
    }

    /// Where it listens, with the port that was given when port 0 was asked for.
    pub const fn address(&self) -> SocketAddr {
        self.listening.address
    }

    /// Whether it speaks TLS.
    pub const fn speaks_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Serves until `shutdown`; then `stopping` is called, and requests that were begun are finished, for five seconds.
    pub async fn serve(self, service: Router, shutdown: CancellationToken, stopping: impl FnOnce() + Send) {
        let Self { listening, listener, tls } = self;
        let role = listening.role;
        let places = Places::new(listening.limits.connections, listening.limits.connections_of_address);
        let renewing = tls.clone().map(|tls| tokio::spawn(tls.keep_fresh(shutdown.clone())));
        let doorway = Arc::new(Doorway { listening, service, places, tls });
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = shutdown.cancelled() => break,
            };
            match accepted {
                Ok((stream, peer)) => doorway.welcome(stream, peer.ip().to_canonical(), &shutdown),
                Err(error) => {
                    // Out of file descriptors, perhaps: trying again at once would only spin.
                    warn!("could not accept a connection for {role}: {error}");
                    sleep(Duration::from_millis(100)).await;
                }
            }
        }
        drop(listener);
        stopping();
        if timeout(GRACE, doorway.places.empty()).await.is_err() {
            debug!("some connections of {role} are cut in the middle of an answer");
        }
        if let Some(renewing) = renewing {
            renewing.abort();
        }
    }
}

/// What all connections share.
struct Doorway {
    listening: Listening,
    service: Router,
    places: Arc<Places>,
    tls: Option<Tls>,
}

impl Doorway {
    /// Talks with somebody, if there is a place.
    fn welcome(self: &Arc<Self>, stream: TcpStream, peer: IpAddr, shutdown: &CancellationToken) {
        let trusted = self.listening.trusted_proxies.iter().any(|network| network.contains(&peer));
        let Some(place) = self.places.take(peer, trusted) else {
            self.listening.connections.refused.inc();
            return;
        };
        let (doorway, shutdown) = (Arc::clone(self), shutdown.clone());
        tokio::spawn(async move {
            let open = &doorway.listening.connections.open;
            open.inc();
            _ = stream.set_nodelay(true);
            match &doorway.tls {
                None => doorway.converse(stream, Line { peer, tls: false }, Speaks::Http1, shutdown).await,
                Some(tls) => match timeout(HANDSHAKE, tls.accept(stream)).await {
                    Ok(Ok(stream)) => {
                        let agreed = stream.get_ref().1.alpn_protocol();
                        let speaks = if agreed == Some(b"h2") { Speaks::Http2 } else { Speaks::Http1 };
                        doorway.converse(stream, Line { peer, tls: true }, speaks, shutdown).await;
                    }
                    Ok(Err(error)) => debug!(%peer, "no TLS with {peer}: {error}"),
                    Err(_) => debug!(%peer, "{peer} does not finish its TLS handshake"),
                },
            }
            open.dec();
            drop(place);
        });
    }

    /// HTTP/2 where TLS has agreed on it, else HTTP/1.1. Which one it is, is never guessed from what comes: a caller
    /// who says nothing would be waited for.
    async fn converse<S>(&self, stream: S, line: Line, speaks: Speaks, shutdown: CancellationToken)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = service_fn(|request: hyper::Request<Incoming>| {
            let mut request: Request = request.map(Body::new);
            request.extensions_mut().insert(line);
            self.service.clone().oneshot(request)
        });
        let stream = TokioIo::new(stream);
        let done = match speaks {
            Speaks::Http1 => {
                let mut builder = http1::Builder::new();
                builder
                    .timer(TokioTimer::new())
                    .header_read_timeout(self.listening.limits.head)
                    .max_buf_size(HEAD_MAX_BYTES);
                let mut connection = pin!(builder.serve_connection(stream, service));
                tokio::select! {
                    done = connection.as_mut() => done,
                    () = shutdown.cancelled() => {
                        connection.as_mut().graceful_shutdown();
                        connection.await
                    }
                }
            }
            Speaks::Http2 => {
                let mut builder = http2::Builder::new(TokioExecutor::new());
                builder
                    .timer(TokioTimer::new())
                    .keep_alive_interval(Some(self.listening.limits.head))
                    .keep_alive_timeout(self.listening.limits.head);
                builder.max_concurrent_streams(STREAMS_MAX);
                builder.max_header_list_size(u32::try_from(HEAD_MAX_BYTES).unwrap_or(u32::MAX));
                let mut connection = pin!(builder.serve_connection(stream, service));
                tokio::select! {
                    done = connection.as_mut() => done,
                    () = shutdown.cancelled() => {
                        connection.as_mut().graceful_shutdown();
                        connection.await
                    }
                }
            }
        };
        if let Err(error) = done {
            debug!(peer = %line.peer, "a connection of {} broke: {error}", self.listening.role);
        }
    }
}

/// What a connection speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Speaks {
    Http1,
    Http2,
}
