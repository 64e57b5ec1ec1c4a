//! The audit: `/v1/audit`. Who changed what, from where; it is only ever added to, and anybody can see that it is whole.

use std::borrow::Cow;
use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use domain::id::AuditId;
use domain::people::permission::{Act, Thing as On};
use domain::platform::audit::{Change, Entry, Thing, Verb};
use domain::time::Timestamp;
use exports::table::Cell;
use serde::{Deserialize, Serialize};
use store::platform::audit::{self, Search};
use store::{Listed, Page, Store, StoreError, TenantScope, TenantTx};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::app::App;
use crate::body::json;
use crate::door::Caller;
use crate::files::{self, Kind, Pages};
use crate::list::{List, Listing, Nothing, Paging, Query, listing, wrong};
use crate::problem::Problem;
use crate::routes::Route;
use crate::shapes::asked;
use crate::uid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::needs(routes!(list), On::Audit, Act::See),
        Route::needs(routes!(export), On::Audit, Act::Export),
        Route::needs(routes!(verify), On::Audit, Act::See),
    ]
}

/// One deed about one thing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
struct EntryView {
    /// Its id; later ones sort later.
    id: Uuid,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// Who.
    actor: String,
    /// Whose name that is; null for the system, the operator of the machine and programs with a key.
    #[schema(required = true)]
    staff: Option<Uuid>,
    /// From which address; null for what was not asked over a network.
    #[schema(required = true)]
    from: Option<String>,
    /// Who of the platform acted in their place.
    #[schema(required = true)]
    impersonator: Option<String>,
    /// What was done.
    #[schema(example = "extend_voucher")]
    verb: &'static str,
    /// To which kind of thing.
    #[schema(example = "voucher")]
    thing_kind: &'static str,
    /// The thing's id.
    thing: Uuid,
    /// How people call it now; null when it is gone.
    #[schema(required = true)]
    thing_name: Option<String>,
    /// What is different since. Never a secret.
    changes: Vec<ChangeView>,
}

/// Something about a thing that is different since.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditChange)]
struct ChangeView {
    /// What about it.
    #[schema(example = "rate")]
    what: String,
    /// How it was; null when it was not there.
    #[schema(required = true)]
    before: Option<String>,
    /// How it is since; null when it is not there any more.
    #[schema(required = true)]
    after: Option<String>,
}

type Names = HashMap<uuid::Uuid, String>;

impl EntryView {
    fn of(entry: Entry, names: &Names) -> Self {
        let Entry { id, at, actor, verb, thing, changes } = entry;
        let change = |Change { what, before, after }| ChangeView { what, before, after };
        Self {
            id: id.uuid().into(),
            at: at.to_string(),
            actor: actor.name.into_owned(),
            staff: actor.staff.map(|staff| staff.uuid().into()),
            from: actor.from.map(|from| from.to_string()),
            impersonator: actor.impersonator.map(Cow::into_owned),
            verb: verb.code(),
            thing_kind: thing.kind(),
            thing: thing.uuid().into(),
            thing_name: names.get(&thing.uuid()).cloned(),
            changes: changes.into_iter().map(change).collect(),
        }
    }
}

/// Which entries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only those of whoever has this name.
    #[param(max_length = 100)]
    actor: Option<String>,
    /// Only this deed, as `extend_voucher`.
    #[param(example = "change_plan")]
    verb: Option<String>,
    /// Only those about the thing with this id.
    #[param(format = Uuid)]
    thing: Option<String>,
    /// Not before this instant (RFC 3339).
    #[param(format = DateTime)]
    from: Option<String>,
    /// Before this instant (RFC 3339).
    #[param(format = DateTime)]
    to: Option<String>,
    /// Only those with this text in who it was, the deed, or what is different.
    #[param(max_length = 100)]
    q: Option<String>,
}

/// The same of a whole file.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ExportFilters {
    /// The kind of file; `csv` when it is left out.
    #[serde(default)]
    #[param(inline)]
    format: Option<Kind>,
    /// Only those of whoever has this name.
    #[param(max_length = 100)]
    actor: Option<String>,
    /// Only this deed, as `extend_voucher`.
    #[param(example = "change_plan")]
    verb: Option<String>,
    /// Only those about the thing with this id.
    #[param(format = Uuid)]
    thing: Option<String>,
    /// Not before this instant (RFC 3339).
    #[param(format = DateTime)]
    from: Option<String>,
    /// Before this instant (RFC 3339).
    #[param(format = DateTime)]
    to: Option<String>,
    /// Only those with this text in who it was, the deed, or what is different.
    #[param(max_length = 100)]
    q: Option<String>,
}

impl From<ExportFilters> for Filters {
    fn from(filters: ExportFilters) -> Self {
        let ExportFilters { actor, verb, thing, from, to, q, .. } = filters;
        Self { actor, verb, thing, from, to, q }
    }
}

/// What is looked for.
struct LookedFor {
    search: Search,
    text: Option<String>,
}

impl Filters {
    fn read(self) -> Result<LookedFor, Problem> {
        let no_verb = || wrong("verb", "there is no such deed; the document names one at each operation (`x-audit`)");
        let verb = self.verb.map(|verb| Verb::from_code(&verb).ok_or_else(no_verb)).transpose()?;
        let text = self.q.map(|q| q.trim().to_owned()).filter(|q| !q.is_empty());
        if text.as_ref().is_some_and(|text| text.chars().count() > 100) {
            return Err(wrong("q", "has more than 100 characters"));
        }
        let search = Search {
            thing: asked::<uuid::Uuid>("thing", self.thing.as_ref())?,
            actor: self.actor,
            verb,
            since: asked::<Timestamp>("from", self.from.as_ref())?,
            until: asked::<Timestamp>("to", self.to.as_ref())?,
        };
        Ok(LookedFor { search, text })
    }
}

impl LookedFor {
    async fn page(
        &self,
        tx: &mut TenantTx,
        page: Page<AuditId>,
    ) -> Result<(Listed<Entry, AuditId>, Names), StoreError> {
        let listed = match &self.text {
            Some(text) => audit::search_text(tx, &self.search, text, page).await?,
            None => audit::search(tx, &self.search, page).await?,
        };
        let things: Vec<Thing> = listed.rows.iter().map(|entry| entry.thing).collect();
        let names = audit::names(tx, &things).await?;
        Ok((listed, names))
    }
}

/// List what was changed, newest first
///
/// With `q`, a page may have fewer rows than asked for, even none, although `next` says that more follow: each page
/// looks at a part of many.
#[utoipa::path(get, path = "/v1/audit", tag = "audit", operation_id = "list_audit", params(Paging, Filters),
    responses((status = 200, body = Listing<EntryView>)))]
async fn list(State(app): State<App>, caller: Caller, asked: List<Filters>) -> Result<Response, Problem> {
    let (looked_for, page) = (asked.filters.read()?, asked.page.page("-at")?);
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let (listed, names) = looked_for.page(&mut tx, page).await?;
    let items = listed.rows.into_iter().map(|entry| EntryView::of(entry, &names)).collect();
    listing(&asked.page, "-at", items, listed.next)
}

/// Take the audit home as a file, newest first
#[utoipa::path(get, path = "/v1/audit/export", tag = "audit", operation_id = "export_audit", params(ExportFilters),
    responses((status = 200, description = "The file.", content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
async fn export(
    State(app): State<App>,
    caller: Caller,
    Query(filters): Query<ExportFilters>,
) -> Result<Response, Problem> {
    let kind = filters.format.unwrap_or_default();
    let looked_for = Filters::from(filters).read()?;
    let (store, scope) = (app.store().clone(), caller.scope());
    files::table(kind, "audit", &COLUMNS, Rows { store, scope, looked_for, page: Some(Page::first(files::PAGE)) })
}

/// The columns of a file.
const COLUMNS: [&str; 10] =
    ["at", "actor", "impersonator", "from", "verb", "thing_kind", "thing_name", "thing", "changes", "id"];

/// The rows of a file, page by page.
struct Rows {
    store: Store,
    scope: TenantScope,
    looked_for: LookedFor,
    /// Where to go on; nothing at the end.
    page: Option<Page<AuditId>>,
}

impl Pages for Rows {
    async fn next(&mut self) -> Result<Option<Vec<Vec<Cell>>>, StoreError> {
        let Some(page) = self.page.take() else { return Ok(None) };
        let mut tx = self.store.tenant(&self.scope).await?;
        let (listed, names) = self.looked_for.page(&mut tx, page).await?;
        self.page = listed.next.map(|next| Page::after(next, files::PAGE));
        Ok(Some(listed.rows.iter().map(|entry| cells(entry, &names)).collect()))
    }
}

fn cells(entry: &Entry, names: &Names) -> Vec<Cell> {
    let changes: Vec<String> = entry.changes.iter().map(ToString::to_string).collect();
    vec![
        Cell::At(entry.at),
        Cell::text(entry.actor.name.as_ref()),
        Cell::maybe(entry.actor.impersonator.as_ref()),
        Cell::maybe(entry.actor.from),
        Cell::text(entry.verb.code()),
        Cell::text(entry.thing.kind()),
        Cell::maybe(names.get(&entry.thing.uuid())),
        Cell::text(entry.thing.uuid().to_string()),
        Cell::text(changes.join("; ")),
        Cell::text(entry.id.to_string()),
    ]
}

/// What a walk over the whole audit has found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditVerified)]
struct VerifiedView {
    /// Whether every entry is as it was written, and none was taken out.
    is_whole: bool,
    /// How many entries are right, from the first on.
    entries: u64,
    /// Entries from before there was a chain: nothing can be said of them but their number.
    unchained: u64,
    /// The hash of the last right entry. Kept elsewhere, it shows whether the whole audit was written anew.
    head: String,
    /// The first thing that is wrong, in words.
    #[schema(required = true)]
    fault: Option<String>,
}

/// Verify that nothing of the audit was changed or taken out
///
/// Walks over all entries, each of which holds the hash of the one before.
#[utoipa::path(get, path = "/v1/audit/verify", tag = "audit", operation_id = "verify_audit",
    responses((status = 200, body = VerifiedView)))]
async fn verify(State(app): State<App>, caller: Caller, _: Query<Nothing>) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let found = audit::verify(&mut tx).await?;
    json(&VerifiedView {
        is_whole: found.fault.is_none(),
        entries: found.entries,
        unchained: found.unchained,
        head: hex::encode(found.head),
        fault: found.fault.map(|fault| fault.to_string()),
    })
}
