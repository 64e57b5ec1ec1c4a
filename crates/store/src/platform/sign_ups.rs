//! Who signs up, until the address is confirmed. Rows of the platform's own tenant.

use domain::email::Email;
use domain::id::{Id, StaffId, TenantId};
use domain::money::Currency;
use domain::phone::CallingCode;
use domain::platform::sign_up::SignUp;
use domain::text::Slug;
use domain::time::{Timestamp, Zone};
use uuid::Uuid;

use crate::columns::{Instant, integer};
use crate::error::StoreError;
use crate::system_tx::SystemTx;
use crate::tenant_tx::TenantTx;

/// What is kept beside a sign-up and told to nobody.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The password's hash.
    pub password_hash: String,
    /// SHA-256 of the code that the letter holds.
    pub token_hash: [u8; 32],
}

/// Writes a sign-up down. An earlier one of the same address is let go of, and so are those whose codes are good no
/// more. A subdomain that somebody else is signing up with is a `Conflict`.
pub async fn add(tx: &mut TenantTx, new: &SignUp, proof: &Proof) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "delete from sign_ups
         where tenant_id = $1 and confirmed_at is null and (expires_at <= $2 or email = $3)",
        tenant,
        Instant(new.made_at) as _,
        new.email.as_str(),
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "insert into sign_ups (tenant_id, id, opens, owner_id, business, slug, user_name, email, zone, currency,
                               calling_code, password_hash, token_hash, made_at, expires_at, mailed_at, mails)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        tenant,
        new.id.uuid(),
        new.opens.uuid(),
        new.owner.uuid(),
        new.business.as_str(),
        new.slug.as_str(),
        new.user_name.as_str(),
        new.email.as_str(),
        new.zone.name(),
        new.currency.code(),
        new.calling_code.as_str(),
        proof.password_hash,
        &proof.token_hash[..],
        Instant(new.made_at) as _,
        Instant(new.expires_at) as _,
        Instant(new.mailed_at) as _,
        integer(new.mails),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The sign-up that waits for an address to be confirmed, which nobody else changes until the transaction ends.
pub async fn waiting(tx: &mut TenantTx, email: &Email, now: Timestamp) -> Result<Option<SignUp>, StoreError> {
    let tenant = tx.tenant_uuid();
    let row = sqlx::query_as!(
        SignUpRow,
        r#"select id, opens, owner_id, business, slug, user_name, email, zone, currency, calling_code, password_hash,
                  token_hash, made_at as "made_at: Instant", expires_at as "expires_at: Instant",
                  mailed_at as "mailed_at: Instant", mails
           from sign_ups
           where tenant_id = $1 and email = $2 and confirmed_at is null and expires_at > $3
           for update"#,
        tenant,
        email.as_str(),
        Instant(now) as _,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(SignUpRow::sign_up).transpose()?.map(|(sign_up, _)| sign_up))
}

/// The sign-up whose letter held that code, with its proof; the same rule.
pub async fn by_token(
    tx: &mut TenantTx,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<(SignUp, Proof)>, StoreError> {
    let tenant = tx.tenant_uuid();
    let row = sqlx::query_as!(
        SignUpRow,
        r#"select id, opens, owner_id, business, slug, user_name, email, zone, currency, calling_code, password_hash,
                  token_hash, made_at as "made_at: Instant", expires_at as "expires_at: Instant",
                  mailed_at as "mailed_at: Instant", mails
           from sign_ups
           where tenant_id = $1 and token_hash = $2 and confirmed_at is null and expires_at > $3
           for update"#,
        tenant,
        &hash[..],
        Instant(now) as _,
    )
    .fetch_optional(tx.connection())
    .await?;
    row.map(SignUpRow::sign_up).transpose()
}

/// Another letter goes out with another code: the earlier one is good no more.
pub async fn mail_again(
    tx: &mut TenantTx,
    id: Id<SignUp>,
    token_hash: &[u8; 32],
    now: Timestamp,
) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update sign_ups
         set token_hash = $3, mailed_at = $4, mails = mails + 1
         where tenant_id = $1 and id = $2 and confirmed_at is null",
        tenant,
        id.uuid(),
        &token_hash[..],
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The address is confirmed; password and code are forgotten here.
pub async fn confirm(tx: &mut TenantTx, id: Id<SignUp>, now: Timestamp) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update sign_ups
         set confirmed_at = $3, password_hash = null, token_hash = null
         where tenant_id = $1 and id = $2",
        tenant,
        id.uuid(),
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The platform's own tenant; `None` before there is one.
pub async fn platform(tx: &mut SystemTx) -> Result<Option<TenantId>, StoreError> {
    let id = sqlx::query_scalar!("select id from tenants where is_platform").fetch_optional(tx.connection()).await?;
    Ok(id.map(TenantId::from_uuid))
}

struct SignUpRow {
    id: Uuid,
    opens: Uuid,
    owner_id: Uuid,
    business: String,
    slug: String,
    user_name: String,
    email: String,
    zone: String,
    currency: String,
    calling_code: String,
    password_hash: Option<String>,
    token_hash: Option<Vec<u8>>,
    made_at: Instant,
    expires_at: Instant,
    mailed_at: Instant,
    mails: i32,
}

impl SignUpRow {
    fn sign_up(self) -> Result<(SignUp, Proof), StoreError> {
        let id = self.id;
        self.read().ok_or_else(|| StoreError::corrupt("sign_ups", id))
    }

    fn read(self) -> Option<(SignUp, Proof)> {
        let sign_up = SignUp {
            id: Id::from_uuid(self.id),
            opens: TenantId::from_uuid(self.opens),
            owner: StaffId::from_uuid(self.owner_id),
            business: self.business.parse().ok()?,
            slug: self.slug.parse::<Slug>().ok()?,
            user_name: self.user_name.parse().ok()?,
            email: self.email.parse().ok()?,
            zone: Zone::named(&self.zone).ok()?,
            currency: Currency::from_code(&self.currency).ok()?,
            calling_code: CallingCode::parse(&self.calling_code).ok()?,
            made_at: self.made_at.0,
            expires_at: self.expires_at.0,
            mailed_at: self.mailed_at.0,
            mails: u32::try_from(self.mails).ok()?,
        };
        let token_hash = self.token_hash?.try_into().ok()?;
        Some((sign_up, Proof { password_hash: self.password_hash?, token_hash }))
    }
}
