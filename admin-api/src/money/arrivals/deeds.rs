//! What staff does about money that has come: says whose it is, answers for it, disputes it, gives it back, and asks the
//! gateway about a receipt that somebody shows.

use actions::money::accept_arrival::{AcceptError, accept_arrival};
use actions::money::ask_reversal::ask_reversal;
use actions::money::claim_receipt::{ClaimError, Claimed, claim_receipt};
use actions::money::dispute_arrival::{NOTE_MAX, dispute_arrival};
use actions::money::match_arrival::{MatchError, MatchTo, match_arrival};
use actions::money::record_cash::{Cash, CashFor, record_cash};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::id::{ArrivalId, GatewayId, PaymentId, PlanId, SubscriberId};
use domain::money::claim::Receipt;
use domain::money::inquiry::ForWhom;
use domain::money::refund::Refund;
use domain::money::wallet::WalletOf;
use domain::people::permission::{Act, Thing};
use domain::phone::Msisdn;
use domain::platform::tenant::Tenant;
use serde::{Deserialize, Serialize};
use store::money::arrivals;
use store::platform::tenants;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::view::StoryView;
use super::{find, story};
use crate::app::App;
use crate::body::{Body, json};
use crate::door::Caller;
use crate::etag;
use crate::list::{Nothing, Query};
use crate::money::payments::deeds::{not_begun, not_reversed};
use crate::money::payments::view::PaymentView;
use crate::money::sees_all;
use crate::problem::{Code, Faults, Problem};
use crate::routes::Route;
use crate::shapes::MoneyView;
use crate::uid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    let change = |handler| Route::needs(handler, Thing::Payments, Act::Change);
    vec![
        change(routes!(match_it)).told_as("match_arrival"),
        change(routes!(dispute)).told_as("dispute_arrival"),
        change(routes!(claim)).told_as("claim_receipt"),
        Route::needs(routes!(accept), Thing::Ledger, Act::Change).told_as("accept_arrival"),
        Route::needs(routes!(give_back), Thing::Ledger, Act::Change).told_as("ask_reversal"),
        Route::needs(routes!(cash), Thing::Payments, Act::Make).told_as("record_cash"),
    ]
}

/// Whose money it is: one of a payment, a subscriber, a telephone; or a plan and the telephone of who buys it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Whose {
    /// The payment that it is for.
    payment_id: Option<Uuid>,
    /// The subscriber: it goes into their wallet, and their next period begins when there is enough for it.
    subscriber_id: Option<Uuid>,
    /// The telephone: it goes into its wallet, or, with a plan, buys its voucher.
    #[schema(example = "0712345678", max_length = 32)]
    phone: Option<String>,
    /// The hotspot plan whose voucher it buys for the telephone.
    plan_id: Option<Uuid>,
}

impl Whose {
    fn read(self, tenant: &Tenant) -> Result<MatchTo, Problem> {
        let mut faults = Faults::new();
        let phone = self.phone.map(|text| Msisdn::parse(text.trim().as_bytes(), &tenant.calling_code));
        let phone = match phone {
            None => None,
            Some(read) => faults.take("/phone", read),
        };
        faults.none()?;
        let payment = self.payment_id.map(|id| PaymentId::from_uuid(id.get()));
        let subscriber = self.subscriber_id.map(|id| SubscriberId::from_uuid(id.get()));
        let plan = self.plan_id.map(|id| PlanId::from_uuid(id.get()));
        match (payment, subscriber, phone, plan) {
            (Some(id), None, None, None) => Ok(MatchTo::Whom(ForWhom::Payment(id))),
            (None, Some(id), None, None) => Ok(MatchTo::Whom(ForWhom::Wallet(WalletOf::Subscriber(id)))),
            (None, None, Some(phone), None) => Ok(MatchTo::Whom(ForWhom::Wallet(WalletOf::Phone(phone)))),
            (None, None, Some(buyer), Some(plan)) => Ok(MatchTo::Plan { plan, buyer }),
            (_, _, _, _) => {
                let said = "say whose it is by one of payment_id, subscriber_id or phone; with phone, plan_id says what \
                            it buys";
                Err(Problem::new(Code::Invalid, said))
            }
        }
    }
}

async fn own(app: &App, caller: &Caller) -> Result<Tenant, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    Ok(tenants::own(&mut tx).await?)
}

/// The money that is meant, and whose ISP's it is.
async fn meant(app: &App, caller: &Caller, id: &str) -> Result<(ArrivalId, Tenant), Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let arrival = find(&mut tx, caller, id).await?;
    Ok((arrival.id, tenants::own(&mut tx).await?))
}

async fn as_it_is(app: &App, caller: &Caller, id: ArrivalId) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let arrival = arrivals::find(&mut tx, id).await?.ok_or_else(|| Problem::not_found("money"))?;
    etag::single(&story(&mut tx, arrival).await?)
}

fn not_matched(why: MatchError) -> Problem {
    let said = why.to_string();
    match why {
        MatchError::Unknown => Problem::not_found("money"),
        MatchError::NotVerified | MatchError::NotFree => Problem::new(Code::Conflict, said),
        MatchError::Start(why) => not_begun(why),
        MatchError::Store(why) => why.into(),
    }
}

/// Say whose money it is
///
/// What it pays for is given at once. Only what is proven to have come can be matched: what is not has to be accepted
/// first.
#[utoipa::path(post, path = "/v1/arrivals/{id}/match", tag = "arrivals", operation_id = "match_arrival",
    params(("id" = String, Path, format = Uuid, description = "Its id.")), request_body = Whose,
    responses((status = 200, description = "The money's story as it is now.", body = StoryView)))]
async fn match_it(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
    Body(whose): Body<Whose>,
) -> Result<Response, Problem> {
    let (id, tenant) = meant(&app, &caller, &id).await?;
    let to = whose.read(&tenant)?;
    let matched = match_arrival(app.store(), &caller.scope(), &tenant.zone, (id, &to), caller.context(&app)).await;
    matched.map_err(not_matched)?;
    as_it_is(&app, &caller, id).await
}

/// Answer for it that money has come
///
/// "I see it in my M-Pesa statement": for money that a message tells of and nobody could verify. It counts from now on, and
/// whoever it is for is served.
#[utoipa::path(post, path = "/v1/arrivals/{id}/accept", tag = "arrivals", operation_id = "accept_arrival",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    responses((status = 200, description = "The money's story as it is now.", body = StoryView)))]
async fn accept(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let (id, tenant) = meant(&app, &caller, &id).await?;
    let places = (&tenant.zone, &tenant.calling_code);
    let accepted = accept_arrival(app.store(), &caller.scope(), places, id, caller.context(&app)).await;
    accepted.map_err(|why| {
        let said = why.to_string();
        match why {
            AcceptError::Unknown => Problem::not_found("money"),
            AcceptError::NotPending => Problem::new(Code::Conflict, said),
            AcceptError::Store(why) => why.into(),
        }
    })?;
    as_it_is(&app, &caller, id).await
}

/// What is wrong with it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Dispute {
    /// What is wrong, and what is done about it: 2 to 300 characters.
    #[schema(min_length = 2, max_length = 300, example = "the payer says that it was for another shop")]
    note: String,
}

/// Note that something is wrong with money
///
/// It stays where it is, and can be matched all the same.
#[utoipa::path(post, path = "/v1/arrivals/{id}/dispute", tag = "arrivals", operation_id = "dispute_arrival",
    params(("id" = String, Path, format = Uuid, description = "Its id.")), request_body = Dispute,
    responses((status = 200, description = "The money's story as it is now.", body = StoryView)))]
async fn dispute(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
    Body(Dispute { note }): Body<Dispute>,
) -> Result<Response, Problem> {
    let (id, tenant) = meant(&app, &caller, &id).await?;
    let mut faults = Faults::new();
    if !(2..=NOTE_MAX).contains(&note.trim().chars().count()) {
        faults.note("/note", format!("say in 2 to {NOTE_MAX} characters what is wrong"));
    }
    faults.none()?;
    let context = caller.context(&app);
    if dispute_arrival(app.store(), &caller.scope(), &tenant.zone, (id, &note), context).await? {
        return as_it_is(&app, &caller, id).await;
    }
    let said = "that money is somebody's already, or went back: give it back by its payment, if it is not theirs";
    Err(Problem::new(Code::Conflict, said))
}

/// Why money goes back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GiveBack {
    /// Why: 2 to 100 characters.
    #[schema(min_length = 2, max_length = 100, example = "paid to the wrong number")]
    why: String,
}

/// Give money back to whoever paid
///
/// Whole, by the gateway: it is set aside at once and leaves when the gateway has done so.
#[utoipa::path(post, path = "/v1/arrivals/{id}/give-back", tag = "arrivals", operation_id = "give_arrival_back",
    params(("id" = String, Path, format = Uuid, description = "Its id.")), request_body = GiveBack,
    responses((status = 200, description = "The money's story as it is now.", body = StoryView)))]
async fn give_back(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
    Body(GiveBack { why }): Body<GiveBack>,
) -> Result<Response, Problem> {
    let (id, tenant) = meant(&app, &caller, &id).await?;
    let mut faults = Faults::new();
    if !(2..=Refund::WHY_MAX).contains(&why.trim().chars().count()) {
        faults.note("/why", format!("say why, in 2 to {} characters", Refund::WHY_MAX));
    }
    faults.none()?;
    let asked = ask_reversal(app.store(), &caller.scope(), &tenant.zone, (id, &why), caller.context(&app)).await;
    asked.map_err(not_reversed)?;
    as_it_is(&app, &caller, id).await
}

/// A receipt that somebody shows, and whose it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Claim {
    /// To which gateway it was paid.
    gateway_id: Uuid,
    /// The number in the payer's message.
    #[schema(example = "UAF3K7Q2ZD", max_length = 40)]
    receipt: String,
    /// The payment that it is for.
    payment_id: Option<Uuid>,
    /// The subscriber.
    subscriber_id: Option<Uuid>,
    /// The telephone.
    #[schema(example = "0712345678", max_length = 32)]
    phone: Option<String>,
}

/// What came of a claim.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReceiptClaimed)]
struct ClaimedView {
    /// `given`: the money was here, and is theirs now; `asked`: the gateway is being asked, and what it confirms is given by
    /// itself.
    came_of_it: &'static str,
}

/// Claim a receipt for somebody
///
/// Money that is here already is theirs at once; otherwise the gateway is asked, and what it confirms is given by itself.
#[utoipa::path(post, path = "/v1/arrivals/claim", tag = "arrivals", operation_id = "claim_receipt", request_body = Claim,
    responses((status = 200, description = "It was here.", body = ClaimedView),
        (status = 202, description = "The gateway is being asked.", body = ClaimedView)))]
async fn claim(
    State(app): State<App>,
    caller: Caller,
    _: Query<Nothing>,
    Body(asked): Body<Claim>,
) -> Result<Response, Problem> {
    sees_all(&caller)?;
    let tenant = own(&app, &caller).await?;
    let mut faults = Faults::new();
    let receipt = faults.take("/receipt", asked.receipt.parse::<Receipt>());
    let receipt = faults.unless(receipt)?;
    let Claim { gateway_id, payment_id, subscriber_id, phone, .. } = asked;
    let whose = Whose { payment_id, subscriber_id, phone, plan_id: None };
    let MatchTo::Whom(for_whom) = whose.read(&tenant)? else { return Err(Problem::internal()) };
    let gateway = GatewayId::from_uuid(gateway_id.get());
    let context = caller.context(&app);
    let meant = (gateway, &receipt, for_whom);
    let claimed = claim_receipt(app.store(), &caller.scope(), &tenant.zone, meant, context).await;
    let claimed = claimed.map_err(|why| {
        let said = why.to_string();
        match why {
            ClaimError::NoGateway => Problem::new(Code::NotFound, said),
            ClaimError::Used => Problem::new(Code::Conflict, said),
            ClaimError::Store(why) => why.into(),
        }
    })?;
    let (came_of_it, status) = match claimed {
        Claimed::Given => ("given", StatusCode::OK),
        Claimed::Asked => ("asked", StatusCode::ACCEPTED),
    };
    let mut response = json(&ClaimedView { came_of_it })?;
    *response.status_mut() = status;
    Ok(response)
}

/// Cash that was taken at the counter.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CashTaken {
    /// How much was taken. What is too much stays in the wallet; what is too little buys nothing yet.
    amount: MoneyView,
    /// The hotspot plan whose voucher is bought, with `phone`.
    plan_id: Option<Uuid>,
    /// Who buys the voucher.
    #[schema(example = "0712345678", max_length = 32)]
    phone: Option<String>,
    /// The subscriber whose next period is paid.
    subscriber_id: Option<Uuid>,
    /// What stands on the paper: its number, in your words.
    #[schema(max_length = 40, example = "receipt book 12, page 3")]
    note: String,
}

/// Take cash
///
/// What it pays for is given at once.
#[utoipa::path(post, path = "/v1/cash", tag = "arrivals", operation_id = "take_cash", request_body = CashTaken,
    responses((status = 201, description = "The payment.", body = PaymentView)))]
async fn cash(
    State(app): State<App>,
    caller: Caller,
    _: Query<Nothing>,
    Body(taken): Body<CashTaken>,
) -> Result<Response, Problem> {
    sees_all(&caller)?;
    let tenant = own(&app, &caller).await?;
    let mut faults = Faults::new();
    let amount = faults.take("/amount", taken.amount.price());
    if amount.is_some_and(|amount| !amount.is_positive()) {
        faults.note("/amount", "write more than nothing");
    }
    if amount.is_some_and(|amount| amount.currency() != tenant.currency) {
        faults.note("/amount/currency", format!("write {}, in which prices are here", tenant.currency.code()));
    }
    if taken.note.chars().count() > 40 {
        faults.note("/note", "write at most 40 characters");
    }
    let amount = faults.unless(amount)?;
    let whose = Whose {
        payment_id: None,
        subscriber_id: taken.subscriber_id,
        phone: taken.phone.clone(),
        plan_id: taken.plan_id,
    };
    let buys = match whose.read(&tenant) {
        Ok(MatchTo::Plan { plan, buyer }) => CashFor::Voucher(plan, buyer),
        Ok(MatchTo::Whom(ForWhom::Wallet(WalletOf::Subscriber(id)))) => CashFor::Renewal(id),
        Ok(MatchTo::Whom(_)) | Err(_) => {
            let said = "say what was paid: plan_id with phone, or subscriber_id";
            return Err(Problem::new(Code::Invalid, said));
        }
    };
    let cash = Cash { buys, amount, note: &taken.note };
    let payment = record_cash(app.store(), &caller.scope(), &tenant.zone, cash, caller.context(&app)).await;
    let payment = payment.map_err(not_begun)?;
    etag::created(&PaymentView::of(&payment), &format!("/v1/payments/{}", payment.id))
}
