//! Money: gateways and what they say, payments, what has come, and the ledger.

pub mod activations;
pub mod arrivals;
pub mod callbacks;
pub mod day;
pub mod gateway_tokens;
pub mod gateways;
pub mod inquiries;
pub mod ledger;
pub mod payments;
pub mod prompt_locks;
pub mod proof;
pub mod refunds;

use domain::id::{SubscriberId, TenantId};
use domain::money::wallet::WalletOf;
use domain::money::{Currency, Money};
use domain::time::Timestamp;
use uuid::Uuid;

use crate::columns::Instant;
use crate::error::StoreError;
use crate::sales::vouchers::stored_phone;
use crate::system_tx::SystemTx;

/// The most tenants that one round of a duty looks after.
const TENANTS_AT_ONCE: i64 = 1_000;

/// The ISPs that have something of these kinds to be looked at now.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Due {
    /// Callbacks to be read.
    pub callbacks: Vec<TenantId>,
    /// Payments of which the gateway is to be asked.
    pub payments: Vec<TenantId>,
    /// Payments that are said to be paid since before `claimed_before`, without proof.
    pub unproven: Vec<TenantId>,
    /// Receipts of which the gateway is to be asked.
    pub inquiries: Vec<TenantId>,
    /// Gateways whose books are to be read.
    pub pulls: Vec<TenantId>,
}

/// Which ISPs have anything to be looked at.
pub async fn due(tx: &mut SystemTx, now: Timestamp, claimed_before: Timestamp) -> Result<Due, StoreError> {
    let rows = sqlx::query!(
        r#"(select distinct 'callback' as "what!", tenant_id as "tenant_id!" from callbacks where due_at <= $1 limit $3)
           union all
           (select distinct 'payment', tenant_id from payments where next_look_at <= $1 limit $3)
           union all
           (select distinct 'unproven', tenant_id from payments where claimed_at <= $2 limit $3)
           union all
           (select distinct 'inquiry', tenant_id from inquiries where due_at <= $1 limit $3)
           union all
           (select distinct 'pull', tenant_id from gateways where pull_at <= $1 limit $3)"#,
        Instant(now) as _,
        Instant(claimed_before) as _,
        TENANTS_AT_ONCE,
    )
    .fetch_all(tx.connection())
    .await?;
    let mut due = Due::default();
    for row in rows {
        let tenant = TenantId::from_uuid(row.tenant_id);
        match row.what.as_str() {
            "callback" => due.callbacks.push(tenant),
            "payment" => due.payments.push(tenant),
            "unproven" => due.unproven.push(tenant),
            "inquiry" => due.inquiries.push(tenant),
            _ => due.pulls.push(tenant),
        }
    }
    Ok(due)
}

/// Money of a row.
fn money(table: &'static str, id: Uuid, minor: i64, currency: &str) -> Result<Money, StoreError> {
    let currency = Currency::from_code(currency).map_err(|_| StoreError::corrupt(table, id))?;
    Ok(Money::from_minor(minor, currency))
}

/// The two columns of a wallet.
fn wallet_columns(of: Option<&WalletOf>) -> (Option<&str>, Option<Uuid>) {
    match of {
        None => (None, None),
        Some(WalletOf::Phone(phone)) => (Some(phone.expose()), None),
        Some(WalletOf::Subscriber(id)) => (None, Some(id.uuid())),
    }
}

/// The wallet of two columns; `None` when both are empty.
fn wallet_of(
    table: &'static str,
    id: Uuid,
    phone: Option<String>,
    subscriber: Option<Uuid>,
) -> Result<Option<WalletOf>, StoreError> {
    match (phone, subscriber) {
        (None, None) => Ok(None),
        (None, Some(subscriber)) => Ok(Some(WalletOf::Subscriber(SubscriberId::from_uuid(subscriber)))),
        (Some(phone), None) => {
            let phone = stored_phone(&phone).ok_or_else(|| StoreError::corrupt(table, id))?;
            Ok(Some(WalletOf::Phone(phone)))
        }
        (Some(_), Some(_)) => Err(StoreError::corrupt(table, id)),
    }
}

/// What the ids of rows that were made at that moment or later begin with: none of them is smaller (RFC 9562 §5.7).
fn first_id_at(at: Timestamp) -> Uuid {
    let millis = u128::try_from(at.as_micros().div_euclid(1_000)).unwrap_or(0);
    Uuid::from_u128((millis & 0xFFFF_FFFF_FFFF) << 80)
}

fn shortened(text: &str, most: usize) -> String {
    text.chars().filter(|letter| *letter != '\0').take(most).collect()
}
