//! An ISP's life with the platform: it signs up, confirms its address, tries, is locked, pays, and changes its tier. Its
//! customers never notice. Two ISPs always.

use actions::platform::account::AccountError;
use actions::platform::account::change_tier::{Changed, From, Wish, change_tier};
use actions::platform::account::lock_tenant::lock_tenant;
use actions::platform::account::pay_until::pay_until;
use actions::platform::account::set_grace::set_grace;
use actions::platform::account::set_trial::set_trial;
use actions::platform::entitle::{self, Unentitled};
use actions::platform::resend_confirmation::resend_confirmation;
use actions::platform::sign_up::{NewSignUp, SignUpError, sign_up};
use actions::platform::told::Side;
use actions::platform::verify_email::{Verified, VerifyError, verify_email};
use actions::sales::sell_voucher::sell_printed;
use domain::email::Email;
use domain::money::Currency;
use domain::people::staff::StaffState;
use domain::phone::CallingCode;
use domain::platform::life::{LockedWhy, TenantState};
use domain::platform::tier::{Feature, Limit};
use domain::sales::plan::PlanService;
use domain::time::{Span, Zone};
use policy::platform::lifecycle;
use policy::platform::tiers::OverLimit;
use ports::Clock as _;
use store::TenantScope;
use store::people::staff;
use store::platform::{accounts, audit, tenants};
use tests::world::{Isp, World, hour};

const BASE: &str = "https://isp.example";
const ANNA: &str = "anna@kitale.example";
const DAY: Span = Span::seconds(24 * 3_600);
/// As argon2 writes one; nobody signs in with it here.
const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$aGFzaGhhc2hoYXNoaGFzaA";

fn new(slug: &str, email: &str) -> NewSignUp {
    NewSignUp {
        business: "Kitale Net".parse().expect("good"),
        slug: slug.parse().expect("good"),
        user_name: "anna".parse().expect("good"),
        email: email.parse().expect("good"),
        password_hash: HASH.to_owned(),
        zone: Zone::named("Africa/Nairobi").expect("known"),
        currency: Currency::KES,
        calling_code: CallingCode::kenya(),
    }
}

/// The code of the last letter to an address.
async fn code_to(world: &World, address: &str) -> String {
    world.queue().step().await.expect("sent");
    let letters = world.mail.letters();
    let letter = letters.iter().rev().find(|letter| letter.to == address).expect("a letter");
    let link = letter.word("https://isp.example/verify-email#").expect("a link");
    link.split('#').nth(1).expect("a code").to_owned()
}

async fn state(world: &World, isp: &Isp) -> TenantState {
    let mut tx = world.store.tenant(&isp.scope).await.expect("begun");
    let account = accounts::find(&mut tx).await.expect("found");
    lifecycle::state(&account.life, world.clock.now())
}

fn at_once(preview: bool) -> Wish {
    Wish { from: From::Now, preview, side: Side::Isp }
}

fn at_end(preview: bool) -> Wish {
    Wish { from: From::PeriodEnd, ..at_once(preview) }
}

#[tokio::test]
async fn whoever_signs_up_confirms_the_address_and_then_has_an_isp_on_trial() {
    let world = World::open().await.expect("a world");
    let before = world.clock.now();

    sign_up(&world.store, new("kitale", ANNA), BASE, world.context()).await.expect("signed up");
    let mut tx = world.store.system().await.expect("begun");
    assert_eq!(tenants::find(&mut tx, "kitale").await.expect("looked"), None, "nothing is opened yet");
    let code = code_to(&world, ANNA).await;
    let Verified { tenant, slug, trial_until } =
        verify_email(&world.store, &format!(" {} ", code.to_uppercase()), world.context()).await.expect("confirmed");

    assert_eq!((slug.as_str(), trial_until), ("kitale", before.plus(DAY)));
    let mut tx = world.store.system().await.expect("begun");
    let (of, owner) = staff::by_email(&mut tx, &ANNA.parse().expect("good")).await.expect("looked").expect("there");
    assert_eq!(of, tenant);
    let mut tx = world.store.tenant(&TenantScope::of_operator(tenant)).await.expect("begun");
    let owner = staff::find(&mut tx, owner).await.expect("looked").expect("there");
    assert_eq!((owner.user_name.as_str(), owner.state), ("anna", StaffState::Active));
    let proofs = staff::proofs(&mut tx, owner.id).await.expect("looked").expect("there");
    assert_eq!(proofs.password_hash.as_deref(), Some(HASH));
    assert_eq!(audit::verify(&mut tx).await.expect("walked").entries, 1);
    drop(tx);
    // The code works once.
    let again = verify_email(&world.store, &code, world.context()).await;
    assert!(matches!(again, Err(VerifyError::BadCode)), "{again:?}");
}

#[tokio::test]
async fn a_subdomain_is_nobodys_twice_and_some_are_nobodys() {
    let world = World::open().await.expect("a world");
    let taken = world.isp.tenant.slug.to_string();

    for (slug, email) in [("www", ANNA), ("platform", ANNA), ("ab", ANNA), (taken.as_str(), ANNA)] {
        let refused = sign_up(&world.store, new(slug, email), BASE, world.context()).await;
        assert!(matches!(&refused, Err(SignUpError::Taken(_))), "{slug}: {refused:?}");
    }
    sign_up(&world.store, new("kitale", ANNA), BASE, world.context()).await.expect("signed up");
    let refused = sign_up(&world.store, new("kitale", "ben@kitale.example"), BASE, world.context()).await;
    assert!(matches!(&refused, Err(SignUpError::Taken(_))), "{refused:?}");

    // Who never confirms keeps it for a day, and no longer.
    world.clock.passes(DAY);
    sign_up(&world.store, new("kitale", "ben@kitale.example"), BASE, world.context()).await.expect("free again");
    let code = code_to(&world, "ben@kitale.example").await;
    verify_email(&world.store, &code, world.context()).await.expect("confirmed");
}

#[tokio::test]
async fn an_address_with_an_account_is_told_so_by_letter_alone() {
    let world = World::open().await.expect("a world");
    sign_up(&world.store, new("kitale", ANNA), BASE, world.context()).await.expect("signed up");
    let code = code_to(&world, ANNA).await;
    verify_email(&world.store, &code, world.context()).await.expect("confirmed");

    sign_up(&world.store, new("eldoret", ANNA), BASE, world.context()).await.expect("looks the same");

    world.queue().step().await.expect("sent");
    let letters = world.mail.letters();
    assert_eq!(letters.len(), 2);
    assert!(letters[1].text().contains("has an account already") && !letters[1].text().contains('#'), "{letters:?}");
}

#[tokio::test]
async fn a_code_ends_after_a_day_and_another_letter_makes_the_first_one_useless() {
    let world = World::open().await.expect("a world");
    let anna: Email = ANNA.parse().expect("good");
    sign_up(&world.store, new("kitale", ANNA), BASE, world.context()).await.expect("signed up");
    let first = code_to(&world, ANNA).await;

    resend_confirmation(&world.store, &anna, BASE, world.context()).await.expect("too early");
    assert_eq!(world.queue().step().await.expect("nothing"), 0);
    world.clock.passes(Span::seconds(61));
    resend_confirmation(&world.store, &anna, BASE, world.context()).await.expect("sent");
    let second = code_to(&world, ANNA).await;

    assert_ne!(first, second);
    let refused = verify_email(&world.store, &first, world.context()).await;
    assert!(matches!(refused, Err(VerifyError::BadCode)), "{refused:?}");
    world.clock.passes(DAY);
    let late = verify_email(&world.store, &second, world.context()).await;
    assert!(matches!(late, Err(VerifyError::BadCode)), "{late:?}");
    for _ in 0..20 {
        resend_confirmation(&world.store, &anna, BASE, world.context()).await.expect("nobody waits");
        resend_confirmation(&world.store, &"x@y.example".parse().expect("good"), BASE, world.context())
            .await
            .expect("nobody waits");
    }
    assert_eq!(world.queue().step().await.expect("nothing"), 0);
}

#[tokio::test]
async fn a_locked_isps_vouchers_still_log_in_and_sell() {
    let world = World::open().await.expect("a world");
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, &["Locked7Card"]).await.expect("printed");
    set_trial(&world.store, &world.isp.scope, &|_| true, Some(world.clock.now().plus(DAY)), world.context())
        .await
        .expect("set");
    assert!(matches!(state(&world, &world.isp).await, TenantState::Trial { .. }));
    world.clock.passes(DAY);
    let TenantState::Locked { why: LockedWhy::TrialOver, .. } = state(&world, &world.isp).await else {
        panic!("locked")
    };
    assert_eq!(state(&world, &world.other).await, TenantState::Active { paid_until: None });

    let code = "Locked7Card".parse().expect("good");
    let zone = &world.isp.tenant.zone;
    let sold = sell_printed(&world.store, &world.isp.scope, zone, &code, world.context()).await;
    let reply = world.isp.router.asks_at_hotspot("Locked7Card", "Locked7Card", "02:00:00:00:00:0A").await;

    assert!(sold.is_ok(), "{sold:?}");
    assert!(reply.expect("asked").is_some_and(|reply| reply.is_accept()));
}

#[tokio::test]
async fn paid_time_begins_a_tier_and_a_lock_by_the_platform_says_why() {
    let world = World::open().await.expect("a world");
    let (store, scope) = (&world.store, &world.isp.scope);
    let until = world.clock.now().plus(Span::seconds(30 * 24 * 3_600));

    let without = pay_until(store, scope, &|_| true, until, None, world.context()).await;
    assert!(matches!(without, Err(AccountError::NoTier)), "{without:?}");
    let premium = "premium".parse().expect("good");
    pay_until(store, scope, &|_| true, until, Some(&premium), world.context()).await.expect("noted");
    assert_eq!(state(&world, &world.isp).await, TenantState::Active { paid_until: Some(until) });
    lock_tenant(store, scope, &|_| true, Some("the papers are missing".to_owned()), world.context())
        .await
        .expect("locked");
    let TenantState::Locked { why: LockedWhy::ByPlatform(why), .. } = state(&world, &world.isp).await else {
        panic!("locked")
    };
    assert_eq!(why, "the papers are missing");
    lock_tenant(store, scope, &|_| true, None, world.context()).await.expect("unlocked");
    world.clock.passes(Span::seconds(30 * 24 * 3_600));
    assert!(matches!(state(&world, &world.isp).await, TenantState::Grace { .. }));
    world.clock.passes(Span::seconds(3 * 24 * 3_600));
    assert!(matches!(state(&world, &world.isp).await, TenantState::Locked { why: LockedWhy::Unpaid, .. }));
    assert_eq!(state(&world, &world.other).await, TenantState::Active { paid_until: None });
}

#[tokio::test]
async fn an_upgrade_turns_time_at_once_and_a_downgrade_waits_for_its_end() {
    let world = World::open().await.expect("a world");
    let (store, scope) = (&world.store, &world.isp.scope);
    let (basic, premium) = ("basic-hotspot".parse().expect("good"), "premium".parse().expect("good"));
    let until = world.clock.now().plus(Span::seconds(15 * 24 * 3_600));
    pay_until(store, scope, &|_| true, until, Some(&basic), world.context()).await.expect("noted");

    let preview = change_tier(store, scope, &|_| true, &premium, at_once(true), world.context()).await.expect("told");
    let Changed { account, turned } =
        change_tier(store, scope, &|_| true, &premium, at_once(false), world.context()).await.expect("changed");

    assert_eq!(preview, Changed { account: account.clone(), turned });
    let turned = turned.expect("time was left");
    assert_eq!((turned.credit.minor(), turned.to_keep_end.minor()), (25_000, 50_000));
    assert_eq!(account.life.paid_until, Some(world.clock.now().plus(Span::seconds(5 * 24 * 3_600))));

    change_tier(store, scope, &|_| true, &basic, at_end(false), world.context()).await.expect("noted");
    let same = change_tier(store, scope, &|_| true, &basic, at_end(false), world.context()).await;
    assert!(matches!(same, Err(AccountError::SameTier(_))), "{same:?}");
    let mut tx = store.tenant(scope).await.expect("begun");
    assert!(entitle::may_use(&mut tx, Feature::WhiteLabel, world.context()).await.is_ok());
    drop(tx);
    world.clock.passes(Span::seconds(6 * 24 * 3_600));
    let mut tx = store.tenant(scope).await.expect("begun");
    let refused = entitle::may_use(&mut tx, Feature::WhiteLabel, world.context()).await;
    assert!(
        matches!(refused, Err(Unentitled::Over { why: OverLimit::NotIncluded(Feature::WhiteLabel), .. })),
        "{refused:?}"
    );
    drop(tx);
    let unknown =
        change_tier(store, scope, &|_| true, &"gold".parse().expect("good"), at_once(false), world.context()).await;
    assert!(matches!(unknown, Err(AccountError::UnknownTier(_))), "{unknown:?}");
}

#[tokio::test]
async fn what_a_smaller_tier_has_no_room_for_stays_and_is_not_changed() {
    let world = World::open().await.expect("a world");
    let (store, scope) = (&world.store, &world.isp.scope);
    let mut admin = world.database.admin().await;
    sqlx::query("update tiers set routers_max = 1 where code = 'basic-hotspot'")
        .execute(&mut admin)
        .await
        .expect("set");
    world.registers(&world.isp, "second", "10.77.0.2", "testing456", |_| {}).await.expect("registered");
    let until = world.clock.now().plus(DAY);
    pay_until(store, scope, &|_| true, until, Some(&"basic-hotspot".parse().expect("good")), world.context())
        .await
        .expect("noted");

    let mut tx = store.tenant(scope).await.expect("begun");
    let listed = store::network::nas::list(&mut tx, store::Page::first(10)).await.expect("listed").rows;
    let mut ids: Vec<_> = listed.iter().map(|nas| nas.id.uuid()).collect();
    ids.sort_unstable();
    let full = entitle::may_add(&mut tx, Limit::Routers, world.context()).await;
    let first = entitle::may_change(&mut tx, Limit::Routers, ids[0], world.context()).await;
    let second = entitle::may_change(&mut tx, Limit::Routers, ids[1], world.context()).await;

    assert_eq!(ids.len(), 2, "nothing was taken away");
    assert!(matches!(full, Err(Unentitled::Over { why: OverLimit::Full { most: 1, count: 2, .. }, .. })), "{full:?}");
    assert!(first.is_ok(), "{first:?}");
    assert!(matches!(second, Err(Unentitled::Over { why: OverLimit::Excess { most: 1, .. }, .. })), "{second:?}");
    drop(tx);
    let mut tx = store.tenant(&world.other.scope).await.expect("begun");
    assert!(entitle::may_add(&mut tx, Limit::Routers, world.context()).await.is_ok(), "the other ISP is nobody's");
}

#[tokio::test]
async fn a_deed_that_two_tenants_are_told_of_needs_one_connection_alone() {
    let world = World::open().await.expect("a world");
    let narrow = world.store.apart(1);
    let until = world.clock.now().plus(DAY).plus(DAY);

    sign_up(&narrow, new("kitale", ANNA), BASE, world.context()).await.expect("signed up");
    let code = code_to(&world, ANNA).await;
    let verified = verify_email(&narrow, &code, world.context()).await.expect("confirmed");
    let scope = TenantScope::of_platform(verified.tenant);
    set_trial(&narrow, &scope, &|_| true, Some(until), world.context()).await.expect("set");
    set_grace(&narrow, &scope, &|_| true, Some(9), world.context()).await.expect("set");

    let mut tx = world.store.tenant(&scope).await.expect("begun");
    assert_eq!(audit::verify(&mut tx).await.expect("walked").entries, 3, "opened, and two deeds");
}
