//! The audit: what people changed about plans, vouchers and subscribers, and when. It is only ever added to.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use uuid::Uuid;

use crate::access::facts::Holder;
use crate::id::{
    ArrivalId, AuditId, BatchId, BranchId, CustomerId, ExceptionId, GatewayId, ImpersonationId, JobId, KeyId,
    MessageId, NasId, PaymentId, PlanId, RoleId, StaffId, SubscriberId, TenantId, VoucherId, WebhookId, ZoneId,
};
use crate::time::Timestamp;

/// Most characters of who did it.
pub const ACTOR_MAX: usize = 100;

/// Who does something, and from where.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Actor {
    /// Who, in their own words or in ours: at most [`ACTOR_MAX`] characters are kept.
    pub name: Cow<'static, str>,
    /// Whose name that is; `None` for the system, the operator of the machine and programs with a key.
    pub staff: Option<StaffId>,
    /// The address that it was asked from; `None` for what was not asked over a network.
    pub from: Option<IpAddr>,
    /// Who of the platform acts in their place: at most [`ACTOR_MAX`] characters are kept.
    pub impersonator: Option<Cow<'static, str>>,
}

impl Actor {
    /// The system itself: who does what nobody has asked for by name.
    pub const OURSELVES: Self = Self::named("mnetifi");

    /// Somebody of whom only the name is known.
    pub const fn named(name: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), staff: None, from: None, impersonator: None }
    }

    /// The same of a name that is put together.
    pub fn called(name: impl Into<String>) -> Self {
        Self { name: Cow::Owned(name.into()), ..Self::OURSELVES }
    }
}

/// One deed about one thing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its id; later ones sort later.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// Who, and from where.
    pub actor: Actor,
    /// What was done.
    pub verb: Verb,
    /// To what.
    pub thing: Thing,
    /// What is different now. Never a secret: no password, no code.
    pub changes: Vec<Change>,
}

/// Declares the verbs: each with its name in records.
macro_rules! verbs {
    ($($(#[$doc:meta])* $verb:ident = $code:literal,)*) => {
        /// What was done.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Verb {
            $($(#[$doc])* $verb,)*
        }

        impl Verb {
            /// All of them, in the order they are declared.
            pub const ALL: &'static [Self] = &[$(Self::$verb,)*];

            /// Its name in records.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$verb => $code,)*
                }
            }
        }
    };
}

verbs! {
    /// A plan was published.
    PublishPlan = "publish_plan",
    /// A plan got other terms.
    ChangePlan = "change_plan",
    /// A voucher was sold.
    SellVoucher = "sell_voucher",
    /// The end of a voucher was moved.
    ExtendVoucher = "extend_voucher",
    /// A voucher was taken back.
    RevokeVoucher = "revoke_voucher",
    /// The end of what a subscriber has paid for was moved.
    RenewSubscriber = "renew_subscriber",
    /// A subscriber was moved to another plan.
    MoveSubscriber = "move_subscriber",
    /// A subscriber's service was stopped.
    SuspendSubscriber = "suspend_subscriber",
    /// A subscriber's service runs again.
    ResumeSubscriber = "resume_subscriber",
    /// A device was blocked on a voucher or subscriber.
    BlockDevice = "block_device",
    /// A blocked device was let in again.
    UnblockDevice = "unblock_device",
    /// A device's place was freed.
    ReleaseDevice = "release_device",
    /// Somebody signed in.
    SignIn = "sign_in",
    /// Stays of somebody were ended: by themselves or by others.
    EndSignIns = "end_sign_ins",
    /// Somebody was invited to work here.
    InviteStaff = "invite_staff",
    /// Somebody who was invited has chosen a password.
    AcceptInvitation = "accept_invitation",
    /// What is known of somebody, or what they may do, was changed.
    ChangeStaff = "change_staff",
    /// Somebody may not sign in any more.
    DeactivateStaff = "deactivate_staff",
    /// Somebody may sign in again.
    ReactivateStaff = "reactivate_staff",
    /// Somebody has chosen another password.
    ChangePassword = "change_password",
    /// Another password was asked for.
    AskReset = "ask_reset",
    /// Somebody has chosen another password by a mail.
    ResetPassword = "reset_password",
    /// Somebody signs in with a code beside the password from now on.
    ConfirmTotp = "confirm_totp",
    /// Somebody signs in without a code from now on.
    RemoveTotp = "remove_totp",
    /// Somebody has new codes for the day their telephone is lost.
    RenewRecoveryCodes = "renew_recovery_codes",
    /// Whether staff must give a code beside the password was settled.
    DemandTotp = "demand_totp",
    /// A role was made.
    MakeRole = "make_role",
    /// A role was changed.
    ChangeRole = "change_role",
    /// A role was removed.
    RemoveRole = "remove_role",
    /// An ISP's secrets are sealed by another data key from now on.
    ChangeDataKey = "change_data_key",
    /// Data keys are wrapped by another master key.
    ChangeMasterKey = "change_master_key",
    /// A key was made.
    MakeKey = "make_key",
    /// A key got another proof.
    RotateKey = "rotate_key",
    /// A key was taken back.
    RevokeKey = "revoke_key",
    /// Somebody of the platform began to act in an ISP's place.
    BeginImpersonation = "begin_impersonation",
    /// Somebody of the platform acts in an ISP's place no more.
    EndImpersonation = "end_impersonation",
    /// An exception was resolved by hand.
    ResolveException = "resolve_exception",
    /// A job that was parked is tried again.
    RetryJob = "retry_job",
    /// A batch of vouchers was made.
    PrintBatch = "print_batch",
    /// A voucher was given to a customer, or to nobody.
    GiveVoucher = "give_voucher",
    /// A subscriber was added.
    AddSubscriber = "add_subscriber",
    /// A subscriber's login, address, number, customer or zone was changed.
    ChangeSubscriber = "change_subscriber",
    /// A customer was added.
    AddCustomer = "add_customer",
    /// What is known of a customer was changed.
    ChangeCustomer = "change_customer",
    /// A customer was given to one of the staff, or to nobody.
    AssignCustomer = "assign_customer",
    /// A customer was forgotten.
    RemoveCustomer = "remove_customer",
    /// Somebody signed an ISP up.
    SignUp = "sign_up",
    /// Whoever signs up was sent another letter.
    ResendConfirmation = "resend_confirmation",
    /// Whoever signed up has confirmed the address.
    ConfirmSignUp = "confirm_sign_up",
    /// An ISP was opened.
    OpenTenant = "open_tenant",
    /// The end of an ISP's trial was moved.
    SetTrial = "set_trial",
    /// An ISP was given its own days of grace, or the platform's again.
    SetGrace = "set_grace",
    /// An ISP's staff was locked out of changes.
    LockTenant = "lock_tenant",
    /// An ISP's staff was let change things again.
    UnlockTenant = "unlock_tenant",
    /// It was noted until when an ISP has paid.
    NotePayment = "note_payment",
    /// An ISP was moved to another tier.
    ChangeTier = "change_tier",
    /// A tier was put into the price book, or changed.
    PutTier = "put_tier",
    /// An ISP's settings were changed.
    ChangeSettings = "change_settings",
    /// The platform's settings were changed.
    ChangePlatformSettings = "change_platform_settings",
    /// A branch was added.
    AddBranch = "add_branch",
    /// A branch was given another name.
    RenameBranch = "rename_branch",
    /// A branch was taken away.
    RemoveBranch = "remove_branch",
    /// A zone was added.
    AddZone = "add_zone",
    /// A zone was changed.
    ChangeZone = "change_zone",
    /// A zone was taken away.
    RemoveZone = "remove_zone",
    /// A device was given a name, or another.
    NameDevice = "name_device",
    /// A router was registered.
    AddRouter = "add_router",
    /// A router was changed.
    ChangeRouter = "change_router",
    /// A router was taken out of use.
    RetireRouter = "retire_router",
    /// A webhook was added.
    AddWebhook = "add_webhook",
    /// A webhook was changed, or switched off or on.
    ChangeWebhook = "change_webhook",
    /// A webhook got another secret.
    RotateWebhookSecret = "rotate_webhook_secret",
    /// A webhook was taken away.
    RemoveWebhook = "remove_webhook",
    /// A webhook was told of nothing, to see whether it hears.
    TestWebhook = "test_webhook",
    /// A webhook was told of an event once more.
    ReplayDelivery = "replay_delivery",
    /// A gateway was set up or changed.
    PutGateway = "put_gateway",
    /// A gateway was asked to tell us of all money that comes, or to open its books.
    RegisterGateway = "register_gateway",
    /// Money has come for a payment.
    SettlePayment = "settle_payment",
    /// What was paid for was given after all.
    ServePayment = "serve_payment",
    /// Money that has come was given to a payment or put into a wallet.
    MatchArrival = "match_arrival",
    /// Staff answers for it that money has come.
    AcceptArrival = "accept_arrival",
    /// Somebody says whose a receipt is; the gateway is asked.
    ClaimReceipt = "claim_receipt",
    /// A statement of the gateway was brought in.
    ImportStatement = "import_statement",
    /// Whoever could not pay was sent another prompt.
    RetryPayment = "retry_payment",
    /// The gateway is asked at once what became of a payment.
    LookUpPayment = "look_up_payment",
    /// Something is wrong with money that has come, and somebody looks after that.
    DisputeArrival = "dispute_arrival",
    /// Somebody has paid at the counter.
    RecordCash = "record_cash",
    /// What was paid for was taken back, and the money put into the wallet.
    RefundToWallet = "refund_to_wallet",
    /// The gateway is to give money back.
    AskReversal = "ask_reversal",
    /// The gateway has given money back, or could not.
    NoteReversal = "note_reversal",
    /// How text messages are sent was set up or changed.
    PutMessageSettings = "put_message_settings",
    /// What text messages of a kind say was changed.
    PutMessageTemplate = "put_message_template",
    /// A text message was sent to see whether they arrive.
    TestMessages = "test_messages",
    /// A text message that was not sent is sent again.
    RetryMessage = "retry_message",
}

impl Verb {
    /// The verb with a [`code`](Self::code).
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|verb| verb.code() == code)
    }
}

/// As lists show it: `extend voucher`.
impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code().replace('_', " "))
    }
}

/// Declares the things: each with the kind of its row in records.
macro_rules! things {
    ($($(#[$doc:meta])* $thing:ident($id:ty) = $kind:literal,)*) => {
        /// What something was done to.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Thing {
            $($(#[$doc])* $thing($id),)*
        }

        impl Thing {
            /// The kinds of rows that there are.
            pub const KINDS: &'static [&'static str] = &[$($kind,)*];

            /// The kind of row: `plan`, `voucher`.
            pub const fn kind(self) -> &'static str {
                match self {
                    $(Self::$thing(_) => $kind,)*
                }
            }

            /// The row's bare id.
            pub const fn uuid(self) -> Uuid {
                match self {
                    $(Self::$thing(id) => id.uuid(),)*
                }
            }

            /// The thing of a row of that kind; `None` for a kind that is not known.
            pub fn from_row(kind: &str, id: Uuid) -> Option<Self> {
                match kind {
                    $($kind => Some(Self::$thing(<$id>::from_uuid(id))),)*
                    _ => None,
                }
            }
        }
    };
}

things! {
    /// A plan.
    Plan(PlanId) = "plan",
    /// A voucher.
    Voucher(VoucherId) = "voucher",
    /// A subscriber.
    Subscriber(SubscriberId) = "subscriber",
    /// Somebody who works here.
    Staff(StaffId) = "staff",
    /// A role.
    Role(RoleId) = "role",
    /// A key.
    Key(KeyId) = "key",
    /// A time in which somebody of the platform acted in an ISP's place.
    Impersonation(ImpersonationId) = "impersonation",
    /// An exception.
    Exception(ExceptionId) = "exception",
    /// A job.
    Job(JobId) = "job",
    /// A customer.
    Customer(CustomerId) = "customer",
    /// A batch of vouchers.
    Batch(BatchId) = "batch",
    /// An ISP itself, or the platform.
    Tenant(TenantId) = "tenant",
    /// A branch.
    Branch(BranchId) = "branch",
    /// A zone.
    Zone(ZoneId) = "zone",
    /// A router.
    Router(NasId) = "router",
    /// A webhook.
    Webhook(WebhookId) = "webhook",
    /// A gateway.
    Gateway(GatewayId) = "gateway",
    /// A payment.
    Payment(PaymentId) = "payment",
    /// Money that has come.
    Arrival(ArrivalId) = "arrival",
    /// A text message.
    Message(MessageId) = "message",
}

impl From<Holder> for Thing {
    fn from(holder: Holder) -> Self {
        match holder {
            Holder::Voucher(id) => Self::Voucher(id),
            Holder::Subscriber(id) => Self::Subscriber(id),
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
    fn no_two_verbs_and_no_two_kinds_of_things_have_one_name() {
        let codes: std::collections::BTreeSet<&str> = Verb::ALL.iter().map(|verb| verb.code()).collect();
        let kinds: std::collections::BTreeSet<&str> = Thing::KINDS.iter().copied().collect();

        assert_eq!((codes.len(), kinds.len()), (Verb::ALL.len(), Thing::KINDS.len()));
        for kind in Thing::KINDS {
            assert_eq!(Thing::from_row(kind, Uuid::nil()).map(Thing::kind), Some(*kind));
        }
    }

    #[test]
    fn a_change_reads_from_what_was_to_what_is() {
        assert_eq!(Change::of("rate", Some("2M/5M"), Some("3M/8M")).to_string(), "rate: 2M/5M → 3M/8M");
        assert_eq!(Change::of("until", None, Some("noon")).to_string(), "until: nothing → noon");
    }
}
