//! Typed ids: a `VoucherId` cannot be passed for a `TenantId`.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use uuid::Uuid;

/// An id of one kind of row. Time-ordered (UUID version 7) when made by us, so that indexes stay local.
pub struct Id<Of> {
    uuid: Uuid,
    of: PhantomData<fn() -> Of>,
}

impl<Of> Id<Of> {
    /// The id that a row or a caller's text already carries.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self { uuid, of: PhantomData }
    }

    /// The id from its 16 octets, as [`ports::Random`](../../ports/random) makes them.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self::from_uuid(Uuid::from_bytes(bytes))
    }

    /// The bare value, for the database's edge.
    pub const fn uuid(self) -> Uuid {
        self.uuid
    }

    /// The 16 octets, for the wire's edge.
    pub const fn bytes(self) -> [u8; 16] {
        self.uuid.into_bytes()
    }
}

impl<Of> Clone for Id<Of> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<Of> Copy for Id<Of> {}
impl<Of> PartialEq for Id<Of> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<Of> Eq for Id<Of> {}
impl<Of> PartialOrd for Id<Of> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<Of> Ord for Id<Of> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<Of> Hash for Id<Of> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
impl<Of> fmt::Debug for Id<Of> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid.fmt(f)
    }
}
impl<Of> fmt::Display for Id<Of> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid.fmt(f)
    }
}
impl<Of> FromStr for Id<Of> {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self::from_uuid)
    }
}

/// The kinds an [`Id`] can be of. They hold nothing and are never made.
pub mod kind {
    /// An ISP.
    #[derive(Debug)]
    pub enum Tenant {}
    /// A router, or anything else that speaks RADIUS to us.
    #[derive(Debug)]
    pub enum Nas {}
    /// A router's RadSec certificate.
    #[derive(Debug)]
    pub enum Certificate {}
    /// What is sold.
    #[derive(Debug)]
    pub enum Plan {}
    /// A code that buys access.
    #[derive(Debug)]
    pub enum Voucher {}
    /// Vouchers made together.
    #[derive(Debug)]
    pub enum Batch {}
    /// A house or business with its own user name and password.
    #[derive(Debug)]
    pub enum Subscriber {}
    /// One stay on a NAS.
    #[derive(Debug)]
    pub enum Session {}
    /// One answered question "may it come online?".
    #[derive(Debug)]
    pub enum Decision {}
    /// One server of ours.
    #[derive(Debug)]
    pub enum Node {}
    /// One life of a process.
    #[derive(Debug)]
    pub enum Run {}

    /// A node's journal of accounting records.
    #[derive(Debug)]
    pub enum Journal {}
    /// Something that needs a person.
    #[derive(Debug)]
    pub enum Exception {}
    /// Something to be said to a person.
    #[derive(Debug)]
    pub enum Notice {}
    /// An entry of the audit.
    #[derive(Debug)]
    pub enum Audit {}
    /// A deed on many subscribers at once.
    #[derive(Debug)]
    pub enum Operation {}

    /// Somebody who uses and pays.
    #[derive(Debug)]
    pub enum Customer {}
    /// Somebody who works for a tenant or for the platform.
    #[derive(Debug)]
    pub enum Staff {}
    /// A set of permissions.
    #[derive(Debug)]
    pub enum Role {}
    /// A program's key to the API.
    #[derive(Debug)]
    pub enum Key {}
    /// One time that somebody signed in.
    #[derive(Debug)]
    pub enum SignIn {}
    /// A part of a tenant that has zones.
    #[derive(Debug)]
    pub enum Branch {}
    /// A part of a branch, as a village or an estate.
    #[derive(Debug)]
    pub enum Zone {}
    /// Something to be done later.
    #[derive(Debug)]
    pub enum Job {}
    /// A partner's address that hears of events.
    #[derive(Debug)]
    pub enum Webhook {}
    /// One telling of one event to one webhook.
    #[derive(Debug)]
    pub enum Delivery {}
    /// A time in which somebody of the platform acts in a tenant's place.
    #[derive(Debug)]
    pub enum Impersonation {}
    /// A gateway of an ISP: who takes money for it.
    #[derive(Debug)]
    pub enum Gateway {}
    /// One attempt of somebody to pay.
    #[derive(Debug)]
    pub enum Payment {}
    /// Money that has come, with the gateway's receipt or over the counter.
    #[derive(Debug)]
    pub enum Arrival {}
    /// An entry of the ledger: postings that sum to zero.
    #[derive(Debug)]
    pub enum Entry {}
    /// A callback, as it came.
    #[derive(Debug)]
    pub enum Callback {}
    /// Money that is given back.
    #[derive(Debug)]
    pub enum Refund {}
    /// What a gateway is asked about a receipt.
    #[derive(Debug)]
    pub enum Inquiry {}
    /// A text message to a telephone.
    #[derive(Debug)]
    pub enum Message {}
}

/// Id of a customer: who uses and pays.
pub type CustomerId = Id<kind::Customer>;
/// Id of one of the people who work for a tenant or for the platform.
pub type StaffId = Id<kind::Staff>;
/// Id of a role: a set of permissions.
pub type RoleId = Id<kind::Role>;
/// Id of a program's key to the API. Never the key itself.
pub type KeyId = Id<kind::Key>;
/// Id of one time that somebody signed in. Never what the browser keeps.
pub type SignInId = Id<kind::SignIn>;
/// Id of a branch of a tenant.
pub type BranchId = Id<kind::Branch>;
/// Id of a zone of a branch. A time zone is a [`Zone`](crate::time::Zone).
pub type ZoneId = Id<kind::Zone>;
/// Id of something to be done later.
pub type JobId = Id<kind::Job>;
/// Id of a partner's address that hears of events.
pub type WebhookId = Id<kind::Webhook>;
/// The id of one telling of one event to one webhook.
pub type DeliveryId = Id<kind::Delivery>;
/// Id of a time in which somebody of the platform acts in a tenant's place.
pub type ImpersonationId = Id<kind::Impersonation>;

/// Id of a gateway of an ISP.
pub type GatewayId = Id<kind::Gateway>;
/// Id of a payment: one attempt of somebody to pay.
pub type PaymentId = Id<kind::Payment>;
/// Id of money that has come.
pub type ArrivalId = Id<kind::Arrival>;
/// Id of an entry of the ledger.
pub type EntryId = Id<kind::Entry>;
/// Id of a callback, as it came.
pub type CallbackId = Id<kind::Callback>;
/// Id of money that is given back.
pub type RefundId = Id<kind::Refund>;
/// Id of what a gateway is asked about a receipt.
pub type InquiryId = Id<kind::Inquiry>;

/// Id of a text message to a telephone.
pub type MessageId = Id<kind::Message>;

/// Id of a deed on many subscribers at once.
pub type OperationId = Id<kind::Operation>;
/// Id of a tenant: an ISP.
pub type TenantId = Id<kind::Tenant>;
/// Id of a NAS.
pub type NasId = Id<kind::Nas>;
/// Id of a router's RadSec certificate.
pub type CertificateId = Id<kind::Certificate>;
/// Id of a plan, the same over all its revisions.
pub type PlanId = Id<kind::Plan>;
/// Id of a voucher. Never the code itself.
pub type VoucherId = Id<kind::Voucher>;
/// Id of a batch of vouchers.
pub type BatchId = Id<kind::Batch>;
/// Id of a subscriber.
pub type SubscriberId = Id<kind::Subscriber>;
/// Id of a session. The NAS carries it for us in `Class` (RFC 2865 §5.25).
pub type SessionId = Id<kind::Session>;
/// Id of a decision record.
pub type DecisionId = Id<kind::Decision>;
/// Id of a node: one server of ours, by its data directory.
pub type NodeId = Id<kind::Node>;
/// Id of one life of a node's process.
pub type RunId = Id<kind::Run>;
/// Id of a notice: something to be said to a person.
pub type NoticeId = Id<kind::Notice>;
/// Id of an exception: something that needs a person.
pub type ExceptionId = Id<kind::Exception>;
/// Id of an entry of the audit.
pub type AuditId = Id<kind::Audit>;
/// Names a node's journal of accounting records.
pub type JournalId = Id<kind::Journal>;
