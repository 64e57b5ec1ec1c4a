//! What is wrong with the settings: everything at once, each with its place and a right example.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

use crate::config::keys;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The configuration file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1; none when the whole file is meant.
        line: Option<usize>,
    },
    /// A variable of the environment.
    Variable(String),
    /// An option of the command line, as in `--data`.
    Option(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line: Some(line) } => write!(f, "{}:{line}", path.display()),
            Self::File { path, line: None } => write!(f, "{}", path.display()),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::Option(name) => write!(f, "option {name}"),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The setting, as it is written in the file; or the file itself.
    pub key: String,
    /// Where the value came from.
    pub origin: Origin,
    /// What is wrong with it. Never repeats a secret.
    pub problem: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({}): {}", self.key.escape_debug(), self.origin, self.problem)?;
        let example = keys::example(&self.key);
        if example.is_empty() { Ok(()) } else { write!(f, "; right would be: {example}") }
    }
}

/// Everything that is wrong, at least one thing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct Faults(Vec<Fault>);

impl Faults {
    pub(super) const fn new(faults: Vec<Fault>) -> Self {
        Self(faults)
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("1 thing is wrong with the settings:")?,
            many => write!(f, "{many} things are wrong with the settings:")?,
        }
        for (index, fault) in self.0.iter().enumerate() {
            write!(f, "\n  {}. {fault}", index + 1)?;
        }
        Ok(())
    }
}
