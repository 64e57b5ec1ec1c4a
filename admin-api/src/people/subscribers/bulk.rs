//! Many subscribers suspended in one operation: with a preview, and undone at `/v1/operations/{id}/undo`.

use actions::people::suspend_many::{self, SuspendManyError};
use axum::extract::State;
use axum::response::Response;
use domain::id::PlanId;
use domain::people::permission::{Act, Thing};
use domain::people::subscriber::Username;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use store::people::operations::{Choice, Chosen};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::app::App;
use crate::body::{Body, json};
use crate::door::Caller;
use crate::problem::{Code, Faults, Problem};
use crate::routes::Route;
use crate::shapes::plans_by_id;

/// Rows that are shown.
const SHOWN: usize = 20;

/// User names that one request names.
const NAMES_MAX: usize = 10_000;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::needs(routes!(suspend_all), Thing::Subscribers, Act::Change).told_as("suspend_subscriber")]
}

/// Which subscribers: those of whom all that is said is true. At least one thing must be said.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SuspendMany {
    /// Those on this plan.
    #[schema(format = Uuid)]
    plan_id: Option<String>,
    /// Those whose time was over by then.
    #[schema(format = DateTime)]
    expired_by: Option<String>,
    /// Those with one of these user names; at most 10,000.
    usernames: Option<Vec<String>>,
    /// Only tell whom it would be.
    #[serde(default)]
    preview: bool,
}

/// Who was meant, and what became of them.
#[derive(Debug, Serialize, ToSchema)]
struct SuspendResult {
    /// Whether nothing was written.
    preview: bool,
    /// The operation, whose rows tell what became of each; null of a preview.
    #[schema(format = Uuid)]
    operation_id: Option<String>,
    /// How many subscribers were meant.
    meant: usize,
    /// How many of them were online.
    online: usize,
    /// How many of them were suspended before.
    suspended_before: usize,
    /// User names that were asked for and are not there; the first 20.
    unknown: Vec<String>,
    /// The first 20 who were meant.
    rows: Vec<SuspendRow>,
}

/// One who was meant.
#[derive(Debug, Serialize, ToSchema)]
struct SuspendRow {
    /// The subscriber.
    #[schema(format = Uuid)]
    id: String,
    /// Its user name.
    username: String,
    /// Whether it was online.
    online: bool,
    /// Whether it was suspended before.
    suspended_before: bool,
}

impl From<&Chosen> for SuspendRow {
    fn from(chosen: &Chosen) -> Self {
        Self {
            id: chosen.id.to_string(),
            username: chosen.username.to_string(),
            online: chosen.is_live,
            suspended_before: chosen.is_suspended,
        }
    }
}

/// Suspend many subscribers
///
/// With `preview` nothing is written. Otherwise it is an operation, which can be undone. For whoever sees all zones.
#[utoipa::path(post, path = "/v1/subscribers/suspend", tag = "subscribers", operation_id = "suspend_subscribers",
    request_body = SuspendMany, responses((status = 200, body = SuspendResult)))]
async fn suspend_all(
    State(app): State<App>,
    caller: Caller,
    Body(asked): Body<SuspendMany>,
) -> Result<Response, Problem> {
    if caller.zones().filter().is_some() {
        let said = "many subscribers are suspended by those who see all zones; ask an administrator";
        return Err(Problem::new(Code::NotAllowed, said));
    }
    let (store, scope) = (app.store(), caller.scope());
    let (choice, mut about) = asked.read()?;
    if let Some(plan) = choice.plan {
        let mut tx = store.tenant(&scope).await?;
        let plan = plans_by_id(&mut tx, [plan]).await?.into_values().next();
        about.insert(0, format!("plan {}", plan.ok_or_else(|| Problem::not_found("plan"))?.name));
    }
    let meant = suspend_many::preview(store, &scope, &choice).await.map_err(problem)?;
    let operation = if asked.preview {
        None
    } else {
        let context = caller.context(&app);
        let begun = suspend_many::begin(store, &scope, &meant, &about.join(", "), context).await.map_err(problem)?;
        suspend_many::carry_on(store, &scope, begun.id, context, &mut |_| {}).await.map_err(problem)?;
        Some(begun.id.to_string())
    };
    json(&SuspendResult {
        preview: asked.preview,
        operation_id: operation,
        meant: meant.chosen.len(),
        online: meant.live(),
        suspended_before: meant.suspended(),
        unknown: meant.unknown.iter().take(SHOWN).map(ToString::to_string).collect(),
        rows: meant.chosen.iter().take(SHOWN).map(SuspendRow::from).collect(),
    })
}

impl SuspendMany {
    /// Whom it means, and the same in words.
    fn read(&self) -> Result<(Choice, Vec<String>), Problem> {
        let mut faults = Faults::new();
        let plan = faults.take("/plan_id", self.plan_id.as_ref().map(|id| id.parse::<PlanId>()).transpose());
        let expired_by =
            faults.take("/expired_by", self.expired_by.as_ref().map(|at| at.parse::<Timestamp>()).transpose());
        let usernames = match &self.usernames {
            Some(names) if names.len() > NAMES_MAX => {
                faults.note("/usernames", format!("more than {NAMES_MAX} user names: choose them by their plan"));
                None
            }
            Some(names) => {
                let read = names.iter().enumerate();
                let read = read
                    .map(|(place, name)| faults.take(&format!("/usernames/{place}"), Username::parse(name.as_bytes())));
                read.collect::<Vec<_>>().into_iter().collect::<Option<Vec<_>>>()
            }
            None => None,
        };
        if self.plan_id.is_none() && self.expired_by.is_none() && self.usernames.is_none() {
            faults.note("", "say who is meant: by plan_id, expired_by or usernames");
        }
        faults.none()?;
        let choice = Choice { plan: plan.flatten(), expired_by: expired_by.flatten(), usernames };
        let mut about = Vec::new();
        if let Some(at) = choice.expired_by {
            about.push(format!("expired by {at}"));
        }
        if let Some(names) = &choice.usernames {
            about.push(format!("{} user names", names.len()));
        }
        Ok((choice, about))
    }
}

fn problem(why: SuspendManyError) -> Problem {
    match why {
        SuspendManyError::TooMany | SuspendManyError::Nobody | SuspendManyError::Undone(_) => {
            Problem::new(Code::Conflict, why.to_string())
        }
        SuspendManyError::Unknown(_) => Problem::not_found("operation"),
        SuspendManyError::Store(why) => why.into(),
    }
}
