//! What a gateway is asked by staff: whether its keys are good, to tell us of money, for its books, the balance, a picture.

use actions::money::balance::{note_balance, note_balance_asked};
use actions::money::register_gateway::{Asked as Registered, note_registered};
use axum::body::Body as Octets;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use domain::money::gateway::{GatewayAccount, IspGateway};
use domain::people::permission::{Act, Thing};
use domain::phone::Msisdn;
use ports::gateway::{Answer, Gateways};
use serde::Deserialize;
use store::money::gateways;
use store::money::gateways::seen;
use store::platform::tenants;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::trial::{in_time, of_account};
use super::view::{GatewayView, SeenView, TestView};
use super::{find, id_of};
use crate::app::App;
use crate::body::{Body, json};
use crate::door::Caller;
use crate::etag;
use crate::list::{Nothing, Query};
use crate::problem::{Code, Faults, Problem};
use crate::routes::Route;
use crate::shapes::MoneyView;

pub(super) fn routes() -> Vec<Route> {
    let change = |handler| Route::needs(handler, Thing::Gateways, Act::Change);
    vec![
        change(routes!(test)).untold("it asks the gateway and changes nothing"),
        change(routes!(register)).told_as("register_gateway"),
        change(routes!(register_books)).told_as("register_gateway"),
        Route::needs(routes!(balance), Thing::Gateways, Act::See).untold("it asks the gateway what is there"),
        Route::needs(routes!(picture), Thing::Gateways, Act::See).untold("it asks the gateway for a picture"),
    ]
}

/// A gateway, open, and who speaks to it.
struct Line<'a> {
    to: &'a Gateways,
    row: IspGateway,
    account: GatewayAccount,
}

async fn line<'a>(app: &'a App, caller: &Caller, id: &str) -> Result<Line<'a>, Problem> {
    let row = find(app, caller, id_of(id)?).await?;
    let to = app.gateways().ok_or_else(|| {
        let said =
            "this server speaks to no gateway: its operator has to set the public address that gateways call back";
        Problem::new(Code::Conflict, said)
    })?;
    let account = account(app, caller, &row, &to.callback_base).await?;
    Ok(Line { to, row, account })
}

async fn account(app: &App, caller: &Caller, row: &IspGateway, base: &str) -> Result<GatewayAccount, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let opened = gateways::open(&mut tx, row.id).await?.ok_or_else(|| Problem::not_found("gateway"))?;
    Ok(opened.account(row, base))
}

/// A gateway's no, as it is answered; what it said when it was good.
fn said<T>(answer: Answer<T>) -> Result<Option<T>, Problem> {
    match answer {
        Answer::Said(said) => Ok(Some(said)),
        Answer::Later { .. } => Ok(None),
        Answer::No(failure) if failure.code.is_empty() => Err(Problem::new(Code::Conflict, failure.words)),
        Answer::No(failure) => {
            let said = format!("the gateway says no (code {}): {}", failure.code, failure.words);
            Err(Problem::new(Code::Conflict, said))
        }
        Answer::Unable { why } => Err(Problem::new(Code::Conflict, why)),
        Answer::NotNow { why } => {
            let said = format!("the gateway could not be asked: {why}. Try again later");
            Err(Problem::new(Code::TooSlow, said).after(30))
        }
    }
}

/// Test a gateway
///
/// Tries its keys at the gateway, without costing anything, and says a sentence for each thing that is not as it should
/// be.
#[utoipa::path(post, path = "/v1/gateways/{id}/test", tag = "gateways", operation_id = "test_gateway",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    responses((status = 200, description = "What was found.", body = TestView)))]
async fn test(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let row = find(&app, &caller, id_of(&id)?).await?;
    let base = app.gateways().map(|gateways| gateways.callback_base.as_str()).unwrap_or_default();
    let account = account(&app, &caller, &row, base).await?;
    json(&TestView::of(&of_account(&app, &account, row.trusts_confirmations).await))
}

/// Ask a gateway to tell of all money that comes
///
/// Then what people pay by themselves, without a prompt, is heard of at once. M-Pesa takes this once for a shortcode: an
/// earlier platform's addresses have to be deleted in the M-Pesa portal first.
#[utoipa::path(post, path = "/v1/gateways/{id}/register", tag = "gateways", operation_id = "register_gateway",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    responses((status = 200, description = "It will tell.", body = GatewayView)))]
async fn register(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let line = line(&app, &caller, &id).await?;
    said(in_time(line.to.gateway.register(&line.account)).await)?;
    noted(&app, &caller, &line, Registered::Confirmations).await
}

/// Whose number the gateway knows.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BooksOf {
    /// The Safaricom number that the shortcode is tied to.
    #[schema(example = "0712345678", max_length = 32)]
    phone: String,
}

/// Ask a gateway to let its books be read
///
/// Then money is found of which no message has come.
#[utoipa::path(post, path = "/v1/gateways/{id}/register-pull", tag = "gateways", operation_id = "register_gateway_books",
    params(("id" = String, Path, format = Uuid, description = "Its id.")), request_body = BooksOf,
    responses((status = 200, description = "Its books are read from now on.", body = GatewayView)))]
async fn register_books(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
    Body(BooksOf { phone }): Body<BooksOf>,
) -> Result<Response, Problem> {
    let line = line(&app, &caller, &id).await?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let tenant = tenants::own(&mut tx).await?;
    drop(tx);
    let mut faults = Faults::new();
    let phone = faults.take("/phone", Msisdn::parse(phone.trim().as_bytes(), &tenant.calling_code));
    let phone = faults.unless(phone)?;
    said(in_time(line.to.gateway.register_books(&line.account, &phone)).await)?;
    noted(&app, &caller, &line, Registered::Books).await
}

async fn noted(app: &App, caller: &Caller, line: &Line<'_>, asked: Registered) -> Result<Response, Problem> {
    note_registered(app.store(), &caller.scope(), (line.row.id, asked), caller.context(app)).await?;
    etag::single(&GatewayView::of(&find(app, caller, line.row.id).await?))
}

/// Ask what is in the accounts with a gateway
///
/// M-Pesa answers some seconds later: then it stands in what was heard of the gateway.
#[utoipa::path(post, path = "/v1/gateways/{id}/balance", tag = "gateways", operation_id = "ask_gateway_balance",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    responses((status = 200, description = "It was told.", body = SeenView),
        (status = 202, description = "It is told later: look at what was heard of the gateway.", body = SeenView)))]
async fn balance(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let line = line(&app, &caller, &id).await?;
    let (store, scope) = (app.store(), caller.scope());
    let answer = in_time(line.to.gateway.balance(&line.account, app.now())).await;
    let status = match &answer {
        Answer::Said(accounts) => {
            note_balance(store, &scope, (line.row.id, Some(accounts)), caller.context(&app)).await?;
            StatusCode::OK
        }
        Answer::Later { conversation } => {
            note_balance_asked(store, &scope, (line.row.id, conversation)).await?;
            StatusCode::ACCEPTED
        }
        Answer::No(_) | Answer::NotNow { .. } | Answer::Unable { .. } => StatusCode::OK,
    };
    said(answer)?;
    let mut tx = store.tenant(&scope).await?;
    let seen = seen::seen(&mut tx, line.row.id).await?.ok_or_else(|| Problem::not_found("gateway"))?;
    let mut response = json(&SeenView::of(&line.row, &seen))?;
    *response.status_mut() = status;
    Ok(response)
}

/// What a picture is for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Pictured {
    /// How much: whole shillings.
    amount: MoneyView,
    /// What the payer sees as account: letters and digits.
    #[schema(example = "ppp1042", min_length = 1, max_length = 12)]
    reference: String,
    /// The name above it; without, the provider's.
    #[schema(max_length = 50)]
    name: Option<String>,
}

/// Have a gateway draw a picture to be scanned
///
/// A dynamic QR code for M-Pesa's own app, with the amount and the account in it.
#[utoipa::path(post, path = "/v1/gateways/{id}/qr", tag = "gateways", operation_id = "draw_gateway_qr",
    params(("id" = String, Path, format = Uuid, description = "Its id.")), request_body = Pictured,
    responses((status = 200, description = "The picture.", content((Vec<u8> = "image/png")))))]
async fn picture(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
    Body(asked): Body<Pictured>,
) -> Result<Response, Problem> {
    let line = line(&app, &caller, &id).await?;
    let mut faults = Faults::new();
    let amount = faults.take("/amount", asked.amount.price());
    if amount.is_some_and(|amount| !amount.is_positive()) {
        faults.note("/amount", "write more than nothing");
    }
    let reference = asked.reference.trim().to_owned();
    if !(1..=12).contains(&reference.len()) || !reference.bytes().all(|octet| octet.is_ascii_alphanumeric()) {
        faults.note("/reference", "write 1 to 12 letters and digits");
    }
    let amount = faults.unless(amount)?;
    let name = match asked.name {
        Some(name) => name,
        None => {
            let mut tx = app.store().tenant(&caller.scope()).await?;
            tenants::own(&mut tx).await?.name
        }
    };
    let answer = in_time(line.to.gateway.picture(&line.account, &name, &reference, amount)).await;
    let picture = said(answer)?.ok_or_else(Problem::internal)?;
    let mut response = Response::new(Octets::from(picture));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
