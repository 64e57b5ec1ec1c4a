//! Somebody chooses another password, knowing the one they have.

use credentials::{common, passwords};
use domain::id::{SignInId, StaffId};
use domain::people::staff::Staff;
use domain::platform::audit::{Change, Thing, Verb};
use domain::secret::Secret;
use policy::messages::letters;
use policy::people::passwords as rules;
use store::people::{sign_ins, staff, tokens};
use store::platform::audit;
use store::{Store, TenantScope};

use crate::context::Context;
use crate::messages::post;
use crate::people::by::{Letterhead, PeopleError};
use crate::people::invite::is_theirs;
use crate::people::tries;

/// Changes it. All stays but the one that asks end, and a letter tells them of it.
pub async fn change_password(
    store: &Store,
    scope: &TenantScope,
    (id, stay): (StaffId, SignInId),
    (present, wanted): (Secret<String>, Secret<String>),
    head: &Letterhead,
    context: Context<'_>,
) -> Result<(), PeopleError> {
    let login = (Some(scope.tenant()), id.to_string());
    let counting = tries::count(store, "password", (login.0, &login.1), context.who().from, context).await?;
    let mut tx = store.tenant(scope).await?;
    let person = staff::find(&mut tx, id).await?.ok_or(PeopleError::Nobody)?;
    let kept = staff::proofs(&mut tx, id).await?.and_then(|proofs| proofs.password_hash);
    tx.commit().await?;
    if !is_theirs(present, kept.clone()).await? {
        return Err(PeopleError::WrongPassword);
    }
    counting.forgive(store).await?;
    let hash = hashed(&person, wanted, context).await?;
    let mut tx = store.tenant(scope).await?;
    let still = staff::proofs(&mut tx, id).await?.and_then(|proofs| proofs.password_hash);
    if still != kept {
        return Err(PeopleError::Changed);
    }
    staff::set_password(&mut tx, id, &hash).await?;
    tokens::drop_all(&mut tx, id).await?;
    let ended = sign_ins::end_all(&mut tx, id, Some(stay), context.now()).await?;
    post::post(&mut tx, letters::password_changed(head.sender(), &person.email, person.name.as_str()), context).await?;
    let changes = vec![Change::of("stays_ended", None, Some(ended))];
    audit::note(&mut tx, &[context.audit(Verb::ChangePassword, Thing::Staff(id), changes)]).await?;
    Ok(tx.commit().await?)
}

/// The text to keep of a password that this person may have.
pub(crate) async fn hashed(
    person: &Staff,
    password: Secret<String>,
    context: Context<'_>,
) -> Result<String, PeopleError> {
    let about = [person.name.as_str(), person.user_name.as_str(), person.email.as_str()];
    hashed_about(&about, password, context).await
}

/// The text to keep of a password, if it may be one of somebody of whom that is known.
pub(crate) async fn hashed_about(
    about: &[&str],
    password: Secret<String>,
    context: Context<'_>,
) -> Result<String, PeopleError> {
    rules::judge(password.expose(), about, common::is_common)?;
    let mut salt = [0; 16];
    context.random().fill(&mut salt);
    Ok(passwords::hash(password, salt).await?)
}
