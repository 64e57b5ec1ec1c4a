//! `/v1/reports/end-of-day`: what the gateways say against what we hold.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use domain::id::{ArrivalId, GatewayId};
use domain::money::arrival::ArrivalState;
use domain::money::gateway::IspGateway;
use domain::money::{Currency, Money, MoneyError};
use domain::people::permission::{Act, Thing};
use policy::money::day::{Difference, Facts, difference};
use serde::{Deserialize, Serialize};
use store::money::day::{self, Told};
use store::money::gateways;
use store::platform::tenants;
use store::{Page, TenantTx};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::app::App;
use crate::body::json;
use crate::door::Caller;
use crate::list::{Query, wrong};
use crate::money::arrivals::view::ArrivalView;
use crate::money::{day_of, sees_all};
use crate::problem::{Code, Problem};
use crate::routes::Route;
use crate::shapes::MoneyView;
use crate::uid::Uuid;

/// The most money of one day that is looked at.
const LOOKED_AT_MAX: usize = 200_000;

/// The most differences that are told, the first ones.
const DIFFERENCES_MAX: usize = 1_000;

/// Rows that are read at a time.
const PAGE: u16 = 1_000;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::needs(routes!(end_of_day), Thing::Ledger, Act::See)]
}

/// Which day.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OfDay {
    /// The day, as the provider's calendar has it; today without.
    #[param(example = "2026-11-22")]
    day: Option<String>,
}

/// How many, and how much together.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Tally)]
struct TallyView {
    /// How many.
    count: u64,
    /// How much together.
    sum: MoneyView,
}

/// One gateway's day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GatewayDay)]
struct GatewayDayView {
    /// The gateway; null is the counter.
    #[schema(required = true)]
    gateway: Option<Uuid>,
    /// Its paybill, or the store's number of a till.
    #[schema(required = true)]
    shortcode: Option<String>,
    /// Whether the gateway's own books, or a statement of it, were read for that day.
    are_books_read: bool,
    /// What its own books say that has come.
    told: TallyView,
    /// What we hold as proven.
    held: TallyView,
    /// What of it was given something for, or is in a wallet.
    matched: TallyView,
    /// What waits for a person: nobody's, unproven or disputed.
    waiting: TallyView,
    /// What went back.
    reversed: TallyView,
}

/// Something that is not as it should be.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DayDifference)]
struct DifferenceView {
    /// `amount`, `not_in_books`, `unproven`, `nobodys`, `disputed`, `reversed` or `not_served`. The list may grow.
    kind: &'static str,
    /// What it means and what to do.
    say: &'static str,
    /// The money.
    arrival: ArrivalView,
    /// How much the gateway's books say that it is.
    #[schema(required = true)]
    told: Option<MoneyView>,
}

/// The end of a day: what the gateways say against what we hold.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EndOfDay)]
struct EndOfDayView {
    /// The first moment of the day.
    #[schema(format = DateTime)]
    begins_at: String,
    /// The first moment after it.
    #[schema(format = DateTime)]
    ends_at: String,
    /// Gateway by gateway, and the counter at the end.
    gateways: Vec<GatewayDayView>,
    /// How many differences there are.
    difference_count: u64,
    /// Each of them; the first 1,000.
    differences: Vec<DifferenceView>,
}

/// A sum that grows.
#[derive(Clone, Copy)]
struct Tally {
    count: u64,
    sum: Money,
}

impl Tally {
    const fn of(currency: Currency) -> Self {
        Self { count: 0, sum: Money::from_minor(0, currency) }
    }

    fn add(&mut self, amount: Money) -> Result<(), MoneyError> {
        self.sum = self.sum.plus(amount)?;
        self.count += 1;
        Ok(())
    }

    fn view(self) -> TallyView {
        TallyView { count: self.count, sum: self.sum.into() }
    }
}

struct OneDay {
    told: Tally,
    held: Tally,
    matched: Tally,
    waiting: Tally,
    reversed: Tally,
}

impl OneDay {
    const fn of(currency: Currency) -> Self {
        let none = Tally::of(currency);
        Self { told: none, held: none, matched: none, waiting: none, reversed: none }
    }

    fn add(&mut self, one: &Told) -> Result<(), MoneyError> {
        let amount = one.arrival.amount;
        if let Some(told) = one.told {
            self.told.add(told)?;
        }
        match one.arrival.state {
            ArrivalState::Folded => return Ok(()),
            ArrivalState::Reversed => return self.reversed.add(amount),
            ArrivalState::Pending | ArrivalState::Disputed => self.waiting.add(amount)?,
            ArrivalState::ForPayment(_) | ArrivalState::InWallet(_) => self.matched.add(amount)?,
        }
        if one.arrival.is_verified { self.held.add(amount) } else { Ok(()) }
    }

    fn view(&self, gateway: Option<&IspGateway>, are_books_read: bool) -> GatewayDayView {
        GatewayDayView {
            gateway: gateway.map(|gateway| gateway.id.uuid().into()),
            shortcode: gateway.map(|gateway| gateway.shortcode.to_string()),
            are_books_read,
            told: self.told.view(),
            held: self.held.view(),
            matched: self.matched.view(),
            waiting: self.waiting.view(),
            reversed: self.reversed.view(),
        }
    }
}

/// Compare a day with the gateways' books
///
/// Gateway by gateway what its own books say and what we hold, and each sum that is not as it should be. The books are
/// read by themselves where the gateway lets us; where it does not, bring its statement in first.
#[utoipa::path(get, path = "/v1/reports/end-of-day", tag = "ledger", operation_id = "end_of_day", params(OfDay),
    responses((status = 200, description = "The day.", body = EndOfDayView)))]
async fn end_of_day(
    State(app): State<App>,
    caller: Caller,
    Query(OfDay { day }): Query<OfDay>,
) -> Result<Response, Problem> {
    sees_all(&caller)?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let tenant = tenants::own(&mut tx).await?;
    let today = app.now().in_zone(&tenant.zone);
    let day = day.unwrap_or_else(|| today.chars().take(10).collect());
    let (Some(begins_at), Some(ends_at)) = day_of(Some(&day), &tenant.zone)? else { return Err(Problem::internal()) };
    let all = money_of(&mut tx, (begins_at, ends_at)).await?;
    let gateways = gateways::list(&mut tx).await?;
    let are_read = |id: Option<GatewayId>| {
        let is_pulled =
            gateways.iter().any(|one| Some(one.id) == id && one.pulled_until.is_some_and(|until| until >= ends_at));
        is_pulled || all.iter().any(|one| one.arrival.gateway == id && one.told.is_some())
    };
    let mut read: BTreeMap<Option<GatewayId>, bool> =
        gateways.iter().map(|one| (Some(one.id), are_read(Some(one.id)))).collect();
    read.insert(None, false);
    let mut days: BTreeMap<Option<GatewayId>, OneDay> =
        read.keys().map(|id| (*id, OneDay::of(tenant.currency))).collect();
    let mut differences = Vec::new();
    let mut difference_count: u64 = 0;
    for one in &all {
        let gateway = one.arrival.gateway;
        let other = |_| Problem::new(Code::Conflict, "that day has money in several currencies, which has no sum");
        days.entry(gateway).or_insert_with(|| OneDay::of(tenant.currency)).add(one).map_err(other)?;
        let facts = Facts {
            arrival: &one.arrival,
            told: one.told,
            are_books_read: read.get(&gateway).copied().unwrap_or(false),
            is_served: one.is_served,
        };
        if let Some(found) = difference(&facts) {
            difference_count += 1;
            if differences.len() < DIFFERENCES_MAX {
                differences.push(shown(found, one));
            }
        }
    }
    let of_gateways = gateways.iter().filter_map(|gateway| {
        let day = days.get(&Some(gateway.id))?;
        Some(day.view(Some(gateway), read.get(&Some(gateway.id)).copied().unwrap_or(false)))
    });
    let of_counter = days.get(&None).map(|day| day.view(None, false));
    json(&EndOfDayView {
        begins_at: begins_at.to_string(),
        ends_at: ends_at.to_string(),
        gateways: of_gateways.chain(of_counter).collect(),
        difference_count,
        differences,
    })
}

fn shown(found: Difference, one: &Told) -> DifferenceView {
    DifferenceView {
        kind: found.code(),
        say: found.say(),
        arrival: ArrivalView::of(&one.arrival),
        told: one.told.map(MoneyView::from),
    }
}

/// All money that was paid in a span of time.
async fn money_of(
    tx: &mut TenantTx,
    span: (domain::time::Timestamp, domain::time::Timestamp),
) -> Result<Vec<Told>, Problem> {
    let mut all = Vec::new();
    let mut page: Option<Page<ArrivalId>> = Some(Page::first(PAGE));
    while let Some(next) = page.take() {
        let listed = day::paid_in(tx, span, next).await?;
        all.extend(listed.rows);
        if all.len() > LOOKED_AT_MAX {
            return Err(wrong("day", format!("has more than {LOOKED_AT_MAX} payments: take the exports instead")));
        }
        page = listed.next.map(|key| Page::after(key, PAGE));
    }
    Ok(all)
}
