//! What we want to reach, and whether this run reached it.

use std::fmt::Write as _;

use crate::measured::{Mode, Run};

/// The reports of one `scripts/bench`, as far as they are there.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    /// Logins, each of them recorded.
    pub(crate) ours: Option<Run>,
    /// PAP with datagrams that go one by one.
    pub(crate) singly: Option<Run>,
    /// The same as `ours` without recording.
    pub(crate) unrecorded: Option<Run>,
    /// Accounting with 64 records waiting.
    pub(crate) accounting: Option<Run>,
    /// Accounting with 1,024 records waiting.
    pub(crate) accounting_wide: Option<Run>,
    /// PAP at half the rate that the peer with users in memory can take.
    pub(crate) at_half: Option<Run>,
    /// Full load of PAP.
    pub(crate) quiet: Option<Run>,
    /// The same while the plan of every subscriber changes.
    pub(crate) changing: Option<Run>,
    /// The peer with users in memory.
    pub(crate) memory: Option<Run>,
    /// The same at half its rate.
    pub(crate) memory_at_half: Option<Run>,
    /// The peer with users and records in PostgreSQL.
    pub(crate) sql: Option<Run>,
    /// Its accounting with 1,024 records waiting.
    pub(crate) sql_wide: Option<Run>,
    /// The peer with users in PostgreSQL and each login written there.
    pub(crate) logged: Option<Run>,
}

/// One goal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Goal {
    what: String,
    /// The measure that is wanted, in words.
    wanted: String,
    measured: Option<f64>,
    /// What stands behind the number.
    unit: &'static str,
    limit: Limit,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Limit {
    AtLeast(f64),
    AtMost(f64),
}

impl Goal {
    fn new(what: impl Into<String>, limit: Limit, unit: &'static str, measured: Option<f64>) -> Self {
        let wanted = match limit {
            Limit::AtLeast(least) => format!("at least {}{unit}", number(least)),
            Limit::AtMost(most) => format!("at most {}{unit}", number(most)),
        };
        Self { what: what.into(), wanted, measured, unit, limit }
    }

    /// Whether it was reached; nothing, if it was not measured.
    pub(crate) fn is_met(&self) -> Option<bool> {
        let measured = self.measured?;
        Some(match self.limit {
            Limit::AtLeast(least) => measured >= least,
            Limit::AtMost(most) => measured <= most,
        })
    }
}

fn number(of: f64) -> String {
    let digits = match of.abs() {
        size if size >= 20.0 || of.fract() == 0.0 => 0,
        size if size >= 1.0 => 1,
        _ => 2,
    };
    format!("{of:.digits$}")
}

/// How a mode is called in a sentence.
fn called(mode: &str) -> &'static str {
    match mode {
        "pap" => "PAP",
        "chap" => "CHAP",
        "mschapv2" => "MS-CHAPv2",
        _ => "accounting",
    }
}

/// All goals, with what was measured.
pub(crate) fn of(reports: &Reports) -> Vec<Goal> {
    let mut goals = throughput(reports);
    goals.extend(accounting(reports));
    goals.extend(waiting(reports));
    let memory = mode(&reports.accounting, "acct").and_then(|mode| mode.server_memory_mib);
    goals.push(Goal::new(
        "memory of our server, all subscribers known and 10,000 sessions open",
        Limit::AtMost(150.0),
        " MiB",
        memory,
    ));
    goals
}

fn throughput(reports: &Reports) -> Vec<Goal> {
    let mut goals = Vec::new();
    for (name, least) in [("pap", 30.0), ("chap", 30.0)] {
        goals.push(Goal::new(
            format!("{} logins, recorded, beside the peer with PostgreSQL and its log of logins", called(name)),
            Limit::AtLeast(least),
            " times",
            times(mode(&reports.ours, name), mode(&reports.logged, name)),
        ));
    }
    for (name, theirs, least) in [("pap", "pap", 15.0), ("chap", "chap", 15.0), ("mschapv2", "pap", 10.0)] {
        let against = if name == theirs { String::new() } else { format!("{} of ", called(theirs)) };
        goals.push(Goal::new(
            format!("{} logins, recorded, beside {against}the peer with PostgreSQL and no log", called(name)),
            Limit::AtLeast(least),
            " times",
            times(mode(&reports.ours, name), mode(&reports.sql, theirs)),
        ));
    }
    for name in ["pap", "chap", "mschapv2"] {
        let (ours, theirs) = (mode(&reports.ours, name), mode(&reports.memory, name));
        goals.push(Goal::new(
            format!("{} logins, recorded, beside the peer with its users in memory", called(name)),
            Limit::AtLeast(3.5),
            " times",
            times(ours, theirs),
        ));
        goals.push(Goal::new(
            format!("CPU of one of those {} logins, our PostgreSQL included, beside the peer's", called(name)),
            Limit::AtMost(0.25),
            " of it",
            ratio(ours.and_then(|mode| mode.cpu_ms), theirs.and_then(|mode| mode.cpu_ms)),
        ));
    }
    // With bursts in one message the echo hands over eight for the price of one, which no server can do that looks at
    // each of them; the table shows that share.
    let share = mode(&reports.singly, "pap").and_then(|mode| mode.of_echo);
    goals.push(Goal::new(
        "PAP logins, recorded, as a share of the echo, datagrams one by one",
        Limit::AtLeast(50.0),
        " %",
        share.map(|share| 100.0 * share),
    ));
    goals
}

fn accounting(reports: &Reports) -> Vec<Goal> {
    let (narrow, wide) = (mode(&reports.accounting, "acct"), mode(&reports.accounting_wide, "acct"));
    vec![
        Goal::new(
            "accounting on disk before the answer, 64 waiting, beside the peer with PostgreSQL",
            Limit::AtLeast(3.0),
            " times",
            times(narrow, mode(&reports.sql, "acct")),
        ),
        Goal::new(
            format!("the same, 1,024 waiting, for {:.0} s", wide.map_or(0.0, |mode| mode.seconds)),
            Limit::AtLeast(15.0),
            " times",
            times(wide, mode(&reports.sql_wide, "acct")),
        ),
        Goal::new(
            "until every one of those records was in PostgreSQL, after the last reply",
            Limit::AtMost(5.0),
            " s",
            wide.and_then(|mode| mode.proved_seconds),
        ),
    ]
}

fn waiting(reports: &Reports) -> Vec<Goal> {
    let (ours, theirs) = (mode(&reports.at_half, "pap"), mode(&reports.memory_at_half, "pap"));
    let (quiet, changing) = (mode(&reports.quiet, "pap"), mode(&reports.changing, "pap"));
    vec![
        Goal::new(
            "at half the rate of the peer with users in memory: our p99 beside its p50",
            Limit::AtMost(5.0),
            " times",
            ratio(ours.map(|mode| mode.p99_ms), theirs.map(|mode| mode.p50_ms)),
        ),
        Goal::new(
            "at that rate: our slowest reply, a lost one counted as endless",
            Limit::AtMost(100.0),
            " ms",
            ours.map(|mode| if mode.faults.lost == 0 { mode.longest_ms } else { f64::INFINITY }),
        ),
        Goal::new(
            "full load while the plan of every subscriber changes again and again: p99 beside that without",
            Limit::AtMost(2.0),
            " times",
            // A plan that could not be changed is nothing measured.
            changing
                .filter(|mode| mode.meanwhile_well > 0)
                .and_then(|changing| ratio(Some(changing.p99_ms), quiet.map(|mode| mode.p99_ms))),
        ),
    ]
}

fn mode<'a>(run: &'a Option<Run>, name: &str) -> Option<&'a Mode> {
    run.as_ref()?.mode(name)
}

/// How many times the peer's replies a second ours are.
fn times(ours: Option<&Mode>, theirs: Option<&Mode>) -> Option<f64> {
    ratio(ours.map(|mode| mode.per_second), theirs.map(|mode| mode.per_second))
}

fn ratio(ours: Option<f64>, theirs: Option<f64>) -> Option<f64> {
    Some(ours? / theirs?).filter(|ratio| ratio.is_finite())
}

/// The table for people.
pub(crate) fn table(goals: &[Goal]) -> String {
    let measured = |goal: &Goal| match goal.measured {
        Some(measured) if measured.is_infinite() => "endless".to_owned(),
        Some(measured) => format!("{}{}", number(measured), goal.unit),
        None => "not measured".to_owned(),
    };
    let width = |cell: fn(&Goal) -> usize| goals.iter().map(cell).max().unwrap_or(0);
    let (what, wanted) = (width(|goal| goal.what.chars().count()), width(|goal| goal.wanted.chars().count()));
    let mut text = format!("{:<what$}  {:<wanted$}  {:<13}  met?\n", "goal", "wanted", "measured");
    for goal in goals {
        let met = match goal.is_met() {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "-",
        };
        // A String takes whatever is written.
        let _ = writeln!(text, "{:<what$}  {:<wanted$}  {:<13}  {met}", goal.what, goal.wanted, measured(goal));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measured::Faults;

    #[test]
    fn a_goal_is_met_on_the_right_side_of_its_limit() {
        for (limit, measured, met) in [
            (Limit::AtLeast(3.5), 3.5, true),
            (Limit::AtLeast(3.5), 3.4, false),
            (Limit::AtMost(0.25), 0.25, true),
            (Limit::AtMost(0.25), 0.3, false),
            (Limit::AtMost(100.0), f64::INFINITY, false),
        ] {
            assert_eq!(Goal::new("it", limit, "", Some(measured)).is_met(), Some(met), "{limit:?} {measured}");
        }
    }

    #[test]
    fn what_was_not_measured_is_neither_met_nor_missed() {
        let goals = of(&Reports::default());

        assert!(goals.iter().all(|goal| goal.is_met().is_none()));
        assert!(table(&goals).lines().skip(1).all(|line| line.ends_with("  -")), "{}", table(&goals));
    }

    #[test]
    fn logins_are_held_against_each_run_of_the_peer() {
        let reports = Reports {
            ours: Some(run("pap", 3_000.0)),
            logged: Some(run("pap", 101.0)),
            sql: Some(run("pap", 100.0)),
            ..Reports::default()
        };

        let text = table(&of(&reports));

        let of_pap: Vec<&str> = text.lines().filter(|line| line.starts_with("PAP logins")).collect();
        assert!(of_pap[0].ends_with("30 times       NO"), "{text}");
        assert!(of_pap[1].ends_with("30 times       yes"), "{text}");
    }

    #[test]
    fn a_reply_that_never_came_is_a_slow_one() {
        let mut lossy = run("pap", 10.0);
        lossy.modes[0].faults = Faults { lost: 1, ..Faults::default() };

        let text = table(&of(&Reports { at_half: Some(lossy), ..Reports::default() }));

        assert!(text.lines().any(|line| line.contains("slowest") && line.ends_with("NO")), "{text}");
    }

    fn run(name: &str, per_second: f64) -> Run {
        Run { name: "somebody".to_owned(), modes: vec![Mode::of(name, per_second)] }
    }
}
