//! Templates: what one must hold and may hold, checked when it is saved; and filling it.

use domain::messages::language::Language;
use domain::messages::message::TEXT_MAX;
use domain::messages::template::{MessageKind, TEMPLATE_MAX, Variable};
use thiserror::Error;

use crate::messages::filling::{LoneBrace, Piece, pieces};
use crate::messages::parts::{parts, plain};

/// As how many messages a template may be sent with usual words in its places: each of them costs.
pub const PARTS_MAX: u16 = 4;

/// What stands for a code where it is not to be seen.
pub const HIDDEN: &str = "****";

/// Why a text cannot be a template.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TemplateFault {
    /// There is nothing in it.
    #[error("the text is empty")]
    Empty,
    /// It is too long.
    #[error("the text is longer than {TEMPLATE_MAX} characters")]
    TooLong,
    /// A brace that has no other.
    #[error(transparent)]
    Brace(#[from] LoneBrace),
    /// A place that there is not.
    #[error("there is no `{{{name}}}` in messages of this kind: there are {known}")]
    Unknown {
        /// Its name.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// Places that must be there.
    #[error("the text must also hold {0}: people need it")]
    Missing(String),
    /// It costs too much.
    #[error(
        "a message like this is sent and paid for as {0}, and {PARTS_MAX} are the most: shorten it, or use letters \
        that telephones have"
    )]
    TooManyParts(u16),
}

/// Checks a text that somebody wants to save.
pub fn check(kind: MessageKind, text: &str) -> Result<(), TemplateFault> {
    if text.trim().is_empty() {
        return Err(TemplateFault::Empty);
    }
    if text.chars().count() > TEMPLATE_MAX {
        return Err(TemplateFault::TooLong);
    }
    let mut found = Vec::new();
    for piece in pieces(text)? {
        let Piece::Place(name) = piece else { continue };
        let known = Variable::named(name).filter(|one| kind.variables().contains(one));
        let unknown = || TemplateFault::Unknown {
            name: domain::text::escaped(name.as_bytes()).chars().take(40).collect(),
            known: named(kind.variables()),
        };
        found.push(known.ok_or_else(unknown)?);
    }
    let missing: Vec<Variable> = kind.compulsory().iter().copied().filter(|one| !found.contains(one)).collect();
    if !missing.is_empty() {
        return Err(TemplateFault::Missing(named(&missing)));
    }
    let count = parts(&sample(kind, text, &Language::english())).count;
    if count > PARTS_MAX { Err(TemplateFault::TooManyParts(count)) } else { Ok(()) }
}

/// `{code}, {plan} and {end}`.
fn named(variables: &[Variable]) -> String {
    let mut names: Vec<String> = variables.iter().map(|one| format!("{{{}}}", one.name())).collect();
    match (names.pop(), names.is_empty()) {
        (Some(last), false) => format!("{} and {last}", names.join(", ")),
        (last, _) => last.unwrap_or_default(),
    }
}

/// What a message says. A place that has no value stays empty. No longer than [`TEXT_MAX`].
pub fn filled(text: &str, values: &[(Variable, String)]) -> String {
    let value = |name: &str| {
        let variable = Variable::named(name)?;
        values.iter().find(|(one, _)| *one == variable).map(|(_, value)| value.as_str())
    };
    let mut said = String::new();
    match pieces(text) {
        Ok(pieces) => {
            for piece in pieces {
                match piece {
                    Piece::Words(words) => said.push_str(words),
                    Piece::Place(name) => said.push_str(value(name).unwrap_or_default()),
                }
            }
        }
        // Only a text that was never checked: it is said as it stands.
        Err(LoneBrace) => said.push_str(text),
    }
    plain(&said).chars().take(TEXT_MAX).collect()
}

/// The same for those who may see that a message was sent, and not what lets somebody in.
pub fn shown(text: &str, values: &[(Variable, String)]) -> String {
    let hidden: Vec<(Variable, String)> = values
        .iter()
        .map(|(one, value)| (*one, if one.is_secret() { HIDDEN.to_owned() } else { value.clone() }))
        .collect();
    filled(text, &hidden)
}

/// A message as it may look, with usual words in its places.
pub fn sample(kind: MessageKind, text: &str, language: &Language) -> String {
    let values: Vec<(Variable, String)> =
        kind.variables().iter().map(|one| (*one, usual(*one, language).to_owned())).collect();
    filled(text, &values)
}

fn usual(variable: Variable, language: &Language) -> &'static str {
    let is_swahili = *language == Language::swahili();
    match variable {
        Variable::Code => "7KQ2MXAB",
        Variable::Plan => "hour",
        Variable::Start => "22/11/2026 17:05",
        Variable::End => "22/11/2026 18:05",
        Variable::Contact => "0712345678",
        Variable::Brand => "Savanna Networks",
        Variable::Price => "KES 20",
        Variable::Codes if is_swahili => "7KQ2MXAB (hour, hadi 22/11/2026 18:05)",
        Variable::Codes => "7KQ2MXAB (hour, until 22/11/2026 18:05)",
        Variable::Minutes => "10",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOLD: MessageKind = MessageKind::VoucherSold;
    const GOOD: &str = "{brand} {code} {plan} {start} {end} {contact}";

    fn refused(text: &str) -> String {
        check(SOLD, text).expect_err(text).to_string()
    }

    #[test]
    fn an_unknown_place_is_named_with_those_that_there_are() {
        let why = refused(&format!("{GOOD} {{pin}}"));

        assert_eq!(
            why,
            "there is no `{pin}` in messages of this kind: there are {code}, {plan}, {start}, {end}, {contact}, \
             {brand} and {price}"
        );
        // One of another kind is unknown here as well.
        assert!(refused(&format!("{GOOD} {{minutes}}")).contains("no `{minutes}`"));
    }

    #[test]
    fn what_people_need_must_be_there() {
        assert_eq!(check(SOLD, GOOD), Ok(()));
        assert_eq!(
            refused("{brand}: {plan} {start} {end}"),
            "the text must also hold {code} and {contact}: people need it"
        );
        assert_eq!(check(MessageKind::Test, "hello {brand}"), Ok(()));
        assert_eq!(refused("  "), "the text is empty");
        assert!(refused("{brand} {code").contains("a brace stands alone"));
        assert!(refused(&"x".repeat(TEMPLATE_MAX + 1)).contains("longer than"));
    }

    #[test]
    fn a_text_that_costs_too_much_is_refused() {
        assert_eq!(check(SOLD, &format!("{GOOD} {}", "a".repeat(400))), Ok(()));
        assert!(refused(&format!("{GOOD} {}", "ç".repeat(230))).contains("paid for as 5"), "wide letters cost more");
    }

    #[test]
    fn what_is_filled_in_is_plain_and_adds_no_places() {
        let values =
            vec![(Variable::Brand, "Mama\u{2019}s {code}\u{7}Net".to_owned()), (Variable::Code, "7KQ2MXAB".to_owned())];

        assert_eq!(filled("{brand}: {code} {end}", &values), "Mama's {code} Net: 7KQ2MXAB ");
        assert_eq!(shown("{brand}: {code}", &values), "Mama's {code} Net: ****");
    }

    #[test]
    fn a_message_is_never_longer_than_can_be_kept() {
        let values = vec![(Variable::Codes, "x".repeat(9_000))];

        assert_eq!(filled("{codes}", &values).chars().count(), TEXT_MAX);
    }
}
