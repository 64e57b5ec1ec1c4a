//! Money of a furnished ISP: a gateway, payments of each kind, and money that nobody was found for.

use actions::money::hear_prompt::hear_prompt;
use actions::money::note_arrival::{Told, note_arrival};
use actions::money::start_payment::{Request, Wish, start_payment};
use anyhow::Context as _;
use domain::id::PaymentId;
use domain::money::arrival::Source;
use domain::money::claim::{Ended, Failure, FailureKind, Payer, Receipt, Transfer};
use domain::money::payment::PaymentState;
use domain::money::{Currency, Money};
use domain::phone::Msisdn;
use policy::money::settlement::Voice;
use serde_json::json;
use store::money::{gateways, payments};

use super::{HOTSPOT, OTHER_MARK, Party, made};
use crate::world::{Isp, World};

/// The id of a payment that failed stands under this.
pub const FAILED: &str = "a payment that failed";

/// The id of a payment that waits for its end stands under this.
pub const AWAITED: &str = "a payment that is awaited";

/// The id of a payment that is paid and could not be served stands under this.
pub const UNSERVED: &str = "a payment that was not served";

/// The id of money that nobody has verified stands under this.
pub const UNPROVEN: &str = "money that nobody has verified";

/// The id of money that is disputed stands under this.
pub const STRAY: &str = "money that nobody was found for";

/// The id of money that is to go back stands under this.
pub const WRONG: &str = "money that was paid wrongly";

/// A gateway as the API takes it.
pub fn gateway(shortcode: &str) -> serde_json::Value {
    json!({ "kind": "mpesa", "environment": "sandbox", "shortcode": shortcode, "keys": {
        "consumer_key": "ck", "consumer_secret": "cs", "passkey": "pk" } })
}

/// The ISP has a gateway, and people have paid, tried to, and paid what nobody understands.
pub(super) async fn comes(world: &World, isp: &Isp, party: &mut Party) -> anyhow::Result<()> {
    let id = made(&party.owner, "/v1/gateways", gateway("600999")).await?;
    party.ids.insert("/v1/gateways", id);
    let cash = json!({ "plan_id": party.id(HOTSPOT), "phone": "0712345601", "note": format!("{} book", party.mark),
        "amount": { "minor": 2000, "currency": "KES" } });
    let paid = made(&party.owner, "/v1/cash", cash).await?;
    party.ids.insert("/v1/payments", paid);
    let failed = taps(world, isp, party, "0712345602").await?;
    let no = Failure { kind: FailureKind::Cancelled, code: "1032".to_owned(), words: "cancelled".to_owned() };
    let said = (&Ended::Failed(no), Voice::Gateway);
    hear_prompt(&world.store, &isp.scope, &isp.tenant.zone, (failed, None), said, world.context()).await?;
    let awaited = taps(world, isp, party, "0712345603").await?;
    is_at(world, isp, awaited, PaymentState::Awaiting, &format!("ws_CO_{}", party.mark)).await?;
    let unserved = taps(world, isp, party, "0712345604").await?;
    party.ids.insert(FAILED, failed.to_string());
    party.ids.insert(AWAITED, awaited.to_string());
    party.ids.insert(UNSERVED, unserved.to_string());
    for (number, is_proof, kind) in
        [(1, true, "/v1/arrivals"), (2, false, UNPROVEN), (3, true, STRAY), (4, true, WRONG)]
    {
        let id = strays(world, isp, party, number, is_proof).await?;
        party.ids.insert(kind, id);
    }
    is_paid_and_not_served(world, isp, party, unserved).await
}

/// Somebody wants an hour.
async fn taps(world: &World, isp: &Isp, party: &Party, phone: &str) -> anyhow::Result<PaymentId> {
    let request = Request {
        wish: Wish::Voucher(party.id(HOTSPOT).parse()?),
        gateway: party.id("/v1/gateways").parse()?,
        phone: Msisdn::parse(phone.as_bytes(), &isp.tenant.calling_code)?,
        device: None,
        nas: None,
    };
    Ok(start_payment(&world.store, &isp.scope, request, world.context()).await?.payment.id)
}

async fn is_at(world: &World, isp: &Isp, id: PaymentId, state: PaymentState, checkout: &str) -> anyhow::Result<()> {
    let mut tx = world.store.tenant(&isp.scope).await?;
    let mut payment = payments::lock(&mut tx, id).await?.context("no such payment")?;
    payment.state = state;
    payment.checkout = Some(checkout.to_owned());
    payments::save(&mut tx, &payment, world.context().now()).await?;
    Ok(tx.commit().await?)
}

/// A receipt that no other ISP's money has.
fn receipt(party: &Party, number: u8) -> anyhow::Result<Receipt> {
    let letter = if party.mark == OTHER_MARK { 'Q' } else { 'Z' };
    Ok(format!("UAF{letter}{number:06}").parse()?)
}

/// Money comes under a name that nobody has.
async fn strays(world: &World, isp: &Isp, party: &Party, number: u8, is_proof: bool) -> anyhow::Result<String> {
    let mut tx = world.store.tenant(&isp.scope).await?;
    let gateway = gateways::find(&mut tx, party.id("/v1/gateways").parse()?).await?.context("no gateway")?;
    tx.commit().await?;
    let transfer = Transfer {
        shortcode: gateway.shortcode.clone(),
        receipt: receipt(party, number)?,
        amount: Money::from_minor(2_000, Currency::KES),
        at: Some(world.context().now()),
        account: format!("{} {number}", party.mark),
        payer: Payer { phone: Some("254712***126".to_owned()), name: Some(format!("JANE {}", party.mark)) },
    };
    let told = Told { gateway: &gateway, transfer: &transfer, source: Source::Pull, is_proof, for_whom: None };
    let places = (&isp.tenant.zone, &isp.tenant.calling_code);
    let noted = note_arrival(&world.store, &isp.scope, places, told, world.context()).await?;
    Ok(noted.arrival.context("it is not known")?.id.to_string())
}

/// Its money came while what it buys could not be given, which was mended since: as after a crash between the two.
async fn is_paid_and_not_served(world: &World, isp: &Isp, party: &Party, id: PaymentId) -> anyhow::Result<()> {
    let mut tx = world.store.tenant(&isp.scope).await?;
    let gateway = gateways::find(&mut tx, party.id("/v1/gateways").parse()?).await?.context("no gateway")?;
    let payment = payments::find(&mut tx, id).await?.context("no such payment")?;
    tx.commit().await?;
    let transfer = Transfer {
        shortcode: gateway.shortcode.clone(),
        receipt: receipt(party, 9)?,
        amount: payment.price,
        at: Some(world.context().now()),
        account: String::new(),
        payer: Payer::default(),
    };
    // Into the wallet of who buys, from where it is served.
    let for_whom = Some(domain::money::inquiry::ForWhom::Wallet(payment.purpose.wallet()));
    let told = Told { gateway: &gateway, transfer: &transfer, source: Source::Pull, is_proof: true, for_whom };
    let places = (&isp.tenant.zone, &isp.tenant.calling_code);
    note_arrival(&world.store, &isp.scope, places, told, world.context()).await?;
    Ok(())
}
