//! A statement of the gateway is brought in.

use std::collections::BTreeSet;

use actions::money::import_statement::{Became, Dealt, ImportError, Line, import_statement};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use domain::id::{ArrivalId, GatewayId};
use domain::money::Money;
use domain::money::claim::{Receipt, Transfer};
use domain::money::gateway::IspGateway;
use domain::people::permission::{Act, Thing};
use domain::platform::tenant::Tenant;
use domain::time::{Span, Timestamp};
use imports::mpesa_statement::{self, Statement};
use serde::{Deserialize, Serialize};
use store::money::{day, gateways};
use store::platform::tenants;
use store::{Page, TenantTx};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::view::ArrivalView;
use crate::app::App;
use crate::body::json;
use crate::door::Caller;
use crate::list::Query;
use crate::money::sees_all;
use crate::problem::{Code, Problem};
use crate::routes::Route;
use crate::shapes::{MoneyView, id_in_path};
use crate::uid::Uuid;

/// Rows of money that one request brings in: more would take longer than a request may.
const ROWS_MAX: usize = 2_000;

/// The most of our own that is told to be missing in a statement.
const MISSING_MAX: usize = 1_000;

/// The longest time that is looked at for what is missing.
const SPAN_MAX: Span = Span::seconds(93 * 86_400);

pub(super) fn routes() -> Vec<Route> {
    vec![Route::needs(routes!(import), Thing::Ledger, Act::Make).told_as("import_statement").takes_import()]
}

/// How a statement is brought in.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct How {
    /// Only read and compare it: nothing is written, and what would become of each row is told.
    #[serde(default)]
    dry_run: bool,
}

/// What became of a row.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatementRow)]
struct RowView {
    /// The row, as the spreadsheet counts.
    row: u64,
    /// Its receipt.
    #[schema(required = true)]
    receipt: Option<String>,
    /// How much came.
    #[schema(required = true)]
    amount: Option<MoneyView>,
    /// `known`: it was here and proven; `proven`: it was only said to have come, and is proven now; `new`: nobody had heard
    /// of it; `differs`: another amount is known of it; `went_back`: it was taken off; `nothing`: it went back, which was
    /// known; `passed`: it tells of no money that came; `faulty`: it cannot be read.
    became: &'static str,
    /// Where the money stands now: `for_payment`, `in_wallet`, `pending`, and others.
    #[schema(required = true)]
    state: Option<&'static str>,
    /// The money.
    #[schema(required = true)]
    arrival: Option<Uuid>,
    /// Why it was passed over, or what is wrong with it.
    #[schema(required = true)]
    why: Option<&'static str>,
}

/// What came of a statement.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatementImported)]
struct ImportedView {
    /// Whether nothing was to be written.
    dry_run: bool,
    /// How many rows tell of money that came.
    came: usize,
    /// How many of them were known and proven already.
    known: usize,
    /// How many are proven now.
    proven: usize,
    /// How many nobody had heard of.
    new: usize,
    /// How many have another amount than is known.
    differs: usize,
    /// How much came by all of them together.
    sum: MoneyView,
    /// How many rows cannot be read.
    faulty: usize,
    /// Row by row, in their order.
    rows: Vec<RowView>,
    /// What we count for this gateway in the time of the statement, and the statement does not have; the first 1,000.
    missing: Vec<ArrivalView>,
}

/// Bring in a statement of a gateway
///
/// As the M-Pesa portal gives it, as CSV or as a workbook. Each row is matched with what is known; what nobody had heard of
/// is new and goes to whom its account names. Sent again, nothing is counted twice.
#[utoipa::path(post, path = "/v1/gateways/{id}/statement", tag = "arrivals", operation_id = "import_statement",
    params(("id" = String, Path, format = Uuid, description = "The gateway's id."), How),
    request_body(content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    responses((status = 200, description = "What became of each row.", body = ImportedView)))]
async fn import(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Query(how): Query<How>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    sees_all(&caller)?;
    let id: GatewayId = id_in_path(&id, "gateway")?;
    let (store, scope) = (app.store(), caller.scope());
    let mut tx = store.tenant(&scope).await?;
    let tenant = tenants::own(&mut tx).await?;
    let gateway = gateways::find(&mut tx, id).await?.ok_or_else(|| Problem::not_found("gateway"))?;
    drop(tx);
    is_table(&headers)?;
    let statement =
        mpesa_statement::read(&body, &tenant.zone).map_err(|why| Problem::new(Code::Invalid, why.to_string()))?;
    if statement.came.len() + statement.went_back.len() > ROWS_MAX {
        let said = format!("the statement tells of more than {ROWS_MAX} payments: take it for a shorter time");
        return Err(Problem::new(Code::Invalid, said));
    }
    let lines = lines(&statement, &gateway, &tenant);
    let places = (&tenant.zone, &tenant.calling_code);
    let meant = (id, &lines[..], how.dry_run);
    let dealt =
        import_statement(store, &scope, places, meant, caller.context(&app)).await.map_err(|why| match why {
            ImportError::NoGateway => Problem::not_found("gateway"),
            ImportError::Store(why) => why.into(),
        })?;
    let mut tx = store.tenant(&scope).await?;
    let missing = missing(&mut tx, id, &statement).await?;
    json(&imported(how, &statement, &dealt, &tenant, missing))
}

fn is_table(headers: &HeaderMap) -> Result<(), Problem> {
    const KINDS: [&str; 2] = ["text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"];
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if KINDS.contains(&kind.as_str()) {
        return Ok(());
    }
    let said = format!("send the statement with the header `Content-Type: {}` or `{}`", KINDS[0], KINDS[1]);
    Err(Problem::new(Code::NotJson, said))
}

/// What came, and then what went back.
fn lines(statement: &Statement, gateway: &IspGateway, tenant: &Tenant) -> Vec<Line> {
    let came = statement.came.iter().map(|one| {
        Line::Came(Transfer {
            shortcode: gateway.shortcode.clone(),
            receipt: one.receipt.clone(),
            amount: Money::from_minor(one.minor, tenant.currency),
            at: one.at,
            account: one.account.clone(),
            payer: one.payer.clone(),
        })
    });
    came.chain(statement.went_back.iter().map(|(_, receipt)| Line::WentBack(receipt.clone()))).collect()
}

fn imported(
    how: How,
    statement: &Statement,
    dealt: &[Dealt],
    tenant: &Tenant,
    missing: Vec<ArrivalView>,
) -> ImportedView {
    let count = |became: Became| dealt.iter().filter(|one| one.became == became).count();
    let told = |row: u64, receipt: &Receipt, amount: Option<Money>, dealt: &Dealt| RowView {
        row,
        receipt: Some(receipt.to_string()),
        amount: amount.map(MoneyView::from),
        became: dealt.became.code(),
        state: dealt.arrival.as_ref().map(|(_, state)| state.code()),
        arrival: dealt.arrival.as_ref().map(|(id, _)| id.uuid().into()),
        why: None,
    };
    let untold = |row: u64, became: &'static str, why: &'static str| RowView {
        row,
        receipt: None,
        amount: None,
        became,
        state: None,
        arrival: None,
        why: Some(why),
    };
    let mut rows = Vec::new();
    let (came, back) = dealt.split_at(statement.came.len().min(dealt.len()));
    for (one, dealt) in statement.came.iter().zip(came) {
        let amount = Money::from_minor(one.minor, tenant.currency);
        rows.push(told(one.row, &one.receipt, Some(amount), dealt));
    }
    for ((row, receipt), dealt) in statement.went_back.iter().zip(back) {
        rows.push(told(*row, receipt, None, dealt));
    }
    rows.extend(statement.passed.iter().map(|one| untold(one.row, "passed", one.why)));
    rows.extend(statement.faults.iter().map(|one| untold(one.row, "faulty", one.problem)));
    rows.sort_by_key(|row| row.row);
    let sum = statement.came.iter().fold(0_i64, |sum, one| sum.saturating_add(one.minor));
    ImportedView {
        dry_run: how.dry_run,
        came: statement.came.len(),
        known: count(Became::Known),
        proven: count(Became::Proven),
        new: count(Became::New),
        differs: count(Became::Differs),
        sum: Money::from_minor(sum, tenant.currency).into(),
        faulty: statement.faults.len(),
        rows,
        missing,
    }
}

/// What we count in the time of the statement, and it does not have.
async fn missing(tx: &mut TenantTx, id: GatewayId, statement: &Statement) -> Result<Vec<ArrivalView>, Problem> {
    let times: BTreeSet<Timestamp> = statement.came.iter().filter_map(|one| one.at).collect();
    let (Some(first), Some(last)) = (times.first().copied(), times.last().copied()) else { return Ok(Vec::new()) };
    if last.since(first) > SPAN_MAX {
        return Ok(Vec::new());
    }
    let has: BTreeSet<&Receipt> = statement.came.iter().map(|one| &one.receipt).collect();
    let until = last.plus(Span::micros(1));
    let mut missing = Vec::new();
    let mut page: Option<Page<ArrivalId>> = Some(Page::first(1_000));
    while let Some(next) = page.take() {
        let listed = day::paid_in(tx, (first, until), next).await?;
        let ours = listed.rows.into_iter().map(|one| one.arrival).filter(|one| one.gateway == Some(id));
        let absent =
            ours.filter(|one| one.is_verified && one.receipt.as_ref().is_none_or(|known| !has.contains(known)));
        missing.extend(absent.map(|one| ArrivalView::of(&one)));
        page = listed.next.filter(|_| missing.len() < MISSING_MAX).map(|key| Page::after(key, 1_000));
    }
    missing.truncate(MISSING_MAX);
    Ok(missing)
}
