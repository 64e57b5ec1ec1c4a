//! What an ISP has settled for itself: `/v1/settings`.

use std::num::NonZeroU32;

use actions::platform::change_settings::{self, ChangeSettingsError};
use axum::extract::State;
use axum::response::Response;
use domain::people::permission::{Act, Thing};
use domain::platform::house::{Restriction, RestrictionFault, Unpaid};
use domain::platform::settings::TenantSettings;
use domain::rate::{Bps, RateLimit, UpDown};
use domain::time::Zone;
use serde::{Deserialize, Serialize};
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
        Route::needs(routes!(show), Thing::Settings, Act::See),
        Route::needs(routes!(change), Thing::Settings, Act::Change).told_as("change_settings").checks_state(),
    ]
}

/// What an ISP has settled for itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Settings)]
struct SettingsView {
    /// Its name as people say it.
    #[schema(example = "Savanna Networks")]
    name: String,
    /// Where its calendar runs (IANA).
    #[schema(example = "Africa/Nairobi")]
    zone: String,
    /// For how many days ended sessions are kept.
    session_days: u32,
    /// Whether all staff must give a code beside the password.
    demands_totp: bool,
    /// Whether a hotspot's own question about a device is answered by what the device used last, so that nobody types a
    /// code twice.
    mac_login: bool,
    /// What becomes of PPPoE users who are suspended, or whose time is over.
    unpaid: UnpaidView,
}

/// What becomes of PPPoE users who are suspended, or whose time is over.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Unpaid)]
struct UnpaidView {
    /// `reject`: they are refused. `restrict`: they are let in to where they are told why, and how to pay.
    action: UnpaidAction,
    /// The router's address pool, when they are restricted.
    #[serde(default)]
    #[schema(max_length = 63)]
    pool: Option<String>,
    /// The router's firewall address list, when they are restricted. One of the two must be there.
    #[serde(default)]
    #[schema(max_length = 63)]
    address_list: Option<String>,
    /// Their speed, when they are restricted; null is unlimited.
    #[serde(default)]
    #[schema(example = "256k/512k")]
    rate: Option<String>,
    /// After how many seconds they log in anew, when they are restricted; 600 when it is left out.
    #[serde(default)]
    #[schema(minimum = 60, maximum = 86_400)]
    seconds: Option<u32>,
}

/// What is done with them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum UnpaidAction {
    /// They are refused.
    Reject,
    /// They are let in to be told how to pay.
    Restrict,
}

impl SettingsView {
    fn of(settings: &TenantSettings) -> Self {
        let terms = settings.house.unpaid.restriction();
        Self {
            name: settings.name.as_str().to_owned(),
            zone: settings.zone.name().to_owned(),
            session_days: settings.session_days,
            demands_totp: settings.demands_totp,
            mac_login: settings.house.mac_login,
            unpaid: UnpaidView {
                action: if terms.is_some() { UnpaidAction::Restrict } else { UnpaidAction::Reject },
                pool: terms.and_then(|terms| terms.pool.as_ref()).map(|pool| pool.as_str().to_owned()),
                address_list: terms.and_then(|terms| terms.address_list.as_ref()).map(|list| list.as_str().to_owned()),
                rate: terms.and_then(|terms| terms.rate.as_ref()).map(|rate| rate.rate.to_string()),
                seconds: terms.map(|terms| terms.seconds.get()),
            },
        }
    }
}

impl UnpaidView {
    fn read(self, faults: &mut Faults) -> Option<Unpaid> {
        if self.action == UnpaidAction::Reject {
            return Some(Unpaid::Reject);
        }
        let pool = self.pool.map(|text| faults.take("/unpaid/pool", text.parse()));
        let address_list = self.address_list.map(|text| faults.take("/unpaid/address_list", text.parse()));
        let rate = self.rate.map(|text| faults.take("/unpaid/rate", text.parse::<UpDown<Bps>>()));
        let seconds = NonZeroU32::new(self.seconds.unwrap_or(Restriction::SECONDS_DEFAULT));
        let seconds = faults.take("/unpaid/seconds", seconds.ok_or(RestrictionFault::Seconds))?;
        Some(Unpaid::Restrict(Box::new(Restriction {
            pool: pool.flatten(),
            address_list: address_list.flatten(),
            rate: rate.flatten().map(|speeds| RateLimit::flat(speeds.up, speeds.down)),
            seconds,
        })))
    }
}

/// Show what is settled
#[utoipa::path(get, path = "/v1/settings", tag = "settings", operation_id = "show_settings",
    responses((status = 200, body = SettingsView)))]
async fn show(State(app): State<App>, caller: Caller, _: Query<Nothing>) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    single(&SettingsView::of(&settings::find(&mut tx).await?))
}

/// What is to be different; what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SettingsChanges {
    /// Its name: 1 to 100 characters of plain text.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// Where its calendar runs (IANA).
    #[schema(example = "Africa/Nairobi", max_length = 64)]
    zone: Option<String>,
    /// For how many days ended sessions are kept: the law wants the fewest.
    #[schema(minimum = 90, maximum = 1_830)]
    session_days: Option<u32>,
    /// Whether all staff must give a code beside the password. In force at once.
    demands_totp: Option<bool>,
    /// Whether devices come back by themselves.
    mac_login: Option<bool>,
    /// What becomes of PPPoE users who are suspended, or whose time is over. It is replaced whole.
    unpaid: Option<UnpaidView>,
}

/// Change what is settled
///
/// In force within a second, also for who is online.
#[utoipa::path(patch, path = "/v1/settings", tag = "settings", operation_id = "change_settings",
    request_body = SettingsChanges, responses((status = 200, body = SettingsView)))]
async fn change(
    State(app): State<App>,
    caller: Caller,
    meant: IfMatch,
    _: Query<Nothing>,
    Body(changes): Body<SettingsChanges>,
) -> Result<Response, Problem> {
    let mut faults = Faults::new();
    let name = changes.name.and_then(|name| faults.take("/name", name.parse()));
    let zone = changes.zone.and_then(|zone| faults.take("/zone", Zone::named(&zone)));
    let unpaid = changes.unpaid.and_then(|unpaid| unpaid.read(&mut faults));
    faults.none()?;
    let (days, totp, mac_login) = (changes.session_days, changes.demands_totp, changes.mac_login);
    let change = move |settings: &mut TenantSettings| {
        put(&mut settings.name, &name);
        put(&mut settings.zone, &zone);
        put(&mut settings.session_days, &days);
        put(&mut settings.demands_totp, &totp);
        put(&mut settings.house.mac_login, &mac_login);
        put(&mut settings.house.unpaid, &unpaid);
    };
    let seen = |settings: &TenantSettings| meant.allows(&SettingsView::of(settings));
    let context = caller.context(&app);
    let changed = change_settings::change_settings(app.store(), &caller.scope(), &seen, &change, context).await;
    single(&SettingsView::of(&changed.map_err(refused)?))
}

fn put<T: Clone>(place: &mut T, wanted: &Option<T>) {
    if let Some(wanted) = wanted {
        place.clone_from(wanted);
    }
}

fn refused(why: ChangeSettingsError) -> Problem {
    let said = why.to_string();
    let field = match why {
        ChangeSettingsError::House(RestrictionFault::LeadsNowhere) => "/unpaid/address_list",
        ChangeSettingsError::House(RestrictionFault::Seconds) => "/unpaid/seconds",
        ChangeSettingsError::House(RestrictionFault::Rate(_)) => "/unpaid/rate",
        ChangeSettingsError::SessionDays => "/session_days",
        ChangeSettingsError::ChangedMeanwhile => return Problem::changed_meanwhile(),
        ChangeSettingsError::Store(why) => return why.into(),
    };
    Problem::of_field(field, FaultCode::Invalid, said)
}
