//! `/v1/messages`: what was sent and what was not, trying whether messages arrive, and sending again.

use actions::messages::retry_message::{RetryMessageError, retry_failed, retry_message};
use actions::messages::test_messages::{TestMessagesError, test_messages};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::id::MessageId;
use domain::messages::message::{Message, MessageState};
use domain::messages::template::MessageKind;
use domain::people::permission::{Act, Thing};
use domain::phone::Msisdn;
use serde::{Deserialize, Serialize};
use store::messages::outbox::{self, Filter};
use store::platform::tenants;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::app::App;
use crate::body::{Body, json};
use crate::door::Caller;
use crate::etag::single;
use crate::list::{List, Listing, Nothing, Paging, Query, listing, wrong};
use crate::problem::{Code, Faults, Problem};
use crate::routes::Route;
use crate::shapes::id_in_path;
use crate::uid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::needs(routes!(list), Thing::Messages, Act::See),
        Route::needs(routes!(test), Thing::Messages, Act::Make).told_as("test_messages"),
        Route::needs(routes!(retry_all), Thing::Messages, Act::Change).told_as("retry_message"),
        Route::needs(routes!(get), Thing::Messages, Act::See),
        Route::needs(routes!(retry), Thing::Messages, Act::Change).told_as("retry_message"),
    ]
}

/// A text message to a telephone, without what lets somebody in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Message)]
struct MessageView {
    /// Its id.
    id: Uuid,
    /// What it is for: `voucher_sold`, `lost_codes`, `one_time_code`, `test`. The list may grow.
    kind: &'static str,
    /// To whose telephone.
    phone: String,
    /// In which language.
    language: String,
    /// What it says, with stars for codes.
    text: String,
    /// As how many messages it is sent and paid for.
    parts: u16,
    /// `queued`, `sending`, `sent`, `unknown`: nobody knows whether it was sent, or `failed`.
    state: &'static str,
    /// How often it was tried.
    tries: u32,
    /// The provider's number of it.
    #[schema(required = true)]
    reference: Option<String>,
    /// What it cost, in the provider's words.
    #[schema(required = true)]
    cost: Option<String>,
    /// Why the last try did not send it.
    #[schema(required = true)]
    fault: Option<String>,
    /// What was paid for.
    #[schema(required = true)]
    payment_id: Option<Uuid>,
    /// When it was asked for.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it came to where it is.
    #[schema(format = DateTime)]
    changed_at: String,
}

impl MessageView {
    fn of(message: &Message) -> Self {
        Self {
            id: message.id.uuid().into(),
            kind: message.kind.code(),
            phone: message.to.expose().to_owned(),
            language: message.language.to_string(),
            text: message.shown.clone(),
            parts: message.parts,
            state: message.state.code(),
            tries: message.tries,
            reference: message.reference.clone(),
            cost: message.cost.clone(),
            fault: message.said.clone(),
            payment_id: message.payment.map(|id| id.uuid().into()),
            created_at: message.created_at.to_string(),
            changed_at: message.changed_at.to_string(),
        }
    }
}

fn missing() -> Problem {
    Problem::not_found("message")
}

/// How far a message is.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StateView {
    Queued,
    Sending,
    Sent,
    Unknown,
    Failed,
}

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Those to this telephone, in any spelling.
    phone: Option<String>,
    /// Those of this kind.
    #[param(example = "voucher_sold")]
    kind: Option<String>,
    /// Those that are so far.
    #[param(inline)]
    state: Option<StateView>,
}

/// List text messages
///
/// Newest first, for four hundred days.
#[utoipa::path(get, path = "/v1/messages", tag = "messages", operation_id = "list_messages",
    params(Paging, Filters), responses((status = 200, body = Listing<MessageView>)))]
async fn list(
    State(app): State<App>,
    caller: Caller,
    List { page, filters }: List<Filters>,
) -> Result<Response, Problem> {
    let kind = match &filters.kind {
        Some(code) => Some(MessageKind::from_code(code).ok_or_else(|| {
            let known: Vec<&str> = MessageKind::ALL.iter().map(|kind| kind.code()).collect();
            wrong("kind", format!("is one of {}", known.join(", ")))
        })?),
        None => None,
    };
    let state = filters.state.map(|state| match state {
        StateView::Queued => MessageState::Queued,
        StateView::Sending => MessageState::Sending,
        StateView::Sent => MessageState::Sent,
        StateView::Unknown => MessageState::Unknown,
        StateView::Failed => MessageState::Failed,
    });
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let to = match &filters.phone {
        Some(text) => {
            let country = tenants::own(&mut tx).await?.calling_code;
            Some(Msisdn::parse(text.as_bytes(), &country).map_err(|why| wrong("phone", why.to_string()))?)
        }
        None => None,
    };
    let filter = Filter { to, kind, state };
    let listed = outbox::list(&mut tx, &filter, page.page("-created_at")?).await?;
    listing(&page, "-created_at", listed.rows.iter().map(MessageView::of).collect(), listed.next)
}

/// Look at a text message
#[utoipa::path(get, path = "/v1/messages/{id}", tag = "messages", operation_id = "get_message",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    responses((status = 200, body = MessageView)))]
async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let id: MessageId = id_in_path(&id, "message")?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let found = outbox::find(&mut tx, id).await?.ok_or_else(missing)?;
    single(&MessageView::of(&found))
}

/// Send a message again that has failed, or of which nobody knows
///
/// Another try for each reason that it may have failed for. Whoever was sent it without our knowing gets it twice.
#[utoipa::path(post, path = "/v1/messages/{id}/retry", tag = "messages", operation_id = "retry_message",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    responses((status = 200, body = MessageView)))]
async fn retry(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let id: MessageId = id_in_path(&id, "message")?;
    let tried = retry_message(app.store(), &caller.scope(), id, caller.context(&app)).await;
    let message = tried.map_err(|why| {
        let said = why.to_string();
        match why {
            RetryMessageError::Unknown(_) => missing(),
            RetryMessageError::NotOver(_) | RetryMessageError::Forgotten => Problem::new(Code::Conflict, said),
            RetryMessageError::Store(why) => why.into(),
        }
    })?;
    single(&MessageView::of(&message))
}

/// How many are sent again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessagesRetried)]
struct RetriedView {
    /// How many; ask once more while it is 500.
    count: u32,
}

/// Send all messages again that have failed
///
/// The oldest 500. Those of which nobody knows are left: each is a question to whoever waits for it.
#[utoipa::path(post, path = "/v1/messages/retry", tag = "messages", operation_id = "retry_failed_messages",
    responses((status = 200, body = RetriedView)))]
async fn retry_all(State(app): State<App>, caller: Caller, _: Query<Nothing>) -> Result<Response, Problem> {
    let count = retry_failed(app.store(), &caller.scope(), caller.context(&app)).await?;
    json(&RetriedView { count })
}

/// Where a test is to arrive.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TestOf {
    /// A telephone's number, in any spelling.
    #[schema(example = "0712345678", min_length = 1, max_length = 32)]
    phone: String,
}

/// Try whether messages arrive
///
/// Three in an hour to one telephone. What becomes of it is in the message.
#[utoipa::path(post, path = "/v1/messages/test", tag = "messages", operation_id = "test_messages",
    request_body = TestOf, responses((status = 202, body = MessageView)))]
async fn test(
    State(app): State<App>,
    caller: Caller,
    _: Query<Nothing>,
    Body(asked): Body<TestOf>,
) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let country = tenants::own(&mut tx).await?.calling_code;
    drop(tx);
    let mut faults = Faults::new();
    let to = faults.take("/phone", Msisdn::parse(asked.phone.as_bytes(), &country));
    let to = faults.unless(to)?;
    let tested = test_messages(app.store(), &caller.scope(), &to, caller.context(&app)).await;
    let id = tested.map_err(|why| {
        let said = why.to_string();
        match why {
            TestMessagesError::NoProvider => Problem::new(Code::Conflict, said),
            TestMessagesError::TooOften(minutes) => {
                let seconds = u32::try_from(minutes.saturating_mul(60)).unwrap_or(u32::MAX);
                Problem::new(Code::TooMany, said).after(seconds)
            }
            TestMessagesError::Store(why) => why.into(),
        }
    })?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let message = outbox::find(&mut tx, id).await?.ok_or_else(missing)?;
    let mut response = json(&MessageView::of(&message))?;
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}
