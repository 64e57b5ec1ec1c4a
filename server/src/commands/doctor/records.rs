//! Records on this machine's disk: reports that wait for the database, those that it refused, and answers' reasons.

use boot::config::Config;
use radiusd::quarantine;

use super::Findings;

/// A report that waits so long, in seconds, has something in its way.
const LATE_SECONDS: f64 = 60.0;

/// A disk budget that is used up so far, in percent, needs somebody.
const FULL_PERCENT: f64 = 80.0;

/// What a running server says of itself on `/metrics`.
pub(super) struct Told<'a>(pub(super) &'a str);

impl Told<'_> {
    /// A metric without labels.
    fn of(&self, name: &str) -> Option<f64> {
        self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
    }

    fn or_nothing(&self, name: &str) -> f64 {
        self.of(name).unwrap_or_default()
    }
}

/// Looks at what waits on this machine's disk. `told` is what the server here says, if one runs.
pub(super) fn examine(config: &Config, told: Option<&Told<'_>>, findings: &mut Findings) {
    journal(config, told, findings);
    kept_aside(config, findings);
    decisions(config, told, findings);
}

fn journal(config: &Config, told: Option<&Told<'_>>, findings: &mut Findings) {
    let directory = config.data.join("journal");
    let most = f64::from(config.journal.megabytes_max) * 1024.0 * 1024.0;
    let (octets, most) = match told {
        Some(told) => (told.or_nothing("journal_bytes"), told.of("journal_bytes_max").unwrap_or(most)),
        None => (octets_of(&directory, "segment"), most),
    };
    let percent = (octets * 100.0 / most.max(1.0)).floor();
    let waiting = told.map_or(0.0, |told| told.or_nothing("journal_records_waiting"));
    let oldest = told.map_or(0.0, |told| told.or_nothing("journal_oldest_seconds"));
    if percent >= FULL_PERCENT {
        findings.bad(
            "journal",
            format!(
                "{percent} % full: at 100 % routers' reports get no answer. Bring the database back; if that takes long, \
                 raise `journal.megabytes_max` and restart"
            ),
        );
    } else if oldest >= LATE_SECONDS {
        let detail = format!("{waiting} reports wait for the database, the oldest for {oldest} s; {percent} % full");
        findings.look("journal", detail);
    } else if told.is_none() && octets > 0.0 {
        findings.good("journal", format!("{percent} % full; what waits in it is written when the server starts"));
    } else {
        findings.good("journal", format!("{waiting} reports wait for the database; {percent} % full"));
    }
}

fn kept_aside(config: &Config, findings: &mut Findings) {
    let most = quarantine::KEPT_MAX;
    match quarantine::count(&config.data.join("journal")) {
        Ok(0) => findings.good("reports kept aside", "none: the database has taken every report"),
        Ok(count) if count * 100 >= most * 80 => findings.bad(
            "reports kept aside",
            format!(
                "{count}, and there is room for {most}: when it is used up, no report goes into the database any more; \
                 `mnetifi journal list` shows them and why"
            ),
        ),
        Ok(count) => findings.look(
            "reports kept aside",
            format!(
                "{count} that the database refused: `mnetifi journal list` shows them and why, `mnetifi journal requeue` \
                 has them tried again"
            ),
        ),
        Err(why) => findings.look("reports kept aside", format!("cannot be looked at: {why}")),
    }
}

fn decisions(config: &Config, told: Option<&Told<'_>>, findings: &mut Findings) {
    let is_recorded =
        told.and_then(|told| told.of("decisions_recording")).map_or(config.decisions.record, |on| on > 0.0);
    if !is_recorded {
        return findings.look(
            "records of answers",
            "switched off (`decisions.record`): nothing can be explained, and after a crash the server has forgotten \
             whom it let in lately",
        );
    }
    let Some(told) = told else {
        let mebioctets = (octets_of(&config.data.join("decisions"), "decisions") / (1024.0 * 1024.0)).round();
        return findings.good("records of answers", format!("{mebioctets} MiB of them on disk"));
    };
    let waiting = told.or_nothing("decisions_recorded_total") - told.or_nothing("decisions_saved_total");
    let (oldest, shed) = (told.or_nothing("decisions_oldest_seconds"), told.or_nothing("decisions_shed_total"));
    let damaged = told.or_nothing("decisions_damaged_total");
    let mut wrong = Vec::new();
    if shed > 0.0 {
        wrong.push(format!("{shed} were lost since the start: their log was full or could not be written"));
    }
    if damaged > 0.0 {
        wrong.push(format!("{damaged} places of their log are damaged: look at the disk"));
    }
    if oldest >= LATE_SECONDS {
        wrong.push(format!("the oldest of {} waits for the database for {oldest} s", waiting.max(1.0)));
    }
    if wrong.is_empty() {
        findings.good("records of answers", format!("{} wait for the database", waiting.max(0.0)));
    } else {
        findings.look("records of answers", wrong.join("; "));
    }
}

/// Octets of the files with that extension; 0 when the directory is not there.
fn octets_of(directory: &std::path::Path, extension: &str) -> f64 {
    let Ok(entries) = std::fs::read_dir(directory) else { return 0.0 };
    let files = entries.filter_map(Result::ok).filter(|entry| entry.path().extension().is_some_and(|e| e == extension));
    let octets: u64 = files.filter_map(|entry| entry.metadata().ok()).map(|file| file.len()).sum();
    #[expect(clippy::cast_precision_loss, reason = "it is shown in percent or MiB")]
    let octets = octets as f64;
    octets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::{Finding, Verdict};

    const WELL: &str = "# TYPE journal_bytes gauge\njournal_bytes 100\njournal_bytes_max 1000\n\
                        journal_records_waiting 2\njournal_oldest_seconds 0\ndecisions_recording 1\n\
                        decisions_recorded_total 10\ndecisions_saved_total 9\n";

    fn found(told: Option<&str>, settings: &[(&str, &str)]) -> Vec<Finding> {
        let data = tempfile::tempdir().expect("a directory");
        let overrides = boot::config::Overrides::default();
        let place = data.path().display().to_string();
        let overrides = overrides.option("--data", "data", Some(place));
        let environment = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let config = Config::load(&overrides, &environment).expect("good");
        let mut findings = Findings::default();
        examine(&config, told.map(Told).as_ref(), &mut findings);
        findings.0
    }

    fn about<'a>(found: &'a [Finding], what: &str) -> &'a Finding {
        found.iter().find(|finding| finding.what == what).expect("a word about it")
    }

    #[test]
    fn a_server_that_is_well_has_nothing_to_look_at() {
        let found = found(Some(WELL), &[]);

        assert!(found.iter().all(|finding| finding.verdict == Verdict::Good));
        assert_eq!(about(&found, "journal").detail, "2 reports wait for the database; 10 % full");
    }

    #[test]
    fn a_journal_that_fills_is_bad_and_one_that_waits_is_worth_a_look() {
        let full = found(Some(&WELL.replace("journal_bytes 100", "journal_bytes 800")), &[]);
        let late = found(Some(&WELL.replace("oldest_seconds 0", "oldest_seconds 61")), &[]);

        assert!(about(&full, "journal").verdict == Verdict::Bad);
        assert!(about(&full, "journal").detail.starts_with("80 % full"), "{}", about(&full, "journal").detail);
        assert!(about(&late, "journal").verdict == Verdict::Look);
    }

    #[test]
    fn records_of_answers_that_are_lost_damaged_late_or_switched_off_are_told() {
        for (metrics, word) in [
            (format!("{WELL}decisions_shed_total 3\n"), "3 were lost"),
            (format!("{WELL}decisions_damaged_total 1\n"), "damaged"),
            (format!("{WELL}decisions_oldest_seconds 90\n"), "90 s"),
            (WELL.replace("decisions_recording 1", "decisions_recording 0"), "switched off"),
        ] {
            let found = found(Some(&metrics), &[]);
            let told = about(&found, "records of answers");
            assert!(told.verdict == Verdict::Look && told.detail.contains(word), "{}", told.detail);
        }
        let off = found(None, &[("MNETIFI_DECISIONS_RECORD", "no")]);
        assert!(about(&off, "records of answers").detail.contains("switched off"));
    }
}
