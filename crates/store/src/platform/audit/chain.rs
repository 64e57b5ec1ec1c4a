//! The chain: each entry's hash covers the entry before, so one that was changed, moved or taken out shows.
//!
//! It guards against whoever can write to the table, not against somebody who writes the whole chain anew: against
//! them, keep the hash that a verification ends with somewhere else.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use domain::id::AuditId;
use domain::time::Timestamp;
use sha2::{Digest as _, Sha256};
use sqlx::types::JsonValue;
use uuid::Uuid;

use crate::columns::{Instant, counter, uncounter};
use crate::error::StoreError;
use crate::tenant_tx::TenantTx;

/// Entries that are read at once.
const CHUNK: i64 = 2_000;

/// What the chain begins with.
pub(super) const BEGINNING: [u8; 32] = [0; 32];

/// A SHA-256.
pub type Hash = [u8; 32];

/// An entry as its row has it.
pub(super) struct Link<'a> {
    pub(super) tenant: Uuid,
    pub(super) seq: i64,
    pub(super) id: Uuid,
    pub(super) at: Timestamp,
    pub(super) actor: &'a str,
    pub(super) staff: Option<Uuid>,
    pub(super) from: Option<IpAddr>,
    pub(super) impersonator: Option<&'a str>,
    pub(super) verb: &'a str,
    pub(super) thing_kind: &'a str,
    pub(super) thing: Uuid,
    pub(super) before: &'a JsonValue,
    pub(super) after: &'a JsonValue,
}

impl Link<'_> {
    /// The hash of this entry after one with that hash. Texts carry their length, so no two entries read alike.
    pub(super) fn hash(&self, previous: &Hash) -> Hash {
        let mut hash = Sha256::new();
        hash.update(b"mnetifi audit 1");
        hash.update(previous);
        hash.update(self.tenant.as_bytes());
        hash.update(self.seq.to_be_bytes());
        hash.update(self.id.as_bytes());
        hash.update(self.at.as_micros().to_be_bytes());
        text(&mut hash, Some(self.actor));
        text(&mut hash, self.staff.map(|staff| staff.to_string()).as_deref());
        text(&mut hash, self.from.map(|from| from.to_string()).as_deref());
        text(&mut hash, self.impersonator);
        text(&mut hash, Some(self.verb));
        text(&mut hash, Some(self.thing_kind));
        hash.update(self.thing.as_bytes());
        side(&mut hash, self.before);
        side(&mut hash, self.after);
        hash.finalize().into()
    }
}

/// A text with its length before it; none is told from an empty one.
fn text(hash: &mut Sha256, text: Option<&str>) {
    match text {
        None => hash.update([0]),
        Some(text) => {
            hash.update([1]);
            hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(text.as_bytes());
        }
    }
}

/// One side of all changes, in the order of their names. What is no text is hashed as JSON, apart from texts.
fn side(hash: &mut Sha256, side: &JsonValue) {
    let Some(object) = side.as_object() else { return text(hash, Some(&side.to_string())) };
    let ordered: BTreeMap<&String, &JsonValue> = object.iter().collect();
    hash.update(u64::try_from(ordered.len()).unwrap_or(u64::MAX).to_be_bytes());
    for (name, value) in ordered {
        text(hash, Some(name));
        match value {
            JsonValue::Null => hash.update([0]),
            JsonValue::String(value) => text(hash, Some(value)),
            JsonValue::Bool(_) | JsonValue::Number(_) | JsonValue::Array(_) | JsonValue::Object(_) => {
                hash.update([2]);
                text(hash, Some(&value.to_string()));
            }
        }
    }
}

/// The end of a tenant's chain, locked until the transaction ends: whoever adds to it next waits.
pub(super) async fn lock_head(tx: &mut TenantTx) -> Result<(i64, Hash), StoreError> {
    let tenant = tx.tenant_uuid();
    loop {
        let head = sqlx::query!("select seq, hash from audit_heads where tenant_id = $1 for update", tenant)
            .fetch_optional(tx.connection())
            .await?;
        if let Some(head) = head {
            return Ok((head.seq, fixed(&head.hash).ok_or_else(|| StoreError::corrupt("audit_heads", tenant))?));
        }
        sqlx::query!(
            "insert into audit_heads (tenant_id, seq, hash) values ($1, 0, $2) on conflict do nothing",
            tenant,
            &BEGINNING[..],
        )
        .execute(tx.connection())
        .await?;
    }
}

/// What a walk over a tenant's chain has found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// Entries whose hash is right, in a line from the first on.
    pub entries: u64,
    /// Entries from before there was a chain: nothing can be said of them but their number.
    pub unchained: u64,
    /// The hash of the last right entry: kept elsewhere, it shows whether the whole chain was written anew.
    pub head: Hash,
    /// The first thing that is wrong.
    pub fault: Option<ChainFault>,
}

/// What is wrong with a chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ChainFault {
    /// An entry is not as it was written.
    Changed {
        /// Its place.
        seq: u64,
        /// Its id.
        id: AuditId,
        /// When it says that it happened.
        at: Timestamp,
    },
    /// An entry is not there.
    Missing {
        /// Its place.
        seq: u64,
    },
    /// Entries at the end are not there, or the head was changed.
    Cut {
        /// How many there were.
        wanted: u64,
    },
    /// There are fewer or more entries from before the chain than when it began.
    Unchained {
        /// How many there were.
        wanted: u64,
        /// How many there are.
        found: u64,
    },
}

/// As whoever verifies reads it.
impl fmt::Display for ChainFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { seq, id, at } => {
                write!(f, "entry {seq} ({id}, of {at}) was changed after it was written")
            }
            Self::Missing { seq } => write!(f, "entry {seq} was taken out"),
            Self::Cut { wanted } => write!(f, "entries at the end are gone: there were {wanted}"),
            Self::Unchained { wanted, found } => {
                write!(f, "there were {wanted} entries from before the chain began, and now there are {found}")
            }
        }
    }
}

/// Walks over the tenant's whole chain, from its beginning to where it ended when the walk began.
pub async fn verify(tx: &mut TenantTx) -> Result<Verified, StoreError> {
    let tenant = tx.tenant_uuid();
    let head = sqlx::query!("select seq, hash, unchained from audit_heads where tenant_id = $1", tenant)
        .fetch_optional(tx.connection())
        .await?;
    let (end, end_hash, unchained) =
        head.map_or((0, BEGINNING.to_vec(), 0), |head| (head.seq, head.hash, head.unchained));
    let found =
        sqlx::query_scalar!(r#"select count(*) as "count!" from audit where tenant_id = $1 and seq is null"#, tenant)
            .fetch_one(tx.connection())
            .await?;
    let mut verified = Verified { entries: 0, unchained: uncounter(found), head: BEGINNING, fault: None };
    if found != unchained {
        verified.fault = Some(ChainFault::Unchained { wanted: uncounter(unchained), found: uncounter(found) });
        return Ok(verified);
    }
    while verified.fault.is_none() && counter(verified.entries) < end {
        let before = verified.entries;
        verify_some(tx, end, &mut verified).await?;
        if verified.fault.is_none() && verified.entries == before {
            verified.fault = Some(ChainFault::Cut { wanted: uncounter(end) });
        }
    }
    if verified.fault.is_none() && verified.head[..] != end_hash[..] {
        verified.fault = Some(ChainFault::Cut { wanted: uncounter(end) });
    }
    Ok(verified)
}

/// Goes on with a walk by one page.
async fn verify_some(tx: &mut TenantTx, end: i64, verified: &mut Verified) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query!(
        r#"select seq as "seq!", id, at as "at: Instant", actor, staff_id, from_address as "from_address: ipnet::IpNet",
                  impersonator, verb, thing_kind, thing_id, before, after, hash as "hash!"
           from audit
           where tenant_id = $1 and seq > $2 and seq <= $3
           order by seq
           limit $4"#,
        tenant,
        counter(verified.entries),
        end,
        CHUNK,
    )
    .fetch_all(tx.connection())
    .await?;
    for row in rows {
        let wanted = verified.entries.saturating_add(1);
        if uncounter(row.seq) != wanted {
            verified.fault = Some(ChainFault::Missing { seq: wanted });
            return Ok(());
        }
        let link = Link {
            tenant,
            seq: row.seq,
            id: row.id,
            at: row.at.0,
            actor: &row.actor,
            staff: row.staff_id,
            from: row.from_address.map(|net| net.addr()),
            impersonator: row.impersonator.as_deref(),
            verb: &row.verb,
            thing_kind: &row.thing_kind,
            thing: row.thing_id,
            before: &row.before,
            after: &row.after,
        };
        let hash = link.hash(&verified.head);
        if hash[..] != row.hash[..] {
            verified.fault = Some(ChainFault::Changed { seq: wanted, id: AuditId::from_uuid(row.id), at: row.at.0 });
            return Ok(());
        }
        verified.entries = wanted;
        verified.head = hash;
    }
    Ok(())
}

fn fixed(octets: &[u8]) -> Option<Hash> {
    octets.try_into().ok()
}
