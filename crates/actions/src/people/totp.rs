//! Codes on somebody's telephone: set up, confirmed by a first code, and let go of.

use credentials::{recovery, totp};
use domain::id::{SignInId, StaffId};
use domain::platform::audit::{Thing, Verb};
use domain::secret::{Secret, SecretBytes};
use store::people::{sign_ins, staff, tokens};
use store::platform::audit;
use store::{Store, TenantScope, TenantTx};

use crate::context::Context;
use crate::people::by::{By, PeopleError};
use crate::people::invite::is_theirs;
use crate::people::sign_in::{Second, second_proof};
use crate::people::tries;

/// What a telephone is to be told.
#[derive(Debug)]
pub struct Enrolment {
    /// The secret, to be typed.
    pub secret: Secret<String>,
    /// The same as a QR code holds it.
    pub uri: Secret<String>,
}

/// Makes a secret for somebody's telephone. It counts for nothing until a first code confirms it; until then, another
/// may be made. Asks for the password once more: a browser that was left alone must not lock its owner out.
pub async fn enrol(
    store: &Store,
    scope: &TenantScope,
    id: StaffId,
    (password, issuer): (Secret<String>, &str),
    context: Context<'_>,
) -> Result<Enrolment, PeopleError> {
    prove(store, scope, id, password, context).await?;
    let mut octets = vec![0; totp::SECRET_OCTETS];
    context.random().fill(&mut octets);
    let secret = SecretBytes::new(octets);
    let mut tx = store.tenant(scope).await?;
    let person = staff::find(&mut tx, id).await?.ok_or(PeopleError::Nobody)?;
    if !staff::set_totp(&mut tx, id, &secret).await? {
        return Err(PeopleError::Standing("codes are set up already: remove them first, then set them up anew"));
    }
    tx.commit().await?;
    let uri = totp::uri(&secret, issuer, person.email.as_str());
    Ok(Enrolment { secret: Secret::new(totp::text_of(&secret)), uri: Secret::new(uri) })
}

/// Confirms a telephone's secret by a first code. From now on a code is asked for; the stay that confirms counts as
/// proved twice, and the others end. Returns codes for the day the telephone is lost.
pub async fn confirm(
    store: &Store,
    scope: &TenantScope,
    (id, stay): (StaffId, SignInId),
    code: &str,
    context: Context<'_>,
) -> Result<Vec<Secret<String>>, PeopleError> {
    let counting = count(store, scope, id, context).await?;
    let now = context.now();
    let mut tx = store.tenant(scope).await?;
    let proofs = staff::proofs(&mut tx, id).await?.ok_or(PeopleError::Nobody)?;
    let Some(kept) = proofs.totp.filter(|totp| totp.confirmed_at.is_none()) else {
        return Err(PeopleError::Standing("there is nothing to confirm: set codes up first"));
    };
    let step = totp::step_of(&kept.secret, code, now, None).ok_or(PeopleError::WrongCode)?;
    staff::confirm_totp(&mut tx, id, step, now).await?;
    sign_ins::note_proved_twice(&mut tx, id, stay).await?;
    sign_ins::end_all(&mut tx, id, Some(stay), now).await?;
    let codes = renew(&mut tx, id, context).await?;
    audit::note(&mut tx, &[context.audit(Verb::ConfirmTotp, Thing::Staff(id), Vec::new())]).await?;
    tx.commit().await?;
    counting.forgive(store).await?;
    Ok(codes)
}

/// Makes new codes for the day the telephone is lost, against a code; the earlier ones are good no more.
pub async fn renew_recovery(
    store: &Store,
    scope: &TenantScope,
    id: StaffId,
    code: &str,
    context: Context<'_>,
) -> Result<Vec<Secret<String>>, PeopleError> {
    let counting = count(store, scope, id, context).await?;
    let mut tx = store.tenant(scope).await?;
    take(&mut tx, id, code, context).await?;
    let codes = renew(&mut tx, id, context).await?;
    audit::note(&mut tx, &[context.audit(Verb::RenewRecoveryCodes, Thing::Staff(id), Vec::new())]).await?;
    tx.commit().await?;
    counting.forgive(store).await?;
    Ok(codes)
}

/// Lets go of somebody's own telephone, against the password and a code. `compulsory`: whether they must have one.
pub async fn remove(
    store: &Store,
    scope: &TenantScope,
    id: StaffId,
    (password, code, compulsory): (Secret<String>, &str, bool),
    context: Context<'_>,
) -> Result<(), PeopleError> {
    if compulsory {
        return Err(PeopleError::Standing("codes are compulsory for you: they cannot be removed"));
    }
    prove(store, scope, id, password, context).await?;
    let counting = count(store, scope, id, context).await?;
    let mut tx = store.tenant(scope).await?;
    take(&mut tx, id, code, context).await?;
    clear(&mut tx, id, context).await?;
    tx.commit().await?;
    Ok(counting.forgive(store).await?)
}

/// Lets go of somebody else's telephone, which is lost with their codes. Their stays end.
pub async fn remove_of(
    store: &Store,
    scope: &TenantScope,
    by: &By,
    id: StaffId,
    context: Context<'_>,
) -> Result<(), PeopleError> {
    if by.staff == Some(id) {
        return Err(PeopleError::Yourself);
    }
    let mut tx = store.tenant(scope).await?;
    let person = staff::lock(&mut tx, id).await?.ok_or(PeopleError::Nobody)?;
    by.may_give(&mut tx, person.role, &person.zones).await?;
    clear(&mut tx, id, context).await?;
    sign_ins::end_all(&mut tx, id, None, context.now()).await?;
    Ok(tx.commit().await?)
}

async fn clear(tx: &mut TenantTx, id: StaffId, context: Context<'_>) -> Result<(), PeopleError> {
    staff::clear_totp(tx, id).await?;
    tokens::set_recovery(tx, id, &[]).await?;
    Ok(audit::note(tx, &[context.audit(Verb::RemoveTotp, Thing::Staff(id), Vec::new())]).await?)
}

async fn renew(tx: &mut TenantTx, id: StaffId, context: Context<'_>) -> Result<Vec<Secret<String>>, PeopleError> {
    let code = |_| {
        let mut chance = [0; 16];
        context.random().fill(&mut chance);
        recovery::code(chance)
    };
    let codes: Vec<Secret<String>> = (0..recovery::COUNT).map(code).collect();
    let hashes: Vec<[u8; 32]> = codes.iter().filter_map(|code| recovery::hash_of(code.expose())).collect();
    tokens::set_recovery(tx, id, &hashes).await?;
    Ok(codes)
}

/// Takes a code, or says that it is wrong.
async fn take(tx: &mut TenantTx, id: StaffId, code: &str, context: Context<'_>) -> Result<(), PeopleError> {
    let proofs = staff::proofs(tx, id).await?.ok_or(PeopleError::Nobody)?;
    match second_proof(tx, id, &proofs, Some(code), context.now()).await? {
        Second::Given => Ok(()),
        Second::NotAsked => Err(PeopleError::Standing("no codes are set up")),
        Second::Needed | Second::Wrong => Err(PeopleError::WrongCode),
    }
}

/// Checks somebody's password once more.
async fn prove(
    store: &Store,
    scope: &TenantScope,
    id: StaffId,
    password: Secret<String>,
    context: Context<'_>,
) -> Result<(), PeopleError> {
    let login = id.to_string();
    let from = context.who().from;
    let counting = tries::count(store, "password", (Some(scope.tenant()), &login), from, context).await?;
    let mut tx = store.tenant(scope).await?;
    let kept = staff::proofs(&mut tx, id).await?.and_then(|proofs| proofs.password_hash);
    tx.commit().await?;
    if !is_theirs(password, kept).await? {
        return Err(PeopleError::WrongPassword);
    }
    Ok(counting.forgive(store).await?)
}

async fn count(
    store: &Store,
    scope: &TenantScope,
    id: StaffId,
    context: Context<'_>,
) -> Result<tries::Counting, PeopleError> {
    let login = id.to_string();
    tries::count(store, "code", (Some(scope.tenant()), &login), context.who().from, context).await
}
