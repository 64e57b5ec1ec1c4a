//! Roles: what somebody who works for an ISP, or for the platform, may do.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use uuid::Uuid;

use crate::id::RoleId;
use crate::people::permission::Permissions;
use crate::time::Timestamp;

/// Roles that are there without anybody making them. What each may do is in `policy::people::rights`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Preset {
    /// Everything in an ISP, its account with the platform included.
    Owner,
    /// Everything but that account.
    Admin,
    /// Works on lines and routers, in zones, with PPPoE and static service alone.
    Technician,
    /// Sells, renews and sees to what is owed.
    Billing,
    /// Answers customers.
    Support,
    /// Runs the platform.
    PlatformOwner,
    /// Helps ISPs.
    PlatformSupport,
}

impl Preset {
    /// All of them, in the order they are declared.
    pub const ALL: [Self; 7] = [
        Self::Owner,
        Self::Admin,
        Self::Technician,
        Self::Billing,
        Self::Support,
        Self::PlatformOwner,
        Self::PlatformSupport,
    ];

    /// Its name: `platform_owner`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Technician => "technician",
            Self::Billing => "billing",
            Self::Support => "support",
            Self::PlatformOwner => "platform_owner",
            Self::PlatformSupport => "platform_support",
        }
    }

    /// The preset with a [`code`](Self::code).
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.code() == code)
    }

    /// Whether it is for the platform's own people.
    pub const fn is_of_platform(self) -> bool {
        match self {
            Self::PlatformOwner | Self::PlatformSupport => true,
            Self::Owner | Self::Admin | Self::Technician | Self::Billing | Self::Support => false,
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Which role somebody has: a preset, written by its name, or one that the ISP has made, written by its id.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RoleName {
    /// One that is always there.
    Preset(Preset),
    /// One of the ISP's own.
    Own(RoleId),
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Preset(preset) => preset.fmt(f),
            Self::Own(id) => id.fmt(f),
        }
    }
}

impl FromStr for RoleName {
    type Err = NotARole;
    fn from_str(text: &str) -> Result<Self, NotARole> {
        match (Preset::from_code(text), Uuid::parse_str(text)) {
            (Some(preset), _) => Ok(Self::Preset(preset)),
            (None, Ok(id)) => Ok(Self::Own(RoleId::from_uuid(id))),
            (None, Err(_)) => Err(NotARole(crate::text::escaped(text.as_bytes()))),
        }
    }
}

/// A text that names no role.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a role: write owner, admin, technician, billing, support, or the id of a role of your own")]
pub struct NotARole(pub String);

/// Which kinds of service somebody may have to do with.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Services {
    /// Hotspot, PPPoE and static.
    All,
    /// PPPoE and static, no hotspot.
    PppoeAndStatic,
}

impl Services {
    /// Its name: `pppoe_and_static`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::PppoeAndStatic => "pppoe_and_static",
        }
    }

    /// The services with a [`code`](Self::code).
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::All, Self::PppoeAndStatic].into_iter().find(|one| one.code() == code)
    }

    /// What is within both.
    #[must_use]
    pub const fn shared(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, Self::All) => Self::All,
            (Self::PppoeAndStatic, _) | (_, Self::PppoeAndStatic) => Self::PppoeAndStatic,
        }
    }
}

/// A role that an ISP has made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// How people call it, unique in the ISP, 1 to 60 characters.
    pub name: String,
    /// What it may do.
    pub permissions: Permissions,
    /// With which kinds of service.
    pub services: Services,
    /// When it was made.
    pub created_at: Timestamp,
    /// Goes up with every change.
    pub revision: u64,
}

impl Role {
    /// Most characters of a name.
    pub const NAME_MAX: usize = 60;
}

/// What a role gives, as the database has it: presets are spelled out by policy.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Rights {
    /// Those of a preset.
    Preset(Preset),
    /// Those of a role that the ISP has made.
    Own {
        /// What it may do.
        permissions: Permissions,
        /// With which kinds of service.
        services: Services,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_named_by_its_preset_or_its_id() {
        for preset in Preset::ALL {
            assert_eq!(preset.to_string().parse(), Ok(RoleName::Preset(preset)));
        }
        let own = RoleName::Own(RoleId::from_bytes([7; 16]));
        assert_eq!(own.to_string().parse(), Ok(own));
        assert!("king".parse::<RoleName>().is_err());
    }

    #[test]
    fn what_two_may_touch_is_the_narrower_of_both() {
        assert_eq!(Services::All.shared(Services::PppoeAndStatic), Services::PppoeAndStatic);
        assert_eq!(Services::All.shared(Services::All), Services::All);
    }
}
