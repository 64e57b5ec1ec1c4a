//! What a report of `load` says, as far as it is compared.

use std::fs;
use std::path::Path;

use anyhow::Context;
use serde_json::Value;

/// A report.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// Whom it is about.
    pub(crate) name: String,
    /// In the order in which they were asked, the echo left out.
    pub(crate) modes: Vec<Mode>,
}

/// What one mode measured.
#[derive(Clone, Debug)]
pub(crate) struct Mode {
    pub(crate) name: String,
    /// Verified replies a second.
    pub(crate) per_second: f64,
    /// The same as a share of the echo's in that run.
    pub(crate) of_echo: Option<f64>,
    /// How long it was measured.
    pub(crate) seconds: f64,
    /// For each 1,000 replies, of server and database together.
    pub(crate) cpu_ms: Option<f64>,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) longest_ms: f64,
    /// What it put off, where that was looked at.
    pub(crate) afterwards: Option<Afterwards>,
    /// Of server and database together.
    pub(crate) memory_mib: Option<f64>,
    pub(crate) server_memory_mib: Option<f64>,
    /// After how long everything that was answered was seen in the database.
    pub(crate) proved_seconds: Option<f64>,
    /// How often went well what was done meanwhile.
    pub(crate) meanwhile_well: u64,
    /// Cores at work on average, ours or not.
    pub(crate) busy_cores: Option<f64>,
    pub(crate) faults: Faults,
}

/// Work after the last reply.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Afterwards {
    /// How long server and database went on.
    pub(crate) seconds: f64,
    /// Requests a second, when that time counts as well.
    pub(crate) per_second: f64,
}

/// What should not have happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    pub(crate) refused: u64,
    pub(crate) invalid: u64,
    pub(crate) lost: u64,
}

impl Run {
    pub(crate) fn read(name: &str, file: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(file).with_context(|| format!("could not read `{}`", file.display()))?;
        Self::parse(name, &text).with_context(|| format!("`{}` is not a report of `load`", file.display()))
    }

    pub(crate) fn parse(name: &str, text: &str) -> anyhow::Result<Self> {
        let rows: Vec<Value> = serde_json::from_str(text)?;
        let modes =
            rows.iter().map(|row| Mode::parse(row).context("a mode lacks a field")).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { name: name.to_owned(), modes: modes.into_iter().filter(|mode| mode.name != "echo").collect() })
    }

    /// The report in a file, if there is that file.
    pub(crate) fn read_if_there(name: &str, file: &Path) -> anyhow::Result<Option<Self>> {
        if file.exists() { Self::read(name, file).map(Some) } else { Ok(None) }
    }

    pub(crate) fn mode(&self, name: &str) -> Option<&Mode> {
        self.modes.iter().find(|mode| mode.name == name)
    }
}

impl Mode {
    fn parse(row: &Value) -> Option<Self> {
        let number = |field: &str| row.get(field).and_then(Value::as_f64);
        let count = |field: &str| row.get(field).and_then(Value::as_u64);
        // A run without a database has none of it to add.
        let both = |server: &str, database: &str| Some(number(server)? + number(database).unwrap_or(0.0));
        let per_second = number("requests_per_second")?;
        let waited = |what: &str| row.get("waited_ms")?.get(what)?.as_f64();
        Some(Self {
            name: row.get("mode")?.as_str()?.to_owned(),
            per_second,
            seconds: number("seconds")?,
            of_echo: number("of_echo_ceiling"),
            cpu_ms: both("server_cpu_ms_per_1000", "database_cpu_ms_per_1000"),
            p50_ms: waited("p50")?,
            p99_ms: waited("p99")?,
            longest_ms: waited("max")?,
            afterwards: number("settled_seconds")
                .zip(number("seconds"))
                .map(|(after, until)| Afterwards { seconds: after, per_second: per_second * until / (until + after) }),
            memory_mib: both("server_memory_kib", "database_memory_kib").map(|kib| kib / 1_024.0),
            server_memory_mib: number("server_memory_kib").map(|kib| kib / 1_024.0),
            proved_seconds: row.get("proof").and_then(|proof| proof.get("seconds")?.as_f64()),
            meanwhile_well: row.get("meanwhile").and_then(|done| done.get("well")?.as_u64()).unwrap_or(0),
            busy_cores: number("busy_cores"),
            faults: Faults { refused: count("rejects")?, invalid: count("invalid")?, lost: count("lost")? },
        })
    }
}

#[cfg(test)]
impl Mode {
    /// A clean one of which nothing else is known.
    pub(crate) fn of(name: &str, per_second: f64) -> Self {
        Self {
            name: name.to_owned(),
            per_second,
            of_echo: None,
            seconds: 1.0,
            cpu_ms: None,
            p50_ms: 1.0,
            p99_ms: 1.0,
            longest_ms: 1.0,
            afterwards: None,
            memory_mib: None,
            server_memory_mib: None,
            proved_seconds: None,
            meanwhile_well: 0,
            busy_cores: None,
            faults: Faults::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_belongs_to_the_bill_and_the_echo_to_nobody() {
        let text = r#"[
            {"mode": "echo", "requests_per_second": 9.0, "seconds": 1.0,
             "waited_ms": {"p50": 1.0, "p99": 1.0, "max": 1.0}, "rejects": 0, "invalid": 0, "lost": 0},
            {"mode": "pap", "requests_per_second": 3.0, "of_echo_ceiling": 0.33, "waited_ms": {"p50": 1.5, "p99": 2.5, "max": 9.0},
             "seconds": 1.0, "proof": {"seconds": 0.5}, "meanwhile": null, "settled_seconds": 2.0,
             "server_cpu_ms_per_1000": 10.0, "database_cpu_ms_per_1000": 30.0, "server_memory_kib": 1024,
             "database_memory_kib": null, "rejects": 1, "invalid": 0, "lost": 2}
        ]"#;

        let run = Run::parse("peer", text).unwrap();

        assert_eq!(run.modes.len(), 1);
        let pap = run.mode("pap").unwrap();
        assert_eq!((pap.cpu_ms, pap.memory_mib, pap.p99_ms), (Some(40.0), Some(1.0), 2.5));
        assert_eq!((pap.proved_seconds, pap.meanwhile_well, pap.longest_ms), (Some(0.5), 0, 9.0));
        assert_eq!(pap.afterwards, Some(Afterwards { seconds: 2.0, per_second: 1.0 }));
        assert_eq!(pap.faults, Faults { refused: 1, invalid: 0, lost: 2 });
    }

    #[test]
    fn something_else_is_refused() {
        assert!(Run::parse("peer", r#"[{"mode": "pap"}]"#).is_err());
    }
}
