//! One deed on many vouchers: with a preview, and what became of each.

use std::collections::BTreeMap;

use actions::sales::vouchers_in_bulk::{self as deeds, BulkError, Deed, Fate, VOUCHERS_MAX};
use axum::extract::State;
use axum::response::Response;
use domain::id::{BatchId, CustomerId, PlanId, VoucherId};
use domain::people::permission::{Act, Thing};
use domain::sales::extension::Extension;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use store::listing::ANY_MAX;
use store::platform::tenants;
use store::sales::vouchers::Voucher;
use store::sales::vouchers::listing::Filter;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::deeds::Extend;
use crate::app::App;
use crate::body::{Body, json};
use crate::door::Caller;
use crate::problem::{Code, Faults, Problem};
use crate::routes::Route;
use crate::shapes::moment;

/// Rows that a preview shows.
const SHOWN: usize = 20;

/// Rows that a deed tells; those to which it could not be done come first.
const TOLD: usize = 2_000;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::needs(routes!(revoke), Thing::Vouchers, Act::Change).told_as("revoke_voucher"),
        Route::needs(routes!(extend), Thing::Vouchers, Act::Change).told_as("extend_voucher"),
        Route::needs(routes!(mark_sold), Thing::Vouchers, Act::Change).told_as("sell_voucher"),
    ]
}

/// Which vouchers: those of which all that is said is true. At least one thing must be said.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Choice {
    /// Those with one of these ids; at most 200.
    #[serde(default)]
    ids: Option<Vec<String>>,
    /// Those of this batch.
    #[schema(format = Uuid)]
    batch_id: Option<String>,
    /// Those of this plan.
    #[schema(format = Uuid)]
    plan_id: Option<String>,
    /// Those of this customer.
    #[schema(format = Uuid)]
    customer_id: Option<String>,
    /// Those that are so now: printed, unused, active, expired or revoked.
    state: Option<String>,
    /// Only tell what would become of them.
    #[serde(default)]
    preview: bool,
}

impl Choice {
    fn read(&self, now: Timestamp) -> Result<Filter, Problem> {
        let mut faults = Faults::new();
        let ids = match &self.ids {
            Some(ids) if ids.len() > ANY_MAX => {
                faults.note("/ids", format!("more than {ANY_MAX} ids: choose them by their batch or plan"));
                None
            }
            Some(ids) => {
                let read = ids.iter().enumerate();
                let read = read.map(|(place, id)| faults.take(&format!("/ids/{place}"), id.parse::<VoucherId>()));
                read.collect::<Vec<_>>().into_iter().collect::<Option<Vec<_>>>()
            }
            None => None,
        };
        let batch = faults.take("/batch_id", self.batch_id.as_ref().map(|id| id.parse::<BatchId>()).transpose());
        let plan = faults.take("/plan_id", self.plan_id.as_ref().map(|id| id.parse::<PlanId>()).transpose());
        let customer =
            faults.take("/customer_id", self.customer_id.as_ref().map(|id| id.parse::<CustomerId>()).transpose());
        let state = match self.state.as_deref() {
            Some(name) => {
                let state = super::state(name).ok_or("is one of printed, unused, active, expired and revoked");
                faults.take("/state", state).map(|state| (state, now))
            }
            None => None,
        };
        let says_something = self.ids.is_some()
            || [&self.batch_id, &self.plan_id, &self.customer_id, &self.state].iter().any(|field| field.is_some());
        if !says_something {
            faults.note("", "say which vouchers are meant: by ids, batch_id, plan_id, customer_id or state");
        }
        let (batch, plan, customer) = (batch.flatten(), plan.flatten(), customer.flatten());
        faults.unless(Some(Filter { ids, batch, plan, customer, phone: None, state, search: None }))
    }
}

/// Which vouchers, and to where their ends are moved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ExtendChoice {
    /// Which vouchers.
    choice: Choice,
    /// To where.
    extend: Extend,
}

/// What became of the vouchers that were meant, or would.
#[derive(Debug, Serialize, ToSchema)]
struct BulkResult {
    /// Whether nothing was written.
    preview: bool,
    /// How many vouchers were meant.
    meant: usize,
    /// To how many it was done, or would be.
    done: usize,
    /// How many came to each outcome.
    outcomes: BTreeMap<String, usize>,
    /// What became of each, those first to which it could not be done; at most 2,000, and 20 of a preview.
    rows: Vec<BulkRow>,
}

/// What became of one voucher.
#[derive(Debug, Serialize, ToSchema)]
struct BulkRow {
    /// The voucher.
    #[schema(format = Uuid)]
    id: String,
    /// Its code.
    code: String,
    /// done, was_revoked, not_for_sale, not_begun, in_the_past or changed_meanwhile.
    outcome: String,
    /// The end that it has then.
    #[schema(format = DateTime)]
    ends_at: Option<String>,
}

/// Take many vouchers back
///
/// At most 10,000 in one transaction. With `preview` nothing is written.
#[utoipa::path(post, path = "/v1/vouchers/revoke", tag = "vouchers", operation_id = "revoke_vouchers",
    request_body = Choice, responses((status = 200, body = BulkResult)))]
async fn revoke(State(app): State<App>, caller: Caller, Body(choice): Body<Choice>) -> Result<Response, Problem> {
    done(&app, &caller, &choice, Deed::Revoke).await
}

/// Move the ends of many vouchers
///
/// At most 10,000 in one transaction. With `preview` nothing is written.
#[utoipa::path(post, path = "/v1/vouchers/extend", tag = "vouchers", operation_id = "extend_vouchers",
    request_body = ExtendChoice, responses((status = 200, body = BulkResult)))]
async fn extend(State(app): State<App>, caller: Caller, Body(meant): Body<ExtendChoice>) -> Result<Response, Problem> {
    let extension: Extension = meant.extend.read()?;
    done(&app, &caller, &meant.choice, Deed::Extend(extension)).await
}

/// Mark many printed vouchers as sold
///
/// As when a whole batch goes to a shop. At most 10,000 in one transaction. With `preview` nothing is written.
#[utoipa::path(post, path = "/v1/vouchers/mark-sold", tag = "vouchers", operation_id = "mark_vouchers_sold",
    request_body = Choice, responses((status = 200, body = BulkResult)))]
async fn mark_sold(State(app): State<App>, caller: Caller, Body(choice): Body<Choice>) -> Result<Response, Problem> {
    done(&app, &caller, &choice, Deed::Sell).await
}

async fn done(app: &App, caller: &Caller, choice: &Choice, deed: Deed) -> Result<Response, Problem> {
    let (store, scope) = (app.store(), caller.scope());
    let filter = choice.read(app.now())?;
    let mut tx = store.tenant(&scope).await?;
    let zone = tenants::own(&mut tx).await?.zone;
    drop(tx);
    let fates = if choice.preview {
        deeds::preview(store, &scope, &zone, &filter, deed, app.now()).await
    } else {
        deeds::vouchers_in_bulk(store, &scope, &zone, &filter, deed, caller.context(app)).await
    };
    json(&result(choice.preview, &fates.map_err(problem)?))
}

pub(super) fn problem(why: BulkError) -> Problem {
    match why {
        BulkError::TooMany => Problem::new(
            Code::Conflict,
            format!(
                "more than {VOUCHERS_MAX} vouchers are meant, and nothing was done: choose fewer, as those of one batch"
            ),
        ),
        BulkError::Store(why) => why.into(),
    }
}

fn result(preview: bool, fates: &[(Voucher, Fate)]) -> BulkResult {
    let mut outcomes = BTreeMap::new();
    for (_, fate) in fates {
        *outcomes.entry(fate.code().to_owned()).or_insert(0) += 1;
    }
    let row = |(voucher, fate): &(Voucher, Fate)| BulkRow {
        id: voucher.id.to_string(),
        code: voucher.code.expose().to_owned(),
        outcome: fate.code().to_owned(),
        ends_at: match fate {
            Fate::Done(until) => moment(*until),
            Fate::WasRevoked | Fate::NotForSale | Fate::NotBegun | Fate::InThePast | Fate::Changed => None,
        },
    };
    let shown = if preview { SHOWN } else { TOLD };
    let (done, others): (Vec<_>, Vec<_>) = fates.iter().partition(|(_, fate)| fate.is_done());
    BulkResult {
        preview,
        meant: fates.len(),
        done: done.len(),
        outcomes,
        rows: others.into_iter().chain(done).take(shown).map(row).collect(),
    }
}
