//! The table of all routes: what each is, which right it needs, and which deed of it the audit tells.
//!
//! A handler is registered here or it cannot be reached. What a route says of its right is checked before its handler
//! runs ([`crate::door`]), and what the document says of it is made from the same row ([`crate::openapi`]).

use axum::Router;
use axum::extract::State;
use axum::http::{Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::routing::MethodRouter;
use domain::people::permission::{Act, Permission, Thing};
use utoipa::openapi::path::{Operation, PathItem, Paths};
use utoipa::openapi::{RefOr, Schema};
use utoipa_axum::router::UtoipaMethodRouter;

use crate::app::App;
use crate::limits::{BODY_MAX_BYTES, IMPORT_MAX_BYTES};
use crate::problem::{Code, Problem};
use crate::{
    access, door, handbook, health, live, messages, money, network, openapi, people, platform, sales, support, watch,
};

/// Who may use a route.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Right {
    /// Anybody, without signing in.
    Open,
    /// Whoever is signed in, for what is their own.
    SignedIn,
    /// Whoever has that permission.
    Needs(Permission),
}

/// What the audit tells of a route.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Audit {
    /// Nothing is changed, so nothing is told.
    Reads,
    /// The deed notes itself under this verb, in its own transaction.
    Tells(&'static str),
    /// It changes nothing that anybody would ask about later, for that reason.
    Silent(&'static str),
}

/// One route.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, as the document writes it: `/v1/routers/{id}`.
    pub path: String,
    /// Who may use it.
    pub right: Right,
    /// What the audit tells of it.
    pub audit: Audit,
    /// Whether a change is checked against `If-Match`.
    pub checks_state: bool,
    /// Whether asking for it keeps a session alive.
    pub is_activity: bool,
    /// Whether it may be used while the provider's account is locked, although it changes something.
    pub also_when_locked: bool,
    /// The largest body it takes.
    pub body_max: usize,
    /// What the document says of it.
    pub(crate) operation: Operation,
    schemas: Vec<(String, RefOr<Schema>)>,
    handler: MethodRouter<App>,
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { method, path, right, audit, .. } = self;
        f.debug_struct("Route")
            .field("method", method)
            .field("path", path)
            .field("right", right)
            .field("audit", audit)
            .finish_non_exhaustive()
    }
}

impl Route {
    /// A route that anybody may use.
    pub fn open(handler: UtoipaMethodRouter<App>) -> Self {
        Self::new(handler, Right::Open)
    }

    /// A route for whoever is signed in, about themselves.
    pub fn signed_in(handler: UtoipaMethodRouter<App>) -> Self {
        Self::new(handler, Right::SignedIn)
    }

    /// A route for whoever may do that.
    pub fn needs(handler: UtoipaMethodRouter<App>, thing: Thing, act: Act) -> Self {
        Self::new(handler, Right::Needs(Permission { thing, act }))
    }

    /// # Panics
    /// At the start, and in each test, when a row has not exactly one operation.
    fn new((schemas, paths, handler): UtoipaMethodRouter<App>, right: Right) -> Self {
        let (method, path, operation) = only(paths).expect("invariant: a row of the table is one handler");
        let audit = Audit::Reads;
        Self {
            method,
            path,
            right,
            audit,
            checks_state: false,
            is_activity: true,
            also_when_locked: false,
            body_max: BODY_MAX_BYTES,
            operation,
            schemas,
            handler,
        }
    }

    /// The deed notes itself in the audit under this verb.
    #[must_use]
    pub fn told_as(self, verb: &'static str) -> Self {
        Self { audit: Audit::Tells(verb), ..self }
    }

    /// It changes nothing that anybody would ask about later, for that reason.
    #[must_use]
    pub fn untold(self, why: &'static str) -> Self {
        Self { audit: Audit::Silent(why), ..self }
    }

    /// The handler takes `If-Match`.
    #[must_use]
    pub fn checks_state(self) -> Self {
        Self { checks_state: true, ..self }
    }

    /// Asked for by pages that nobody looks at, so it keeps no session alive.
    #[must_use]
    pub fn no_activity(self) -> Self {
        Self { is_activity: false, ..self }
    }

    /// It may be used while the provider's account is locked: to pay, to get in, or to shut somebody out.
    #[must_use]
    pub fn also_when_locked(self) -> Self {
        Self { also_when_locked: true, ..self }
    }

    /// Whether it is refused while the provider's account is locked. What is one's own, and what only looks, never is.
    pub fn is_shut_when_locked(&self) -> bool {
        let is_about_work = matches!(self.right, Right::Needs(Permission { thing, .. }) if thing != Thing::Platform);
        is_about_work && self.changes() && !self.also_when_locked
    }

    /// It takes the body of an import.
    #[must_use]
    pub fn takes_import(self) -> Self {
        Self { body_max: IMPORT_MAX_BYTES, ..self }
    }

    /// Whether it can change anything.
    pub fn changes(&self) -> bool {
        ![Method::GET, Method::HEAD].contains(&self.method)
    }

    /// What the door needs to know of it.
    pub(crate) fn rule(&self) -> door::Rule {
        door::Rule {
            right: self.right,
            body_max: self.body_max,
            is_activity: self.is_activity,
            is_shut_when_locked: self.is_shut_when_locked(),
        }
    }
}

/// The one operation of a handler.
fn only(paths: Paths) -> Option<(Method, String, Operation)> {
    let mut all = paths.paths.into_iter();
    let (path, item) = all.next()?;
    let PathItem { get, put, post, delete, patch, .. } = item;
    let mut operations = [
        (Method::GET, get),
        (Method::PUT, put),
        (Method::POST, post),
        (Method::DELETE, delete),
        (Method::PATCH, patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation?)));
    let (method, operation) = operations.next()?;
    (all.next().is_none() && operations.next().is_none()).then_some((method, path, operation))
}

/// All routes there are.
pub fn table() -> Vec<Route> {
    let mut table = vec![health::route(), live::route()];
    table.extend(network::routes());
    table.extend(access::routes());
    table.extend(sales::routes());
    table.extend(people::routes());
    table.extend(money::routes());
    table.extend(messages::routes());
    table.extend(support::routes());
    table.extend(platform::routes());
    table
}

/// The whole service: every route behind its right, and what is answered where there is none.
pub fn service(app: &App) -> Router {
    let table = table();
    let document = openapi::document(&table);
    let mut router: Router<App> = Router::new();
    for route in table {
        let guard = from_fn_with_state((app.clone(), route.rule()), door::guard);
        router = router.route(&route.path, route.handler.layer(guard));
    }
    router
        .merge(handbook::routes(&document))
        .fallback(nowhere)
        .method_not_allowed_fallback(not_so)
        .layer(from_fn_with_state(app.clone(), watch::catch_panics))
        .layer(from_fn_with_state(app.clone(), watch::watch))
        .with_state(app.clone())
}

/// Every schema that the table's handlers speak of.
pub(crate) fn schemas(table: &[Route]) -> impl Iterator<Item = &(String, RefOr<Schema>)> {
    table.iter().flat_map(|route| &route.schemas)
}

async fn nowhere(State(_): State<App>, uri: Uri) -> Problem {
    let path = domain::text::escaped(uri.path().as_bytes());
    Problem::new(Code::NotFound, format!("there is nothing at {path}; /v1/docs lists what there is"))
}

async fn not_so(method: Method, uri: Uri) -> Problem {
    let path = domain::text::escaped(uri.path().as_bytes());
    Problem::new(Code::MethodNotAllowed, format!("{path} takes no {method}; /v1/docs lists what it takes"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn whatever_changes_something_says_what_the_audit_tells_of_it() {
        for route in table() {
            let says = route.audit != Audit::Reads;
            assert_eq!(says, route.changes(), "{} {}: use told_as or untold", route.method, route.path);
        }
    }

    #[test]
    fn no_two_routes_are_the_same_and_each_has_a_name_of_its_own() {
        let table = table();

        let places: BTreeSet<(String, &str)> =
            table.iter().map(|route| (route.method.to_string(), route.path.as_str())).collect();
        let names: BTreeSet<&String> = table.iter().filter_map(|route| route.operation.operation_id.as_ref()).collect();

        assert_eq!(places.len(), table.len());
        assert_eq!(names.len(), table.len());
    }

    #[test]
    fn reading_needs_no_more_than_seeing_and_changing_never_less() {
        for route in table() {
            let Right::Needs(Permission { act, .. }) = route.right else { continue };
            let reads = matches!(act, Act::See | Act::Export);
            // A search with much to say may come as a POST that changes nothing.
            let fits = reads != route.changes() || matches!(route.audit, Audit::Silent(_));
            assert!(fits, "{} {} asks for {act:?}", route.method, route.path);
        }
    }
}
