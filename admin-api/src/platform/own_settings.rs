//! What the platform has settled for all ISPs: `/v1/platform/settings`.

use actions::platform::change_platform_settings::{ChangePlatformError, change_platform_settings};
use axum::extract::State;
use axum::response::Response;
use domain::people::permission::{Act, Thing};
use domain::platform::settings::{BusinessName, PlatformSettings};
use serde::{Deserialize, Serialize};
use store::TenantScope;
use store::platform::settings;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::app::App;
use crate::body::Body;
use crate::door::Caller;
use crate::etag::{IfMatch, single};
use crate::list::{Nothing, Query};
use crate::problem::{FaultCode, Faults, Problem};
use crate::routes::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::needs(routes!(show), Thing::Platform, Act::See),
        Route::needs(routes!(change), Thing::Platform, Act::Make).told_as("change_platform_settings").checks_state(),
    ]
}

/// What the platform has settled for all ISPs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlatformSettings)]
struct OwnView {
    /// The platform's name, as its letters have it.
    name: String,
    /// Hours of a trial that begins from now on.
    trial_hours: u32,
    /// Days that an ISP may go on after what it has paid for, unless it was given others.
    grace_days: u32,
    /// Whether anybody may sign up.
    is_sign_up_open: bool,
}

impl OwnView {
    fn of(settings: &PlatformSettings) -> Self {
        let PlatformSettings { name, trial_hours, grace_days, is_sign_up_open, .. } = settings;
        let name = name.as_str().to_owned();
        Self { name, trial_hours: *trial_hours, grace_days: *grace_days, is_sign_up_open: *is_sign_up_open }
    }
}

/// Show what the platform has settled
#[utoipa::path(get, path = "/v1/platform/settings", tag = "platform", operation_id = "show_platform_settings",
    responses((status = 200, body = OwnView)))]
async fn show(State(app): State<App>, caller: Caller, _: Query<Nothing>) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&TenantScope::of_platform(caller.home())).await?;
    single(&OwnView::of(&settings::of_platform(&mut tx).await?))
}

/// What is to be different; what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OwnChanges {
    /// The platform's name: 1 to 100 characters of plain text.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// Hours of a trial that begins from now on.
    #[schema(maximum = 8_760)]
    trial_hours: Option<u32>,
    /// Days that an ISP may go on after what it has paid for.
    #[schema(maximum = 90)]
    grace_days: Option<u32>,
    /// Whether anybody may sign up.
    is_sign_up_open: Option<bool>,
}

/// Change what the platform has settled
///
/// Days of grace hold at once for all ISPs that were given none of their own.
#[utoipa::path(patch, path = "/v1/platform/settings", tag = "platform", operation_id = "change_platform_settings",
    request_body = OwnChanges, responses((status = 200, body = OwnView)))]
async fn change(
    State(app): State<App>,
    caller: Caller,
    meant: IfMatch,
    _: Query<Nothing>,
    Body(changes): Body<OwnChanges>,
) -> Result<Response, Problem> {
    let mut faults = Faults::new();
    let name: Option<BusinessName> = changes.name.and_then(|name| faults.take("/name", name.parse()));
    faults.none()?;
    let (trial, grace, sign_up) = (changes.trial_hours, changes.grace_days, changes.is_sign_up_open);
    let change = move |settings: &mut PlatformSettings| {
        if let Some(name) = &name {
            settings.name = name.clone();
        }
        settings.trial_hours = trial.unwrap_or(settings.trial_hours);
        settings.grace_days = grace.unwrap_or(settings.grace_days);
        settings.is_sign_up_open = sign_up.unwrap_or(settings.is_sign_up_open);
    };
    let seen = |settings: &PlatformSettings| meant.allows(&OwnView::of(settings));
    let changed = change_platform_settings(app.store(), &seen, &change, caller.context(&app)).await;
    let settings = changed.map_err(|why| {
        let said = why.to_string();
        match why {
            ChangePlatformError::TrialHours => Problem::of_field("/trial_hours", FaultCode::Invalid, said),
            ChangePlatformError::GraceDays => Problem::of_field("/grace_days", FaultCode::Invalid, said),
            ChangePlatformError::ChangedMeanwhile => Problem::changed_meanwhile(),
            ChangePlatformError::Store(why) => why.into(),
        }
    })?;
    single(&OwnView::of(&settings))
}
