//! `tenant lock`, `tenant pay-until`, `tier …`: an ISP's account with the platform.

use clap::{Args, Subcommand};
use domain::money::{Currency, Money};
use domain::platform::tier::{Feature, Limit};
use domain::text::Slug;
use domain::time::Timestamp;

/// What is done to a tenant's account.
#[derive(Debug, Subcommand)]
pub enum TenantAccount {
    /// Lock a tenant's staff out of changes; its customers never notice
    Lock(TenantLock),
    /// Let a tenant's staff change things again
    Unlock {
        /// Short name of the tenant
        slug: Slug,
    },
    /// Note until when a tenant has paid, and for which tier
    PayUntil(TenantPaid),
    /// Move the end of a tenant's trial
    Trial(TenantTrial),
    /// Give a tenant days of grace of its own, or the platform's again
    Grace {
        /// Short name of the tenant
        slug: Slug,
        /// How many days it may go on after what it has paid for; without it those of the platform
        days: Option<u32>,
    },
    /// Move a tenant to another tier: at once, with its paid time turned, or at the end of that time
    Tier(TenantTier),
}

/// `tenant lock`.
#[derive(Debug, Args)]
pub struct TenantLock {
    /// Short name of the tenant
    pub slug: Slug,
    /// Why, in words that its staff reads
    #[arg(long)]
    pub why: String,
}

/// `tenant pay-until`.
#[derive(Debug, Args)]
pub struct TenantPaid {
    /// Short name of the tenant
    pub slug: Slug,
    /// Until when it has paid, as 2027-01-31T23:59:00+03:00
    #[arg(value_name = "INSTANT")]
    pub until: Timestamp,
    /// For which tier [default: the one it has, or has chosen for then]
    #[arg(long)]
    pub tier: Option<Slug>,
}

/// `tenant trial`.
#[derive(Debug, Args)]
pub struct TenantTrial {
    /// Short name of the tenant
    pub slug: Slug,
    /// When its trial ends, as 2027-01-31T23:59:00+03:00; without it nobody bills this tenant
    #[arg(value_name = "INSTANT")]
    pub until: Option<Timestamp>,
}

/// `tenant tier`.
#[derive(Debug, Args)]
pub struct TenantTier {
    /// Short name of the tenant
    pub slug: Slug,
    /// Short name of the tier
    pub tier: Slug,
    /// From the end of what it has paid for on, not at once
    #[arg(long)]
    pub at_end: bool,
    /// Only tell what would become of it
    #[arg(long)]
    pub preview: bool,
}

/// `tier …`.
#[derive(Debug, Subcommand)]
pub enum Tier {
    /// List the price book
    List,
    /// Put a tier into the price book, or change it
    Set(TierSet),
}

/// `tier set`.
#[derive(Debug, Args)]
pub struct TierSet {
    /// Short name, as `basic-hotspot`
    pub code: Slug,
    /// Name as people say it
    #[arg(long)]
    pub name: String,
    /// What a month costs, as `KES 500.00`
    #[arg(long, value_parser = money)]
    pub month: Money,
    /// What a year costs, where it can be bought by the year
    #[arg(long, value_parser = money)]
    pub year: Option<Money>,
    /// What it gives, separated by commas, as service.hotspot,api.custom
    #[arg(long, value_delimiter = ',', value_parser = feature, value_name = "KEY,…")]
    pub features: Vec<Feature>,
    /// How many it allows, as techs.max=1; what is not named is unlimited
    #[arg(long = "limit", value_parser = limit, value_name = "KEY=COUNT")]
    pub limits: Vec<(Limit, u32)>,
    /// ISPs may not choose it; those who have it keep it
    #[arg(long)]
    pub not_on_sale: bool,
}

fn feature(text: &str) -> Result<Feature, String> {
    let known = || Feature::ALL.map(Feature::key).join(", ");
    Feature::from_key(text.trim()).ok_or_else(|| format!("write one of {}", known()))
}

fn limit(text: &str) -> Result<(Limit, u32), String> {
    let known = || Limit::ALL.map(Limit::key).join(", ");
    let bad = || format!("write how many, as techs.max=1, of {}", known());
    let (key, count) = text.split_once('=').ok_or_else(bad)?;
    Ok((Limit::from_key(key.trim()).ok_or_else(bad)?, count.trim().parse().map_err(|_| bad())?))
}

/// `KES 500.00` or `KES 500`.
pub(super) fn money(text: &str) -> Result<Money, String> {
    let bad = || "write a currency and an amount, as `KES 500.00`".to_owned();
    let (currency, amount) = text.trim().split_once(' ').ok_or_else(bad)?;
    let currency = Currency::from_code(currency).map_err(|why| why.to_string())?;
    let (whole, part) = amount.trim().split_once('.').unwrap_or((amount.trim(), "00"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() != 2 {
        return Err(bad());
    }
    format!("{whole}{part}").parse().map(|minor| Money::from_minor(minor, currency)).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_has_a_currency_and_two_digits_behind_the_point() {
        assert_eq!(money("KES 500.00"), Ok(Money::from_minor(50_000, Currency::KES)));
        assert_eq!(money("KES 500"), Ok(Money::from_minor(50_000, Currency::KES)));
        for bad in ["500", "KES", "KES 5.0", "KES -5.00", "KES 5,00", "kes 5.00", "KES 99999999999999999999"] {
            assert!(money(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_limit_names_its_key_and_how_many() {
        assert_eq!(limit("techs.max=1"), Ok((Limit::Techs, 1)));
        for bad in ["techs.max", "techs=1", "techs.max=-1", "techs.max=x"] {
            assert!(limit(bad).is_err(), "{bad}");
        }
    }
}
