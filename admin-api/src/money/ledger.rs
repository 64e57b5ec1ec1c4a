//! `/v1/ledger`, `/v1/wallets`: the books, read.

mod report;
pub(super) mod view;

use axum::extract::State;
use axum::response::Response;
use domain::id::{EntryId, GatewayId, PaymentId, SubscriberId};
use domain::money::posting::{Account, Entry, EntryKind};
use domain::money::wallet::WalletOf;
use domain::people::permission::{Act, Thing};
use domain::phone::Msisdn;
use domain::platform::tenant::Tenant;
use exports::table::Cell;
use serde::Deserialize;
use store::listing::{Direction, Key};
use store::money::ledger::listing::{self as listed, Filter};
use store::money::{ledger, proof};
use store::platform::tenants;
use store::{Page, Store, StoreError, TenantScope};
use utoipa::IntoParams;
use utoipa_axum::routes;

use self::view::{DayView, EntryView, VerifiedView, WalletView};
use crate::app::App;
use crate::body::json;
use crate::door::Caller;
use crate::files::{self, Kind, Pages};
use crate::list::{List, Listing, Nothing, Paging, Query, listing, wrong};
use crate::money::{day_of, sees_all};
use crate::problem::Problem;
use crate::routes::Route;
use crate::shapes::{asked, units};

/// All routes about the books.
pub(super) fn routes() -> Vec<Route> {
    let see = |handler| Route::needs(handler, Thing::Ledger, Act::See);
    let mut all = vec![
        see(routes!(entries)),
        Route::needs(routes!(export), Thing::Ledger, Act::Export),
        see(routes!(proof_days)),
        see(routes!(verify)).untold("it goes over the books and changes nothing"),
        see(routes!(wallets)),
        see(routes!(statement)),
    ];
    all.extend(report::routes());
    all
}

/// Which entries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only those about this: arrival, matching, sale, undoing or reversal.
    kind: Option<String>,
    /// Only those that move something on such an account: gateway, cash, sales, wallet_phone, wallet_subscriber,
    /// suspense or refunds.
    account: Option<String>,
    /// Only those that move something with this gateway.
    #[param(format = Uuid)]
    gateway: Option<String>,
    /// Only those about this payment.
    #[param(format = Uuid)]
    payment: Option<String>,
    /// Only those that were written on this day, as the provider's calendar has it.
    #[param(example = "2026-11-22")]
    day: Option<String>,
}

/// The same of a whole file.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ExportFilters {
    /// The kind of file.
    #[serde(default)]
    #[param(inline)]
    format: Option<Kind>,
    /// Only those about this: arrival, matching, sale, undoing or reversal.
    kind: Option<String>,
    /// Only those that move something on such an account.
    account: Option<String>,
    /// Only those that move something with this gateway.
    #[param(format = Uuid)]
    gateway: Option<String>,
    /// Only those about this payment.
    #[param(format = Uuid)]
    payment: Option<String>,
    /// Only those that were written on this day, as the provider's calendar has it.
    #[param(example = "2026-11-22")]
    day: Option<String>,
}

impl From<ExportFilters> for Filters {
    fn from(filters: ExportFilters) -> Self {
        let ExportFilters { kind, account, gateway, payment, day, .. } = filters;
        Self { kind, account, gateway, payment, day }
    }
}

/// The names of all kinds of accounts.
const ACCOUNTS: [&str; 7] = [
    "gateway",
    Account::Cash.code(),
    Account::Sales.code(),
    "wallet_phone",
    "wallet_subscriber",
    Account::Suspense.code(),
    Account::Refunds.code(),
];

impl Filters {
    fn read(&self, tenant: &Tenant) -> Result<Filter, Problem> {
        let kind = match self.kind.as_deref() {
            None => None,
            Some(code) => Some(EntryKind::from_code(code).ok_or_else(|| {
                let known: Vec<&str> = EntryKind::ALL.iter().map(|kind| kind.code()).collect();
                wrong("kind", format!("is one of {}", known.join(", ")))
            })?),
        };
        if self.account.as_deref().is_some_and(|account| !ACCOUNTS.contains(&account)) {
            return Err(wrong("account", format!("is one of {}", ACCOUNTS.join(", "))));
        }
        let (since, until) = day_of(self.day.as_deref(), &tenant.zone)?;
        Ok(Filter {
            kind,
            account: self.account.clone(),
            gateway: asked::<GatewayId>("gateway", self.gateway.as_ref())?,
            payment: asked::<PaymentId>("payment", self.payment.as_ref())?,
            since,
            until,
        })
    }
}

async fn own(app: &App, caller: &Caller) -> Result<Tenant, Problem> {
    sees_all(caller)?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    Ok(tenants::own(&mut tx).await?)
}

/// List the entries of the ledger
///
/// The newest first. Each sums to zero, and none is ever changed.
#[utoipa::path(get, path = "/v1/ledger", tag = "ledger", operation_id = "list_ledger_entries", params(Paging, Filters),
    responses((status = 200, description = "One page of entries.", body = Listing<EntryView>)))]
async fn entries(
    State(app): State<App>,
    caller: Caller,
    List { page, filters }: List<Filters>,
) -> Result<Response, Problem> {
    let filter = filters.read(&own(&app, &caller).await?)?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let rows = listed::search(&mut tx, &filter, Direction::Down, page.page::<Key>("newest")?).await?;
    listing(&page, "newest", rows.rows.iter().map(EntryView::of).collect(), rows.next)
}

/// Take the ledger home as a file
///
/// One row for each posting, in the order in which they were written, as CSV or as a workbook.
#[utoipa::path(get, path = "/v1/ledger/export", tag = "ledger", operation_id = "export_ledger",
    params(ExportFilters), responses((status = 200, description = "The file.", content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
async fn export(
    State(app): State<App>,
    caller: Caller,
    Query(filters): Query<ExportFilters>,
) -> Result<Response, Problem> {
    let tenant = own(&app, &caller).await?;
    let kind = filters.format.unwrap_or_default();
    let filter = Filters::from(filters).read(&tenant)?;
    let rows = Rows { store: app.store().clone(), scope: caller.scope(), filter, page: Some(Page::first(files::PAGE)) };
    files::table(kind, "ledger", &COLUMNS, rows)
}

/// The columns of a file.
const COLUMNS: [&str; 10] =
    ["at", "entry", "kind", "account", "whose", "amount", "currency", "payment", "arrival", "refund"];

/// The rows of a file, page by page.
struct Rows {
    store: Store,
    scope: TenantScope,
    filter: Filter,
    /// Where to go on; nothing at the end.
    page: Option<Page<Key>>,
}

impl Pages for Rows {
    async fn next(&mut self) -> Result<Option<Vec<Vec<Cell>>>, StoreError> {
        let Some(page) = self.page.take() else { return Ok(None) };
        let mut tx = self.store.tenant(&self.scope).await?;
        let rows = listed::search(&mut tx, &self.filter, Direction::Up, page).await?;
        self.page = rows.next.map(|next| Page::after(next, files::PAGE));
        Ok(Some(rows.rows.iter().flat_map(cells).collect()))
    }
}

/// A row for each posting of an entry.
fn cells(entry: &Entry) -> Vec<Vec<Cell>> {
    let whose = |account: &Account| match account {
        Account::Gateway(id) => Some(id.to_string()),
        Account::Wallet(of) => Some(of.key()),
        Account::Cash | Account::Sales | Account::Suspense | Account::Refunds => None,
    };
    let row = |posting: &domain::money::posting::Posting| {
        vec![
            Cell::At(entry.at),
            Cell::text(entry.id.to_string()),
            Cell::text(entry.kind.code()),
            Cell::text(posting.account.code()),
            Cell::maybe(whose(&posting.account)),
            Cell::Number(units(posting.amount.minor())),
            Cell::text(posting.amount.currency().code()),
            Cell::maybe(entry.payment),
            Cell::maybe(entry.arrival),
            Cell::maybe(entry.refund),
        ]
    };
    entry.postings.all().iter().map(row).collect()
}

/// List the closed days of the books
///
/// In their order. Each has the hash of the day before in its own: keep the last one somewhere else, and nobody can write
/// the books anew without its being seen.
#[utoipa::path(get, path = "/v1/ledger/proof", tag = "ledger", operation_id = "list_proof_days", params(Paging),
    responses((status = 200, description = "One page of days.", body = Listing<DayView>)))]
async fn proof_days(
    State(app): State<App>,
    caller: Caller,
    List { page, .. }: List<Nothing>,
) -> Result<Response, Problem> {
    sees_all(&caller)?;
    let asked = page.page::<u32>("place")?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let mut days = proof::days(&mut tx, asked.key().copied().unwrap_or(0)).await?;
    let more = days.len() > asked.size();
    days.truncate(asked.size());
    let next = days.last().filter(|_| more).map(|day| day.place);
    listing(&page, "place", days.iter().map(DayView::of).collect(), next)
}

/// Go over all the books
///
/// Whether each entry sums to zero, each wallet has what the ledger says, all verified money is there, and each closed day
/// is as it was closed.
#[utoipa::path(post, path = "/v1/ledger/verify", tag = "ledger", operation_id = "verify_ledger",
    responses((status = 200, description = "What was found.", body = VerifiedView)))]
async fn verify(State(app): State<App>, caller: Caller, _: Query<Nothing>) -> Result<Response, Problem> {
    sees_all(&caller)?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let whole = ledger::audit(&mut tx).await?;
    let days = proof::verify(&mut tx).await?;
    json(&VerifiedView {
        is_whole: whole.is_whole() && days.fault.is_none(),
        entries: whole.entries,
        unbalanced: whole.unbalanced,
        wallets_astray: whole.wallets_astray,
        arrivals_astray: whole.arrivals_astray,
        days: days.days,
        head: hex::encode(days.head),
        fault: days.fault.as_ref().map(ToString::to_string),
    })
}

/// Whose wallet.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Owner {
    /// Of whoever has this telephone.
    phone: Option<String>,
    /// Of this subscriber.
    #[param(format = Uuid)]
    subscriber: Option<String>,
}

impl Owner {
    fn read(&self, tenant: &Tenant) -> Result<Option<WalletOf>, Problem> {
        let phone = self.phone.as_ref().map(|phone| Msisdn::parse(phone.trim().as_bytes(), &tenant.calling_code));
        let phone = phone.transpose().map_err(|why| wrong("phone", why.to_string()))?;
        let subscriber = asked::<SubscriberId>("subscriber", self.subscriber.as_ref())?;
        match (phone, subscriber) {
            (None, None) => Ok(None),
            (Some(phone), None) => Ok(Some(WalletOf::Phone(phone))),
            (None, Some(id)) => Ok(Some(WalletOf::Subscriber(id))),
            (Some(_), Some(_)) => Err(wrong("phone", "leave out phone or subscriber: each has a wallet of its own")),
        }
    }
}

/// List the wallets
///
/// Those with something in them: what people have paid and not yet used. Or that of one telephone or subscriber.
#[utoipa::path(get, path = "/v1/wallets", tag = "ledger", operation_id = "list_wallets", params(Paging, Owner),
    responses((status = 200, description = "One page of wallets.", body = Listing<WalletView>)))]
async fn wallets(
    State(app): State<App>,
    caller: Caller,
    List { page, filters }: List<Owner>,
) -> Result<Response, Problem> {
    let of = filters.read(&own(&app, &caller).await?)?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let rows = listed::wallets(&mut tx, of.as_ref(), page.page::<String>("owner")?).await?;
    listing(&page, "owner", rows.rows.iter().map(WalletView::of).collect(), rows.next)
}

/// List what went into a wallet and out of it
///
/// The newest first, of one telephone or subscriber.
#[utoipa::path(get, path = "/v1/wallets/statement", tag = "ledger", operation_id = "list_wallet_statement",
    params(Paging, Owner),
    responses((status = 200, description = "One page of entries.", body = Listing<EntryView>)))]
async fn statement(
    State(app): State<App>,
    caller: Caller,
    List { page, filters }: List<Owner>,
) -> Result<Response, Problem> {
    let of = filters.read(&own(&app, &caller).await?)?;
    let of = of.ok_or_else(|| wrong("phone", "say whose: give phone or subscriber"))?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let rows = listed::statement(&mut tx, &of, page.page::<EntryId>("newest")?).await?;
    listing(&page, "newest", rows.rows.iter().map(EntryView::of).collect(), rows.next)
}
