//! Takes money, and tells what became of it.
//!
//! One implementation per company. Nothing here decides what a payment buys: an adapter turns our words into the
//! gateway's and its answers into ours.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use domain::money::Money;
use domain::money::claim::{CallbackKind, Claim, Ended, Failure, Receipt, Standing, Transfer};
use domain::money::gateway::GatewayAccount;
use domain::phone::Msisdn;
use domain::time::Timestamp;

/// What an asking comes to, some time later.
pub type Asked<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A prompt for a telephone.
#[derive(Debug)]
pub struct Prompt<'a> {
    /// Whose telephone.
    pub phone: &'a Msisdn,
    /// How much.
    pub amount: Money,
    /// What the payer sees as account, and what comes back with the money: letters and digits, at most 12.
    pub reference: &'a str,
    /// What it is for, in a word or two.
    pub description: &'a str,
    /// 32 hex digits that name this prompt in its callback's address, so that an answer that was lost is found all the same.
    pub token: &'a str,
    /// What time it is.
    pub now: Timestamp,
}

/// What became of asking for a prompt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Prompted {
    /// It is on its way to the telephone. Nothing is paid.
    Sent {
        /// The gateway's number of it, by which it is asked for (`CheckoutRequestID`).
        checkout: String,
        /// Another number of it (`MerchantRequestID`).
        merchant: String,
    },
    /// It was refused: no prompt appears.
    Refused(Failure),
    /// Nobody knows: the line broke after it was sent, or the answer cannot be read. The prompt may appear; it must not be
    /// sent again before its callback or its end.
    Unknown {
        /// What happened, at most 200 characters.
        why: String,
    },
    /// It was certainly not sent, and may be later: the gateway could not be reached, or asks us to wait.
    NotNow {
        /// What happened, at most 200 characters.
        why: String,
    },
}

/// What became of a question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer<T> {
    /// This.
    Said(T),
    /// The answer comes to the callback address for results, under this number.
    Later {
        /// The number (`ConversationID`).
        conversation: String,
    },
    /// The gateway says no, and will go on saying no until somebody changes something.
    No(Failure),
    /// It could not be asked now; ask again later.
    NotNow {
        /// What happened, at most 200 characters.
        why: String,
    },
    /// This gateway, or these keys, cannot be asked that.
    Unable {
        /// What is missing, in a sentence for the ISP's staff.
        why: String,
    },
}

/// A callback that cannot be read. Its octets are kept all the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unreadable {
    /// Why, at most 200 characters, without the octets.
    pub why: String,
}

/// Somebody who takes money.
///
/// Every call ends within forty seconds. None is repeated by an adapter unless repeating it can do no harm; a prompt never is.
pub trait Gateway: Send + Sync + 'static {
    /// Sends a prompt to a telephone.
    fn prompt<'a>(&'a self, account: &'a GatewayAccount, prompt: &'a Prompt<'a>) -> Asked<'a, Prompted>;

    /// What became of a prompt: the proof by which a purchase is believed.
    fn look_up_prompt<'a>(
        &'a self,
        account: &'a GatewayAccount,
        checkout: &'a str,
        now: Timestamp,
    ) -> Asked<'a, Answer<Ended>>;

    /// What became of money with a receipt: the proof by which a transfer is believed.
    fn look_up_receipt<'a>(
        &'a self,
        account: &'a GatewayAccount,
        receipt: &'a Receipt,
        now: Timestamp,
    ) -> Asked<'a, Answer<Standing>>;

    /// All money that came between two moments, from the gateway's own books, as pages that begin after so many rows.
    fn transfers<'a>(
        &'a self,
        account: &'a GatewayAccount,
        between: (Timestamp, Timestamp),
        skip: u32,
    ) -> Asked<'a, Answer<Vec<Transfer>>>;

    /// Gives money back, whole. The answer names the money that went back.
    fn reverse<'a>(
        &'a self,
        account: &'a GatewayAccount,
        receipt: &'a Receipt,
        amount: Money,
        remarks: &'a str,
        now: Timestamp,
    ) -> Asked<'a, Answer<Option<Receipt>>>;

    /// What is in the ISP's accounts there.
    fn balance<'a>(&'a self, account: &'a GatewayAccount, now: Timestamp) -> Asked<'a, Answer<Vec<(String, Money)>>>;

    /// Asks to be told of all money that comes to the shortcode.
    fn register<'a>(&'a self, account: &'a GatewayAccount) -> Asked<'a, Answer<()>>;

    /// Asks that the gateway's own books be open to us. `telephone` is the number that the gateway knows the ISP by, where
    /// it wants one.
    fn register_books<'a>(&'a self, account: &'a GatewayAccount, telephone: &'a Msisdn) -> Asked<'a, Answer<()>>;

    /// Whether these keys open the door: asks for nothing that costs anything.
    fn try_keys<'a>(&'a self, account: &'a GatewayAccount) -> Asked<'a, Answer<()>>;

    /// A picture (PNG) to be scanned by the gateway's own app, for an amount and an account.
    fn picture<'a>(
        &'a self,
        account: &'a GatewayAccount,
        merchant: &'a str,
        reference: &'a str,
        amount: Money,
    ) -> Asked<'a, Answer<Vec<u8>>>;

    /// Reads what came to a callback's address. Never believes it.
    fn read_callback(&self, kind: CallbackKind, octets: &[u8]) -> Result<Claim, Unreadable>;

    /// What to answer to a callback, as the gateway wants it: for a validation whether the money may come.
    fn reply(&self, kind: CallbackKind, is_taken: bool) -> Vec<u8>;
}

/// Who takes money for ISPs, and where what they say comes in.
#[derive(Clone)]
pub struct Gateways {
    /// Who speaks to them.
    pub gateway: Arc<dyn Gateway>,
    /// Where their callbacks come in, without a slash at the end: `https://pay.example.net`.
    pub callback_base: String,
}

impl fmt::Debug for Gateways {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateways").field("callback_base", &self.callback_base).finish_non_exhaustive()
    }
}
