//! Subscribers: houses and businesses with a login of their own. Their passwords are sealed.

pub mod listing;

use std::collections::HashSet;
use std::net::Ipv4Addr;

use domain::id::{CustomerId, PlanId, SubscriberId, ZoneId};
use domain::people::subscriber::{Standing, Subscriber, Username};
use domain::phone::Msisdn;
use domain::secret::SecretBytes;
use domain::time::Timestamp;
use ipnet::IpNet;
use uuid::Uuid;

use crate::columns::{Instant, at, inet, ipv4};
use crate::error::StoreError;
use crate::sales::vouchers::stored_phone;
use crate::sealing::Place;
use crate::tenant_tx::TenantTx;

/// Subscribers written by one statement.
const CHUNK: usize = 2_000;

/// A subscriber that is about to be added.
#[derive(Debug)]
pub struct NewSubscriber {
    /// Its id.
    pub id: SubscriberId,
    /// Its login.
    pub username: Username,
    /// Its password in the clear; it is sealed on the way in.
    pub password: SecretBytes,
    /// The plan it is on.
    pub plan: PlanId,
    /// Whether the service runs.
    pub standing: Standing,
    /// The end of what is paid for; `None` has no end.
    pub until: Option<Timestamp>,
    /// Its fixed address.
    pub framed_ip: Option<Ipv4Addr>,
    /// Its phone number.
    pub phone: Option<Msisdn>,
    /// The customer it belongs to.
    pub customer: Option<CustomerId>,
    /// The zone it is in.
    pub zone: Option<ZoneId>,
    /// Now.
    pub created_at: Timestamp,
}

/// Adds subscribers. Returns the user names that the tenant had already: those were left as they are.
///
/// A user name that stands twice in the list is added once, and named among those that were there. A plan that the
/// tenant does not have is a `Conflict`.
pub async fn insert_many(tx: &mut TenantTx, subscribers: Vec<NewSubscriber>) -> Result<Vec<Username>, StoreError> {
    let tenant = tx.tenant_uuid();
    let keyring = tx.keyring();
    let keys = tx.sealing_keys().await?;
    let mut inserted: HashSet<Uuid> = HashSet::with_capacity(subscribers.len());
    for chunk in subscribers.chunks(CHUNK) {
        let mut columns = Columns::default();
        for subscriber in chunk {
            let place = password_place(subscriber.id.uuid());
            columns.push(subscriber, keys.seal(&keyring, &place, &subscriber.password)?);
        }
        let rows = sqlx::query_scalar!(
            "insert into subscribers
                 (tenant_id, id, username, password_sealed, plan_id, suspended_at, expires_at, framed_ip, phone,
                  created_at, customer_id, zone_id)
             select $1, new.*
             from unnest($2::uuid[], $3::text[], $4::bytea[], $5::uuid[], $6::timestamptz[], $7::timestamptz[],
                         $8::inet[], $9::text[], $10::timestamptz[], $11::uuid[], $12::uuid[])
                 as new (id, username, password_sealed, plan_id, suspended_at, expires_at, framed_ip, phone,
                         created_at, customer_id, zone_id)
             order by new.username collate \"C\"
             on conflict (tenant_id, username) do nothing
             returning id",
            tenant,
            &columns.ids,
            &columns.usernames as _,
            &columns.passwords,
            &columns.plans,
            &columns.suspended_at as _,
            &columns.expires_at as _,
            &columns.framed_ips as _,
            &columns.phones as _,
            &columns.created_at as _,
            &columns.customers as _,
            &columns.zones as _,
        )
        .fetch_all(tx.connection())
        .await?;
        inserted.extend(rows);
    }
    Ok(subscribers
        .into_iter()
        .filter(|subscriber| !inserted.contains(&subscriber.id.uuid()))
        .map(|subscriber| subscriber.username)
        .collect())
}

#[derive(Default)]
struct Columns<'a> {
    ids: Vec<Uuid>,
    usernames: Vec<&'a str>,
    passwords: Vec<Vec<u8>>,
    plans: Vec<Uuid>,
    suspended_at: Vec<Option<Instant>>,
    expires_at: Vec<Option<Instant>>,
    framed_ips: Vec<Option<IpNet>>,
    phones: Vec<Option<&'a str>>,
    created_at: Vec<Instant>,
    customers: Vec<Option<Uuid>>,
    zones: Vec<Option<Uuid>>,
}

impl<'a> Columns<'a> {
    fn push(&mut self, subscriber: &'a NewSubscriber, password_sealed: Vec<u8>) {
        self.ids.push(subscriber.id.uuid());
        self.usernames.push(subscriber.username.as_str());
        self.passwords.push(password_sealed);
        self.plans.push(subscriber.plan.uuid());
        self.suspended_at.push(match subscriber.standing {
            Standing::Active => None,
            Standing::Suspended { at } => Some(Instant(at)),
        });
        self.expires_at.push(Instant::of(subscriber.until));
        self.framed_ips.push(inet(subscriber.framed_ip));
        self.phones.push(subscriber.phone.as_ref().map(Msisdn::expose));
        self.created_at.push(Instant(subscriber.created_at));
        self.customers.push(subscriber.customer.map(|id| id.uuid()));
        self.zones.push(subscriber.zone.map(|id| id.uuid()));
    }
}

/// Those of these user names that the tenant has already.
pub async fn existing_usernames(tx: &mut TenantTx, usernames: &[Username]) -> Result<Vec<Username>, StoreError> {
    let tenant = tx.tenant_uuid();
    let texts: Vec<&str> = usernames.iter().map(Username::as_str).collect();
    let rows = sqlx::query!(
        "select id, username from subscribers where tenant_id = $1 and username = any($2::text[])",
        tenant,
        &texts as _,
    )
    .fetch_all(tx.connection())
    .await?;
    rows.into_iter().map(|row| row.username.parse().map_err(|_| StoreError::corrupt("subscribers", row.id))).collect()
}

/// A subscriber with what lists show beside it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// The subscriber.
    pub subscriber: Subscriber,
    /// Its phone number.
    pub phone: Option<Msisdn>,
    /// The customer it belongs to.
    pub customer: Option<CustomerId>,
    /// The zone it is in.
    pub zone: Option<ZoneId>,
    /// When it was added.
    pub created_at: Timestamp,
}

/// The subscriber with an id; in one of these zones, where they are given.
pub async fn find(
    tx: &mut TenantTx,
    subscriber: SubscriberId,
    zones: Option<&[ZoneId]>,
) -> Result<Option<Record>, StoreError> {
    let tenant = tx.tenant_uuid();
    let zones: Option<Vec<Uuid>> = zones.map(|zones| zones.iter().map(|id| id.uuid()).collect());
    sqlx::query_as!(
        RecordRow,
        r#"select id, username, plan_id, suspended_at as "suspended_at: Instant",
                  expires_at as "expires_at: Instant", framed_ip, phone, customer_id, zone_id,
                  created_at as "created_at: Instant"
           from subscribers
           where tenant_id = $1 and id = $2 and ($3::uuid[] is null or zone_id = any($3))"#,
        tenant,
        subscriber.uuid(),
        zones.as_deref(),
    )
    .fetch_optional(tx.connection())
    .await?
    .map(Record::try_from)
    .transpose()
}

/// Those of these subscribers that are in one of these zones.
pub async fn that_are_in(
    tx: &mut TenantTx,
    subscribers: &[SubscriberId],
    zones: &[ZoneId],
) -> Result<HashSet<SubscriberId>, StoreError> {
    if subscribers.is_empty() || zones.is_empty() {
        return Ok(HashSet::new());
    }
    let tenant = tx.tenant_uuid();
    let ids: Vec<Uuid> = subscribers.iter().map(|id| id.uuid()).collect();
    let zones: Vec<Uuid> = zones.iter().map(|id| id.uuid()).collect();
    let there = sqlx::query_scalar!(
        "select id from subscribers where tenant_id = $1 and id = any($2) and zone_id = any($3)",
        tenant,
        &ids,
        &zones,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(there.into_iter().map(SubscriberId::from_uuid).collect())
}

/// The subscriber with a user name.
pub async fn find_by_username(tx: &mut TenantTx, username: &Username) -> Result<Option<Subscriber>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        SubscriberRow,
        r#"select id, username, plan_id, suspended_at as "suspended_at: Instant",
                  expires_at as "expires_at: Instant", framed_ip
           from subscribers
           where tenant_id = $1 and username = $2"#,
        tenant,
        username.as_str(),
    )
    .fetch_optional(tx.connection())
    .await?
    .map(Subscriber::try_from)
    .transpose()
}

/// The same, locked until the end of the transaction.
pub async fn lock(tx: &mut TenantTx, username: &Username) -> Result<Option<Subscriber>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        SubscriberRow,
        r#"select id, username, plan_id, suspended_at as "suspended_at: Instant",
                  expires_at as "expires_at: Instant", framed_ip
           from subscribers
           where tenant_id = $1 and username = $2
           for update"#,
        tenant,
        username.as_str(),
    )
    .fetch_optional(tx.connection())
    .await?
    .map(Subscriber::try_from)
    .transpose()
}

/// Stops a subscriber's service. One that is stopped keeps its date.
pub async fn suspend(tx: &mut TenantTx, subscriber: SubscriberId, suspended_at: Timestamp) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let changed = sqlx::query!(
        "update subscribers
         set suspended_at = coalesce(suspended_at, $3)
         where tenant_id = $1 and id = $2",
        tenant,
        subscriber.uuid(),
        Instant(suspended_at) as _,
    )
    .execute(tx.connection())
    .await?;
    found(changed.rows_affected())
}

/// Lets a subscriber's service run again.
pub async fn resume(tx: &mut TenantTx, subscriber: SubscriberId) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let changed = sqlx::query!(
        "update subscribers set suspended_at = null where tenant_id = $1 and id = $2",
        tenant,
        subscriber.uuid(),
    )
    .execute(tx.connection())
    .await?;
    found(changed.rows_affected())
}

/// Sets the end of what is paid for; `None` has no end.
pub async fn set_until(
    tx: &mut TenantTx,
    subscriber: SubscriberId,
    until: Option<Timestamp>,
) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let changed = sqlx::query!(
        "update subscribers set expires_at = $3 where tenant_id = $1 and id = $2",
        tenant,
        subscriber.uuid(),
        Instant::of(until) as _,
    )
    .execute(tx.connection())
    .await?;
    found(changed.rows_affected())
}

/// Moves a subscriber to another plan. A plan that the tenant does not have is a `Conflict`.
pub async fn set_plan(tx: &mut TenantTx, subscriber: SubscriberId, plan: PlanId) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let changed = sqlx::query!(
        "update subscribers set plan_id = $3 where tenant_id = $1 and id = $2",
        tenant,
        subscriber.uuid(),
        plan.uuid(),
    )
    .execute(tx.connection())
    .await?;
    found(changed.rows_affected())
}

/// What may be changed of a subscriber beside its plan, its time and whether it runs.
#[derive(Debug, Default)]
pub struct Changes {
    /// Another user name.
    pub username: Option<Username>,
    /// Another password, in the clear; it is sealed on the way in.
    pub password: Option<SecretBytes>,
    /// Another fixed address, or none.
    pub framed_ip: Option<Option<Ipv4Addr>>,
    /// Another phone number, or none.
    pub phone: Option<Option<Msisdn>>,
    /// Another customer, or none.
    pub customer: Option<Option<CustomerId>>,
    /// Another zone, or none.
    pub zone: Option<Option<ZoneId>>,
}

/// Changes a subscriber. A user name that another one has, or a customer who is not there, is a `Conflict`.
pub async fn change(tx: &mut TenantTx, subscriber: SubscriberId, changes: &Changes) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let password_sealed = match &changes.password {
        Some(password) => {
            let keyring = tx.keyring();
            Some(tx.sealing_keys().await?.seal(&keyring, &password_place(subscriber.uuid()), password)?)
        }
        None => None,
    };
    let changed = sqlx::query!(
        "update subscribers
         set username = coalesce($3, username),
             password_sealed = coalesce($4, password_sealed),
             framed_ip = case when $5 then $6 else framed_ip end,
             phone = case when $7 then $8 else phone end,
             customer_id = case when $9 then $10 else customer_id end,
             zone_id = case when $11 then $12 else zone_id end
         where tenant_id = $1 and id = $2",
        tenant,
        subscriber.uuid(),
        changes.username.as_ref().map(Username::as_str),
        password_sealed,
        changes.framed_ip.is_some(),
        inet(changes.framed_ip.flatten()) as _,
        changes.phone.is_some(),
        changes.phone.as_ref().and_then(|phone| phone.as_ref().map(Msisdn::expose)),
        changes.customer.is_some(),
        changes.customer.flatten().map(|id| id.uuid()),
        changes.zone.is_some(),
        changes.zone.flatten().map(|id| id.uuid()),
    )
    .execute(tx.connection())
    .await?;
    found(changed.rows_affected())
}

const fn found(rows: u64) -> Result<(), StoreError> {
    match rows {
        0 => Err(StoreError::Missing { what: "subscriber" }),
        _ => Ok(()),
    }
}

/// Where a subscriber's sealed password stands.
pub(crate) const fn password_place(subscriber: Uuid) -> Place {
    Place::new("subscribers", "password_sealed", subscriber)
}

/// Whether the service runs, by the date it was stopped.
pub(crate) fn standing(suspended_at: Option<Timestamp>) -> Standing {
    suspended_at.map_or(Standing::Active, |at| Standing::Suspended { at })
}

struct SubscriberRow {
    id: Uuid,
    username: String,
    plan_id: Uuid,
    suspended_at: Option<Instant>,
    expires_at: Option<Instant>,
    framed_ip: Option<IpNet>,
}

impl TryFrom<SubscriberRow> for Subscriber {
    type Error = StoreError;
    fn try_from(row: SubscriberRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: SubscriberId::from_uuid(row.id),
            username: row.username.parse().map_err(|_| StoreError::corrupt("subscribers", row.id))?,
            plan: PlanId::from_uuid(row.plan_id),
            standing: standing(at(row.suspended_at)),
            until: at(row.expires_at),
            framed_ip: ipv4(row.framed_ip),
        })
    }
}

#[derive(sqlx::FromRow)]
struct RecordRow {
    id: Uuid,
    username: String,
    plan_id: Uuid,
    suspended_at: Option<Instant>,
    expires_at: Option<Instant>,
    framed_ip: Option<IpNet>,
    phone: Option<String>,
    customer_id: Option<Uuid>,
    zone_id: Option<Uuid>,
    created_at: Instant,
}

impl TryFrom<RecordRow> for Record {
    type Error = StoreError;
    fn try_from(row: RecordRow) -> Result<Self, StoreError> {
        let RecordRow { id, username, plan_id, suspended_at, expires_at, framed_ip, .. } = row;
        let phone = match row.phone {
            Some(digits) => Some(stored_phone(&digits).ok_or_else(|| StoreError::corrupt("subscribers", id))?),
            None => None,
        };
        Ok(Self {
            subscriber: SubscriberRow { id, username, plan_id, suspended_at, expires_at, framed_ip }.try_into()?,
            phone,
            customer: row.customer_id.map(CustomerId::from_uuid),
            zone: row.zone_id.map(ZoneId::from_uuid),
            created_at: row.created_at.0,
        })
    }
}
