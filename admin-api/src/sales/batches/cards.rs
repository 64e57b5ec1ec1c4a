//! A batch as cards to be printed and cut.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::id::BatchId;
use domain::people::permission::{Act, Thing};
use domain::sales::voucher::{VoucherCode, VoucherState};
use exports::print::{CARDS_PER_SHEET, CODE_PLACE, Cards};
use serde::Deserialize;
use store::listing::{Direction, Key};
use store::platform::tenants;
use store::sales::vouchers::listing::{self, Filter, Sort};
use store::{Page, Store, TenantScope};
use utoipa::IntoParams;
use utoipa_axum::routes;

use crate::app::App;
use crate::door::Caller;
use crate::files::{self, FileError, Texts};
use crate::list::{Query, wrong};
use crate::problem::Problem;
use crate::routes::Route;

/// Cards that are made at a time: whole sheets.
const PIECE: usize = 40 * CARDS_PER_SHEET;

/// Most characters of the address that QR codes open.
const ADDRESS_MAX: usize = 300;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::needs(routes!(print), Thing::Vouchers, Act::Export)]
}

/// How the cards are to be.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct How {
    /// What a QR code opens, with `{code}` where the code stands; without it, a QR code holds the code alone.
    #[param(example = "http://wifi.example/login?username={code}", max_length = 300)]
    login_url: Option<String>,
}

/// Print a batch
///
/// A page of cards for A4: 24 to a sheet with lines to cut along, each with its code and a QR code. Cards that were
/// taken back are left out.
#[utoipa::path(get, path = "/v1/batches/{id}/print", tag = "batches", operation_id = "print_batch",
    params(("id" = String, Path, format = Uuid), How),
    responses((status = 200, description = "The page.", body = String, content_type = "text/html")))]
async fn print(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Query(how): Query<How>,
) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let (batch, plan) = super::find(&mut tx, &id).await?;
    let tenant = tenants::own(&mut tx).await?;
    drop(tx);
    let cards = Cards {
        provider: tenant.name.clone(),
        plan: plan.name.to_string(),
        price: plan.terms.price,
        duration: plan.terms.duration.to_string(),
        sell_by: batch.sell_by.map(|at| at.in_zone(&tenant.zone)),
        address: how.login_url.map(address).transpose()?,
    };
    let pieces = Pieces {
        store: app.store().clone(),
        scope: caller.scope(),
        batch: batch.id,
        page: Some(Page::first(files::PAGE)),
        waiting: Vec::new(),
        is_ended: false,
        cards: cards.clone(),
    };
    files::page("vouchers.html", cards.head(), pieces)
}

fn address(text: String) -> Result<String, Problem> {
    let is_web = text.starts_with("http://") || text.starts_with("https://");
    let fits = text.len() <= ADDRESS_MAX && !text.chars().any(|one| one.is_control() || one.is_whitespace());
    if is_web && fits && text.contains(CODE_PLACE) {
        Ok(text)
    } else {
        Err(wrong(
            "login_url",
            format!("write an http address of at most {ADDRESS_MAX} characters with {CODE_PLACE} in it"),
        ))
    }
}

struct Pieces {
    store: Store,
    scope: TenantScope,
    batch: BatchId,
    /// Where to go on; nothing at the end.
    page: Option<Page<Key>>,
    /// Codes that do not fill a sheet yet.
    waiting: Vec<VoucherCode>,
    is_ended: bool,
    cards: Cards,
}

impl Texts for Pieces {
    async fn next(&mut self) -> Result<Option<String>, FileError> {
        if self.is_ended {
            return Ok(None);
        }
        let filter = Filter { batch: Some(self.batch), ..Filter::default() };
        while self.waiting.len() < PIECE
            && let Some(page) = self.page.take()
        {
            let mut tx = self.store.tenant(&self.scope).await?;
            let listed = listing::list(&mut tx, &filter, (Sort::Made, Direction::Up), page).await?;
            let printable = listed.rows.into_iter().filter(|one| !matches!(one.state, VoucherState::Revoked { .. }));
            self.waiting.extend(printable.map(|voucher| voucher.code));
            self.page = listed.next.map(|next| Page::after(next, files::PAGE));
        }
        let count = match self.page {
            Some(_) => self.waiting.len() - self.waiting.len() % CARDS_PER_SHEET,
            None => self.waiting.len(),
        };
        let rest = self.waiting.split_off(count);
        let codes = std::mem::replace(&mut self.waiting, rest);
        let mut html = String::new();
        self.cards.push_sheets(&mut html, &codes)?;
        if self.page.is_none() {
            self.is_ended = true;
            html.push_str(Cards::tail());
        }
        Ok(Some(html))
    }
}
