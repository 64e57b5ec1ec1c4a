//! A node: one server of ours among those that share a database.

use std::fmt;
use std::str::FromStr;

/// On what ground a node answers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Standing {
    /// Between two grounds, or not among the others yet: nothing may be decided for a moment.
    Settling,
    /// The only live node: what it remembers is the truth, and the database is written behind it.
    Alone,
    /// One of several: the database is the truth, and each decision is a transaction.
    Shared,
    /// The database does not answer: those it remembers are served from memory, and nobody else.
    Away,
}

impl Standing {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Settling, Self::Alone, Self::Shared, Self::Away];

    /// Its short name in metrics, tables and JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Settling => "settling",
            Self::Alone => "alone",
            Self::Shared => "shared",
            Self::Away => "away",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Standing {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|standing| standing.code() == text).ok_or(UnknownWord)
    }
}

/// What a node has told the others that it may be doing, until it says otherwise or falls silent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Claim {
    /// It has announced itself and takes nothing for the truth yet.
    Waiting,
    /// It may decide in transactions. The others may do the same.
    Shared,
    /// It may decide from memory. The others wait.
    Alone,
    /// It has stopped and said so.
    Gone,
    /// The others have waited long enough for a word of it.
    Lost,
}

impl Claim {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Shared, Self::Alone, Self::Gone, Self::Lost];

    /// Whether a node with this claim has to be reckoned with.
    pub const fn is_present(self) -> bool {
        match self {
            Self::Waiting | Self::Shared | Self::Alone => true,
            Self::Gone | Self::Lost => false,
        }
    }

    /// Its short name in tables and JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Shared => "shared",
            Self::Alone => "alone",
            Self::Gone => "gone",
            Self::Lost => "lost",
        }
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Claim {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|claim| claim.code() == text).ok_or(UnknownWord)
    }
}

/// A text that is none of the words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UnknownWord;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back_as_they_were_written() {
        for standing in Standing::ALL {
            assert_eq!(standing.to_string().parse(), Ok(standing));
        }
        for claim in Claim::ALL {
            assert_eq!(claim.to_string().parse(), Ok(claim));
        }
        assert_eq!("alone ".parse::<Claim>(), Err(UnknownWord));
    }
}
