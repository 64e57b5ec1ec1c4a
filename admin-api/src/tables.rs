//! Tables that are brought in: read and checked whole, before anything is written.

use std::collections::BTreeSet;

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::problem::{Code, Problem};

/// Faults that are told; a file that is wrong throughout would bury the first one.
const FAULTS_MAX: usize = 1_000;

/// Names that are told.
const NAMES_MAX: usize = 1_000;

/// Rows that one request brings in: more would take longer than a request may.
pub(crate) const ROWS_MAX: usize = 20_000;

/// How a table is brought in.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct How {
    /// Only read and check it: nothing is written.
    #[serde(default)]
    pub(crate) dry_run: bool,
    /// Write the good rows although others are faulty; without, one faulty row stops everything.
    #[serde(default)]
    pub(crate) skip_faulty: bool,
}

/// What came of a table.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportResult {
    /// Whether nothing was to be written.
    pub(crate) dry_run: bool,
    /// Whether faulty rows stopped everything: then nothing was written.
    pub(crate) stopped: bool,
    /// How many rows the table has, its header and blank rows not counted.
    pub(crate) rows: usize,
    /// How many of them are faulty.
    pub(crate) faulty: usize,
    /// How many were added, or would be.
    pub(crate) added: usize,
    /// Names that were there before and are left as they are; the first 1,000.
    pub(crate) existing: Vec<String>,
    /// What is wrong, row by row; the first 1,000 faults.
    pub(crate) faults: Vec<ImportFault>,
}

/// What is wrong in one place of a table.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub(crate) struct ImportFault {
    /// The row, as the spreadsheet counts: the header is 1.
    pub(crate) row: u64,
    /// The column; null when the whole row is meant.
    pub(crate) column: Option<String>,
    /// What is wrong, and what to do. Never what stands there: it may be a password.
    pub(crate) problem: String,
}

impl ImportResult {
    pub(crate) fn new(how: How, good: usize, mut faults: Vec<ImportFault>) -> Self {
        faults.sort_by_key(|fault| fault.row);
        let faulty = faults.iter().map(|fault| fault.row).collect::<BTreeSet<_>>().len();
        faults.truncate(FAULTS_MAX);
        let stopped = faulty > 0 && !how.skip_faulty;
        Self {
            dry_run: how.dry_run,
            stopped,
            rows: good + faulty,
            faulty,
            added: if stopped { 0 } else { good },
            existing: Vec::new(),
            faults,
        }
    }

    /// Whether anything is to be written.
    pub(crate) const fn writes(&self) -> bool {
        !self.dry_run && !self.stopped
    }

    pub(crate) fn with_existing(self, existing: impl ExactSizeIterator<Item = String>) -> Self {
        let added = if self.stopped { 0 } else { self.added.saturating_sub(existing.len()) };
        Self { added, existing: existing.take(NAMES_MAX).collect(), ..self }
    }
}

/// A table as it was sent.
pub(crate) fn table(headers: &HeaderMap, body: Bytes) -> Result<Bytes, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/csv")) {
        Ok(body)
    } else {
        let said = "send the table as CSV, with the header `Content-Type: text/csv`";
        Err(Problem::new(Code::NotJson, said))
    }
}

pub(crate) fn too_many() -> Problem {
    Problem::new(Code::Invalid, format!("the table has more than {ROWS_MAX} rows: divide it into several"))
}
