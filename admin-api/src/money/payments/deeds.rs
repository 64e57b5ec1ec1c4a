//! What staff does about a payment: looks it up, tries again, gives what was paid for, gives the money back.

use actions::money::ask_reversal::ReversalError;
use actions::money::look_up_payment::{LookUpError, look_up_payment};
use actions::money::refund_to_payer::{PayBackError, refund_to_payer};
use actions::money::refund_to_wallet::{RefundError, refund_to_wallet};
use actions::money::retry_payment::{RetryError, retry_payment};
use actions::money::serve_payment::{ServeError, serve_payment};
use actions::money::start_payment::StartError;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::id::PaymentId;
use domain::money::refund::Refund;
use domain::people::permission::{Act, Thing};
use domain::platform::tenant::Tenant;
use serde::Deserialize;
use store::money::payments;
use store::platform::tenants;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::view::{PaymentView, StoryView};
use super::{find, story};
use crate::app::App;
use crate::body::Body;
use crate::door::Caller;
use crate::etag;
use crate::list::{Nothing, Query};
use crate::problem::{Code, Faults, Problem};
use crate::routes::Route;

pub(super) fn routes() -> Vec<Route> {
    let change = |handler| Route::needs(handler, Thing::Payments, Act::Change);
    vec![
        change(routes!(look_up)).told_as("look_up_payment"),
        change(routes!(retry)).told_as("retry_payment"),
        change(routes!(serve)).told_as("serve_payment"),
        Route::needs(routes!(refund), Thing::Ledger, Act::Change).told_as("refund_to_wallet"),
    ]
}

/// The payment that is meant, if the caller may see it, and whose it is.
async fn meant(app: &App, caller: &Caller, id: &str) -> Result<(PaymentId, Tenant), Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let payment = find(&mut tx, caller, id).await?;
    Ok((payment.id, tenants::own(&mut tx).await?))
}

async fn as_it_is(app: &App, caller: &Caller, id: PaymentId) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let payment = payments::find(&mut tx, id).await?.ok_or_else(|| Problem::not_found("payment"))?;
    etag::single(&story(&mut tx, payment).await?)
}

/// Ask the gateway at once what became of a payment
///
/// It is asked within a second, unless it may not be asked so often; look at the payment again to see what it said.
#[utoipa::path(post, path = "/v1/payments/{id}/look-up", tag = "payments", operation_id = "look_up_payment",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    responses((status = 200, description = "The payment; the gateway is being asked.", body = PaymentView)))]
async fn look_up(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let (id, _) = meant(&app, &caller, &id).await?;
    let looked = look_up_payment(app.store(), &caller.scope(), id, caller.context(&app)).await;
    let payment = looked.map_err(|why| {
        let said = why.to_string();
        match why {
            LookUpError::Unknown => Problem::not_found("payment"),
            LookUpError::Known | LookUpError::NoNumber => Problem::new(Code::Conflict, said),
            LookUpError::Store(why) => why.into(),
        }
    })?;
    etag::single(&PaymentView::of(&payment))
}

/// Why somebody is not asked to pay, as it is answered.
pub(in crate::money) fn not_begun(why: StartError) -> Problem {
    let said = why.to_string();
    match why {
        StartError::NoSuchPlan | StartError::NoSuchSubscriber => Problem::new(Code::NotFound, said),
        StartError::Free | StartError::NoGateway | StartError::Busy(_) | StartError::Exhausted => {
            Problem::new(Code::Conflict, said)
        }
        StartError::TooOften => Problem::new(Code::TooMany, said),
        StartError::Store(why) => why.into(),
    }
}

/// Send another prompt after a failure
///
/// For the same thing, at the price that it has now. The answer is the new payment; money that still comes for the first
/// one is honoured, too.
#[utoipa::path(post, path = "/v1/payments/{id}/retry", tag = "payments", operation_id = "retry_payment",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    responses((status = 201, description = "The new payment.", body = PaymentView)))]
async fn retry(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let (id, _) = meant(&app, &caller, &id).await?;
    let retried = retry_payment(app.store(), &caller.scope(), id, caller.context(&app)).await;
    let payment = retried.map_err(|why| {
        let said = why.to_string();
        match why {
            RetryError::Unknown => Problem::not_found("payment"),
            RetryError::NotOver | RetryError::HasCome | RetryError::NoPrompt => Problem::new(Code::Conflict, said),
            RetryError::Start(why) => not_begun(why),
            RetryError::Store(why) => why.into(),
        }
    })?;
    etag::created(&PaymentView::of(&payment), &format!("/v1/payments/{}", payment.id))
}

/// Give what was paid for after all
///
/// When what was in the way is mended. It is given once, whoever asks.
#[utoipa::path(post, path = "/v1/payments/{id}/serve", tag = "payments", operation_id = "serve_payment",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    responses((status = 200, description = "The payment's story as it is now.", body = StoryView)))]
async fn serve(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let (id, tenant) = meant(&app, &caller, &id).await?;
    let served = serve_payment(app.store(), &caller.scope(), &tenant.zone, id, caller.context(&app)).await;
    served.map_err(|why| {
        let said = why.to_string();
        match why {
            ServeError::Unknown => Problem::not_found("payment"),
            ServeError::Served | ServeError::TooLittle | ServeError::Reversed | ServeError::Not => {
                Problem::new(Code::Conflict, said)
            }
            ServeError::Store(why) => why.into(),
        }
    })?;
    as_it_is(&app, &caller, id).await
}

/// Where money is given back to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum BackTo {
    /// Into the wallet of who bought it.
    Wallet,
    /// To whoever paid, by the gateway.
    Payer,
}

/// How a payment is given back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Back {
    /// Where to.
    #[schema(inline)]
    to: BackTo,
    /// Why: 2 to 100 characters.
    #[schema(min_length = 2, max_length = 100, example = "the tower was down all evening")]
    why: String,
}

/// Give a payment back
///
/// A voucher that it bought is taken back; what a subscriber was given is not cut short by this. Its price goes into the
/// wallet, or, with `to: payer`, what has come goes back to whoever paid, whole, by the gateway.
#[utoipa::path(post, path = "/v1/payments/{id}/refund", tag = "payments", operation_id = "refund_payment",
    params(("id" = String, Path, format = Uuid, description = "Its id.")), request_body = Back,
    responses((status = 200, description = "The payment's story as it is now.", body = StoryView)))]
async fn refund(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
    Body(Back { to, why }): Body<Back>,
) -> Result<Response, Problem> {
    let mut faults = Faults::new();
    if !(2..=Refund::WHY_MAX).contains(&why.trim().chars().count()) {
        faults.note("/why", format!("say why, in 2 to {} characters", Refund::WHY_MAX));
    }
    faults.none()?;
    let (id, tenant) = meant(&app, &caller, &id).await?;
    let (store, scope, context) = (app.store(), caller.scope(), caller.context(&app));
    match to {
        BackTo::Wallet => {
            refund_to_wallet(store, &scope, &tenant.zone, (id, &why), context).await.map_err(not_refunded)?;
        }
        BackTo::Payer => {
            refund_to_payer(store, &scope, &tenant.zone, (id, &why), context).await.map_err(not_paid_back)?;
        }
    }
    as_it_is(&app, &caller, id).await
}

fn not_refunded(why: RefundError) -> Problem {
    let said = why.to_string();
    match why {
        RefundError::Unknown => Problem::not_found("payment"),
        RefundError::NotServed | RefundError::Reversed => Problem::new(Code::Conflict, said),
        RefundError::Store(why) => why.into(),
    }
}

fn not_paid_back(why: PayBackError) -> Problem {
    let said = why.to_string();
    match why {
        PayBackError::Unknown => Problem::not_found("payment"),
        PayBackError::NothingCame => Problem::new(Code::Conflict, said),
        PayBackError::Refund(why) => not_refunded(why),
        PayBackError::Reversal(why) => not_reversed(why),
        PayBackError::Store(why) => why.into(),
    }
}

/// Why money does not go back, as it is answered.
pub(in crate::money) fn not_reversed(why: ReversalError) -> Problem {
    let said = why.to_string();
    match why {
        ReversalError::Unknown => Problem::new(Code::NotFound, said),
        ReversalError::NotReversible | ReversalError::Spent(_) => Problem::new(Code::Conflict, said),
        ReversalError::BadWhy => Problem::new(Code::Invalid, said),
        ReversalError::Store(why) => why.into(),
    }
}
