//! One octet for each word: never changed once it is written, only added to.

use domain::access::attempt::{AskedService, Method};
use domain::access::decision::AnsweredFrom;
use domain::access::facts::FoundBy;
use domain::access::trail::{Finding, Meaning, Rule};
use domain::refusal::Refusal;
use domain::sales::plan::PlanService;

/// A pair of functions between an enum and its octets.
macro_rules! octets {
    ($to:ident, $from:ident: $words:ty { $($word:path = $octet:literal),+ $(,)? }) => {
        pub(crate) const fn $to(word: $words) -> u8 {
            match word { $($word => $octet),+ }
        }
        pub(crate) const fn $from(octet: u8) -> Option<$words> {
            match octet { $($octet => Some($word),)+ _ => None }
        }
    };
}

octets!(of_service, service: AskedService {
    AskedService::Unsaid = 0,
    AskedService::Hotspot = 1,
    AskedService::Ppp = 2,
});

octets!(of_method, method: Method {
    Method::Nothing = 0,
    Method::Pap = 1,
    Method::Chap = 2,
    Method::MsChapV1 = 3,
    Method::MsChapV2 = 4,
});

octets!(of_answered_from, answered_from: AnsweredFrom {
    AnsweredFrom::Memory = 0,
    AnsweredFrom::Database = 1,
    AnsweredFrom::MemoryInOutage = 2,
});

octets!(of_found_by, found_by: FoundBy {
    FoundBy::Code = 0,
    FoundBy::Phone = 1,
    FoundBy::Username = 2,
    FoundBy::Device = 3,
});

octets!(of_line, line: PlanService {
    PlanService::Hotspot = 0,
    PlanService::Pppoe = 1,
    PlanService::Static = 2,
});

octets!(of_rule, rule: Rule {
    Rule::Name = 0,
    Rule::Service = 1,
    Rule::Password = 2,
    Rule::Standing = 3,
    Rule::Time = 4,
    Rule::Data = 5,
    Rule::DeviceCap = 6,
    Rule::SlotTaken = 7,
    Rule::Device = 8,
});

octets!(of_finding, finding: Finding {
    Finding::Refused = 0,
    Finding::Passed = 1,
});

// 0 is an accept.
octets!(of_refusal, refusal: Refusal {
    Refusal::Unknown = 1,
    Refusal::WrongCase = 2,
    Refusal::WrongPassword = 3,
    Refusal::NoProof = 4,
    Refusal::Expired = 5,
    Refusal::NotSold = 6,
    Refusal::PastSellBy = 7,
    Refusal::Revoked = 8,
    Refusal::Suspended = 9,
    Refusal::DataUsedUp = 10,
    Refusal::AlreadyInUse = 11,
    Refusal::WrongService = 12,
    Refusal::TooManyTries = 13,
    Refusal::DeviceBlocked = 14,
    Refusal::DataUsedUpToday = 15,
    Refusal::DataUsedUpThisWeek = 16,
    Refusal::DataUsedUpThisMonth = 17,
});

/// Two octets, for those that say which.
pub(crate) const fn of_meaning(meaning: Meaning) -> [u8; 2] {
    match meaning {
        Meaning::OtherCase => [0, 0],
        Meaning::Code => [1, 0],
        Meaning::Phone => [2, 0],
        Meaning::Subscriber => [3, 0],
        Meaning::Line(service) => [4, of_line(service)],
        Meaning::Shown(by) => [5, of_method(by)],
        Meaning::NeedsNone => [6, 0],
        Meaning::NotShown => [7, 0],
        Meaning::Endless => [8, 0],
        Meaning::Device => [9, 0],
        Meaning::Restricted => [10, 0],
        Meaning::NewestWins => [11, 0],
    }
}

pub(crate) fn meaning(octets: [u8; 2]) -> Option<Meaning> {
    Some(match octets {
        [0, 0] => Meaning::OtherCase,
        [1, 0] => Meaning::Code,
        [2, 0] => Meaning::Phone,
        [3, 0] => Meaning::Subscriber,
        [4, which] => Meaning::Line(line(which)?),
        [5, which] => Meaning::Shown(method(which)?),
        [6, 0] => Meaning::NeedsNone,
        [7, 0] => Meaning::NotShown,
        [8, 0] => Meaning::Endless,
        [9, 0] => Meaning::Device,
        [10, 0] => Meaning::Restricted,
        [11, 0] => Meaning::NewestWins,
        _ => return None,
    })
}
