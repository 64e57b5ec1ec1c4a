//! `mnetifi plan …` on the command line.

use std::str::FromStr;

use clap::{Args, Subcommand};
use domain::rate::{Bps, BurstSeconds, Bytes, Priority, UpDown};
use domain::sales::plan::{DeviceCap, PlanService, ValidityAnchor, WhenFull};
use domain::sales::speeds::{FairUseStep, SpeedWindow};
use domain::text::{RouterName, Slug};
use domain::time::{Duration, Period};

/// `plan …`.
#[derive(Debug, Subcommand)]
pub enum Plan {
    /// Publish a plan
    Add(Box<PlanAdd>),
    /// Change terms of a plan; what is not named stays, and who is online follows
    Change(Box<PlanChange>),
    /// Show all terms of a plan
    Show(PlanName),
    /// List the plans
    List,
}

/// `plan show`.
#[derive(Debug, Args)]
pub struct PlanName {
    /// Its short name
    pub name: Slug,
}

/// A new value for a term, or none any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum To<Value> {
    /// No limit from now on.
    Nothing,
    /// This one.
    Value(Value),
}

impl<Value> To<Value> {
    /// The value, if there is one.
    pub fn value(self) -> Option<Value> {
        match self {
            Self::Nothing => None,
            Self::Value(value) => Some(value),
        }
    }
}

impl<Value: FromStr> FromStr for To<Value> {
    type Err = Value::Err;
    fn from_str(text: &str) -> Result<Self, Value::Err> {
        match text {
            "none" | "unlimited" => Ok(Self::Nothing),
            value => value.parse().map(Self::Value),
        }
    }
}

/// `plan change`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("terms").required(true).multiple(true).args([
    "rate", "burst", "priority", "minimum", "windows", "fair_use", "devices", "when_full", "duration", "data_cap",
    "data_per", "pool", "address_list", "price",
]))]
pub struct PlanChange {
    /// Its short name
    pub name: Slug,
    /// Speed up/down, as 3M/8M, or `unlimited`; a burst, priority and minimum that it has stay
    #[arg(long, value_name = "UP/DOWN")]
    pub rate: Option<To<UpDown<Bps>>>,
    /// Burst speed up/down, as 4M/10M, or `none`
    #[arg(long, value_name = "UP/DOWN")]
    pub burst: Option<To<UpDown<Bps>>>,
    /// Average speed above which a burst ends, up/down
    #[arg(long, value_name = "UP/DOWN", requires = "burst")]
    pub burst_threshold: Option<UpDown<Bps>>,
    /// Seconds over which that average is taken, up/down or one for both
    #[arg(long, value_name = "SECONDS", requires = "burst")]
    pub burst_time: Option<UpDown<BurstSeconds>>,
    /// Place among other queues: 1 is served first, 8 last
    #[arg(long, value_parser = priority)]
    pub priority: Option<Priority>,
    /// Speed that is kept free, up/down, or `none`
    #[arg(long, value_name = "UP/DOWN")]
    pub minimum: Option<To<UpDown<Bps>>>,
    /// Its speed windows from now on, instead of all those it has, or `none`
    #[arg(long = "window", value_name = "WINDOW")]
    pub windows: Vec<To<SpeedWindow>>,
    /// Its fair-use steps from now on, instead of all those it has, or `none`
    #[arg(long = "fair-use", value_name = "STEP")]
    pub fair_use: Vec<To<FairUseStep>>,
    /// Devices at once
    #[arg(long, value_parser = device_cap)]
    pub devices: Option<DeviceCap>,
    /// What becomes of one device more: refuse, or newest_wins
    #[arg(long)]
    pub when_full: Option<WhenFull>,
    /// How long it lasts, for what is sold from now on
    #[arg(long)]
    pub duration: Option<Duration>,
    /// Data in both directions together, as 500MB or 5GB, or `none`
    #[arg(long, value_name = "AMOUNT")]
    pub data_cap: Option<To<Bytes>>,
    /// The data cap counts anew each day, week or month, or over the whole life (`none`)
    #[arg(long, value_name = "PERIOD")]
    pub data_per: Option<To<Period>>,
    /// The router's address pool, or `none`
    #[arg(long)]
    pub pool: Option<To<RouterName>>,
    /// The router's firewall address list, or `none`
    #[arg(long)]
    pub address_list: Option<To<RouterName>>,
    /// Price in the tenant's currency, as 20 or 19.50
    #[arg(long, value_parser = price_minor)]
    pub price: Option<i64>,
}

/// `plan add`.
#[derive(Debug, Args)]
pub struct PlanAdd {
    /// Short name, unique in the tenant, as `hour` or `home-10`
    pub name: Slug,
    /// Kind of line: hotspot, pppoe or static
    #[arg(long)]
    pub service: PlanService,
    /// How long it lasts, as 30m, 8h, 7d, 2w or 1mo
    #[arg(long)]
    pub duration: Duration,
    /// Speed up/down, as 2M/5M; left out, the plan is unlimited
    #[arg(long, value_name = "UP/DOWN")]
    pub rate: Option<UpDown<Bps>>,
    /// Burst speed up/down, as 4M/10M
    #[arg(long, value_name = "UP/DOWN", requires = "rate", requires = "burst_threshold", requires = "burst_time")]
    pub burst: Option<UpDown<Bps>>,
    /// Average speed above which a burst ends, up/down, as 1500k/4M
    #[arg(long, value_name = "UP/DOWN", requires = "burst")]
    pub burst_threshold: Option<UpDown<Bps>>,
    /// Seconds over which that average is taken, up/down or one for both, as 16
    #[arg(long, value_name = "SECONDS", requires = "burst")]
    pub burst_time: Option<UpDown<BurstSeconds>>,
    /// Place among other queues: 1 is served first, 8 last
    #[arg(long, requires = "rate", value_parser = priority)]
    pub priority: Option<Priority>,
    /// Speed that is kept free, up/down, as 512k/1M
    #[arg(long, value_name = "UP/DOWN", requires = "rate")]
    pub minimum: Option<UpDown<Bps>>,
    /// A time of the week with a speed of its own, as `mon-fri 22:00-06:00 10M/20M` or `sat,sun 00:00-24:00 unlimited`;
    /// may be given several times
    #[arg(long = "window", value_name = "WINDOW")]
    pub windows: Vec<SpeedWindow>,
    /// The speed after so much data, as `10GB/day 1M/2M`, with day, week or month; may be given several times
    #[arg(long = "fair-use", value_name = "STEP")]
    pub fair_use: Vec<FairUseStep>,
    /// Devices at once
    #[arg(long, default_value = "1", value_parser = device_cap)]
    pub devices: DeviceCap,
    /// What becomes of one device more: refuse, or newest_wins
    #[arg(long, default_value = "refuse")]
    pub when_full: WhenFull,
    /// From which moment the time runs: purchase, first_use or sale
    #[arg(long, default_value = "purchase")]
    pub anchor: ValidityAnchor,
    /// Data in both directions together, as 500MB or 5GB; left out, there is no cap
    #[arg(long, value_name = "AMOUNT")]
    pub data_cap: Option<Bytes>,
    /// The data cap counts anew each day, week or month; left out, it counts over the whole life
    #[arg(long, value_name = "PERIOD", requires = "data_cap")]
    pub data_per: Option<Period>,
    /// The router's address pool
    #[arg(long)]
    pub pool: Option<RouterName>,
    /// The router's firewall address list
    #[arg(long)]
    pub address_list: Option<RouterName>,
    /// Price in the tenant's currency, as 20 or 19.50
    #[arg(long, default_value = "0", value_parser = price_minor)]
    pub price: i64,
}

fn priority(text: &str) -> Result<Priority, String> {
    text.parse().ok().and_then(Priority::new).ok_or_else(|| "write a number from 1 to 8".to_owned())
}

fn device_cap(text: &str) -> Result<DeviceCap, String> {
    text.parse().ok().and_then(DeviceCap::new).ok_or_else(|| "write a number from 1 to 1000".to_owned())
}

/// Reads `20` or `19.50` into minor units.
fn price_minor(text: &str) -> Result<i64, String> {
    let bad = || "write an amount, as 20 or 19.50".to_owned();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "00"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 2 {
        return Err(bad());
    }
    let minor: i64 = format!("{fraction:0<2}").parse().map_err(|_| bad())?;
    let whole: i64 = whole.parse().map_err(|_| bad())?;
    whole.checked_mul(100).and_then(|major| major.checked_add(minor)).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn windows_and_steps_are_words_of_their_own() {
        let reads =
            |words: &[&str]| Cli::try_parse_from(["mnetifi", "plan", "change", "hour"].iter().chain(words)).is_ok();

        assert!(reads(&["--window", "daily 22:00-06:00 unlimited", "--window", "mon 12:00-13:00 1M/2M"]));
        assert!(reads(&["--fair-use", "10GB/day 1M/2M", "--data-cap", "20GB", "--data-per", "day"]));
        assert!(reads(&["--window", "none", "--fair-use", "none", "--data-per", "none"]));
        assert!(!reads(&["--window", "22:00-06:00 1M/2M"]) && !reads(&["--fair-use", "10GB 1M/2M"]));
    }

    #[test]
    fn a_change_names_at_least_one_term() {
        let reads =
            |words: &str| Cli::try_parse_from(format!("mnetifi plan change {words}").split_whitespace()).is_ok();

        assert!(reads("hour --rate 3M/8M") && reads("hour --rate unlimited --devices 2") && reads("hour --price 20"));
        assert!(!reads("hour") && !reads("--rate 3M/8M") && !reads("hour --rate fast") && !reads("hour --devices 0"));
    }

    #[test]
    fn prices_are_read_into_minor_units() {
        assert_eq!(price_minor("20"), Ok(2_000));
        assert_eq!(price_minor("19.5"), Ok(1_950));
        assert!(price_minor("1.234").is_err() && price_minor("-1").is_err() && price_minor("").is_err());
    }
}
