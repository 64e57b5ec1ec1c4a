//! The trail of a verdict: which rules were asked, in which order, and what each found.

pub use domain::access::trail::{Detail, Finding, Meaning, Rule, Step, Trail};
