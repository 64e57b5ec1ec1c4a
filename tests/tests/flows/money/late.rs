//! Callbacks come before the answer, twice, at once on two nodes, late, or never.

use domain::money::claim::{CallbackKind, FailureKind};
use domain::money::payment::PaymentState;
use domain::support::exception::ExceptionKind;
use domain::time::Span;
use tests::gateway::{Manner, prompt_callback};

use super::{PRICE, Shop, token};

#[tokio::test]
async fn a_callback_before_the_answer_finds_its_payment() {
    let shop = Shop::open().await;
    shop.world.gateway.answers_next(Manner::AnswerLost);
    let payment = shop.buys().await;
    assert_eq!(shop.state(payment.id).await, PaymentState::Unknown);

    shop.world.gateway.pays();
    shop.is_called_back().await;
    shop.settles().await;

    assert_eq!(shop.state(payment.id).await, PaymentState::Paid);
    shop.is_sold_once(payment.id).await;
    shop.world.queue().step().await.expect("nothing");
    assert_eq!(shop.world.gateway.prompts().len(), 1, "a prompt that may have been sent is not sent again");
}

#[tokio::test]
async fn a_callback_that_comes_twice_counts_once() {
    let shop = Shop::open().await;
    let payment = shop.buys().await;
    shop.world.gateway.pays();
    shop.is_called_back().await;
    shop.is_called_back().await;
    shop.settles().await;
    shop.is_called_back().await;
    shop.settles().await;

    shop.is_sold_once(payment.id).await;
    assert_eq!(shop.arrivals().await.len(), 1);
}

#[tokio::test]
async fn two_nodes_that_read_one_callback_at_once_serve_once() {
    let shop = Shop::open().await;
    let payment = shop.buys().await;
    shop.world.gateway.pays();
    for _ in 0..3 {
        shop.is_called_back().await;
    }
    shop.is_told_of_the_copy().await;
    let nodes = [shop.world.money(), shop.world.money(), shop.world.money()];

    let (one, two, three) = tokio::join!(nodes[0].step(), nodes[1].step(), nodes[2].step());

    // Whoever was in another's way tries again.
    let stood_aside = [one, two, three].into_iter().filter_map(Result::err).all(|why| why.is_unavailable());
    assert!(stood_aside);
    shop.passes(10).await;
    shop.is_sold_once(payment.id).await;
    assert_eq!(shop.state(payment.id).await, PaymentState::Paid);
}

#[tokio::test]
async fn a_callback_that_never_comes_is_not_missed() {
    let shop = Shop::open().await;
    let payment = shop.buys().await;
    shop.world.gateway.pays();

    shop.passes(20).await;

    assert_eq!(shop.state(payment.id).await, PaymentState::PaidUnreceipted);
    shop.is_sold_once(payment.id).await;
    let looks = shop.world.gateway.looks();
    shop.passes(600).await;
    assert_eq!(shop.world.gateway.looks(), looks, "nobody looks for what is known");
    // The receipt comes with the callback, hours later.
    shop.is_called_back().await;
    shop.settles().await;
    assert_eq!(shop.state(payment.id).await, PaymentState::Paid);
    shop.is_sold_once(payment.id).await;
}

#[tokio::test]
async fn money_that_comes_after_the_end_is_honoured() {
    let shop = Shop::open().await;
    let payment = shop.buys().await;
    shop.passes(310).await;
    assert_eq!(shop.state(payment.id).await, PaymentState::Expired);
    assert!(!shop.is_served(payment.id).await);

    shop.world.gateway.pays();
    shop.is_called_back().await;
    shop.settles().await;

    assert_eq!(shop.state(payment.id).await, PaymentState::Paid);
    shop.is_sold_once(payment.id).await;
}

#[tokio::test]
async fn success_after_failure_wins_and_failure_after_success_changes_nothing() {
    let shop = Shop::open().await;
    let payment = shop.buys().await;
    let prompt = shop.world.gateway.prompt();
    let failed = prompt_callback(&prompt.checkout, None, 0);
    shop.is_called(CallbackKind::Prompt, token(&prompt.token), &failed).await;
    shop.settles().await;
    assert_eq!(shop.state(payment.id).await, PaymentState::Failed(FailureKind::Cancelled));

    // The failure was a lie: the gateway tells the truth when it is asked.
    shop.world.gateway.pays();
    shop.passes(20).await;
    assert!(shop.state(payment.id).await.is_paid());
    shop.is_called(CallbackKind::Prompt, token(&prompt.token), &failed).await;
    shop.settles().await;

    assert!(shop.state(payment.id).await.is_paid());
    shop.is_sold_once(payment.id).await;
}

#[tokio::test]
async fn a_refusal_is_told_and_asked_about_once_more() {
    let shop = Shop::open().await;
    let payment = shop.buys().await;
    shop.world.gateway.refuses();
    let prompt = shop.world.gateway.prompt();
    shop.is_called(CallbackKind::Prompt, token(&prompt.token), &prompt_callback(&prompt.checkout, None, 0)).await;
    shop.settles().await;
    shop.passes(60).await;

    assert_eq!(shop.state(payment.id).await, PaymentState::Failed(FailureKind::Cancelled));
    assert_eq!(shop.world.gateway.looks(), 1);
    assert_eq!((shop.in_gateway().await, shop.troubles().await.len()), (0, 0));
    // And then they try again, at once.
    let again = shop.taps().await.expect("started");
    assert!(!again.was_there && again.payment.id != payment.id);
}

#[tokio::test]
async fn a_gateway_that_is_away_is_asked_again_and_staff_hears_of_what_is_said_to_be_paid() {
    let shop = Shop::open().await;
    let payment = shop.buys().await;
    shop.world.gateway.pays();
    shop.world.gateway.is_silent(6);
    shop.is_called_back().await;
    shop.settles().await;
    assert!(!shop.is_served(payment.id).await);
    assert_eq!(shop.troubles().await, []);

    shop.world.clock.passes(Span::seconds(61));
    shop.world.gateway.is_silent(2);
    shop.settles().await;
    let told = shop.trouble(ExceptionKind::PaidNotServed).await.expect("staff sees it");
    assert!(told.what.contains("has not confirmed it"), "{}", told.what);

    shop.world.gateway.is_silent(0);
    shop.passes(120).await;
    shop.is_sold_once(payment.id).await;
    assert_eq!(shop.troubles().await, []);
}

#[tokio::test]
async fn what_nobody_ever_says_anything_of_is_unresolved_after_two_days() {
    let shop = Shop::open().await;
    let payment = shop.buys().await;
    for _ in 0..60 {
        shop.world.clock.passes(Span::minutes(60));
        shop.world.money().step().await.expect("done");
    }

    assert_eq!(shop.state(payment.id).await, PaymentState::Unresolved);
    let looks = shop.world.gateway.looks();
    assert!((40..=60).contains(&looks), "{looks}");
    assert_eq!(shop.payment(payment.id).await.next_look_at, None);
    // And even then money is money.
    shop.world.gateway.pays();
    shop.is_called_back().await;
    shop.settles().await;
    shop.is_sold_once(payment.id).await;
}

#[tokio::test]
async fn a_prompt_that_cannot_be_sent_is_tried_again_and_given_up_when_nobody_waits_any_more() {
    let shop = Shop::open().await;
    shop.world.gateway.answers_next(Manner::Away);
    let payment = shop.buys().await;
    assert_eq!(shop.state(payment.id).await, PaymentState::Created);
    shop.world.clock.passes(Span::seconds(5));
    shop.world.queue().step().await.expect("sent");
    assert_eq!(shop.state(payment.id).await, PaymentState::Awaiting);

    shop.world.clock.passes(Span::seconds(100));
    for _ in 0..9 {
        shop.world.gateway.answers_next(Manner::Away);
    }
    let payment = shop.buys().await;
    for _ in 0..9 {
        shop.world.clock.passes(Span::seconds(50));
        shop.world.queue().step().await.expect("tried");
    }
    assert_eq!(shop.state(payment.id).await, PaymentState::Failed(FailureKind::GatewayBusy));
    assert_eq!((shop.world.gateway.prompts().len(), shop.troubles().await.len()), (1, 0));

    let refused = Shop::open().await;
    refused.world.gateway.answers_next(Manner::Refuses(FailureKind::Misconfigured));
    let payment = refused.buys().await;
    assert_eq!(refused.state(payment.id).await, PaymentState::Failed(FailureKind::Misconfigured));
    assert_eq!(refused.in_gateway().await, 0);
    assert_eq!(PRICE, payment.price.minor());
}
