//! A text message is sent once: that it is about to be is written down before the provider is asked, and what came of it
//! after. What nobody knows is repeated so often as a rule says, and told.

use domain::id::{ExceptionId, MessageId};
use domain::messages::message::{Message, MessageState, RefusalKind, Sms};
use domain::messages::provider::Provider;
use domain::messages::template::MessageKind;
use domain::platform::job::Outcome;
use domain::support::exception::{Exception, ExceptionKind};
use policy::messages::sending::{self, Came, Next, Tells};
use ports::messenger::Posted;
use store::messages::outbox::{self, Text};
use store::messages::settings;
use store::platform::tenants;
use store::support::exceptions;
use store::{Store, StoreError, TenantScope, TenantTx};

use crate::context::Context;

/// Most characters of what an exception says.
const WHAT_MAX: usize = 500;

/// Whether a message may be sent now.
#[derive(Debug)]
pub enum Begun {
    /// It may, and nobody else sends it: that it is about to be is written down.
    Send(Box<Provider>, Box<Sms>),
    /// There is nothing to be sent, or not now: what becomes of the job.
    Nothing(Outcome),
}

/// Begins to send a message.
pub async fn begin_sms(
    store: &Store,
    scope: &TenantScope,
    id: MessageId,
    context: Context<'_>,
) -> Result<Begun, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let begun = begin(&mut tx, id, context).await?;
    tx.commit().await?;
    Ok(begun)
}

async fn begin(tx: &mut TenantTx, id: MessageId, context: Context<'_>) -> Result<Begun, StoreError> {
    let Some(mut message) = outbox::lock(tx, id).await? else { return Ok(Begun::Nothing(Outcome::Done)) };
    match message.state {
        MessageState::Queued => {}
        MessageState::Sending => {
            let said = "we were stopped while it was being sent".to_owned();
            let next = note(tx, &mut message, Came::Unknown, said, context).await?;
            if next != Next::Again {
                return Ok(Begun::Nothing(Outcome::Done));
            }
        }
        MessageState::Sent | MessageState::Unknown | MessageState::Failed => {
            return Ok(Begun::Nothing(Outcome::Done));
        }
    }
    if context.now() > message.wanted_until {
        message.state = MessageState::Failed;
        message.said = Some("it could not be sent while somebody waited for it".to_owned());
        save(tx, &mut message, context).await?;
        tell(tx, &message, of_late(message.kind), context).await?;
        return Ok(Begun::Nothing(Outcome::Done));
    }
    message.tries = message.tries.saturating_add(1);
    let settled = settings::find(tx).await?.filter(|settings| settings.is_active);
    let keys = settings::keys(tx).await?;
    let (Some(settled), Some(keys)) = (settled, keys) else {
        let came = Came::Refused(RefusalKind::NoProvider);
        let said = "no provider is set up, or sending is switched off".to_owned();
        let next = note(tx, &mut message, came, said.clone(), context).await?;
        return Ok(Begun::Nothing(outcome(next, said)));
    };
    let Some(text) = outbox::text(tx, id).await? else {
        message.state = MessageState::Failed;
        message.said = Some("what it said is forgotten".to_owned());
        save(tx, &mut message, context).await?;
        return Ok(Begun::Nothing(Outcome::Done));
    };
    message.state = MessageState::Sending;
    save(tx, &mut message, context).await?;
    let country = tenants::own(tx).await?.calling_code;
    let provider = Provider { terms: settled.terms, keys, sender: settled.sender, country };
    Ok(Begun::Send(Box::new(provider), Box::new(Sms { id, to: message.to, text })))
}

/// Writes down what came of sending it. Returns what becomes of the job.
pub async fn note_sms(
    store: &Store,
    scope: &TenantScope,
    id: MessageId,
    posted: Posted,
    context: Context<'_>,
) -> Result<Outcome, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let Some(mut message) = outbox::lock(&mut tx, id).await? else { return Ok(Outcome::Done) };
    if message.state != MessageState::Sending {
        return Ok(Outcome::Done);
    }
    let (came, said) = match posted {
        Posted::Taken { reference, cost } => {
            message.reference = reference;
            message.cost = cost;
            (Came::Taken, String::new())
        }
        Posted::Refused { kind, said } => (Came::Refused(kind), said),
        Posted::Unknown { why } => (Came::Unknown, why),
        Posted::NotNow { why } => (Came::NotNow, why),
    };
    let next = note(&mut tx, &mut message, came, said.clone(), context).await?;
    tx.commit().await?;
    Ok(outcome(next, said))
}

/// What becomes of the job: the message itself knows when it is over.
fn outcome(next: Next, said: String) -> Outcome {
    match next {
        Next::Again => Outcome::Later(said),
        Next::Sent | Next::Unknown | Next::Failed => Outcome::Done,
    }
}

async fn note(
    tx: &mut TenantTx,
    message: &mut Message,
    came: Came,
    said: String,
    context: Context<'_>,
) -> Result<Next, StoreError> {
    if came == Came::Unknown {
        message.unsure = message.unsure.saturating_add(1);
    }
    let (next, tells) = sending::after(message.kind, came, message.tries, message.unsure);
    message.state = match next {
        Next::Sent => MessageState::Sent,
        Next::Again => MessageState::Queued,
        Next::Unknown => MessageState::Unknown,
        Next::Failed => MessageState::Failed,
    };
    message.said = (next != Next::Sent).then_some(said);
    save(tx, message, context).await?;
    if next == Next::Sent {
        let mut over = sending::all_about_all();
        over.push(message.id.to_string());
        exceptions::resolve(tx, ExceptionKind::MessageNotSent, &over, context.now(), "messages are sent").await?;
    }
    tell(tx, message, tells, context).await?;
    Ok(next)
}

/// What a message said is forgotten once it was taken, and when nobody can use it any more.
async fn save(tx: &mut TenantTx, message: &mut Message, context: Context<'_>) -> Result<(), StoreError> {
    message.changed_at = context.now();
    let is_useless = match message.kind {
        MessageKind::OneTimeCode | MessageKind::Test => message.state.is_over(),
        MessageKind::VoucherSold | MessageKind::LostCodes => message.state == MessageState::Sent,
    };
    outbox::save(tx, message, if is_useless { Text::Forgotten } else { Text::Kept }).await
}

/// Of what was not sent in time.
const fn of_late(kind: MessageKind) -> Tells {
    match kind {
        MessageKind::VoucherSold => Tells::ThisOne,
        MessageKind::LostCodes | MessageKind::OneTimeCode | MessageKind::Test => Tells::Nothing,
    }
}

async fn tell(tx: &mut TenantTx, message: &Message, tells: Tells, context: Context<'_>) -> Result<(), StoreError> {
    let said = message.said.clone().unwrap_or_default();
    let (about, what) = match tells {
        Tells::Nothing => return Ok(()),
        Tells::ThisOne => {
            let (to, id) = (&message.to, message.id);
            let what = if message.state == MessageState::Unknown {
                format!(
                    "nobody knows whether a text message ({}) has reached {to}: {said}. The code is on the portal, too. \
                     Ask, or send it again: `mnetifi message retry {id}`",
                    message.kind.code()
                )
            } else {
                format!(
                    "a text message ({}) to {to} was not sent: {said}. The code is on the portal, too. Send it again: \
                     `mnetifi message retry {id}`",
                    message.kind.code()
                )
            };
            (id.to_string(), what)
        }
        Tells::All(refusal) => {
            let advice = sending::advice(refusal);
            let what = format!(
                "text messages are not sent: {said}. That means: {advice}. What waits is sent by itself once that is \
                 mended; what has failed, by `mnetifi message retry --all`"
            );
            (sending::about_all(refusal), what)
        }
    };
    let now = context.now();
    let exception: ExceptionId = context.new_id();
    let trouble = Exception {
        id: exception,
        kind: ExceptionKind::MessageNotSent,
        about,
        nas: None,
        session: None,
        holder: None,
        what: what.chars().take(WHAT_MAX).collect(),
        opened_at: now,
        seen_at: now,
        times: 1,
        resolved: None,
    };
    exceptions::open(tx, &[trouble]).await
}
