//! The audit: what people changed about plans, vouchers and subscribers, and when. It is only ever added to.

use std::fmt;

use uuid::Uuid;

use crate::access::facts::Holder;
use crate::id::{AuditId, ExceptionId, PlanId, SubscriberId, VoucherId};
use crate::time::Timestamp;

/// Most characters of who did it.
pub const ACTOR_MAX: usize = 100;

/// One deed about one thing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its id; later ones sort later.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// Who, in their own words or in ours: at most [`ACTOR_MAX`] characters are kept.
    pub actor: String,
    /// What was done.
    pub verb: Verb,
    /// To what.
    pub thing: Thing,
    /// What is different now. Never a secret: no password, no code.
    pub changes: Vec<Change>,
}

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Verb {
    /// A plan was published.
    PublishPlan,
    /// A plan got other terms.
    ChangePlan,
    /// A voucher was sold.
    SellVoucher,
    /// The end of a voucher was moved.
    ExtendVoucher,
    /// A voucher was taken back.
    RevokeVoucher,
    /// The end of what a subscriber has paid for was moved.
    RenewSubscriber,
    /// A subscriber was moved to another plan.
    MoveSubscriber,
    /// A subscriber's service was stopped.
    SuspendSubscriber,
    /// A subscriber's service runs again.
    ResumeSubscriber,
    /// A device was blocked on a voucher or subscriber.
    BlockDevice,
    /// A blocked device was let in again.
    UnblockDevice,
    /// A device's place was freed.
    ReleaseDevice,
    /// An exception was resolved by hand.
    ResolveException,
}

impl Verb {
    /// All of them, in the order they are declared.
    pub const ALL: [Self; 13] = [
        Self::PublishPlan,
        Self::ChangePlan,
        Self::SellVoucher,
        Self::ExtendVoucher,
        Self::RevokeVoucher,
        Self::RenewSubscriber,
        Self::MoveSubscriber,
        Self::SuspendSubscriber,
        Self::ResumeSubscriber,
        Self::BlockDevice,
        Self::UnblockDevice,
        Self::ReleaseDevice,
        Self::ResolveException,
    ];

    /// Its name in records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::PublishPlan => "publish_plan",
            Self::ChangePlan => "change_plan",
            Self::SellVoucher => "sell_voucher",
            Self::ExtendVoucher => "extend_voucher",
            Self::RevokeVoucher => "revoke_voucher",
            Self::RenewSubscriber => "renew_subscriber",
            Self::MoveSubscriber => "move_subscriber",
            Self::SuspendSubscriber => "suspend_subscriber",
            Self::ResumeSubscriber => "resume_subscriber",
            Self::BlockDevice => "block_device",
            Self::UnblockDevice => "unblock_device",
            Self::ReleaseDevice => "release_device",
            Self::ResolveException => "resolve_exception",
        }
    }

    /// The verb with a [`code`](Self::code).
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.code() == code)
    }
}

/// As lists show it: `extend voucher`.
impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code().replace('_', " "))
    }
}

/// What something was done to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Thing {
    /// A plan.
    Plan(PlanId),
    /// A voucher.
    Voucher(VoucherId),
    /// A subscriber.
    Subscriber(SubscriberId),
    /// An exception.
    Exception(ExceptionId),
}

impl From<Holder> for Thing {
    fn from(holder: Holder) -> Self {
        match holder {
            Holder::Voucher(id) => Self::Voucher(id),
            Holder::Subscriber(id) => Self::Subscriber(id),
        }
    }
}

impl Thing {
    /// The kind of row: `plan`, `voucher`, `subscriber` or `exception`.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Plan(_) => "plan",
            Self::Voucher(_) => "voucher",
            Self::Subscriber(_) => "subscriber",
            Self::Exception(_) => "exception",
        }
    }

    /// The row's bare id.
    pub const fn uuid(self) -> Uuid {
        match self {
            Self::Plan(id) => id.uuid(),
            Self::Voucher(id) => id.uuid(),
            Self::Subscriber(id) => id.uuid(),
            Self::Exception(id) => id.uuid(),
        }
    }

    /// The thing of a row of that kind; `None` for a kind that is not known.
    pub fn from_row(kind: &str, id: Uuid) -> Option<Self> {
        match kind {
            "plan" => Some(Self::Plan(PlanId::from_uuid(id))),
            "voucher" => Some(Self::Voucher(VoucherId::from_uuid(id))),
            "subscriber" => Some(Self::Subscriber(SubscriberId::from_uuid(id))),
            "exception" => Some(Self::Exception(ExceptionId::from_uuid(id))),
            _ => None,
        }
    }
}

/// Something about a thing that is different now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// What about it: `rate`, `until`.
    pub what: String,
    /// How it was; `None` when it was not there.
    pub before: Option<String>,
    /// How it is now; `None` when it is not there any more.
    pub after: Option<String>,
}

impl Change {
    /// From one value to another, as they print.
    pub fn of<Value: fmt::Display>(what: &str, before: Option<Value>, after: Option<Value>) -> Self {
        let text = |value: Option<Value>| value.map(|value| value.to_string());
        Self { what: what.to_owned(), before: text(before), after: text(after) }
    }
}

/// `rate: 2M/5M → 3M/8M`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
        write!(f, "{}: {} → {}", self.what, text(&self.before), text(&self.after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_names_its_verb() {
        assert!(Verb::ALL.iter().all(|verb| Verb::from_code(verb.code()) == Some(*verb)));
        assert_eq!(Verb::from_code("dance"), None);
    }

    #[test]
    fn a_change_reads_from_what_was_to_what_is() {
        assert_eq!(Change::of("rate", Some("2M/5M"), Some("3M/8M")).to_string(), "rate: 2M/5M → 3M/8M");
        assert_eq!(Change::of("until", None, Some("noon")).to_string(), "until: nothing → noon");
    }
}
