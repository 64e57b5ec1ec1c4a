//! People: who uses and who pays; signing in, who one is, staff, roles, keys, and acting in an ISP's place.

mod customers;
mod impersonations;
mod keys;
mod me;
mod passwords;
mod proofs;
mod roles;
mod sign_in;
mod staff;
mod subscribers;

use actions::people::by::{By, Letterhead, PeopleError};
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use domain::id::{Id, SignInId, StaffId, TenantId, ZoneId};
use domain::people::permission::{Permission, Permissions};
use domain::people::staff::Zoned;
use domain::platform::audit::Actor;
use policy::people::rights::Given;
use serde::Deserialize;
use store::TenantScope;
use store::platform::tenants;
use utoipa::IntoParams;

use crate::app::App;
use crate::door::{Caller, Who, host_of, named_by};
use crate::problem::{Code, FaultCode, FieldFault, Problem};
use crate::routes::Route;
use web::address::From;

/// All routes about people.
pub(crate) fn routes() -> Vec<Route> {
    [
        subscribers::routes(),
        customers::routes(),
        sign_in::routes(),
        passwords::routes(),
        me::routes(),
        proofs::routes(),
        staff::routes(),
        roles::routes(),
        keys::routes(),
        impersonations::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The caller as one who deals with people: with what they have, and no more.
fn by(caller: &Caller) -> By {
    let staff = match caller.who() {
        Who::Staff { id, .. } => Some(id),
        Who::Key(_) => None,
    };
    let given = Given { permissions: caller.permissions(), services: caller.services() };
    // In an ISP's place, its own rules hold.
    let is_platform = caller.is_platform() && caller.acting().is_none();
    By { given, zones: caller.zones().clone(), staff, is_platform }
}

/// The person who asks about themselves; a program has no such things.
fn oneself(caller: &Caller) -> Result<(TenantScope, StaffId, SignInId), Problem> {
    match caller.who() {
        Who::Staff { id, sign_in } => Ok((TenantScope::of_staff(caller.home()), id, sign_in)),
        Who::Key(_) => Err(Problem::new(Code::NotAllowed, "this is for people who are signed in, not for keys")),
    }
}

/// Why something about people was not done, as it is answered. `password` is the field that a refused password is in.
pub(crate) fn refused(why: PeopleError, password: &str) -> Problem {
    let said = why.to_string();
    let invalid = |field: &str| Problem::of_field(field, FaultCode::Invalid, said.clone());
    match why {
        PeopleError::Nobody | PeopleError::NoSuchKey => Problem::new(Code::NotFound, said),
        PeopleError::NoSuchRole => invalid("/role"),
        PeopleError::Changed => Problem::changed_meanwhile(),
        PeopleError::Beyond(_) | PeopleError::SecondProofFirst => Problem::new(Code::NotAllowed, said),
        PeopleError::Password(_) => invalid(password),
        PeopleError::TechnicianLacks(_) => Problem::of_fields(vec![
            FieldFault { field: "/phone".to_owned(), code: FaultCode::Missing, detail: said.clone() },
            FieldFault { field: "/id_number".to_owned(), code: FaultCode::Missing, detail: said },
        ]),
        PeopleError::NoZones => invalid("/zones"),
        PeopleError::LastOwner | PeopleError::Yourself | PeopleError::Standing(_) | PeopleError::TooMany(_) => {
            Problem::new(Code::Conflict, said)
        }
        PeopleError::WrongPassword => invalid("/password"),
        PeopleError::WrongCode | PeopleError::WrongToken => invalid("/code"),
        PeopleError::BadName => invalid("/name"),
        PeopleError::NoPermissions => invalid("/permissions"),
        PeopleError::BadEnd => invalid("/expires_at"),
        PeopleError::BadReason => invalid("/reason"),
        PeopleError::Busy => Problem::new(Code::TooMany, said).after(3),
        PeopleError::Wait(seconds) => {
            Problem::new(Code::TooMany, said).after(u32::try_from(seconds).unwrap_or(u32::MAX))
        }
        PeopleError::Unentitled(why) => why.into(),
        PeopleError::Store(why) => why.into(),
    }
}

/// An id in a path. What is no id is not there.
struct PathId<Of>(Id<Of>);

impl<Of, S: Send + Sync> FromRequestParts<S> for PathId<Of> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let missing = || Problem::new(Code::NotFound, "there is nothing with that id");
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| missing())?;
        text.parse().map(Self).map_err(|_| missing())
    }
}

/// What an open route needs to know of whoever asks: the ISP whose host was asked, and from where.
pub(crate) struct Stranger {
    host: Option<TenantId>,
    from: From,
    agent: Option<String>,
}

impl Stranger {
    /// As the audit names somebody who is not known yet: by where they ask from.
    pub(crate) fn actor(&self) -> Actor {
        Actor { from: Some(self.from.address), ..Actor::OURSELVES }
    }
}

impl FromRequestParts<App> for Stranger {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let from = parts.extensions.get::<From>().copied().ok_or_else(Problem::internal)?;
        let agent = parts.headers.get(axum::http::header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        let agent = agent.map(|agent| domain::text::escaped(agent.as_bytes()));
        let slug = named_by(&host_of(&parts.uri, &parts.headers), app.settings().domain.as_deref());
        let Some(slug) = slug else { return Ok(Self { host: None, from, agent }) };
        let mut tx = app.store().system().await?;
        let found = tenants::find(&mut tx, slug.as_str()).await?;
        tx.commit().await?;
        let tenant = found.ok_or_else(|| Problem::new(Code::NotFound, "there is no provider at this address"))?;
        Ok(Self { host: Some(tenant.id), from, agent })
    }
}

/// A list without filters of its own.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct NoFilters {}

/// How an ISP's letters are signed. Links lead to its own host, never to one that a request named.
async fn letterhead(app: &App, tenant: TenantId) -> Result<Letterhead, PeopleError> {
    let mut tx = app.store().tenant(&TenantScope::of_staff(tenant)).await?;
    let (slug, name) = tenants::named(&mut tx).await?;
    tx.commit().await?;
    let base = app.settings().base_of(Some(&slug));
    Ok(Letterhead { tenant, name, base })
}

/// Permissions as they are written in a body.
fn permissions(texts: &[String], field: &str) -> Result<Permissions, Problem> {
    let mut faults = Vec::new();
    let mut all = Vec::new();
    for (place, text) in texts.iter().enumerate() {
        match text.parse::<Permission>() {
            Ok(one) => all.push(one),
            Err(why) => faults.push(FieldFault {
                field: format!("{field}/{place}"),
                code: FaultCode::Invalid,
                detail: why.to_string(),
            }),
        }
    }
    if faults.is_empty() { Ok(all.into_iter().collect()) } else { Err(Problem::of_fields(faults)) }
}

/// The same as an answer has them.
fn written(permissions: Permissions) -> Vec<String> {
    permissions.iter().map(|one| one.to_string()).collect()
}

/// Zones as they are written in a body: null is everywhere.
fn zoned(zones: Option<Vec<String>>) -> Result<Zoned, Problem> {
    let Some(zones) = zones else { return Ok(Zoned::All) };
    if zones.len() > Zoned::ZONES_MAX {
        return Err(Problem::of_field("/zones", FaultCode::Invalid, "at most 200 zones"));
    }
    let mut known: Vec<ZoneId> = Vec::new();
    for (place, zone) in zones.iter().enumerate() {
        let id = zone
            .parse()
            .map_err(|_| Problem::of_field(format!("/zones/{place}"), FaultCode::Invalid, "write the id of a zone"))?;
        if !known.contains(&id) {
            known.push(id);
        }
    }
    Ok(Zoned::Some(known))
}

/// The same as an answer has them.
fn zones_of(zoned: &Zoned) -> Option<Vec<String>> {
    zoned.filter().map(|zones| zones.iter().map(ToString::to_string).collect())
}

/// A text of a body that a word of ours is made of.
fn word<T: std::str::FromStr>(field: &str, text: &str) -> Result<T, Problem>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|why: T::Err| Problem::of_field(field, FaultCode::Invalid, why.to_string()))
}
