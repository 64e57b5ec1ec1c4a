//! A sign-up: an ISP that is opened once the address of whoever signs up is confirmed.

use crate::email::Email;
use crate::id::{Id, StaffId, TenantId};
use crate::money::Currency;
use crate::people::staff::UserName;
use crate::phone::CallingCode;
use crate::platform::settings::BusinessName;
use crate::text::Slug;
use crate::time::{Span, Timestamp, Zone};

/// A sign-up that waits for its confirmation. Its password's hash and its code stay in the store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignUp {
    /// Its id.
    pub id: Id<SignUp>,
    /// The ISP that it opens.
    pub opens: TenantId,
    /// Who will own it.
    pub owner: StaffId,
    /// The business's name.
    pub business: BusinessName,
    /// Its subdomain.
    pub slug: Slug,
    /// The owner's name to sign in with.
    pub user_name: UserName,
    /// The owner's address.
    pub email: Email,
    /// Where its calendar runs.
    pub zone: Zone,
    /// What its prices are in.
    pub currency: Currency,
    /// How its people's phone numbers begin.
    pub calling_code: CallingCode,
    /// When it was made.
    pub made_at: Timestamp,
    /// When its code is good no more.
    pub expires_at: Timestamp,
    /// When the last letter went out.
    pub mailed_at: Timestamp,
    /// How many letters went out.
    pub mails: u32,
}

impl SignUp {
    /// How long its code is good.
    pub const HOURS: u32 = 24;
    /// The most letters for one sign-up.
    pub const MAILS_MAX: u32 = 5;
    /// The least time between two of them.
    pub const BETWEEN_MAILS: Span = Span::seconds(60);
}
