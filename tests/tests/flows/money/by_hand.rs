//! Money that comes by hand: to the paybill, at the till's side, over the counter, too little, too much, to nobody.

use actions::money::accept_arrival::accept_arrival;
use actions::money::claim_receipt::{ClaimError, Claimed, claim_receipt};
use actions::money::dispute_arrival::dispute_arrival;
use actions::money::match_arrival::{MatchError, MatchTo, match_arrival};
use actions::money::record_cash::{Cash, CashFor, record_cash};
use domain::id::SubscriberId;
use domain::money::claim::{CallbackKind, Transfer};
use domain::money::inquiry::ForWhom;
use domain::money::payment::PaymentState;
use domain::money::posting::Account;
use domain::money::wallet::WalletOf;
use domain::people::subscriber::Username;
use domain::sales::plan::PlanService;
use domain::support::exception::ExceptionKind;
use domain::time::Timestamp;
use store::money::gateways;
use store::people::subscribers;
use tests::gateway::{Answers, answer_about, confirmation};
use tests::world::month;

use super::{PHONE, PRICE, Shop, ksh, msisdn};

impl Shop {
    /// The gateway's books are read at this moment.
    pub(super) async fn reads_the_books(&self) {
        self.world.gateway.opens_its_books();
        let mut tx = self.tx().await;
        gateways::note_pull(&mut tx, self.gateway.id, None, Some(Timestamp::from_seconds(1))).await.expect("noted");
        tx.commit().await.expect("committed");
        self.settles().await;
    }

    /// The shortcode tells of money.
    pub(super) async fn is_told(&self, transfer: &Transfer) {
        self.is_called(CallbackKind::Confirmation, None, &confirmation(transfer)).await;
        self.settles().await;
    }

    /// A house with that user name, whose plan costs the price.
    async fn house(&self, user: &str) -> (SubscriberId, Option<Timestamp>) {
        let isp = &self.world.isp;
        let plan = match self.world.sells(isp, month(), "home", PlanService::Pppoe).await {
            Ok(plan) => plan,
            Err(_) => {
                let mut tx = self.tx().await;
                let name = "home".parse().expect("good");
                store::sales::plans::find_by_name(&mut tx, &name).await.expect("read").expect("there")
            }
        };
        self.world.connects(isp, &plan, user, "secret").await.expect("connected");
        self.end_of(user).await
    }

    async fn end_of(&self, user: &str) -> (SubscriberId, Option<Timestamp>) {
        let username = Username::parse(user.as_bytes()).expect("good");
        let found = subscribers::find_by_username(&mut self.tx().await, &username).await.expect("read").expect("there");
        (found.id, found.until)
    }
}

#[tokio::test]
async fn the_prompt_and_its_copy_by_the_shortcode_count_once_in_either_order() {
    for copy_first in [true, false] {
        let shop = Shop::open().await;
        shop.world.gateway.answers_about_receipts(Answers::AtOnce);
        let payment = shop.buys().await;
        shop.world.gateway.pays();
        if copy_first {
            shop.is_told_of_the_copy().await;
            shop.settles().await;
            shop.is_called_back().await;
        } else {
            shop.is_called_back().await;
            shop.settles().await;
            shop.is_told_of_the_copy().await;
        }
        shop.passes(30).await;
        shop.reads_the_books().await;

        shop.is_sold_once(payment.id).await;
        assert_eq!(shop.state(payment.id).await, PaymentState::Paid);
        let counted: Vec<_> = shop.arrivals().await.into_iter().filter(|one| one.is_verified).collect();
        assert_eq!((counted.len(), counted[0].is_receipt_proven), (1, true), "copy first: {copy_first}");
        assert_eq!(shop.troubles().await, []);
    }
}

#[tokio::test]
async fn a_house_that_pays_to_its_user_name_is_renewed_once_the_gateway_confirms_it() {
    let shop = Shop::open().await;
    let (house, before) = shop.house("wanjiku-12").await;
    let transfer = shop.world.gateway.is_paid_by_hand("Wanjiku 12", PRICE, "2547 ***** 126");
    shop.is_told(&transfer).await;
    assert_eq!(shop.end_of("wanjiku-12").await.1, before, "nobody could verify it yet");

    shop.reads_the_books().await;
    shop.is_told(&transfer).await;

    let after = shop.end_of("wanjiku-12").await.1;
    assert!(after > before, "{before:?} {after:?}");
    assert_eq!((shop.in_gateway().await, shop.in_account(Account::Sales).await), (PRICE, -PRICE));
    assert_eq!(shop.in_account(Account::Wallet(WalletOf::Subscriber(house))).await, 0);
    assert_eq!(shop.troubles().await, []);
    shop.is_whole().await;
}

#[tokio::test]
async fn a_question_about_a_receipt_is_answered_at_once_or_later() {
    for answers in [Answers::AtOnce, Answers::Later] {
        let shop = Shop::open().await;
        shop.world.gateway.answers_about_receipts(answers);
        let (_, before) = shop.house("wanjiku-12").await;
        let transfer = shop.world.gateway.is_paid_by_hand("WANJIKU12", PRICE, "2547 ***** 126");
        shop.is_told(&transfer).await;
        if answers == Answers::Later {
            // Somebody answers what nobody has asked.
            shop.is_called(CallbackKind::Result, None, &answer_about(&"UAF7777777".parse().expect("good"))).await;
            shop.settles().await;
            assert_eq!(shop.end_of("wanjiku-12").await.1, before);
            shop.is_called(CallbackKind::Result, None, &answer_about(&transfer.receipt)).await;
            shop.settles().await;
        }

        assert!(shop.end_of("wanjiku-12").await.1 > before, "{answers:?}");
        assert_eq!(shop.in_gateway().await, PRICE);
        assert_eq!(shop.troubles().await, []);
        shop.is_whole().await;
    }
}

#[tokio::test]
async fn money_of_nobody_waits_in_suspense_until_staff_knows_whose_it_is() {
    let shop = Shop::open().await;
    let (house, before) = shop.house("wanjiku-12").await;
    let transfer = shop.world.gateway.is_paid_by_hand("wanjiku-21", PRICE, "2547 ***** 126");
    shop.reads_the_books().await;
    assert_eq!(shop.in_account(Account::Suspense).await, -PRICE);
    let told = shop.trouble(ExceptionKind::MoneyUnmatched).await.expect("staff sees it");
    assert!(told.what.contains("wanjiku-21") && told.what.contains("Perhaps: wanjiku-12"), "{}", told.what);
    let arrival = shop.arrivals().await.remove(0);
    let (store, zone, context) = (&shop.world.store, &shop.world.isp.tenant.zone, shop.world.context());
    let to = MatchTo::Whom(ForWhom::Wallet(WalletOf::Subscriber(house)));

    // It is not the other ISP's to be matched.
    let theirs = match_arrival(store, &shop.world.other.scope, zone, (arrival.id, &to), context).await;
    assert!(matches!(theirs, Err(MatchError::Unknown)), "{theirs:?}");
    let note = (arrival.id, "rang the customer");
    assert!(dispute_arrival(store, &shop.world.isp.scope, zone, note, context).await.expect("noted"));
    match_arrival(store, &shop.world.isp.scope, zone, (arrival.id, &to), context).await.expect("matched");

    assert!(shop.end_of("wanjiku-12").await.1 > before);
    assert_eq!(shop.in_account(Account::Suspense).await, 0);
    assert_eq!(shop.troubles().await, []);
    let again = match_arrival(store, &shop.world.isp.scope, zone, (arrival.id, &to), context).await;
    assert!(matches!(again, Err(MatchError::NotFree)), "{again:?}");
    shop.is_told(&transfer).await;
    assert_eq!(shop.in_gateway().await, PRICE);
    shop.is_whole().await;
}

#[tokio::test]
async fn staff_may_answer_for_money_that_nobody_could_verify() {
    let shop = Shop::open().await;
    let (_, before) = shop.house("wanjiku-12").await;
    let transfer = shop.world.gateway.is_paid_by_hand("wanjiku-12", PRICE, "2547 ***** 126");
    shop.is_told(&transfer).await;
    let arrival = shop.arrivals().await.remove(0);
    let isp = &shop.world.isp;
    let places = (&isp.tenant.zone, &isp.tenant.calling_code);
    let store = &shop.world.store;

    accept_arrival(store, &isp.scope, places, arrival.id, shop.world.context()).await.expect("accepted");

    assert!(shop.end_of("wanjiku-12").await.1 > before);
    assert_eq!((shop.in_gateway().await, shop.troubles().await.len()), (PRICE, 0));
    let again = accept_arrival(store, &isp.scope, places, arrival.id, shop.world.context()).await;
    assert!(again.is_err());
    shop.reads_the_books().await;
    assert_eq!(shop.in_gateway().await, PRICE, "what staff has accepted is not counted again");
    shop.is_whole().await;
}

#[tokio::test]
async fn too_little_waits_in_the_wallet_for_the_rest_and_too_much_stays_there() {
    let shop = Shop::open().await;
    let payment = shop.buys().await;
    let reference = payment.reference.expose();
    shop.world.gateway.is_paid_by_hand(reference, 1_500, PHONE);
    shop.reads_the_books().await;
    assert!(!shop.is_served(payment.id).await);
    assert_eq!(shop.in_wallet().await, 1_500);
    let told = shop.trouble(ExceptionKind::AmountDiffers).await.expect("staff sees it");
    assert!(told.what.contains("KES 5.00 of KES 20.00 are missing"), "{}", told.what);

    shop.world.gateway.is_paid_by_hand(&reference.to_lowercase(), 1_000, PHONE);
    shop.reads_the_books().await;

    assert!(shop.is_served(payment.id).await);
    assert_eq!((shop.in_gateway().await, shop.in_wallet().await), (2_500, 500));
    assert_eq!(shop.in_account(Account::Sales).await, -PRICE);
    assert_eq!(shop.state(payment.id).await, PaymentState::Paid);
    assert_eq!(shop.troubles().await, []);
    // A second time the whole price: it was served, so it stays in the wallet.
    shop.world.gateway.is_paid_by_hand(reference, PRICE, PHONE);
    shop.reads_the_books().await;
    assert_eq!((shop.in_gateway().await, shop.in_wallet().await), (4_500, 2_500));
    assert_eq!(shop.in_account(Account::Sales).await, -PRICE);
    shop.is_whole().await;
}

#[tokio::test]
async fn whoever_claims_a_receipt_gets_it_once_if_the_gateway_knows_it() {
    let shop = Shop::open().await;
    let payment = shop.buys().await;
    let transfer = shop.world.gateway.is_paid_by_hand("", PRICE, "2547 ***** 999");
    let (store, zone, scope) = (&shop.world.store, &shop.world.isp.tenant.zone, &shop.world.isp.scope);
    let claim = async |receipt: &str, id| {
        let receipt = receipt.parse().expect("good");
        let claimed = (shop.gateway.id, &receipt, ForWhom::Payment(id));
        claim_receipt(store, scope, zone, claimed, shop.world.context()).await
    };
    shop.world.gateway.answers_about_receipts(Answers::AtOnce);

    assert_eq!(claim("UAF8888888", payment.id).await.expect("asked"), Claimed::Asked);
    shop.settles().await;
    assert!(!shop.is_served(payment.id).await, "the gateway does not know it");
    assert_eq!(claim(transfer.receipt.as_str(), payment.id).await.expect("asked"), Claimed::Asked);
    shop.settles().await;

    shop.is_sold_once(payment.id).await;
    assert!(matches!(claim(transfer.receipt.as_str(), payment.id).await, Err(ClaimError::Used)));
    let stranger = ForWhom::Wallet(WalletOf::Phone(msisdn("0799999999")));
    let claimed = (shop.gateway.id, &transfer.receipt, stranger);
    let refused = claim_receipt(store, scope, zone, claimed, shop.world.context()).await;
    assert!(matches!(refused, Err(ClaimError::Used)));
    let theirs = (shop.gateway.id, &transfer.receipt, ForWhom::Payment(payment.id));
    let refused = claim_receipt(store, &shop.world.other.scope, zone, theirs, shop.world.context()).await;
    assert!(matches!(refused, Err(ClaimError::NoGateway)));
}

#[tokio::test]
async fn cash_at_the_counter_buys_at_once() {
    let shop = Shop::open().await;
    let (store, zone, scope) = (&shop.world.store, &shop.world.isp.tenant.zone, &shop.world.isp.scope);
    let cash =
        Cash { buys: CashFor::Voucher(shop.plan.id, msisdn(PHONE)), amount: ksh(5_000), note: "receipt book 17" };

    let payment = record_cash(store, scope, zone, cash, shop.world.context()).await.expect("recorded");

    assert_eq!(shop.state(payment.id).await, PaymentState::Paid);
    assert!(shop.is_served(payment.id).await);
    assert_eq!((shop.in_account(Account::Cash).await, shop.in_wallet().await), (5_000, 3_000));
    assert_eq!(shop.in_account(Account::Sales).await, -PRICE);
    shop.is_whole().await;
}
