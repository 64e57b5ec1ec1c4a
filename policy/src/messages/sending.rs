//! What becomes of a message that was tried, and what staff is told of it.

use domain::messages::message::RefusalKind;
use domain::messages::template::MessageKind;

/// How often a message is tried before it is left to a person: with the waits of
/// [`retrying`](crate::platform::retrying), five hours.
pub const TRIES_MAX: u32 = 9;

/// How often a message is sent again by itself when nobody knows whether it was taken.
pub const REPEATS_MAX: u32 = 1;

/// From which try on staff is told that the provider cannot be reached: less than a minute after the first.
pub const TOLD_FROM: u32 = 3;

/// What a try came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Came {
    /// The provider has taken it.
    Taken,
    /// The provider says no.
    Refused(RefusalKind),
    /// Nobody knows whether it was taken.
    Unknown,
    /// It was certainly not taken: the provider could not be reached, or asks us to wait.
    NotNow,
}

/// What is done next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Nothing: it is sent.
    Sent,
    /// It is tried again later.
    Again,
    /// Nothing by itself: it may have been sent.
    Unknown,
    /// Nothing by itself: it was not sent.
    Failed,
}

/// What staff is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tells {
    /// Nothing.
    Nothing,
    /// That this message was not sent, or perhaps.
    ThisOne,
    /// That the provider takes none of the ISP's messages, because of that; `None`: it cannot be reached.
    All(Option<RefusalKind>),
}

/// What is done next, and what staff is told. `tries` and `unsure` count this try: how often it was tried, and how often
/// without our knowing whether it was taken.
pub fn after(kind: MessageKind, came: Came, tries: u32, unsure: u32) -> (Next, Tells) {
    let again = if tries >= TRIES_MAX { Next::Failed } else { Next::Again };
    match came {
        Came::Taken => (Next::Sent, Tells::Nothing),
        Came::Refused(refusal) if refusal.is_about_all() => (again, Tells::All(Some(refusal))),
        Came::Refused(_) => (Next::Failed, this_one(kind)),
        Came::Unknown if unsure > REPEATS_MAX || tries >= TRIES_MAX => (Next::Unknown, this_one(kind)),
        Came::Unknown => (Next::Again, Tells::Nothing),
        Came::NotNow if tries >= TOLD_FROM => (again, Tells::All(None)),
        Came::NotNow => (again, Tells::Nothing),
    }
}

/// Nobody can help whoever waits for a code of some minutes: they ask for another.
const fn this_one(kind: MessageKind) -> Tells {
    match kind {
        MessageKind::VoucherSold | MessageKind::LostCodes => Tells::ThisOne,
        MessageKind::OneTimeCode | MessageKind::Test => Tells::Nothing,
    }
}

/// What is wrong and what to do, for staff.
pub fn advice(refusal: Option<RefusalKind>) -> &'static str {
    match refusal {
        None => "it cannot be reached, or is out of order: look at its own status page",
        Some(RefusalKind::Keys) => "the keys are wrong: copy them anew from the provider's own page",
        Some(RefusalKind::Balance) => "the account is empty: top it up at the provider",
        Some(RefusalKind::Sender) => {
            "the sender is not registered for your account: take it out, or have the provider register it"
        }
        Some(RefusalKind::SetUp) => "it does not understand what it is sent: compare the set-up with its documents",
        Some(RefusalKind::NoProvider) => "no provider is set up, or sending is switched off",
        Some(RefusalKind::Held) => "it holds your account's messages back: call the provider",
        Some(RefusalKind::Number) => "that telephone cannot be reached, or does not want messages",
    }
}

/// What an exception about all of an ISP's messages is about.
pub fn about_all(refusal: Option<RefusalKind>) -> String {
    format!("provider:{}", refusal.map_or("away", RefusalKind::code))
}

/// All that such exceptions may be about.
pub fn all_about_all() -> Vec<String> {
    let refusals = RefusalKind::ALL.into_iter().filter(|one| one.is_about_all()).map(Some);
    refusals.chain([None]).map(about_all).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOLD: MessageKind = MessageKind::VoucherSold;

    #[test]
    fn what_is_taken_is_over() {
        assert_eq!(after(SOLD, Came::Taken, 1, 0), (Next::Sent, Tells::Nothing));
    }

    #[test]
    fn what_nobody_knows_is_repeated_once_and_then_told() {
        assert_eq!(after(SOLD, Came::Unknown, 1, 1), (Next::Again, Tells::Nothing));
        assert_eq!(after(SOLD, Came::Unknown, 2, 2), (Next::Unknown, Tells::ThisOne));
        assert_eq!(after(MessageKind::OneTimeCode, Came::Unknown, 2, 2), (Next::Unknown, Tells::Nothing));
    }

    #[test]
    fn a_telephone_that_refuses_is_not_tried_again_and_an_empty_account_is() {
        let number = Came::Refused(RefusalKind::Number);
        let empty = Came::Refused(RefusalKind::Balance);

        assert_eq!(after(SOLD, number, 1, 0), (Next::Failed, Tells::ThisOne));
        assert_eq!(after(SOLD, empty, 1, 0), (Next::Again, Tells::All(Some(RefusalKind::Balance))));
        assert_eq!(after(SOLD, empty, TRIES_MAX, 0), (Next::Failed, Tells::All(Some(RefusalKind::Balance))));
    }

    #[test]
    fn a_provider_that_is_away_for_a_moment_troubles_nobody() {
        assert_eq!(after(SOLD, Came::NotNow, 1, 0), (Next::Again, Tells::Nothing));
        assert_eq!(after(SOLD, Came::NotNow, TOLD_FROM, 0), (Next::Again, Tells::All(None)));
        assert_eq!(after(SOLD, Came::NotNow, TRIES_MAX, 0), (Next::Failed, Tells::All(None)));
    }

    #[test]
    fn whatever_comes_a_message_is_tried_so_often_at_most() {
        let all = RefusalKind::ALL.map(Came::Refused).into_iter().chain([Came::Unknown, Came::NotNow, Came::Taken]);
        for came in all {
            for kind in MessageKind::ALL {
                assert_ne!(after(kind, came, TRIES_MAX, TRIES_MAX).0, Next::Again, "{came:?}");
            }
        }
        assert_eq!(all_about_all().len(), 7);
    }
}
