//! Gives what was paid for: a voucher, or the next period of a subscriber. Once for each payment.

use domain::access::facts::Holder;
use domain::id::{PlanId, SubscriberId};
use domain::money::payment::{Activation, Payment, Purpose};
use domain::money::posting::EntryKind;
use domain::people::subscriber::Standing;
use domain::phone::Msisdn;
use domain::platform::audit::{Change, Thing, Verb};
use domain::sales::batch::Channel;
use domain::sales::extension::Extension;
use domain::sales::plan::Plan;
use domain::sales::voucher::VoucherCode;
use domain::support::exception::ExceptionKind;
use domain::time::Timestamp;
use policy::money::postings;
use policy::money::settlement::{self, Sale};
use store::StoreError;
use store::access::devices;
use store::money::{activations, ledger};
use store::people::subscribers;
use store::sales::plans;

use crate::messages::say::voucher_sold;
use crate::money::desk::{About, Desk, astray};
use crate::people::renew_subscriber::{RenewError, renew_in};
use crate::sales::sell_voucher::{SellError, Wanted, sell_in};

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Served {
    /// It was given just now.
    Now(Activation),
    /// It had been given before.
    Before,
    /// So far there is too little in the wallet: staff sees it.
    TooLittle,
    /// It could not be given, and staff sees why. The money stays in the wallet.
    Not,
}

impl Served {
    /// Whether the payment is paid.
    pub(crate) const fn is_paid(&self) -> bool {
        !matches!(self, Self::TooLittle)
    }
}

/// Gives what a locked payment is for, if its wallet has the price.
pub(crate) async fn serve(desk: &mut Desk<'_>, payment: &Payment) -> Result<Served, StoreError> {
    let was_served = activations::find(&mut desk.tx, payment.id).await?.is_some();
    let of = payment.purpose.wallet();
    let wallet = ledger::in_wallet(&mut desk.tx, &of, payment.price.currency()).await?;
    match settlement::sale(payment.price, wallet, was_served).map_err(astray)? {
        Sale::Served => return Ok(Served::Before),
        Sale::Short(missing) => {
            let what = format!(
                "too little has come for payment {}: {missing} of {} are missing. What has come is in the wallet; \
                 when the rest comes, it is served",
                payment.reference.expose(),
                payment.price
            );
            desk.tell(ExceptionKind::AmountDiffers, payment.id, None, what).await?;
            return Ok(Served::TooLittle);
        }
        Sale::Serve => {}
    }
    let given = match &payment.purpose {
        Purpose::Voucher { plan, revision, buyer } => sell(desk, payment, (*plan, *revision), buyer).await?,
        Purpose::Renewal { subscriber } => renew(desk, *subscriber).await?,
    };
    let Gave { holder, until, voucher } = match given {
        Ok(given) => given,
        Err(why) => {
            let what = format!(
                "paid, not served: payment {} of {} could not be given what it bought: {why}. The money is in the \
                 wallet. Mend that, then serve the payment again, or give the money back",
                payment.reference.expose(),
                payment.price
            );
            desk.tell(ExceptionKind::PaidNotServed, payment.id, None, what).await?;
            return Ok(Served::Not);
        }
    };
    let about = About { payment: Some(payment.id), ..About::default() };
    desk.post(EntryKind::Sale, postings::sale(of, payment.price), about).await?;
    let activation = Activation { payment: payment.id, holder, until, at: desk.now() };
    activations::add(&mut desk.tx, &activation).await?;
    if let (Holder::Voucher(_), Some(device)) = (holder, payment.device) {
        // The phone that waits for it comes online by its address, even if its browser is gone.
        let now = desk.now();
        devices::introduce(&mut desk.tx, holder, device, now).await?;
    }
    if let Some((buyer, plan, code)) = &voucher {
        voucher_sold(&mut desk.tx, desk.zone, payment, buyer, (plan, code, until), desk.context).await?;
    }
    desk.is_over(ExceptionKind::PaidNotServed, payment.id, "it was served").await?;
    desk.is_over(ExceptionKind::AmountDiffers, payment.id, "it was served").await?;
    Ok(Served::Now(activation))
}

/// What was given.
struct Gave {
    holder: Holder,
    until: Option<Timestamp>,
    /// Whom to send which code.
    voucher: Option<(Msisdn, Plan, VoucherCode)>,
}

/// What was given, or why it could not be.
type Given = Result<Gave, String>;

async fn sell(
    desk: &mut Desk<'_>,
    payment: &Payment,
    (plan, revision): (PlanId, u32),
    buyer: &Msisdn,
) -> Result<Given, StoreError> {
    let Some(plan) = plans::at_revision(&mut desk.tx, plan, revision).await? else {
        return Ok(Err("the plan is gone".to_owned()));
    };
    let code: VoucherCode = payment.reference.clone();
    let wanted = Wanted { buyer: Some(buyer.clone()), channel: Channel::Portal, code: Some(code) };
    match sell_in(&mut desk.tx, desk.zone, &plan, wanted, desk.context).await {
        Ok((id, sold)) => {
            desk.note(Verb::SellVoucher, Thing::Voucher(id), vec![Change::of("until", None, sold.until)]);
            let voucher = Some((buyer.clone(), plan, sold.code));
            Ok(Ok(Gave { holder: Holder::Voucher(id), until: sold.until, voucher }))
        }
        Err(SellError::Store(why)) => Err(why),
        Err(
            why @ (SellError::Unknown | SellError::NotForSale(_) | SellError::NotHotspot(..) | SellError::Exhausted),
        ) => Ok(Err(why.to_string())),
    }
}

async fn renew(desk: &mut Desk<'_>, id: SubscriberId) -> Result<Given, StoreError> {
    let Some(record) = subscribers::find(&mut desk.tx, id, None).await? else {
        return Ok(Err("the subscriber is gone".to_owned()));
    };
    if let Standing::Suspended { .. } = record.subscriber.standing {
        return Ok(Err(format!("`{}` is suspended: resume it first", record.subscriber.username)));
    }
    let plan = plans::load(&mut desk.tx, Some(&[record.subscriber.plan])).await?.found.into_iter().next();
    let Some(plan) = plan else { return Ok(Err("the plan is gone".to_owned())) };
    let by = Some(Extension::By(plan.terms.duration));
    match renew_in(&mut desk.tx, desk.zone, (&record.subscriber.username, None), by, desk.context).await {
        Ok((renewed, entry)) => {
            desk.note(entry.verb, entry.thing, entry.changes);
            Ok(Ok(Gave { holder: Holder::Subscriber(id), until: Some(renewed.until), voucher: None }))
        }
        Err(RenewError::Store(why)) => Err(why),
        Err(why @ (RenewError::Unknown(_) | RenewError::Endless(_) | RenewError::Past(_) | RenewError::Changed)) => {
            Ok(Err(why.to_string()))
        }
    }
}
