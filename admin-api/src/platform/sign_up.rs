//! Signing up: a business, its subdomain, its owner. Nothing is opened before the address is confirmed by a letter.

use actions::platform::resend_confirmation::resend_confirmation;
use actions::platform::sign_up::SignUpError;
use actions::platform::sign_up_by_form::{Form, FormError, sign_up_by_form};
use actions::platform::verify_email::{VerifyError, verify_email};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use domain::money::Currency;
use domain::phone::CallingCode;
use domain::platform::sign_up::SignUp;
use domain::secret::Secret;
use domain::time::Zone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::app::App;
use crate::body::{Body, json};
use crate::list::{Nothing, Query};
use crate::people::{Stranger, refused};
use crate::problem::{Code, FaultCode, Faults, Problem};
use crate::routes::Route;
use crate::uid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::open(routes!(ask)).told_as("sign_up"),
        Route::open(routes!(verify)).told_as("confirm_sign_up"),
        Route::open(routes!(resend)).told_as("resend_confirmation"),
    ]
}

/// A business that wants to sign up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignUpBody {
    /// Its name: 1 to 100 characters of plain text.
    #[schema(example = "Kitale Net", min_length = 1, max_length = 100)]
    business: String,
    /// Its subdomain: 3 to 63 of `a-z`, `0-9` and dashes. Some are the platform's own.
    #[schema(example = "kitale", min_length = 3, max_length = 63)]
    subdomain: String,
    /// The owner's name to sign in with: 3 to 32 of `a-z`, `0-9`, dots, dashes and underscores, a letter first.
    #[schema(example = "anna", min_length = 3, max_length = 32)]
    user_name: String,
    /// The owner's address; a letter goes there.
    #[schema(example = "anna@kitale.example", max_length = 254)]
    email: String,
    /// The owner's password: at least ten characters, none that is on lists of stolen ones.
    #[schema(max_length = 256, write_only)]
    password: String,
    /// The same password again.
    #[schema(max_length = 256, write_only)]
    password_confirmation: String,
    /// Where its calendar runs (IANA); Nairobi's when it is left out.
    #[schema(example = "Africa/Nairobi", max_length = 64)]
    zone: Option<String>,
    /// What its prices are in (ISO 4217); `KES` when it is left out.
    #[schema(example = "KES", max_length = 3)]
    currency: Option<String>,
    /// How its people's phone numbers begin; `254` when it is left out.
    #[schema(example = "254", max_length = 3)]
    calling_code: Option<String>,
}

impl SignUpBody {
    fn read(self) -> Result<Form, Problem> {
        let mut faults = Faults::new();
        let business = faults.take("/business", self.business.parse());
        let slug = faults.take("/subdomain", self.subdomain.parse());
        let user_name = faults.take("/user_name", self.user_name.parse());
        let email = faults.take("/email", self.email.parse());
        let zone = faults.take("/zone", Zone::named(self.zone.as_deref().unwrap_or("Africa/Nairobi")));
        let currency = faults.take("/currency", Currency::from_code(self.currency.as_deref().unwrap_or("KES")));
        let calling_code = match self.calling_code {
            Some(text) => faults.take("/calling_code", CallingCode::parse(&text)),
            None => Some(CallingCode::kenya()),
        };
        let (password, again) = (Secret::new(self.password), Secret::new(self.password_confirmation));
        if password.expose() != again.expose() {
            faults.note("/password_confirmation", "is another password: type the same one twice");
        }
        let all = (business, slug, user_name, email, zone, currency, calling_code);
        let made = match all {
            (
                Some(business),
                Some(slug),
                Some(user_name),
                Some(email),
                Some(zone),
                Some(currency),
                Some(calling_code),
            ) => Some(Form { business, slug, user_name, email, password, zone, currency, calling_code }),
            _ => None,
        };
        faults.unless(made)
    }
}

/// A sign-up that waits for its confirmation.
#[derive(Serialize, ToSchema)]
struct SignUpAsked {
    /// For how many hours the letter's code is good.
    hours: u32,
}

/// Sign a business up
///
/// A letter with a code goes to the address, and nothing is opened before it is confirmed. The answer is the same for an
/// address that has an account already: its letter says so.
#[utoipa::path(post, path = "/v1/sign-up", tag = "sign-up", operation_id = "sign_up", request_body = SignUpBody,
    responses((status = 202, description = "A letter is on its way.", body = SignUpAsked)))]
async fn ask(
    State(app): State<App>,
    stranger: Stranger,
    _: Query<Nothing>,
    Body(body): Body<SignUpBody>,
) -> Result<Response, Problem> {
    let form = body.read()?;
    let (actor, base) = (stranger.actor(), app.settings().base_of(None));
    let asked = sign_up_by_form(app.store(), form, &base, app.context().by(&actor)).await;
    asked.map_err(|why| match why {
        FormError::People(why) => refused(why, "/password"),
        FormError::SignUp(why) => {
            let said = why.to_string();
            match why {
                SignUpError::Closed => Problem::new(Code::NotAllowed, said),
                SignUpError::Taken(_) => Problem::new(Code::Conflict, said),
                SignUpError::Store(why) => why.into(),
            }
        }
    })?;
    let mut response = json(&SignUpAsked { hours: SignUp::HOURS })?;
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}

/// A letter's code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VerifyBody {
    /// The code that the letter holds.
    #[schema(example = "0123456789abcdef0123456789abcdef", max_length = 64)]
    code: String,
}

/// An ISP that was opened.
#[derive(Serialize, ToSchema)]
struct Opened {
    /// Its id.
    tenant: Uuid,
    /// Its subdomain.
    subdomain: String,
    /// Where its people sign in.
    #[schema(example = "https://kitale.isp.example")]
    sign_in: String,
    /// Until when it may try everything.
    #[schema(format = DateTime)]
    trial_until: String,
}

/// Confirm the address, and open the ISP
///
/// The code works once, for a day. From then on the owner may sign in, and the trial runs.
#[utoipa::path(post, path = "/v1/sign-up/verify", tag = "sign-up", operation_id = "verify_sign_up",
    request_body = VerifyBody, responses((status = 200, description = "The ISP is open.", body = Opened)))]
async fn verify(
    State(app): State<App>,
    stranger: Stranger,
    _: Query<Nothing>,
    Body(body): Body<VerifyBody>,
) -> Result<Response, Problem> {
    let actor = stranger.actor();
    let verified = verify_email(app.store(), &body.code, app.context().by(&actor)).await;
    let opened = verified.map_err(|why| {
        let said = why.to_string();
        match why {
            VerifyError::BadCode => Problem::of_field("/code", FaultCode::Invalid, said),
            VerifyError::Taken(_) => Problem::new(Code::Conflict, said),
            VerifyError::Store(why) => why.into(),
        }
    })?;
    json(&Opened {
        tenant: opened.tenant.uuid().into(),
        sign_in: app.settings().base_of(Some(opened.slug.as_str())),
        subdomain: opened.slug.to_string(),
        trial_until: opened.trial_until.to_string(),
    })
}

/// Who waits for a letter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ResendBody {
    /// The address that was signed up with.
    #[schema(example = "anna@kitale.example", max_length = 254)]
    email: String,
}

/// Ask for another letter
///
/// The code of the one before is good no more. At most one a minute, and five in all; the answer is always the same.
#[utoipa::path(post, path = "/v1/sign-up/resend", tag = "sign-up", operation_id = "resend_sign_up",
    request_body = ResendBody, responses((status = 202, description = "If somebody waits there, a letter goes out.")))]
async fn resend(
    State(app): State<App>,
    stranger: Stranger,
    _: Query<Nothing>,
    Body(body): Body<ResendBody>,
) -> Result<Response, Problem> {
    let mut faults = Faults::new();
    let email = faults.take("/email", body.email.parse());
    let email = faults.unless(email)?;
    let (actor, base) = (stranger.actor(), app.settings().base_of(None));
    resend_confirmation(app.store(), &email, &base, app.context().by(&actor)).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}
