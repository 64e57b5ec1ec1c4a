//! Somebody who has forgotten their password asks for a mail, and chooses another by it.

use credentials::token;
use domain::id::{StaffId, TenantId};
use domain::people::staff::{Staff, StaffState};
use domain::platform::audit::{Change, Thing, Verb};
use domain::secret::Secret;
use domain::time::Span;
use policy::messages::letters;
use store::people::tokens::{self, Purpose};
use store::people::{sign_ins, staff};
use store::platform::audit;
use store::{Store, TenantScope, TenantTx};

use crate::context::Context;
use crate::messages::post;
use crate::people::by::{By, Letterhead, PeopleError};
use crate::people::sign_in::{Known, themselves, who};
use crate::people::{change_password, invite, tries};

/// For how many minutes a mail is good.
pub const MINUTES: u32 = 30;

/// Sends a mail to whoever has that login, if somebody has: which of the two is not told. `head` names the letterhead of
/// an ISP.
pub async fn ask_reset(
    store: &Store,
    (login, host): (&str, Option<TenantId>),
    head: impl AsyncFnOnce(TenantId) -> Result<Letterhead, PeopleError>,
    context: Context<'_>,
) -> Result<(), PeopleError> {
    let login: String = login.trim().to_lowercase().chars().take(254).collect();
    tries::count(store, "reset", (host, &login), context.who().from, context).await?;
    let Some(Known { scope, id }) = who(store, &login, host).await? else { return Ok(()) };
    let head = head(scope.tenant()).await?;
    let mut tx = store.tenant(&scope).await?;
    let found = staff::lock(&mut tx, id).await?;
    let Some(person) = found.filter(|staff| staff.state == StaffState::Active) else { return Ok(()) };
    let code = make(&mut tx, id, context).await?;
    let letter = letters::reset_password(head.sender(), &person.email, person.name.as_str(), &code, MINUTES);
    post::post(&mut tx, letter, context).await?;
    let actor = themselves(&person, context.who().from);
    let entry = context.by(&actor).audit(Verb::AskReset, Thing::Staff(id), Vec::new());
    audit::note(&mut tx, &[entry]).await?;
    Ok(tx.commit().await?)
}

/// Makes a code by which somebody chooses another password, to be handed over by the operator of the machine.
pub async fn make_code(
    store: &Store,
    scope: &TenantScope,
    by: &By,
    id: StaffId,
    context: Context<'_>,
) -> Result<Secret<String>, PeopleError> {
    let mut tx = store.tenant(scope).await?;
    let person = staff::lock(&mut tx, id).await?.ok_or(PeopleError::Nobody)?;
    by.may_give(&mut tx, person.role, &person.zones).await?;
    if person.state != StaffState::Active {
        return Err(PeopleError::Standing("they have not joined, or may not sign in: invite or reactivate them first"));
    }
    let code = make(&mut tx, id, context).await?;
    audit::note(&mut tx, &[context.audit(Verb::AskReset, Thing::Staff(id), Vec::new())]).await?;
    tx.commit().await?;
    Ok(code)
}

async fn make(tx: &mut TenantTx, id: StaffId, context: Context<'_>) -> Result<Secret<String>, PeopleError> {
    let lasts = Span::minutes(i64::from(MINUTES));
    Ok(invite::make_token(tx, id, Purpose::Reset, lasts, context).await?)
}

/// Uses a mail: whoever has it chooses another password. All stays end. A code on the telephone is still asked for.
pub async fn reset_password(
    store: &Store,
    code: &str,
    password: Secret<String>,
    head: impl AsyncFnOnce(TenantId) -> Result<Letterhead, PeopleError>,
    context: Context<'_>,
) -> Result<(), PeopleError> {
    let hash = token::hash_of(code).ok_or(PeopleError::WrongToken)?;
    let mut tx = store.system().await?;
    let tenant = tokens::tenant_of(&mut tx, Purpose::Reset, &hash, context.now()).await?;
    tx.commit().await?;
    let tenant = tenant.ok_or(PeopleError::WrongToken)?;
    let head = head(tenant).await?;
    let scope = TenantScope::of_staff(tenant);
    // Looked at first, so that a password that is not taken does not use the mail up.
    let mut tx = store.tenant(&scope).await?;
    let person = whose(&mut tx, &hash, context).await?;
    drop(tx);
    let kept = change_password::hashed(&person, password, context).await?;
    let mut tx = store.tenant(&scope).await?;
    let person = whose(&mut tx, &hash, context).await?;
    staff::set_password(&mut tx, person.id, &kept).await?;
    tokens::drop_all(&mut tx, person.id).await?;
    let ended = sign_ins::end_all(&mut tx, person.id, None, context.now()).await?;
    post::post(&mut tx, letters::password_changed(head.sender(), &person.email, person.name.as_str()), context).await?;
    let actor = themselves(&person, context.who().from);
    let changes = vec![Change::of("stays_ended", None, Some(ended))];
    audit::note(&mut tx, &[context.by(&actor).audit(Verb::ResetPassword, Thing::Staff(person.id), changes)]).await?;
    Ok(tx.commit().await?)
}

/// Uses a mail up, and tells whose it is.
async fn whose(tx: &mut TenantTx, hash: &[u8; 32], context: Context<'_>) -> Result<Staff, PeopleError> {
    let id = tokens::use_up(tx, Purpose::Reset, hash, context.now()).await?.ok_or(PeopleError::WrongToken)?;
    let person = staff::lock(tx, id).await?.filter(|staff| staff.state == StaffState::Active);
    person.ok_or(PeopleError::WrongToken)
}
