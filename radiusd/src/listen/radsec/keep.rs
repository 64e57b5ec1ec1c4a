//! Keeps TLS true: our own certificate before it ends, and the certificates in force within a second of a change.

use std::sync::Arc;
use std::time::Duration;

use actions::network::radsec_authority::{self, RadsecError, SERVER_LASTS};
use arc_swap::ArcSwapOption;
use domain::time::{Span, Timestamp};
use rustls::ServerConfig;
use store::StoreError;
use store::network::certificates::{self, CertificatesFingerprint};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::listen::radsec::admitted::Admitted;
use crate::listen::radsec::tls;
use crate::node::{BUDGET, Node};

/// How often the table of certificates is looked at.
const EVERY: Duration = Duration::from_millis(400);

/// Our own certificate is made anew when it ends within that time.
const RENEWED_BEFORE: Span = Span::micros(SERVER_LASTS.as_micros() / 3);

/// After a failure our own certificate is not tried again for that many passes: it is asked for long before it ends.
const PASSES_BETWEEN_TRIES: u32 = 10;

/// What the listeners and their connections read.
pub(crate) struct Shared {
    config: ArcSwapOption<ServerConfig>,
    admitted: watch::Sender<Arc<Admitted>>,
}

impl Default for Shared {
    fn default() -> Self {
        Self { config: ArcSwapOption::empty(), admitted: watch::Sender::new(Arc::default()) }
    }
}

impl Shared {
    /// How TLS is spoken; nothing while there is no certificate of our own.
    pub(crate) fn config(&self) -> Option<Arc<ServerConfig>> {
        self.config.load_full()
    }

    /// The certificates in force, and word when they change.
    pub(crate) fn admitted(&self) -> watch::Receiver<Arc<Admitted>> {
        self.admitted.subscribe()
    }
}

/// Keeps it true until the role stops.
pub(crate) async fn keep(node: Arc<Node>, shared: Arc<Shared>, shutdown: CancellationToken) {
    let mut seen = Seen::default();
    let mut ours_until = None;
    let mut wait = 0_u32;
    loop {
        let pass = async {
            if let Ok(Err(why)) = timeout(BUDGET, look(&node, &shared, &mut seen)).await
                && !why.is_unavailable()
            {
                warn!("the certificates of routers cannot be read: {why}");
            }
            let now = node.clock.now();
            let ends_soon = ours_until.is_none_or(|until: Timestamp| now.plus(RENEWED_BEFORE) >= until);
            if ends_soon && wait == 0 {
                match renew(&node, &shared).await {
                    Ok(until) => {
                        info!("the certificate for RadSec is good until {}", until.in_zone(&domain::time::Zone::utc()));
                        ours_until = Some(until);
                    }
                    Err(why) => {
                        warn!("RadSec has no new certificate of its own, and tries again: {why}");
                        wait = PASSES_BETWEEN_TRIES;
                    }
                }
            }
            wait = wait.saturating_sub(1);
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = pass => {}
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// What the last look showed.
#[derive(Default)]
struct Seen {
    fingerprint: Option<CertificatesFingerprint>,
    in_force: usize,
}

/// Looks whether certificates were issued, taken back or have ended, and tells those who stand on them.
async fn look(node: &Node, shared: &Shared, seen: &mut Seen) -> Result<(), StoreError> {
    let looked = read(node, seen).await;
    let now = node.clock.now();
    if let Ok(Some(fresh)) = &looked {
        shared.admitted.send_replace(Arc::clone(fresh));
        seen.in_force = fresh.in_force(now);
    } else {
        // Nothing was said, or the database is away; but time goes on.
        let in_force = shared.admitted.borrow().in_force(now);
        if in_force != seen.in_force {
            seen.in_force = in_force;
            shared.admitted.send_modify(|_| {});
        }
    }
    looked.map(drop)
}

async fn read(node: &Node, seen: &mut Seen) -> Result<Option<Arc<Admitted>>, StoreError> {
    let mut tx = node.store.system().await?;
    let fingerprint = certificates::certificates_fingerprint(&mut tx).await?;
    if seen.fingerprint.as_ref() == Some(&fingerprint) {
        return tx.commit().await.map(|()| None);
    }
    let fresh = Admitted::of(certificates::not_revoked(&mut tx).await?);
    tx.commit().await?;
    seen.fingerprint = Some(fingerprint);
    Ok(Some(Arc::new(fresh)))
}

/// Makes a certificate of our own; gives when it ends. Connections that are open keep the one they were opened with.
///
/// On a thread of its own: making keys takes a while, above all the authority's own at its founding.
async fn renew(node: &Arc<Node>, shared: &Shared) -> Result<Timestamp, RadsecError> {
    let (admitted, runtime) = (shared.admitted(), Handle::current());
    let node = Arc::clone(node);
    let made = tokio::task::spawn_blocking(move || {
        let opened = runtime.block_on(radsec_authority::radsec_authority(&node.store, node.context()))?;
        let names = &node.settings.radsec_names;
        let (ours, until) = opened.issue_to_server(names, node.clock.now(), &*node.random)?;
        let config = tls::config(opened.authority.certificate(), &ours, admitted, Arc::clone(&node.clock));
        Ok::<_, RadsecError>((config, until))
    });
    let (config, until) = made.await.map_err(|_| bug("making a certificate was cut short"))??;
    let config = config.map_err(|why| bug(&format!("TLS does not take our certificate: {why}")))?;
    shared.config.store(Some(Arc::new(config)));
    Ok(until)
}

fn bug(reason: &str) -> RadsecError {
    StoreError::Bug { reason: reason.to_owned() }.into()
}
