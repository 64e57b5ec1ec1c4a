//! RADIUS over TLS (RadSec, RFC 6614): one port for logins and accounting, a certificate instead of an address.
//!
//! Connections come in here, show their certificate ([`tls`], [`admitted`]), and are served by [`line`]; strangers are
//! kept cheap by [`limits`]. After the door a packet goes the way of those that came by UDP and had to wait.

pub(crate) mod admitted;
pub(crate) mod keep;
pub(crate) mod limits;
pub(crate) mod line;
pub(crate) mod serve;
pub(crate) mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::network::certificate::Fingerprint;
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::listen::radsec::keep::Shared;
use crate::listen::radsec::limits::Limits;
use crate::meters::TlsRefusal;
use crate::node::Node;

/// Connections that the kernel holds ready for us.
const BACKLOG: i32 = 256;

/// How long a stranger may take to prove who it is.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(8);

/// When a silent connection is asked for a sign of life, how often, and how often in vain.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(60);
const KEEPALIVE_EVERY: Duration = Duration::from_secs(15);
const KEEPALIVE_TRIES: u32 = 4;

/// A pause after the kernel could not give us a connection: it has no file left for it.
const PAUSE: Duration = Duration::from_millis(100);

/// Binds an address. Needs to be called inside a tokio runtime.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    // After a restart the old connections' remains must not hold the port.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    if domain == Domain::IPV6 {
        socket.set_only_v6(false)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// What every connection on a listener works with.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) node: Arc<Node>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) limits: Arc<Limits>,
}

/// Takes connections until the role stops; then every one finishes what it has taken in.
pub(crate) async fn listen(desk: Desk, listener: TcpListener, shutdown: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            Some(_ended) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let now_ms = desk.node.clock.monotonic_ms();
                match desk.limits.let_in(peer.ip(), now_ms) {
                    Ok(place) => {
                        connections.spawn(receive(desk.clone(), stream, peer, place, shutdown.clone()));
                    }
                    Err(why) => desk.refuse(peer, why),
                }
            }
            Err(error) => {
                debug!(%error, "taking a connection failed: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

impl Desk {
    pub(crate) fn new(node: &Arc<Node>) -> Self {
        Self { node: Arc::clone(node), shared: Arc::default(), limits: Arc::default() }
    }

    fn refuse(&self, peer: SocketAddr, why: TlsRefusal) {
        self.node.meters.tls.refused(why);
        debug!(%peer, reason = why.name(), "refused a connection from {peer}: {}", why.name());
    }
}

/// One connection from its first octet to its end.
async fn receive(desk: Desk, stream: TcpStream, peer: SocketAddr, place: limits::Place, shutdown: CancellationToken) {
    let shaken = tokio::select! {
        () = shutdown.cancelled() => return,
        shaken = timeout(HANDSHAKE_WITHIN, shake_hands(&desk, stream)) => shaken,
    };
    let (stream, fingerprint) = match shaken {
        Ok(Ok(proved)) => proved,
        // It is we who were not ready.
        Ok(Err(TlsRefusal::NotReady)) => return desk.refuse(peer, TlsRefusal::NotReady),
        failed => {
            desk.limits.failed(peer.ip(), desk.node.clock.monotonic_ms());
            return desk.refuse(
                peer,
                failed.map_or(TlsRefusal::TooSlow, |shaken| shaken.err().unwrap_or(TlsRefusal::Handshake)),
            );
        }
    };
    let place = place.proved();
    serve::serve(&desk, stream, peer, fingerprint, &shutdown).await;
    drop(place);
}

async fn shake_hands(desk: &Desk, stream: TcpStream) -> Result<(TlsStream<TcpStream>, Fingerprint), TlsRefusal> {
    let Some(config) = desk.shared.config() else { return Err(TlsRefusal::NotReady) };
    let broken = |_: io::Error| TlsRefusal::Handshake;
    stream.set_nodelay(true).map_err(broken)?;
    let keepalive =
        TcpKeepalive::new().with_time(KEEPALIVE_AFTER).with_interval(KEEPALIVE_EVERY).with_retries(KEEPALIVE_TRIES);
    SockRef::from(&stream).set_tcp_keepalive(&keepalive).map_err(broken)?;
    let stream = TlsAcceptor::from(config).accept(stream).await.map_err(|error| {
        debug!(%error, "no TLS connection: {error}");
        if tls::is_not_in_force(&error) { TlsRefusal::NotInForce } else { TlsRefusal::Handshake }
    })?;
    let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let fingerprint = shown.map(|shown| certificates::fingerprint(shown)).ok_or(TlsRefusal::Handshake)?;
    Ok((stream, fingerprint))
}
