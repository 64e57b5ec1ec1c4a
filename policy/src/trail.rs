//! The trail of a verdict: which rules were asked, in which order, and what each found.
//!
//! It feeds "why was I rejected?" and replay. Kept as short texts `rule=finding detail`, which [`in_words`] turns into
//! sentences for people.

use std::fmt;

use domain::rate::Bytes;
use domain::time::Timestamp;
use smallvec::SmallVec;

/// A question that a rule asks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Rule {
    /// Is the name known?
    Name,
    /// Is it meant for this kind of line?
    Service,
    /// Is the password proved?
    Password,
    /// Is the service running, the code not cancelled?
    Standing,
    /// Is there time left?
    Time,
    /// Is there data left?
    Data,
    /// Is there a place for this device?
    DeviceCap,
    /// Was a place really taken, among all who asked at the same moment?
    SlotTaken,
}

impl Rule {
    const ALL: [Self; 8] = [
        Self::Name,
        Self::Service,
        Self::Password,
        Self::Standing,
        Self::Time,
        Self::Data,
        Self::DeviceCap,
        Self::SlotTaken,
    ];

    /// Its name in records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Service => "service",
            Self::Password => "password",
            Self::Standing => "standing",
            Self::Time => "time",
            Self::Data => "data",
            Self::DeviceCap => "device_cap",
            Self::SlotTaken => "slot_taken",
        }
    }

    const fn question(self) -> &'static str {
        match self {
            Self::Name => "Is the name known here?",
            Self::Service => "Is it meant for this kind of line?",
            Self::Password => "Is the password right?",
            Self::Standing => "Is it neither suspended nor cancelled?",
            Self::Time => "Is there time left?",
            Self::Data => "Is there data left?",
            Self::DeviceCap => "Is there a place for this device?",
            Self::SlotTaken => "Did it get its place among those who asked at the same moment?",
        }
    }
}

/// What a rule found.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Finding {
    /// Yes: go on.
    Passed,
    /// No: this is why.
    Refused,
}

/// A figure that makes a finding clear.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Detail {
    /// None needed.
    Nothing,
    /// What the name turned out to be.
    Meaning(&'static str),
    /// Places taken by other devices, of how many.
    Places {
        /// Taken by others.
        taken: u16,
        /// The cap.
        cap: u16,
    },
    /// The device has its own place already.
    OwnPlace,
    /// The end of the time.
    Until(Timestamp),
    /// Data left.
    Left(Bytes),
}

/// One rule and its finding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// The rule.
    pub rule: Rule,
    /// What it found.
    pub finding: Finding,
    /// A figure about it.
    pub detail: Detail,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let finding = match self.finding {
            Finding::Passed => "passed",
            Finding::Refused => "refused",
        };
        write!(f, "{}={finding}", self.rule.code())?;
        match self.detail {
            Detail::Nothing => Ok(()),
            Detail::Meaning(meaning) => write!(f, " {meaning}"),
            Detail::Places { taken, cap } => write!(f, " {taken} of {cap} taken by other devices"),
            Detail::OwnPlace => f.write_str(" it has its place already"),
            Detail::Until(until) => write!(f, " until {}", Timestamp::from_seconds(until.as_seconds())),
            Detail::Left(left) => write!(f, " {left} left"),
        }
    }
}

/// The steps of one verdict, in order. Does not allocate for the steps that admission has.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Trail {
    steps: SmallVec<[Step; 8]>,
}

impl Trail {
    /// Notes a rule that passed.
    pub fn passed(&mut self, rule: Rule, detail: Detail) {
        self.steps.push(Step { rule, finding: Finding::Passed, detail });
    }

    /// Notes the rule that refused.
    pub fn refused(&mut self, rule: Rule, detail: Detail) {
        self.steps.push(Step { rule, finding: Finding::Refused, detail });
    }

    /// The steps, first asked first.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The steps as they are kept in a decision record.
    pub fn texts(&self) -> Vec<String> {
        self.steps.iter().map(Step::to_string).collect()
    }
}

/// A kept step as a sentence for a person; a step of other rules' versions is shown as it is.
pub fn in_words(step: &str) -> String {
    let (rule, finding) = step.split_once('=').unwrap_or((step, ""));
    let (finding, detail) = finding.split_once(' ').unwrap_or((finding, ""));
    let question = Rule::ALL.iter().find(|known| known.code() == rule).map(|known| known.question());
    let answer = match finding {
        "passed" => "yes",
        "refused" => "NO",
        _ => return step.to_owned(),
    };
    match (question, detail) {
        (None, _) => step.to_owned(),
        (Some(question), "") => format!("{question} {answer}"),
        (Some(question), detail) => format!("{question} {answer}: {detail}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_step_reads_as_a_sentence() {
        let mut trail = Trail::default();
        trail.passed(Rule::Password, Detail::Nothing);
        trail.refused(Rule::DeviceCap, Detail::Places { taken: 1, cap: 1 });

        let words: Vec<_> = trail.texts().iter().map(|step| in_words(step)).collect();

        assert_eq!(
            words,
            ["Is the password right? yes", "Is there a place for this device? NO: 1 of 1 taken by other devices"]
        );
    }

    #[test]
    fn a_step_of_unknown_rules_is_shown_as_it_is() {
        assert_eq!(in_words("moon_phase=passed full"), "moon_phase=passed full");
    }
}
