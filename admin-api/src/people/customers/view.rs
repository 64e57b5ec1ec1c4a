//! Customers as JSON, and as rows of a file.

use domain::email::Email;
use domain::id::ZoneId;
use domain::people::customer::{
    Address, Coordinates, Customer, CustomerName, Identity, IdentityKind, IdentityNumber, IdentityState, Notes, Profile,
};
use domain::phone::Msisdn;
use domain::platform::tenant::Tenant;
use domain::text::Slug;
use exports::table::Cell;
use serde::{Deserialize, Serialize};
use store::people::customers::Record;
use utoipa::ToSchema;

use crate::body::nullable;
use crate::problem::{Faults, Problem};

/// A point on a map.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Point {
    /// Degrees north.
    #[schema(minimum = -90, maximum = 90, example = -1.286389)]
    latitude: f64,
    /// Degrees east.
    #[schema(minimum = -180, maximum = 180, example = 36.817223)]
    longitude: f64,
}

impl From<Coordinates> for Point {
    fn from(point: Coordinates) -> Self {
        Self { latitude: point.latitude(), longitude: point.longitude() }
    }
}

impl Point {
    fn read(self) -> Result<Coordinates, &'static str> {
        Coordinates::new(self.latitude, self.longitude).ok_or("not on the earth: -90 to 90 north, -180 to 180 east")
    }
}

/// What a customer identifies themselves with.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct IdentityView {
    /// national_id, passport, business or other.
    #[schema(example = "national_id")]
    kind: String,
    /// The document's number.
    #[schema(example = "12345678", max_length = 40)]
    number: String,
}

impl IdentityView {
    fn read(&self, faults: &mut Faults) -> Option<Identity> {
        let kind = faults.take("/identity/kind", self.kind.parse::<IdentityKind>());
        let number = faults.take("/identity/number", self.number.parse::<IdentityNumber>());
        Some(Identity { kind: kind?, number: number? })
    }
}

/// Somebody who uses and pays, as lists show them.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub(super) struct CustomerRow {
    /// Their id.
    #[schema(format = Uuid)]
    id: String,
    /// Their name.
    name: String,
    /// Their phone number.
    phone: Option<String>,
    /// Their e-mail address.
    email: Option<String>,
    /// The kind of customer, in the provider's own words.
    category: Option<String>,
    /// The zone they live in.
    #[schema(format = Uuid)]
    zone_id: Option<String>,
    /// Who of the staff looks after them.
    #[schema(format = Uuid)]
    assigned_to: Option<String>,
    /// Where they are, in words.
    address: String,
    /// Where they are, on a map.
    coordinates: Option<Point>,
    /// How far their identity has been looked at: none, pending, verified or rejected.
    identity_state: String,
    /// When they were added.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<&Record> for CustomerRow {
    fn from(record: &Record) -> Self {
        Self {
            id: record.id.to_string(),
            name: record.name.to_string(),
            phone: record.phone.as_ref().map(|phone| phone.expose().to_owned()),
            email: record.email.as_ref().map(ToString::to_string),
            category: record.category.as_ref().map(ToString::to_string),
            zone_id: record.zone.map(|id| id.to_string()),
            assigned_to: record.assigned_to.map(|id| id.to_string()),
            address: record.address.clone(),
            coordinates: record.coordinates.map(Point::from),
            identity_state: record.identity_state.code().to_owned(),
            created_at: record.created_at.to_string(),
        }
    }
}

impl CustomerRow {
    /// The row of a file, in the order of [`super::COLUMNS`].
    pub(super) fn cells(&self, record: &Record) -> Vec<Cell> {
        vec![
            Cell::text(&self.name),
            Cell::maybe(self.phone.as_ref()),
            Cell::maybe(self.email.as_ref()),
            Cell::maybe(self.category.as_ref()),
            Cell::text(&self.address),
            self.coordinates.map_or(Cell::Empty, |point| Cell::Number(point.latitude)),
            self.coordinates.map_or(Cell::Empty, |point| Cell::Number(point.longitude)),
            Cell::text(&self.identity_state),
            Cell::At(record.created_at),
            Cell::text(&self.id),
        ]
    }
}

/// Somebody who uses and pays.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
#[schema(as = Customer)]
pub(super) struct CustomerView {
    /// Their id.
    #[schema(format = Uuid)]
    id: String,
    /// Their name.
    name: String,
    /// Their phone number.
    phone: Option<String>,
    /// Their e-mail address.
    email: Option<String>,
    /// What staff notes about them.
    notes: String,
    /// The kind of customer, in the provider's own words.
    category: Option<String>,
    /// The zone they live in.
    #[schema(format = Uuid)]
    zone_id: Option<String>,
    /// Who of the staff looks after them.
    #[schema(format = Uuid)]
    assigned_to: Option<String>,
    /// Where they are, in words.
    address: String,
    /// Where they are, on a map.
    coordinates: Option<Point>,
    /// What they identify themselves with.
    identity: Option<IdentityView>,
    /// How far that has been looked at: none, pending, verified or rejected.
    identity_state: String,
    /// Counts up with each change.
    revision: u32,
    /// When they were added.
    #[schema(format = DateTime)]
    created_at: String,
    /// When something about them changed last.
    #[schema(format = DateTime)]
    changed_at: String,
}

impl From<&Customer> for CustomerView {
    fn from(customer: &Customer) -> Self {
        let profile = &customer.profile;
        let identity = |identity: &Identity| IdentityView {
            kind: identity.kind.code().to_owned(),
            number: identity.number.expose().to_owned(),
        };
        Self {
            id: customer.id.to_string(),
            name: profile.name.to_string(),
            phone: profile.phone.as_ref().map(|phone| phone.expose().to_owned()),
            email: profile.email.as_ref().map(ToString::to_string),
            notes: profile.notes.as_str().to_owned(),
            category: profile.category.as_ref().map(ToString::to_string),
            zone_id: profile.zone.map(|id| id.to_string()),
            assigned_to: customer.assigned_to.map(|id| id.to_string()),
            address: profile.address.as_str().to_owned(),
            coordinates: profile.coordinates.map(Point::from),
            identity: profile.identity.as_ref().map(identity),
            identity_state: profile.identity_state.code().to_owned(),
            revision: customer.revision,
            created_at: customer.created_at.to_string(),
            changed_at: customer.changed_at.to_string(),
        }
    }
}

/// A customer to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCustomer {
    /// Their name: 1 to 120 characters.
    #[schema(example = "Mary Wanjiku", max_length = 120)]
    name: String,
    /// Their phone number, as people here write it.
    #[schema(example = "0712345678")]
    phone: Option<String>,
    /// Their e-mail address.
    #[schema(example = "mary@example.com")]
    email: Option<String>,
    /// What staff notes about them.
    #[serde(default)]
    #[schema(max_length = 4000)]
    notes: String,
    /// The kind of customer: a short name of your own.
    #[schema(example = "school")]
    category: Option<String>,
    /// The zone they live in.
    #[schema(format = Uuid)]
    zone_id: Option<String>,
    /// Where they are, in words.
    #[serde(default)]
    #[schema(max_length = 300)]
    address: String,
    /// Where they are, on a map.
    coordinates: Option<Point>,
    /// What they identify themselves with.
    identity: Option<IdentityView>,
}

impl NewCustomer {
    pub(super) fn read(&self, tenant: &Tenant) -> Result<Profile, Problem> {
        let mut faults = Faults::new();
        let name = faults.take("/name", self.name.parse::<CustomerName>());
        let phone = faults.take("/phone", self.phone.as_deref().map(|text| phone(text, tenant)).transpose());
        let email = faults.take("/email", self.email.as_deref().map(str::parse::<Email>).transpose());
        let notes = faults.take("/notes", self.notes.parse::<Notes>());
        let category = faults.take("/category", self.category.as_deref().map(str::parse::<Slug>).transpose());
        let zone = faults.take("/zone_id", self.zone_id.as_deref().map(str::parse::<ZoneId>).transpose());
        let address = faults.take("/address", self.address.parse::<Address>());
        let coordinates = faults.take("/coordinates", self.coordinates.map(Point::read).transpose());
        let identity = self.identity.as_ref().and_then(|identity| identity.read(&mut faults));
        let identity_state = if identity.is_some() { IdentityState::Pending } else { IdentityState::None };
        let profile = (|| {
            Some(Profile {
                name: name?,
                phone: phone?,
                email: email?,
                notes: notes?,
                category: category?,
                zone: zone?,
                address: address?,
                coordinates: coordinates?,
                identity,
                identity_state,
            })
        })();
        faults.unless(profile)
    }
}

fn phone(text: &str, tenant: &Tenant) -> Result<Msisdn, domain::phone::NotAPhone> {
    Msisdn::parse(text.as_bytes(), &tenant.calling_code)
}

/// What is to be another about a customer: fields that are not there stay, null takes one away.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CustomerChange {
    /// Their name.
    name: Option<String>,
    /// Their phone number.
    #[serde(default, deserialize_with = "nullable")]
    phone: Option<Option<String>>,
    /// Their e-mail address.
    #[serde(default, deserialize_with = "nullable")]
    email: Option<Option<String>>,
    /// What staff notes about them.
    notes: Option<String>,
    /// The kind of customer.
    #[serde(default, deserialize_with = "nullable")]
    category: Option<Option<String>>,
    /// The zone they live in.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(format = Uuid)]
    zone_id: Option<Option<String>>,
    /// Where they are, in words.
    address: Option<String>,
    /// Where they are, on a map.
    #[serde(default, deserialize_with = "nullable")]
    coordinates: Option<Option<Point>>,
    /// What they identify themselves with; another document is to be looked at anew.
    #[serde(default, deserialize_with = "nullable")]
    identity: Option<Option<IdentityView>>,
    /// What became of looking at it: pending, verified or rejected.
    identity_state: Option<String>,
}

/// The same, read.
#[derive(Debug)]
pub(super) struct Changes {
    name: Option<CustomerName>,
    phone: Option<Option<Msisdn>>,
    email: Option<Option<Email>>,
    notes: Option<Notes>,
    category: Option<Option<Slug>>,
    zone: Option<Option<ZoneId>>,
    address: Option<Address>,
    coordinates: Option<Option<Coordinates>>,
    identity: Option<Option<Identity>>,
    identity_state: Option<IdentityState>,
}

impl CustomerChange {
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
        let changes = Changes {
            name: self.name.as_ref().and_then(|text| faults.take("/name", text.parse())),
            phone: field(&mut faults, "/phone", &self.phone, |text| phone(text, tenant)),
            email: field(&mut faults, "/email", &self.email, str::parse),
            notes: self.notes.as_ref().and_then(|text| faults.take("/notes", text.parse())),
            category: field(&mut faults, "/category", &self.category, str::parse),
            zone: field(&mut faults, "/zone_id", &self.zone_id, str::parse),
            address: self.address.as_ref().and_then(|text| faults.take("/address", text.parse())),
            coordinates: self
                .coordinates
                .and_then(|point| faults.take("/coordinates", point.map(Point::read).transpose())),
            identity: match &self.identity {
                Some(Some(identity)) => identity.read(&mut faults).map(Some),
                Some(None) => Some(None),
                None => None,
            },
            identity_state: self.identity_state.as_ref().and_then(|text| faults.take("/identity_state", text.parse())),
        };
        faults.none()?;
        Ok(changes)
    }
}

impl Changes {
    /// Puts them in the place of what is there.
    pub(super) fn apply(&self, profile: &mut Profile) {
        fn put<T: Clone>(to: &mut T, from: &Option<T>) {
            if let Some(from) = from {
                *to = from.clone();
            }
        }
        put(&mut profile.name, &self.name);
        put(&mut profile.phone, &self.phone);
        put(&mut profile.email, &self.email);
        put(&mut profile.notes, &self.notes);
        put(&mut profile.category, &self.category);
        put(&mut profile.zone, &self.zone);
        put(&mut profile.address, &self.address);
        put(&mut profile.coordinates, &self.coordinates);
        if let Some(identity) = &self.identity
            && *identity != profile.identity
        {
            profile.identity = identity.clone();
            profile.identity_state = IdentityState::Pending;
        }
        put(&mut profile.identity_state, &self.identity_state);
        if profile.identity.is_none() {
            profile.identity_state = IdentityState::None;
        }
    }
}
