//! Templates: what text messages say, with places that are filled for each.

use crate::messages::language::Language;
use crate::time::Timestamp;

/// What a text message is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum MessageKind {
    /// Somebody has bought a voucher.
    VoucherSold,
    /// Somebody who has lost codes has asked for them.
    LostCodes,
    /// A code that proves that somebody holds a telephone.
    OneTimeCode,
    /// Nothing but that messages work.
    Test,
}

impl MessageKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::VoucherSold, Self::LostCodes, Self::OneTimeCode, Self::Test];

    /// Its name in records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::VoucherSold => "voucher_sold",
            Self::LostCodes => "lost_codes",
            Self::OneTimeCode => "one_time_code",
            Self::Test => "test",
        }
    }

    /// The kind with a [`code`](Self::code).
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// What its templates may hold.
    pub const fn variables(self) -> &'static [Variable] {
        match self {
            Self::VoucherSold => &[
                Variable::Code,
                Variable::Plan,
                Variable::Start,
                Variable::End,
                Variable::Contact,
                Variable::Brand,
                Variable::Price,
            ],
            Self::LostCodes => &[Variable::Codes, Variable::Contact, Variable::Brand],
            Self::OneTimeCode => &[Variable::Code, Variable::Minutes, Variable::Contact, Variable::Brand],
            Self::Test => &[Variable::Contact, Variable::Brand],
        }
    }

    /// What its templates must hold.
    pub const fn compulsory(self) -> &'static [Variable] {
        match self {
            Self::VoucherSold => {
                &[Variable::Code, Variable::Plan, Variable::Start, Variable::End, Variable::Contact, Variable::Brand]
            }
            Self::LostCodes => &[Variable::Codes, Variable::Brand],
            Self::OneTimeCode => &[Variable::Code, Variable::Brand],
            Self::Test => &[Variable::Brand],
        }
    }
}

/// A place in a template, written as its name in braces: `{code}`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Variable {
    /// The code itself.
    Code,
    /// The plan's name.
    Plan,
    /// From when on it may be used.
    Start,
    /// Until when.
    End,
    /// Whom to call for help.
    Contact,
    /// The ISP as people know it.
    Brand,
    /// What it cost.
    Price,
    /// Several codes, each with its plan and end.
    Codes,
    /// How long it is good, in minutes.
    Minutes,
}

impl Variable {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Code,
        Self::Plan,
        Self::Start,
        Self::End,
        Self::Contact,
        Self::Brand,
        Self::Price,
        Self::Codes,
        Self::Minutes,
    ];

    /// Its name in templates.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Plan => "plan",
            Self::Start => "start",
            Self::End => "end",
            Self::Contact => "contact",
            Self::Brand => "brand",
            Self::Price => "price",
            Self::Codes => "codes",
            Self::Minutes => "minutes",
        }
    }

    /// The variable with a [`name`](Self::name).
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Whether what stands there lets somebody in: nobody but the receiver is shown it.
    pub const fn is_secret(self) -> bool {
        match self {
            Self::Code | Self::Codes => true,
            Self::Plan | Self::Start | Self::End | Self::Contact | Self::Brand | Self::Price | Self::Minutes => false,
        }
    }
}

/// A template as an ISP has written it, or as it comes with the program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Template {
    /// For which messages.
    pub kind: MessageKind,
    /// In which language.
    pub language: Language,
    /// What it says.
    pub text: String,
    /// When the ISP has written it; `None`: it comes with the program.
    pub changed_at: Option<Timestamp>,
}

/// Most characters of a template.
pub const TEMPLATE_MAX: usize = 480;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        assert!(MessageKind::ALL.into_iter().all(|kind| MessageKind::from_code(kind.code()) == Some(kind)));
        assert!(Variable::ALL.into_iter().all(|one| Variable::named(one.name()) == Some(one)));
        assert_eq!((MessageKind::from_code("poem"), Variable::named("pin")), (None, None));
    }

    #[test]
    fn what_must_be_there_may_be_there() {
        for kind in MessageKind::ALL {
            assert!(kind.compulsory().iter().all(|one| kind.variables().contains(one)), "{kind:?}");
        }
    }
}
