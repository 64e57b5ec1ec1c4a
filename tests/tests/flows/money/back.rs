//! Money that goes back: into the wallet, through the gateway, or by the gateway's own doing; and what was paid for and
//! could not be given.

use actions::money::ask_reversal::{ReversalError, ask_reversal};
use actions::money::refund_to_wallet::{RefundError, refund_to_wallet};
use actions::money::serve_payment::{ServeError, serve_payment};
use domain::money::arrival::ArrivalState;
use domain::money::claim::CallbackKind;
use domain::money::payment::{Payment, PaymentState};
use domain::money::posting::Account;
use domain::support::exception::ExceptionKind;
use tests::gateway::{Manner, answer_of_reversal};

use super::{DEVICE, PRICE, Shop};

impl Shop {
    /// Somebody has bought an hour.
    async fn has_sold(&self) -> Payment {
        let payment = self.buys().await;
        self.world.gateway.pays();
        self.is_called_back().await;
        self.settles().await;
        self.is_sold_once(payment.id).await;
        payment
    }
}

#[tokio::test]
async fn what_was_sold_is_taken_back_into_the_wallet_and_the_code_opens_nothing_any_more() {
    let shop = Shop::open().await;
    let payment = shop.has_sold().await;
    let (store, zone, scope) = (&shop.world.store, &shop.world.isp.tenant.zone, &shop.world.isp.scope);
    let back = async || refund_to_wallet(store, scope, zone, (payment.id, "no signal"), shop.world.context()).await;

    back().await.expect("given back");

    assert_eq!((shop.in_wallet().await, shop.in_account(Account::Sales).await), (PRICE, 0));
    assert_eq!(shop.state(payment.id).await, PaymentState::Reversed);
    assert!(matches!(back().await, Err(RefundError::Reversed)));
    shop.world.knows_what_changed().await;
    let router = &shop.world.isp.router;
    let reply = router.asks(payment.reference.expose(), "", DEVICE).await.expect("sent").expect("an answer");
    assert!(!reply.is_accept());
    shop.is_called_back().await;
    shop.settles().await;
    assert_eq!(shop.state(payment.id).await, PaymentState::Reversed);
    shop.is_whole().await;
}

#[tokio::test]
async fn the_gateway_is_asked_once_to_give_money_back_and_only_what_was_not_used() {
    let shop = Shop::open().await;
    let payment = shop.has_sold().await;
    let arrival = shop.arrivals().await.remove(0);
    let (store, zone, scope) = (&shop.world.store, &shop.world.isp.tenant.zone, &shop.world.isp.scope);
    let ask = async || ask_reversal(store, scope, zone, (arrival.id, "asked for"), shop.world.context()).await;
    assert!(matches!(ask().await, Err(ReversalError::Spent(left)) if left.minor() == 0));
    let context = shop.world.context();
    refund_to_wallet(store, scope, zone, (payment.id, "no signal"), context).await.expect("given back");

    ask().await.expect("asked");
    assert_eq!((shop.in_wallet().await, shop.in_account(Account::Refunds).await), (0, -PRICE));
    assert!(ask().await.is_err(), "money goes back once");
    shop.world.queue().step().await.expect("sent");
    assert_eq!(shop.in_gateway().await, PRICE, "the gateway has not said yet that it is done");
    let receipt = arrival.receipt.expect("known");
    for _ in 0..2 {
        shop.is_called(CallbackKind::Result, None, &answer_of_reversal(&receipt)).await;
        shop.settles().await;
    }

    assert_eq!((shop.in_gateway().await, shop.in_account(Account::Refunds).await), (0, 0));
    assert_eq!(shop.arrivals().await[0].state, ArrivalState::Reversed);
    assert_eq!((shop.world.gateway.asked_back(), shop.world.gateway.taken()), (1, 0));
    shop.is_whole().await;
}

#[tokio::test]
async fn a_refusal_to_give_back_leaves_the_money_where_it_was_and_a_broken_line_is_tried_again() {
    let shop = Shop::open().await;
    shop.world.gateway.is_paid_by_hand("nobody", PRICE, "2547 ***** 999");
    shop.reads_the_books().await;
    let arrival = shop.arrivals().await.remove(0);
    let (store, zone, scope) = (&shop.world.store, &shop.world.isp.tenant.zone, &shop.world.isp.scope);
    let ask = async || ask_reversal(store, scope, zone, (arrival.id, "of nobody"), shop.world.context()).await;
    shop.world.gateway.answers_next(Manner::Away);
    shop.world.gateway.answers_next(Manner::Refuses(domain::money::claim::FailureKind::Misconfigured));

    ask().await.expect("asked");
    shop.world.queue().step().await.expect("tried");
    assert_eq!(shop.in_account(Account::Refunds).await, -PRICE);
    shop.world.clock.passes(domain::time::Span::seconds(31));
    shop.world.queue().step().await.expect("tried");

    assert_eq!((shop.in_account(Account::Refunds).await, shop.in_account(Account::Suspense).await), (0, -PRICE));
    assert!(shop.trouble(ExceptionKind::MoneyReversed).await.is_some());
    assert_eq!(shop.world.gateway.asked_back(), 2);
    ask().await.expect("it may be asked again");
    shop.is_whole().await;
}

#[tokio::test]
async fn what_could_not_be_given_is_one_exception_and_one_button() {
    let shop = Shop::open().await;
    let payment = shop.buys().await;
    // Somebody makes the hour a thing that the database refuses to sell at this moment.
    let mut admin = shop.world.database.admin().await;
    let spoil = "update plans set service = 'pppoe' where name = 'hour'";
    sqlx::query(spoil).execute(&mut admin).await.expect("spoiled");
    shop.world.gateway.pays();
    shop.is_called_back().await;
    shop.settles().await;
    assert!(!shop.is_served(payment.id).await);
    assert_eq!(shop.state(payment.id).await, PaymentState::Paid);
    assert_eq!((shop.in_gateway().await, shop.in_wallet().await), (PRICE, PRICE), "the money is there");
    let told = shop.trouble(ExceptionKind::PaidNotServed).await.expect("staff sees it");
    assert!(told.what.contains("paid, not served"), "{}", told.what);
    let (store, zone, scope) = (&shop.world.store, &shop.world.isp.tenant.zone, &shop.world.isp.scope);
    let serve = async || serve_payment(store, scope, zone, payment.id, shop.world.context()).await;
    assert!(matches!(serve().await, Err(ServeError::Not)));

    let mend = "update plans set service = 'hotspot' where name = 'hour'";
    sqlx::query(mend).execute(&mut admin).await.expect("mended");
    serve().await.expect("served");

    shop.is_sold_once(payment.id).await;
    assert_eq!(shop.troubles().await, []);
    assert!(matches!(serve().await, Err(ServeError::Served)));
}
