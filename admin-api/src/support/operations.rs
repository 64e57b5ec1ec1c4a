//! `/v1/operations`: deeds on many subscribers at once.

use actions::people::suspend_many::{self, SuspendManyError};
use axum::extract::{Path, State};
use axum::response::Response;
use domain::id::OperationId;
use domain::people::operation::{Operation, OperationRow};
use serde::Serialize;
use store::Page;
use store::people::operations;
use utoipa::ToSchema;

use crate::app::App;
use crate::body::json;
use crate::door::Caller;
use crate::etag;
use crate::list::{List, Listing, Nothing, Paging, Query, listing};
use crate::problem::{Code, Problem};
use crate::uid::Uuid;

/// A deed on many subscribers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = Operation)]
pub struct OperationView {
    /// Its id.
    pub id: Uuid,
    /// What was done: `suspend`.
    pub verb: String,
    /// How the subscribers were chosen, in words.
    pub about: String,
    /// Who began it.
    pub by: String,
    /// How many subscribers.
    pub size: u32,
    /// How far it is.
    pub state: OperationState,
    /// When it was begun.
    #[schema(format = DateTime)]
    pub begun_at: String,
    /// When its last subscriber was dealt with.
    #[schema(required = true, format = DateTime)]
    pub finished_at: Option<String>,
    /// When it was undone.
    #[schema(required = true, format = DateTime)]
    pub undone_at: Option<String>,
}

/// How far an operation is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OperationState {
    /// Some subscribers wait for their turn.
    Begun,
    /// All were dealt with.
    Finished,
    /// It was taken back.
    Undone,
}

impl From<&Operation> for OperationView {
    fn from(operation: &Operation) -> Self {
        let state = match (operation.undone_at, operation.finished_at) {
            (Some(_), _) => OperationState::Undone,
            (None, Some(_)) => OperationState::Finished,
            (None, None) => OperationState::Begun,
        };
        Self {
            id: operation.id.uuid().into(),
            verb: "suspend".to_owned(),
            about: operation.about.clone(),
            by: operation.actor.clone(),
            size: operation.size,
            state,
            begun_at: operation.begun_at.to_string(),
            finished_at: operation.finished_at.map(|at| at.to_string()),
            undone_at: operation.undone_at.map(|at| at.to_string()),
        }
    }
}

/// List operations
///
/// Newest first.
#[utoipa::path(
    get, path = "/v1/operations", tag = "operations", operation_id = "list_operations",
    params(Paging),
    responses((status = 200, description = "One page of operations.", body = Listing<OperationView>)),
)]
pub(crate) async fn list_operations(
    State(app): State<App>,
    caller: Caller,
    List { page, .. }: List<Nothing>,
) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let listed = operations::list(&mut tx, page.page("newest")?).await?;
    listing(&page, "newest", listed.rows.iter().map(OperationView::from).collect(), listed.next)
}

fn missing() -> Problem {
    Problem::not_found("operation")
}

fn id_of(text: &str) -> Result<OperationId, Problem> {
    uuid::Uuid::parse_str(text).map(OperationId::from_uuid).map_err(|_| missing())
}

/// Look at an operation
#[utoipa::path(
    get, path = "/v1/operations/{id}", tag = "operations", operation_id = "get_operation",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    responses((status = 200, description = "The operation.", body = OperationView)),
)]
pub(crate) async fn get_operation(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let operation = operations::find(&mut tx, id).await?.ok_or_else(missing)?;
    etag::single(&OperationView::from(&operation))
}

/// What became of one subscriber.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct OperationOutcome {
    /// Its place in the operation; counts from 1.
    pub place: u32,
    /// The subscriber.
    pub subscriber: Uuid,
    /// Its user name when the operation was begun.
    pub user_name: String,
    /// What became of it: `waiting`, `suspended`, `was_suspended`, `gone`, `resumed`, `changed_since`.
    pub outcome: String,
}

impl From<&OperationRow> for OperationOutcome {
    fn from(row: &OperationRow) -> Self {
        Self {
            place: row.place,
            subscriber: row.subscriber.uuid().into(),
            user_name: row.username.to_string(),
            outcome: row.outcome.code().to_owned(),
        }
    }
}

/// List what became of each subscriber of an operation
#[utoipa::path(
    get, path = "/v1/operations/{id}/rows", tag = "operations", operation_id = "list_operation_rows",
    params(("id" = String, Path, format = Uuid, description = "The operation."), Paging),
    responses((status = 200, description = "One page of them, in their order.", body = Listing<OperationOutcome>)),
)]
pub(crate) async fn list_operation_rows(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    List { page, .. }: List<Nothing>,
) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    let asked: Page<u32> = page.page("place")?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    operations::find(&mut tx, id).await?.ok_or_else(missing)?;
    let after = asked.key().copied().unwrap_or(0);
    let rows = operations::rows(&mut tx, id, after, u16::try_from(asked.size()).unwrap_or(u16::MAX)).await?;
    let is_full = rows.len() == asked.size();
    let next = rows.last().filter(|_| is_full).map(|row| row.place);
    listing(&page, "place", rows.iter().map(OperationOutcome::from).collect(), next)
}

/// What an undo has come to.
#[derive(Debug, Serialize, ToSchema)]
pub struct UndoneView {
    /// Subscribers who run again.
    resumed: usize,
    /// Subscribers whom somebody has resumed or suspended since: they are left as they are.
    changed_since: usize,
}

/// Undo an operation
///
/// Resumes those whom it suspended and nobody has touched since. An undo that broke off goes on when it is asked for
/// again.
#[utoipa::path(
    post, path = "/v1/operations/{id}/undo", tag = "operations", operation_id = "undo_operation",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    responses((status = 200, description = "It is undone.", body = UndoneView)),
)]
pub(crate) async fn undo_operation(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    let context = caller.context(&app);
    let undone =
        suspend_many::undo(app.store(), &caller.scope(), id, context, &mut |_| {}).await.map_err(|why| match why {
            SuspendManyError::Unknown(_) => missing(),
            SuspendManyError::Store(why) => Problem::from(why),
            SuspendManyError::TooMany | SuspendManyError::Nobody | SuspendManyError::Undone(_) => {
                Problem::new(Code::Conflict, why.to_string())
            }
        })?;
    json(&UndoneView { resumed: undone.resumed, changed_since: undone.changed_since })
}
