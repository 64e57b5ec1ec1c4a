//! Money has come to a shortcode, or somebody says so: whose is it, and what is given for it?

use domain::id::{ArrivalId, PaymentId};
use domain::money::arrival::{Arrival, ArrivalState, Source};
use domain::money::claim::Transfer;
use domain::money::gateway::{IspGateway, PayTo};
use domain::money::inquiry::ForWhom;
use domain::money::payment::PaymentState;
use domain::money::posting::EntryKind;
use domain::money::wallet::WalletOf;
use domain::phone::{CallingCode, Msisdn};
use domain::platform::audit::{Change, Thing, Verb};
use domain::support::exception::ExceptionKind;
use domain::time::Zone;
use policy::money::matching::{self, Known, Meant, Waiting};
use policy::money::postings;
use policy::money::settlement;
use sha2::{Digest as _, Sha256};
use store::money::{arrivals, inquiries, ledger, payments};
use store::{Store, StoreError, TenantScope};

use crate::context::Context;
use crate::money::coming::{self, Coming};
use crate::money::desk::{About, Desk};
use crate::money::serve::serve;
use crate::money::start_payment::{StartError, by_hand, renewal};

/// Money that somebody tells of.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    /// To which gateway.
    pub gateway: &'a IspGateway,
    /// What is told.
    pub transfer: &'a Transfer,
    /// By whom.
    pub source: Source,
    /// Whether that is proof: the gateway's own books, its answer to our question, or somebody of the ISP who answers for
    /// it.
    pub is_proof: bool,
    /// For whom somebody says it is.
    pub for_whom: Option<ForWhom>,
}

/// Where the money stands now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Noted {
    /// The money; `None` where it was found to be money that is known without a receipt.
    pub arrival: Option<Arrival>,
}

/// Notes it. However often and in whatever order it is told, it counts once.
pub async fn note_arrival(
    store: &Store,
    scope: &TenantScope,
    (zone, country): (&Zone, &CallingCode),
    told: Told<'_>,
    context: Context<'_>,
) -> Result<Noted, StoreError> {
    let mut desk = Desk::open(store, scope, zone, context).await?;
    coming::hold(&mut desk, Some(&told.transfer.receipt)).await?;
    let noted = note_in(&mut desk, country, told).await?;
    desk.commit().await?;
    Ok(noted)
}

/// The same, in a deed's own transaction; the receipt is held.
pub(crate) async fn note_in(desk: &mut Desk<'_>, country: &CallingCode, told: Told<'_>) -> Result<Noted, StoreError> {
    let mut coming = Coming {
        gateway: Some(told.gateway.id),
        receipt: Some(told.transfer.receipt.clone()),
        is_receipt_proven: told.is_proof,
        is_proven: told.is_proof,
        is_of_prompt: false,
        amount: told.transfer.amount,
        source: told.source,
        account: told.transfer.account.clone(),
        payer: told.transfer.payer.clone(),
        paid_at: told.transfer.at,
    };
    let row = coming::with_receipt(desk, &coming).await?;
    if let Some(aside) = row.as_ref().filter(|row| !row.is_verified && told.is_proof && coming.account.is_empty())
        && matching::may_be_one(&aside.payer, &coming.payer)
    {
        // A gateway that is asked about a receipt says that the money came, and not to which account: the message that
        // named the receipt has said that. Should the gateway's books say otherwise, staff is told.
        coming.account.clone_from(&aside.account);
    }
    match row.filter(|row| row.is_verified) {
        Some(row) => again(desk, row, &coming, &told).await?,
        None => {
            let meant = match &told.for_whom {
                Some(ForWhom::Payment(id)) => Meant::Payment(*id),
                Some(ForWhom::Wallet(WalletOf::Subscriber(id))) => Meant::Subscriber(*id),
                Some(ForWhom::Wallet(WalletOf::Phone(phone))) => Meant::Phone(phone.clone()),
                None => meant(desk, country, &coming, &told).await?,
            };
            comes(desk, country, meant, &coming).await?;
        }
    }
    Ok(Noted { arrival: coming::with_receipt(desk, &coming).await? })
}

/// Money that is counted already is told once more.
async fn again(desk: &mut Desk<'_>, row: Arrival, coming: &Coming, told: &Told<'_>) -> Result<(), StoreError> {
    if row.amount != coming.amount {
        if let ArrivalState::ForPayment(id) = row.state {
            return for_payment(desk, id, coming).await.map(drop);
        }
        coming::note(desk, row.id, coming).await?;
        let what =
            format!("{} is known, and now {} is told of it. Look it up at the gateway", row.name(), coming.amount);
        return desk.tell(ExceptionKind::AmountDiffers, row.id, None, what).await;
    }
    coming::note(desk, row.id, coming).await?;
    let id = row.id;
    let (said, known) = (matching::normalised(&coming.account), matching::normalised(&row.account));
    if !said.is_empty() && !known.is_empty() && said != known {
        let what = format!(
            "{} was taken for account `{}`, and now it is told for `{}`. Look it up at the gateway, and match what is right",
            row.name(),
            row.account,
            coming.account
        );
        desk.tell(ExceptionKind::AmountDiffers, id, None, what).await?;
    }
    if coming.is_proven && !row.is_receipt_proven {
        arrivals::save(&mut desk.tx, &Arrival { is_receipt_proven: true, ..row.clone() }).await?;
        if let Some(receipt) = &row.receipt {
            inquiries::finish_receipt(&mut desk.tx, told.gateway.id, receipt, "it was proven").await?;
        }
    }
    match (&told.for_whom, row.state) {
        (Some(for_whom), ArrivalState::Pending) => give(desk, id, for_whom).await,
        (Some(_) | None, _) => Ok(()),
    }
}

/// Money that was not counted yet is told.
async fn comes(desk: &mut Desk<'_>, country: &CallingCode, meant: Meant, coming: &Coming) -> Result<(), StoreError> {
    match meant {
        Meant::Payment(id) => {
            if for_payment(desk, id, coming).await? {
                return Ok(());
            }
            Box::pin(comes(desk, country, Meant::Nobody, coming)).await
        }
        Meant::Subscriber(_) | Meant::Phone(_) | Meant::Nobody if !coming.is_proven => {
            let aside = coming::with_receipt(desk, coming).await?;
            coming::stands_aside(desk, aside, coming).await
        }
        Meant::Subscriber(id) => {
            let of = WalletOf::Subscriber(id);
            let arrival = coming::for_wallet(desk, &of, coming).await?;
            is_put(desk, arrival, &of).await
        }
        Meant::Phone(phone) => {
            let of = WalletOf::Phone(phone);
            let arrival = coming::for_wallet(desk, &of, coming).await?;
            is_put(desk, arrival, &of).await
        }
        Meant::Nobody => {
            let hint = hint(desk, &coming.account).await?;
            coming::for_nobody(desk, coming, &hint).await.map(drop)
        }
    }
}

/// Money for a payment. Returns whether there is such a payment.
async fn for_payment(desk: &mut Desk<'_>, id: PaymentId, coming: &Coming) -> Result<bool, StoreError> {
    let Some(mut payment) = payments::lock(&mut desk.tx, id).await? else { return Ok(false) };
    let before = payment.clone();
    coming::for_payment(desk, &mut payment, coming).await?;
    if payment != before {
        let now = desk.now();
        payments::save(&mut desk.tx, &payment, now).await?;
    }
    Ok(true)
}

/// Money that was nobody's is given to a payment or put into a wallet.
pub(crate) async fn give(desk: &mut Desk<'_>, id: ArrivalId, to: &ForWhom) -> Result<(), StoreError> {
    let payment = match to {
        ForWhom::Payment(id) => {
            Some(payments::lock(&mut desk.tx, *id).await?.ok_or(StoreError::Missing { what: "payment" })?)
        }
        ForWhom::Wallet(_) => None,
    };
    let arrival = arrivals::lock(&mut desk.tx, id).await?.ok_or(StoreError::Missing { what: "money" })?;
    let of = match (to, &payment) {
        (ForWhom::Wallet(of), _) => of.clone(),
        (ForWhom::Payment(_), Some(payment)) => payment.purpose.wallet(),
        (ForWhom::Payment(_), None) => return Err(StoreError::Missing { what: "payment" }),
    };
    let state = match to {
        ForWhom::Payment(id) => ArrivalState::ForPayment(*id),
        ForWhom::Wallet(of) => ArrivalState::InWallet(of.clone()),
    };
    let (amount, has_receipt) = (arrival.amount, arrival.receipt.is_some());
    arrivals::save(&mut desk.tx, &Arrival { state, ..arrival }).await?;
    let about = About { arrival: Some(id), payment: payment.as_ref().map(|payment| payment.id), refund: None };
    desk.post(EntryKind::Matching, postings::matching(of.clone(), amount), about).await?;
    desk.is_over(ExceptionKind::MoneyUnmatched, id, "it was matched").await?;
    let Some(mut payment) = payment else {
        return is_put(desk, id, &of).await;
    };
    let served = serve(desk, &payment).await?;
    if let Some(next) = settlement::paid_state(payment.state, has_receipt).filter(|_| served.is_paid()) {
        payment.state = next;
        payment.next_look_at = None;
        payment.claimed_at = None;
        let now = desk.now();
        payments::save(&mut desk.tx, &payment, now).await?;
    }
    desk.note(
        Verb::MatchArrival,
        Thing::Arrival(id),
        vec![crate::money::desk::amount(amount), Change::of("payment", None, Some(payment.id))],
    );
    Ok(())
}

/// Money was put into a wallet: a subscriber's next period begins, if there is enough for it.
async fn is_put(desk: &mut Desk<'_>, arrival: ArrivalId, of: &WalletOf) -> Result<(), StoreError> {
    desk.note(Verb::MatchArrival, Thing::Arrival(arrival), vec![Change::of("wallet", None, Some(of.kind()))]);
    let WalletOf::Subscriber(id) = of else { return Ok(()) };
    let (purpose, price) = match renewal(&mut desk.tx, *id).await {
        Ok(wanted) => wanted,
        Err(StartError::Store(why)) => return Err(why),
        Err(why) => {
            let what = format!("money of a subscriber is in the wallet, and nothing can be renewed for it: {why}");
            return desk.tell(ExceptionKind::PaidNotServed, arrival, None, what).await;
        }
    };
    let there = ledger::in_wallet(&mut desk.tx, of, price.currency()).await?;
    if !price.is_positive() || there.minor() < price.minor() {
        let what = format!("{there} of a subscriber are in the wallet, the next period costs {price}");
        return desk.tell(ExceptionKind::AmountDiffers, arrival, None, what).await;
    }
    let gateway = arrivals::find(&mut desk.tx, arrival).await?.and_then(|arrival| arrival.gateway);
    let id = match by_hand(&mut desk.tx, gateway, (purpose, price), desk.context).await {
        Ok(id) => id,
        Err(StartError::Store(why)) => return Err(why),
        Err(why) => return Err(StoreError::Bug { reason: why.to_string() }),
    };
    let Some(mut payment) = payments::lock(&mut desk.tx, id).await? else { return Ok(()) };
    serve(desk, &payment).await?;
    payment.state = PaymentState::Paid;
    let now = desk.now();
    payments::save(&mut desk.tx, &payment, now).await?;
    desk.note(Verb::SettlePayment, Thing::Payment(payment.id), vec![crate::money::desk::amount(price)]);
    Ok(())
}

/// Who is meant by what was typed, or by who waits at a till.
async fn meant(
    desk: &mut Desk<'_>,
    country: &CallingCode,
    coming: &Coming,
    told: &Told<'_>,
) -> Result<Meant, StoreError> {
    let now = desk.now();
    let account = matching::normalised(&coming.account);
    let mut known = Known::default();
    let is_till = matches!(told.gateway.pay_to, PayTo::Till(_));
    if account.is_empty() && is_till {
        let since = now.minus(matching::WAITS_FOR);
        for payment in payments::waiting(&mut desk.tx, told.gateway.id, since).await? {
            let Some(phone) = payment.phone else { continue };
            let phone_hash = hash_of(&phone);
            known.waiting.push(Waiting {
                payment: payment.id,
                price: payment.price,
                since: payment.created_at,
                phone,
                phone_hash,
            });
        }
    } else if !account.is_empty() {
        known.payments = payments::by_reference(&mut desk.tx, &account).await?;
        known.subscribers = arrivals::subscribers_named(&mut desk.tx, &account).await?;
        if let Ok(phone) = Msisdn::parse(coming.account.trim().as_bytes(), country) {
            known.of_phone = arrivals::subscribers_with_phone(&mut desk.tx, &phone).await?;
            if arrivals::is_phone_known(&mut desk.tx, &phone).await? {
                known.phone = Some(phone);
            }
        }
    }
    Ok(matching::whose(&known, &coming.account, coming.amount, &coming.payer, now))
}

/// Who may have been meant by an account that nobody has.
async fn hint(desk: &mut Desk<'_>, account: &str) -> Result<String, StoreError> {
    let account = matching::normalised(account);
    if account.is_empty() {
        return Ok(String::new());
    }
    let near = arrivals::names_near(&mut desk.tx, &account).await?;
    let near: Vec<String> =
        near.into_iter().filter(|name| matching::is_near(&matching::normalised(name), &account)).collect();
    Ok(if near.is_empty() { String::new() } else { format!(" Perhaps: {}.", near.join(", ")) })
}

/// As a gateway hides numbers: the SHA-256 in hex.
pub(crate) fn hash_of(phone: &Msisdn) -> String {
    Sha256::digest(phone.expose()).iter().map(|octet| format!("{octet:02x}")).collect()
}
