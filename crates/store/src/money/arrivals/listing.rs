//! Lists of money that has come: filtered and searched, the newest first.

use domain::id::{ArrivalId, GatewayId};
use domain::money::arrival::{Arrival, Source};
use domain::money::claim::Receipt;
use domain::time::Timestamp;
use uuid::Uuid;

use super::row::ArrivalRow;
use crate::columns::Instant;
use crate::error::StoreError;
use crate::listing::{Ask, Condition, Direction, Key, Value, Walk};
use crate::money::first_id_at;
use crate::page::{Listed, Page};
use crate::tenant_tx::TenantTx;

const COLUMNS: &str = "id, gateway_id, receipt, is_receipt_proven, amount_minor, currency, source, is_of_prompt, \
                       is_verified, state, payment_id, wallet_phone, wallet_subscriber_id, account, payer_phone, \
                       payer_name, paid_at, arrived_at";

/// Most money that one search finds by a receipt.
const FOUND_MAX: i64 = 100;

/// Which money to list: that of which all that is said is true.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// What has one of these ids.
    pub ids: Option<Vec<ArrivalId>>,
    /// What stands so, by its code.
    pub state: Option<String>,
    /// What somebody of this kind told of first.
    pub source: Option<Source>,
    /// What has come to one gateway.
    pub gateway: Option<GatewayId>,
    /// What is verified, or what is not.
    pub is_verified: Option<bool>,
    /// What was heard of at that moment or later.
    pub since: Option<Timestamp>,
    /// What was heard of before that moment.
    pub until: Option<Timestamp>,
}

/// The tenant's money. A page may be short although another one follows.
pub async fn search(
    tx: &mut TenantTx,
    filter: &Filter,
    direction: Direction,
    page: Page<Key>,
) -> Result<Listed<Arrival, Key>, StoreError> {
    ask(filter, direction).page::<ArrivalRow>(tx, &page).await?.try_map(Arrival::try_from)
}

fn ask(filter: &Filter, direction: Direction) -> Ask {
    let (mut driver, mut rest) = (Vec::new(), Vec::new());
    if let Some(since) = filter.since {
        driver.push(Condition::of("id >= ?", Value::Uuid(first_id_at(since))));
    }
    if let Some(until) = filter.until {
        driver.push(Condition::of("id < ?", Value::Uuid(first_id_at(until))));
    }
    if let Some(ids) = &filter.ids {
        driver.push(Condition::of("id = any(?)", Value::Uuids(ids.iter().map(|id| id.uuid()).collect())));
    }
    if let Some(state) = &filter.state {
        driver.push(Condition::of("state = ?", Value::Text(state.clone())));
    }
    if let Some(gateway) = filter.gateway {
        rest.push(Condition::of("gateway_id = ?", Value::Uuid(gateway.uuid())));
    }
    if let Some(source) = filter.source {
        rest.push(Condition::of("source = ?", Value::Text(source.code().to_owned())));
    }
    match filter.is_verified {
        Some(true) => rest.push(Condition::bare("is_verified")),
        Some(false) => rest.push(Condition::bare("not is_verified")),
        None => {}
    }
    let walks = vec![Walk { conditions: driver, by: None }];
    Ask { table: "arrivals", columns: COLUMNS, walks, rest, direction }
}

/// The money of which any message had this receipt.
pub async fn named(tx: &mut TenantTx, receipt: &Receipt) -> Result<Vec<ArrivalId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids: Vec<Uuid> = sqlx::query_scalar!(
        "select distinct arrival_id from arrival_notes where tenant_id = $1 and receipt = $2 limit $3",
        tenant,
        receipt.as_str(),
        FOUND_MAX,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(ids.into_iter().map(ArrivalId::from_uuid).collect())
}

/// Those of these that the tenant has, in the order in which they were heard of.
pub async fn load(tx: &mut TenantTx, ids: &[ArrivalId]) -> Result<Vec<Arrival>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query_as!(
        ArrivalRow,
        r#"select id, gateway_id, receipt, is_receipt_proven, amount_minor, currency, source, is_of_prompt, is_verified,
                  state, payment_id, wallet_phone, wallet_subscriber_id, account, payer_phone, payer_name,
                  paid_at as "paid_at: Instant", arrived_at as "arrived_at: Instant"
           from arrivals
           where tenant_id = $1 and id = any($2)
           order by id"#,
        tenant,
        &ids,
    )
    .fetch_all(tx.connection())
    .await?
    .into_iter()
    .map(Arrival::try_from)
    .collect()
}
