//! What is done to one voucher.

use actions::sales::vouchers_in_bulk::{Deed, Fate, voucher_as_seen, vouchers_in_bulk};
use actions::sales::{give_voucher, sell_voucher};
use axum::extract::{Path, State};
use axum::response::Response;
use domain::id::{CustomerId, VoucherId};
use domain::people::permission::{Act, Thing};
use domain::phone::Msisdn;
use domain::sales::extension::Extension;
use domain::sales::plan::Plan;
use domain::time::{Duration, Timestamp};
use serde::Deserialize;
use store::platform::tenants;
use store::sales::vouchers::{self, listing::Filter};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::VoucherView;
use crate::app::App;
use crate::body::Body;
use crate::door::Caller;
use crate::etag::{IfMatch, created, single};
use crate::problem::{Code, FaultCode, Faults, Problem};
use crate::routes::Route;
use crate::shapes::{id_in_path, plans_by_id};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::needs(routes!(sell), Thing::Vouchers, Act::Make).told_as("sell_voucher"),
        Route::needs(routes!(revoke), Thing::Vouchers, Act::Change).told_as("revoke_voucher").checks_state(),
        Route::needs(routes!(extend), Thing::Vouchers, Act::Change).told_as("extend_voucher").checks_state(),
        Route::needs(routes!(mark_sold), Thing::Vouchers, Act::Change).told_as("sell_voucher").checks_state(),
        Route::needs(routes!(give), Thing::Vouchers, Act::Change).told_as("give_voucher"),
    ]
}

/// A voucher to be made and sold at once.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Sale {
    /// The hotspot plan that it buys.
    #[schema(format = Uuid)]
    plan_id: String,
    /// The number that buys it: it can log in by that number, too.
    #[schema(example = "0712345678")]
    phone: Option<String>,
}

/// Make a voucher and sell it at once
#[utoipa::path(post, path = "/v1/vouchers", tag = "vouchers", operation_id = "sell_voucher", request_body = Sale,
    responses((status = 201, body = VoucherView)))]
async fn sell(State(app): State<App>, caller: Caller, Body(sale): Body<Sale>) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let tenant = tenants::own(&mut tx).await?;
    let mut faults = Faults::new();
    let plan = faults.take("/plan_id", sale.plan_id.parse::<domain::id::PlanId>());
    let phone = sale.phone.as_ref().map(|phone| Msisdn::parse(phone.as_bytes(), &tenant.calling_code)).transpose();
    let phone = faults.take("/phone", phone);
    let (plan, phone) = faults.unless(plan.zip(phone))?;
    let plan = plans_by_id(&mut tx, [plan]).await?.into_values().next();
    let plan: Plan =
        plan.ok_or_else(|| Problem::of_field("/plan_id", FaultCode::Invalid, "there is no plan with that id"))?;
    drop(tx);
    let (store, scope, context) = (app.store(), caller.scope(), caller.context(&app));
    let sold =
        sell_voucher::sell_new(store, &scope, &tenant.zone, &plan, phone, context).await.map_err(|why| match why {
            sell_voucher::SellError::NotHotspot(..) => {
                Problem::of_field("/plan_id", FaultCode::Invalid, why.to_string())
            }
            sell_voucher::SellError::Store(why) => why.into(),
            sell_voucher::SellError::Unknown
            | sell_voucher::SellError::NotForSale(_)
            | sell_voucher::SellError::Exhausted => Problem::new(Code::Conflict, why.to_string()),
        })?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let voucher = vouchers::find_by_code(&mut tx, &sold.code).await?.ok_or_else(Problem::internal)?;
    created(&VoucherView::new(&voucher, Some(&plan), app.now()), &format!("/v1/vouchers/{}", voucher.id))
}

/// Take a voucher back
///
/// Its code opens nothing any more, and who is online with it is disconnected within seconds.
#[utoipa::path(post, path = "/v1/vouchers/{id}/revoke", tag = "vouchers", operation_id = "revoke_voucher",
    params(("id" = String, Path, format = Uuid)), responses((status = 200, body = VoucherView)))]
async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    meant: IfMatch,
) -> Result<Response, Problem> {
    done(&app, &caller, &id, &meant, Deed::Revoke).await
}

/// To where an end is moved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::sales) struct Extend {
    /// By so much, as 30m, 2h, 1d or 1mo; what has ended counts from now.
    #[schema(example = "2h")]
    by: Option<String>,
    /// To this moment, later or earlier than the end that it has.
    #[schema(format = DateTime)]
    to: Option<String>,
}

impl Extend {
    /// The one of both that is there.
    pub(in crate::sales) fn read(&self) -> Result<Extension, Problem> {
        let mut faults = Faults::new();
        let extension = match (&self.by, &self.to) {
            (Some(by), None) => faults.take("/by", by.parse::<Duration>()).map(Extension::By),
            (None, Some(to)) => faults.take("/to", to.parse::<Timestamp>()).map(Extension::To),
            (Some(_), Some(_)) | (None, None) => {
                faults.note("/by", "give either `by` or `to`");
                None
            }
        };
        faults.unless(extension)
    }
}

/// Move the end of a voucher
///
/// Who is online with it stays online until the new end. One that has ended opens again.
#[utoipa::path(post, path = "/v1/vouchers/{id}/extend", tag = "vouchers", operation_id = "extend_voucher",
    params(("id" = String, Path, format = Uuid)), request_body = Extend,
    responses((status = 200, body = VoucherView)))]
async fn extend(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    meant: IfMatch,
    Body(extend): Body<Extend>,
) -> Result<Response, Problem> {
    done(&app, &caller, &id, &meant, Deed::Extend(extend.read()?)).await
}

/// Mark a printed voucher as sold
///
/// Its time begins now where its plan counts from the sale.
#[utoipa::path(post, path = "/v1/vouchers/{id}/mark-sold", tag = "vouchers", operation_id = "mark_voucher_sold",
    params(("id" = String, Path, format = Uuid)), responses((status = 200, body = VoucherView)))]
async fn mark_sold(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    meant: IfMatch,
) -> Result<Response, Problem> {
    done(&app, &caller, &id, &meant, Deed::Sell).await
}

/// Does it to that voucher alone.
async fn done(app: &App, caller: &Caller, id: &str, meant: &IfMatch, deed: Deed) -> Result<Response, Problem> {
    let id: VoucherId = id_in_path(id, "voucher")?;
    let scope = caller.scope();
    let mut tx = app.store().tenant(&scope).await?;
    let tenant = tenants::own(&mut tx).await?;
    let before = vouchers::find(&mut tx, id).await?.ok_or_else(|| Problem::not_found("voucher"))?;
    let plans = plans_by_id(&mut tx, [before.plan]).await?;
    drop(tx);
    let plan = plans.get(&before.plan);
    if !meant.allows(&VoucherView::new(&before, plan, app.now())) {
        return Err(Problem::changed_meanwhile());
    }
    let (store, zone, context) = (app.store(), &tenant.zone, caller.context(app));
    let fate = match meant.meant(&before) {
        Some(seen) => voucher_as_seen(store, &scope, zone, seen, deed, context).await.map_err(super::bulk::problem)?,
        None => {
            let filter = Filter { ids: Some(vec![id]), ..Filter::default() };
            let fates = vouchers_in_bulk(store, &scope, zone, &filter, deed, context).await;
            let fates = fates.map_err(super::bulk::problem)?;
            fates.first().ok_or_else(|| Problem::not_found("voucher"))?.1
        }
    };
    if fate == Fate::Changed && meant.meant(&before).is_some() {
        return Err(Problem::changed_meanwhile());
    }
    if !fate.is_done() {
        return Err(Problem::new(Code::Conflict, why_not(fate)));
    }
    let mut tx = app.store().tenant(&scope).await?;
    let after = vouchers::find(&mut tx, id).await?.ok_or_else(|| Problem::not_found("voucher"))?;
    single(&VoucherView::new(&after, plan, app.now()))
}

/// Why a voucher was left as it is, for people.
pub(super) const fn why_not(fate: Fate) -> &'static str {
    match fate {
        Fate::Done(_) => "it was done",
        Fate::WasRevoked => "the voucher was taken back before: sell another one instead",
        Fate::NotForSale => "the voucher was sold or used before, was taken back, or its day to be sold has passed",
        Fate::NotBegun => "the time of the voucher has not begun, so it has no end that could be moved",
        Fate::InThePast => "that moment has passed: give one to come; to end a voucher at once, revoke it",
        Fate::Changed => "the voucher was changed by somebody else at this moment: look at it and try again",
    }
}

/// Whose a voucher is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Give {
    /// The customer; null belongs to nobody.
    #[schema(format = Uuid, required = true)]
    customer_id: Option<String>,
}

/// Give a voucher to a customer, or to nobody
#[utoipa::path(post, path = "/v1/vouchers/{id}/give", tag = "vouchers", operation_id = "give_voucher",
    params(("id" = String, Path, format = Uuid)), request_body = Give,
    responses((status = 200, body = VoucherView)))]
async fn give(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Body(give): Body<Give>,
) -> Result<Response, Problem> {
    let id: VoucherId = id_in_path(&id, "voucher")?;
    let mut faults = Faults::new();
    let customer = faults.take("/customer_id", give.customer_id.map(|id| id.parse::<CustomerId>()).transpose());
    let customer = faults.unless(customer)?;
    let scope = caller.scope();
    let given = give_voucher::give_voucher(app.store(), &scope, id, customer, caller.context(&app)).await;
    let after = given.map_err(|why| match why {
        give_voucher::GiveError::Unknown => Problem::not_found("voucher"),
        give_voucher::GiveError::NoSuchCustomer => {
            Problem::of_field("/customer_id", FaultCode::Invalid, "there is no customer with that id")
        }
        give_voucher::GiveError::Store(why) => why.into(),
    })?;
    let mut tx = app.store().tenant(&scope).await?;
    let plans = plans_by_id(&mut tx, [after.plan]).await?;
    single(&VoucherView::new(&after, plans.get(&after.plan), app.now()))
}
