//! The gateway has answered what became of a receipt: that is proof.

use domain::id::InquiryId;
use domain::money::arrival::{Arrival, ArrivalState, Source};
use domain::money::claim::{Receipt, Standing};
use domain::money::gateway::IspGateway;
use domain::money::inquiry::Inquiry;
use domain::money::payment::PaymentState;
use domain::money::posting::{Account, EntryKind};
use domain::money::wallet::WalletOf;
use domain::phone::CallingCode;
use domain::support::exception::ExceptionKind;
use domain::time::{Span, Zone};
use policy::money::postings::{self, Owner};
use store::money::{arrivals, gateways, inquiries, ledger, payments};
use store::{Store, StoreError, TenantScope};

use crate::context::Context;
use crate::money::coming;
use crate::money::desk::{About, Desk};
use crate::money::note_arrival::{Told, note_in};

/// How long the gateway is given before it is asked about a receipt again.
const AGAIN_AFTER: Span = Span::minutes(5);

/// Notes what the gateway says of a receipt.
pub async fn note_standing(
    store: &Store,
    scope: &TenantScope,
    (zone, country): (&Zone, &CallingCode),
    (id, standing): (InquiryId, &Standing),
    context: Context<'_>,
) -> Result<(), StoreError> {
    let mut desk = Desk::open(store, scope, zone, context).await?;
    let Some(inquiry) = inquiries::find(&mut desk.tx, id).await?.filter(|one| one.outcome.is_none()) else {
        return Ok(());
    };
    coming::hold(&mut desk, Some(&inquiry.receipt)).await?;
    let Some(gateway) = gateways::find(&mut desk.tx, inquiry.gateway).await? else { return Ok(()) };
    let outcome = match standing {
        // A stranger's answer to our question: the receipt must be the one that we asked about.
        Standing::Arrived(transfer) if transfer.receipt == inquiry.receipt => {
            let told = Told {
                gateway: &gateway,
                transfer,
                source: Source::Status,
                is_proof: true,
                for_whom: inquiry.for_whom.clone(),
            };
            note_in(&mut desk, country, told).await?;
            "it has arrived"
        }
        Standing::Arrived(_) => "the answer is about another receipt",
        Standing::Reversed(_) => {
            went_back(&mut desk, &gateway, &inquiry.receipt).await?;
            "it went back"
        }
        Standing::Never { said } => {
            let row = arrivals::by_receipt(&mut desk.tx, gateway.id, &inquiry.receipt).await?;
            if let Some(row) = row.filter(|row| !row.is_verified && row.state == ArrivalState::Pending) {
                let what = format!("{} never came: the gateway says {said}. Nothing was given for it", row.name());
                let id = row.id;
                arrivals::save(&mut desk.tx, &Arrival { state: ArrivalState::Disputed, ..row }).await?;
                desk.tell(ExceptionKind::MoneyUnmatched, id, None, what).await?;
            }
            "it never moved"
        }
        Standing::Open { .. } => {
            let again = desk.now().plus(AGAIN_AFTER);
            inquiries::note_asked(&mut desk.tx, id, None, again).await?;
            return desk.commit().await;
        }
    };
    inquiries::finish(&mut desk.tx, id, outcome).await?;
    desk.commit().await
}

/// Money that had come is not there any more: the gateway, or whoever paid, has taken it back.
pub(crate) async fn went_back(desk: &mut Desk<'_>, gateway: &IspGateway, receipt: &Receipt) -> Result<(), StoreError> {
    let Some(row) = arrivals::by_receipt(&mut desk.tx, gateway.id, receipt).await? else { return Ok(()) };
    let (id, name, state) = (row.id, row.name(), row.state.clone());
    if state == ArrivalState::Reversed {
        return Ok(());
    }
    let is_counted = row.is_verified;
    let mut payment = match state {
        ArrivalState::ForPayment(id) => payments::lock(&mut desk.tx, id).await?,
        ArrivalState::Pending
        | ArrivalState::InWallet(_)
        | ArrivalState::Disputed
        | ArrivalState::Reversed
        | ArrivalState::Folded => None,
    };
    let of: Option<WalletOf> = match (&state, &payment) {
        (ArrivalState::InWallet(of), _) => Some(of.clone()),
        (_, Some(payment)) => Some(payment.purpose.wallet()),
        (_, None) => None,
    };
    let amount = row.amount;
    arrivals::save(&mut desk.tx, &Arrival { state: ArrivalState::Reversed, ..row }).await?;
    desk.is_over(ExceptionKind::MoneyUnmatched, id, "it went back").await?;
    if !is_counted {
        return Ok(());
    }
    let (owner, held) = match of {
        Some(of) => {
            let held = ledger::in_wallet(&mut desk.tx, &of, amount.currency()).await?;
            (Owner::Wallet(of), held)
        }
        None => (Owner::Nobody, amount),
    };
    let about = About { arrival: Some(id), payment: payment.as_ref().map(|one| one.id), refund: None };
    let postings = postings::taken_back(Account::Gateway(gateway.id), &owner, amount, held);
    desk.post(EntryKind::Reversal, postings, about).await?;
    if let Some(payment) = payment.as_mut().filter(|one| one.state.may_become(PaymentState::Reversed)) {
        payment.state = PaymentState::Reversed;
        let now = desk.now();
        payments::save(&mut desk.tx, payment, now).await?;
    }
    let what = format!("{name} went back to whoever paid. Look whether what it bought is to be taken back, too");
    desk.tell(ExceptionKind::MoneyReversed, id, None, what).await
}

/// Notes that a receipt could not be asked about: now, or at all. After some tries staff is left to look by themselves.
pub async fn note_unanswered(
    store: &Store,
    scope: &TenantScope,
    (id, conversation): (InquiryId, Option<&str>),
    (why, is_final): (&str, bool),
    context: Context<'_>,
) -> Result<(), StoreError> {
    let now = context.now();
    let mut tx = store.tenant(scope).await?;
    let Some(inquiry) = inquiries::find(&mut tx, id).await? else { return Ok(()) };
    if is_final || inquiry.tries >= Inquiry::TRIES_MAX {
        inquiries::finish(&mut tx, id, why).await?;
    } else {
        inquiries::note_asked(&mut tx, id, conversation, now.plus(AGAIN_AFTER)).await?;
    }
    tx.commit().await
}
