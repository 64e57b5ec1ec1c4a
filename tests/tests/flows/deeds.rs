//! Staff changes what people have bought: the next login has it, and the audit tells who did it.

use actions::context::Context;
use actions::people::{move_to_plan, renew_subscriber, suspend};
use actions::sales::change_plan::{ChangeError, change_plan};
use actions::sales::extend_voucher::{ExtendError, extend_voucher};
use actions::sales::revoke_voucher::revoke_voucher;
use boot::random::OsRandom;
use dictionaries::mikrotik;
use dictionaries::rfc2866::acct_status_type::START;
use domain::people::subscriber::Username;
use domain::platform::audit::{Actor, Entry, Verb};
use domain::sales::extension::Extension;
use domain::sales::plan::{DeviceCap, PlanService, PlanTerms};
use domain::sales::voucher::{VoucherCode, VoucherState};
use domain::time::{Duration, Span};
use ports::Clock as _;
use store::page::Page;
use store::platform::audit::{self, Search};
use store::sales::vouchers::{self, NewVouchers};
use tests::client::{Reply, Report};
use tests::world::{Isp, World, hour, month};

const PHONE: &str = "02:00:00:00:00:0A";
const HOUSE: &str = "02:00:00:00:00:0B";
const HOUR: Duration = Duration::Minutes(60);

/// Who changes things, a second after the last time.
fn anna(world: &World) -> Context<'_> {
    world.clock.passes(Span::seconds(1));
    static ANNA: Actor = Actor::named("anna");
    world.context().by(&ANNA)
}

async fn audit_of(world: &World, isp: &Isp) -> Vec<Entry> {
    let mut tx = world.store.tenant(&isp.scope).await.expect("begun");
    let entries = audit::search(&mut tx, &Search::default(), Page::first(100)).await.expect("listed").rows;
    // The World has registered its routers before the story begins.
    entries.into_iter().filter(|entry| entry.verb != Verb::AddRouter).collect()
}

/// What the audit says was done, newest first, without the plans and houses of the story.
async fn deeds(world: &World, isp: &Isp) -> Vec<(Verb, String, Vec<String>)> {
    let entries = audit_of(world, isp).await;
    let others = entries.into_iter().filter(|entry| ![Verb::PublishPlan, Verb::AddSubscriber].contains(&entry.verb));
    others
        .map(|entry| {
            (entry.verb, entry.actor.name.into_owned(), entry.changes.iter().map(ToString::to_string).collect())
        })
        .collect()
}

async fn asks(world: &World, user: &str, password: &str, mac: &str) -> Reply {
    world.isp.router.asks(user, password, mac).await.expect("sent").expect("an answer")
}

fn rate(reply: &Reply) -> String {
    let text = reply.packet().get(mikrotik::RATE_LIMIT).and_then(|text| text.as_str().map(ToOwned::to_owned));
    text.unwrap_or_default()
}

/// Waits until the first use of a card is in the database.
async fn its_use_is_noted(world: &World, code: &VoucherCode) {
    for waits in 0.. {
        assert!(waits < 250, "the first use is not noted");
        let mut tx = world.store.tenant(&world.isp.scope).await.expect("begun");
        let voucher = vouchers::find_by_code(&mut tx, code).await.expect("looked up").expect("there");
        if matches!(voucher.state, VoucherState::Active { .. }) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_plan_that_is_changed_has_its_new_terms_at_the_next_login_and_another_isps_stays_as_it_is() {
    let world = World::open().await.expect("a world");
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    let theirs = world.sells(&world.other, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, &["Sunrise77"]).await.expect("printed");
    world.prints(&world.other, &theirs, &["Sunset88"]).await.expect("printed");
    let before = asks(&world, "Sunrise77", "", PHONE).await;
    let faster = |terms: &mut PlanTerms| terms.rate = Some("3M/8M".parse().expect("good"));

    let name = plan.name.clone();
    let changed = change_plan(&world.store, &world.isp.scope, &name, &faster, anna(&world)).await.expect("changed");
    let again = change_plan(&world.store, &world.isp.scope, &name, &faster, anna(&world)).await;
    world.knows_what_changed().await;
    let after = asks(&world, "Sunrise77", "", PHONE).await;
    let other = world.other.router.asks("Sunset88", "", PHONE).await.expect("sent").expect("an answer");

    assert_eq!(changed.plan.revision, 2);
    assert!(matches!(again, Err(ChangeError::Same(_))), "{again:?}");
    assert_eq!((rate(&before).as_str(), rate(&after).as_str(), rate(&other).as_str()), ("2M/5M", "3M/8M", "2M/5M"));
    let told = vec!["rate: 2M/5M → 3M/8M".to_owned()];
    assert_eq!(deeds(&world, &world.isp).await, [(Verb::ChangePlan, "anna".to_owned(), told)]);
    assert_eq!(deeds(&world, &world.other).await, []);
}

#[tokio::test]
async fn a_change_says_how_many_live_sessions_follow() {
    let world = World::open().await.expect("a world");
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    let other = world.sells(&world.isp, hour(), "other", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, &["Sunrise77", "Sunrise78", "Sunrise79"]).await.expect("printed");
    world.prints(&world.isp, &other, &["Sunset88"]).await.expect("printed");
    for (number, code) in ["Sunrise77", "Sunrise78", "Sunset88"].into_iter().enumerate() {
        let mac = format!("02:00:00:00:00:0{number}");
        let reply = asks(&world, code, "", &mac).await;
        let (session, class) = (format!("8010000{number}"), reply.class());
        let begun = Report {
            status: START,
            session: &session,
            user: code,
            mac: &mac,
            class: &class,
            in_octets: 0,
            out_octets: 0,
            seconds: 0,
        };
        world.isp.router.reports(&begun).await.expect("sent").expect("an answer");
    }
    world.drained().await;

    let more = |terms: &mut PlanTerms| terms.device_cap = DeviceCap::new(2).expect("good");
    let changed = change_plan(&world.store, &world.isp.scope, &plan.name, &more, anna(&world)).await.expect("changed");

    assert_eq!(changed.live, 2);
}

#[tokio::test]
async fn of_two_changes_of_a_plan_at_once_neither_is_lost() {
    let world = World::open().await.expect("a world");
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    let faster = |terms: &mut PlanTerms| terms.rate = Some("3M/8M".parse().expect("good"));
    let more = |terms: &mut PlanTerms| terms.device_cap = DeviceCap::new(2).expect("good");
    let (store, scope) = (&world.store, &world.isp.scope);

    let (one, two) = tokio::join!(
        change_plan(store, scope, &plan.name, &faster, anna(&world)),
        change_plan(store, scope, &plan.name, &more, anna(&world)),
    );

    let (one, two) = (one.expect("changed").plan, two.expect("changed").plan);
    let last = if one.revision > two.revision { one } else { two };
    assert_eq!(last.revision, 3);
    assert_eq!((last.terms.rate.map(|rate| rate.to_string()), last.terms.device_cap.get()), (Some("3M/8M".into()), 2));
}

#[tokio::test]
async fn terms_that_cannot_be_sold_change_nothing_and_leave_no_trace() {
    let world = World::open().await.expect("a world");
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    let bad = |terms: &mut PlanTerms| terms.rate = Some("0/8M".parse().expect("reads"));

    let refused = change_plan(&world.store, &world.isp.scope, &plan.name, &bad, anna(&world)).await;
    let nobody = change_plan(&world.store, &world.other.scope, &plan.name, &bad, anna(&world)).await;

    assert!(matches!(refused, Err(ChangeError::Faults(_))), "{refused:?}");
    assert!(matches!(nobody, Err(ChangeError::Unknown(_))), "{nobody:?}");
    assert_eq!(deeds(&world, &world.isp).await, []);
}

#[tokio::test]
async fn a_voucher_that_is_extended_lasts_longer_and_one_that_has_ended_opens_again() {
    let world = World::open().await.expect("a world");
    let isp = &world.isp;
    let plan = world.sells(isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    world.prints(isp, &plan, &["Sunrise77"]).await.expect("printed");
    let code = "Sunrise77".parse().expect("good");
    let extend = async |by| {
        let moved = extend_voucher(&world.store, &isp.scope, &isp.tenant.zone, &code, by, anna(&world)).await;
        world.knows_what_changed().await;
        moved
    };

    let waiting = extend(Extension::By(HOUR)).await;
    let first = asks(&world, "Sunrise77", "", PHONE).await;
    its_use_is_noted(&world, &code).await;
    extend(Extension::By(HOUR)).await.expect("extended");
    let longer = asks(&world, "Sunrise77", "", PHONE).await;
    world.clock.passes(Span::minutes(180));
    let over = asks(&world, "Sunrise77", "", PHONE).await;
    extend(Extension::By(HOUR)).await.expect("extended");
    let again = asks(&world, "Sunrise77", "", PHONE).await;
    let past = extend(Extension::To(world.clock.now())).await;

    assert!(matches!(waiting, Err(ExtendError::NotBegun(_))), "{waiting:?}");
    assert_eq!((first.session_timeout(), longer.session_timeout()), (Some(3_600), Some(7_199)));
    assert!(over.sentence().starts_with("expired"), "{}", over.sentence());
    assert_eq!(again.session_timeout(), Some(3_600), "counted from now, for the end had passed");
    assert!(matches!(past, Err(ExtendError::Past(_))), "{past:?}");
    let deeds = deeds(&world, isp).await;
    assert!(deeds.iter().all(|(verb, ..)| *verb == Verb::ExtendVoucher) && deeds.len() == 2, "{deeds:?}");
}

#[tokio::test]
async fn a_voucher_that_was_taken_back_or_is_another_isps_is_not_extended() {
    let world = World::open().await.expect("a world");
    let isp = &world.isp;
    let plan = world.sells(isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    let now = world.clock.now();
    let sold = |made: &mut NewVouchers| {
        made.sold_at = Some(now);
        made.expires_at = Some(now.plus(Span::minutes(60)));
    };
    world.prints_as(isp, &plan, &["Sunrise77"], sold).await.expect("sold");
    let code = "Sunrise77".parse().expect("good");
    let zone = &isp.tenant.zone;

    let stolen = extend_voucher(&world.store, &world.other.scope, zone, &code, Extension::By(HOUR), anna(&world)).await;
    assert!(revoke_voucher(&world.store, &isp.scope, &code, anna(&world)).await.expect("revoked"));
    let revoked = extend_voucher(&world.store, &isp.scope, zone, &code, Extension::By(HOUR), anna(&world)).await;

    assert!(matches!(stolen, Err(ExtendError::Unknown)), "{stolen:?}");
    assert!(revoked.as_ref().is_err_and(|why| why.to_string().contains("taken back")), "{revoked:?}");
    assert_eq!(deeds(&world, isp).await, [(Verb::RevokeVoucher, "anna".to_owned(), Vec::new())]);
    assert_eq!(deeds(&world, &world.other).await, []);
}

#[tokio::test]
async fn a_house_that_is_renewed_moved_suspended_and_resumed_leaves_the_trace_of_each() {
    let world = World::open().await.expect("a world");
    let isp = &world.isp;
    let slow = world.sells(isp, month(), "home-10", PlanService::Pppoe).await.expect("sold");
    let terms = PlanTerms { rate: Some("30M/40M".parse().expect("good")), ..month() };
    let fast = world.sells(isp, terms, "home-40", PlanService::Pppoe).await.expect("sold");
    let hotspot = world.sells(isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    world.connects(isp, &slow, "house-12", "karibu").await.expect("connected");
    let name = Username::parse(b"house-12").expect("good");
    let (store, scope, zone) = (&world.store, &isp.scope, &isp.tenant.zone);
    let end = world.clock.now().plus(Span::minutes(90 * 24 * 60));

    let to = Some(Extension::To(end));
    let renewed = renew_subscriber::renew_subscriber(store, scope, zone, &name, to, anna(&world)).await;
    let later = renew_subscriber::renew_subscriber(store, scope, zone, &name, None, anna(&world)).await;
    let moved = move_to_plan::move_to_plan(store, scope, &name, &fast, anna(&world)).await;
    let same = move_to_plan::move_to_plan(store, scope, &name, &fast, anna(&world)).await;
    let strange = move_to_plan::move_to_plan(store, scope, &name, &hotspot, anna(&world)).await;
    let theirs = move_to_plan::move_to_plan(store, &world.other.scope, &name, &fast, anna(&world)).await;
    world.knows_what_changed().await;
    let reply = asks(&world, "house-12", "karibu", HOUSE).await;
    for _twice in 0..2 {
        assert!(suspend::suspend(store, scope, &name, anna(&world)).await.expect("suspended"));
    }
    assert!(suspend::resume(store, scope, &name, anna(&world)).await.expect("resumed"));

    assert_eq!(renewed.expect("renewed").until, end);
    assert_eq!(later.expect("renewed").until, Duration::Months(1).end_from(end, zone), "by the plan's duration");
    assert_eq!(moved.expect("moved").from, "home-10");
    assert!(same.is_err() && strange.is_err() && theirs.is_err());
    assert_eq!(rate(&reply), "30M/40M");
    let verbs: Vec<Verb> = deeds(&world, isp).await.into_iter().map(|(verb, ..)| verb).collect();
    let renewals = [Verb::RenewSubscriber, Verb::RenewSubscriber];
    let later = [Verb::ResumeSubscriber, Verb::SuspendSubscriber, Verb::MoveSubscriber];
    assert_eq!(verbs, [&later[..], &renewals[..]].concat());
    assert_eq!(deeds(&world, &world.other).await, []);
}

#[tokio::test]
async fn the_audit_cannot_be_changed_even_by_the_owner_of_the_database() {
    let world = World::open().await.expect("a world");
    world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    let mut admin = world.database.admin().await;

    for deed in ["update audit set actor = 'nobody'", "delete from audit", "truncate audit"] {
        let refused = sqlx::raw_sql(deed).execute(&mut admin).await.expect_err("refused");
        let code = refused.as_database_error().and_then(|error| error.code().map(std::borrow::Cow::into_owned));
        assert_eq!(code.as_deref(), Some("23001"), "{deed}");
    }
    let by = Context::new(&*world.clock, &OsRandom);
    assert!(format!("{by:?}").contains("mnetifi"));
    assert_eq!(audit_of(&world, &world.isp).await.len(), 1);
}
