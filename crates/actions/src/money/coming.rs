//! Money comes: for a payment, into a wallet, or for nobody knows whom. What is not proven stands aside and is seen.

use domain::id::{ArrivalId, GatewayId};
use domain::money::Money;
use domain::money::arrival::{Arrival, ArrivalState, Source};
use domain::money::claim::{Payer, Receipt};
use domain::money::inquiry::{ForWhom, Inquiry};
use domain::money::payment::{Payment, PaymentState};
use domain::money::posting::{Account, EntryKind};
use domain::money::wallet::WalletOf;
use domain::platform::audit::{Change, Thing, Verb};
use domain::support::exception::ExceptionKind;
use domain::time::Timestamp;
use policy::money::identity::{self, Known, Same, Told};
use policy::money::postings::{self, Owner};
use policy::money::settlement;
use store::StoreError;
use store::money::arrivals::{self, Note};
use store::money::{inquiries, payments};

use crate::money::desk::{About, Desk, amount};
use crate::money::serve::serve;

/// Money, as somebody tells of it.
#[derive(Clone, Debug)]
pub(crate) struct Coming {
    /// To which gateway; `None` over the counter.
    pub(crate) gateway: Option<GatewayId>,
    pub(crate) receipt: Option<Receipt>,
    /// Whether the gateway itself tells that number.
    pub(crate) is_receipt_proven: bool,
    /// Whether the gateway itself says that the money has come, or somebody of the ISP answers for it.
    pub(crate) is_proven: bool,
    pub(crate) is_of_prompt: bool,
    pub(crate) amount: Money,
    pub(crate) source: Source,
    pub(crate) account: String,
    pub(crate) payer: Payer,
    pub(crate) paid_at: Option<Timestamp>,
}

impl Coming {
    fn place(&self) -> Account {
        self.gateway.map_or(Account::Cash, Account::Gateway)
    }

    fn told(&self) -> Told {
        Told {
            receipt: self.receipt.clone(),
            is_receipt_proven: self.is_receipt_proven,
            amount: self.amount,
            is_of_prompt: self.is_of_prompt,
        }
    }

    fn arrival(&self, id: ArrivalId, state: ArrivalState, now: Timestamp) -> Arrival {
        Arrival {
            id,
            gateway: self.gateway,
            receipt: self.receipt.clone(),
            is_receipt_proven: self.is_receipt_proven,
            is_of_prompt: self.is_of_prompt,
            amount: self.amount,
            source: self.source,
            is_verified: self.is_proven,
            state,
            account: self.account.clone(),
            payer: self.payer.clone(),
            paid_at: self.paid_at,
            arrived_at: now,
        }
    }
}

/// Money is told of a payment, which is locked, as its receipt is.
pub(crate) async fn for_payment(desk: &mut Desk<'_>, payment: &mut Payment, coming: &Coming) -> Result<(), StoreError> {
    let of_payment: Vec<Arrival> =
        arrivals::of_payment(&mut desk.tx, payment.id).await?.into_iter().filter(|one| one.is_verified).collect();
    let aside = with_receipt(desk, coming).await?.filter(|one| of_payment.iter().all(|known| known.id != one.id));
    if let Some(other) = aside.as_ref().filter(|one| one.is_verified) {
        if coming.is_of_prompt {
            let what = format!(
                "the callback of payment {} names a receipt that other money has: {}. Look at both",
                payment.reference.expose(),
                other.name()
            );
            desk.tell(ExceptionKind::AmountDiffers, payment.id, None, what).await?;
        }
        return note(desk, other.id, coming).await;
    }
    let known: Vec<Known> = of_payment.iter().map(known).collect();
    match identity::which(&known, &coming.told()) {
        Same::Other | Same::OtherTakes { .. } if !coming.is_proven => stands_aside(desk, aside, coming).await,
        Same::Other => comes_for(desk, payment, aside, coming).await,
        Same::OtherTakes { place } => {
            let robbed = Arrival { receipt: None, ..of_payment[place].clone() };
            arrivals::save(&mut desk.tx, &robbed).await?;
            comes_for(desk, payment, aside, coming).await
        }
        Same::Is { place, takes_receipt } => {
            let mut one = of_payment[place].clone();
            note(desk, one.id, coming).await?;
            if let Some(aside) = aside {
                fold(desk, aside).await?;
            }
            if takes_receipt {
                one.receipt.clone_from(&coming.receipt);
                one.is_receipt_proven = coming.is_receipt_proven;
            }
            one.is_of_prompt |= coming.is_of_prompt;
            one.paid_at = one.paid_at.or(coming.paid_at);
            one.payer = merged(&one.payer, &coming.payer);
            if one.account.is_empty() {
                one.account.clone_from(&coming.account);
            }
            arrivals::save(&mut desk.tx, &one).await?;
            if one.receipt.is_some() && payment.state == PaymentState::PaidUnreceipted {
                payment.state = PaymentState::Paid;
            }
            Ok(())
        }
        Same::Contradicts { place } => {
            let what = format!(
                "payment {}: {} is told, but {} is known. Look both up at the gateway, and match what is right",
                payment.reference.expose(),
                told_name(coming),
                of_payment[place].name()
            );
            desk.tell(ExceptionKind::AmountDiffers, payment.id, None, what).await?;
            let is_known_receipt = coming.receipt.is_some() && of_payment[place].receipt == coming.receipt;
            if coming.is_proven || is_known_receipt {
                return note(desk, of_payment[place].id, coming).await;
            }
            stands_aside(desk, aside, coming).await
        }
    }
}

/// Proven money, which is not known yet, for a payment.
async fn comes_for(
    desk: &mut Desk<'_>,
    payment: &mut Payment,
    aside: Option<Arrival>,
    coming: &Coming,
) -> Result<(), StoreError> {
    let owner = Owner::Wallet(payment.purpose.wallet());
    let id = takes_place(desk, aside, coming, ArrivalState::ForPayment(payment.id), &owner, Some(payment)).await?;
    let served = serve(desk, payment).await?;
    if let Some(next) = settlement::paid_state(payment.state, coming.receipt.is_some()).filter(|_| served.is_paid()) {
        payment.state = next;
    }
    if payment.state.is_paid() {
        payment.next_look_at = None;
        payment.claimed_at = None;
    }
    desk.note(
        Verb::SettlePayment,
        Thing::Payment(payment.id),
        vec![amount(coming.amount), Change::of("arrival", None, Some(id))],
    );
    Ok(())
}

/// Proven money for a wallet.
pub(crate) async fn for_wallet(desk: &mut Desk<'_>, of: &WalletOf, coming: &Coming) -> Result<ArrivalId, StoreError> {
    let aside = with_receipt(desk, coming).await?;
    let owner = Owner::Wallet(of.clone());
    takes_place(desk, aside, coming, ArrivalState::InWallet(of.clone()), &owner, None).await
}

/// Proven money, of which nobody knows whose it is.
pub(crate) async fn for_nobody(desk: &mut Desk<'_>, coming: &Coming, hint: &str) -> Result<ArrivalId, StoreError> {
    let aside = with_receipt(desk, coming).await?;
    let id = takes_place(desk, aside, coming, ArrivalState::Pending, &Owner::Nobody, None).await?;
    let what = format!(
        "{} has come, and nobody knows whose it is{}.{hint} Match it to a payment, a subscriber or a telephone",
        told_name(coming),
        if coming.account.is_empty() { String::new() } else { format!(": the account was `{}`", coming.account) },
    );
    desk.tell(ExceptionKind::MoneyUnmatched, id, None, what).await?;
    Ok(id)
}

/// Writes down that money has come, and posts it.
async fn takes_place(
    desk: &mut Desk<'_>,
    aside: Option<Arrival>,
    coming: &Coming,
    state: ArrivalState,
    owner: &Owner,
    payment: Option<&Payment>,
) -> Result<ArrivalId, StoreError> {
    let now = desk.now();
    let id = match aside {
        // What stands aside with another amount was told wrongly: it is kept, without counting.
        Some(aside) if aside.amount == coming.amount => {
            let id = aside.id;
            let arrival = Arrival {
                is_verified: true,
                is_receipt_proven: coming.is_receipt_proven,
                is_of_prompt: coming.is_of_prompt,
                state,
                payer: merged(&aside.payer, &coming.payer),
                paid_at: aside.paid_at.or(coming.paid_at),
                ..aside
            };
            arrivals::save(&mut desk.tx, &arrival).await?;
            desk.is_over(ExceptionKind::MoneyUnmatched, id, "it was proven").await?;
            id
        }
        aside => {
            if let Some(aside) = aside {
                fold(desk, aside).await?;
            }
            let id = desk.context.new_id();
            arrivals::add(&mut desk.tx, &coming.arrival(id, state, now)).await?;
            id
        }
    };
    note(desk, id, coming).await?;
    let about = About { arrival: Some(id), payment: payment.map(|payment| payment.id), refund: None };
    desk.post(EntryKind::Arrival, postings::arrival(coming.place(), owner, coming.amount), about).await?;
    if let (Some(gateway), Some(receipt)) = (coming.gateway, &coming.receipt) {
        inquiries::finish_receipt(&mut desk.tx, gateway, receipt, "it was proven").await?;
    }
    Ok(id)
}

/// Money that is only said to have come: it is kept, told to staff, and asked about.
pub(crate) async fn stands_aside(
    desk: &mut Desk<'_>,
    aside: Option<Arrival>,
    coming: &Coming,
) -> Result<(), StoreError> {
    let (Some(gateway), Some(receipt)) = (coming.gateway, coming.receipt.clone()) else { return Ok(()) };
    let is_new = aside.is_none();
    let id = match aside {
        Some(aside) => aside.id,
        None => {
            let id = desk.context.new_id();
            let arrival = coming.arrival(id, ArrivalState::Pending, desk.now());
            arrivals::add(&mut desk.tx, &Arrival { is_of_prompt: false, ..arrival }).await?;
            id
        }
    };
    note(desk, id, coming).await?;
    if is_new {
        let what = format!(
            "a message says that {} has come{}, and nobody could verify it yet. If you see it in the gateway's own \
             statement, accept it",
            told_name(coming),
            if coming.account.is_empty() { String::new() } else { format!(" for account `{}`", coming.account) },
        );
        desk.tell(ExceptionKind::MoneyUnmatched, id, None, what).await?;
        ask_about(desk, gateway, receipt, None).await?;
    }
    Ok(())
}

/// Has the gateway asked about a receipt.
pub(crate) async fn ask_about(
    desk: &mut Desk<'_>,
    gateway: GatewayId,
    receipt: Receipt,
    for_whom: Option<ForWhom>,
) -> Result<(), StoreError> {
    let inquiry = Inquiry {
        id: desk.context.new_id(),
        gateway,
        receipt,
        for_whom,
        tries: 0,
        outcome: None,
        created_at: desk.now(),
    };
    inquiries::ask(&mut desk.tx, &inquiry).await
}

/// What stood aside is the same money as other money, which counts.
async fn fold(desk: &mut Desk<'_>, aside: Arrival) -> Result<(), StoreError> {
    let id = aside.id;
    arrivals::save(&mut desk.tx, &Arrival { state: ArrivalState::Folded, ..aside }).await?;
    desk.is_over(ExceptionKind::MoneyUnmatched, id, "it is the same money as another message told").await
}

/// Notes a message, unless the same was told by the same before.
pub(crate) async fn note(desk: &mut Desk<'_>, arrival: ArrivalId, coming: &Coming) -> Result<(), StoreError> {
    let is_same = |one: &Note| {
        (one.source, one.is_proof, one.amount) == (coming.source, coming.is_proven, coming.amount)
            && one.receipt == coming.receipt
    };
    if arrivals::notes(&mut desk.tx, arrival).await?.iter().any(is_same) {
        return Ok(());
    }
    let note = Note {
        id: desk.context.new_id::<domain::id::kind::Arrival>().uuid(),
        arrival,
        source: coming.source,
        receipt: coming.receipt.clone(),
        is_proof: coming.is_proven,
        amount: coming.amount,
        account: coming.account.clone(),
        at: desk.now(),
    };
    arrivals::note(&mut desk.tx, &note).await
}

/// Money with the same receipt.
pub(crate) async fn with_receipt(desk: &mut Desk<'_>, coming: &Coming) -> Result<Option<Arrival>, StoreError> {
    match (coming.gateway, &coming.receipt) {
        (Some(gateway), Some(receipt)) => arrivals::by_receipt(&mut desk.tx, gateway, receipt).await,
        (Some(_) | None, _) => Ok(None),
    }
}

/// Keeps others who tell of the same receipt waiting.
pub(crate) async fn hold(desk: &mut Desk<'_>, receipt: Option<&Receipt>) -> Result<(), StoreError> {
    match receipt {
        Some(receipt) => payments::hold_receipt(&mut desk.tx, receipt.as_str()).await,
        None => Ok(()),
    }
}

fn known(arrival: &Arrival) -> Known {
    Known {
        receipt: arrival.receipt.clone(),
        is_receipt_proven: arrival.is_receipt_proven,
        amount: arrival.amount,
        is_of_prompt: arrival.is_of_prompt,
    }
}

fn merged(known: &Payer, told: &Payer) -> Payer {
    Payer { phone: known.phone.clone().or(told.phone.clone()), name: known.name.clone().or(told.name.clone()) }
}

fn told_name(coming: &Coming) -> String {
    match &coming.receipt {
        Some(receipt) => format!("{} with receipt {receipt}", coming.amount),
        None => coming.amount.to_string(),
    }
}
