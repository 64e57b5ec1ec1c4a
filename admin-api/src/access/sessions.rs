//! `/v1/sessions`: who is online, and who was.

use actions::access::explain::end_in_words;
use actions::access::release_device;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::access::session::{EndCause, SessionState};
use domain::id::SessionId;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use store::access::sessions::{self, Filter, StoredSession};
use utoipa::{IntoParams, ToSchema};

use crate::access::whose::{HolderView, Sight};
use crate::app::App;
use crate::body::json;
use crate::door::Caller;
use crate::etag;
use crate::list::{List, Listing, Nothing, Paging, Query, listing};
use crate::problem::{Code, Problem};
use crate::uid::Uuid;

/// A stay on a router, from the accept to its end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionView {
    /// Its id.
    pub id: Uuid,
    /// Where it stands.
    pub state: StateView,
    /// The name that logged in: a user name, or a voucher's code.
    pub user_name: String,
    /// Whose right it is; null for somebody whom the router let in without us.
    #[schema(required = true)]
    pub holder: Option<HolderView>,
    /// The device, as its router names it; `-` when the router does not say.
    #[schema(example = "02:00:00:00:00:01")]
    pub device: String,
    /// The router.
    pub router: Uuid,
    /// The plan on whose terms it is.
    #[schema(required = true)]
    pub plan: Option<Uuid>,
    /// The kind of line: `hotspot`, `ppp`, or `unsaid`.
    pub service: String,
    /// Its address.
    #[schema(required = true)]
    pub framed_ip: Option<String>,
    /// When it began.
    #[schema(format = DateTime)]
    pub started_at: String,
    /// When its router spoke of it last.
    #[schema(format = DateTime)]
    pub last_heard_at: String,
    /// When it ended.
    #[schema(required = true, format = DateTime)]
    pub ended_at: Option<String>,
    /// Why it ended, in words.
    #[schema(required = true)]
    pub end: Option<String>,
    /// How long it has lasted.
    pub seconds: u64,
    /// Octets from the subscriber.
    pub in_octets: u64,
    /// Octets to the subscriber.
    pub out_octets: u64,
}

/// Where a session stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = SessionState)]
#[serde(rename_all = "snake_case")]
pub enum StateView {
    /// Let in; its router has not reported it yet.
    Accepted,
    /// Online.
    Online,
    /// Online as far as is known; its router has not spoken of it for too long.
    Silent,
    /// It has ended.
    Ended,
}

impl SessionView {
    /// A session as it is now.
    pub fn of(stored: &StoredSession, now: Timestamp) -> Self {
        let session = &stored.session;
        let (state, cause): (StateView, Option<EndCause>) = match session.state {
            SessionState::Granted => (StateView::Accepted, None),
            SessionState::Open if now >= stored.lease_until => (StateView::Silent, None),
            SessionState::Open => (StateView::Online, None),
            SessionState::Closed(cause) => (StateView::Ended, Some(cause)),
        };
        Self {
            id: stored.id.uuid().into(),
            state,
            user_name: stored.user_name.clone(),
            holder: stored.holder.map(HolderView::from),
            device: stored.device.key(),
            router: stored.nas.uuid().into(),
            plan: stored.told.as_ref().map(|told| told.plan.uuid().into()),
            service: stored.service.code().to_owned(),
            framed_ip: stored.framed_ip.map(|ip| ip.to_string()),
            started_at: session.started_at.to_string(),
            last_heard_at: session.last_heard_at.to_string(),
            ended_at: session.ended_at.map(|at| at.to_string()),
            end: cause.map(end_in_words),
            seconds: session.counted.seconds,
            in_octets: session.counted.in_octets,
            out_octets: session.counted.out_octets,
        }
    }
}

/// Which sessions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SessionFilters {
    /// Those that ended and those that were never reported, too.
    all: Option<bool>,
    /// Only those of this user name or code.
    user_name: Option<String>,
}

/// List sessions
///
/// Newest first: who is online, or with `all` who was, too.
#[utoipa::path(
    get, path = "/v1/sessions", tag = "sessions", operation_id = "list_sessions",
    params(Paging, SessionFilters),
    responses((status = 200, description = "One page of sessions.", body = Listing<SessionView>)),
)]
pub(crate) async fn list_sessions(
    State(app): State<App>,
    caller: Caller,
    List { page, filters }: List<SessionFilters>,
) -> Result<Response, Problem> {
    let filter = Filter { online_only: !filters.all.unwrap_or(false), user_name: filters.user_name };
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let listed = sessions::list(&mut tx, &filter, page.page("newest")?).await?;
    let now = app.now();
    let holders: Vec<_> = listed.rows.iter().map(|stored| stored.holder).collect();
    let sight = Sight::of(&mut tx, &caller, &holders).await?;
    let visible = listed.rows.iter().filter(|stored| sight.sees(stored.service, stored.holder));
    listing(&page, "newest", visible.map(|stored| SessionView::of(stored, now)).collect(), listed.next)
}

/// Look at a session
#[utoipa::path(
    get, path = "/v1/sessions/{id}", tag = "sessions", operation_id = "get_session",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    responses((status = 200, description = "The session.", body = SessionView)),
)]
pub(crate) async fn get_session(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let stored = find(&app, &caller, &id).await?;
    etag::single(&SessionView::of(&stored, app.now()))
}

async fn find(app: &App, caller: &Caller, id: &str) -> Result<StoredSession, Problem> {
    let missing = || Problem::not_found("session");
    let id = uuid::Uuid::parse_str(id).map_err(|_| missing())?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let stored = sessions::find(&mut tx, SessionId::from_uuid(id)).await?.ok_or_else(missing)?;
    let sight = Sight::of(&mut tx, caller, &[stored.holder]).await?;
    if sight.sees(stored.service, stored.holder) { Ok(stored) } else { Err(missing()) }
}

/// What was asked of a router.
#[derive(Debug, Serialize, ToSchema)]
pub struct Disconnecting {
    /// Sessions of the same device on the same right that are to end within seconds.
    ending: usize,
}

/// Disconnect a session
///
/// Its device loses its place, and its router is asked within seconds to end what the device has online. The device may
/// log in again; block it, suspend the subscriber or revoke the voucher to keep it out.
#[utoipa::path(
    post, path = "/v1/sessions/{id}/disconnect", tag = "sessions", operation_id = "disconnect_session",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    responses((status = 202, description = "Its router is asked.", body = Disconnecting)),
)]
pub(crate) async fn disconnect_session(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let stored = find(&app, &caller, &id).await?;
    if stored.session.ended_at.is_some() {
        return Err(Problem::new(Code::Conflict, "it has ended already"));
    }
    let Some(holder) = stored.holder else {
        let said = "its router let it in without us, and has to end it itself";
        return Err(Problem::new(Code::Conflict, said));
    };
    let context = caller.context(&app);
    let released =
        release_device::release_device(app.store(), &caller.scope(), holder, &stored.device, context).await?;
    let unknown = || Problem::new(Code::Conflict, "its router does not name the device; suspend or revoke the right");
    let mut response = json(&Disconnecting { ending: released.ok_or_else(unknown)? })?;
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}
