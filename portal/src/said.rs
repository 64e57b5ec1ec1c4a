//! What a router said went wrong, in our words. The text comes through the browser, so it is never shown as it is: a
//! link could make this page say anything.

use domain::refusal::Refusal;

/// Something that went wrong at the router.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AtRouter {
    /// We refused, and the router has passed our sentence on.
    Refused(Refusal),
    /// The router has not heard from us.
    NoAnswer,
    /// The router knows the name with too many devices.
    TooManyDevices,
    /// It is being asked already.
    Busy,
    /// Something else.
    Other,
}

/// Beginnings of what RouterOS says by itself, in small letters.
const ROUTEROS: [(&str, AtRouter); 6] = [
    ("radius server is not responding", AtRouter::NoAnswer),
    ("radius timeout", AtRouter::NoAnswer),
    ("no more sessions are allowed", AtRouter::TooManyDevices),
    ("already authorizing", AtRouter::Busy),
    ("invalid username or password", AtRouter::Refused(Refusal::Unknown)),
    ("invalid username", AtRouter::Refused(Refusal::Unknown)),
];

/// What a router said.
pub(crate) fn at_router(said: &str) -> AtRouter {
    let said = said.trim().to_ascii_lowercase();
    let ours = Refusal::ALL.into_iter().find(|refusal| said.contains(&refusal.sentence().to_ascii_lowercase()));
    if let Some(refusal) = ours {
        return AtRouter::Refused(refusal);
    }
    ROUTEROS.into_iter().find(|(begins, _)| said.contains(begins)).map_or(AtRouter::Other, |(_, meaning)| meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_sentences_come_back_with_their_trace_code_and_are_known() {
        for refusal in Refusal::ALL {
            let said = format!("{} (7KQ2MD)", refusal.sentence());
            assert_eq!(at_router(&said), AtRouter::Refused(refusal), "{said}");
        }
    }

    #[test]
    fn what_routeros_says_by_itself_is_known_and_what_a_stranger_says_is_not() {
        assert_eq!(at_router("RADIUS server is not responding"), AtRouter::NoAnswer);
        assert_eq!(at_router("no more sessions are allowed for user ab12"), AtRouter::TooManyDevices);
        assert_eq!(at_router("Send 500 shillings to 0700 000 000"), AtRouter::Other);
    }
}
