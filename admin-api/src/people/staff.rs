//! Who works here: invited, changed, deactivated.

use actions::people::change_staff::{StaffChange, change_staff};
use actions::people::demand_totp;
use actions::people::end_stays;
use actions::people::invite::{Joining, NewStaff, invite, invite_again};
use actions::people::standing;
use actions::people::totp;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use domain::id::kind;
use domain::people::permission::{Act, Thing};
use domain::people::staff::{Staff, StaffState};
use domain::phone::{CallingCode, Msisdn};
use serde::{Deserialize, Serialize};
use store::people::staff::{self, StaffFilter};
use store::platform::tenants;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{PathId, by, letterhead, refused, word, zoned, zones_of};
use crate::app::App;
use crate::body::Body;
use crate::door::Caller;
use crate::etag::{IfMatch, created, single};
use crate::list::{List, Listing, listing, wrong};
use crate::problem::{FaultCode, Problem};
use crate::routes::Route;

pub(super) fn routes() -> Vec<Route> {
    let change = |handler, verb| Route::needs(handler, Thing::Staff, Act::Change).told_as(verb);
    vec![
        Route::needs(routes!(list), Thing::Staff, Act::See),
        Route::needs(routes!(make), Thing::Staff, Act::Make).told_as("invite_staff"),
        Route::needs(routes!(get), Thing::Staff, Act::See),
        change(routes!(patch), "change_staff").checks_state(),
        change(routes!(again), "invite_staff"),
        change(routes!(deactivate), "deactivate_staff").also_when_locked(),
        change(routes!(reactivate), "reactivate_staff"),
        change(routes!(sign_out), "end_sign_ins").also_when_locked(),
        change(routes!(remove_totp), "remove_totp"),
        Route::needs(routes!(demand), Thing::Settings, Act::Change).told_as("demand_totp"),
    ]
}

/// Somebody who works here.
#[derive(Serialize, ToSchema)]
pub(super) struct StaffView {
    /// Their id.
    id: String,
    /// Their address, unique over the whole system.
    email: String,
    /// Their name to sign in with.
    user_name: String,
    /// Their name.
    name: String,
    /// Their number, with its calling code.
    phone: Option<String>,
    /// The number of their identity card.
    id_number: Option<String>,
    /// What they may do: the name of a preset, or the id of a role of your own.
    role: String,
    /// In which zones; null is everywhere.
    zones: Option<Vec<String>>,
    /// `invited`, `active` or `deactivated`.
    state: &'static str,
    /// Whether a code is asked for when they sign in.
    has_totp: bool,
    /// When they were added.
    created_at: String,
    /// When they signed in last.
    signed_in_at: Option<String>,
}

impl StaffView {
    fn of(staff: &Staff) -> Self {
        Self {
            id: staff.id.to_string(),
            email: staff.email.to_string(),
            user_name: staff.user_name.to_string(),
            name: staff.name.to_string(),
            phone: staff.phone.as_ref().map(|phone| format!("+{}", phone.expose())),
            id_number: staff.id_number.as_ref().map(|number| number.expose().to_owned()),
            role: staff.role.to_string(),
            zones: zones_of(&staff.zones),
            state: staff.state.code(),
            has_totp: staff.has_totp,
            created_at: staff.created_at.to_string(),
            signed_in_at: staff.signed_in_at.map(|at| at.to_string()),
        }
    }
}

/// Which staff.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// In this state: `invited`, `active` or `deactivated`.
    state: Option<String>,
    /// With this role: a preset's name, or the id of a role of your own.
    role: Option<String>,
    /// In whose name, user name or address this text is.
    #[param(max_length = 100)]
    q: Option<String>,
}

/// List staff, in the order in which they were added
#[utoipa::path(get, operation_id = "list_staff", path = "/v1/staff", tag = "staff", params(crate::list::Paging, Filters),
    responses((status = 200, body = Listing<StaffView>)))]
async fn list(State(app): State<App>, caller: Caller, asked: List<Filters>) -> Result<Response, Problem> {
    let Filters { state, role, q } = asked.filters;
    let unknown = || wrong("state", "write invited, active or deactivated");
    let filter = StaffFilter {
        state: state.map(|state| StaffState::from_code(&state).ok_or_else(unknown)).transpose()?,
        role: match role {
            Some(role) => {
                Some(role.parse().map_err(|why: domain::people::role::NotARole| wrong("role", why.to_string()))?)
            }
            None => None,
        },
        text: q.filter(|text| !text.is_empty()).map(|text| text.chars().take(100).collect()),
    };
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let page = staff::list(&mut tx, &filter, asked.page.page("created_at")?).await?;
    tx.commit().await?;
    let rows = page.rows.iter().map(StaffView::of).collect();
    listing(&asked.page, "created_at", rows, page.next)
}

/// Somebody who is to work here.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewStaffBody {
    /// Their address.
    #[schema(example = "ben@savanna.example", max_length = 254)]
    email: String,
    /// Their name to sign in with.
    #[schema(example = "ben", max_length = 32)]
    user_name: String,
    /// Their name.
    #[schema(example = "Ben Otieno", max_length = 100)]
    name: String,
    /// Their number, with a plus or as it is written at home; a technician must have one.
    #[schema(example = "+254712345678", max_length = 32)]
    phone: Option<String>,
    /// The number of their identity card; a technician must have one.
    #[schema(max_length = 32)]
    id_number: Option<String>,
    /// What they may do: owner, admin, technician, billing, support, or the id of a role of your own.
    #[schema(example = "technician")]
    role: String,
    /// In which zones; null, or nothing, is everywhere.
    zones: Option<Vec<String>>,
}

/// Invite somebody
///
/// They get a mail by which they choose a password. Nobody gives a role that may do more than they may.
#[utoipa::path(post, operation_id = "invite_staff", path = "/v1/staff", tag = "staff", request_body = NewStaffBody,
    responses((status = 201, body = StaffView)))]
async fn make(State(app): State<App>, caller: Caller, body: Body<NewStaffBody>) -> Result<Response, Problem> {
    let Body(body) = body;
    let calling_code = calling_code(&app, &caller).await?;
    let phone = |text: &str| phone(text, &calling_code);
    let new = NewStaff {
        email: word("/email", &body.email)?,
        user_name: word("/user_name", &body.user_name)?,
        name: word("/name", &body.name)?,
        phone: body.phone.as_deref().map(phone).transpose()?,
        id_number: body.id_number.as_deref().map(|number| word("/id_number", number)).transpose()?,
        role: word("/role", &body.role)?,
        zones: zoned(body.zones)?,
    };
    let head = letterhead(&app, caller.tenant()).await.map_err(|why| refused(why, ""))?;
    let joining = Joining::ByMail(&head);
    let joined = invite(app.store(), &caller.scope(), &by(&caller), new, joining, caller.context(&app)).await;
    let staff = joined.map_err(|why| refused(why, ""))?.staff;
    created(&StaffView::of(&staff), &format!("/v1/staff/{}", staff.id))
}

/// Where numbers without a plus are from.
async fn calling_code(app: &App, caller: &Caller) -> Result<CallingCode, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let tenant = tenants::own(&mut tx).await?;
    tx.commit().await?;
    Ok(tenant.calling_code)
}

/// A number as people write it; without a plus it is one of the provider's own country.
fn phone(text: &str, calling_code: &CallingCode) -> Result<Msisdn, Problem> {
    Msisdn::parse(text.as_bytes(), calling_code)
        .map_err(|why| Problem::of_field("/phone", FaultCode::Invalid, why.to_string()))
}

/// Show somebody
#[utoipa::path(get, operation_id = "show_staff", path = "/v1/staff/{id}", tag = "staff", params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = StaffView)))]
async fn get(State(app): State<App>, caller: Caller, PathId(id): PathId<kind::Staff>) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let found = staff::find(&mut tx, id).await?;
    tx.commit().await?;
    single(&StaffView::of(&found.ok_or_else(|| Problem::not_found("person"))?))
}

/// What is to be different; what is not there stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StaffPatch {
    /// Their address.
    #[schema(max_length = 254)]
    email: Option<String>,
    /// Their name to sign in with.
    #[schema(max_length = 32)]
    user_name: Option<String>,
    /// Their name.
    #[schema(max_length = 100)]
    name: Option<String>,
    /// Their number; null is none.
    #[serde(default, deserialize_with = "crate::body::nullable")]
    #[schema(value_type = Option<String>, max_length = 32)]
    phone: Option<Option<String>>,
    /// The number of their identity card; null is none.
    #[serde(default, deserialize_with = "crate::body::nullable")]
    #[schema(value_type = Option<String>, max_length = 32)]
    id_number: Option<Option<String>>,
    /// What they may do.
    role: Option<String>,
    /// In which zones; null is everywhere.
    #[serde(default, deserialize_with = "crate::body::nullable")]
    #[schema(value_type = Option<Vec<String>>)]
    zones: Option<Option<Vec<String>>>,
}

/// Change what is known of somebody, or what they may do
#[utoipa::path(patch, operation_id = "change_staff", path = "/v1/staff/{id}", tag = "staff", params(("id" = String, Path, format = Uuid)),
    request_body = StaffPatch, responses((status = 200, body = StaffView)))]
async fn patch(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<kind::Staff>,
    meant: IfMatch,
    body: Body<StaffPatch>,
) -> Result<Response, Problem> {
    let Body(body) = body;
    let calling_code = calling_code(&app, &caller).await?;
    let phone = |text: &str| phone(text, &calling_code);
    let change = StaffChange {
        email: body.email.as_deref().map(|text| word("/email", text)).transpose()?,
        user_name: body.user_name.as_deref().map(|text| word("/user_name", text)).transpose()?,
        name: body.name.as_deref().map(|text| word("/name", text)).transpose()?,
        phone: body.phone.map(|some| some.as_deref().map(phone).transpose()).transpose()?,
        id_number: body
            .id_number
            .map(|some| some.as_deref().map(|number| word("/id_number", number)).transpose())
            .transpose()?,
        role: body.role.as_deref().map(|text| word("/role", text)).transpose()?,
        zones: body.zones.map(zoned).transpose()?,
    };
    let seen = |staff: &Staff| meant.allows(&StaffView::of(staff));
    let context = caller.context(&app);
    let changed = change_staff(app.store(), &caller.scope(), &by(&caller), id, change, seen, context).await;
    single(&StaffView::of(&changed.map_err(|why| refused(why, ""))?))
}

/// Send an invitation once more; the one before is good no more
#[utoipa::path(post, operation_id = "invite_staff_again", path = "/v1/staff/{id}/invite", tag = "staff", params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = StaffView)))]
async fn again(State(app): State<App>, caller: Caller, PathId(id): PathId<kind::Staff>) -> Result<Response, Problem> {
    let head = letterhead(&app, caller.tenant()).await.map_err(|why| refused(why, ""))?;
    let joining = Joining::ByMail(&head);
    let sent = invite_again(app.store(), &caller.scope(), &by(&caller), id, joining, caller.context(&app)).await;
    single(&StaffView::of(&sent.map_err(|why| refused(why, ""))?.staff))
}

/// Let somebody sign in no more
///
/// Their sessions end now. Nobody is deleted: what they did keeps their name.
#[utoipa::path(post, operation_id = "deactivate_staff", path = "/v1/staff/{id}/deactivate", tag = "staff", params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = StaffView)))]
async fn deactivate(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<kind::Staff>,
) -> Result<Response, Problem> {
    let done = standing::deactivate(app.store(), &caller.scope(), &by(&caller), id, caller.context(&app)).await;
    single(&StaffView::of(&done.map_err(|why| refused(why, ""))?))
}

/// Let somebody sign in again
#[utoipa::path(post, operation_id = "reactivate_staff", path = "/v1/staff/{id}/reactivate", tag = "staff", params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = StaffView)))]
async fn reactivate(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<kind::Staff>,
) -> Result<Response, Problem> {
    let done = standing::reactivate(app.store(), &caller.scope(), &by(&caller), id, caller.context(&app)).await;
    single(&StaffView::of(&done.map_err(|why| refused(why, ""))?))
}

/// End all sessions of somebody
#[utoipa::path(post, operation_id = "end_sessions_of_staff", path = "/v1/staff/{id}/sign-out", tag = "staff", params(("id" = String, Path, format = Uuid)),
    responses((status = 204)))]
async fn sign_out(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<kind::Staff>,
) -> Result<Response, Problem> {
    let done = end_stays::end_all(app.store(), &caller.scope(), &by(&caller), id, caller.context(&app)).await;
    done.map_err(|why| refused(why, ""))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Let go of somebody's codes: their telephone and their recovery codes are lost
#[utoipa::path(post, operation_id = "remove_totp_of_staff", path = "/v1/staff/{id}/remove-totp", tag = "staff", params(("id" = String, Path, format = Uuid)),
    responses((status = 204)))]
async fn remove_totp(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<kind::Staff>,
) -> Result<Response, Problem> {
    let done = totp::remove_of(app.store(), &caller.scope(), &by(&caller), id, caller.context(&app)).await;
    done.map_err(|why| refused(why, ""))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Whether all staff must give a code beside the password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DemandBody {
    /// Whether they must.
    demanded: bool,
}

/// Settle whether all staff must give a code beside the password
///
/// In force at once: whoever has given none may only set one up.
#[utoipa::path(post, operation_id = "demand_totp", path = "/v1/staff/demand-totp", tag = "staff", request_body = DemandBody,
    responses((status = 204)))]
async fn demand(State(app): State<App>, caller: Caller, body: Body<DemandBody>) -> Result<Response, Problem> {
    let context = caller.context(&app);
    let done = demand_totp::demand_totp(app.store(), &caller.scope(), body.0.demanded, context).await;
    done.map_err(|why| refused(why, ""))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
