//! What admission needs to know, in sets: for a node that keeps it in memory.
//!
//! Names are paged in by [`by_names`], changed rows by [`by_ids`], and a whole tenant by [`subscriber_ids`] and
//! [`voucher_ids_in_use`]. A row that cannot be read never spoils the others: it is left out and named in
//! [`Loaded::unusable`].

use std::collections::HashMap;
use std::sync::Arc;

use domain::access::attempt::Device;
use domain::access::device::Mark;
use domain::access::facts::{Facts, FoundBy, Right};
use domain::access::slot::Place;
use domain::id::{PlanId, SessionId, SubscriberId, VoucherId};
use domain::mac::Mac;
use domain::people::subscriber::Username;
use domain::phone::{CallingCode, Msisdn};
use domain::sales::voucher::VoucherCode;
use domain::secret::SecretBytes;
use domain::time::Timestamp;
use ipnet::IpNet;
use uuid::Uuid;

use crate::access::devices;
use crate::columns::{Instant, at, ipv4, uncounter};
use crate::error::StoreError;
use crate::loaded::{Loaded, Unusable};
use crate::page::{Listed, Page};
use crate::people::subscribers;
use crate::sales::vouchers::{Life, stored_phone};
use crate::sealing::TenantKeys;
use crate::tenant_tx::TenantTx;

/// The most names or ids of one call.
pub const BATCH_MAX: usize = 5_000;

/// A voucher or subscriber, and all that counts when it logs in but its plan.
#[derive(Debug)]
pub struct KnownRight {
    /// What it is.
    pub right: Right,
    /// Under which name people know it.
    pub name: Name,
    /// What was bought.
    pub plan: PlanId,
    /// Octets from the subscriber over all its sessions that are saved.
    pub used_in: u64,
    /// Octets to the subscriber over all its sessions that are saved.
    pub used_out: u64,
    /// The places of its device cap that are taken or were taken last, by their numbers.
    pub places: Vec<Place>,
    /// Devices that are blocked, or that were let go of. Hardly anybody has any.
    pub marks: Vec<Mark>,
}

/// Under which names a right is found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Name {
    /// A voucher's code, which the right holds, and the phone number that bought it.
    Code {
        /// The phone number.
        bought_by: Option<Msisdn>,
    },
    /// A subscriber's user name.
    Username(Username),
}

/// Everything that a name can mean to a tenant.
#[derive(Debug, Default)]
pub struct Meanings {
    /// At most [`Facts::CANDIDATES_MAX`], in the order in which they are tried.
    pub rights: Vec<(KnownRight, FoundBy)>,
    /// Whether a live code differs from the name only in capital and small letters.
    pub differs_only_in_case: bool,
    /// The name as a phone number, if it is one: a voucher that this number buys is a new meaning.
    pub phone: Option<Msisdn>,
}

/// What each of these names means, in their order: an exact code, a subscriber, the phone number that bought vouchers, or
/// else the address of a device that has used some. One statement; two when one of them may be a phone number.
///
/// Names are taken octet by octet, as they came. One that can be none of these has no meanings. Of more than
/// [`BATCH_MAX`] names the rest means nothing.
pub async fn by_names(tx: &mut TenantTx, names: &[&[u8]]) -> Result<Loaded<Vec<Meanings>>, StoreError> {
    let names = names.get(..BATCH_MAX).unwrap_or(names);
    let country = if names.iter().any(|name| may_be_a_phone(name)) { Some(calling_code(tx).await?) } else { None };
    let asked: Vec<Asked> = names.iter().map(|name| Asked::new(name, country.as_ref())).collect();
    let wanted = Wanted {
        codes: asked.iter().filter_map(Asked::folded).collect(),
        usernames: asked.iter().filter_map(|name| name.username.as_ref().map(Username::as_str)).collect(),
        phones: distinct(asked.iter().filter_map(|name| name.phone.as_ref().map(Msisdn::expose)).collect()),
        addresses: distinct(asked.iter().filter_map(|name| name.address.as_deref()).collect()),
        ids: &[],
    };
    let rows = read(tx, wanted).await?;
    let keys = keys_for(tx, &rows).await?;
    let found = Found::new(&rows);
    let mut unusable = Vec::new();
    let meanings = asked.into_iter().map(|name| found.meanings(name, &keys, &mut unusable)).collect();
    Ok(Loaded { found: meanings, unusable })
}

/// The vouchers and subscribers with these ids, in no order; those that are not the tenant's are left out. Of more than
/// [`BATCH_MAX`] ids the rest is not looked for.
pub async fn by_ids(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Loaded<Vec<KnownRight>>, StoreError> {
    let ids = ids.get(..BATCH_MAX).unwrap_or(ids);
    let wanted = Wanted { codes: Vec::new(), usernames: Vec::new(), phones: Vec::new(), addresses: Vec::new(), ids };
    let rows = read(tx, wanted).await?;
    let keys = keys_for(tx, &rows).await?;
    Ok(Loaded::parted(rows.iter().map(|row| (row.id, row.right(&keys)))))
}

/// The ids of the tenant's subscribers, in pages: load each with [`by_ids`].
pub async fn subscriber_ids(tx: &mut TenantTx, page: Page<Uuid>) -> Result<Listed<Uuid, Uuid>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids = sqlx::query_scalar!(
        "select id from subscribers where tenant_id = $1 and id > $2 order by id limit $3",
        tenant,
        page.key().copied().unwrap_or_default(),
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(page.cut(ids, |id| *id))
}

/// The ids of vouchers that are sold or in use, were not revoked and had not ended at `ended_before`, in pages: load
/// each with [`by_ids`]. A page looks at so many vouchers and may hold fewer, even none, before the last one.
pub async fn voucher_ids_in_use(
    tx: &mut TenantTx,
    ended_before: Timestamp,
    page: Page<Uuid>,
) -> Result<Listed<Uuid, Uuid>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query!(
        r#"select v.id,
                  v.revoked_at is null
                  and (v.sold_at is not null or v.first_used_at is not null)
                  and (v.expires_at is null or v.expires_at > $3) as "in_use!"
           from vouchers v
           where v.tenant_id = $1 and v.id > $2
           order by v.id
           limit $4"#,
        tenant,
        page.key().copied().unwrap_or_default(),
        Instant(ended_before) as _,
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    let Listed { rows, next } = page.cut(rows, |row| row.id);
    Ok(Listed { rows: rows.into_iter().filter(|row| row.in_use).map(|row| row.id).collect(), next })
}

/// A name, as everything that it may be.
struct Asked {
    code: Option<VoucherCode>,
    username: Option<Username>,
    phone: Option<Msisdn>,
    /// A hardware address, as records hold it.
    address: Option<String>,
}

impl Asked {
    fn new(name: &[u8], country: Option<&CallingCode>) -> Self {
        Self {
            code: VoucherCode::parse(name).ok(),
            username: Username::parse(name).ok(),
            phone: country.and_then(|country| Msisdn::parse(name, country).ok()),
            address: Mac::parse(name).map(|address| address.to_string()),
        }
    }

    /// Folded here: a function that is not leak-proof would keep the index from being used under row security.
    fn folded(&self) -> Option<String> {
        self.code.as_ref().map(|code| code.expose().to_ascii_lowercase())
    }
}

/// Whether a name can be a phone number in any country.
fn may_be_a_phone(name: &[u8]) -> bool {
    name.iter().any(u8::is_ascii_digit) && name.iter().all(|octet| octet.is_ascii_digit() || b"+ -.()".contains(octet))
}

fn distinct(mut texts: Vec<&str>) -> Vec<&str> {
    texts.sort_unstable();
    texts.dedup();
    texts
}

async fn calling_code(tx: &mut TenantTx) -> Result<CallingCode, StoreError> {
    let tenant = tx.tenant_uuid();
    let code = sqlx::query_scalar!("select calling_code from tenants where id = $1", tenant)
        .fetch_optional(tx.connection())
        .await?
        .ok_or(StoreError::Missing { what: "tenant" })?;
    CallingCode::parse(&code).map_err(|_| StoreError::corrupt("tenants", tenant))
}

struct Wanted<'a> {
    codes: Vec<String>,
    usernames: Vec<&'a str>,
    phones: Vec<&'a str>,
    addresses: Vec<&'a str>,
    ids: &'a [Uuid],
}

async fn read(tx: &mut TenantTx, wanted: Wanted<'_>) -> Result<Vec<RightRow>, StoreError> {
    let tenant = tx.tenant_uuid();
    Ok(sqlx::query_file_as!(
        RightRow,
        "sql/known_rights.sql",
        tenant,
        &wanted.codes,
        &wanted.usernames as _,
        &wanted.phones as _,
        wanted.ids,
        i64::try_from(Facts::CANDIDATES_MAX).unwrap_or(i64::MAX),
        &wanted.addresses as _,
        devices::LATELY_MAX,
        devices::RETURNS_MAX,
    )
    .fetch_all(tx.connection())
    .await?)
}

/// The tenant's keys, with those that sealed these rows, if they are there at all.
async fn keys_for(tx: &mut TenantTx, rows: &[RightRow]) -> Result<Arc<TenantKeys>, StoreError> {
    let keys = tx.keys().await?;
    let sealed = |row: &RightRow| row.password_sealed.as_ref().is_some_and(|sealed| !keys.knows_key_of(sealed));
    if rows.iter().any(sealed) { tx.read_keys().await } else { Ok(keys) }
}

/// Rows by the names that found them.
#[derive(Default)]
struct Found<'a> {
    codes: HashMap<String, &'a RightRow>,
    usernames: HashMap<&'a str, &'a RightRow>,
    phones: HashMap<&'a str, Vec<&'a RightRow>>,
    addresses: HashMap<&'a str, Vec<&'a RightRow>>,
}

impl<'a> Found<'a> {
    fn new(rows: &'a [RightRow]) -> Self {
        let mut found = Self::default();
        for row in rows {
            if let Some(address) = &row.address {
                found.addresses.entry(address).or_default().push(row);
                continue;
            }
            match (row.found_by.as_str(), &row.code, &row.username, &row.bought_by) {
                ("code", Some(code), ..) => drop(found.codes.insert(code.to_ascii_lowercase(), row)),
                ("username", _, Some(username), _) => drop(found.usernames.insert(username, row)),
                ("phone", .., Some(phone)) => found.phones.entry(phone).or_default().push(row),
                _ => {}
            }
        }
        found
    }

    fn meanings(&self, name: Asked, keys: &TenantKeys, unusable: &mut Vec<Unusable>) -> Meanings {
        let mut meanings = Meanings::default();
        let mut rows: Vec<(&RightRow, FoundBy)> = Vec::new();
        if let Some((code, row)) = name.code.as_ref().zip(name.folded().and_then(|folded| self.codes.get(&folded))) {
            if row.code.as_deref() == Some(code.expose()) {
                rows.push((row, FoundBy::Code));
            } else {
                meanings.differs_only_in_case = row.revoked_at.is_none();
            }
        }
        if let Some(row) = name.username.as_ref().and_then(|username| self.usernames.get(username.as_str())) {
            rows.push((row, FoundBy::Username));
        }
        for row in name.phone.as_ref().and_then(|phone| self.phones.get(phone.expose())).into_iter().flatten() {
            if rows.len() < Facts::CANDIDATES_MAX && !rows.iter().any(|(known, _)| known.id == row.id) {
                rows.push((row, FoundBy::Phone));
            }
        }
        if rows.is_empty() {
            let returns = name.address.as_ref().and_then(|address| self.addresses.get(address.as_str()));
            rows.extend(returns.into_iter().flatten().map(|row| (*row, FoundBy::Device)));
        }
        for (row, found_by) in rows {
            match row.right(keys) {
                Ok(right) => meanings.rights.push((right, found_by)),
                Err(reason) => unusable.push(Unusable { id: row.id, reason }),
            }
        }
        meanings.phone = name.phone;
        meanings
    }
}

/// A voucher or subscriber, as something found it.
struct RightRow {
    found_by: String,
    id: Uuid,
    plan_id: Uuid,
    code: Option<String>,
    bought_by: Option<String>,
    sell_by: Option<Instant>,
    sold_at: Option<Instant>,
    first_used_at: Option<Instant>,
    expires_at: Option<Instant>,
    revoked_at: Option<Instant>,
    username: Option<String>,
    password_sealed: Option<Vec<u8>>,
    suspended_at: Option<Instant>,
    framed_ip: Option<IpNet>,
    in_octets: Option<i64>,
    out_octets: Option<i64>,
    place_numbers: Option<Vec<i32>>,
    place_devices: Option<Vec<String>>,
    place_sessions: Option<Vec<Uuid>>,
    place_leases: Option<Vec<Instant>>,
    address: Option<String>,
    marked_devices: Option<Vec<String>>,
    marked_blocked: Option<Vec<bool>>,
    marked_released: Option<Vec<Option<Instant>>>,
}

impl RightRow {
    fn right(&self, keys: &TenantKeys) -> Result<KnownRight, StoreError> {
        let (right, name) = match &self.username {
            Some(username) => self.subscriber(username, keys)?,
            None => self.voucher().ok_or_else(|| StoreError::corrupt("vouchers", self.id))?,
        };
        Ok(KnownRight {
            right,
            name,
            plan: PlanId::from_uuid(self.plan_id),
            used_in: uncounter(self.in_octets.unwrap_or(0)),
            used_out: uncounter(self.out_octets.unwrap_or(0)),
            places: self.places().ok_or_else(|| StoreError::corrupt("slots", self.id))?,
            marks: self.marks(),
        })
    }

    fn voucher(&self) -> Option<(Right, Name)> {
        let life = Life {
            sell_by: at(self.sell_by),
            sold_at: at(self.sold_at),
            first_used_at: at(self.first_used_at),
            expires_at: at(self.expires_at),
            revoked_at: at(self.revoked_at),
        };
        let bought_by = match &self.bought_by {
            Some(number) => Some(stored_phone(number)?),
            None => None,
        };
        let code = SecretBytes::new(self.code.as_ref()?.clone().into_bytes());
        let right = Right::Voucher { id: VoucherId::from_uuid(self.id), state: life.state()?, code };
        Some((right, Name::Code { bought_by }))
    }

    fn subscriber(&self, username: &str, keys: &TenantKeys) -> Result<(Right, Name), StoreError> {
        let corrupt = || StoreError::corrupt("subscribers", self.id);
        let sealed = self.password_sealed.as_ref().ok_or_else(corrupt)?;
        let right = Right::Subscriber {
            id: SubscriberId::from_uuid(self.id),
            standing: subscribers::standing(at(self.suspended_at)),
            until: at(self.expires_at),
            password: keys.open(&subscribers::password_place(self.id), sealed)?,
            framed_ip: ipv4(self.framed_ip),
        };
        Ok((right, Name::Username(username.parse().map_err(|_| corrupt())?)))
    }

    fn marks(&self) -> Vec<Mark> {
        let devices = self.marked_devices.as_deref().unwrap_or_default();
        let blocked = self.marked_blocked.iter().flatten();
        let released = self.marked_released.iter().flatten();
        let marks = devices.iter().zip(blocked.zip(released));
        marks
            .map(|(device, (blocked, released))| Mark {
                device: Device::from_key(device),
                is_blocked: *blocked,
                released_at: at(*released),
            })
            .collect()
    }

    fn places(&self) -> Option<Vec<Place>> {
        let (Some(numbers), Some(devices)) = (&self.place_numbers, &self.place_devices) else {
            return Some(Vec::new());
        };
        let (Some(sessions), Some(leases)) = (&self.place_sessions, &self.place_leases) else { return None };
        numbers
            .iter()
            .zip(devices)
            .zip(sessions.iter().zip(leases))
            .map(|((number, device), (session, lease))| {
                Some(Place {
                    number: u16::try_from(*number).ok()?,
                    device: Device::from_key(device),
                    session: SessionId::from_uuid(*session),
                    lease_until: lease.0,
                })
            })
            .collect()
    }
}
