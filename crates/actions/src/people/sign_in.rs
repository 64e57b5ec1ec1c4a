//! Somebody signs in with a name, a password and, where they have one, a code; and out again.

use std::borrow::Cow;
use std::net::IpAddr;

use credentials::token::{OCTETS, Token};
use credentials::{passwords, recovery, totp};
use domain::email::Email;
use domain::id::{SignInId, StaffId, TenantId};
use domain::people::staff::{Staff, StaffState, UserName};
use domain::platform::audit::{Actor, Change, Thing, Verb};
use domain::secret::Secret;
use domain::time::{Span, Timestamp};
use store::people::sign_ins::{self, NewSignIn};
use store::people::staff::{self, Proofs};
use store::people::tokens;
use store::platform::audit;
use store::{Store, StoreError, TenantScope, TenantTx};

use crate::context::Context;
use crate::people::by::PeopleError;
use crate::people::impersonate::{self, Visitor};
use crate::people::tries;

/// A stay ends after so much silence.
pub const IDLE: Span = Span::minutes(20);
/// Stays are remembered for so long after they were heard of last.
const REMEMBERED: Span = Span::minutes(90 * 24 * 60);
/// Most characters of a login: an e-mail address is the longest.
const LOGIN_MAX: usize = 254;

/// What somebody brings.
#[derive(Debug)]
pub struct SigningIn {
    /// An e-mail address, or a user name on the ISP's own host.
    pub login: String,
    /// The password.
    pub password: Secret<String>,
    /// The code on their telephone, or one for the day it is lost.
    pub code: Option<String>,
    /// The ISP whose host was asked.
    pub host: Option<TenantId>,
    /// From where.
    pub address: Option<IpAddr>,
    /// What the browser calls itself.
    pub agent: Option<String>,
}

/// What came of it.
#[derive(Debug)]
pub enum SignIn {
    /// They are in.
    In(Box<Entered>),
    /// No such login, or another password: which of the two is not told.
    Wrong,
    /// The password is right; a code is needed, too.
    CodeNeeded,
    /// The password is right; the code is wrong, or was used already.
    WrongCode,
}

/// Somebody who signed in.
#[derive(Debug)]
pub struct Entered {
    /// What the browser keeps.
    pub token: Secret<String>,
    /// The stay.
    pub id: SignInId,
    /// Where they work.
    pub tenant: TenantId,
    /// Who they are.
    pub staff: Staff,
    /// Whether they gave a code.
    pub proved_twice: bool,
}

/// Lets somebody in, or not. A login that does not exist takes as long as one that does.
pub async fn sign_in(store: &Store, bringing: SigningIn, context: Context<'_>) -> Result<SignIn, PeopleError> {
    let login: String = bringing.login.trim().to_lowercase().chars().take(LOGIN_MAX).collect();
    let counting = tries::count(store, "sign-in", (bringing.host, &login), bringing.address, context).await?;
    let known = who(store, &login, bringing.host).await?;
    let kept = match &known {
        Some(known) => kept_hash(store, known).await?,
        None => None,
    };
    let is_right = passwords::verify(bringing.password, kept.clone()).await?;
    let (Some(known), true) = (known, is_right) else { return Ok(SignIn::Wrong) };
    let attempt = Attempt { kept, code: bringing.code, address: bringing.address, agent: bringing.agent };
    let entered = enter(store, &known, attempt, context).await?;
    match &entered {
        SignIn::In(_) => counting.forgive(store).await?,
        SignIn::CodeNeeded => counting.undo(store).await?,
        SignIn::Wrong | SignIn::WrongCode => {}
    }
    Ok(entered)
}

/// Whom a login names.
pub(crate) struct Known {
    pub(crate) scope: TenantScope,
    pub(crate) id: StaffId,
}

/// Whom a login names: an address anywhere, a user name on its ISP's host alone.
pub(crate) async fn who(store: &Store, login: &str, host: Option<TenantId>) -> Result<Option<Known>, StoreError> {
    if let Ok(email) = login.parse::<Email>() {
        let mut tx = store.system().await?;
        let found = staff::by_email(&mut tx, &email).await?;
        tx.commit().await?;
        let here = found.filter(|(tenant, _)| host.is_none_or(|host| host == *tenant));
        return Ok(here.map(|(tenant, id)| Known { scope: TenantScope::of_staff(tenant), id }));
    }
    let (Ok(name), Some(tenant)) = (login.parse::<UserName>(), host) else { return Ok(None) };
    let scope = TenantScope::of_staff(tenant);
    let mut tx = store.tenant(&scope).await?;
    let found = staff::by_user_name(&mut tx, &name).await?;
    tx.commit().await?;
    Ok(found.map(|id| Known { scope, id }))
}

/// The hash of somebody who may sign in.
async fn kept_hash(store: &Store, known: &Known) -> Result<Option<String>, StoreError> {
    let mut tx = store.tenant(&known.scope).await?;
    let is_active = staff::find(&mut tx, known.id).await?.is_some_and(|staff| staff.state == StaffState::Active);
    let proofs = staff::proofs(&mut tx, known.id).await?;
    tx.commit().await?;
    Ok(proofs.and_then(|proofs| proofs.password_hash).filter(|_| is_active))
}

/// What is left of a try once the password proved right.
struct Attempt {
    kept: Option<String>,
    code: Option<String>,
    address: Option<IpAddr>,
    agent: Option<String>,
}

async fn enter(store: &Store, known: &Known, attempt: Attempt, context: Context<'_>) -> Result<SignIn, PeopleError> {
    let now = context.now();
    let mut tx = store.tenant(&known.scope).await?;
    let Some(proofs) = staff::proofs(&mut tx, known.id).await? else { return Ok(SignIn::Wrong) };
    let found = staff::find(&mut tx, known.id).await?;
    let Some(person) = found.filter(|staff| staff.state == StaffState::Active) else { return Ok(SignIn::Wrong) };
    // Another one may have been chosen while this one was checked.
    if proofs.password_hash != attempt.kept {
        return Ok(SignIn::Wrong);
    }
    let proved_twice = match second_proof(&mut tx, known.id, &proofs, attempt.code.as_deref(), now).await? {
        Second::Given => true,
        Second::NotAsked => false,
        Second::Needed => return Ok(SignIn::CodeNeeded),
        Second::Wrong => return Ok(SignIn::WrongCode),
    };
    let mut chance = [0; OCTETS];
    context.random().fill(&mut chance);
    let token = Token::of(chance);
    let stay = NewSignIn {
        id: context.new_id(),
        staff: known.id,
        token_hash: token.hash,
        begun_at: now,
        proved_twice,
        address: attempt.address,
        agent: attempt.agent,
    };
    sign_ins::begin(&mut tx, &stay).await?;
    sign_ins::forget_old(&mut tx, known.id, now.minus(REMEMBERED)).await?;
    staff::note_signed_in(&mut tx, known.id, now).await?;
    let actor = themselves(&person, attempt.address);
    let proof = if proved_twice { "password and code" } else { "password" };
    let changes = vec![Change::of("proof", None, Some(proof))];
    audit::note(&mut tx, &[context.by(&actor).audit(Verb::SignIn, Thing::Staff(known.id), changes)]).await?;
    tx.commit().await?;
    let tenant = known.scope.tenant();
    Ok(SignIn::In(Box::new(Entered { token: token.text, id: stay.id, tenant, staff: person, proved_twice })))
}

/// Somebody who acts for themselves.
pub(crate) fn themselves(person: &Staff, from: Option<IpAddr>) -> Actor {
    Actor { name: Cow::Owned(person.name.to_string()), staff: Some(person.id), from, impersonator: None }
}

/// What came of a second proof.
pub(crate) enum Second {
    /// It was given, and is good; it is used up.
    Given,
    /// They have none.
    NotAsked,
    /// They have one, and gave none.
    Needed,
    /// It is wrong, or was used.
    Wrong,
}

/// Takes a code on a telephone, or one for the day it is lost. To be called with the proofs locked.
pub(crate) async fn second_proof(
    tx: &mut TenantTx,
    id: StaffId,
    proofs: &Proofs,
    code: Option<&str>,
    now: Timestamp,
) -> Result<Second, StoreError> {
    let Some(totp) = proofs.totp.as_ref().filter(|totp| totp.confirmed_at.is_some()) else {
        return Ok(Second::NotAsked);
    };
    let Some(code) = code.map(str::trim).filter(|code| !code.is_empty()) else { return Ok(Second::Needed) };
    if let Some(step) = totp::step_of(&totp.secret, code, now, totp.step) {
        staff::note_totp_step(tx, id, step).await?;
        return Ok(Second::Given);
    }
    let Some(hash) = recovery::hash_of(code) else { return Ok(Second::Wrong) };
    let is_good = tokens::use_recovery(tx, id, &hash, now).await?;
    Ok(if is_good { Second::Given } else { Second::Wrong })
}

/// Ends a stay, and whatever was done in an ISP's place during it.
pub async fn sign_out(store: &Store, visitor: &Visitor, context: Context<'_>) -> Result<(), PeopleError> {
    if visitor.acting.is_some() {
        impersonate::end(store, visitor, context).await?;
    }
    let mut tx = store.tenant(&TenantScope::of_staff(visitor.home)).await?;
    if sign_ins::end(&mut tx, visitor.staff, visitor.stay, context.now()).await? {
        let changes = vec![Change::of("stays", Some("1"), None)];
        audit::note(&mut tx, &[context.audit(Verb::EndSignIns, Thing::Staff(visitor.staff), changes)]).await?;
    }
    Ok(tx.commit().await?)
}
