//! `/v1/messages/templates`: what text messages say.

use actions::messages::templates::{PutTemplateError, in_force, put_template};
use axum::extract::State;
use axum::response::Response;
use domain::messages::language::Language;
use domain::messages::template::{MessageKind, Template, Variable};
use domain::people::permission::{Act, Thing};
use policy::messages::{parts, templates};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::app::App;
use crate::body::{Body, json};
use crate::door::Caller;
use crate::list::{Nothing, Query, wrong};
use crate::problem::{Code, FaultCode, Faults, Problem};
use crate::routes::Route;
use crate::shapes::asked;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::needs(routes!(list), Thing::Settings, Act::See),
        Route::needs(routes!(preview), Thing::Settings, Act::See).untold("a preview is shown, and nothing is kept"),
        Route::needs(routes!(put), Thing::Settings, Act::Change).told_as("put_message_template"),
    ]
}

/// What messages of a kind say in a language.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageTemplate)]
struct TemplateView {
    /// For which messages: `voucher_sold`, `lost_codes`, `one_time_code`, `test`. The list may grow.
    kind: &'static str,
    /// In which language.
    language: String,
    /// What they say, with places in braces.
    text: String,
    /// When it was changed; null: it comes with the program.
    #[schema(required = true, format = DateTime)]
    changed_at: Option<String>,
    /// Places that may be there.
    variables: Vec<&'static str>,
    /// Places that must be there.
    compulsory: Vec<&'static str>,
}

impl TemplateView {
    fn of(template: &Template) -> Self {
        let names = |variables: &[Variable]| variables.iter().map(|one| one.name()).collect();
        Self {
            kind: template.kind.code(),
            language: template.language.to_string(),
            text: template.text.clone(),
            changed_at: template.changed_at.map(|at| at.to_string()),
            variables: names(template.kind.variables()),
            compulsory: names(template.kind.compulsory()),
        }
    }
}

/// All texts that are in force. There are never many.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageTemplates)]
struct TemplatesView {
    /// By kind, then by language.
    items: Vec<TemplateView>,
}

/// The kind of a name, or those that there are.
fn kind_of(code: &str) -> Result<MessageKind, String> {
    let known: Vec<&str> = MessageKind::ALL.iter().map(|kind| kind.code()).collect();
    MessageKind::from_code(code).ok_or_else(|| format!("there is no such kind: there are {}", known.join(", ")))
}

/// Which texts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Those of this kind.
    #[param(example = "voucher_sold")]
    kind: Option<String>,
    /// Those in this language.
    #[param(example = "en")]
    language: Option<String>,
}

/// List what text messages say
///
/// In every language that there is: one's own texts, and those that come with the program.
#[utoipa::path(get, path = "/v1/messages/templates", tag = "messages", operation_id = "list_message_templates",
    params(Filters), responses((status = 200, body = TemplatesView)))]
async fn list(State(app): State<App>, caller: Caller, Query(filters): Query<Filters>) -> Result<Response, Problem> {
    let kind = filters.kind.as_deref().map(kind_of).transpose().map_err(|why| wrong("kind", why))?;
    let language: Option<Language> = asked("language", filters.language.as_ref())?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let all = in_force(&mut tx).await?;
    let wanted = all.iter().filter(|one| {
        kind.is_none_or(|kind| one.kind == kind) && language.as_ref().is_none_or(|language| one.language == *language)
    });
    json(&TemplatesView { items: wanted.map(TemplateView::of).collect() })
}

/// Write what messages of a kind say in a language
///
/// An unknown place is refused with those that there are, and so is a text without what people need.
#[utoipa::path(put, path = "/v1/messages/templates", tag = "messages", operation_id = "put_message_template",
    request_body = TextOf, responses((status = 200, body = TemplateView)))]
async fn put(
    State(app): State<App>,
    caller: Caller,
    _: Query<Nothing>,
    Body(asked): Body<TextOf>,
) -> Result<Response, Problem> {
    let (kind, language) = asked.read()?;
    let (scope, context) = (caller.scope(), caller.context(&app));
    let put = put_template(app.store(), &scope, (kind, &language), &asked.text, context).await;
    let put = put.map_err(|why| {
        let said = why.to_string();
        match why {
            PutTemplateError::Fault(_) => Problem::of_field("/text", FaultCode::Invalid, said),
            PutTemplateError::Full => Problem::new(Code::Conflict, said),
            PutTemplateError::Store(why) => why.into(),
        }
    })?;
    json(&TemplateView::of(&put))
}

/// What messages of a kind say in a language.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MessageText)]
struct TextOf {
    /// For which messages.
    #[schema(example = "test")]
    kind: String,
    /// In which language.
    #[schema(example = "en", pattern = "^[a-z]{2,3}$")]
    language: String,
    /// With places in braces.
    #[schema(example = "{brand}: this is a test. Help: {contact}", min_length = 1, max_length = 480)]
    text: String,
}

impl TextOf {
    /// Its kind and language, and a text that is good for them.
    fn read(&self) -> Result<(MessageKind, Language), Problem> {
        let mut faults = Faults::new();
        let kind = faults.take("/kind", kind_of(&self.kind));
        let language = faults.take("/language", self.language.parse::<Language>());
        if let Some(kind) = kind {
            faults.take("/text", templates::check(kind, &self.text));
        }
        faults.unless(kind.zip(language))
    }
}

/// How a message would look, with usual words in its places.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessagePreview)]
struct PreviewView {
    /// What it would say.
    text: String,
    /// In which alphabet: `gsm7`, or `ucs2`, which costs more.
    alphabet: &'static str,
    /// Its units: of 160 or 70, and 153 or 67 in each part of a longer one.
    units: usize,
    /// As how many messages it would be sent and paid for.
    parts: u16,
}

/// See how a message would look, and what it would cost
#[utoipa::path(post, path = "/v1/messages/templates/preview", tag = "messages",
    operation_id = "preview_message_template",
    request_body = TextOf, responses((status = 200, body = PreviewView)))]
async fn preview(
    State(_): State<App>,
    _: Caller,
    _: Query<Nothing>,
    Body(asked): Body<TextOf>,
) -> Result<Response, Problem> {
    let (kind, language) = asked.read()?;
    let text = templates::sample(kind, &asked.text, &language);
    let parts = parts::parts(&text);
    json(&PreviewView { alphabet: parts.alphabet.code(), units: parts.units, parts: parts.count, text })
}
