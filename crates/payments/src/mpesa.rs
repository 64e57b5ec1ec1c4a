//! M-Pesa by the Daraja API: [`Mpesa`] speaks in the name of any ISP whose [`GatewayAccount`] it is given.
//!
//! `call` opens the door and asks, `fault` reads its errors, `stk` sends prompts and asks for them, `initiated` asks
//! what an operator of the ISP may ask (status, reversal, balance), `pull` reads the gateway's own books, `callback`
//! reads what comes by itself.
//!
//! Nothing that a stranger sends is believed here, and nothing of it can make this crate panic.

mod call;
mod callback;
mod credential;
mod fault;
mod http;
mod initiated;
mod picture;
mod pull;
mod reading;
mod register;
#[cfg(test)]
mod samples;
mod settings;
mod shelf;
mod stk;
mod wording;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use domain::money::Money;
use domain::money::claim::{CallbackKind, Claim, Ended, Failure, FailureKind, Receipt, Standing, Transfer};
use domain::money::gateway::{Environment, GatewayAccount};
use domain::phone::Msisdn;
use domain::time::Timestamp;
use ports::Clock;
use ports::gateway::{Answer, Asked, Gateway, Prompt, Prompted, Unreadable};
use thiserror::Error;

pub use self::credential::{Certificate, NotACertificate};
pub use self::settings::{BaseAddress, Confirmations, MpesaSettings, NotABase, Patience, Place};
pub use self::shelf::{AppId, Kept, MemoryShelf, ShelfFault, Shelved, TokenShelf};

use self::call::{Said, Turns};
use self::fault::Fault;

/// The adapter. One serves all ISPs of a process.
pub struct Mpesa {
    settings: MpesaSettings,
    client: reqwest::Client,
    shelf: Arc<dyn TokenShelf>,
    clock: Arc<dyn Clock>,
    turns: Turns,
    /// Where the books are read by GET, the sandbox first: learnt from the first answer that says so.
    pulls_by_get: [AtomicBool; 2],
}

/// The client could not be made.
#[derive(Debug, Error)]
#[error("M-Pesa cannot be asked over HTTPS: {0}")]
pub struct NoClient(String);

impl Mpesa {
    /// Gets ready. `shelf` is where tokens lie: a [`MemoryShelf`] when this process is alone.
    pub fn new(settings: MpesaSettings, shelf: Arc<dyn TokenShelf>, clock: Arc<dyn Clock>) -> Result<Self, NoClient> {
        let client = http::client(settings.patience).map_err(NoClient)?;
        Ok(Self { settings, client, shelf, clock, turns: Turns::default(), pulls_by_get: Default::default() })
    }

    fn place(&self, environment: Environment) -> &Place {
        match environment {
            Environment::Sandbox => &self.settings.sandbox,
            Environment::Production => &self.settings.production,
        }
    }
}

impl fmt::Debug for Mpesa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mpesa").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Gateway for Mpesa {
    fn prompt<'a>(&'a self, account: &'a GatewayAccount, prompt: &'a Prompt<'a>) -> Asked<'a, Prompted> {
        Box::pin(stk::prompt(self, account, prompt))
    }

    fn look_up_prompt<'a>(
        &'a self,
        account: &'a GatewayAccount,
        checkout: &'a str,
        now: Timestamp,
    ) -> Asked<'a, Answer<Ended>> {
        Box::pin(stk::look_up(self, account, checkout, now))
    }

    fn look_up_receipt<'a>(
        &'a self,
        account: &'a GatewayAccount,
        receipt: &'a Receipt,
        _now: Timestamp,
    ) -> Asked<'a, Answer<Standing>> {
        Box::pin(initiated::status(self, account, receipt))
    }

    fn transfers<'a>(
        &'a self,
        account: &'a GatewayAccount,
        between: (Timestamp, Timestamp),
        skip: u32,
    ) -> Asked<'a, Answer<Vec<Transfer>>> {
        Box::pin(pull::transfers(self, account, between, skip))
    }

    fn reverse<'a>(
        &'a self,
        account: &'a GatewayAccount,
        receipt: &'a Receipt,
        amount: Money,
        remarks: &'a str,
        _now: Timestamp,
    ) -> Asked<'a, Answer<Option<Receipt>>> {
        Box::pin(initiated::reverse(self, account, receipt, amount, remarks))
    }

    fn balance<'a>(&'a self, account: &'a GatewayAccount, _now: Timestamp) -> Asked<'a, Answer<Vec<(String, Money)>>> {
        Box::pin(initiated::balance(self, account))
    }

    fn register<'a>(&'a self, account: &'a GatewayAccount) -> Asked<'a, Answer<()>> {
        Box::pin(register::register(self, account))
    }

    fn register_books<'a>(&'a self, account: &'a GatewayAccount, telephone: &'a Msisdn) -> Asked<'a, Answer<()>> {
        Box::pin(register::register_books(self, account, telephone))
    }

    fn try_keys<'a>(&'a self, account: &'a GatewayAccount) -> Asked<'a, Answer<()>> {
        Box::pin(register::try_keys(self, account))
    }

    fn picture<'a>(
        &'a self,
        account: &'a GatewayAccount,
        merchant: &'a str,
        reference: &'a str,
        amount: Money,
    ) -> Asked<'a, Answer<Vec<u8>>> {
        Box::pin(picture::picture(self, account, merchant, reference, amount))
    }

    fn read_callback(&self, kind: CallbackKind, octets: &[u8]) -> Result<Claim, Unreadable> {
        callback::read(kind, octets)
    }

    fn reply(&self, kind: CallbackKind, is_taken: bool) -> Vec<u8> {
        callback::reply(kind, is_taken).to_vec()
    }
}

/// What a question comes to that was not answered well.
fn unanswered<T>(said: Said) -> Answer<T> {
    match said {
        Said::Good(_) => Answer::NotNow { why: "M-Pesa answered in a way that nobody knows".to_owned() },
        Said::Fault(fault) if fault.passes() => Answer::NotNow { why: fault.words() },
        Said::Fault(fault) => Answer::No(fault.into_failure()),
        Said::NotReached(why) | Said::Broken(why) => Answer::NotNow { why },
    }
}

/// A refusal of ours, before the gateway is asked.
fn refusal(kind: FailureKind, words: &str) -> Failure {
    Failure { kind, code: String::new(), words: reading::clip(words, Fault::WORDS_MAX) }
}
