//! The one right button of a trouble with money or with messages.

use std::collections::HashMap;

use domain::id::{ArrivalId, MessageId, PaymentId};
use domain::money::arrival::Arrival;
use domain::money::payment::Payment;
use domain::people::permission::{Act, Thing};
use domain::support::exception::{Exception, ExceptionKind};
use policy::money::remedy::{About, Remedy, remedy};
use serde::Serialize;
use store::money::{arrivals, payments};
use store::{StoreError, TenantTx};
use utoipa::ToSchema;

use crate::door::Caller;

/// What is done about a trouble.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = ExceptionAction)]
pub struct ActionView {
    /// What it is called: `serve`, `look_up`, `match`, `accept`, `retry`, `see`.
    #[schema(example = "match")]
    verb: &'static str,
    /// The method of the request.
    #[schema(example = "POST")]
    method: &'static str,
    /// Where it is asked for.
    #[schema(example = "/v1/arrivals/019ab0c2-7f6e-7d3a-9f00-2b7c1d5e8a44/match")]
    path: String,
    /// What stands on the button.
    #[schema(example = "Say whose it is")]
    say: &'static str,
}

impl From<Remedy> for ActionView {
    fn from(remedy: Remedy) -> Self {
        let (verb, path, say) = match remedy {
            Remedy::Serve(id) => ("serve", format!("/v1/payments/{id}/serve"), "Give what was paid for"),
            Remedy::LookUp(id) => ("look_up", format!("/v1/payments/{id}/look-up"), "Ask the gateway now"),
            Remedy::Match(id) => ("match", format!("/v1/arrivals/{id}/match"), "Say whose it is"),
            Remedy::Accept(id) => {
                ("accept", format!("/v1/arrivals/{id}/accept"), "I see it in my M-Pesa statement: accept")
            }
            Remedy::SeePayment(id) => ("see", format!("/v1/payments/{id}"), "Look at the payment"),
            Remedy::SeeArrival(id) => ("see", format!("/v1/arrivals/{id}"), "Look at the money"),
        };
        Self { verb, method: if verb == "see" { "GET" } else { "POST" }, path, say }
    }
}

impl ActionView {
    /// A message, or all of the ISP's, which then is about the provider and no id.
    fn of_message(about: &str) -> Self {
        let (path, say) = match about.parse::<MessageId>() {
            Ok(id) => (format!("/v1/messages/{id}/retry"), "Send it again"),
            Err(_) => ("/v1/messages/retry".to_owned(), "Mended: send all that has failed"),
        };
        Self { verb: "retry", method: "POST", path, say }
    }
}

/// Whether a trouble is about money: then it is for those who see payments.
const fn is_of_money(kind: ExceptionKind) -> bool {
    match kind {
        ExceptionKind::PaidNotServed
        | ExceptionKind::MoneyUnmatched
        | ExceptionKind::AmountDiffers
        | ExceptionKind::MoneyReversed => true,
        ExceptionKind::SessionNotFollowing
        | ExceptionKind::RouterSilent
        | ExceptionKind::RouterGone
        | ExceptionKind::JobParked
        | ExceptionKind::MessageNotSent => false,
    }
}

/// Whether a caller may see troubles of this kind at all.
pub(crate) fn may_see(caller: &Caller, kind: ExceptionKind) -> bool {
    !is_of_money(kind) || caller.permissions().allow(Thing::Payments, Act::See)
}

/// What some troubles are about, as it is now.
pub(crate) struct Remedies {
    payments: HashMap<String, Payment>,
    arrivals: HashMap<String, Arrival>,
}

impl Remedies {
    /// Reads what these are about.
    pub(crate) async fn of(tx: &mut TenantTx, troubles: &[&Exception]) -> Result<Self, StoreError> {
        let of_money = troubles.iter().filter(|one| is_of_money(one.kind) && one.resolved.is_none());
        let ids: Vec<uuid::Uuid> = of_money.filter_map(|one| one.about.parse().ok()).collect();
        if ids.is_empty() {
            return Ok(Self { payments: HashMap::new(), arrivals: HashMap::new() });
        }
        let of_payments: Vec<PaymentId> = ids.iter().copied().map(PaymentId::from_uuid).collect();
        let of_arrivals: Vec<ArrivalId> = ids.into_iter().map(ArrivalId::from_uuid).collect();
        let payments = payments::load(tx, &of_payments).await?;
        let arrivals = arrivals::listing::load(tx, &of_arrivals).await?;
        Ok(Self {
            payments: payments.into_iter().map(|one| (one.id.to_string(), one)).collect(),
            arrivals: arrivals.into_iter().map(|one| (one.id.to_string(), one)).collect(),
        })
    }

    /// What is done about one.
    pub(crate) fn for_one(&self, trouble: &Exception) -> Option<ActionView> {
        if trouble.kind == ExceptionKind::MessageNotSent {
            return trouble.resolved.is_none().then(|| ActionView::of_message(&trouble.about));
        }
        let payment = self.payments.get(&trouble.about).map(About::Payment);
        let about = payment.or_else(|| self.arrivals.get(&trouble.about).map(About::Arrival))?;
        remedy(trouble.kind, about).filter(|_| trouble.resolved.is_none()).map(ActionView::from)
    }
}
