//! `POST /v1/platform/tenants`.

use actions::people::invite::NewStaff;
use actions::platform::open_isp::{NewIsp, OpenIspError, open_isp};
use axum::extract::State;
use axum::response::Response;
use domain::money::Currency;
use domain::people::permission::{Act, Thing};
use domain::people::role::{Preset, RoleName};
use domain::people::staff::Zoned;
use domain::phone::CallingCode;
use domain::text::Slug;
use domain::time::Zone;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{TenantView, shown};
use crate::app::App;
use crate::body::Body;
use crate::door::Caller;
use crate::etag::created;
use crate::list::{Nothing, Query};
use crate::problem::{Code, Faults, Problem};
use crate::routes::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::needs(routes!(open), Thing::Platform, Act::Make).told_as("open_tenant")]
}

/// An ISP to open.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTenant {
    /// Its name: 1 to 100 characters of plain text.
    #[schema(example = "Kitale Net", min_length = 1, max_length = 100)]
    business: String,
    /// Its subdomain: 3 to 63 of `a-z`, `0-9` and dashes. Some are the platform's own.
    #[schema(example = "kitale", min_length = 3, max_length = 63)]
    subdomain: String,
    /// Who owns it; a letter invites them.
    owner: NewOwner,
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

/// Who owns an ISP.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewOwner {
    /// Their address.
    #[schema(example = "anna@kitale.example", max_length = 254)]
    email: String,
    /// Their name to sign in with.
    #[schema(example = "anna", max_length = 32)]
    user_name: String,
    /// Their name.
    #[schema(example = "Anna Wanjiru", max_length = 100)]
    name: String,
}

impl NewTenant {
    fn read(self, base_of: impl FnOnce(&Slug) -> String) -> Result<NewIsp, Problem> {
        let mut faults = Faults::new();
        let business = faults.take("/business", self.business.parse());
        let slug: Option<Slug> = faults.take("/subdomain", self.subdomain.parse());
        let email = faults.take("/owner/email", self.owner.email.parse());
        let user_name = faults.take("/owner/user_name", self.owner.user_name.parse());
        let name = faults.take("/owner/name", self.owner.name.parse());
        let zone = faults.take("/zone", Zone::named(self.zone.as_deref().unwrap_or("Africa/Nairobi")));
        let currency = faults.take("/currency", Currency::from_code(self.currency.as_deref().unwrap_or("KES")));
        let calling_code = match self.calling_code {
            Some(text) => faults.take("/calling_code", CallingCode::parse(&text)),
            None => Some(CallingCode::kenya()),
        };
        let owner = (email, user_name, name);
        let owner = match owner {
            (Some(email), Some(user_name), Some(name)) => Some(NewStaff {
                email,
                user_name,
                name,
                phone: None,
                id_number: None,
                role: RoleName::Preset(Preset::Owner),
                zones: Zoned::All,
            }),
            _ => None,
        };
        let made = match (business, slug, zone, currency, calling_code, owner) {
            (Some(business), Some(slug), Some(zone), Some(currency), Some(calling_code), Some(owner)) => {
                let base = base_of(&slug);
                Some(NewIsp { business, slug, zone, currency, calling_code, owner, base })
            }
            _ => None,
        };
        faults.unless(made)
    }
}

/// Open an ISP
///
/// With a trial as long as the platform's settings say. Its owner is invited by a letter.
#[utoipa::path(post, path = "/v1/platform/tenants", tag = "platform", operation_id = "open_tenant",
    request_body = NewTenant,
    responses((status = 201, description = "The ISP; `Location` says where it is.", body = TenantView)))]
async fn open(
    State(app): State<App>,
    caller: Caller,
    _: Query<Nothing>,
    Body(new): Body<NewTenant>,
) -> Result<Response, Problem> {
    let new = new.read(|slug| app.settings().base_of(Some(slug.as_str())))?;
    let opened = open_isp(app.store(), new, caller.context(&app)).await;
    let id = opened.map_err(|why| {
        let said = why.to_string();
        match why {
            OpenIspError::Taken(_) | OpenIspError::HasAccount | OpenIspError::NotInvited(_) => {
                Problem::new(Code::Conflict, said)
            }
            OpenIspError::Store(why) => why.into(),
        }
    })?;
    created(&shown(&app, id).await?, &format!("/v1/platform/tenants/{id}"))
}
