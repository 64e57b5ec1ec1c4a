//! Callbacks that somebody made up give nothing.

use domain::money::claim::CallbackKind;
use domain::money::payment::PaymentState;
use domain::support::exception::ExceptionKind;
use store::money::{callbacks, gateways};
use tests::gateway::{confirmation, prompt_callback};

use super::{PHONE, PRICE, Shop, token};

#[tokio::test]
async fn who_does_not_know_the_address_reaches_nobody() {
    let shop = Shop::open().await;
    let mut system = shop.world.store.system().await.expect("begun");

    for guess in [[0; 16], [0xff; 16]] {
        assert_eq!(gateways::of_token(&mut system, &guess).await.expect("asked"), None);
    }
}

#[tokio::test]
async fn the_right_address_and_wrong_facts_give_nothing() {
    let shop = Shop::open().await;
    let payment = shop.buys().await;
    let prompt = shop.world.gateway.prompt();
    let made_up = "UAF6666666".parse().expect("good");
    let ours = token(&prompt.token);

    for (token, body) in [
        // It was not paid at all.
        (ours, prompt_callback(&prompt.checkout, Some(&made_up), PRICE)),
        (None, prompt_callback(&prompt.checkout, Some(&made_up), PRICE)),
        // Another prompt, or none.
        (ours, prompt_callback("ws_CO_99", Some(&made_up), PRICE)),
        (Some([7; 16]), prompt_callback(&prompt.checkout, Some(&made_up), PRICE)),
        (None, prompt_callback("ws_CO_99", Some(&made_up), PRICE)),
        // Not a word of it.
        (ours, b"\xff\xfe{}".to_vec()),
        (ours, vec![b'x'; 20_000]),
    ] {
        shop.is_called(CallbackKind::Prompt, token, &body).await;
        shop.settles().await;
    }

    assert!(!shop.is_served(payment.id).await);
    assert_eq!(shop.state(payment.id).await, PaymentState::Awaiting);
    assert_eq!((shop.in_gateway().await, shop.arrivals().await.len()), (0, 0));
    shop.is_whole().await;
    // What was said to be paid and is not proven is seen by staff.
    shop.passes(90).await;
    assert!(shop.trouble(ExceptionKind::PaidNotServed).await.is_some());
    // And the truth comes through all the same.
    shop.world.gateway.pays();
    shop.is_called_back().await;
    shop.passes(60).await;
    shop.is_sold_once(payment.id).await;
    // What is left is the receipt that somebody made up, for staff to see.
    let left = shop.troubles().await;
    assert!(left.iter().all(|one| one.what.contains("UAF6666666")), "{left:?}");
    assert!(shop.trouble(ExceptionKind::PaidNotServed).await.is_none());
}

#[tokio::test]
async fn a_paid_prompt_opens_no_other_payment() {
    let shop = Shop::open().await;
    let first = shop.buys().await;
    shop.world.gateway.pays();
    shop.is_called_back().await;
    shop.settles().await;
    let paid = shop.world.gateway.prompt();
    shop.world.gateway.answers_next(tests::gateway::Manner::AnswerLost);
    let second = shop.buys().await;
    let open = shop.world.gateway.prompt();
    assert_ne!(first.id, second.id);

    // Whoever knows the second one's address names the first one's prompt and receipt.
    let body = prompt_callback(&paid.checkout, paid.paid.as_ref(), PRICE);
    let kept = shop.is_called(CallbackKind::Prompt, token(&open.token), &body).await;
    shop.settles().await;

    assert!(!shop.is_served(second.id).await);
    let outcome = callbacks::outcome(&mut shop.tx().await, kept).await.expect("read");
    assert_eq!(outcome.as_deref(), Some("nobody's prompt"));
    shop.is_sold_once(first.id).await;
}

#[tokio::test]
async fn another_amount_in_a_callback_is_seen_and_the_gateways_word_counts() {
    let shop = Shop::open().await;
    let payment = shop.buys().await;
    let receipt = shop.world.gateway.pays();
    let prompt = shop.world.gateway.prompt();
    let body = prompt_callback(&prompt.checkout, Some(&receipt), 900_000);
    shop.is_called(CallbackKind::Prompt, token(&prompt.token), &body).await;
    shop.settles().await;

    shop.is_sold_once(payment.id).await;
    let told = shop.trouble(ExceptionKind::AmountDiffers).await.expect("staff sees it");
    assert!(told.what.contains("KES 9000.00"), "{}", told.what);
}

#[tokio::test]
async fn a_confirmation_that_somebody_made_up_stands_aside_and_gives_nothing() {
    let shop = Shop::open().await;
    let payment = shop.buys().await;
    let mut made_up = shop.world.gateway.is_paid_by_hand(payment.reference.expose(), PRICE, PHONE);
    made_up.receipt = "UAF6666666".parse().expect("good");
    shop.world.gateway.takes_back(&made_up.receipt);
    shop.is_called(CallbackKind::Confirmation, None, &confirmation(&made_up)).await;
    shop.settles().await;

    assert!(!shop.is_served(payment.id).await);
    assert_eq!(shop.in_gateway().await, 0);
    let told = shop.trouble(ExceptionKind::MoneyUnmatched).await.expect("staff sees it");
    assert!(told.what.contains("nobody could verify it"), "{}", told.what);
    shop.is_whole().await;

    // Of another shortcode it is nobody's business.
    made_up.shortcode = "700000".parse().expect("good");
    made_up.receipt = "UAF5555555".parse().expect("good");
    shop.is_called(CallbackKind::Confirmation, None, &confirmation(&made_up)).await;
    shop.settles().await;
    assert_eq!(shop.arrivals().await.len(), 1);
}

#[tokio::test]
async fn a_receipt_that_was_made_up_gives_way_to_the_true_one() {
    let shop = Shop::open().await;
    let payment = shop.buys().await;
    let receipt = shop.world.gateway.pays();
    let prompt = shop.world.gateway.prompt();
    let made_up = "UAF6666666".parse().expect("good");
    let body = prompt_callback(&prompt.checkout, Some(&made_up), PRICE);
    shop.is_called(CallbackKind::Prompt, token(&prompt.token), &body).await;
    shop.settles().await;
    assert_eq!(shop.arrivals().await[0].receipt, Some(made_up));
    // The true copy cannot be verified, and contradicts it; then the gateway's books are read.
    shop.is_told_of_the_copy().await;
    shop.settles().await;
    assert!(shop.trouble(ExceptionKind::AmountDiffers).await.is_some());
    shop.world.gateway.opens_its_books();
    let mut tx = shop.tx().await;
    gateways::note_pull(&mut tx, shop.gateway.id, None, Some(payment.created_at)).await.expect("noted");
    tx.commit().await.expect("committed");
    shop.settles().await;

    let counted: Vec<_> = shop.arrivals().await.into_iter().filter(|one| one.is_verified).collect();
    assert_eq!(counted.len(), 1);
    assert_eq!((counted[0].receipt.as_ref(), counted[0].is_receipt_proven), (Some(&receipt), true));
    shop.is_sold_once(payment.id).await;
}
