//! Invites somebody to work here; and whoever was invited chooses a password.

use credentials::passwords;
use credentials::token::{self, OCTETS, Token};
use domain::email::Email;
use domain::id::StaffId;
use domain::people::role::{Preset, RoleName};
use domain::people::staff::{IdNumber, PersonName, Staff, StaffState, UserName, Zoned};
use domain::phone::Msisdn;
use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::tier::Limit;
use domain::secret::Secret;
use domain::time::Span;
use policy::messages::letters;
use store::people::staff;
use store::people::tokens::{self, NewToken, Purpose};
use store::platform::audit;
use store::{Store, StoreError, TenantScope, TenantTx};

use crate::context::Context;
use crate::messages::post;
use crate::people::by::{By, Letterhead, PeopleError};
use crate::people::change_password;
use crate::people::sign_in::themselves;
use crate::platform::entitle;

/// For how many hours an invitation is good.
pub const HOURS: u32 = 7 * 24;

/// Somebody who is to work here.
#[derive(Clone, Debug)]
pub struct NewStaff {
    /// Their address.
    pub email: Email,
    /// Their name to sign in with.
    pub user_name: UserName,
    /// Their name.
    pub name: PersonName,
    /// Their number.
    pub phone: Option<Msisdn>,
    /// The number of their identity card.
    pub id_number: Option<IdNumber>,
    /// What they may do.
    pub role: RoleName,
    /// Where.
    pub zones: Zoned,
}

/// How somebody gets their first password.
#[derive(Debug)]
pub enum Joining<'a> {
    /// By a mail with a code.
    ByMail(&'a Letterhead),
    /// By a code that the operator of the machine hands over.
    ByHand,
    /// With a password that was chosen for them.
    With(Secret<String>),
}

/// Somebody who was added; with the code, where it is handed over by hand.
#[derive(Debug)]
pub struct Joined {
    /// Who.
    pub staff: Staff,
    /// What lets them choose a password, once.
    pub code: Option<Secret<String>>,
}

/// Adds somebody. An address or user name that is taken is a conflict.
pub async fn invite(
    store: &Store,
    scope: &TenantScope,
    by: &By,
    new: NewStaff,
    joining: Joining<'_>,
    context: Context<'_>,
) -> Result<Joined, PeopleError> {
    let NewStaff { email, user_name, name, phone, id_number, role, zones } = new;
    let state = if matches!(joining, Joining::With(_)) { StaffState::Active } else { StaffState::Invited };
    let person = Staff {
        id: context.new_id(),
        email,
        user_name,
        name,
        phone,
        id_number,
        role,
        zones,
        state,
        has_totp: false,
        created_at: context.now(),
        signed_in_at: None,
        revision: 1,
    };
    check(&person)?;
    let (joining, hash) = match joining {
        Joining::With(password) => {
            let hash = change_password::hashed(&person, password, context).await?;
            (Joining::ByHand, Some(hash))
        }
        joining @ (Joining::ByMail(_) | Joining::ByHand) => (joining, None),
    };
    let mut tx = store.tenant(scope).await?;
    by.may_give(&mut tx, person.role, &person.zones).await?;
    room_for(&mut tx, person.role, context).await?;
    staff::add(&mut tx, &person).await?;
    let code = match (hash, joining) {
        (Some(hash), _) => {
            staff::set_password(&mut tx, person.id, &hash).await?;
            None
        }
        (None, joining) => send(&mut tx, &person, joining, context).await?,
    };
    let changes = vec![
        Change::of("name", None, Some(&person.name.to_string())),
        Change::of("role", None, Some(&person.role.to_string())),
        Change::of("email", None, Some(&person.email.to_string())),
    ];
    audit::note(&mut tx, &[context.audit(Verb::InviteStaff, Thing::Staff(person.id), changes)]).await?;
    tx.commit().await?;
    Ok(Joined { staff: person, code })
}

/// Sends an invitation once more: the one before is good no more.
pub async fn invite_again(
    store: &Store,
    scope: &TenantScope,
    by: &By,
    id: StaffId,
    joining: Joining<'_>,
    context: Context<'_>,
) -> Result<Joined, PeopleError> {
    let mut tx = store.tenant(scope).await?;
    let person = staff::lock(&mut tx, id).await?.ok_or(PeopleError::Nobody)?;
    by.may_give(&mut tx, person.role, &person.zones).await?;
    if person.state != StaffState::Invited {
        return Err(PeopleError::Standing("they have joined already: have their password reset instead"));
    }
    let code = send(&mut tx, &person, joining, context).await?;
    audit::note(&mut tx, &[context.audit(Verb::InviteStaff, Thing::Staff(id), Vec::new())]).await?;
    tx.commit().await?;
    Ok(Joined { staff: person, code })
}

/// Refuses one more technician than the ISP's tier allows.
pub(crate) async fn room_for(tx: &mut TenantTx, role: RoleName, context: Context<'_>) -> Result<(), PeopleError> {
    if role == RoleName::Preset(Preset::Technician) {
        entitle::may_add(tx, Limit::Techs, context).await?;
    }
    Ok(())
}

/// What must be known of somebody.
pub(crate) fn check(person: &Staff) -> Result<(), PeopleError> {
    if person.zones.filter().is_some_and(<[_]>::is_empty) {
        return Err(PeopleError::NoZones);
    }
    if person.role == RoleName::Preset(Preset::Technician) {
        match (&person.phone, &person.id_number) {
            (None, _) => return Err(PeopleError::TechnicianLacks("phone number")),
            (_, None) => return Err(PeopleError::TechnicianLacks("number of the identity card")),
            (Some(_), Some(_)) => {}
        }
    }
    Ok(())
}

async fn send(
    tx: &mut TenantTx,
    person: &Staff,
    joining: Joining<'_>,
    context: Context<'_>,
) -> Result<Option<Secret<String>>, StoreError> {
    let lasts = Span::minutes(i64::from(HOURS) * 60);
    let code = make_token(tx, person.id, Purpose::Invitation, lasts, context).await?;
    match joining {
        Joining::ByMail(head) => {
            let by = context.actor();
            let name = person.name.as_str();
            let letter = letters::invitation(head.sender(), &person.email, name, by, &code, HOURS);
            post::post(tx, letter, context).await?;
            Ok(None)
        }
        Joining::ByHand | Joining::With(_) => Ok(Some(code)),
    }
}

/// Makes what lets somebody do something once.
pub(crate) async fn make_token(
    tx: &mut TenantTx,
    staff: StaffId,
    purpose: Purpose,
    lasts: Span,
    context: Context<'_>,
) -> Result<Secret<String>, StoreError> {
    let mut chance = [0; OCTETS];
    context.random().fill(&mut chance);
    let token = Token::of(chance);
    let made_at = context.now();
    let new =
        NewToken { id: context.new_id(), staff, purpose, hash: token.hash, made_at, expires_at: made_at.plus(lasts) };
    tokens::make(tx, &new).await?;
    Ok(token.text)
}

/// Uses an invitation: whoever has it chooses a password, and may sign in from now on.
pub async fn accept_invitation(
    store: &Store,
    code: &str,
    password: Secret<String>,
    context: Context<'_>,
) -> Result<(), PeopleError> {
    let hash = token::hash_of(code).ok_or(PeopleError::WrongToken)?;
    let mut tx = store.system().await?;
    let tenant = tokens::tenant_of(&mut tx, Purpose::Invitation, &hash, context.now()).await?;
    tx.commit().await?;
    let scope = TenantScope::of_staff(tenant.ok_or(PeopleError::WrongToken)?);
    // Looked at first, so that a password that is not taken does not use the invitation up.
    let mut tx = store.tenant(&scope).await?;
    let id = tokens::use_up(&mut tx, Purpose::Invitation, &hash, context.now()).await?;
    let person = staff::find(&mut tx, id.ok_or(PeopleError::WrongToken)?).await?.ok_or(PeopleError::WrongToken)?;
    drop(tx);
    let kept = change_password::hashed(&person, password, context).await?;
    let mut tx = store.tenant(&scope).await?;
    tokens::use_up(&mut tx, Purpose::Invitation, &hash, context.now()).await?.ok_or(PeopleError::WrongToken)?;
    let person = staff::lock(&mut tx, person.id).await?.ok_or(PeopleError::WrongToken)?;
    if person.state != StaffState::Invited {
        return Err(PeopleError::WrongToken);
    }
    staff::set_password(&mut tx, person.id, &kept).await?;
    staff::set_state(&mut tx, person.id, StaffState::Active).await?;
    let actor = themselves(&person, context.who().from);
    let entry = context.by(&actor).audit(Verb::AcceptInvitation, Thing::Staff(person.id), Vec::new());
    audit::note(&mut tx, &[entry]).await?;
    Ok(tx.commit().await?)
}

/// Whether a password is the person's hash: what `passwords` checks.
pub(crate) async fn is_theirs(password: Secret<String>, kept: Option<String>) -> Result<bool, PeopleError> {
    Ok(passwords::verify(password, kept).await?)
}
