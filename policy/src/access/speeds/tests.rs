use domain::money::{Currency, Money};
use domain::sales::plan::{DeviceCap, ValidityAnchor, WhenFull};
use domain::time::{Duration, Span};
use proptest::prelude::*;

use super::*;

fn terms(windows: &[&str], steps: &[&str]) -> PlanTerms {
    let terms = PlanTerms {
        rate: Some("10M/20M".parse().expect("good")),
        speed_windows: windows.iter().map(|text| text.parse().expect("good")).collect(),
        fair_use: steps.iter().map(|text| text.parse().expect("good")).collect(),
        device_cap: DeviceCap::ONE,
        when_full: WhenFull::Refuse,
        duration: Duration::Months(1),
        anchor: ValidityAnchor::Purchase,
        data_cap: None,
        data_window: None,
        pool: None,
        address_list: None,
        price: Money::from_minor(0, Currency::KES),
    };
    assert_eq!(terms.faults(domain::sales::plan::PlanService::Pppoe), [], "it can be sold");
    terms
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a good instant")
}

fn zone(name: &str) -> Zone {
    Zone::named(name).expect("known")
}

fn recent(day: u64, week: u64, month: u64) -> Recent {
    let gigabytes = |amount| Bytes::new(amount * 1_000_000_000);
    Recent { day: gigabytes(day), week: gigabytes(week), month: gigabytes(month) }
}

fn holds(terms: &PlanTerms, recent: Recent, now: &str) -> String {
    let speed = speed(terms, recent, &zone("Africa/Nairobi"), at(now));
    rate(terms, speed).map_or_else(|| "unlimited".to_owned(), ToString::to_string)
}

#[test]
fn a_plan_without_windows_and_steps_has_its_own_speed_and_nothing_to_look_for() {
    let plain = terms(&[], &[]);

    assert_eq!(speed(&plain, recent(900, 900, 900), &Zone::utc(), at("2026-11-21T12:00:00Z")), Speed::Full);
    assert_eq!(
        outlook(&plain, Bytes::new(1), recent(1, 1, 1), &Zone::utc(), at("2026-11-21T12:00:00Z")),
        Outlook::default()
    );
}

#[test]
fn a_window_holds_from_its_first_minute_to_before_its_last_on_the_wall_of_the_tenant() {
    let night = terms(&["fri,sat 22:00-06:00 unlimited"], &[]);

    for (now, wanted) in [
        ("2026-11-20T21:59:59+03:00", "10M/20M"),
        ("2026-11-20T22:00:00+03:00", "unlimited"),
        ("2026-11-21T00:00:00+03:00", "unlimited"),
        ("2026-11-21T05:59:59+03:00", "unlimited"),
        ("2026-11-21T06:00:00+03:00", "10M/20M"),
        ("2026-11-23T01:00:00+03:00", "10M/20M"),
    ] {
        assert_eq!(holds(&night, Recent::default(), now), wanted, "{now}");
    }
}

#[test]
fn the_last_step_that_was_reached_holds_to_the_octet() {
    let fair = terms(&[], &["10GB/day 5M/10M", "20GB/day 1M/2M"]);
    let used = |octets| Recent { day: Bytes::new(octets), ..Recent::default() };

    for (octets, wanted) in
        [(9_999_999_999, "10M/20M"), (10_000_000_000, "5M/10M"), (19_999_999_999, "5M/10M"), (20_000_000_000, "1M/2M")]
    {
        assert_eq!(holds(&fair, used(octets), "2026-11-21T12:00:00+03:00"), wanted, "{octets}");
    }
}

#[test]
fn of_several_periods_the_slowest_step_holds() {
    let fair = terms(&[], &["10GB/day 5M/10M", "50GB/week 4M/12M", "100GB/month 1M/1M"]);
    let noon = "2026-11-21T12:00:00+03:00";

    assert_eq!(holds(&fair, recent(10, 50, 50), noon), "5M/10M");
    assert_eq!(holds(&fair, recent(0, 50, 50), noon), "4M/12M");
    assert_eq!(holds(&fair, recent(10, 50, 100), noon), "1M/1M");
}

#[test]
fn a_step_holds_in_a_window_where_it_is_slower_and_a_slow_window_stays_slow() {
    let both = terms(&["daily 22:00-06:00 unlimited", "daily 18:00-22:00 512k/1M"], &["10GB/day 5M/10M"]);

    assert_eq!(holds(&both, recent(10, 10, 10), "2026-11-21T23:00:00+03:00"), "5M/10M");
    assert_eq!(holds(&both, recent(10, 10, 10), "2026-11-21T19:00:00+03:00"), "512k/1M");
    assert_eq!(holds(&both, recent(9, 9, 9), "2026-11-21T23:00:00+03:00"), "unlimited");
}

#[test]
fn the_outlook_is_the_next_border_and_the_octets_to_the_next_step() {
    let both = terms(&["daily 22:00-06:00 unlimited"], &["10GB/day 5M/10M", "30GB/week 1M/2M"]);
    let nairobi = zone("Africa/Nairobi");
    let look = |now: &str, recent| outlook(&both, Bytes::new(100), recent, &nairobi, at(now));

    let evening = look("2026-11-21T19:00:00+03:00", recent(4, 25, 25));
    let night = look("2026-11-21T23:00:00+03:00", recent(10, 25, 25));
    let morning = look("2026-11-22T00:00:00+03:00", recent(0, 30, 30));

    assert_eq!(evening.at, Some(at("2026-11-21T22:00:00+03:00")));
    assert_eq!(evening.octets, Some(100 + 5_000_000_000), "the week's step comes first");
    assert_eq!(night.at, Some(at("2026-11-22T00:00:00+03:00")), "the day begins anew before the night ends");
    assert_eq!(night.octets, Some(100 + 5_000_000_000));
    assert_eq!((morning.at, morning.octets), (Some(at("2026-11-22T06:00:00+03:00")), Some(100 + 10_000_000_000)));
}

#[test]
fn a_window_that_meets_itself_at_midnight_has_no_border_there() {
    let always = terms(&["mon-sun 00:00-24:00 1M/2M"], &[]);

    let look = outlook(&always, Bytes::new(0), Recent::default(), &Zone::utc(), at("2026-11-21T12:00:00Z"));

    assert_eq!(look, Outlook::default());
}

#[test]
fn windows_follow_the_wall_where_the_clock_is_set_forward_and_back() {
    let berlin = zone("Europe/Berlin");
    let early = terms(&["daily 02:15-02:45 1M/2M"], &[]);
    let next = |now: &str| outlook(&early, Bytes::new(0), Recent::default(), &berlin, at(now)).at;

    // On this night the clock goes from 02:00 to 03:00: the window never comes.
    assert_eq!(next("2026-03-29T01:00:00+01:00"), Some(at("2026-03-30T02:15:00+02:00")));
    // On this one it shows 02:00 to 03:00 twice: the window comes twice.
    let mut now = at("2026-10-25T01:00:00+02:00");
    let mut borders = Vec::new();
    for _ in 0..4 {
        now = outlook(&early, Bytes::new(0), Recent::default(), &berlin, now).at.expect("a border");
        borders.push(now);
    }
    assert_eq!(
        borders,
        ["02:15:00+02:00", "02:45:00+02:00", "02:15:00+01:00", "02:45:00+01:00"]
            .map(|time| at(&format!("2026-10-25T{time}")))
    );
    // A window over the gap begins where the gap ends.
    let over = terms(&["daily 02:30-05:00 1M/2M"], &[]);
    let gap = outlook(&over, Bytes::new(0), Recent::default(), &berlin, at("2026-03-29T01:00:00+01:00")).at;
    assert_eq!(gap, Some(at("2026-03-29T03:00:00+02:00")));
}

#[test]
fn a_speed_that_the_terms_do_not_have_is_the_plans_own() {
    let plain = terms(&[], &[]);

    assert_eq!(rate(&plain, Speed::Window(3)), plain.rate.as_ref());
    assert_eq!(rate(&plain, Speed::Step(0)), plain.rate.as_ref());
}

proptest! {
    /// Whoever looks again when the outlook says misses no change of speed by time.
    #[test]
    fn between_now_and_the_outlook_the_speed_stays(
        start in 1_795_000_000_i64..1_830_000_000,
        step in 1_i64..40_000,
        place in 0_usize..4,
    ) {
        let zone = zone(["Africa/Nairobi", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"][place]);
        let terms = terms(&["mon-thu 22:00-06:00 unlimited", "sat,sun 01:30-02:30 1M/2M", "tue 06:00-07:15 4M"], &[]);
        let now = Timestamp::from_seconds(start);
        let here = speed(&terms, Recent::default(), &zone, now);
        let next = outlook(&terms, Bytes::new(0), Recent::default(), &zone, now).at.expect("there is always a border");

        prop_assert!(next > now);
        prop_assert_ne!(speed(&terms, Recent::default(), &zone, next), here);
        let mut between = now;
        while between < next {
            prop_assert_eq!(speed(&terms, Recent::default(), &zone, between), here);
            between = between.plus(Span::seconds(step));
        }
        prop_assert_eq!(speed(&terms, Recent::default(), &zone, next.minus(Span::micros(1))), here);
    }
}
