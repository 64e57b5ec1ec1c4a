//! The authority of this system for RadSec: founded when it is first needed, then always the same.

use certificates::{Authority, CertificateError, Issued};
use domain::network::certificate::Serial;
use domain::time::{Span, Timestamp};
use ports::Random;
use store::network::certificates::{self as kept, KeptAuthority};
use store::{Store, StoreError};
use thiserror::Error;

use crate::context::Context;

/// How long the authority lasts: routers on towers are rarely visited.
const AUTHORITY_LASTS: Span = Span::seconds(20 * 365 * 86_400);

/// How long a certificate of our own server lasts; a new one is made long before.
pub const SERVER_LASTS: Span = Span::seconds(90 * 86_400);

/// Why there is no certificate.
#[derive(Debug, Error)]
pub enum RadsecError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It could not be made.
    #[error(transparent)]
    Making(#[from] CertificateError),
    /// The authority ends before a certificate could begin.
    #[error("the authority for RadSec has ended: its certificates are worth nothing any more")]
    AuthorityEnded,
}

/// The authority, and when it ends.
#[derive(Debug)]
pub struct Opened {
    /// What signs.
    pub authority: Authority,
    /// When its certificate ends; nothing that it signs lasts longer.
    pub expires_at: Timestamp,
}

/// The authority of this system, founded now if there is none. Two who found it at once get the same one.
pub async fn radsec_authority(store: &Store, context: Context<'_>) -> Result<Opened, RadsecError> {
    if let Some(kept) = find(store).await? {
        return open(kept);
    }
    let (now, serial) = (context.now(), new_serial(context.random()));
    let expires_at = now.plus(AUTHORITY_LASTS);
    // The last digits tell the authorities of two systems apart on a router that asks both.
    let name = format!("mnetifi RadSec {}", &serial.to_string()[24..]);
    let authority = Authority::found(&name, serial, now, expires_at)?;
    let founded =
        KeptAuthority { name, certificate: authority.certificate().to_vec(), key: authority.key(), expires_at };
    let mut tx = store.system().await?;
    let is_ours = kept::keep_authority(&mut tx, &founded).await?;
    tx.commit().await?;
    if is_ours {
        return Ok(Opened { authority, expires_at });
    }
    match find(store).await? {
        Some(kept) => open(kept),
        None => Err(StoreError::Missing { what: "authority for RadSec" }.into()),
    }
}

async fn find(store: &Store) -> Result<Option<KeptAuthority>, StoreError> {
    let mut tx = store.system().await?;
    let kept = kept::authority(&mut tx).await?;
    tx.commit().await?;
    Ok(kept)
}

fn open(kept: KeptAuthority) -> Result<Opened, RadsecError> {
    let KeptAuthority { name, certificate, key, expires_at } = kept;
    Ok(Opened { authority: Authority::reopen(name, certificate, &key)?, expires_at })
}

impl Opened {
    /// A certificate for our own server under these names, with the time at which it ends. It is kept nowhere.
    ///
    /// Makes a key, which takes a moment: not for a thread that others wait for.
    pub fn issue_to_server(
        &self,
        names: &[String],
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<(Issued, Timestamp), RadsecError> {
        let until = self.until(now, SERVER_LASTS)?;
        Ok((self.authority.issue_to_server(names, new_serial(random), now, until)?, until))
    }

    /// When something that is signed now ends.
    pub(crate) fn until(&self, now: Timestamp, lasts: Span) -> Result<Timestamp, RadsecError> {
        let until = now.plus(lasts).min(self.expires_at);
        if until > now { Ok(until) } else { Err(RadsecError::AuthorityEnded) }
    }
}

pub(crate) fn new_serial(random: &dyn Random) -> Serial {
    let mut octets = [0; 16];
    random.fill(&mut octets);
    Serial::of_chance(octets)
}
