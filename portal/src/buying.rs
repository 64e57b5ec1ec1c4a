//! What a phone buys: through whom, and the way back to a payment that is under way.

use std::str::FromStr as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::access::attempt::Device;
use domain::access::facts::FoundBy;
use domain::id::{PaymentId, PlanId};
use domain::mac::Mac;
use domain::money::gateway::{Environment, IspGateway};
use domain::money::payment::{Activation, Payment, Purpose};
use domain::phone::Msisdn;
use domain::sales::plan::{Plan, PlanService};
use domain::time::Span;
use policy::access::admission;
use store::access::facts;
use store::money::{activations, gateways, payments};
use store::sales::plans;
use store::{Store, StoreError, TenantTx};

use crate::app::App;
use crate::door::Asked;
use crate::holding::{self, Holding};

/// For what the ticket of a payment is good.
const PURPOSE: &str = "portal payment";

/// The most octets of a payment's ticket, as text.
pub(crate) const TICKET_MAX_BYTES: usize = 200;

/// How long a payment is shown on the first page to the device that began it.
const REMEMBERED_FOR: Span = Span::minutes(30);

/// Payments of one device that are looked at for that.
const LOOKED_AT_MAX: u16 = 5;

/// A payment that a browser may follow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Followed {
    /// Which.
    pub payment: PaymentId,
    /// Whether this browser began it: then it may read the code. One that only says that it is on the same device may
    /// not.
    pub is_own: bool,
}

impl Followed {
    /// As text that a browser carries.
    pub(crate) fn seal(self, store: &Store, asked: &Asked) -> Result<String, StoreError> {
        let mut clear = self.payment.uuid().as_bytes().to_vec();
        clear.push(u8::from(self.is_own));
        Ok(URL_SAFE_NO_PAD.encode(store.seal_ticket(asked.tenant.id, PURPOSE, &clear)?))
    }

    /// Reads what a browser brought back.
    pub(crate) fn open(store: &Store, asked: &Asked, text: &str) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let clear = store.open_ticket(asked.tenant.id, PURPOSE, &sealed)?;
        let (is_own, id) = clear.expose().split_last()?;
        Some(Self { payment: PaymentId::from_bytes(id.try_into().ok()?), is_own: *is_own == 1 })
    }
}

/// Through whom people pay here: the oldest gateway that is open, one that moves real money before one that does not.
pub(crate) async fn gateway(app: &App, tx: &mut TenantTx) -> Result<Option<IspGateway>, StoreError> {
    if !app.sells() {
        return Ok(None);
    }
    let mut open = gateways::list(tx).await?;
    open.retain(|gateway| gateway.is_active);
    open.sort_by_key(|gateway| gateway.environment == Environment::Sandbox);
    Ok(open.into_iter().next())
}

/// A hotspot plan that is on sale and costs something.
pub(crate) async fn plan(tx: &mut TenantTx, id: &str) -> Result<Option<Plan>, StoreError> {
    let Ok(id) = PlanId::from_str(id) else { return Ok(None) };
    let found = plans::load(tx, Some(&[id])).await?.found.into_iter().next();
    Ok(found.filter(|plan| plan.service == PlanService::Hotspot && plan.terms.price.is_positive()))
}

/// What a number has bought that is still good for this device; the one that ends last.
pub(crate) async fn still_has(app: &App, asked: &Asked, phone: &Msisdn) -> Result<Option<Holding>, StoreError> {
    let now = app.now();
    let mut tx = app.store().tenant(&asked.scope).await?;
    let known = facts::load(&mut tx, phone.expose().as_bytes(), now).await?;
    drop(tx);
    let device = asked.visit.mac.map_or(Device::Unnamed, Device::Mac);
    let facts = known.facts(&device, now);
    let good = facts.candidates.iter().find(|candidate| {
        candidate.found_by == FoundBy::Phone && admission::stays(candidate, facts.zone, facts.house, now).is_ok()
    });
    Ok(good.and_then(|candidate| holding::holding(candidate, now)))
}

/// A payment, what it is for and what was given for it.
#[derive(Clone, Debug)]
pub(crate) struct Bought {
    /// The payment.
    pub payment: Payment,
    /// The plan as it was chosen.
    pub plan: Option<Plan>,
    /// What was given.
    pub given: Option<Activation>,
}

/// The payment that a browser follows.
pub(crate) async fn bought(app: &App, asked: &Asked, id: PaymentId) -> Result<Option<Bought>, StoreError> {
    let mut tx = app.store().tenant(&asked.scope).await?;
    let Some(payment) = payments::find(&mut tx, id).await? else { return Ok(None) };
    let plan = match &payment.purpose {
        Purpose::Voucher { plan, revision, .. } => plans::at_revision(&mut tx, *plan, *revision).await?,
        Purpose::Renewal { .. } => None,
    };
    let given = activations::find(&mut tx, id).await?;
    Ok(Some(Bought { payment, plan, given }))
}

/// The newest payment that a device began lately and that has come to nothing yet: its browser may have been closed.
pub(crate) async fn under_way(app: &App, asked: &Asked, device: Mac) -> Result<Option<Followed>, StoreError> {
    let since = app.now().minus(REMEMBERED_FOR);
    let mut tx = app.store().tenant(&asked.scope).await?;
    let lately = payments::of_device(&mut tx, device, since, LOOKED_AT_MAX).await?;
    let newest = lately.into_iter().next().filter(|payment| !payment.state.is_paid());
    Ok(newest.map(|payment| Followed { payment: payment.id, is_own: false }))
}
