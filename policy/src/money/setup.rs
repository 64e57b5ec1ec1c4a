//! Whether a gateway is set up well: a sentence for each thing that is wrong, and what to do about it.

use domain::money::claim::Failure;
use domain::money::gateway::Environment;

/// What came of trying the keys at the gateway.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Tried {
    /// They open the door.
    Good,
    /// The gateway, or we before it, says no.
    Refused(Failure),
    /// The gateway could not be asked now.
    Away(String),
    /// Something is missing on our side.
    Unable(String),
    /// This server speaks to no gateways.
    Nobody,
}

/// What is known of a gateway that is set up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Facts<'a> {
    /// Whether money moves.
    pub environment: Environment,
    /// Where callbacks come in.
    pub callback_base: &'a str,
    /// Whether somebody is named who may look up receipts.
    pub has_initiator: bool,
    /// Whether confirmations are believed that cannot be verified.
    pub trusts_confirmations: bool,
}

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Weight {
    /// Nobody can pay like this.
    Wrong,
    /// People can pay, and something else does not work, or nobody knows.
    Warning,
}

impl Weight {
    /// Its name in answers.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Warning => "warning",
        }
    }
}

/// Something about a gateway that is not as it should be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What it is about, for programs.
    pub about: &'static str,
    /// How bad it is.
    pub weight: Weight,
    /// What is wrong and what to do.
    pub say: String,
}

/// All that is not as it should be, the worst first. Whether a passkey is right shows where the gateway looks at it
/// without a prompt; where it does not, the first prompt shows it.
pub fn findings(facts: &Facts<'_>, tried: &Tried) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut note = |about, weight, say: String| found.push(Finding { about, weight, say });
    let is_https = facts.callback_base.starts_with("https://");
    match tried {
        Tried::Good => {}
        Tried::Refused(failure) => {
            let code = if failure.code.is_empty() { String::new() } else { format!(" (code {})", failure.code) };
            note("keys", Weight::Wrong, format!("the gateway says no{code}: {}", failure.words));
        }
        Tried::Unable(why) => note("initiator", Weight::Wrong, why.clone()),
        Tried::Away(why) => {
            let say = format!(
                "the gateway could not be asked, so nobody knows whether the keys are right: {why}. Try again later"
            );
            note("gateway", Weight::Warning, say);
        }
        Tried::Nobody => {
            let say =
                "this server speaks to no gateway: its operator has to set the public address that gateways call back"
                    .to_owned();
            note("server", Weight::Warning, say);
        }
    }
    if !is_https && !matches!(tried, Tried::Refused(_) | Tried::Nobody) {
        let weight = match facts.environment {
            Environment::Production => Weight::Wrong,
            Environment::Sandbox => Weight::Warning,
        };
        let say = format!(
            "the address that gateways call back is `{}`: they call over https:// alone, so give the portal a \
             certificate and a public name",
            facts.callback_base
        );
        note("callback", weight, say);
    }
    if !facts.has_initiator {
        let say = if facts.trusts_confirmations {
            "no initiator is set, so receipts cannot be looked up, and whatever a confirmation says is believed: somebody \
             who learns its address could make money up. Add an initiator, and trust confirmations no more"
        } else {
            "no initiator is set: receipts cannot be looked up, nor money given back, nor the balance asked for. Add an \
             operator of the API kind in the M-Pesa portal, and give its name and password here"
        };
        note("initiator", Weight::Warning, say.to_owned());
    }
    found.sort_by_key(|finding| match finding.weight {
        Weight::Wrong => 0,
        Weight::Warning => 1,
    });
    found
}

#[cfg(test)]
mod tests {
    use domain::money::claim::FailureKind;

    use super::*;

    const GOOD: Facts<'static> = Facts {
        environment: Environment::Production,
        callback_base: "https://pay.example.net",
        has_initiator: true,
        trusts_confirmations: false,
    };

    fn abouts(facts: &Facts<'_>, tried: &Tried) -> Vec<(&'static str, Weight)> {
        findings(facts, tried).into_iter().map(|finding| (finding.about, finding.weight)).collect()
    }

    #[test]
    fn what_is_set_up_well_has_nothing_wrong() {
        assert_eq!(findings(&GOOD, &Tried::Good), Vec::new());
    }

    #[test]
    fn what_the_gateway_says_is_told_with_its_code() {
        let failure = Failure {
            kind: FailureKind::Misconfigured,
            code: "400.008.01".to_owned(),
            words: "Invalid Authentication passed: copy consumer key and secret again".to_owned(),
        };

        let found = findings(&GOOD, &Tried::Refused(failure));

        assert_eq!(found.len(), 1);
        assert!(found[0].say.contains("400.008.01") && found[0].say.contains("copy consumer key"), "{}", found[0].say);
        assert_eq!(found[0].weight, Weight::Wrong);
    }

    #[test]
    fn a_gateway_that_is_away_is_a_warning_and_no_refusal() {
        assert_eq!(abouts(&GOOD, &Tried::Away("no answer".to_owned())), [("gateway", Weight::Warning)]);
        assert_eq!(abouts(&GOOD, &Tried::Nobody), [("server", Weight::Warning)]);
    }

    #[test]
    fn an_address_without_tls_is_wrong_where_money_moves() {
        let plain = Facts { callback_base: "http://pay.example.net", ..GOOD };

        assert_eq!(abouts(&plain, &Tried::Good), [("callback", Weight::Wrong)]);
        let sandbox = Facts { environment: Environment::Sandbox, ..plain };
        assert_eq!(abouts(&sandbox, &Tried::Good), [("callback", Weight::Warning)]);
    }

    #[test]
    fn the_worst_comes_first() {
        let poor = Facts { has_initiator: false, trusts_confirmations: true, callback_base: "http://x", ..GOOD };

        let found = findings(&poor, &Tried::Good);

        assert_eq!(found.iter().map(|one| one.about).collect::<Vec<_>>(), ["callback", "initiator"]);
        assert!(found[1].say.contains("could make money up"));
    }
}
