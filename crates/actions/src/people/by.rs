//! Who deals with people, and why they may not.

use domain::id::{StaffId, TenantId};
use domain::people::permission::Permissions;
use domain::people::role::{Rights, RoleName, Services};
use domain::people::staff::Zoned;
use policy::people::passwords::PasswordFault;
use policy::people::rights::{self, Beyond, Given, Reach};
use store::people::roles;
use store::{StoreError, TenantTx};
use thiserror::Error;

use crate::platform::entitle::Unentitled;

/// Somebody who deals with staff, roles or keys: with what they have themselves, and no more.
#[derive(Clone, Debug)]
pub struct By {
    /// What they may do.
    pub given: Given,
    /// Where.
    pub zones: Zoned,
    /// Who they are, where they are staff.
    pub staff: Option<StaffId>,
    /// Whether they work for the platform itself.
    pub is_platform: bool,
}

impl By {
    /// The operator of the machine, who may do anything to people of an ISP, or of the platform.
    pub const fn operator(is_platform: bool) -> Self {
        let given = Given { permissions: Permissions::everything(), services: Services::All };
        Self { given, zones: Zoned::All, staff: None, is_platform }
    }

    /// Whether they may give a role in those zones, or deal with somebody who has it.
    pub(crate) async fn may_give(&self, tx: &mut TenantTx, role: RoleName, zones: &Zoned) -> Result<(), PeopleError> {
        let rights = roles::rights_of(tx, role).await?.ok_or(PeopleError::NoSuchRole)?;
        self.may_give_rights(rights, zones)
    }

    /// The same of what a role gives.
    pub(crate) fn may_give_rights(&self, rights: Rights, zones: &Zoned) -> Result<(), PeopleError> {
        rights::fits_side(rights, self.is_platform)?;
        let wanted = Reach { given: rights::of(rights), zones };
        Ok(rights::may_give(&Reach { given: self.given, zones: &self.zones }, &wanted)?)
    }
}

/// Why something about people was not done.
#[derive(Debug, Error)]
pub enum PeopleError {
    /// Nobody there by that id.
    #[error("there is nobody with that id")]
    Nobody,
    /// No role by that id.
    #[error("there is no role with that id")]
    NoSuchRole,
    /// No key by that id.
    #[error("there is no key with that id")]
    NoSuchKey,
    /// It was changed since it was looked at.
    #[error("it was changed meanwhile: look again, then change it")]
    Changed,
    /// Beyond what they may give.
    #[error(transparent)]
    Beyond(#[from] Beyond),
    /// A password that is not taken.
    #[error(transparent)]
    Password(#[from] PasswordFault),
    /// A technician must be known by more than a name.
    #[error("a technician is known by phone and identity card: give the {0}")]
    TechnicianLacks(&'static str),
    /// Zones are for those who work in some.
    #[error("give at least one zone, or none at all for everywhere")]
    NoZones,
    /// Nobody would be left to run the ISP.
    #[error("this is the last owner: make somebody else an owner first")]
    LastOwner,
    /// Whoever deactivates themselves could not undo it.
    #[error("you cannot do that to yourself: ask somebody else")]
    Yourself,
    /// They do not stand so that it could be done.
    #[error("{0}")]
    Standing(&'static str),
    /// The proof that was given is wrong.
    #[error("the password is wrong")]
    WrongPassword,
    /// The code that was given is wrong, or was used.
    #[error("the code is wrong or was used already: wait for the next one and try again")]
    WrongCode,
    /// A mail's code that is not good, or not any more.
    #[error("this code is not good (any more): ask for another")]
    WrongToken,
    /// A name that does not fit.
    #[error("a name has 1 to 60 characters of plain text")]
    BadName,
    /// Too many of them.
    #[error("there are {0} already, more are not kept: remove one first")]
    TooMany(u64),
    /// A key that could do nothing.
    #[error("a key that may do nothing is none: give it permissions")]
    NoPermissions,
    /// Another end than a key can have.
    #[error("a key ends later than now and within ten years, and an earlier proof goes on for at most seven days")]
    BadEnd,
    /// A reason that tells nothing.
    #[error("say why, in 10 to 300 characters: the ISP reads it")]
    BadReason,
    /// Only after a second proof.
    #[error("this needs a code from your telephone when you sign in: set it up, then sign in with it")]
    SecondProofFirst,
    /// Try again later.
    #[error("too many people sign in at this moment: try again in a few seconds")]
    Busy,
    /// Not before so many seconds have passed.
    #[error("too many tries: wait {0} seconds, then try again")]
    Wait(u64),
    /// The ISP's tier does not allow it.
    #[error(transparent)]
    Unentitled(#[from] Unentitled),
    /// It could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<credentials::passwords::PasswordError> for PeopleError {
    fn from(error: credentials::passwords::PasswordError) -> Self {
        match error {
            credentials::passwords::PasswordError::Busy => Self::Busy,
            credentials::passwords::PasswordError::Broken => {
                Self::Store(StoreError::Bug { reason: "a password could not be hashed".to_owned() })
            }
        }
    }
}

/// How an ISP's letters are signed, and where their links lead.
#[derive(Clone, Debug)]
pub struct Letterhead {
    /// Which ISP.
    pub tenant: TenantId,
    /// Its name.
    pub name: String,
    /// Where its people sign in, without a slash at the end.
    pub base: String,
}

impl Letterhead {
    pub(crate) fn sender(&self) -> policy::messages::letters::Sender<'_> {
        policy::messages::letters::Sender { name: &self.name, base: &self.base }
    }
}
