//! Look-ups of prompts: what is open is open, whatever M-Pesa calls it.

use ports::Gateway as _;
use ports::gateway::Answer;
use simulators::mpesa::{Business, Rules};

use crate::stage::{Stage, account_of, is_open, is_paid};

#[tokio::test]
async fn an_open_prompt_is_open_by_error_and_by_result() {
    let stage = Stage::open().await;
    let checkout = stage.sent("254712345620", "OPENOPEN").await;

    let by_error = stage.look_up(&checkout).await;
    stage.twin.rules(Rules { open_by_result: true, ..Rules::default() });
    let by_result = stage.look_up(&checkout).await;

    assert!(is_open(&by_error) && is_open(&by_result), "{by_error:?} {by_result:?}");
}

#[tokio::test]
async fn a_prompt_that_nobody_knows_is_open_and_so_is_another_isps() {
    let stage = Stage::open().await;
    let business = Business::paybill("Other Net", "600500");
    stage.twin.opens(business.clone());
    let other = account_of(&business, &stage.ear.base);
    let checkout = stage.sent("254712345600", "THEIRS").await;
    stage.passes(10).await;

    let unknown = stage.look_up("ws_CO_15012026093001123708374149").await;
    let foreign = stage.adapter.look_up_prompt(&other, &checkout, stage.now()).await;

    assert!(is_open(&unknown), "{unknown:?}");
    assert!(is_open(&foreign), "another ISP's money is no proof: {foreign:?}");
    assert!(is_paid(&stage.look_up(&checkout).await));
}

#[tokio::test]
async fn who_looks_up_too_often_waits() {
    let stage = Stage::open().await;
    stage.twin.rules(Rules { looks_per_minute: Some(5), ..Rules::default() });
    let checkout = stage.sent("254712345620", "IMPATIENT").await;

    for _ in 0..5 {
        assert!(is_open(&stage.look_up(&checkout).await));
    }
    let sixth = stage.look_up(&checkout).await;
    stage.clock.passes(domain::time::Span::seconds(61));

    assert!(matches!(sixth, Answer::NotNow { .. }), "{sixth:?}");
    assert!(is_open(&stage.look_up(&checkout).await));
}

#[tokio::test]
async fn a_forged_callback_says_paid_and_the_look_up_says_the_truth() {
    let stage = Stage::open().await;
    let checkout = stage.sent("254712345620", "FORGED").await;

    let status = stage.twin.forges_callback(&checkout).await;

    assert_eq!(status, Some(200), "whoever knows the address is heard");
    let endings = stage.endings();
    assert!(matches!(endings.as_slice(), [domain::money::claim::Ended::Paid { .. }]), "{endings:?}");
    assert!(is_open(&stage.look_up(&checkout).await));
    stage.twin.refuse("254712345620").expect("open");
    assert!(!is_paid(&stage.look_up(&checkout).await));
    assert!(stage.twin.books().taken.is_empty());
}
