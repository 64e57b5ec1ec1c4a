//! `mnetifi customer …`: who uses and pays.

use actions::people::add_customers::add_customers;
use actions::people::change_customer::{Expected, assign_customers, change_customer, remove_customer};
use anyhow::Context as _;
use domain::id::{CustomerId, ZoneId};
use domain::people::customer::{Address, Coordinates, Customer, CustomerName, IdentityState, Notes, Profile};
use domain::phone::Msisdn;
use domain::platform::tenant::Tenant;
use domain::text::Slug;
use serde::Serialize;
use store::TenantScope;
use store::people::customers;
use store::people::customers::listing::{self, Filter};

use crate::cli::{self, CustomerTerms};
use crate::commands::{staff, zone};
use crate::open::Opened;
use crate::print;

/// For deeds of the operator: customers of any zone, in whatever state they are.
const ANY: Expected<'static> = Expected { zones: None, allows: &|_| true };

#[derive(Serialize)]
struct Row {
    name: String,
    phone: Option<String>,
    email: Option<String>,
    category: Option<String>,
    zone: Option<String>,
    address: String,
    coordinates: Option<String>,
    document: String,
    assigned_to: Option<String>,
    id: String,
}

impl Row {
    fn of(customer: &Customer) -> Self {
        let profile = &customer.profile;
        Self {
            name: profile.name.to_string(),
            phone: profile.phone.as_ref().map(|phone| format!("+{}", phone.expose())),
            email: profile.email.as_ref().map(ToString::to_string),
            category: profile.category.as_ref().map(ToString::to_string),
            zone: profile.zone.map(|zone| zone.to_string()),
            address: profile.address.as_str().to_owned(),
            coordinates: profile.coordinates.map(|point| point.to_string()),
            document: profile.identity_state.code().to_owned(),
            assigned_to: customer.assigned_to.map(|staff| staff.to_string()),
            id: customer.id.to_string(),
        }
    }
}

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::Customer) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let scope = opened.scope(&tenant);
    match command {
        cli::Customer::Add(new) => add(opened, (&tenant, &scope), *new).await,
        cli::Customer::Change(wanted) => change(opened, (&tenant, &scope), *wanted).await,
        cli::Customer::List(asked) => list(opened, &scope, asked).await,
        cli::Customer::Show(one) => {
            let mut tx = opened.store.tenant(&scope).await?;
            let found = customers::find(&mut tx, one.id, None).await?;
            drop(tx);
            let customer = found.with_context(|| unknown(one.id))?;
            let sentence = in_words(&customer);
            print::result(opened.style, &Row::of(&customer), &sentence)
        }
        cli::Customer::Remove(one) => {
            remove_customer(&opened.store, &scope, one.id, ANY, opened.context()).await?;
            let result = serde_json::json!({ "id": one.id.to_string(), "removed": true });
            print::result(opened.style, &result, "the customer is forgotten")
        }
        cli::Customer::Assign(wanted) => assign(opened, &scope, wanted).await,
    }
}

async fn add(opened: &Opened, at: (&Tenant, &TenantScope), new: cli::CustomerAdd) -> anyhow::Result<()> {
    let (_, scope) = at;
    let said = Said::read(opened, at, new.terms).await?;
    let mut profile = blank(new.name);
    said.put_into(&mut profile);
    let added = add_customers(&opened.store, scope, vec![profile], None, opened.context()).await?;
    let customer = added.first().context("no customer was added")?;
    let sentence = format!("added customer `{}` with the id {}", customer.profile.name, customer.id);
    print::result(opened.style, &Row::of(customer), &sentence)
}

async fn change(opened: &Opened, at: (&Tenant, &TenantScope), wanted: cli::CustomerChange) -> anyhow::Result<()> {
    let (_, scope) = at;
    let said = Said::read(opened, at, wanted.terms).await?;
    let name = wanted.name;
    let change = |profile: &mut Profile| {
        if let Some(name) = &name {
            profile.name = name.clone();
        }
        said.put_into(profile);
    };
    let customer = change_customer(&opened.store, scope, wanted.id, ANY, &change, opened.context()).await?;
    print::result(opened.style, &Row::of(&customer), &in_words(&customer))
}

async fn assign(opened: &Opened, scope: &TenantScope, wanted: cli::CustomerAssign) -> anyhow::Result<()> {
    let staff = match &wanted.to {
        Some(email) => Some(staff::whose(opened, scope, email).await?),
        None => None,
    };
    let moved = assign_customers(&opened.store, scope, &wanted.ids, staff, opened.context()).await?;
    let whom = wanted.to.as_ref().map_or_else(|| "nobody".to_owned(), ToString::to_string);
    let ids: Vec<String> = moved.iter().map(ToString::to_string).collect();
    let sentence = format!("{whom} looks after {} more customers; the others were so, or are not there", ids.len());
    print::result(opened.style, &serde_json::json!({ "assigned_to": whom, "ids": ids }), &sentence)
}

async fn list(opened: &Opened, scope: &TenantScope, asked: cli::CustomerList) -> anyhow::Result<()> {
    let zones = match &asked.zone {
        None => None,
        Some(name) => Some(vec![zone::named(opened, scope, name).await?.id]),
    };
    let filter = Filter { zones, category: asked.category, identity: asked.document_is, ..Filter::default() };
    let mut tx = opened.store.tenant(scope).await?;
    let page = listing::list(&mut tx, &filter, <_>::default(), opened.page(&asked.paging)?).await?;
    let rows: Vec<Row> = page
        .rows
        .iter()
        .map(|record| Row {
            name: record.name.to_string(),
            phone: record.phone.as_ref().map(|phone| format!("+{}", phone.expose())),
            email: record.email.as_ref().map(ToString::to_string),
            category: record.category.as_ref().map(ToString::to_string),
            zone: record.zone.map(|zone| zone.to_string()),
            address: record.address.clone(),
            coordinates: record.coordinates.map(|point| point.to_string()),
            document: record.identity_state.code().to_owned(),
            assigned_to: record.assigned_to.map(|staff| staff.to_string()),
            id: record.id.to_string(),
        })
        .collect();
    let cells = |row: &Row| {
        let phone = row.phone.clone().unwrap_or_default();
        vec![row.name.clone(), phone, row.category.clone().unwrap_or_default(), row.document.clone(), row.id.clone()]
    };
    let header = ["NAME", "PHONE", "KIND", "DOCUMENT", "ID"];
    print::rows(opened.style, &rows, &header, cells, "no customer yet: `mnetifi customer add` adds one")?;
    opened.say_next(&page);
    Ok(())
}

/// What was said of a customer, with its names looked up. What was not said stays as it is.
struct Said {
    phone: Option<Option<Msisdn>>,
    category: Option<Option<Slug>>,
    zone: Option<Option<ZoneId>>,
    coordinates: Option<Option<Coordinates>>,
    rest: CustomerTerms,
}

impl Said {
    async fn read(
        opened: &Opened,
        (tenant, scope): (&Tenant, &TenantScope),
        mut rest: CustomerTerms,
    ) -> anyhow::Result<Self> {
        let phone = match rest.phone.take().as_deref() {
            None => None,
            Some("-") => Some(None),
            Some(text) => Some(Some(Msisdn::parse(text.as_bytes(), &tenant.calling_code)?)),
        };
        let category = match rest.category.take().as_deref() {
            None => None,
            Some("-") => Some(None),
            Some(text) => Some(Some(text.parse()?)),
        };
        let zone = match rest.zone.take() {
            None => None,
            Some(none) if none.as_str() == "-" => Some(None),
            Some(name) => Some(Some(zone::named(opened, scope, &name).await?.id)),
        };
        let coordinates = match rest.coordinates.take().as_deref() {
            None => None,
            Some("-") => Some(None),
            Some(text) => Some(Some(point(text)?)),
        };
        Ok(Self { phone, category, zone, coordinates, rest })
    }

    fn put_into(&self, profile: &mut Profile) {
        let Self { phone, category, zone, coordinates, rest } = self;
        if let Some(phone) = phone {
            profile.phone.clone_from(phone);
        }
        if let Some(zone) = zone {
            profile.zone = *zone;
        }
        if let Some(coordinates) = coordinates {
            profile.coordinates = *coordinates;
        }
        if let Some(email) = &rest.email {
            profile.email = Some(email.clone());
        }
        if let Some(category) = category {
            profile.category.clone_from(category);
        }
        if let Some(address) = &rest.address {
            profile.address = address.clone();
        }
        if let Some(notes) = &rest.notes {
            profile.notes = notes.clone();
        }
        if let Some(document) = &rest.document {
            profile.identity = Some(document.clone());
            profile.identity_state = IdentityState::Pending;
        }
        if let Some(state) = rest.document_is {
            profile.identity_state = state;
        }
        if profile.identity.is_none() {
            profile.identity_state = IdentityState::None;
        }
    }
}

/// A point on a map.
fn point(text: &str) -> anyhow::Result<Coordinates> {
    let degrees = text
        .split_once(',')
        .and_then(|(north, east)| Some((north.trim().parse::<f64>().ok()?, east.trim().parse::<f64>().ok()?)));
    let point = degrees.and_then(|(north, east)| Coordinates::new(north, east));
    point.with_context(|| {
        format!("`{text}` is no point on the earth: write degrees north and degrees east, as -1.286389,36.817223")
    })
}

/// Somebody of whom only the name is known.
fn blank(name: CustomerName) -> Profile {
    Profile {
        name,
        phone: None,
        email: None,
        notes: Notes::default(),
        category: None,
        zone: None,
        address: Address::default(),
        coordinates: None,
        identity: None,
        identity_state: IdentityState::None,
    }
}

fn in_words(customer: &Customer) -> String {
    let row = Row::of(customer);
    let parts = [
        row.phone.map(|phone| format!("phone {phone}")),
        row.email.map(|email| format!("e-mail {email}")),
        row.category.map(|category| format!("kind {category}")),
        row.zone.map(|zone| format!("zone {zone}")),
        (!row.address.is_empty()).then(|| format!("at {}", row.address)),
        row.coordinates.map(|point| format!("on the map at {point}")),
        Some(format!("document {}", row.document)),
        row.assigned_to.map(|staff| format!("looked after by {staff}")),
    ];
    format!("{}: {}", row.name, parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn unknown(id: CustomerId) -> String {
    format!("there is no customer {id}: `mnetifi customer list` shows those there are")
}
