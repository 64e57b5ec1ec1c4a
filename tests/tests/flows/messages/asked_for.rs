//! What people ask for themselves: codes that they have lost, and codes that prove that a telephone is theirs.

use actions::messages::lost_codes::{LostCodes, send_lost_code};
use actions::messages::one_time_code::{OneTime, check_one_time_code, one_time_code};
use actions::messages::test_messages::{TestMessagesError, test_messages};
use actions::sales::sell_voucher::sell_new;
use domain::messages::message::MessageState;
use domain::phone::Msisdn;
use domain::sales::plan::{Plan, PlanService, PlanTerms, ValidityAnchor};
use domain::time::Span;
use policy::messages::one_time::{Checked, OF_TENANT_MAX, TO_PHONE_MAX, TRIES_MAX};
use simulators::sms::Mishap;
use tests::world::{Isp, World, hour};

use super::{BUYER, messages, sends, speaks, troubles};
use crate::money::{PHONE, msisdn};

async fn opened() -> World {
    let world = World::open().await.expect("a world");
    speaks(&world, &world.isp, |_| {}).await;
    speaks(&world, &world.other, |new| new.brand = Some("Rift Net".to_owned())).await;
    world
}

async fn plan(world: &World, isp: &Isp, terms: PlanTerms) -> Plan {
    world.sells(isp, terms, "hour", PlanService::Hotspot).await.expect("sold")
}

async fn buys(world: &World, isp: &Isp, plan: &Plan, phone: &str) -> String {
    let (store, zone) = (&world.store, &isp.tenant.zone);
    let sold = sell_new(store, &isp.scope, zone, plan, Some(msisdn(phone)), world.context()).await.expect("sold");
    sold.code.expose().to_owned()
}

async fn loses(world: &World, isp: &Isp, phone: &Msisdn) -> LostCodes {
    send_lost_code(&world.store, &isp.scope, phone, world.context()).await.expect("asked")
}

async fn asks(world: &World, phone: &Msisdn) -> OneTime {
    one_time_code(&world.store, &world.isp.scope, phone, world.context()).await.expect("asked")
}

async fn types(world: &World, isp: &Isp, phone: &Msisdn, code: &str) -> Checked {
    check_one_time_code(&world.store, &isp.scope, phone, code, world.context()).await.expect("checked")
}

/// The digits of the last message to the buyer.
fn last_code(world: &World) -> String {
    let text = world.sms.messages_to(BUYER).pop().expect("a message").text;
    let found = text.split_whitespace().find(|word| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit()));
    found.expect("six digits").to_owned()
}

#[tokio::test]
async fn lost_codes_go_to_the_telephone_that_bought_them_and_only_those_that_are_good() {
    let world = opened().await;
    let hours = plan(&world, &world.isp, PlanTerms { anchor: ValidityAnchor::Purchase, ..hour() }).await;
    let theirs = plan(&world, &world.other, hour()).await;
    let waiting = world.sells(&world.isp, hour(), "later", PlanService::Hotspot).await.expect("sold");
    let over = buys(&world, &world.isp, &hours, PHONE).await;
    world.clock.passes(Span::seconds(3_601));
    let good = buys(&world, &world.isp, &hours, PHONE).await;
    let unused = buys(&world, &world.isp, &waiting, PHONE).await;
    let of_others = buys(&world, &world.isp, &hours, "0733000000").await;
    let elsewhere = buys(&world, &world.other, &theirs, PHONE).await;

    assert_eq!(loses(&world, &world.isp, &msisdn(PHONE)).await, LostCodes::Sent(2));
    sends(&world).await;

    let said = world.sms.messages_to(BUYER);
    assert_eq!(said.len(), 1, "{said:?}");
    let text = &said[0].text;
    assert!(text.starts_with("Savanna Net: your WiFi codes: ") && text.ends_with("Help: 0700111222"), "{text}");
    assert!(
        text.contains(&format!("{good} (hour, until ")) && text.contains(&format!("{unused} (later, not used yet)"))
    );
    for hidden in [&over, &of_others, &elsewhere] {
        assert!(!text.contains(hidden.as_str()), "{text}");
    }
    let kept = messages(&world, &world.isp).await;
    assert!(kept.len() == 1 && !kept[0].shown.contains(&good) && kept[0].shown.contains("****"), "{kept:?}");
    assert_eq!(messages(&world, &world.other).await, []);
}

#[tokio::test]
async fn whoever_has_nothing_is_sent_nothing_and_nobody_is_sent_without_end() {
    let world = opened().await;
    let hours = plan(&world, &world.isp, hour()).await;
    buys(&world, &world.isp, &hours, PHONE).await;
    let stranger = msisdn("0733000000");

    assert_eq!(loses(&world, &world.isp, &stranger).await, LostCodes::Nothing);
    for _ in 0..TO_PHONE_MAX {
        assert_eq!(loses(&world, &world.isp, &msisdn(PHONE)).await, LostCodes::Sent(1));
    }
    world.clock.passes(Span::minutes(10));
    assert_eq!(loses(&world, &world.isp, &msisdn(PHONE)).await, LostCodes::TooOften(Span::minutes(50)));
    // The other ISP counts for itself, and has nothing of that number's.
    assert_eq!(loses(&world, &world.other, &msisdn(PHONE)).await, LostCodes::Nothing);
    world.clock.passes(Span::minutes(50));
    assert_eq!(loses(&world, &world.isp, &msisdn(PHONE)).await, LostCodes::Sent(1));

    sends(&world).await;
    assert_eq!((world.sms.messages_to(BUYER).len(), world.sms.messages().len()), (4, 4));
    speaks(&world, &world.isp, |new| new.is_active = false).await;
    assert_eq!(loses(&world, &world.isp, &msisdn(PHONE)).await, LostCodes::NoMessages);
}

#[tokio::test]
async fn two_who_ask_at_once_are_not_sent_more_than_one_after_the_other() {
    let world = opened().await;
    let hours = plan(&world, &world.isp, hour()).await;
    buys(&world, &world.isp, &hours, PHONE).await;
    let phone = msisdn(PHONE);

    let ask = || loses(&world, &world.isp, &phone);
    let all = tokio::join!(ask(), ask(), ask(), ask(), ask());

    let sent = [all.0, all.1, all.2, all.3, all.4].into_iter().filter(|one| *one == LostCodes::Sent(1)).count();
    assert_eq!(sent, usize::try_from(TO_PHONE_MAX).expect("fits"));
}

#[tokio::test]
async fn a_crowd_of_telephones_cannot_make_an_isp_pay_without_end() {
    let world = opened().await;
    let hours = plan(&world, &world.isp, hour()).await;
    buys(&world, &world.isp, &hours, PHONE).await;
    for number in 0..OF_TENANT_MAX {
        let phone = format!("07{number:08}");
        buys(&world, &world.isp, &hours, &phone).await;
        assert_eq!(asks(&world, &msisdn(&phone)).await, OneTime::Sent);
    }

    assert!(matches!(asks(&world, &msisdn(PHONE)).await, OneTime::TooOften(_)));
    world.clock.passes(Span::minutes(60));
    assert_eq!(asks(&world, &msisdn(PHONE)).await, OneTime::Sent);
}

#[tokio::test]
async fn a_code_proves_a_telephone_once_for_ten_minutes_and_five_tries() {
    let world = opened().await;
    let phone = msisdn(PHONE);
    assert_eq!(types(&world, &world.isp, &phone, "123456").await, Checked::Gone, "there is none");
    assert_eq!(asks(&world, &phone).await, OneTime::Nothing, "nothing was bought");
    let hours = plan(&world, &world.isp, hour()).await;
    buys(&world, &world.isp, &hours, PHONE).await;
    assert_eq!(asks(&world, &phone).await, OneTime::Sent);
    sends(&world).await;
    let first = last_code(&world);
    let wrong = if first == "000000" { "000001" } else { "000000" };

    assert_eq!(types(&world, &world.isp, &phone, wrong).await, Checked::Wrong { left: 4 });
    assert_eq!(types(&world, &world.isp, &msisdn("0733000000"), &first).await, Checked::Gone, "another telephone");
    assert_eq!(types(&world, &world.other, &phone, &first).await, Checked::Gone, "another ISP");
    let spaced = format!(" {} {} ", &first[..3], &first[3..]);
    assert_eq!(types(&world, &world.isp, &phone, &spaced).await, Checked::Right);
    assert_eq!(types(&world, &world.isp, &phone, &first).await, Checked::Gone, "it is good once");

    assert_eq!(asks(&world, &phone).await, OneTime::Sent);
    sends(&world).await;
    let second = last_code(&world);
    for left in (0..TRIES_MAX).rev() {
        assert_eq!(types(&world, &world.isp, &phone, "99").await, Checked::Wrong { left });
    }
    assert_eq!(types(&world, &world.isp, &phone, &second).await, Checked::Gone, "tried too often");

    assert_eq!(asks(&world, &phone).await, OneTime::Sent);
    sends(&world).await;
    let third = last_code(&world);
    world.clock.passes(Span::minutes(10));
    assert_eq!(types(&world, &world.isp, &phone, &third).await, Checked::Gone, "it is over");
    assert!(matches!(asks(&world, &phone).await, OneTime::TooOften(_)));
}

#[tokio::test]
async fn another_code_ends_the_one_before_and_a_late_one_is_not_sent() {
    let world = opened().await;
    let phone = msisdn(PHONE);
    let hours = plan(&world, &world.isp, hour()).await;
    buys(&world, &world.isp, &hours, PHONE).await;
    asks(&world, &phone).await;
    sends(&world).await;
    let first = last_code(&world);
    world.sms.next_goes_wrong(Mishap::Answers { status: 503, body: String::new() });
    // At another moment, so that the newer one is listed first.
    world.clock.passes(Span::seconds(1));
    asks(&world, &phone).await;
    sends(&world).await;
    if types(&world, &world.isp, &phone, &first).await == Checked::Right {
        // One of a million times both are the same.
        return;
    }

    world.clock.passes(Span::minutes(11));
    sends(&world).await;

    assert_eq!(world.sms.messages_to(BUYER).len(), 1);
    assert_eq!(messages(&world, &world.isp).await[0].state, MessageState::Failed);
    assert_eq!(troubles(&world, &world.isp).await, [], "whoever waits asks for another");
    let text = {
        let id = messages(&world, &world.isp).await[0].id;
        let mut tx = world.store.tenant(&world.isp.scope).await.expect("begun");
        store::messages::outbox::text(&mut tx, id).await.expect("read")
    };
    assert!(text.is_none(), "what it said is forgotten");
}

#[tokio::test]
async fn a_test_message_arrives_and_costs_so_much_at_most() {
    let world = opened().await;
    let phone = msisdn(PHONE);
    let test = || test_messages(&world.store, &world.isp.scope, &phone, world.context());
    for _ in 0..TO_PHONE_MAX {
        test().await.expect("asked");
    }
    assert!(matches!(test().await, Err(TestMessagesError::TooOften(60))));
    sends(&world).await;

    let said = world.sms.messages_to(BUYER);
    assert_eq!(said[0].text, "Savanna Net: this is a test, text messages work. Help: 0700111222");
    speaks(&world, &world.isp, |new| new.is_active = false).await;
    assert!(matches!(test().await, Err(TestMessagesError::NoProvider)));
}
