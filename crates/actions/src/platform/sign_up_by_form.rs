//! Signs an ISP up as a stranger asks for it: tries are counted, and the password is judged and hashed, before anything
//! is looked up. So whoever asks learns nothing from how long it took.

use domain::email::Email;
use domain::money::Currency;
use domain::people::staff::UserName;
use domain::phone::CallingCode;
use domain::platform::settings::BusinessName;
use domain::secret::Secret;
use domain::text::Slug;
use domain::time::Zone;
use store::Store;
use thiserror::Error;

use crate::context::Context;
use crate::people::by::PeopleError;
use crate::people::{change_password, tries};
use crate::platform::sign_up::{NewSignUp, SignUpError, sign_up};

/// What a stranger has filled in.
#[derive(Debug)]
pub struct Form {
    /// The business's name.
    pub business: BusinessName,
    /// Its subdomain.
    pub slug: Slug,
    /// The owner's name to sign in with.
    pub user_name: UserName,
    /// The owner's address.
    pub email: Email,
    /// The owner's password.
    pub password: Secret<String>,
    /// Where its calendar runs.
    pub zone: Zone,
    /// What its prices are in.
    pub currency: Currency,
    /// How its people's phone numbers begin.
    pub calling_code: CallingCode,
}

/// Why nobody was signed up.
#[derive(Debug, Error)]
pub enum FormError {
    /// The password, or how often they tried.
    #[error(transparent)]
    People(#[from] PeopleError),
    /// The rest.
    #[error(transparent)]
    SignUp(#[from] SignUpError),
}

/// Signs up. Each try counts, whatever comes of it, with the address of the letter and the address that asks.
pub async fn sign_up_by_form(store: &Store, form: Form, base: &str, context: Context<'_>) -> Result<(), FormError> {
    let Form { business, slug, user_name, email, password, zone, currency, calling_code } = form;
    tries::count(store, "sign-up", (None, email.as_str()), context.who().from, context).await?;
    let about = [business.as_str(), slug.as_str(), user_name.as_str(), email.as_str()];
    let password_hash = change_password::hashed_about(&about, password, context).await?;
    let new = NewSignUp { business, slug, user_name, email, password_hash, zone, currency, calling_code };
    Ok(sign_up(store, new, base, context).await?)
}
