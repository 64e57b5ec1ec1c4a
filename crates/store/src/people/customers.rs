//! Customers: who uses and pays. The numbers of their documents are sealed.

pub mod listing;

use domain::email::Email;
use domain::id::{CustomerId, StaffId, ZoneId};
use domain::people::customer::{Coordinates, Customer, CustomerName, Identity, IdentityNumber, IdentityState, Profile};
use domain::phone::Msisdn;
use domain::secret::SecretBytes;
use domain::text::Slug;
use domain::time::Timestamp;
use uuid::Uuid;

use crate::columns::Instant;
use crate::error::StoreError;
use crate::sales::vouchers::stored_phone;
use crate::sealing::Place;
use crate::tenant_tx::TenantTx;

/// A customer with the number of their document as it is sealed: lists do not open it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Their id.
    pub id: CustomerId,
    /// Their name.
    pub name: CustomerName,
    /// Their phone number.
    pub phone: Option<Msisdn>,
    /// Their e-mail address.
    pub email: Option<Email>,
    /// The kind of customer.
    pub category: Option<Slug>,
    /// The zone they live in.
    pub zone: Option<ZoneId>,
    /// Where they are, in words.
    pub address: String,
    /// Where they are, on a map.
    pub coordinates: Option<Coordinates>,
    /// How far their identity has been looked at.
    pub identity_state: IdentityState,
    /// Who of the staff looks after them.
    pub assigned_to: Option<StaffId>,
    /// Counts up with each change.
    pub revision: u32,
    /// When they were added.
    pub created_at: Timestamp,
}

/// Adds customers, all or none. A zone that is not there is a `Conflict`.
pub async fn insert_many(tx: &mut TenantTx, customers: &[Customer]) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    for chunk in customers.chunks(CHUNK) {
        let mut identities = Vec::with_capacity(chunk.len());
        for customer in chunk {
            identities.push(seal(tx, customer.id, customer.profile.identity.as_ref()).await?);
        }
        let of = |text: fn(&Customer) -> Option<&str>| chunk.iter().map(text).collect::<Vec<_>>();
        let degrees = |one: fn(Coordinates) -> f64| -> Vec<Option<f64>> {
            chunk.iter().map(|customer| customer.profile.coordinates.map(one)).collect()
        };
        sqlx::query_file!(
            "sql/insert_customers.sql",
            tenant,
            &chunk.iter().map(|one| one.id.uuid()).collect::<Vec<_>>(),
            &of(|one| Some(one.profile.name.as_str())) as _,
            &chunk.iter().map(|one| one.profile.name.folded()).collect::<Vec<_>>(),
            &of(|one| one.profile.phone.as_ref().map(Msisdn::expose)) as _,
            &of(|one| one.profile.email.as_ref().map(Email::as_str)) as _,
            &of(|one| Some(one.profile.notes.as_str())) as _,
            &of(|one| one.profile.category.as_ref().map(Slug::as_str)) as _,
            &chunk.iter().map(|one| one.profile.zone.map(|id| id.uuid())).collect::<Vec<_>>() as _,
            &chunk.iter().map(|one| one.assigned_to.map(|id| id.uuid())).collect::<Vec<_>>() as _,
            &of(|one| Some(one.profile.address.as_str())) as _,
            &degrees(Coordinates::latitude) as _,
            &degrees(Coordinates::longitude) as _,
            &of(|one| one.profile.identity.as_ref().map(|identity| identity.kind.code())) as _,
            &identities as _,
            &of(|one| Some(one.profile.identity_state.code())) as _,
            &chunk.iter().map(|one| Instant(one.created_at)).collect::<Vec<_>>() as _,
        )
        .execute(tx.connection())
        .await?;
    }
    Ok(())
}

/// Customers written by one statement.
const CHUNK: usize = 2_000;

/// The customer with an id; in one of these zones, where they are given.
pub async fn find(
    tx: &mut TenantTx,
    customer: CustomerId,
    zones: Option<&[ZoneId]>,
) -> Result<Option<Customer>, StoreError> {
    load(tx, customer, zones, false).await
}

/// The same, locked until the end of the transaction.
pub async fn lock(
    tx: &mut TenantTx,
    customer: CustomerId,
    zones: Option<&[ZoneId]>,
) -> Result<Option<Customer>, StoreError> {
    load(tx, customer, zones, true).await
}

async fn load(
    tx: &mut TenantTx,
    customer: CustomerId,
    zones: Option<&[ZoneId]>,
    locked: bool,
) -> Result<Option<Customer>, StoreError> {
    let tenant = tx.tenant_uuid();
    if locked {
        sqlx::query!("select id from customers where tenant_id = $1 and id = $2 for update", tenant, customer.uuid())
            .fetch_optional(tx.connection())
            .await?;
    }
    let zones: Option<Vec<Uuid>> = zones.map(|zones| zones.iter().map(|id| id.uuid()).collect());
    let row = sqlx::query_as!(
        WholeRow,
        r#"select id, name, phone, email, notes, category, zone_id, assigned_to, address, latitude, longitude,
                  identity_kind, identity_sealed, identity_state, revision, created_at as "created_at: Instant",
                  changed_at as "changed_at: Instant"
           from customers
           where tenant_id = $1 and id = $2 and ($3::uuid[] is null or zone_id = any($3))"#,
        tenant,
        customer.uuid(),
        zones.as_deref(),
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let number = match &row.identity_sealed {
        Some(sealed) => Some(tx.unseal(&identity_place(row.id), sealed).await?),
        None => None,
    };
    let id = row.id;
    row.customer(number).map(Some).ok_or_else(|| StoreError::corrupt("customers", id))
}

/// Writes a customer's profile anew, and who looks after them, as the next revision.
pub async fn save(tx: &mut TenantTx, customer: &Customer) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let profile = &customer.profile;
    let identity = seal(tx, customer.id, profile.identity.as_ref()).await?;
    let changed = sqlx::query!(
        "update customers
         set name = $3, name_folded = $4, phone = $5, email = $6, notes = $7, category = $8, zone_id = $9,
             assigned_to = $10, address = $11, latitude = $12, longitude = $13, identity_kind = $14,
             identity_sealed = $15, identity_state = $16, revision = revision + 1, changed_at = $17
         where tenant_id = $1 and id = $2",
        tenant,
        customer.id.uuid(),
        profile.name.as_str(),
        profile.name.folded(),
        profile.phone.as_ref().map(Msisdn::expose),
        profile.email.as_ref().map(Email::as_str),
        profile.notes.as_str(),
        profile.category.as_ref().map(Slug::as_str),
        profile.zone.map(|id| id.uuid()),
        customer.assigned_to.map(|id| id.uuid()),
        profile.address.as_str(),
        profile.coordinates.map(Coordinates::latitude),
        profile.coordinates.map(Coordinates::longitude),
        profile.identity.as_ref().map(|identity| identity.kind.code()),
        identity,
        profile.identity_state.code(),
        Instant(customer.changed_at) as _,
    )
    .execute(tx.connection())
    .await?;
    if changed.rows_affected() == 0 { Err(StoreError::Missing { what: "customer" }) } else { Ok(()) }
}

/// Gives customers to somebody of the staff, or to nobody. Returns those who are with somebody else now than before,
/// each with who looked after them.
pub async fn assign(
    tx: &mut TenantTx,
    customers: &[CustomerId],
    staff: Option<StaffId>,
    now: Timestamp,
) -> Result<Vec<(CustomerId, Option<StaffId>)>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids: Vec<Uuid> = customers.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        "with before as (
             select id, assigned_to
             from customers
             where tenant_id = $1 and id = any($2) and assigned_to is distinct from $3
             order by id
             for update
         )
         update customers c
         set assigned_to = $3, revision = revision + 1, changed_at = $4
         from before
         where c.tenant_id = $1 and c.id = before.id
         returning c.id, before.assigned_to as was",
        tenant,
        &ids,
        staff.map(|id| id.uuid()),
        Instant(now) as _,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(|row| (CustomerId::from_uuid(row.id), row.was.map(StaffId::from_uuid))).collect())
}

/// Forgets a customer. Returns whether they were there; one to whom something belongs is a `Conflict`.
pub async fn remove(tx: &mut TenantTx, customer: CustomerId) -> Result<bool, StoreError> {
    let tenant = tx.tenant_uuid();
    let gone = sqlx::query!("delete from customers where tenant_id = $1 and id = $2", tenant, customer.uuid())
        .execute(tx.connection())
        .await?;
    Ok(gone.rows_affected() == 1)
}

async fn seal(
    tx: &mut TenantTx,
    customer: CustomerId,
    identity: Option<&Identity>,
) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(identity) = identity else { return Ok(None) };
    let keyring = tx.keyring();
    let clear = SecretBytes::new(identity.number.expose().as_bytes().to_vec());
    Ok(Some(tx.sealing_keys().await?.seal(&keyring, &identity_place(customer.uuid()), &clear)?))
}

/// Where the sealed number of a customer's document stands.
const fn identity_place(customer: Uuid) -> Place {
    Place::new("customers", "identity_sealed", customer)
}

/// A point as its two columns have it: both or none.
fn point(latitude: Option<f64>, longitude: Option<f64>) -> Option<Option<Coordinates>> {
    match (latitude, longitude) {
        (Some(latitude), Some(longitude)) => Coordinates::new(latitude, longitude).map(Some),
        (None, None) => Some(None),
        (Some(_), None) | (None, Some(_)) => None,
    }
}

/// `None` for a text that is not what it should be.
fn parsed<Made: std::str::FromStr>(text: Option<&str>) -> Option<Option<Made>> {
    text.map(str::parse).transpose().ok()
}

struct WholeRow {
    id: Uuid,
    name: String,
    phone: Option<String>,
    email: Option<String>,
    notes: String,
    category: Option<String>,
    zone_id: Option<Uuid>,
    assigned_to: Option<Uuid>,
    address: String,
    latitude: Option<f64>,
    longitude: Option<f64>,
    identity_kind: Option<String>,
    identity_sealed: Option<Vec<u8>>,
    identity_state: String,
    revision: i32,
    created_at: Instant,
    changed_at: Instant,
}

impl WholeRow {
    fn customer(self, number: Option<SecretBytes>) -> Option<Customer> {
        let identity = match (self.identity_kind, number) {
            (Some(kind), Some(number)) => {
                let number: IdentityNumber = std::str::from_utf8(number.expose()).ok()?.parse().ok()?;
                Some(Identity { kind: kind.parse().ok()?, number })
            }
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => return None,
        };
        let phone = match self.phone {
            Some(digits) => Some(stored_phone(&digits)?),
            None => None,
        };
        Some(Customer {
            id: CustomerId::from_uuid(self.id),
            profile: Profile {
                name: self.name.parse().ok()?,
                phone,
                email: parsed(self.email.as_deref())?,
                notes: self.notes.parse().ok()?,
                category: parsed(self.category.as_deref())?,
                zone: self.zone_id.map(ZoneId::from_uuid),
                address: self.address.parse().ok()?,
                coordinates: point(self.latitude, self.longitude)?,
                identity,
                identity_state: self.identity_state.parse().ok()?,
            },
            assigned_to: self.assigned_to.map(StaffId::from_uuid),
            revision: u32::try_from(self.revision).ok()?,
            created_at: self.created_at.0,
            changed_at: self.changed_at.0,
        })
    }
}

#[derive(sqlx::FromRow)]
struct RecordRow {
    id: Uuid,
    name: String,
    phone: Option<String>,
    email: Option<String>,
    category: Option<String>,
    zone_id: Option<Uuid>,
    assigned_to: Option<Uuid>,
    address: String,
    latitude: Option<f64>,
    longitude: Option<f64>,
    identity_state: String,
    revision: i32,
    created_at: Instant,
}

impl TryFrom<RecordRow> for Record {
    type Error = StoreError;
    fn try_from(row: RecordRow) -> Result<Self, StoreError> {
        let id = row.id;
        row.record().ok_or_else(|| StoreError::corrupt("customers", id))
    }
}

impl RecordRow {
    fn record(self) -> Option<Record> {
        let phone = match self.phone {
            Some(digits) => Some(stored_phone(&digits)?),
            None => None,
        };
        Some(Record {
            id: CustomerId::from_uuid(self.id),
            name: self.name.parse().ok()?,
            phone,
            email: parsed(self.email.as_deref())?,
            category: parsed(self.category.as_deref())?,
            zone: self.zone_id.map(ZoneId::from_uuid),
            address: self.address,
            coordinates: point(self.latitude, self.longitude)?,
            identity_state: self.identity_state.parse().ok()?,
            assigned_to: self.assigned_to.map(StaffId::from_uuid),
            revision: u32::try_from(self.revision).ok()?,
            created_at: self.created_at.0,
        })
    }
}
