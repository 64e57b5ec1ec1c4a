//! Every "no" we may say to a person who wants to come online: one variant, one sentence.

use std::fmt;

/// Why somebody may not come online. A refusal is a result, not an error.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Refusal {
    /// No voucher, phone number or user of that name.
    Unknown,
    /// A live code differs only in capital and small letters.
    WrongCase,
    /// The name is known; the password is not its own.
    WrongPassword,
    /// The request offered no proof of a password that we can check.
    NoProof,
    /// The time that was bought is over.
    Expired,
    /// A printed card that nobody has sold yet.
    NotSold,
    /// A printed card whose sell-by date has passed.
    PastSellBy,
    /// Taken back by staff.
    Revoked,
    /// The service is suspended.
    Suspended,
    /// The data that was bought is used up.
    DataUsedUp,
    /// The data of the day is used up.
    DataUsedUpToday,
    /// The data of the week is used up.
    DataUsedUpThisWeek,
    /// The data of the month is used up.
    DataUsedUpThisMonth,
    /// Every place of the device cap is taken by another device.
    AlreadyInUse,
    /// A hotspot code on a PPPoE line, or the other way round.
    WrongService,
    /// This device has guessed too often.
    TooManyTries,
    /// Staff has blocked this device on this right.
    DeviceBlocked,
}

impl Refusal {
    /// All of them, in the order they are declared.
    pub const ALL: [Self; 17] = [
        Self::Unknown,
        Self::WrongCase,
        Self::WrongPassword,
        Self::NoProof,
        Self::Expired,
        Self::NotSold,
        Self::PastSellBy,
        Self::Revoked,
        Self::Suspended,
        Self::DataUsedUp,
        Self::DataUsedUpToday,
        Self::DataUsedUpThisWeek,
        Self::DataUsedUpThisMonth,
        Self::AlreadyInUse,
        Self::WrongService,
        Self::TooManyTries,
        Self::DeviceBlocked,
    ];

    /// A fixed name for records and metrics.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::WrongCase => "wrong_case",
            Self::WrongPassword => "wrong_password",
            Self::NoProof => "no_proof",
            Self::Expired => "expired",
            Self::NotSold => "not_sold",
            Self::PastSellBy => "past_sell_by",
            Self::Revoked => "revoked",
            Self::Suspended => "suspended",
            Self::DataUsedUp => "data_used_up",
            Self::DataUsedUpToday => "data_used_up_today",
            Self::DataUsedUpThisWeek => "data_used_up_this_week",
            Self::DataUsedUpThisMonth => "data_used_up_this_month",
            Self::AlreadyInUse => "already_in_use",
            Self::WrongService => "wrong_service",
            Self::TooManyTries => "too_many_tries",
            Self::DeviceBlocked => "device_blocked",
        }
    }

    /// The refusal with a [`code`](Self::code).
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.code() == code)
    }

    /// What the person is told, in plain words with what to do next. At most 120 octets, so that it fits
    /// Reply-Message (RFC 2865 §5.18) with its trace code.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Unknown => "code or user name not found: check it and try again",
            Self::WrongCase => "code not found as typed: capital and small letters matter, check them and try again",
            Self::WrongPassword => "wrong password: check it and try again",
            Self::NoProof => "no password was sent that can be checked: ask your provider about the login settings",
            Self::Expired => "expired: your time is over, buy or renew to go on",
            Self::NotSold => "this card has not been sold yet: ask the seller to activate it",
            Self::PastSellBy => "expired: this card was not used before its last day, ask the seller for another",
            Self::Revoked => "this code was cancelled: ask your provider",
            Self::Suspended => "your service is suspended: contact your provider",
            Self::DataUsedUp => "your data is used up: buy more to go on",
            Self::DataUsedUpToday => "your data for today is used up: it begins anew at midnight",
            Self::DataUsedUpThisWeek => "your data for this week is used up: it begins anew on Monday at midnight",
            Self::DataUsedUpThisMonth => {
                "your data for this month is used up: it begins anew on the first of next month"
            }
            Self::AlreadyInUse => "already in use on another device",
            Self::TooManyTries => "too many wrong tries: wait a minute, then try again",
            Self::DeviceBlocked => "this device is blocked here: use another, or ask your provider",
            Self::WrongService => "this login is for another kind of service: ask your provider",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_a_sentence_and_a_code_of_its_own() {
        let mut sentences: Vec<_> = Refusal::ALL.iter().map(|r| r.sentence()).collect();
        let mut codes: Vec<_> = Refusal::ALL.iter().map(|r| r.code()).collect();
        sentences.sort_unstable();
        sentences.dedup();
        codes.sort_unstable();
        codes.dedup();

        assert_eq!((sentences.len(), codes.len()), (Refusal::ALL.len(), Refusal::ALL.len()));
    }

    #[test]
    fn every_sentence_fits_a_reply_message_with_its_trace_code() {
        assert!(Refusal::ALL.iter().all(|r| r.sentence().len() <= 120));
    }

    #[test]
    fn the_device_cap_is_told_in_the_agreed_words() {
        assert_eq!(Refusal::AlreadyInUse.sentence(), "already in use on another device");
    }

    #[test]
    fn a_code_names_its_refusal() {
        assert!(Refusal::ALL.iter().all(|r| Refusal::from_code(r.code()) == Some(*r)));
    }
}
