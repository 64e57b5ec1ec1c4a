//! The table for people.

use std::fmt::Write as _;

use crate::measured::{Afterwards, Faults, Mode, Run};

/// Widest name of a mode, with its indent.
const NAME_WIDTH: usize = 12;

/// Work after the last reply that is worth a line: less is a checkpoint, or the edge of a look.
const WORTH_TELLING_SECONDS: f64 = 1.0;

/// One measure of both sides.
struct Measure {
    heading: &'static str,
    of: fn(&Mode) -> Option<f64>,
    /// How many digits follow the point.
    digits: usize,
    better: Better,
}

/// Which side of a measure wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Better {
    More,
    Less,
}

const MEASURES: [Measure; 4] = [
    Measure { heading: "replies/s", of: |mode| Some(mode.per_second), digits: 0, better: Better::More },
    Measure { heading: "CPU ms/1,000", of: |mode| mode.cpu_ms, digits: 0, better: Better::Less },
    Measure { heading: "p99 ms", of: |mode| Some(mode.p99_ms), digits: 1, better: Better::Less },
    Measure { heading: "memory MiB", of: |mode| mode.memory_mib, digits: 0, better: Better::Less },
];

/// What the columns mean.
pub(crate) const LEGEND: &str = "\
times: how many times better we do than the peer; below 1 we do worse. CPU, memory: server and database together,
CPU with what they put off until after the last reply (at most 20 s of it).
of echo: replies/s as a share of what threads that only throw requests back reached in the same minute.
busy: cores at work meanwhile, with whatever else ran on this machine.
";

/// One block for each peer's run, one line for each mode that both were asked in.
pub(crate) fn of(ours: &Run, peers: &[&Run]) -> String {
    let mut text = heading();
    for peer in peers {
        let _ = writeln!(text, "{} : {}", ours.name, peer.name);
        let shared = ours.modes.iter().filter_map(|mode| Some((mode, peer.mode(&mode.name)?)));
        for (our, their) in shared {
            text.push_str(&line(our, their));
        }
    }
    for run in [ours].into_iter().chain(peers.iter().copied()) {
        for (mode, Afterwards { seconds, per_second }) in
            run.modes.iter().filter_map(|mode| Some((mode, mode.afterwards?)))
        {
            if seconds >= WORTH_TELLING_SECONDS {
                let _ = writeln!(
                    text,
                    "{}, {}: worked on for {seconds:.1} s after the last reply, so {per_second:.0}/s until all was done",
                    run.name, mode.name
                );
            }
        }
        for mode in run.modes.iter().filter(|mode| mode.faults != Faults::default()) {
            let Faults { refused, invalid, lost } = mode.faults;
            let _ = writeln!(
                text,
                "NOT CLEAN: {}, {}: {refused} refused, {invalid} invalid, {lost} lost",
                run.name, mode.name
            );
        }
    }
    text
}

fn heading() -> String {
    let (mut above, mut below) = (" ".repeat(NAME_WIDTH), " ".repeat(NAME_WIDTH));
    for measure in &MEASURES {
        let _ = write!(above, " | {:^21}", measure.heading);
        let _ = write!(below, " | {:>7} {:>7} {:>5}", "ours", "peer", "times");
    }
    let _ = write!(above, " | {:^13} | {:^9}", "of echo", "busy");
    let _ = write!(below, " | {:>6} {:>6} | {:>4} {:>4}", "ours", "peer", "ours", "peer");
    format!("{}\n{below}\n", above.trim_end())
}

fn line(our: &Mode, their: &Mode) -> String {
    let mut line = format!("{:<NAME_WIDTH$}", format!("  {}", our.name));
    for measure in &MEASURES {
        let (ours, theirs) = ((measure.of)(our), (measure.of)(their));
        let cell = |value: Option<f64>| value.map_or_else(dash, |value| format!("{value:.*}", measure.digits));
        let times = ours.zip(theirs).map_or_else(dash, |(ours, theirs)| times(ours, theirs, measure.better));
        let _ = write!(line, " | {:>7} {:>7} {times:>5}", cell(ours), cell(theirs));
    }
    let share = |share: Option<f64>| share.map_or_else(dash, |share| format!("{:.1} %", 100.0 * share));
    let _ = write!(line, " | {:>6} {:>6}", share(our.of_echo), share(their.of_echo));
    let busy = |cores: Option<f64>| cores.map_or_else(dash, |cores| format!("{cores:.1}"));
    let _ = writeln!(line, " | {:>4} {:>4}", busy(our.busy_cores), busy(their.busy_cores));
    line
}

/// How many times better ours is. Three digits that mean something are enough.
fn times(ours: f64, theirs: f64, better: Better) -> String {
    let (above, below) = match better {
        Better::More => (ours, theirs),
        Better::Less => (theirs, ours),
    };
    match above / below {
        ratio if !ratio.is_finite() => dash(),
        ratio if ratio < 0.1 => format!("{ratio:.3}"),
        ratio if ratio < 10.0 => format!("{ratio:.2}"),
        ratio => format!("{ratio:.0}"),
    }
}

fn dash() -> String {
    "-".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_above_one_where_we_do_better() {
        assert_eq!(times(200.0, 100.0, Better::More), "2.00");
        assert_eq!(times(200.0, 100.0, Better::Less), "0.50");
        assert_eq!(times(1.0, 32.0, Better::More), "0.031");
        assert_eq!(times(1.0, 0.0, Better::More), "-");
    }

    #[test]
    fn only_what_both_were_asked_is_compared_and_faults_are_named() {
        let ours = run("mnetifi", &["pap", "acct"], Faults::default());
        let peer = run("a peer", &["pap"], Faults { lost: 3, ..Faults::default() });

        let text = of(&ours, &[&peer]);

        assert!(text.contains("  pap") && !text.contains("  acct"), "{text}");
        assert!(text.contains("mnetifi, acct: worked on for 2.0 s after the last reply, so 40/s"), "{text}");
        assert!(text.contains("NOT CLEAN: a peer, pap: 0 refused, 0 invalid, 3 lost"), "{text}");
    }

    fn run(name: &str, modes: &[&str], faults: Faults) -> Run {
        let mode = |name: &&str| Mode {
            afterwards: Some(Afterwards { seconds: 2.0, per_second: 40.0 }),
            faults,
            ..Mode::of(name, 100.0)
        };
        Run { name: name.to_owned(), modes: modes.iter().map(mode).collect() }
    }
}
