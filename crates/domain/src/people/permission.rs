//! Permissions: which acts on which things somebody may do. Roles are sets of them.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// What an act is done to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Thing {
    /// What is sold.
    Plans,
    /// Codes that buy access, and their batches.
    Vouchers,
    /// Houses and businesses with a login of their own.
    Subscribers,
    /// Who buys and pays.
    Customers,
    /// Routers and their certificates.
    Routers,
    /// Who is and was online.
    Sessions,
    /// How much was used.
    Usage,
    /// Why somebody was let in or refused.
    Decisions,
    /// Devices that vouchers and subscribers were used with.
    Devices,
    /// Who works here.
    Staff,
    /// What staff may do.
    Roles,
    /// Parts of the area.
    Zones,
    /// Offices.
    Branches,
    /// Programs that may ask in the ISP's name.
    Keys,
    /// How the ISP wants things done.
    Settings,
    /// The ISP's own account with the platform.
    Billing,
    /// Who did what.
    Audit,
    /// What needs a person.
    Exceptions,
    /// Deeds on many things at once.
    Operations,
    /// Where the ISP wants to be told of what happens.
    Webhooks,
    /// Who takes money for the ISP, and what opens that.
    Gateways,
    /// What people pay, and what has come: looked at, looked up, matched.
    Payments,
    /// The books: entries, wallets, days; and what is put into them or taken out on somebody's word.
    Ledger,
    /// Text messages to people's telephones.
    Messages,
    /// All ISPs, their tiers, and acting in their place: for the platform's own people alone.
    Platform,
}

impl Thing {
    /// All of them, in the order they are declared.
    pub const ALL: [Self; 25] = [
        Self::Plans,
        Self::Vouchers,
        Self::Subscribers,
        Self::Customers,
        Self::Routers,
        Self::Sessions,
        Self::Usage,
        Self::Decisions,
        Self::Devices,
        Self::Staff,
        Self::Roles,
        Self::Zones,
        Self::Branches,
        Self::Keys,
        Self::Settings,
        Self::Billing,
        Self::Audit,
        Self::Exceptions,
        Self::Operations,
        Self::Webhooks,
        Self::Gateways,
        Self::Payments,
        Self::Ledger,
        Self::Messages,
        Self::Platform,
    ];

    /// Its name in permissions: `vouchers`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Plans => "plans",
            Self::Vouchers => "vouchers",
            Self::Subscribers => "subscribers",
            Self::Customers => "customers",
            Self::Routers => "routers",
            Self::Sessions => "sessions",
            Self::Usage => "usage",
            Self::Decisions => "decisions",
            Self::Devices => "devices",
            Self::Staff => "staff",
            Self::Roles => "roles",
            Self::Zones => "zones",
            Self::Branches => "branches",
            Self::Keys => "keys",
            Self::Settings => "settings",
            Self::Billing => "billing",
            Self::Audit => "audit",
            Self::Exceptions => "exceptions",
            Self::Operations => "operations",
            Self::Webhooks => "webhooks",
            Self::Gateways => "gateways",
            Self::Payments => "payments",
            Self::Ledger => "ledger",
            Self::Messages => "messages",
            Self::Platform => "platform",
        }
    }
}

/// What is done to a thing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Act {
    /// List and look at it.
    See,
    /// Add a new one.
    Make,
    /// Change one, with all its verbs: extend, revoke, suspend.
    Change,
    /// Take one away.
    Remove,
    /// Take the whole list home as a file.
    Export,
}

impl Act {
    /// All of them, in the order they are declared.
    pub const ALL: [Self; 5] = [Self::See, Self::Make, Self::Change, Self::Remove, Self::Export];

    /// Its name in permissions: `change`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::See => "see",
            Self::Make => "make",
            Self::Change => "change",
            Self::Remove => "remove",
            Self::Export => "export",
        }
    }
}

/// One act on one kind of thing, written `vouchers:change`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Permission {
    /// On what.
    pub thing: Thing,
    /// What.
    pub act: Act,
}

impl Permission {
    /// The permission to do this to that.
    pub const fn new(thing: Thing, act: Act) -> Self {
        Self { thing, act }
    }

    /// Its place in a set.
    const fn bit(self) -> u128 {
        1 << (self.thing as u32 * ACTS + self.act as u32)
    }
}

/// Kinds of act.
const ACTS: u32 = 5;

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.thing.code(), self.act.code())
    }
}

impl FromStr for Permission {
    type Err = NotAPermission;
    fn from_str(text: &str) -> Result<Self, NotAPermission> {
        let unknown = || NotAPermission(crate::text::escaped(text.as_bytes()));
        let (thing, act) = text.split_once(':').ok_or_else(unknown)?;
        let thing = Thing::ALL.into_iter().find(|one| one.code() == thing).ok_or_else(unknown)?;
        let act = Act::ALL.into_iter().find(|one| one.code() == act).ok_or_else(unknown)?;
        Ok(Self { thing, act })
    }
}

/// A text that is no permission.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a permission: write a thing and an act, as vouchers:change")]
pub struct NotAPermission(pub String);

/// A set of permissions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Permissions(u128);

impl Permissions {
    /// None at all.
    pub const NONE: Self = Self(0);

    /// These acts on one thing.
    pub const fn on(thing: Thing, acts: &[Act]) -> Self {
        let mut set = 0;
        let mut place = 0;
        while place < acts.len() {
            set |= Permission::new(thing, acts[place]).bit();
            place += 1;
        }
        Self(set)
    }

    /// Every act on every thing.
    pub const fn everything() -> Self {
        let mut set = Self::NONE;
        let mut place = 0;
        while place < Thing::ALL.len() {
            set = set.and(Self::on(Thing::ALL[place], &Act::ALL));
            place += 1;
        }
        set
    }

    /// Those of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These without those of the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Those that are in both.
    #[must_use]
    pub const fn shared(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether this act on this thing is among them.
    pub const fn allow(self, thing: Thing, act: Act) -> bool {
        self.0 & Permission::new(thing, act).bit() != 0
    }

    /// Whether all of the other are among these.
    pub const fn cover(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them, thing by thing.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        let all = Thing::ALL.into_iter().flat_map(|thing| Act::ALL.map(|act| Permission { thing, act }));
        all.filter(move |one| self.0 & one.bit() != 0)
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<Some: IntoIterator<Item = Permission>>(some: Some) -> Self {
        Self(some.into_iter().fold(0, |set, one| set | one.bit()))
    }
}

/// As people read it: `vouchers:see, vouchers:change`.
impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, one) in self.iter().enumerate() {
            if place > 0 {
                f.write_str(", ")?;
            }
            one.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(|one| one.to_string())).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_has_a_place_of_its_own_and_is_read_back_from_its_text() {
        let all: Vec<Permission> = Permissions::everything().iter().collect();

        assert_eq!(all.len(), Thing::ALL.len() * Act::ALL.len());
        for one in &all {
            assert_eq!(one.to_string().parse(), Ok(*one));
            assert_eq!(Permissions::from_iter([*one]).iter().collect::<Vec<_>>(), [*one]);
        }
        for bad in ["", "vouchers", "vouchers:", "vouchers:dance", "Vouchers:see", "vouchers:see:see"] {
            assert!(bad.parse::<Permission>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_set_covers_what_it_holds_and_nothing_else() {
        let seeing = Permissions::on(Thing::Plans, &[Act::See]);
        let more = seeing.and(Permissions::on(Thing::Plans, &[Act::Change]));

        assert!(more.cover(seeing) && !seeing.cover(more) && seeing.cover(Permissions::NONE));
        assert!(more.allow(Thing::Plans, Act::Change) && !more.allow(Thing::Vouchers, Act::Change));
        assert_eq!(more.without(seeing).to_string(), "plans:change");
        assert_eq!(more.shared(seeing), seeing);
    }
}
