//! Tiers: what an ISP buys of the platform, as features and limits. Each is a row of the price book.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use thiserror::Error;

use crate::money::Money;
use crate::text::Slug;

/// Something that a tier has or has not. Without it nothing new of it is made: no plan, no printed batch, no key. What
/// there is goes on, and so do sales one by one, for an ISP's customers never notice what it has bought.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Feature {
    /// PPPoE and static lines.
    PppoeStatic,
    /// Hotspots.
    Hotspot,
    /// Pages without the platform's name.
    WhiteLabel,
    /// Keys and webhooks for programs of its own.
    CustomApi,
    /// Analyses beyond the usual reports.
    AdvancedAnalytics,
    /// A database of its own.
    DedicatedDatabase,
}

impl Feature {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::PppoeStatic,
        Self::Hotspot,
        Self::WhiteLabel,
        Self::CustomApi,
        Self::AdvancedAnalytics,
        Self::DedicatedDatabase,
    ];

    /// Its entitlement key.
    pub const fn key(self) -> &'static str {
        match self {
            Self::PppoeStatic => "service.pppoe_static",
            Self::Hotspot => "service.hotspot",
            Self::WhiteLabel => "branding.white_label",
            Self::CustomApi => "api.custom",
            Self::AdvancedAnalytics => "analytics.advanced",
            Self::DedicatedDatabase => "db.dedicated",
        }
    }

    /// What it is, in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::PppoeStatic => "PPPoE and static lines",
            Self::Hotspot => "hotspots",
            Self::WhiteLabel => "pages without the platform's name",
            Self::CustomApi => "keys and webhooks for programs",
            Self::AdvancedAnalytics => "advanced analytics",
            Self::DedicatedDatabase => "a database of its own",
        }
    }

    /// The feature with a [`key`](Self::key).
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|feature| feature.key() == key)
    }
}

/// Something of which a tier allows so many.
///
/// Vouchers are none of these: no tier counts them, so printing and selling them takes no place, and giving one to a
/// customer neither. Who is given one is no subscriber, and [`Customers`](Self::Customers) counts those alone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Limit {
    /// Technicians who may sign in.
    Techs,
    /// Subscribers.
    Customers,
    /// Routers that may ask.
    Routers,
    /// Gigabytes of files.
    StorageGb,
}

impl Limit {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Techs, Self::Customers, Self::Routers, Self::StorageGb];

    /// Its entitlement key.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Techs => "techs.max",
            Self::Customers => "customers.max",
            Self::Routers => "routers.max",
            Self::StorageGb => "storage.gb",
        }
    }

    /// The limit with a [`key`](Self::key).
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|limit| limit.key() == key)
    }

    /// What is counted, in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Techs => "technicians",
            Self::Customers => "subscribers",
            Self::Routers => "routers",
            Self::StorageGb => "GB of files",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// What an ISP may use, and how many.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Entitlements {
    /// What it has.
    pub features: BTreeSet<Feature>,
    /// How many at most; what is not named is unlimited.
    pub limits: BTreeMap<Limit, u32>,
}

impl Entitlements {
    /// Everything, without limits: a trial, or an ISP that nobody bills.
    pub fn everything() -> Self {
        Self { features: Feature::ALL.into_iter().collect(), limits: BTreeMap::new() }
    }
}

/// A row of the price book.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tier {
    /// Its short name, unique: `basic-hotspot`.
    pub code: Slug,
    /// Its name as people say it, 1 to 60 characters.
    pub name: String,
    /// What a month costs.
    pub month: Money,
    /// What a year costs, where it can be bought by the year.
    pub year: Option<Money>,
    /// What it gives.
    pub entitlements: Entitlements,
    /// Whether ISPs may choose it. Those who have it keep it.
    pub is_on_sale: bool,
}

/// Why a tier cannot be in the price book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TierFault {
    /// Its name is empty, too long, or holds control characters.
    #[error("a tier's name has 1 to 60 characters of plain text")]
    Name,
    /// A price that is nothing or less.
    #[error("a tier costs something: what is left of paid time could not be turned into another tier's otherwise")]
    Price,
    /// Prices in two currencies.
    #[error("the price of a year is in another currency than that of a month")]
    Currency,
    /// Neither hotspots nor lines.
    #[error("a tier gives PPPoE and static lines, or hotspots, or both: otherwise nothing could be sold with it")]
    NoService,
}

impl Tier {
    /// Most tiers of a price book.
    pub const COUNT_MAX: usize = 200;

    /// What is wrong with it, if anything.
    pub fn fault(&self) -> Option<TierFault> {
        let length = self.name.chars().count();
        if !(1..=60).contains(&length) || self.name.chars().any(char::is_control) {
            return Some(TierFault::Name);
        }
        if self.month.minor() <= 0 || self.year.is_some_and(|year| year.minor() <= 0) {
            return Some(TierFault::Price);
        }
        if self.year.is_some_and(|year| year.currency() != self.month.currency()) {
            return Some(TierFault::Currency);
        }
        let services = [Feature::PppoeStatic, Feature::Hotspot];
        let has_service = services.iter().any(|service| self.entitlements.features.contains(service));
        (!has_service).then_some(TierFault::NoService)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_names_one_entitlement() {
        assert!(Feature::ALL.iter().all(|one| Feature::from_key(one.key()) == Some(*one)));
        assert!(Limit::ALL.iter().all(|one| Limit::from_key(one.key()) == Some(*one)));
        assert!(Feature::ALL.iter().all(|one| Limit::from_key(one.key()).is_none()));
    }

    #[test]
    fn a_tier_has_a_name_a_price_and_a_service() {
        let month = Money::from_minor(50_000, crate::money::Currency::KES);
        let entitlements = Entitlements::everything();
        let good = Tier {
            code: "premium".parse().expect("good"),
            name: "Premium".to_owned(),
            month,
            year: None,
            entitlements,
            is_on_sale: true,
        };

        let free = Tier { month: Money::from_minor(0, month.currency()), ..good.clone() };
        let bare = Tier { entitlements: Entitlements::default(), ..good.clone() };
        let usd = crate::money::Currency::from_code("USD").expect("good");
        let mixed = Tier { year: Some(Money::from_minor(1, usd)), ..good.clone() };

        assert_eq!(good.fault(), None);
        assert_eq!(free.fault(), Some(TierFault::Price));
        assert_eq!(bare.fault(), Some(TierFault::NoService));
        assert_eq!(mixed.fault(), Some(TierFault::Currency));
        assert_eq!(Tier { name: "a\nb".to_owned(), ..good }.fault(), Some(TierFault::Name));
    }
}
