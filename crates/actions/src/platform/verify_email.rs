//! Confirms an address: opens the ISP, with its trial, and its owner, who may sign in from now on.
//!
//! Two tenants are written to, so there are several transactions, one after the other; each may be done again. Somebody
//! who is cut off between them opens the same link once more.

use domain::id::TenantId;
use domain::people::role::{Preset, RoleName};
use domain::people::staff::{PersonName, Staff, StaffState, Zoned};
use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::house::HouseRules;
use domain::platform::sign_up::SignUp;
use domain::platform::tenant::Tenant;
use domain::text::Slug;
use domain::time::{Span, Timestamp};
use store::people::staff;
use store::platform::sign_ups::{self, Proof};
use store::platform::{accounts, audit, settings, tenants};
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;
use crate::platform::code;
use crate::platform::open_platform::open_platform;

/// An ISP that was opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// Its id.
    pub tenant: TenantId,
    /// Its subdomain.
    pub slug: Slug,
    /// Until when it is on trial.
    pub trial_until: Timestamp,
}

/// Why nothing was confirmed.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// The code is none, was used, or is too old.
    #[error("this code is not good any more: it works once, for 24 hours. Ask for another letter, or sign up again")]
    BadCode,
    /// Somebody else has the subdomain, the address or the name by now.
    #[error("{0}: sign up again with another one")]
    Taken(&'static str),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Confirms the address that the letter with this code went to.
pub async fn verify_email(store: &Store, code: &str, context: Context<'_>) -> Result<Verified, VerifyError> {
    let now = context.now();
    let platform = TenantScope::of_operator(open_platform(store, context).await?);
    let hash = code::hash_of(code);
    let mut ours = store.tenant(&platform).await?;
    let found = sign_ups::by_token(&mut ours, &hash, now).await?;
    let Some((sign_up, proof)) = found else { return Err(VerifyError::BadCode) };
    let hours = settings::of_platform(&mut ours).await?.trial_hours;
    drop(ours);
    let trial_until = now.plus(Span::minutes(i64::from(hours) * 60));
    match open(store, &sign_up).await {
        // Whoever opens the link twice at once opened it a moment ago.
        Err(VerifyError::Taken(_)) if is_open(store, &sign_up).await? => {}
        opened => opened?,
    }
    let trial_until = let_in(store, &sign_up, &proof, trial_until, context).await?;
    let mut ours = store.tenant(&platform).await?;
    if sign_ups::by_token(&mut ours, &hash, now).await?.is_none() {
        return Err(VerifyError::BadCode);
    }
    sign_ups::confirm(&mut ours, sign_up.id, now).await?;
    let changes = vec![Change::of("subdomain", None, Some(&sign_up.slug))];
    audit::note(&mut ours, &[context.audit(Verb::ConfirmSignUp, Thing::Tenant(sign_up.opens), changes)]).await?;
    ours.commit().await?;
    Ok(Verified { tenant: sign_up.opens, slug: sign_up.slug, trial_until })
}

/// Whether the ISP is open.
async fn is_open(store: &Store, sign_up: &SignUp) -> Result<bool, VerifyError> {
    let mut tx = store.system().await?;
    let found = tenants::find(&mut tx, sign_up.slug.as_str()).await?;
    Ok(found.is_some_and(|there| there.id == sign_up.opens))
}

/// Opens the ISP, unless that was done.
async fn open(store: &Store, sign_up: &SignUp) -> Result<(), VerifyError> {
    let mut tx = store.system().await?;
    match tenants::find(&mut tx, sign_up.slug.as_str()).await? {
        Some(there) if there.id == sign_up.opens => return Ok(()),
        Some(_) => return Err(VerifyError::Taken("somebody else has that subdomain by now")),
        None => {}
    }
    if staff::by_email(&mut tx, &sign_up.email).await?.is_some() {
        return Err(VerifyError::Taken("that address has an account by now"));
    }
    let tenant = Tenant {
        id: sign_up.opens,
        slug: sign_up.slug.clone(),
        name: sign_up.business.as_str().to_owned(),
        zone: sign_up.zone.clone(),
        currency: sign_up.currency,
        calling_code: sign_up.calling_code.clone(),
        house: HouseRules::default(),
    };
    match tenants::add(&mut tx, &tenant).await {
        Ok(()) => Ok(tx.commit().await?),
        Err(StoreError::Conflict { .. }) => Err(VerifyError::Taken("somebody else has that subdomain by now")),
        Err(why) => Err(why.into()),
    }
}

/// Begins the trial and lets the owner in, unless that was done. Returns the trial's end.
async fn let_in(
    store: &Store,
    sign_up: &SignUp,
    proof: &Proof,
    trial_until: Timestamp,
    context: Context<'_>,
) -> Result<Timestamp, VerifyError> {
    let mut tx = store.tenant(&TenantScope::of_operator(sign_up.opens)).await?;
    let mut account = accounts::lock(&mut tx).await?;
    if let Some(begun) = account.life.trial_until {
        return Ok(begun);
    }
    account.life.trial_until = Some(trial_until);
    accounts::put(&mut tx, &account).await?;
    let name: PersonName = sign_up
        .user_name
        .as_str()
        .parse()
        .map_err(|_| StoreError::Bug { reason: "a user name is no name".to_owned() })?;
    let owner = Staff {
        id: sign_up.owner,
        email: sign_up.email.clone(),
        user_name: sign_up.user_name.clone(),
        name,
        phone: None,
        id_number: None,
        role: RoleName::Preset(Preset::Owner),
        zones: Zoned::All,
        state: StaffState::Active,
        has_totp: false,
        created_at: context.now(),
        signed_in_at: None,
        revision: 1,
    };
    match staff::add(&mut tx, &owner).await {
        Ok(()) => {}
        Err(StoreError::Conflict { .. }) => return Err(VerifyError::Taken("that address has an account by now")),
        Err(why) => return Err(why.into()),
    }
    staff::set_password(&mut tx, owner.id, &proof.password_hash).await?;
    let changes = vec![
        Change::of("subdomain", None, Some(&sign_up.slug)),
        Change::of("owner", None, Some(&sign_up.user_name)),
        Change::of("trial_until", None, Some(trial_until)),
    ];
    audit::note(&mut tx, &[context.audit(Verb::OpenTenant, Thing::Tenant(sign_up.opens), changes)]).await?;
    tx.commit().await?;
    Ok(trial_until)
}
