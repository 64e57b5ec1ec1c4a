//! Signs an ISP up: writes it down and posts a letter. Nothing is opened before the address is confirmed.

use domain::email::Email;
use domain::money::Currency;
use domain::people::staff::UserName;
use domain::phone::CallingCode;
use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::settings::BusinessName;
use domain::platform::sign_up::SignUp;
use domain::text::Slug;
use domain::time::{Span, Zone};
use policy::messages::letters::{self, Sender};
use policy::platform::subdomains;
use store::people::staff;
use store::platform::sign_ups::{self, Proof};
use store::platform::{audit, settings, tenants};
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;
use crate::messages::post::post;
use crate::platform::code;
use crate::platform::open_platform::open_platform;

/// Whoever wants to sign up. The password was judged and hashed before.
#[derive(Clone, Debug)]
pub struct NewSignUp {
    /// The business's name.
    pub business: BusinessName,
    /// Its subdomain.
    pub slug: Slug,
    /// The owner's name to sign in with.
    pub user_name: UserName,
    /// The owner's address.
    pub email: Email,
    /// The hash of the owner's password.
    pub password_hash: String,
    /// Where its calendar runs.
    pub zone: Zone,
    /// What its prices are in.
    pub currency: Currency,
    /// How its people's phone numbers begin.
    pub calling_code: CallingCode,
}

/// Why nobody was signed up.
#[derive(Debug, Error)]
pub enum SignUpError {
    /// The platform takes nobody at the moment.
    #[error("nobody can sign up here at the moment; ask whoever runs this platform")]
    Closed,
    /// The subdomain is the platform's, too short, or taken.
    #[error("the subdomain `{0}` is taken: choose another one")]
    Taken(Slug),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Signs up. An address that has an account gets a letter that says so, and whoever asked is told nothing else: who has
/// accounts here is nobody's business. `base`: where the platform's pages are.
pub async fn sign_up(store: &Store, new: NewSignUp, base: &str, context: Context<'_>) -> Result<(), SignUpError> {
    if subdomains::is_reserved(new.slug.as_str()) {
        return Err(SignUpError::Taken(new.slug));
    }
    let platform = TenantScope::of_operator(open_platform(store, context).await?);
    let mut system = store.system().await?;
    let is_taken = tenants::find(&mut system, new.slug.as_str()).await?.is_some();
    let has_account = staff::by_email(&mut system, &new.email).await?.is_some();
    system.commit().await?;
    let now = context.now();
    let mut tx = store.tenant(&platform).await?;
    let ours = settings::of_platform(&mut tx).await?;
    let sender = Sender { name: ours.name.as_str(), base };
    if !ours.is_sign_up_open {
        return Err(SignUpError::Closed);
    }
    if is_taken {
        return Err(SignUpError::Taken(new.slug));
    }
    if has_account {
        let letter = letters::has_account(sender, &new.email, new.business.as_str());
        post(&mut tx, letter, context).await?;
        return Ok(tx.commit().await?);
    }
    let (code, token_hash) = code::fresh(context);
    let sign_up = SignUp {
        id: context.new_id(),
        opens: context.new_id(),
        owner: context.new_id(),
        business: new.business,
        slug: new.slug,
        user_name: new.user_name,
        email: new.email,
        zone: new.zone,
        currency: new.currency,
        calling_code: new.calling_code,
        made_at: now,
        expires_at: now.plus(Span::minutes(i64::from(SignUp::HOURS) * 60)),
        mailed_at: now,
        mails: 1,
    };
    let proof = Proof { password_hash: new.password_hash, token_hash };
    match sign_ups::add(&mut tx, &sign_up, &proof).await {
        Ok(()) => {}
        Err(StoreError::Conflict { .. }) => return Err(SignUpError::Taken(sign_up.slug)),
        Err(why) => return Err(why.into()),
    }
    let letter = letters::verify_email(sender, &sign_up.email, sign_up.business.as_str(), &code, SignUp::HOURS);
    post(&mut tx, letter, context).await?;
    let changes = vec![Change::of("subdomain", None, Some(&sign_up.slug))];
    audit::note(&mut tx, &[context.audit(Verb::SignUp, Thing::Tenant(sign_up.opens), changes)]).await?;
    Ok(tx.commit().await?)
}
