//! A gateway that answers as the story wants: who pays, who refuses, what is heard of it and when. It keeps the true books.
//!
//! It speaks no HTTP: what its callbacks would be is given to the story as octets, in a small writing of its own.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use actions::money::gateways::{NewGateway, add_gateway};
use anyhow::Context as _;
use domain::money::claim::{
    CallbackKind, Claim, Ended, Failure, FailureKind, Payer, Receipt, ResultSaid, Standing, Transfer,
};
use domain::money::gateway::{Environment, GatewayAccount, GatewayKeys, GatewayKind, IspGateway, PayTo, Shortcode};
use domain::money::{Currency, Money};
use domain::phone::Msisdn;
use domain::secret::Secret;
use domain::time::Timestamp;
use ports::gateway::{Answer, Asked, Gateway, Prompt, Prompted, Unreadable};
use store::money::gateways;

use crate::world::{Isp, World};

/// What is on somebody's telephone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OnPhone {
    /// The gateway's number of it.
    pub checkout: String,
    /// Whose telephone.
    pub phone: String,
    /// How much.
    pub amount: Money,
    /// What is shown as account.
    pub reference: String,
    /// The token of its callback's address.
    pub token: String,
    /// The receipt, once it was paid.
    pub paid: Option<Receipt>,
    /// Whether it was refused.
    pub refused: bool,
}

/// How a gateway answers next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Manner {
    /// As it should.
    Well,
    /// The prompt appears, and its answer is lost.
    AnswerLost,
    /// It could not be reached.
    Away,
    /// It says no.
    Refuses(FailureKind),
}

#[derive(Debug, Default)]
struct Books {
    prompts: Vec<OnPhone>,
    transfers: BTreeMap<String, (Shortcode, Transfer, bool)>,
    manners: VecDeque<Manner>,
    looks: u32,
    /// Look-ups that are answered with "not yet".
    silent: u32,
    /// What is done by initiators: none, at once, or later.
    answers: Answers,
    has_books: bool,
    asked_back: u32,
    counter: u32,
}

/// How questions about receipts are answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Answers {
    /// Nobody may ask.
    #[default]
    Never,
    /// At once.
    AtOnce,
    /// By a callback.
    Later,
}

/// A gateway in memory.
#[derive(Debug, Default)]
pub struct Scripted {
    books: Mutex<Books>,
}

impl Scripted {
    fn books(&self) -> std::sync::MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next question is answered so, and those after it well.
    pub fn answers_next(&self, manner: Manner) {
        self.books().manners.push_back(manner);
    }

    /// So many look-ups of prompts are answered with "not yet".
    pub fn is_silent(&self, looks: u32) {
        self.books().silent = looks;
    }

    /// Questions about receipts are answered so.
    pub fn answers_about_receipts(&self, answers: Answers) {
        self.books().answers = answers;
    }

    /// Its books can be read from now on.
    pub fn opens_its_books(&self) {
        self.books().has_books = true;
    }

    /// All prompts that ever appeared.
    pub fn prompts(&self) -> Vec<OnPhone> {
        self.books().prompts.clone()
    }

    /// The last of them.
    ///
    /// # Panics
    /// When there is none.
    pub fn prompt(&self) -> OnPhone {
        self.prompts().pop().expect("a prompt appeared")
    }

    /// How often it was asked what became of a prompt.
    pub fn looks(&self) -> u32 {
        self.books().looks
    }

    /// How often it was asked to give money back.
    pub fn asked_back(&self) -> u32 {
        self.books().asked_back
    }

    /// All money that it really has taken.
    pub fn taken(&self) -> i64 {
        self.books().transfers.values().filter(|(.., is_back)| !is_back).map(|(_, one, _)| one.amount.minor()).sum()
    }

    /// Whoever has the telephone of the last prompt pays. Returns the receipt.
    pub fn pays(&self) -> Receipt {
        let last = self.prompts().len().saturating_sub(1);
        self.pays_prompt(last)
    }

    /// The same of a prompt by its place.
    ///
    /// # Panics
    /// When there is no such prompt.
    pub fn pays_prompt(&self, place: usize) -> Receipt {
        let mut books = self.books();
        let receipt = next_receipt(&mut books);
        let prompt = books.prompts.get_mut(place).expect("a prompt appeared");
        prompt.paid = Some(receipt.clone());
        let transfer = Transfer {
            shortcode: "600999".parse().expect("good"),
            receipt: receipt.clone(),
            amount: prompt.amount,
            at: None,
            account: prompt.reference.clone(),
            payer: Payer { phone: Some(prompt.phone.clone()), name: Some("JANE".to_owned()) },
        };
        books.transfers.insert(receipt.to_string(), (transfer.shortcode.clone(), transfer, false));
        receipt
    }

    /// Whoever has the telephone of the last prompt says no.
    ///
    /// # Panics
    /// When there is no prompt.
    pub fn refuses(&self) {
        self.books().prompts.last_mut().expect("a prompt appeared").refused = true;
    }

    /// Somebody pays by hand, to that account.
    pub fn is_paid_by_hand(&self, account: &str, minor: i64, phone: &str) -> Transfer {
        let mut books = self.books();
        let receipt = next_receipt(&mut books);
        let transfer = Transfer {
            shortcode: "600999".parse().expect("good"),
            receipt: receipt.clone(),
            amount: Money::from_minor(minor, Currency::KES),
            at: None,
            account: account.to_owned(),
            payer: Payer { phone: Some(phone.to_owned()), name: Some("JANE".to_owned()) },
        };
        books.transfers.insert(receipt.to_string(), (transfer.shortcode.clone(), transfer.clone(), false));
        transfer
    }

    /// The money with a receipt.
    ///
    /// # Panics
    /// When there is none.
    pub fn transfer(&self, receipt: &Receipt) -> Transfer {
        self.books().transfers.get(receipt.as_str()).expect("known").1.clone()
    }

    /// Money goes back to whoever paid, without our doing.
    pub fn takes_back(&self, receipt: &Receipt) {
        if let Some(one) = self.books().transfers.get_mut(receipt.as_str()) {
            one.2 = true;
        }
    }

    fn next_manner(&self) -> Manner {
        self.books().manners.pop_front().unwrap_or(Manner::Well)
    }

    fn standing(&self, receipt: &Receipt) -> Standing {
        match self.books().transfers.get(receipt.as_str()) {
            // Asked about a receipt, a gateway does not say which account was typed.
            Some((_, transfer, false)) => Standing::Arrived(Transfer { account: String::new(), ..transfer.clone() }),
            Some((_, transfer, true)) => Standing::Reversed(transfer.clone()),
            None => Standing::Never { said: "no such transaction".to_owned() },
        }
    }
}

fn next_receipt(books: &mut Books) -> Receipt {
    books.counter += 1;
    format!("UAF{:07}", books.counter).parse().expect("good")
}

fn failure(kind: FailureKind) -> Failure {
    Failure { kind, code: "1032".to_owned(), words: kind.code().to_owned() }
}

/// The octets of a prompt's callback.
pub fn prompt_callback(checkout: &str, receipt: Option<&Receipt>, minor: i64) -> Vec<u8> {
    match receipt {
        Some(receipt) => format!("paid|{checkout}|{receipt}|{minor}").into_bytes(),
        None => format!("failed|{checkout}").into_bytes(),
    }
}

/// An ISP takes money by a paybill from now on.
pub async fn paybill(world: &World, isp: &Isp) -> anyhow::Result<IspGateway> {
    let secret = |text: String| Secret::new(text);
    let keys = GatewayKeys {
        consumer_key: secret(format!("ck_{}", isp.tenant.slug)),
        consumer_secret: secret("cs".to_owned()),
        passkey: secret("pk".to_owned()),
        initiator: None,
    };
    let new = NewGateway {
        kind: GatewayKind::Mpesa,
        environment: Environment::Sandbox,
        shortcode: "600999".parse()?,
        pay_to: PayTo::Paybill,
        keys,
        trusts_confirmations: false,
        looks_per_minute: 600,
    };
    Ok(add_gateway(&world.store, &isp.scope, new, world.context()).await?)
}

/// What the addresses of its callbacks begin with: `/cb/<32 hex digits>`.
pub async fn callback_path(world: &World, isp: &Isp, gateway: &IspGateway) -> anyhow::Result<String> {
    let mut tx = world.store.tenant(&isp.scope).await?;
    let opened = gateways::open(&mut tx, gateway.id).await?.context("no such gateway")?;
    Ok(opened.account(gateway, "").callback_base)
}

/// The octets of a confirmation.
pub fn confirmation(transfer: &Transfer) -> Vec<u8> {
    format!(
        "transfer|{}|{}|{}|{}|{}",
        transfer.shortcode,
        transfer.receipt,
        transfer.amount.minor(),
        if transfer.account.is_empty() { "-" } else { &transfer.account },
        transfer.payer.phone.as_deref().unwrap_or("-"),
    )
    .into_bytes()
}

/// The octets of the answer to a question about a receipt.
pub fn answer_about(receipt: &Receipt) -> Vec<u8> {
    format!("result|AG_{receipt}|{receipt}").into_bytes()
}

/// The octets of the answer to a reversal.
pub fn answer_of_reversal(receipt: &Receipt) -> Vec<u8> {
    format!("reversed|AG_R{receipt}").into_bytes()
}

impl Gateway for Scripted {
    fn prompt<'a>(&'a self, _account: &'a GatewayAccount, prompt: &'a Prompt<'a>) -> Asked<'a, Prompted> {
        Box::pin(async move {
            let manner = self.next_manner();
            if manner == Manner::Away {
                return Prompted::NotNow { why: "connection refused".to_owned() };
            }
            if let Manner::Refuses(kind) = manner {
                return Prompted::Refused(failure(kind));
            }
            let mut books = self.books();
            let checkout = format!("ws_CO_{}", books.prompts.len() + 1);
            books.prompts.push(OnPhone {
                checkout: checkout.clone(),
                phone: prompt.phone.expose().to_owned(),
                amount: prompt.amount,
                reference: prompt.reference.to_owned(),
                token: prompt.token.to_owned(),
                paid: None,
                refused: false,
            });
            match manner {
                Manner::AnswerLost => Prompted::Unknown { why: "the line broke".to_owned() },
                Manner::Well | Manner::Away | Manner::Refuses(_) => {
                    Prompted::Sent { checkout, merchant: "m".to_owned() }
                }
            }
        })
    }

    fn look_up_prompt<'a>(
        &'a self,
        _account: &'a GatewayAccount,
        checkout: &'a str,
        _now: Timestamp,
    ) -> Asked<'a, Answer<Ended>> {
        Box::pin(async move {
            if self.next_manner() == Manner::Away {
                return Answer::NotNow { why: "connection refused".to_owned() };
            }
            let mut books = self.books();
            books.looks += 1;
            if books.silent > 0 {
                books.silent -= 1;
                return Answer::Said(Ended::Open { said: "being processed".to_owned() });
            }
            let found = books.prompts.iter().find(|prompt| prompt.checkout == checkout);
            Answer::Said(match found {
                Some(OnPhone { paid: Some(_), .. }) => {
                    Ended::Paid { receipt: None, amount: None, at: None, payer: Payer::default() }
                }
                Some(OnPhone { refused: true, .. }) => Ended::Failed(failure(FailureKind::Cancelled)),
                Some(_) => Ended::Open { said: "being processed".to_owned() },
                None => Ended::Open { said: "invalid CheckoutRequestID".to_owned() },
            })
        })
    }

    fn look_up_receipt<'a>(
        &'a self,
        _account: &'a GatewayAccount,
        receipt: &'a Receipt,
        _now: Timestamp,
    ) -> Asked<'a, Answer<Standing>> {
        let answers = self.books().answers;
        Box::pin(async move {
            match answers {
                Answers::Never => Answer::Unable { why: "no initiator".to_owned() },
                Answers::AtOnce => Answer::Said(self.standing(receipt)),
                Answers::Later => Answer::Later { conversation: format!("AG_{receipt}") },
            }
        })
    }

    fn transfers<'a>(
        &'a self,
        _account: &'a GatewayAccount,
        _between: (Timestamp, Timestamp),
        skip: u32,
    ) -> Asked<'a, Answer<Vec<Transfer>>> {
        Box::pin(async move {
            let books = self.books();
            if !books.has_books {
                return Answer::Unable { why: "not registered".to_owned() };
            }
            let skip = usize::try_from(skip).unwrap_or(usize::MAX);
            let page = books.transfers.values().filter(|(.., is_back)| !is_back).skip(skip).take(2);
            Answer::Said(page.map(|(_, transfer, _)| transfer.clone()).collect())
        })
    }

    fn reverse<'a>(
        &'a self,
        _account: &'a GatewayAccount,
        receipt: &'a Receipt,
        _amount: Money,
        _remarks: &'a str,
        _now: Timestamp,
    ) -> Asked<'a, Answer<Option<Receipt>>> {
        let manner = self.next_manner();
        self.books().asked_back += 1;
        Box::pin(async move {
            match manner {
                Manner::Away => Answer::NotNow { why: "connection refused".to_owned() },
                Manner::Refuses(kind) => Answer::No(failure(kind)),
                Manner::Well | Manner::AnswerLost => {
                    self.takes_back(receipt);
                    Answer::Later { conversation: format!("AG_R{receipt}") }
                }
            }
        })
    }

    fn balance<'a>(&'a self, _: &'a GatewayAccount, _: Timestamp) -> Asked<'a, Answer<Vec<(String, Money)>>> {
        let all = Money::from_minor(self.taken(), Currency::KES);
        Box::pin(async move { Answer::Said(vec![("Utility".to_owned(), all)]) })
    }

    fn register<'a>(&'a self, _: &'a GatewayAccount) -> Asked<'a, Answer<()>> {
        Box::pin(async { Answer::Said(()) })
    }

    fn register_books<'a>(&'a self, _: &'a GatewayAccount, _: &'a Msisdn) -> Asked<'a, Answer<()>> {
        Box::pin(async {
            self.books().has_books = true;
            Answer::Said(())
        })
    }

    fn try_keys<'a>(&'a self, account: &'a GatewayAccount) -> Asked<'a, Answer<()>> {
        let is_wrong = account.keys.consumer_secret.expose().contains("wrong");
        let manner = if is_wrong { Manner::Refuses(FailureKind::Misconfigured) } else { self.next_manner() };
        Box::pin(async move {
            match manner {
                Manner::Refuses(kind) => Answer::No(failure(kind)),
                Manner::Away => Answer::NotNow { why: "connection refused".to_owned() },
                Manner::Well | Manner::AnswerLost => Answer::Said(()),
            }
        })
    }

    fn picture<'a>(&'a self, _: &'a GatewayAccount, _: &'a str, _: &'a str, _: Money) -> Asked<'a, Answer<Vec<u8>>> {
        Box::pin(async { Answer::Said(b"\x89PNG\r\n\x1a\n".to_vec()) })
    }

    fn read_callback(&self, _: CallbackKind, octets: &[u8]) -> Result<Claim, Unreadable> {
        let unreadable = || Unreadable { why: "not a word of it".to_owned() };
        let text = std::str::from_utf8(octets).map_err(|_| unreadable())?;
        let words: Vec<&str> = text.split('|').collect();
        let amount = |minor: &str| minor.parse().map(|minor| Money::from_minor(minor, Currency::KES));
        match words[..] {
            ["paid", checkout, receipt, minor] => Ok(Claim::Prompt {
                checkout: checkout.to_owned(),
                ended: Ended::Paid {
                    receipt: Some(receipt.parse().map_err(|_| unreadable())?),
                    amount: Some(amount(minor).map_err(|_| unreadable())?),
                    at: None,
                    payer: Payer::default(),
                },
            }),
            ["failed", checkout] => Ok(Claim::Prompt {
                checkout: checkout.to_owned(),
                ended: Ended::Failed(failure(FailureKind::Cancelled)),
            }),
            ["transfer", shortcode, receipt, minor, account, phone] => Ok(Claim::Transfer(Transfer {
                shortcode: shortcode.parse().map_err(|_| unreadable())?,
                receipt: receipt.parse().map_err(|_| unreadable())?,
                amount: amount(minor).map_err(|_| unreadable())?,
                at: None,
                account: account.trim_start_matches('-').to_owned(),
                payer: Payer { phone: Some(phone.to_owned()), name: None },
            })),
            ["result", conversation, receipt] => {
                let receipt = receipt.parse().map_err(|_| unreadable())?;
                let said = ResultSaid::Money(self.standing(&receipt));
                Ok(Claim::Result { conversation: conversation.to_owned(), said })
            }
            ["reversed", conversation] => {
                Ok(Claim::Result { conversation: conversation.to_owned(), said: ResultSaid::Done(None) })
            }
            _ => Err(unreadable()),
        }
    }

    fn reply(&self, _: CallbackKind, is_taken: bool) -> Vec<u8> {
        if is_taken { b"yes".to_vec() } else { b"no".to_vec() }
    }
}
