//! Our books held against M-Pesa's.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use domain::id::{ArrivalId, ExceptionId, PaymentId};
use domain::money::Currency;
use domain::money::payment::{Activation, Payment};
use domain::money::posting::Account;
use domain::time::{Span, Timestamp};
use simulators::mpesa::Taken;
use store::Page;
use store::money::{activations, arrivals, ledger, payments};
use store::support::exceptions;

use crate::town::{Shop, Town};

/// What the gateway confirms is given, or staff sees it, within that.
const WITHIN: Span = Span::seconds(120);

/// Where neither its number was told nor a callback came, the gateway's books tell: they are read every quarter of an hour.
const BOOKS_WITHIN: Span = Span::seconds(15 * 60 + 120);

/// The most faults that are told.
const FAULTS_MAX: usize = 20;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) begun: usize,
    /// Prompts that were really paid.
    pub(crate) paid_prompts: u64,
    /// Payments for which something was given.
    pub(crate) served: u64,
    /// Money that staff sees.
    pub(crate) for_staff: usize,
    pub(crate) crashes: u64,
    /// Seconds from the money to what it bought, sorted.
    pub(crate) waits: Vec<i64>,
    pub(crate) faults: Vec<String>,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |share: usize| self.waits.get(self.waits.len().saturating_sub(1) * share / 100).copied().unwrap_or(0);
        write!(
            f,
            "{} purchases begun, {} paid, {} served, {} for staff to look at, {} crashes; from the money to the hour: \
             median {} s, 99 of 100 within {} s, the last after {} s; {} faults",
            self.begun,
            self.paid_prompts,
            self.served,
            self.for_staff,
            self.crashes,
            at(50),
            at(99),
            at(100),
            self.faults.len()
        )
    }
}

impl Found {
    fn fault(&mut self, words: String) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(words);
        }
    }
}

pub(crate) async fn of(town: &Town) -> anyhow::Result<Found> {
    let mut found = Found { begun: town.begun, crashes: town.crashes, ..Found::default() };
    let books = town.twin.books();
    for shop in &town.shops {
        let taken: Vec<&Taken> = books
            .taken
            .iter()
            .filter(|one| one.shortcode == shop.business.shortcode && one.reversed.is_none())
            .collect();
        of_shop(town, shop, &taken, &mut found).await?;
    }
    found.waits.sort_unstable();
    Ok(found)
}

async fn of_shop(town: &Town, shop: &Shop, taken: &[&Taken], found: &mut Found) -> anyhow::Result<()> {
    let mut tx = town.world.store.tenant(&shop.scope).await?;
    let whole = ledger::audit(&mut tx).await?;
    if !whole.is_whole() {
        found.fault(format!("the ledger is not whole: {whole:?}"));
    }
    let account = Account::Gateway(shop.gateway.id);
    let held = ledger::balance(&mut tx, &account, Currency::KES).await?.minor();
    let really: i64 = taken.iter().map(|one| one.amount.minor()).sum();
    if held != really {
        found.fault(format!("M-Pesa has taken {really}, and our ledger says {held}"));
    }
    drop(tx);
    let all = every_payment(town, shop).await?;
    let (told_of, opened) = exceptions_of(town, shop).await?;
    found.for_staff += opened;
    let mut paid: BTreeMap<&str, Vec<&Taken>> = BTreeMap::new();
    for one in taken {
        paid.entry(one.account.as_str()).or_default().push(one);
        if one.checkout.is_some() {
            found.paid_prompts += 1;
        }
    }
    let mut codes = BTreeSet::new();
    for (payment, given) in &all {
        let money = paid.remove(payment.reference.expose()).unwrap_or_default();
        if given.is_some() {
            found.served += 1;
            if money.is_empty() {
                found.fault(format!("{} was served and never paid", payment.id));
            }
        }
        if !codes.insert(payment.reference.expose().to_owned()) {
            found.fault(format!("two payments have the reference of {}", payment.id));
        }
        for one in money {
            in_time(town, payment, given.as_ref(), one, &told_of, found);
        }
    }
    for (account, left) in paid {
        found.fault(format!("{} of money for `{account}` is nobody's", left.len()));
    }
    Ok(())
}

/// Money of a payment has bought something, or staff sees it, and soon enough.
fn in_time(
    town: &Town,
    payment: &Payment,
    given: Option<&Activation>,
    money: &Taken,
    told_of: &BTreeMap<String, Timestamp>,
    found: &mut Found,
) {
    let told_at = told_of.get(&payment.id.to_string());
    let done_at = match (given, told_at) {
        (Some(given), Some(told)) => given.at.min(*told),
        (Some(given), None) => given.at,
        (None, Some(told)) => *told,
        (None, None) => {
            found.fault(format!("{} was paid at {} and neither served nor told: {payment:?}", payment.id, money.at));
            return;
        }
    };
    let waited = done_at.since(money.at);
    found.waits.push(waited.as_seconds());
    let is_known = town.known.contains(&payment.id);
    let bound = if is_known { WITHIN } else { BOOKS_WITHIN };
    if waited > bound {
        found.fault(format!("{} was paid at {} and served after {} s", payment.id, money.at, waited.as_seconds()));
    }
}

async fn every_payment(town: &Town, shop: &Shop) -> anyhow::Result<Vec<(Payment, Option<Activation>)>> {
    let mut all = Vec::new();
    let mut page = Page::first(Page::<PaymentId>::SIZE_MAX);
    let mut tx = town.world.store.tenant(&shop.scope).await?;
    loop {
        let listed = payments::list(&mut tx, page).await?;
        for payment in listed.rows {
            let given = activations::find(&mut tx, payment.id).await?;
            all.push((payment, given));
        }
        let Some(next) = listed.next else { return Ok(all) };
        page = Page::after(next, Page::<PaymentId>::SIZE_MAX);
    }
}

/// What staff was told of and when, by the payment that it is about; and how much of it is open.
async fn exceptions_of(town: &Town, shop: &Shop) -> anyhow::Result<(BTreeMap<String, Timestamp>, usize)> {
    let mut tx = town.world.store.tenant(&shop.scope).await?;
    let (mut told, mut opened) = (BTreeMap::new(), 0);
    let mut page = Page::first(Page::<ExceptionId>::SIZE_MAX);
    loop {
        let listed = exceptions::list(&mut tx, true, page).await?;
        for one in listed.rows {
            opened += usize::from(one.resolved.is_none());
            let at = told.entry(one.about).or_insert(one.opened_at);
            *at = one.opened_at.min(*at);
        }
        let Some(next) = listed.next else { break };
        page = Page::after(next, Page::<ExceptionId>::SIZE_MAX);
    }
    // Money that is nobody's stands under its arrival.
    let mut page = Page::first(Page::<ArrivalId>::SIZE_MAX);
    loop {
        let listed = arrivals::list(&mut tx, None, page).await?;
        for arrival in listed.rows {
            let Some(at) = told.get(&arrival.id.to_string()).copied() else { continue };
            for payment in payments::by_reference(&mut tx, &arrival.account).await? {
                told.entry(payment.to_string()).or_insert(at);
            }
        }
        let Some(next) = listed.next else { return Ok((told, opened)) };
        page = Page::after(next, Page::<ArrivalId>::SIZE_MAX);
    }
}
