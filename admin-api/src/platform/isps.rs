//! All ISPs, for the platform's own people: `/v1/platform/tenants`. None of their customers, and nothing that they sell.

mod account;
mod open;

use axum::extract::{Path, State};
use axum::response::Response;
use domain::id::TenantId;
use domain::people::permission::{Act, Thing};
use domain::platform::life::TenantState;
use domain::time::{Timestamp, Zone};
use policy::platform::lifecycle;
use serde::{Deserialize, Serialize};
use store::platform::accounts::{self, Overview};
use store::{Listed, Page, StoreError, SystemTx};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::app::App;
use crate::door::Caller;
use crate::etag::single;
use crate::list::{List, Listing, Nothing, Paging, Query, listing};
use crate::platform::billing::{StateView, why_in_words};
use crate::problem::Problem;
use crate::routes::Route;
use crate::shapes::id_in_path;
use crate::uid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    let mut routes = vec![
        Route::needs(routes!(list), Thing::Platform, Act::See),
        Route::needs(routes!(get), Thing::Platform, Act::See),
    ];
    routes.extend(open::routes());
    routes.extend(account::routes());
    routes
}

/// An ISP as the platform sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tenant)]
struct TenantView {
    /// Its id.
    id: Uuid,
    /// Its subdomain.
    #[schema(example = "savanna")]
    subdomain: String,
    /// Its name as people say it.
    name: String,
    /// When it was opened.
    #[schema(format = DateTime)]
    created_at: String,
    /// Where it stands.
    state: StateView,
    /// When that becomes another one by itself.
    #[schema(required = true, format = DateTime)]
    until: Option<String>,
    /// Why it is locked.
    #[schema(required = true)]
    locked_why: Option<String>,
    /// When its trial ends, or ended; null: it never was on trial.
    #[schema(required = true, format = DateTime)]
    trial_until: Option<String>,
    /// Until when it has paid.
    #[schema(required = true, format = DateTime)]
    paid_until: Option<String>,
    /// Days of grace of its own; null follows the platform's.
    #[schema(required = true)]
    grace_days: Option<u32>,
    /// What it has bought.
    #[schema(required = true)]
    tier: Option<String>,
    /// What it has from the end of its paid time on.
    #[schema(required = true)]
    next_tier: Option<String>,
}

impl TenantView {
    fn of(one: &Overview, now: Timestamp) -> Self {
        let state = lifecycle::state(&one.life, now);
        let locked_why = match &state {
            TenantState::Locked { since, why } => Some(why_in_words(*since, why, &Zone::utc())),
            TenantState::Trial { .. } | TenantState::Active { .. } | TenantState::Grace { .. } => None,
        };
        Self {
            id: one.tenant.uuid().into(),
            subdomain: one.slug.clone(),
            name: one.name.clone(),
            created_at: one.created_at.to_string(),
            state: StateView::of(&state),
            until: state.until().map(|until| until.to_string()),
            locked_why,
            trial_until: one.life.trial_until.map(|until| until.to_string()),
            paid_until: one.life.paid_until.map(|until| until.to_string()),
            grace_days: one.grace_days,
            tier: one.tier.clone(),
            next_tier: one.next_tier.clone(),
        }
    }
}

/// Which ISPs, and in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only those with this in their subdomain or name.
    #[param(max_length = 100)]
    q: Option<String>,
    /// Only those that stand so now.
    #[param(inline)]
    state: Option<StateView>,
    /// The order; the newest come first when it is left out.
    #[param(inline)]
    sort: Option<Order>,
}

/// The order of a list of ISPs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, ToSchema)]
enum Order {
    /// The newest first.
    #[default]
    #[serde(rename = "-created_at")]
    Newest,
    /// By subdomain.
    #[serde(rename = "subdomain")]
    Subdomain,
}

/// ISPs that are looked at for one page that is cut to a state.
const LOOKED_AT_MAX: usize = 5_000;

/// List ISPs
///
/// With `state`, a page may have fewer rows than asked for although `next` says that more follow.
#[utoipa::path(get, path = "/v1/platform/tenants", tag = "platform", operation_id = "list_tenants",
    params(Paging, Filters), responses((status = 200, body = Listing<TenantView>)))]
async fn list(State(app): State<App>, _caller: Caller, asked: List<Filters>) -> Result<Response, Problem> {
    let Filters { q, state, sort } = &asked.filters;
    let text = q.as_deref().filter(|text| !text.is_empty());
    let mut tx = app.store().system().await?;
    let now = app.now();
    match sort.unwrap_or_default() {
        Order::Newest => {
            let (rows, next) = cut::<TenantId>(&mut tx, text, asked.page.page("-created_at")?, *state, now).await?;
            listing(&asked.page, "-created_at", rows, next)
        }
        Order::Subdomain => {
            let (rows, next) = cut::<String>(&mut tx, text, asked.page.page("subdomain")?, *state, now).await?;
            listing(&asked.page, "subdomain", rows, next)
        }
    }
}

/// What a list of ISPs goes on by.
trait Place: Clone + Send + Sync + Sized {
    fn of(one: &Overview) -> Self;
    fn read(
        tx: &mut SystemTx,
        text: Option<&str>,
        page: Page<Self>,
    ) -> impl Future<Output = Result<Listed<Overview, Self>, StoreError>> + Send;
}

impl Place for TenantId {
    fn of(one: &Overview) -> Self {
        one.tenant
    }
    async fn read(
        tx: &mut SystemTx,
        text: Option<&str>,
        page: Page<Self>,
    ) -> Result<Listed<Overview, Self>, StoreError> {
        accounts::list(tx, text, page).await
    }
}

impl Place for String {
    fn of(one: &Overview) -> Self {
        one.slug.clone()
    }
    async fn read(
        tx: &mut SystemTx,
        text: Option<&str>,
        page: Page<Self>,
    ) -> Result<Listed<Overview, Self>, StoreError> {
        accounts::list_by_slug(tx, text, page).await
    }
}

/// A page of those that stand so: where an ISP stands follows from the time, so no index knows it.
async fn cut<By: Place>(
    tx: &mut SystemTx,
    text: Option<&str>,
    page: Page<By>,
    state: Option<StateView>,
    now: Timestamp,
) -> Result<(Vec<TenantView>, Option<By>), Problem> {
    let (size, mut place) = (page.size(), page);
    let (mut rows, mut looked_at): (Vec<TenantView>, usize) = (Vec::new(), 0);
    loop {
        let listed = By::read(tx, text, place).await?;
        looked_at += listed.rows.len();
        for (number, one) in listed.rows.iter().enumerate() {
            let view = TenantView::of(one, now);
            if state.is_none_or(|state| state == view.state) {
                rows.push(view);
            }
            let are_more = number + 1 < listed.rows.len();
            if rows.len() == size && are_more {
                return Ok((rows, Some(By::of(one))));
            }
        }
        match listed.next {
            Some(next) if rows.len() < size && looked_at < LOOKED_AT_MAX => {
                place = Page::after(next, u16::try_from(size).unwrap_or(Page::<By>::SIZE_MAX));
            }
            next => return Ok((rows, next)),
        }
    }
}

/// Show an ISP
#[utoipa::path(get, path = "/v1/platform/tenants/{id}", tag = "platform", operation_id = "show_tenant",
    params(("id" = String, Path, format = Uuid)), responses((status = 200, body = TenantView)))]
async fn get(
    State(app): State<App>,
    _caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    single(&shown(&app, find(&app, &id).await?).await?)
}

/// The ISP of a path. The platform itself is none.
async fn find(app: &App, id: &str) -> Result<TenantId, Problem> {
    let id = id_in_path(id, "tenant")?;
    let mut tx = app.store().system().await?;
    let found = accounts::overview(&mut tx, id).await?;
    found.map(|one| one.tenant).ok_or_else(|| Problem::not_found("tenant"))
}

/// An ISP as it is now.
async fn shown(app: &App, id: TenantId) -> Result<TenantView, Problem> {
    let mut tx = app.store().system().await?;
    let found = accounts::overview(&mut tx, id).await?;
    Ok(TenantView::of(&found.ok_or_else(|| Problem::not_found("tenant"))?, app.now()))
}
