//! Lists of payments: filtered and searched, the newest first.

use domain::id::{GatewayId, PaymentId, PlanId, SubscriberId};
use domain::money::claim::Receipt;
use domain::money::payment::Payment;
use domain::phone::Msisdn;
use domain::time::Timestamp;
use uuid::Uuid;

use super::row::PaymentRow;
use crate::error::StoreError;
use crate::listing::{Ask, Condition, Direction, Key, Value, Walk};
use crate::money::first_id_at;
use crate::page::{Listed, Page};
use crate::tenant_tx::TenantTx;

const COLUMNS: &str = "id, gateway_id, plan_id, plan_revision, buyer, subscriber_id, phone, price_minor, currency, \
                       reference, state, failure, checkout, said, looks, next_look_at, claimed_at, device, nas_id, \
                       created_at";

/// Most payments that one search finds by a receipt or a reference.
const FOUND_MAX: i64 = 100;

/// Most payments that are looked at for somebody's money.
const UNPAID_MAX: i64 = 500;

/// Which payments to list: those of which all that is said is true.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// Those with one of these ids.
    pub ids: Option<Vec<PaymentId>>,
    /// Those that prompt this telephone, or are for whoever has it.
    pub phone: Option<Msisdn>,
    /// Those of one subscriber.
    pub subscriber: Option<SubscriberId>,
    /// Those that are in this state, by its code.
    pub state: Option<String>,
    /// Those for one plan.
    pub plan: Option<PlanId>,
    /// Those through one gateway.
    pub gateway: Option<GatewayId>,
    /// Those that were begun at that moment or later.
    pub since: Option<Timestamp>,
    /// Those that were begun before that moment.
    pub until: Option<Timestamp>,
}

/// The tenant's payments. A page may be short although another one follows.
pub async fn search(
    tx: &mut TenantTx,
    filter: &Filter,
    direction: Direction,
    page: Page<Key>,
) -> Result<Listed<Payment, Key>, StoreError> {
    ask(filter, direction).page::<PaymentRow>(tx, &page).await?.try_map(Payment::try_from)
}

fn ask(filter: &Filter, direction: Direction) -> Ask {
    let mut rest = Vec::new();
    // Ids are in the order in which payments were begun, so a day is a part of every walk.
    let mut everywhere = Vec::new();
    if let Some(since) = filter.since {
        everywhere.push(Condition::of("id >= ?", Value::Uuid(first_id_at(since))));
    }
    if let Some(until) = filter.until {
        everywhere.push(Condition::of("id < ?", Value::Uuid(first_id_at(until))));
    }
    let mut driver = None;
    let mut narrow = |condition: Condition, leads: bool| {
        if leads && driver.is_none() {
            driver = Some(condition);
        } else {
            rest.push(condition);
        }
    };
    if let Some(ids) = &filter.ids {
        narrow(Condition::of("id = any(?)", Value::Uuids(ids.iter().map(|id| id.uuid()).collect())), true);
    }
    if let Some(subscriber) = filter.subscriber {
        narrow(Condition::of("subscriber_id = ?", Value::Uuid(subscriber.uuid())), true);
    }
    if let Some(gateway) = filter.gateway {
        narrow(Condition::of("gateway_id = ?", Value::Uuid(gateway.uuid())), false);
    }
    if let Some(plan) = filter.plan {
        narrow(Condition::of("plan_id = ?", Value::Uuid(plan.uuid())), false);
    }
    if let Some(state) = &filter.state {
        narrow(Condition::of("state = ?", Value::Text(state.clone())), false);
    }
    let starts: Vec<Vec<Condition>> = match (&filter.phone, driver) {
        (None, driver) => vec![driver.into_iter().collect()],
        (Some(phone), None) => of_phone(phone),
        (Some(phone), Some(driver)) => {
            let either = Condition::of("(phone = ? or buyer = ?)", Value::Text(phone.expose().to_owned()));
            rest.push(either.and(Value::Text(phone.expose().to_owned())));
            vec![vec![driver]]
        }
    };
    let walk =
        |start: Vec<Condition>| Walk { conditions: start.into_iter().chain(everywhere.clone()).collect(), by: None };
    let walks = starts.into_iter().map(walk).collect();
    Ask { table: "payments", columns: COLUMNS, walks, rest, direction }
}

/// One walk over the telephones that are prompted, and one over those who buy.
fn of_phone(phone: &Msisdn) -> Vec<Vec<Condition>> {
    let digits = || Value::Text(phone.expose().to_owned());
    let prompted = vec![Condition::of("phone = ?", digits())];
    let buys = vec![Condition::of("buyer = ?", digits()), Condition::of("phone is null or phone <> ?", digits())];
    vec![prompted, buys]
}

/// Payments that were begun in a span of time and for which no money is known to have come, the newest first; at most 500.
pub async fn unpaid_in(tx: &mut TenantTx, (since, until): (Timestamp, Timestamp)) -> Result<Vec<Payment>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids: Vec<Uuid> = sqlx::query_scalar!(
        "select id from payments
         where tenant_id = $1 and id >= $2 and id < $3 and state not in ('paid', 'paid_unreceipted', 'reversed')
         order by id desc
         limit $4",
        tenant,
        first_id_at(since),
        first_id_at(until),
        UNPAID_MAX,
    )
    .fetch_all(tx.connection())
    .await?;
    let mut payments = super::load(tx, &ids.into_iter().map(PaymentId::from_uuid).collect::<Vec<_>>()).await?;
    payments.reverse();
    Ok(payments)
}

/// The payments that have this reference, in letters of any case, this number of a prompt, or money with this receipt.
pub async fn named(tx: &mut TenantTx, text: &str) -> Result<Vec<PaymentId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let receipt: Option<Receipt> = text.parse().ok();
    let ids: Vec<Option<Uuid>> = sqlx::query_scalar!(
        r#"select id from payments where tenant_id = $1 and upper(reference) = upper($2)
           union
           select id from payments where tenant_id = $1 and checkout = $2
           union
           select a.payment_id
           from arrival_notes n
           join arrivals a on a.tenant_id = n.tenant_id and a.id = n.arrival_id
           where n.tenant_id = $1 and n.receipt = $3 and a.payment_id is not null
           limit $4"#,
        tenant,
        text,
        receipt.as_ref().map(Receipt::as_str),
        FOUND_MAX,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(ids.into_iter().flatten().map(PaymentId::from_uuid).collect())
}
