//! The trail of a verdict: which rules were asked, in which order, and what each found.
//!
//! It feeds "why was I rejected?" and replay. Kept as codes; [`Step::in_words`] turns one into a sentence for people.

use std::fmt;

use smallvec::SmallVec;

use crate::access::attempt::Method;
use crate::rate::Bytes;
use crate::sales::plan::PlanService;
use crate::time::{Timestamp, Zone};

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
    /// May this device be online on it at all?
    Device,
}

impl Rule {
    /// All of them, in the order they are declared.
    pub const ALL: [Self; 9] = [
        Self::Name,
        Self::Service,
        Self::Password,
        Self::Standing,
        Self::Time,
        Self::Data,
        Self::DeviceCap,
        Self::SlotTaken,
        Self::Device,
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
            Self::Device => "device",
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
            Self::Device => "May this device be online here at all?",
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
    /// What was found, in words.
    Meaning(Meaning),
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

/// What a rule found, where that is no figure.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Meaning {
    /// The name is no code, but it would be one in other capital and small letters.
    OtherCase,
    /// The name is a voucher's code.
    Code,
    /// The name is the phone number that bought a voucher.
    Phone,
    /// The name is a subscriber's.
    Subscriber,
    /// The name is the address of the device that asks, which has used a voucher before.
    Device,
    /// The kind of line that the plan is for.
    Line(PlanService),
    /// How the password was shown.
    Shown(Method),
    /// No password was sent, and a code needs none.
    NeedsNone,
    /// No password was sent that can be checked.
    NotShown,
    /// The time has no end.
    Endless,
    /// No, but it is let in to be told how to pay.
    Restricted,
    /// Others have all places, and the newest device gets that of the one that was heard of longest ago.
    NewestWins,
}

impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherCase => "a code differs only in capital and small letters",
            Self::Code => "a voucher's code",
            Self::Phone => "the phone number that bought a voucher",
            Self::Subscriber => "a subscriber",
            Self::Device => "the device's own address, which has used a voucher before",
            Self::Line(service) => service.code(),
            Self::Shown(method) => method.code(),
            Self::NeedsNone => "none was sent, and a code needs none",
            Self::NotShown => "none was sent that can be checked",
            Self::Endless => "without an end",
            Self::Restricted => "let in only to be told how to pay",
            Self::NewestWins => "that of the device that was heard of longest ago",
        })
    }
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

impl Step {
    /// The step as a sentence for a person, with instants on the wall clock of a zone.
    pub fn in_words(&self, zone: &Zone) -> String {
        let question = self.rule.question();
        let answer = match self.finding {
            Finding::Passed => "yes",
            Finding::Refused => "NO",
        };
        match self.detail {
            Detail::Nothing => format!("{question} {answer}"),
            Detail::Meaning(meaning @ Meaning::Restricted) => format!("{question} no, but {meaning}"),
            Detail::Until(until) => format!("{question} {answer}: until {}", until.in_zone(zone)),
            detail @ (Detail::Meaning(_) | Detail::Places { .. } | Detail::OwnPlace | Detail::Left(_)) => {
                format!("{question} {answer}: {detail}")
            }
        }
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => Ok(()),
            Self::Meaning(meaning) => meaning.fmt(f),
            Self::Places { taken, cap } => write!(f, "{taken} of {cap} taken by other devices"),
            Self::OwnPlace => f.write_str("it has its place already"),
            Self::Until(until) => write!(f, "until {}", Timestamp::from_seconds(until.as_seconds())),
            Self::Left(left) => write!(f, "{left} left"),
        }
    }
}

/// `rule=finding detail`, for machines.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let finding = match self.finding {
            Finding::Passed => "passed",
            Finding::Refused => "refused",
        };
        write!(f, "{}={finding}", self.rule.code())?;
        if self.detail == Detail::Nothing { Ok(()) } else { write!(f, " {}", self.detail) }
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
}

impl FromIterator<Step> for Trail {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Self {
        Self { steps: steps.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_reads_as_a_sentence() {
        let mut trail = Trail::default();
        trail.passed(Rule::Password, Detail::Meaning(Meaning::Shown(Method::Pap)));
        trail.passed(Rule::Time, Detail::Until(Timestamp::from_seconds(1_800_000_000)));
        trail.refused(Rule::DeviceCap, Detail::Places { taken: 1, cap: 1 });
        let nairobi = Zone::named("Africa/Nairobi").expect("known");

        let words: Vec<_> = trail.steps().iter().map(|step| step.in_words(&nairobi)).collect();

        assert_eq!(
            words,
            [
                "Is the password right? yes: pap",
                "Is there time left? yes: until 2027-01-15 11:00:00",
                "Is there a place for this device? NO: 1 of 1 taken by other devices"
            ]
        );
        assert_eq!(trail.steps()[2].to_string(), "device_cap=refused 1 of 1 taken by other devices");
    }
}
