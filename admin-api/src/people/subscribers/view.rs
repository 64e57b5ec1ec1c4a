//! Subscribers as JSON, and as rows of a file.

use std::net::Ipv4Addr;

use domain::id::{CustomerId, PlanId, ZoneId};
use domain::people::subscriber::{Standing, Username, password};
use domain::phone::Msisdn;
use domain::platform::tenant::Tenant;
use domain::sales::plan::Plan;
use domain::secret::SecretBytes;
use domain::time::Timestamp;
use exports::table::Cell;
use serde::{Deserialize, Serialize};
use store::people::subscribers::listing::State;
use store::people::subscribers::{Changes, Record};
use utoipa::ToSchema;

use crate::body::nullable;
use crate::problem::{Faults, Problem};
use crate::shapes::moment;

/// A house or business with a login of its own.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = Subscriber)]
pub(super) struct SubscriberView {
    /// Its id.
    #[schema(format = Uuid)]
    pub(super) id: String,
    /// Its login.
    pub(super) username: String,
    /// What it is now: active, suspended or expired.
    state: String,
    /// The plan it is on.
    #[schema(format = Uuid)]
    plan_id: String,
    /// That plan's short name.
    plan: String,
    /// The end of what is paid for; null has no end.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// Since when its service is stopped.
    #[schema(format = DateTime)]
    suspended_at: Option<String>,
    /// Its fixed address.
    #[schema(format = Ipv4)]
    address: Option<String>,
    /// Its phone number.
    phone: Option<String>,
    /// The customer it belongs to.
    #[schema(format = Uuid)]
    customer_id: Option<String>,
    /// The zone it is in.
    #[schema(format = Uuid)]
    zone_id: Option<String>,
    /// When it was added.
    #[schema(format = DateTime)]
    created_at: String,
}

impl SubscriberView {
    pub(super) fn new(record: &Record, plan: Option<&Plan>, now: Timestamp) -> Self {
        let subscriber = &record.subscriber;
        Self {
            id: subscriber.id.to_string(),
            username: subscriber.username.to_string(),
            state: State::of(record, now).code().to_owned(),
            plan_id: subscriber.plan.to_string(),
            plan: plan.map(|plan| plan.name.to_string()).unwrap_or_default(),
            until: moment(subscriber.until),
            suspended_at: match subscriber.standing {
                Standing::Active => None,
                Standing::Suspended { at } => moment(Some(at)),
            },
            address: subscriber.framed_ip.map(|address| address.to_string()),
            phone: record.phone.as_ref().map(|phone| phone.expose().to_owned()),
            customer_id: record.customer.map(|id| id.to_string()),
            zone_id: record.zone.map(|id| id.to_string()),
            created_at: record.created_at.to_string(),
        }
    }

    /// The row of a file, in the order of [`super::COLUMNS`].
    pub(super) fn cells(&self, record: &Record) -> Vec<Cell> {
        vec![
            Cell::text(&self.username),
            Cell::text(&self.plan),
            Cell::maybe(self.phone.as_ref()),
            Cell::at(record.subscriber.until),
            Cell::maybe(self.address.as_ref()),
            Cell::text(&self.state),
            Cell::maybe(self.customer_id.as_ref()),
            Cell::At(record.created_at),
            Cell::text(&self.id),
        ]
    }
}

/// A subscriber to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSubscriber {
    /// Its login: 1 to 64 characters without spaces, unique here.
    #[schema(example = "house-12", max_length = 64)]
    username: String,
    /// Its password: 1 to 128 octets. It is never shown again.
    #[schema(max_length = 128, write_only)]
    password: String,
    /// The PPPoE or static plan it is on.
    #[schema(format = Uuid)]
    plan_id: String,
    /// The end of what is paid for; without it, the plan's duration counts from now.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// A fixed address.
    #[schema(format = Ipv4)]
    address: Option<String>,
    /// Its phone number.
    #[schema(example = "0712345678")]
    phone: Option<String>,
    /// The customer it belongs to.
    #[schema(format = Uuid)]
    customer_id: Option<String>,
    /// The zone it is in; without it, its customer's.
    #[schema(format = Uuid)]
    zone_id: Option<String>,
}

/// Says nothing of what is in it: there is a password.
impl std::fmt::Debug for NewSubscriber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewSubscriber").finish_non_exhaustive()
    }
}

/// The same, read.
pub(super) struct Read {
    pub(super) username: Username,
    pub(super) password: SecretBytes,
    pub(super) plan: PlanId,
    pub(super) until: Option<Timestamp>,
    pub(super) address: Option<Ipv4Addr>,
    pub(super) phone: Option<Msisdn>,
    pub(super) customer: Option<CustomerId>,
    pub(super) zone: Option<ZoneId>,
}

impl NewSubscriber {
    pub(super) fn read(&self, tenant: &Tenant) -> Result<Read, Problem> {
        let mut faults = Faults::new();
        let username = faults.take("/username", Username::parse(self.username.as_bytes()));
        let password = faults.take("/password", password(&self.password));
        let plan = faults.take("/plan_id", self.plan_id.parse::<PlanId>());
        let until = faults.take("/until", self.until.as_deref().map(str::parse::<Timestamp>).transpose());
        let address = faults.take("/address", self.address.as_deref().map(host).transpose());
        let phone = faults.take("/phone", self.phone.as_deref().map(|text| phone(text, tenant)).transpose());
        let customer = faults.take("/customer_id", self.customer_id.as_deref().map(str::parse).transpose());
        let zone = faults.take("/zone_id", self.zone_id.as_deref().map(str::parse).transpose());
        let read = (|| {
            Some(Read {
                username: username?,
                password: password?,
                plan: plan?,
                until: until?,
                address: address?,
                phone: phone?,
                customer: customer?,
                zone: zone?,
            })
        })();
        faults.unless(read)
    }
}

fn phone(text: &str, tenant: &Tenant) -> Result<Msisdn, domain::phone::NotAPhone> {
    Msisdn::parse(text.as_bytes(), &tenant.calling_code)
}

/// An address that one device can have.
fn host(text: &str) -> Result<Ipv4Addr, &'static str> {
    let fits = |address: &Ipv4Addr| matches!(address.octets(), [1..=223, ..]) && !address.is_loopback();
    text.parse().ok().filter(fits).ok_or("not an address a subscriber can have: write it as 10.0.5.20")
}

/// What is to be another about a subscriber: fields that are not there stay, null takes one away.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SubscriberChange {
    /// Its login. Who is online with the old one stays so until it logs in again.
    username: Option<String>,
    /// Its password.
    #[schema(max_length = 128, write_only)]
    password: Option<String>,
    /// A fixed address.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(format = Ipv4)]
    address: Option<Option<String>>,
    /// Its phone number.
    #[serde(default, deserialize_with = "nullable")]
    phone: Option<Option<String>>,
    /// The customer it belongs to.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(format = Uuid)]
    customer_id: Option<Option<String>>,
    /// The zone it is in.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(format = Uuid)]
    zone_id: Option<Option<String>>,
}

impl std::fmt::Debug for SubscriberChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SubscriberChange").finish_non_exhaustive()
    }
}

impl SubscriberChange {
    pub(super) fn read(&self, tenant: &Tenant) -> Result<Changes, Problem> {
        fn field<T, E: std::fmt::Display>(
            faults: &mut Faults,
            name: &str,
            text: &Option<Option<String>>,
            read: impl Fn(&str) -> Result<T, E>,
        ) -> Option<Option<T>> {
            text.as_ref().and_then(|text| faults.take(name, text.as_deref().map(read).transpose()))
        }
        let mut faults = Faults::new();
        let username = self.username.as_ref();
        let secret = self.password.as_ref();
        let changes = Changes {
            username: username.and_then(|text| faults.take("/username", Username::parse(text.as_bytes()))),
            password: secret.and_then(|text| faults.take("/password", password(text))),
            framed_ip: field(&mut faults, "/address", &self.address, host),
            phone: field(&mut faults, "/phone", &self.phone, |text| phone(text, tenant)),
            customer: field(&mut faults, "/customer_id", &self.customer_id, str::parse),
            zone: field(&mut faults, "/zone_id", &self.zone_id, str::parse),
        };
        faults.none()?;
        Ok(changes)
    }
}
