//! `/v1/messages/settings`: through whom text messages are sent, and in whose name. Keys go in and never come out.

mod view;

use actions::messages::settings::{MessageSettingsError, NewSettings, put_message_settings};
use axum::extract::State;
use axum::response::Response;
use domain::messages::language::Language;
use domain::messages::provider::{ProviderKeys, SenderId, Terms};
use domain::messages::settings::MessageSettings;
use domain::people::permission::{Act, Thing};
use domain::secret::Secret;
use serde::Deserialize;
use store::messages::settings;
use utoipa::ToSchema;
use utoipa_axum::routes;

use self::view::{AfricasTalkingView, HttpProviderView, MessageSettingsView};
use crate::app::App;
use crate::body::Body;
use crate::door::Caller;
use crate::etag::{IfMatch, single};
use crate::list::{Nothing, Query};
use crate::problem::{FaultCode, Faults, FieldFault, Problem};
use crate::routes::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::needs(routes!(show), Thing::Settings, Act::See),
        Route::needs(routes!(put), Thing::Settings, Act::Change).told_as("put_message_settings").checks_state(),
    ]
}

/// Show how text messages are sent
///
/// Keys are never shown.
#[utoipa::path(get, path = "/v1/messages/settings", tag = "messages", operation_id = "show_message_settings",
    responses((status = 200, body = MessageSettingsView)))]
async fn show(State(app): State<App>, caller: Caller, _: Query<Nothing>) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    single(&MessageSettingsView::of(settings::find(&mut tx).await?.as_ref()))
}

/// How text messages are to be sent: all of it. Exactly one of `africas_talking` and `http` is given.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMessageSettings {
    /// Through Africa's Talking.
    africas_talking: Option<AfricasTalkingView>,
    /// Through any other provider that takes a message as one request.
    http: Option<HttpProviderView>,
    /// The provider's key; left out, the one that is kept stays. Another host needs it anew.
    #[schema(min_length = 1, max_length = 500)]
    key: Option<String>,
    /// A second key, where the provider wants one. It goes with `key`, and is taken away by a `key` without it.
    #[schema(min_length = 1, max_length = 500)]
    secret: Option<String>,
    /// Who messages come from, as the provider has registered it.
    #[schema(example = "SAVANNA", min_length = 1, max_length = 15)]
    sender: Option<String>,
    /// The provider of internet as people know it; left out, its name.
    #[schema(example = "Savanna Net", min_length = 1, max_length = 40)]
    brand: Option<String>,
    /// Whom people may call for help.
    #[schema(example = "0700111222", min_length = 1, max_length = 40)]
    contact: String,
    /// The language of messages to telephones of which none is known.
    #[schema(example = "en", pattern = "^[a-z]{2,3}$")]
    language: Option<String>,
    /// Whether anything is sent.
    #[serde(default = "yes")]
    is_active: bool,
    /// Whether buyers are sent their voucher.
    #[serde(default = "yes")]
    sends_vouchers: bool,
}

impl std::fmt::Debug for NewMessageSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewMessageSettings").field("contact", &self.contact).finish_non_exhaustive()
    }
}

const fn yes() -> bool {
    true
}

impl NewMessageSettings {
    fn read(self) -> Result<NewSettings, Problem> {
        let mut faults = Faults::new();
        let sender = self.sender.and_then(|text| faults.take("/sender", text.parse::<SenderId>()));
        let language = match self.language {
            Some(text) => faults.take("/language", text.parse::<Language>()),
            None => Some(Language::english()),
        };
        let terms = match (self.africas_talking, self.http) {
            (Some(one), None) => Some(Terms::from(one)),
            (None, Some(http)) => Some(http.read(&mut faults)),
            (Some(_), Some(_)) => {
                faults.note("/http", "give `africas_talking` or `http`, not both");
                None
            }
            (None, None) => {
                faults.note("/africas_talking", "give `africas_talking`, or `http` for another provider");
                None
            }
        };
        if self.key.is_none() && self.secret.is_some() {
            faults.note("/secret", "a second key goes with the first: give `key` as well");
        }
        let (terms, language) = faults.unless(terms.zip(language))?;
        let secret = self.secret.map(Secret::new);
        Ok(NewSettings {
            terms,
            keys: self.key.map(|key| ProviderKeys { key: Secret::new(key), secret }),
            sender,
            brand: self.brand,
            contact: self.contact,
            language,
            is_active: self.is_active,
            sends_vouchers: self.sends_vouchers,
        })
    }
}

/// Settle how text messages are sent
///
/// All of it is replaced. What is left out of the keys stays.
#[utoipa::path(put, path = "/v1/messages/settings", tag = "messages", operation_id = "put_message_settings",
    request_body = NewMessageSettings, responses((status = 200, body = MessageSettingsView)))]
async fn put(
    State(app): State<App>,
    caller: Caller,
    meant: IfMatch,
    _: Query<Nothing>,
    Body(new): Body<NewMessageSettings>,
) -> Result<Response, Problem> {
    let new = new.read()?;
    let seen = |settings: Option<&MessageSettings>| meant.allows(&MessageSettingsView::of(settings));
    let put = put_message_settings(app.store(), &caller.scope(), &seen, new, caller.context(&app)).await;
    single(&MessageSettingsView::of(Some(&put.map_err(refused)?)))
}

fn refused(why: MessageSettingsError) -> Problem {
    let field = |part: &str| match part {
        "url" | "headers" | "body" | "success" => format!("/http/{part}"),
        "username" => "/africas_talking/username".to_owned(),
        other => format!("/{other}"),
    };
    match why {
        MessageSettingsError::Faults(faults) => Problem::of_fields(
            faults
                .into_iter()
                .map(|fault| FieldFault { field: field(fault.part), code: FaultCode::Invalid, detail: fault.what })
                .collect(),
        ),
        MessageSettingsError::ChangedMeanwhile => Problem::changed_meanwhile(),
        MessageSettingsError::Store(why) => why.into(),
    }
}
