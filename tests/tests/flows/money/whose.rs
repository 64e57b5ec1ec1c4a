//! Money whose proof does not say for what it came: a gateway that is asked about a receipt names no account.

use actions::money::gateways::{GatewayChange, change_gateway};
use actions::money::start_payment::{Request, Wish, start_payment};
use domain::money::arrival::ArrivalState;
use domain::money::claim::{CallbackKind, Transfer};
use domain::money::gateway::PayTo;
use domain::money::payment::Payment;
use domain::money::posting::Account;
use domain::support::exception::ExceptionKind;
use tests::gateway::{Answers, prompt_callback};

use super::{PRICE, Shop, msisdn, token};

impl Shop {
    /// Somebody else wants an hour, too.
    async fn another_buys(&self, phone: &str) -> Payment {
        let request = Request {
            wish: Wish::Voucher(self.plan.id),
            gateway: self.gateway.id,
            phone: msisdn(phone),
            device: None,
            nas: None,
        };
        let started = start_payment(&self.world.store, &self.world.isp.scope, request, self.world.context()).await;
        self.world.queue().step().await.expect("sent");
        started.expect("started").payment
    }
}

#[tokio::test]
async fn a_confirmation_is_for_the_account_that_it_names_and_not_for_whoever_waits_with_like_digits() {
    let shop = Shop::open().await;
    let payment = shop.buys().await;
    let like = shop.another_buys("0719999678").await;
    shop.world.gateway.answers_about_receipts(Answers::AtOnce);

    let transfer = shop.world.gateway.is_paid_by_hand(payment.reference.expose(), PRICE, "2547 ***** 678");
    shop.is_told(&transfer).await;

    assert!(shop.is_served(payment.id).await);
    assert!(!shop.is_served(like.id).await, "nobody rides for nothing");
    assert_eq!((shop.in_gateway().await, shop.in_account(Account::Suspense).await), (PRICE, 0));
    shop.is_whole().await;
}

#[tokio::test]
async fn to_a_paybill_without_an_account_money_is_nobodys() {
    let shop = Shop::open().await;
    let payment = shop.buys().await;
    shop.world.gateway.is_paid_by_hand("", PRICE, "254712345678");

    shop.reads_the_books().await;

    assert!(!shop.is_served(payment.id).await, "only at a till does whoever waits count");
    assert_eq!(shop.in_account(Account::Suspense).await, -PRICE);
}

#[tokio::test]
async fn what_a_prompt_brought_counts_once_though_its_copy_is_proven_first() {
    for forged_before in [false, true] {
        let shop = Shop::open().await;
        let payment = shop.buys().await;
        let prompt = shop.world.gateway.prompt();
        shop.world.gateway.answers_about_receipts(Answers::AtOnce);
        shop.world.gateway.pays();
        if forged_before {
            let forged = prompt_callback(&prompt.checkout, Some(&"UAF7777777".parse().expect("good")), PRICE);
            shop.is_called(CallbackKind::Prompt, token(&prompt.token), &forged).await;
            shop.settles().await;
        }

        shop.is_told_of_the_copy().await;
        shop.settles().await;
        shop.is_called_back().await;
        shop.settles().await;
        shop.reads_the_books().await;

        shop.is_sold_once(payment.id).await;
        assert_eq!(shop.in_account(Account::Suspense).await, 0, "forged before: {forged_before}");
        let receipts: Vec<_> =
            shop.arrivals().await.into_iter().filter(|one| one.is_verified).filter_map(|one| one.receipt).collect();
        assert_eq!(receipts, [shop.world.gateway.prompt().paid.expect("paid")]);
    }
}

#[tokio::test]
async fn when_the_books_say_another_account_than_was_believed_staff_is_told() {
    let shop = Shop::open().await;
    let payment = shop.buys().await;
    shop.world.gateway.answers_about_receipts(Answers::AtOnce);
    let real = shop.world.gateway.is_paid_by_hand("SOMEBODY", PRICE, "2547 ***** 999");
    // Whoever knows the secret address, the receipt and the payer's digits gives it another account.
    let forged = Transfer { account: payment.reference.expose().to_owned(), ..real };
    shop.is_told(&forged).await;
    assert_eq!(shop.trouble(ExceptionKind::AmountDiffers).await, None);

    shop.reads_the_books().await;

    let trouble = shop.trouble(ExceptionKind::AmountDiffers).await.expect("told");
    assert!(trouble.what.contains("SOMEBODY") && trouble.what.contains(payment.reference.expose()), "{}", trouble.what);
    assert_eq!(shop.in_gateway().await, PRICE);
}

#[tokio::test]
async fn a_message_with_other_digits_of_the_payer_is_not_believed_about_the_account() {
    let shop = Shop::open().await;
    let payment = shop.buys().await;
    shop.world.gateway.answers_about_receipts(Answers::AtOnce);
    let real = shop.world.gateway.is_paid_by_hand("SOMEBODY", PRICE, "254700000999");
    let payer = domain::money::claim::Payer { phone: Some("2547 ***** 678".to_owned()), name: None };
    let forged = Transfer { account: payment.reference.expose().to_owned(), payer, ..real };

    shop.is_told(&forged).await;

    assert!(!shop.is_served(payment.id).await);
    let found = shop.arrivals().await;
    assert!(found.iter().any(|one| one.is_verified && one.state == ArrivalState::Pending), "{found:?}");
}

#[tokio::test]
async fn at_a_till_whoever_waits_with_that_telephone_is_meant() {
    let shop = Shop::open().await;
    let till =
        GatewayChange { pay_to: Some(PayTo::Till("5123456".parse().expect("good"))), ..GatewayChange::default() };
    let scope = &shop.world.isp.scope;
    change_gateway(&shop.world.store, scope, shop.gateway.id, &|_| true, till, shop.world.context())
        .await
        .expect("changed");
    let payment = shop.buys().await;
    // Somebody else pays the same at the same time, and then the one who waits.
    shop.world.gateway.is_paid_by_hand("", PRICE, "2547 ***** 999");
    shop.world.gateway.is_paid_by_hand("", PRICE, "2547 ***** 678");
    shop.reads_the_books().await;

    assert!(shop.is_served(payment.id).await);
    assert_eq!(shop.in_gateway().await, 2 * PRICE);
    assert_eq!(shop.in_account(Account::Suspense).await, -PRICE);
    let free: Vec<_> = shop.arrivals().await.into_iter().filter(|one| one.state == ArrivalState::Pending).collect();
    assert_eq!(free.len(), 1);
    assert_eq!(free[0].payer.phone.as_deref(), Some("2547 ***** 999"));
    shop.is_whole().await;
}
