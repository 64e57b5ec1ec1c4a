//! Suspends many subscribers in one operation, in batches; goes on where it stopped; undoes it.
//!
//! Each batch is a transaction of its own with its entries in the audit, so a stop half-way loses nothing, and live
//! sessions follow while the operation goes on.

use domain::id::{OperationId, SubscriberId};
use domain::people::operation::{Operation, Outcome, SIZE_MAX};
use domain::people::subscriber::Username;
use domain::platform::audit::{ACTOR_MAX, Change, Thing, Verb};
use store::people::operations::{self, Choice, Chosen};
use store::platform::audit;
use store::{Store, StoreError, TenantScope, TenantTx};
use thiserror::Error;

use crate::context::Context;

/// Subscribers of one batch.
const BATCH: u16 = 1_000;

/// Characters of how the subscribers were chosen.
const ABOUT_MAX: usize = 200;

/// Who is meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Preview {
    /// The subscribers, by their user names.
    pub chosen: Vec<Chosen>,
    /// User names that were asked for and are not there.
    pub unknown: Vec<Username>,
}

impl Preview {
    /// How many of them are online.
    pub fn live(&self) -> usize {
        self.chosen.iter().filter(|one| one.is_live).count()
    }

    /// How many of them are suspended already.
    pub fn suspended(&self) -> usize {
        self.chosen.iter().filter(|one| one.is_suspended).count()
    }
}

/// Why many were not suspended.
#[derive(Debug, Error)]
pub enum SuspendManyError {
    /// More than one operation takes.
    #[error("more than {SIZE_MAX} subscribers are meant: choose fewer, as those of one plan")]
    TooMany,
    /// Nobody is meant.
    #[error("nobody is meant: no subscriber fits")]
    Nobody,
    /// No such operation.
    #[error("there is no operation {0}: `mnetifi operation list` shows those there are")]
    Unknown(OperationId),
    /// It was undone: what is left of it stays undone.
    #[error("operation {0} was undone, so it does not go on")]
    Undone(OperationId),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who would be suspended.
pub async fn preview(store: &Store, scope: &TenantScope, choice: &Choice) -> Result<Preview, SuspendManyError> {
    let mut tx = store.tenant(scope).await?;
    let chosen = operations::chosen(&mut tx, choice).await?;
    if chosen.len() > SIZE_MAX {
        return Err(SuspendManyError::TooMany);
    }
    let is_there = |name: &&Username| chosen.binary_search_by(|one| one.username.cmp(name)).is_ok();
    let unknown = choice.usernames.iter().flatten().filter(|name| !is_there(name)).cloned().collect();
    Ok(Preview { chosen, unknown })
}

/// Begins an operation on those who are meant; `about` says in words who they are. Nobody is suspended yet:
/// [`carry_on`] does that.
pub async fn begin(
    store: &Store,
    scope: &TenantScope,
    preview: &Preview,
    about: &str,
    context: Context<'_>,
) -> Result<Operation, SuspendManyError> {
    if preview.chosen.is_empty() {
        return Err(SuspendManyError::Nobody);
    }
    let operation = Operation {
        id: context.new_id(),
        about: about.chars().take(ABOUT_MAX).collect(),
        actor: context.actor().chars().take(ACTOR_MAX).collect(),
        size: u32::try_from(preview.chosen.len()).unwrap_or(u32::MAX),
        begun_at: context.now(),
        finished_at: None,
        undone_at: None,
    };
    let mut tx = store.tenant(scope).await?;
    operations::begin(&mut tx, &operation, &preview.chosen).await?;
    tx.commit().await?;
    Ok(operation)
}

/// Suspends all of an operation that are left, and tells how many it has dealt with after each batch. Doing it again,
/// or twice at once, does no harm.
pub async fn carry_on(
    store: &Store,
    scope: &TenantScope,
    id: OperationId,
    context: Context<'_>,
    told: &mut (dyn FnMut(usize) + Send),
) -> Result<Operation, SuspendManyError> {
    let mut dealt_with = 0;
    loop {
        let mut tx = store.tenant(scope).await?;
        // Locked for each batch: somebody may undo it meanwhile.
        let operation = operations::lock(&mut tx, id).await?.ok_or(SuspendManyError::Unknown(id))?;
        if operation.undone_at.is_some() {
            return Err(SuspendManyError::Undone(id));
        }
        let rows = operations::suspend_some(&mut tx, &operation, BATCH).await?;
        note(&mut tx, id, &rows, (Outcome::Suspended, Verb::SuspendSubscriber), context).await?;
        if rows.is_empty() {
            operations::note_finished(&mut tx, id, context.now()).await?;
            let operation = operations::find(&mut tx, id).await?.ok_or(SuspendManyError::Unknown(id))?;
            tx.commit().await?;
            return Ok(operation);
        }
        tx.commit().await?;
        dealt_with += rows.len();
        told(dealt_with);
    }
}

/// What an undo has come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Undone {
    /// Subscribers who run again.
    pub resumed: usize,
    /// Subscribers whom somebody has resumed or suspended since: they are left as they are.
    pub changed_since: usize,
}

/// Resumes those whom an operation has suspended and nobody has touched since. Goes on where an earlier undo stopped.
pub async fn undo(
    store: &Store,
    scope: &TenantScope,
    id: OperationId,
    context: Context<'_>,
    told: &mut (dyn FnMut(usize) + Send),
) -> Result<Undone, SuspendManyError> {
    let mut tx = store.tenant(scope).await?;
    let operation = operations::find(&mut tx, id).await?.ok_or(SuspendManyError::Unknown(id))?;
    // First, so that nobody carries it on meanwhile.
    operations::note_undone(&mut tx, id, context.now()).await?;
    tx.commit().await?;
    let mut undone = Undone::default();
    loop {
        let mut tx = store.tenant(scope).await?;
        operations::lock(&mut tx, id).await?;
        let rows = operations::resume_some(&mut tx, &operation, BATCH).await?;
        note(&mut tx, id, &rows, (Outcome::Resumed, Verb::ResumeSubscriber), context).await?;
        tx.commit().await?;
        if rows.is_empty() {
            return Ok(undone);
        }
        let resumed = rows.iter().filter(|(_, outcome)| *outcome == Outcome::Resumed).count();
        undone.resumed += resumed;
        undone.changed_since += rows.len() - resumed;
        told(undone.resumed + undone.changed_since);
    }
}

/// Tells the audit of those with this outcome.
async fn note(
    tx: &mut TenantTx,
    operation: OperationId,
    rows: &[(SubscriberId, Outcome)],
    (outcome, verb): (Outcome, Verb),
    context: Context<'_>,
) -> Result<(), StoreError> {
    let changed = rows.iter().filter(|(_, one)| *one == outcome);
    let entry = |(id, _): &(SubscriberId, Outcome)| {
        let changes = vec![Change::of("operation", None, Some(operation))];
        context.audit(verb, Thing::Subscriber(*id), changes)
    };
    audit::note(tx, &changed.map(entry).collect::<Vec<_>>()).await
}
