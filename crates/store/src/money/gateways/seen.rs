//! What was seen of a gateway: when it called last, and what is in the ISP's accounts there.

use domain::id::GatewayId;
use domain::money::gateway::Balance;
use domain::money::{Currency, Money};
use domain::time::Timestamp;

use crate::columns::{Instant, at};
use crate::error::StoreError;
use crate::money::shortened;
use crate::tenant_tx::TenantTx;

/// Most characters of an account's name.
const NAME_MAX: usize = 100;

/// What was seen of a gateway.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// When anything came to its callbacks' address last.
    pub called_at: Option<Timestamp>,
    /// What is in the ISP's accounts, as it was told last.
    pub balance: Option<Balance>,
    /// Whether that was asked for and is not answered yet.
    pub is_asked: bool,
}

/// What was seen of a gateway; `None` when there is no such gateway.
pub async fn seen(tx: &mut TenantTx, id: GatewayId) -> Result<Option<Seen>, StoreError> {
    let tenant = tx.tenant_uuid();
    let row = sqlx::query!(
        r#"select balance_conversation is not null as "is_asked!", balance_names, balance_minors, balance_currency,
                  balance_at as "balance_at: Instant",
                  (select max(received_at) from callbacks where tenant_id = $1 and gateway_id = $2) as "called_at: Instant"
           from gateways
           where tenant_id = $1 and id = $2"#,
        tenant,
        id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let balance = match (row.balance_at, row.balance_currency) {
        (Some(at), Some(currency)) => {
            let currency = Currency::from_code(&currency).map_err(|_| StoreError::corrupt("gateways", id.uuid()))?;
            let amounts = row.balance_minors.into_iter().map(|minor| Money::from_minor(minor, currency));
            Some(Balance { accounts: row.balance_names.into_iter().zip(amounts).collect(), at: at.0 })
        }
        (Some(_), None) | (None, _) => None,
    };
    Ok(Some(Seen { called_at: at(row.called_at), balance, is_asked: row.is_asked }))
}

/// The balance was asked for: its answer comes under this number.
pub async fn note_balance_asked(tx: &mut TenantTx, id: GatewayId, conversation: &str) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let changed = sqlx::query!(
        "update gateways set balance_conversation = $3 where tenant_id = $1 and id = $2",
        tenant,
        id.uuid(),
        shortened(conversation, 100),
    )
    .execute(tx.connection())
    .await?;
    super::there(changed.rows_affected())
}

/// Which gateway's balance was asked for under this number.
pub async fn by_conversation(tx: &mut TenantTx, conversation: &str) -> Result<Option<GatewayId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let id = sqlx::query_scalar!(
        "select id from gateways where tenant_id = $1 and balance_conversation = $2",
        tenant,
        conversation,
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(id.map(GatewayId::from_uuid))
}

/// The gateway has told what is there, or could not: then what was told before stays.
pub async fn note_balance(tx: &mut TenantTx, id: GatewayId, balance: Option<&Balance>) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let accounts = balance.map_or(&[][..], |balance| &balance.accounts[..]);
    let accounts = accounts.get(..Balance::ACCOUNTS_MAX).unwrap_or(accounts);
    let currency = accounts.first().map(|(_, amount)| amount.currency().code().to_owned());
    let told_at = balance.filter(|_| currency.is_some()).map(|balance| balance.at);
    let changed = sqlx::query!(
        "update gateways
         set balance_conversation = null,
             balance_names = case when $6::timestamptz is null then balance_names else $3 end,
             balance_minors = case when $6::timestamptz is null then balance_minors else $4 end,
             balance_currency = case when $6::timestamptz is null then balance_currency else $5 end,
             balance_at = case when $6::timestamptz is null then balance_at else $6 end
         where tenant_id = $1 and id = $2",
        tenant,
        id.uuid(),
        &accounts.iter().map(|(name, _)| shortened(name, NAME_MAX)).collect::<Vec<_>>(),
        &accounts.iter().map(|(_, amount)| amount.minor()).collect::<Vec<_>>(),
        currency,
        Instant::of(told_at) as _,
    )
    .execute(tx.connection())
    .await?;
    super::there(changed.rows_affected())
}
