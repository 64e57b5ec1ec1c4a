//! A tenant: an ISP on the shared system. None may ever see another.

use crate::id::TenantId;
use crate::money::Currency;
use crate::phone::CallingCode;
use crate::platform::house::HouseRules;
use crate::text::Slug;
use crate::time::Zone;

/// An ISP.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its short name, unique on the system; later its subdomain.
    pub slug: Slug,
    /// Its name as people say it, 1 to 100 characters.
    pub name: String,
    /// Where its calendar runs.
    pub zone: Zone,
    /// What its prices are in.
    pub currency: Currency,
    /// How its people's phone numbers begin.
    pub calling_code: CallingCode,
    /// How it wants its people dealt with.
    pub house: HouseRules,
}
