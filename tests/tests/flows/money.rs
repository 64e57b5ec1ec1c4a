//! Somebody pays: what was bought is given once, whatever the gateway, the network and we do, and no shilling is lost.
//! Two ISPs always.

mod back;
mod books;
mod by_hand;
mod crashes;
mod forged;
mod late;
mod whose;

use std::sync::Arc;

use actions::money::keep_callback::{Came, keep_callback};
use actions::money::start_payment::{Request, StartError, Started, Wish, start_payment};
use domain::id::{CallbackId, PaymentId};
use domain::mac::Mac;
use domain::money::arrival::Arrival;
use domain::money::claim::CallbackKind;
use domain::money::gateway::IspGateway;
use domain::money::payment::{Payment, PaymentState};
use domain::money::posting::Account;
use domain::money::wallet::WalletOf;
use domain::money::{Currency, Money as Amount};
use domain::phone::{CallingCode, Msisdn};
use domain::sales::plan::{Plan, PlanService, PlanTerms, ValidityAnchor};
use domain::support::exception::{Exception, ExceptionKind};
use domain::time::Span;
use store::TenantTx;
use store::money::{activations, arrivals, gateways, ledger, payments};
use store::support::exceptions;
use tests::gateway::{confirmation, paybill, prompt_callback};
use tests::world::{World, hour};

pub(super) const PHONE: &str = "0712345678";
pub(super) const DEVICE: &str = "02:00:00:00:00:0A";
/// What an hour costs.
pub(super) const PRICE: i64 = 2_000;

/// An ISP that sells an hour through a paybill; and another one that does, too.
pub(super) struct Shop {
    pub(super) world: World,
    pub(super) plan: Plan,
    pub(super) gateway: IspGateway,
    pub(super) others: IspGateway,
}

pub(super) fn msisdn(text: &str) -> Msisdn {
    Msisdn::parse(text.as_bytes(), &CallingCode::kenya()).expect("good")
}

pub(super) fn ksh(minor: i64) -> Amount {
    Amount::from_minor(minor, Currency::KES)
}

impl Shop {
    pub(super) async fn open() -> Self {
        let world = World::open().await.expect("a world");
        let terms = PlanTerms { anchor: ValidityAnchor::Purchase, ..hour() };
        let plan = world.sells(&world.isp, terms.clone(), "hour", PlanService::Hotspot).await.expect("sold");
        world.sells(&world.other, terms, "hour", PlanService::Hotspot).await.expect("sold");
        let gateway = paybill(&world, &world.isp).await.expect("set up");
        let others = paybill(&world, &world.other).await.expect("set up");
        // Nobody has paid yet, and the gateways' books are not open.
        world.money().step().await.expect("done");
        Self { world, plan, gateway, others }
    }

    /// Somebody taps on the hour.
    pub(super) async fn taps(&self) -> Result<Started, StartError> {
        let request = Request {
            wish: Wish::Voucher(self.plan.id),
            gateway: self.gateway.id,
            phone: msisdn(PHONE),
            device: Mac::parse(DEVICE.as_bytes()),
            nas: None,
        };
        start_payment(&self.world.store, &self.world.isp.scope, request, self.world.context()).await
    }

    /// The same, until the prompt is on the telephone.
    pub(super) async fn buys(&self) -> Payment {
        let started = self.taps().await.expect("started");
        self.world.queue().step().await.expect("sent");
        started.payment
    }

    /// A callback comes to our ISP's address.
    pub(super) async fn is_called(&self, kind: CallbackKind, token: Option<[u8; 16]>, body: &[u8]) -> CallbackId {
        let mut tx = self.tx().await;
        let opened = gateways::open(&mut tx, self.gateway.id).await.expect("opened").expect("there");
        drop(tx);
        let mut system = self.world.store.system().await.expect("begun");
        let (scope, gateway) = gateways::of_token(&mut system, &opened.token).await.expect("asked").expect("ours");
        drop(system);
        let came = Came { gateway, kind, prompt_token: token, body, source: Some([196, 201, 214, 200].into()) };
        keep_callback(&self.world.store, &scope, came, self.world.context()).await.expect("kept")
    }

    /// The callback of the last prompt, which was paid.
    pub(super) async fn is_called_back(&self) -> CallbackId {
        let prompt = self.world.gateway.prompt();
        let receipt = prompt.paid.clone().expect("paid");
        let body = prompt_callback(&prompt.checkout, Some(&receipt), prompt.amount.minor());
        self.is_called(CallbackKind::Prompt, token(&prompt.token), &body).await
    }

    /// The shortcode's copy of the last prompt's money.
    pub(super) async fn is_told_of_the_copy(&self) -> CallbackId {
        let receipt = self.world.gateway.prompt().paid.expect("paid");
        let body = confirmation(&self.world.gateway.transfer(&receipt));
        self.is_called(CallbackKind::Confirmation, None, &body).await
    }

    /// Does all that is due, until nothing is.
    pub(super) async fn settles(&self) {
        for _ in 0..5 {
            self.world.money().step().await.expect("done");
        }
    }

    /// Time passes, and what is due then is done; in steps of ten seconds.
    pub(super) async fn passes(&self, seconds: i64) {
        for _ in 0..(seconds / 10).max(1) {
            self.world.clock.passes(Span::seconds(seconds.min(10)));
            self.world.money().step().await.expect("done");
        }
    }

    pub(super) async fn tx(&self) -> TenantTx {
        self.world.store.tenant(&self.world.isp.scope).await.expect("begun")
    }

    pub(super) async fn payment(&self, id: PaymentId) -> Payment {
        payments::find(&mut self.tx().await, id).await.expect("read").expect("there")
    }

    pub(super) async fn state(&self, id: PaymentId) -> PaymentState {
        self.payment(id).await.state
    }

    pub(super) async fn is_served(&self, id: PaymentId) -> bool {
        activations::find(&mut self.tx().await, id).await.expect("read").is_some()
    }

    pub(super) async fn arrivals(&self) -> Vec<Arrival> {
        arrivals::list(&mut self.tx().await, None, tests::first_page()).await.expect("listed").rows
    }

    pub(super) async fn troubles(&self) -> Vec<Exception> {
        exceptions::list(&mut self.tx().await, false, tests::first_page()).await.expect("listed").rows
    }

    pub(super) async fn trouble(&self, kind: ExceptionKind) -> Option<Exception> {
        self.troubles().await.into_iter().find(|one| one.kind == kind)
    }

    pub(super) async fn in_account(&self, account: Account) -> i64 {
        ledger::balance(&mut self.tx().await, &account, Currency::KES).await.expect("summed").minor()
    }

    pub(super) async fn in_gateway(&self) -> i64 {
        self.in_account(Account::Gateway(self.gateway.id)).await
    }

    pub(super) async fn in_wallet(&self) -> i64 {
        -self.in_account(Account::Wallet(WalletOf::Phone(msisdn(PHONE)))).await
    }

    /// The ledger is whole, and the other ISP has none.
    pub(super) async fn is_whole(&self) {
        let whole = ledger::audit(&mut self.tx().await).await.expect("gone over");
        assert!(whole.is_whole(), "{whole:?}");
        let mut theirs = self.world.store.tenant(&self.world.other.scope).await.expect("begun");
        let theirs = (
            ledger::audit(&mut theirs).await.expect("gone over").entries,
            arrivals::list(&mut theirs, None, tests::first_page()).await.expect("listed").rows.len(),
            payments::list(&mut theirs, tests::first_page()).await.expect("listed").rows.len(),
            exceptions::list(&mut theirs, true, tests::first_page()).await.expect("listed").rows.len(),
        );
        assert_eq!(theirs, (0, 0, 0, 0), "the other ISP has nothing to do with it");
    }

    /// The price came once, an hour was sold once, and nothing is left over.
    pub(super) async fn is_sold_once(&self, id: PaymentId) {
        assert!(self.is_served(id).await);
        assert_eq!(self.in_gateway().await, PRICE);
        assert_eq!(self.in_account(Account::Sales).await, -PRICE);
        assert_eq!(self.in_wallet().await, 0);
        self.is_whole().await;
    }
}

pub(super) fn token(hex: &str) -> Option<[u8; 16]> {
    let octets: Vec<u8> =
        (0..hex.len()).step_by(2).filter_map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect();
    octets.try_into().ok()
}

#[tokio::test]
async fn somebody_buys_an_hour_and_is_let_in_with_the_code() {
    let shop = Shop::open().await;
    let payment = shop.buys().await;
    assert_eq!(shop.state(payment.id).await, PaymentState::Awaiting);
    let prompt = shop.world.gateway.prompt();
    assert_eq!((prompt.amount, prompt.phone.as_str()), (ksh(PRICE), "254712345678"));
    assert_eq!(prompt.reference, payment.reference.expose());

    shop.world.gateway.pays();
    shop.is_called_back().await;
    shop.settles().await;

    assert_eq!(shop.state(payment.id).await, PaymentState::Paid);
    shop.is_sold_once(payment.id).await;
    assert_eq!(shop.troubles().await, []);
    shop.world.knows_what_changed().await;
    let router = &shop.world.isp.router;
    let reply = router.asks(payment.reference.expose(), "", DEVICE).await.expect("sent").expect("an answer");
    assert!(reply.is_accept(), "{}", reply.sentence());
    assert_eq!(reply.session_timeout(), Some(3_600));
    // The number that bought it logs in as well; the other ISP knows neither.
    let by_number = router.asks(PHONE, "", DEVICE).await.expect("sent").expect("an answer");
    assert!(by_number.is_accept(), "{}", by_number.sentence());
    let theirs = &shop.world.other.router;
    let refused = theirs.asks(payment.reference.expose(), "", DEVICE).await.expect("sent").expect("an answer");
    assert!(!refused.is_accept());
}

#[tokio::test]
async fn the_running_role_does_it_all_by_itself() {
    let shop = Shop::open().await;
    shop.world.works();
    let payment = shop.taps().await.expect("started").payment;
    for _ in 0..1_000 {
        if shop.state(payment.id).await == PaymentState::Awaiting {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    shop.world.gateway.pays();
    shop.is_called_back().await;

    for _ in 0..1_000 {
        if shop.state(payment.id).await == PaymentState::Paid {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }

    shop.is_sold_once(payment.id).await;
}

#[tokio::test]
async fn the_same_thing_tapped_twice_is_one_payment_and_another_thing_waits() {
    let shop = Shop::open().await;
    let (one, other) = tokio::join!(shop.taps(), shop.taps());
    let (one, other) = (one.expect("started"), other.expect("started"));
    assert_eq!(one.payment.id, other.payment.id);
    assert!(one.was_there ^ other.was_there);

    let day = shop.world.sells(&shop.world.isp, hour(), "day", PlanService::Hotspot).await.expect("sold");
    let another = Request {
        wish: Wish::Voucher(day.id),
        gateway: shop.gateway.id,
        phone: msisdn(PHONE),
        device: None,
        nas: None,
    };
    let started = |request| start_payment(&shop.world.store, &shop.world.isp.scope, request, shop.world.context());
    assert!(matches!(started(another.clone()).await, Err(StartError::Busy(1..=76))));
    shop.world.queue().step().await.expect("sent");
    assert_eq!(shop.world.gateway.prompts().len(), 1);
    shop.world.clock.passes(Span::seconds(76));
    assert!(started(another.clone()).await.is_ok());

    // What is not on sale here, or is not ours, cannot be bought.
    let house =
        shop.world.sells(&shop.world.isp, tests::world::month(), "home", PlanService::Pppoe).await.expect("sold");
    let of_house = Request { wish: Wish::Voucher(house.id), phone: msisdn("0700000001"), ..another.clone() };
    assert!(matches!(started(of_house).await, Err(StartError::NoSuchPlan)));
    let theirs = Request { gateway: shop.others.id, phone: msisdn("0700000002"), ..another };
    assert!(matches!(started(theirs).await, Err(StartError::NoGateway)));
}

#[tokio::test]
async fn a_telephone_has_one_prompt_whichever_isp_asks() {
    let shop = Shop::open().await;
    shop.buys().await;
    let mut tx = shop.world.store.tenant(&shop.world.other.scope).await.expect("begun");
    let plan = store::sales::plans::list(&mut tx).await.expect("listed").remove(0);
    drop(tx);
    let request = Request {
        wish: Wish::Voucher(plan.id),
        gateway: shop.others.id,
        phone: msisdn(PHONE),
        device: None,
        nas: None,
    };
    let theirs = start_payment(&shop.world.store, &shop.world.other.scope, request, shop.world.context());
    let theirs = theirs.await.expect("started").payment;

    shop.world.queue().step().await.expect("tried");
    assert_eq!(shop.world.gateway.prompts().len(), 1, "the first one is still on it");
    shop.world.clock.passes(Span::seconds(76));
    shop.world.queue().step().await.expect("tried");

    assert_eq!(shop.world.gateway.prompts().len(), 2);
    let mut tx = shop.world.store.tenant(&shop.world.other.scope).await.expect("begun");
    let state = payments::find(&mut tx, theirs.id).await.expect("read").expect("there").state;
    assert_eq!(state, PaymentState::Awaiting);
    let shared = Arc::strong_count(&shop.world.gateway);
    assert!(shared >= 1);
}
