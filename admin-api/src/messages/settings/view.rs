//! What is shown of how text messages are sent, and how a provider is written down.

use domain::messages::provider::{BodyKind, HttpMethod, HttpTerms, PhoneForm, Success, Terms, World};
use domain::messages::settings::MessageSettings;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Faults;

/// Which world of a provider.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ProviderWorld)]
pub(super) enum WorldView {
    /// Nothing reaches a telephone.
    Sandbox,
    /// Messages are sent and paid for.
    Production,
}

/// An app at Africa's Talking.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AfricasTalking)]
pub(super) struct AfricasTalkingView {
    /// The app's user name; `sandbox` in the sandbox.
    #[schema(example = "sandbox", min_length = 1, max_length = 100)]
    username: String,
    /// Which world.
    world: WorldView,
}

impl From<AfricasTalkingView> for Terms {
    fn from(one: AfricasTalkingView) -> Self {
        let world = match one.world {
            WorldView::Sandbox => World::Sandbox,
            WorldView::Production => World::Production,
        };
        Self::AfricasTalking { username: one.username, world }
    }
}

/// A header of a request.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RequestHeader)]
pub(super) struct HeaderView {
    /// Its name.
    #[schema(example = "Authorization", min_length = 1, max_length = 100)]
    name: String,
    /// What it says, with places for keys.
    #[schema(example = "Bearer {key}", max_length = 300)]
    value: String,
}

/// How a request is made.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = RequestMethod)]
pub(super) enum MethodView {
    /// All stands in the address.
    Get,
    /// With a body.
    Post,
    /// With a body.
    Put,
}

/// What a request's body is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RequestBodyKind)]
pub(super) enum BodyKindView {
    /// JSON, with places inside its texts.
    Json,
    /// A form.
    Form,
}

/// How a provider wants a telephone's number.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PhoneForm)]
pub(super) enum PhoneFormView {
    /// `+254712345678`.
    Plus,
    /// `254712345678`.
    International,
    /// `0712345678`.
    National,
    /// `712345678`.
    Bare,
}

/// By what it is seen that a message was taken: all that is said here must be so.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ProviderSuccess)]
pub(super) struct SuccessView {
    /// The statuses of HTTP that are good; none is 200 to 299.
    #[schema(max_items = 10)]
    statuses: Vec<u16>,
    /// Where in an answer of JSON its verdict stands (RFC 6901): the first that leads somewhere counts.
    #[schema(max_items = 10, example = json!(["/status"]))]
    verdict_at: Vec<String>,
    /// Verdicts that are good.
    #[schema(max_items = 10, example = json!(["success"]))]
    good: Vec<String>,
    /// Verdicts after which it is no use to try this message again.
    #[schema(max_items = 10)]
    hopeless: Vec<String>,
    /// What a good answer holds, where it is no JSON.
    #[schema(max_length = 100)]
    text: Option<String>,
    /// Where the provider's number of the message stands.
    #[schema(max_length = 100)]
    reference_at: Option<String>,
}

/// A provider that takes a message as one request. Places are filled in: `{to}`, `{message}`, `{sender}`, `{id}`, `{key}`,
/// `{secret}` and `{basic}`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HttpProvider)]
pub(super) struct HttpProviderView {
    /// How it is asked.
    method: MethodView,
    /// Where: `https://`, with places behind the host alone.
    #[schema(example = "https://sms.example/api/send", min_length = 1, max_length = 500)]
    url: String,
    /// Headers, with places for keys.
    #[serde(default)]
    #[schema(max_items = 10)]
    headers: Vec<HeaderView>,
    /// What the body is.
    body_kind: Option<BodyKindView>,
    /// What is sent.
    #[schema(example = r#"{"to": "{to}", "message": "{message}"}"#, max_length = 4_000)]
    body: Option<String>,
    /// How it wants numbers.
    phone_form: PhoneFormView,
    /// By what it is seen that it has taken a message.
    #[serde(default)]
    success: SuccessView,
}

impl HttpProviderView {
    pub(super) fn read(self, faults: &mut Faults) -> Terms {
        let kind = self.body_kind.map(|kind| match kind {
            BodyKindView::Json => BodyKind::Json,
            BodyKindView::Form => BodyKind::Form,
        });
        let body = match (kind, self.body) {
            (Some(kind), Some(body)) => Some((kind, body)),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => {
                faults.note("/http/body", "`body` and `body_kind` go together: give both or none");
                None
            }
        };
        let SuccessView { statuses, verdict_at, good, hopeless, text, reference_at } = self.success;
        Terms::Http(Box::new(HttpTerms {
            method: match self.method {
                MethodView::Get => HttpMethod::Get,
                MethodView::Post => HttpMethod::Post,
                MethodView::Put => HttpMethod::Put,
            },
            url: self.url,
            headers: self.headers.into_iter().map(|header| (header.name, header.value)).collect(),
            body,
            phone_form: match self.phone_form {
                PhoneFormView::Plus => PhoneForm::Plus,
                PhoneFormView::International => PhoneForm::International,
                PhoneFormView::National => PhoneForm::National,
                PhoneFormView::Bare => PhoneForm::Bare,
            },
            success: Success { statuses, verdict_at, good, hopeless, text, reference_at },
        }))
    }

    fn of(http: &HttpTerms) -> Self {
        let Success { statuses, verdict_at, good, hopeless, text, reference_at } = http.success.clone();
        let header = |(name, value): &(String, String)| HeaderView { name: name.clone(), value: value.clone() };
        Self {
            method: match http.method {
                HttpMethod::Get => MethodView::Get,
                HttpMethod::Post => MethodView::Post,
                HttpMethod::Put => MethodView::Put,
            },
            url: http.url.clone(),
            headers: http.headers.iter().map(header).collect(),
            body_kind: http.body.as_ref().map(|(kind, _)| match kind {
                BodyKind::Json => BodyKindView::Json,
                BodyKind::Form => BodyKindView::Form,
            }),
            body: http.body.as_ref().map(|(_, body)| body.clone()),
            phone_form: match http.phone_form {
                PhoneForm::Plus => PhoneFormView::Plus,
                PhoneForm::International => PhoneFormView::International,
                PhoneForm::National => PhoneFormView::National,
                PhoneForm::Bare => PhoneFormView::Bare,
            },
            success: SuccessView { statuses, verdict_at, good, hopeless, text, reference_at },
        }
    }
}

/// How text messages are sent. Before anything is set up, all is null and `revision` 0.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageSettings)]
pub(super) struct MessageSettingsView {
    /// The app at Africa's Talking, if that is the provider.
    #[schema(required = true)]
    africas_talking: Option<AfricasTalkingView>,
    /// The provider, if it is another.
    #[schema(required = true)]
    http: Option<HttpProviderView>,
    /// Whether keys are set. They are never shown.
    has_key: bool,
    /// Who messages come from; null: the provider's own choice.
    #[schema(required = true)]
    sender: Option<String>,
    /// The provider of internet as people know it; null: its name.
    #[schema(required = true)]
    brand: Option<String>,
    /// Whom people may call for help.
    #[schema(required = true)]
    contact: Option<String>,
    /// The language of messages to telephones of which none is known.
    #[schema(required = true)]
    language: Option<String>,
    /// Whether anything is sent.
    is_active: bool,
    /// Whether buyers are sent their voucher.
    sends_vouchers: bool,
    /// Goes up with every change.
    revision: u64,
}

impl MessageSettingsView {
    pub(super) fn of(settings: Option<&MessageSettings>) -> Self {
        let Some(settings) = settings else {
            return Self {
                africas_talking: None,
                http: None,
                has_key: false,
                sender: None,
                brand: None,
                contact: None,
                language: None,
                is_active: false,
                sends_vouchers: false,
                revision: 0,
            };
        };
        let (africas_talking, http) = match &settings.terms {
            Terms::AfricasTalking { username, world } => {
                let world = match world {
                    World::Sandbox => WorldView::Sandbox,
                    World::Production => WorldView::Production,
                };
                (Some(AfricasTalkingView { username: username.clone(), world }), None)
            }
            Terms::Http(http) => (None, Some(HttpProviderView::of(http))),
        };
        Self {
            africas_talking,
            http,
            has_key: true,
            sender: settings.sender.as_ref().map(|sender| sender.as_str().to_owned()),
            brand: settings.brand.clone(),
            contact: Some(settings.contact.clone()),
            language: Some(settings.language.to_string()),
            is_active: settings.is_active,
            sends_vouchers: settings.sends_vouchers,
            revision: settings.revision,
        }
    }
}
