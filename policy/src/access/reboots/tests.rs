use proptest::prelude::*;

use super::*;

fn boot(prefix: &str) -> Boot {
    Boot::of_prefix(prefix).expect("a run")
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn seen(prefix: &str, sessions: u64, began: i64, last_heard: i64) -> BootSeen {
    BootSeen { boot: boot(prefix), sessions, began_at: at(began), last_heard_at: at(last_heard), highest: 20 }
}

#[test]
fn a_run_is_over_when_two_sessions_of_the_next_began_after_its_last_word() {
    let runs = [seen("811", 40, 100, 900), seen("812", 2, 960, 980)];

    assert_eq!(over(boot("812"), &runs), [boot("811")]);
}

#[test]
fn one_odd_number_ends_nothing() {
    let runs = [seen("811", 40, 100, 900), seen("812", 1, 960, 980)];

    assert!(over(boot("812"), &runs).is_empty());
    assert!(over(boot("814"), &runs).is_empty(), "a run of which no session is known");
}

#[test]
fn runs_that_overlap_are_two_routers_and_end_nothing() {
    let runs = [seen("811", 40, 100, 970), seen("812", 30, 500, 980)];

    assert!(over(boot("812"), &runs).is_empty());
    assert!(over(boot("811"), &runs).is_empty());
}

#[test]
fn a_late_word_of_the_old_run_ends_nothing_of_the_new_one() {
    let runs = [seen("811", 2, 100, 990), seen("812", 2, 960, 980)];

    assert!(over(boot("811"), &runs).is_empty());
}

#[test]
fn another_service_is_not_concerned() {
    let runs = [seen("801", 40, 100, 900), seen("811", 3, 100, 900), seen("812", 2, 960, 980)];

    assert_eq!(over(boot("812"), &runs), [boot("811")], "whether a hotspot counts with PPP is not known");
}

#[test]
fn a_count_that_comes_round_is_told_by_its_time() {
    let runs = [seen("81f", 9, 100, 900), seen("810", 2, 960, 980)];

    assert_eq!(over(boot("810"), &runs), [boot("81f")]);
}

#[test]
fn several_restarts_in_a_row_are_told_at_once() {
    let runs = [seen("811", 9, 100, 900), seen("812", 1, 960, 980), seen("813", 2, 1_000, 1_010)];

    assert_eq!(over(boot("813"), &runs), [boot("811"), boot("812")]);
}

#[test]
fn a_session_count_that_may_have_run_over_ends_nothing() {
    let full = BootSeen { highest: 0xf_fff0, ..seen("811", 9, 100, 900) };

    assert!(over(boot("812"), &[full, seen("812", 2, 960, 980)]).is_empty());
    assert_eq!(over(boot("814"), &[full, seen("814", 2, 960, 980)]), [boot("811")], "it would run over into 812");
}

#[test]
fn the_second_session_of_a_run_is_reason_to_look_and_a_repeated_start_is_not() {
    let mut watch = Watch::new(boot("811"), 1, at(0));

    assert!(watch.starts(boot("811"), 2, at(1)));
    assert!(!watch.starts(boot("812"), 0, at(60)));
    assert!(!watch.starts(boot("812"), 0, at(61)), "the same Start again");
    assert!(watch.starts(boot("812"), 1, at(62)));
}

#[test]
fn nobody_makes_us_look_all_the_time() {
    let mut watch = Watch::new(boot("811"), 0, at(0));
    let mut looks = 0;
    for number in 1..10_000 {
        looks += u32::from(watch.starts(boot("811"), number, at(i64::from(number))));
    }
    assert!(looks <= 14, "{looks} looks for one run");

    let mut looks = 0;
    for number in 0..10_000_u32 {
        let prefix = if number / 2 % 2 == 0 { "811" } else { "812" };
        looks += u32::from(watch.starts(boot(prefix), number, at(20_000)));
    }
    assert!(looks <= 1, "{looks} looks in one moment");
}

proptest! {
    /// Routers that live at the same time under one name lose nothing to this rule, however their Starts mix.
    #[test]
    fn runs_that_are_both_heard_of_never_end_each_other(
        runs in prop::collection::vec((0_u8..16, 2_u64..50, 0_i64..1_000, 1_000_i64..2_000), 2..6),
    ) {
        let mut all: Vec<BootSeen> = Vec::new();
        for (count, sessions, began, heard) in runs {
            let run = seen(&format!("81{count:x}"), sessions, began, heard);
            if all.iter().all(|other| other.boot != run.boot) {
                all.push(run);
            }
        }

        for run in &all {
            prop_assert!(over(run.boot, &all).is_empty());
        }
    }

    /// What is ended was never heard of after the new run began, and is never of the new run.
    #[test]
    fn only_what_was_silent_before_the_new_run_is_over(
        runs in prop::collection::vec((0_u8..32, 0_u64..4, 0_i64..100, 0_i64..100, 0_u32..0x10_0000), 0..8),
        new in 0_u8..32,
    ) {
        let prefix = |number: u8| format!("8{}{:x}", number / 16, number % 16);
        let runs: Vec<BootSeen> = runs
            .into_iter()
            .map(|(number, sessions, began, heard, highest)| {
                BootSeen { highest, ..seen(&prefix(number), sessions, began, heard) }
            })
            .collect();
        let new = boot(&prefix(new));

        let fresh = runs.iter().find(|run| run.boot == new);
        for ended in over(new, &runs) {
            let fresh = fresh.expect("a run that began");
            prop_assert!(fresh.sessions >= SIGNS_MIN && ended != new && ended.service() == new.service());
            prop_assert!(runs.iter().filter(|run| run.boot == ended).all(|run| run.last_heard_at < fresh.began_at));
        }
    }
}
