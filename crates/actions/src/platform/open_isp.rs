//! Opens an ISP for somebody: by the platform's people, with its trial, and an owner who is invited by mail.

use domain::id::TenantId;
use domain::money::Currency;
use domain::people::role::{Preset, RoleName};
use domain::people::staff::Zoned;
use domain::phone::CallingCode;
use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::house::HouseRules;
use domain::platform::settings::BusinessName;
use domain::platform::tenant::Tenant;
use domain::text::Slug;
use domain::time::{Span, Zone};
use policy::platform::subdomains;
use store::people::staff;
use store::platform::{accounts, settings, tenants};
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;
use crate::people::by::{By, Letterhead, PeopleError};
use crate::people::invite::{Joining, NewStaff, invite};
use crate::platform::told::{Side, tell};

/// An ISP to open.
#[derive(Debug)]
pub struct NewIsp {
    /// Its name.
    pub business: BusinessName,
    /// Its subdomain.
    pub slug: Slug,
    /// Where its calendar runs.
    pub zone: Zone,
    /// What its prices are in.
    pub currency: Currency,
    /// How its people's phone numbers begin.
    pub calling_code: CallingCode,
    /// Its owner: the role and the zones are an owner's, whatever stands there.
    pub owner: NewStaff,
    /// Where its people sign in, without a slash at the end.
    pub base: String,
}

/// Why none was opened.
#[derive(Debug, Error)]
pub enum OpenIspError {
    /// The subdomain is the platform's, too short, or taken.
    #[error("the subdomain `{0}` is taken: choose another one")]
    Taken(Slug),
    /// The address has an account somewhere.
    #[error("that address has an account already: a person works for one ISP")]
    HasAccount,
    /// The owner could not be invited; the ISP is open, with a trial, and without anybody.
    #[error("the ISP is open, and its owner was not invited: {0}; `mnetifi staff add` on the server adds one")]
    NotInvited(PeopleError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens it.
pub async fn open_isp(store: &Store, new: NewIsp, context: Context<'_>) -> Result<TenantId, OpenIspError> {
    let NewIsp { business, slug, zone, currency, calling_code, owner, base } = new;
    if subdomains::is_reserved(slug.as_str()) {
        return Err(OpenIspError::Taken(slug));
    }
    let (id, name) = (context.new_id(), business.as_str().to_owned());
    let house = HouseRules::default();
    let tenant = Tenant { id, slug: slug.clone(), name: name.clone(), zone, currency, calling_code, house };
    let mut system = store.system().await?;
    if staff::by_email(&mut system, &owner.email).await?.is_some() {
        return Err(OpenIspError::HasAccount);
    }
    match tenants::add(&mut system, &tenant).await {
        Ok(()) => system.commit().await?,
        Err(StoreError::Conflict { .. }) => return Err(OpenIspError::Taken(slug)),
        Err(why) => return Err(why.into()),
    }
    let scope = TenantScope::of_platform(id);
    let platform = Side::Platform.platform(store, context).await?;
    let mut tx = store.tenant(&scope).await?;
    let hours = settings::of_platform(&mut tx).await?.trial_hours;
    let trial_until = context.now().plus(Span::minutes(i64::from(hours) * 60));
    let mut account = accounts::lock(&mut tx).await?;
    account.life.trial_until = Some(trial_until);
    accounts::put(&mut tx, &account).await?;
    let changes = vec![
        Change::of("subdomain", None, Some(&slug)),
        Change::of("owner", None, Some(&owner.user_name)),
        Change::of("trial_until", None, Some(trial_until)),
    ];
    let deed = (Verb::OpenTenant, Thing::Tenant(id));
    tell(tx, deed, changes, platform, context).await?;
    let head = Letterhead { tenant: id, name, base };
    let owner = NewStaff { role: RoleName::Preset(Preset::Owner), zones: Zoned::All, ..owner };
    let invited = invite(store, &scope, &By::operator(false), owner, Joining::ByMail(&head), context).await;
    invited.map(|_| id).map_err(OpenIspError::NotInvited)
}
