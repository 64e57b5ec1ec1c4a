//! Plans as JSON. Speeds, data and times are written in the words that people use on the command line.

use std::str::FromStr;

use domain::platform::audit::Change;
use domain::rate::{Bytes, RateLimit};
use domain::sales::plan::{DeviceCap, Plan, PlanTerms, ValidityAnchor, WhenFull};
use domain::sales::speeds::{FairUseStep, SpeedWindow};
use domain::text::RouterName;
use domain::time::{Duration, Period};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::body::nullable;
use crate::problem::{Faults, Problem};
use crate::shapes::MoneyView;

/// Most windows or steps of a plan that are read.
const PARTS_MAX: usize = 100;

/// What is sold.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = Plan)]
pub(super) struct PlanView {
    /// Its id, the same over all revisions.
    #[schema(format = Uuid)]
    id: String,
    /// Its short name, unique here.
    name: String,
    /// The kind of line: hotspot, pppoe or static.
    service: String,
    /// Counts up with each change.
    revision: u32,
    /// What it gives.
    terms: TermsView,
}

impl From<&Plan> for PlanView {
    fn from(plan: &Plan) -> Self {
        Self {
            id: plan.id.to_string(),
            name: plan.name.to_string(),
            service: plan.service.code().to_owned(),
            revision: plan.revision,
            terms: TermsView::from(&plan.terms),
        }
    }
}

/// What a plan gives.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlanTerms)]
pub(super) struct TermsView {
    /// Speed up/down, with what a burst, priority and minimum add; null is unlimited.
    #[schema(example = "2M/5M burst=4M/10M over=1M/4M for=16/16 priority=3 minimum=512k/1M")]
    #[serde(default)]
    rate: Option<String>,
    /// Times of the week with a speed of their own.
    #[schema(example = json!(["mon-fri 22:00-06:00 10M/20M"]))]
    #[serde(default)]
    speed_windows: Vec<String>,
    /// Speeds after so much data.
    #[schema(example = json!(["10GB/week 1M/2M"]))]
    #[serde(default)]
    fair_use: Vec<String>,
    /// Devices at once.
    #[schema(minimum = 1, maximum = 1000)]
    #[serde(default = "one")]
    devices: u16,
    /// What becomes of one device more: refuse or newest_wins.
    #[schema(example = "refuse")]
    #[serde(default = "refuse")]
    when_full: String,
    /// How long it lasts, as 90m, 1h, 7d or 1mo.
    #[schema(example = "1h")]
    duration: String,
    /// From which moment it lasts: purchase, first_use or sale.
    #[schema(example = "first_use")]
    #[serde(default = "purchase")]
    counts_from: String,
    /// Data in both directions together, as 500MB or 5GB; null is no cap.
    #[schema(example = "5GB")]
    #[serde(default)]
    data_cap: Option<String>,
    /// The data cap counts anew each day, week or month; null counts over the whole life.
    #[serde(default)]
    data_per: Option<String>,
    /// The router's address pool.
    #[serde(default)]
    pool: Option<String>,
    /// The router's firewall address list.
    #[serde(default)]
    address_list: Option<String>,
    /// What it costs.
    price: MoneyView,
}

const fn one() -> u16 {
    1
}

fn refuse() -> String {
    WhenFull::default().code().to_owned()
}

fn purchase() -> String {
    ValidityAnchor::default().code().to_owned()
}

impl From<&PlanTerms> for TermsView {
    fn from(terms: &PlanTerms) -> Self {
        Self {
            rate: terms.rate.map(|rate| rate.to_string()),
            speed_windows: terms.speed_windows.iter().map(ToString::to_string).collect(),
            fair_use: terms.fair_use.iter().map(ToString::to_string).collect(),
            devices: terms.device_cap.get(),
            when_full: terms.when_full.code().to_owned(),
            duration: terms.duration.to_string(),
            counts_from: terms.anchor.code().to_owned(),
            data_cap: terms.data_cap.map(|cap| cap.exactly().to_string()),
            data_per: terms.data_window.map(|period| period.to_string()),
            pool: terms.pool.as_ref().map(|name| name.as_str().to_owned()),
            address_list: terms.address_list.as_ref().map(|name| name.as_str().to_owned()),
            price: terms.price.into(),
        }
    }
}

impl TermsView {
    /// The terms, unless a field of them cannot be so: then it is noted.
    pub(super) fn read(&self, faults: &mut Faults) -> Option<PlanTerms> {
        let rate = maybe::<RateLimit>(faults, "/terms/rate", self.rate.as_deref());
        let speed_windows = all::<SpeedWindow>(faults, "/terms/speed_windows", &self.speed_windows);
        let fair_use = all::<FairUseStep>(faults, "/terms/fair_use", &self.fair_use);
        let device_cap = devices(faults, self.devices);
        let when_full: Option<WhenFull> = faults.take("/terms/when_full", self.when_full.parse());
        let duration: Option<Duration> = faults.take("/terms/duration", self.duration.parse());
        let anchor: Option<ValidityAnchor> = faults.take("/terms/counts_from", self.counts_from.parse());
        let data_cap = maybe::<Bytes>(faults, "/terms/data_cap", self.data_cap.as_deref());
        let data_window = maybe::<Period>(faults, "/terms/data_per", self.data_per.as_deref());
        let pool = maybe::<RouterName>(faults, "/terms/pool", self.pool.as_deref());
        let address_list = maybe::<RouterName>(faults, "/terms/address_list", self.address_list.as_deref());
        let price = faults.take("/terms/price", self.price.price());
        Some(PlanTerms {
            rate: rate?,
            speed_windows: speed_windows?,
            fair_use: fair_use?,
            device_cap: device_cap?,
            when_full: when_full?,
            duration: duration?,
            anchor: anchor?,
            data_cap: data_cap?,
            data_window: data_window?,
            pool: pool?,
            address_list: address_list?,
            price: price?,
        })
    }
}

fn maybe<T: FromStr<Err: std::fmt::Display>>(
    faults: &mut Faults,
    field: &str,
    text: Option<&str>,
) -> Option<Option<T>> {
    faults.take(field, text.map(str::parse).transpose())
}

fn all<T: FromStr<Err: std::fmt::Display>>(faults: &mut Faults, field: &str, texts: &[String]) -> Option<Vec<T>> {
    if texts.len() > PARTS_MAX {
        faults.note(field, format!("has more than {PARTS_MAX} parts"));
        return None;
    }
    let read = texts.iter().enumerate().map(|(place, text)| faults.take(&format!("{field}/{place}"), text.parse()));
    read.collect::<Vec<_>>().into_iter().collect()
}

fn devices(faults: &mut Faults, count: u16) -> Option<DeviceCap> {
    let cap = DeviceCap::new(count).ok_or_else(|| format!("write 1 to {}", DeviceCap::MAX));
    faults.take("/terms/devices", cap)
}

/// A plan to be published.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPlan {
    /// Its short name: 1 to 63 of a-z, 0-9 and dashes.
    #[schema(example = "home-10", pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
    pub(super) name: String,
    /// The kind of line: hotspot, pppoe or static.
    #[schema(example = "pppoe")]
    pub(super) service: String,
    /// What it gives.
    pub(super) terms: TermsView,
}

/// What is to be another in a plan: fields that are not there stay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanChange {
    /// The terms that are to be others.
    terms: TermsChange,
}

/// Terms that are to be others; null takes one away.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TermsChange {
    /// Speed up/down; null is unlimited.
    #[serde(default, deserialize_with = "nullable")]
    rate: Option<Option<String>>,
    /// Times of the week with a speed of their own: all of them.
    speed_windows: Option<Vec<String>>,
    /// Speeds after so much data: all of them.
    fair_use: Option<Vec<String>>,
    /// Devices at once.
    #[schema(minimum = 1, maximum = 1000)]
    devices: Option<u16>,
    /// What becomes of one device more.
    when_full: Option<String>,
    /// How long it lasts, for what is sold from now on.
    duration: Option<String>,
    /// Data in both directions together; null is no cap.
    #[serde(default, deserialize_with = "nullable")]
    data_cap: Option<Option<String>>,
    /// The period over which the cap counts; null counts over the whole life.
    #[serde(default, deserialize_with = "nullable")]
    data_per: Option<Option<String>>,
    /// The router's address pool.
    #[serde(default, deserialize_with = "nullable")]
    pool: Option<Option<String>>,
    /// The router's firewall address list.
    #[serde(default, deserialize_with = "nullable")]
    address_list: Option<Option<String>>,
    /// What it costs.
    price: Option<MoneyView>,
}

/// The same, read.
#[derive(Debug, Default)]
pub(super) struct Changes {
    rate: Option<Option<RateLimit>>,
    speed_windows: Option<Vec<SpeedWindow>>,
    fair_use: Option<Vec<FairUseStep>>,
    device_cap: Option<DeviceCap>,
    when_full: Option<WhenFull>,
    duration: Option<Duration>,
    data_cap: Option<Option<Bytes>>,
    data_window: Option<Option<Period>>,
    pool: Option<Option<RouterName>>,
    address_list: Option<Option<RouterName>>,
    price: Option<domain::money::Money>,
}

impl PlanChange {
    /// What is to be another, unless a field of it cannot be so.
    pub(super) fn read(&self) -> Result<Changes, Problem> {
        fn term<T: FromStr<Err: std::fmt::Display>>(
            faults: &mut Faults,
            field: &str,
            text: &Option<Option<String>>,
        ) -> Option<Option<T>> {
            text.as_ref().and_then(|text| maybe(faults, field, text.as_deref()))
        }
        let terms = &self.terms;
        let mut faults = Faults::new();
        let changes = Changes {
            rate: term(&mut faults, "/terms/rate", &terms.rate),
            speed_windows: terms
                .speed_windows
                .as_ref()
                .and_then(|texts| all(&mut faults, "/terms/speed_windows", texts)),
            fair_use: terms.fair_use.as_ref().and_then(|texts| all(&mut faults, "/terms/fair_use", texts)),
            device_cap: terms.devices.and_then(|count| devices(&mut faults, count)),
            when_full: terms.when_full.as_ref().and_then(|text| faults.take("/terms/when_full", text.parse())),
            duration: terms.duration.as_ref().and_then(|text| faults.take("/terms/duration", text.parse())),
            data_cap: term(&mut faults, "/terms/data_cap", &terms.data_cap),
            data_window: term(&mut faults, "/terms/data_per", &terms.data_per),
            pool: term(&mut faults, "/terms/pool", &terms.pool),
            address_list: term(&mut faults, "/terms/address_list", &terms.address_list),
            price: terms.price.as_ref().and_then(|price| faults.take("/terms/price", price.price())),
        };
        faults.none()?;
        Ok(changes)
    }
}

impl Changes {
    /// Puts them in the place of what is there.
    pub(super) fn apply(&self, terms: &mut PlanTerms) {
        fn put<T: Clone>(to: &mut T, from: &Option<T>) {
            if let Some(from) = from {
                *to = from.clone();
            }
        }
        put(&mut terms.rate, &self.rate);
        put(&mut terms.speed_windows, &self.speed_windows);
        put(&mut terms.fair_use, &self.fair_use);
        put(&mut terms.device_cap, &self.device_cap);
        put(&mut terms.when_full, &self.when_full);
        put(&mut terms.duration, &self.duration);
        put(&mut terms.data_cap, &self.data_cap);
        put(&mut terms.data_window, &self.data_window);
        put(&mut terms.pool, &self.pool);
        put(&mut terms.address_list, &self.address_list);
        put(&mut terms.price, &self.price);
    }
}

/// What a change would do.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PlanPreview {
    /// Sessions that have not ended, of those who are on the plan: they would follow.
    pub(super) live_sessions: u64,
    /// What would be different.
    pub(super) changes: Vec<TermDifference>,
}

/// A term that would be another.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TermDifference {
    /// Which term, in words.
    what: String,
    /// How it is.
    before: Option<String>,
    /// How it would be.
    after: Option<String>,
}

impl From<Change> for TermDifference {
    fn from(change: Change) -> Self {
        Self { what: change.what, before: change.before, after: change.after }
    }
}
