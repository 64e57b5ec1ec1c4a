//! M-Pesa's API (Daraja) with the telephones behind it: asked over HTTP on loopback, it calls back as M-Pesa does.
//!
//! [`Mpesa`] is the server. Whoever holds a telephone sees its prompts by [`Mpesa::pending_prompts`] and decides by
//! [`accept`](Mpesa::accept), [`refuse`](Mpesa::refuse) and [`types_wrong_pin`](Mpesa::types_wrong_pin); others have a
//! [`Manner`] of their own. What goes wrong comes from a seed ([`Faults`]) or is asked for ([`Mpesa::next_goes_wrong`]).
//! [`Mpesa::books`] is the truth: every shilling that really moved.
//!
//! Time is the given clock's: what is due happens in [`Mpesa::step`], or by itself.

mod books;
mod delivery;
mod door;
mod express;
mod operator;
mod settings;
mod state;
mod transfers;
mod writing;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeySize, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::money::Money;
use domain::money::claim::CallbackKind;
use domain::time::Timestamp;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName};
use hyper::{Request, Response, StatusCode};
use ports::Clock;
use serde_json::Value;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};

pub use self::books::{Books, Taken};
pub use self::settings::{Business, Call, Driving, Faults, Manner, Mishap, PullsBy, Rules, Settings, Strangers};
pub use self::state::Told;

use crate::listening;

use self::delivery::Post;
use self::door::{Asked, Reply};
use self::state::{Letter, State, Urls};

/// Octets of a request.
const ASKED_MAX_BYTES: usize = 64 * 1024;

/// How often a twin that runs by itself looks at the clock.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The server. It stops when it is dropped.
#[derive(Debug)]
pub struct Mpesa {
    shared: Arc<Shared>,
    address: SocketAddr,
    running: Vec<AbortHandle>,
}

impl Drop for Mpesa {
    fn drop(&mut self) {
        for task in &self.running {
            task.abort();
        }
    }
}

struct Shared {
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
    post: Post,
    /// What is due happens once, whoever asks for it.
    stepping: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// A prompt on a telephone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PendingPrompt {
    /// On whose.
    pub phone: String,
    /// Who wants money.
    pub business: String,
    /// How much.
    pub amount: Money,
    /// What stands as account.
    pub account: String,
    /// M-Pesa's number of it.
    pub checkout: String,
    /// Since when.
    pub since: Timestamp,
}

/// Why somebody cannot do that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CannotPay {
    /// Nothing is on the telephone.
    #[error("no prompt is open on that telephone")]
    NoPrompt,
    /// There is no such telephone.
    #[error("M-Pesa does not know that number")]
    NoPhone,
    /// There is no such business.
    #[error("M-Pesa does not know that paybill or till")]
    NoBusiness,
    /// There is not enough money.
    #[error("there is not enough money")]
    NoFunds,
    /// The business does not want it.
    #[error("the business does not take it")]
    Rejected,
}

impl Mpesa {
    /// Listens on any free port of loopback.
    pub async fn listen(settings: Settings, clock: Arc<dyn Clock>) -> io::Result<Self> {
        Self::listen_on(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), settings, clock).await
    }

    /// Listens on an address.
    pub async fn listen_on(address: SocketAddr, settings: Settings, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let driving = settings.driving;
        let shared = Arc::new(Shared {
            post: Post::new(),
            state: Mutex::new(State::new(settings)),
            clock,
            stepping: tokio::sync::Mutex::new(()),
        });
        let asked = Arc::clone(&shared);
        let answering = listening::serve(listener, move |request| {
            let shared = Arc::clone(&asked);
            async move { shared.answer(request).await }
        });
        let mut running = vec![tokio::spawn(answering).abort_handle()];
        if driving == Driving::ByItself {
            let shared = Arc::clone(&shared);
            let stepping = async move {
                loop {
                    shared.step().await;
                    tokio::time::sleep(LOOK_EVERY).await;
                }
            };
            running.push(tokio::spawn(stepping).abort_handle());
        }
        Ok(Self { shared, address, running })
    }

    /// Where it listens, as an adapter is told: `http://127.0.0.1:40123`.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What initiators' passwords are encrypted for: a public key as text. It is made when it is first asked for.
    pub fn public_key(&self) -> String {
        let der: Option<PublicKeyX509Der<'static>> = private_key().and_then(|key| key.public_key().as_der().ok());
        let text = der.map(|der| STANDARD.encode(der.as_ref())).unwrap_or_default();
        format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
    }

    /// Opens a business. One with the same shortcode is replaced.
    pub fn opens(&self, business: Business) {
        self.shared.state().open(business);
    }

    /// Adds a telephone, its number as `254712345678`.
    pub fn adds_phone(&self, number: &str, shillings: i64, pin: &str, manner: Manner) {
        self.shared.state().add(number, shillings, pin, manner);
    }

    /// Puts money on a telephone.
    pub fn tops_up(&self, number: &str, shillings: i64) -> Result<(), CannotPay> {
        let mut state = self.shared.state();
        state.phone(number).ok_or(CannotPay::NoPhone)?.shillings += shillings;
        Ok(())
    }

    /// What a telephone has.
    pub fn money_on(&self, number: &str) -> Option<Money> {
        self.shared.state().phones.get(number).map(|phone| books::shillings(phone.shillings))
    }

    /// All prompts that lie on telephones, the oldest first.
    pub fn pending_prompts(&self) -> Vec<PendingPrompt> {
        let state = self.shared.state();
        let open = state.phones.values().filter_map(|phone| state.prompts.get(phone.open.as_ref()?));
        let mut open: Vec<PendingPrompt> = open
            .map(|prompt| PendingPrompt {
                phone: prompt.phone.clone(),
                business: state
                    .shops
                    .get(&prompt.shortcode)
                    .map_or_else(String::new, |shop| shop.business.name.clone()),
                amount: books::shillings(prompt.shillings),
                account: prompt.reference.clone(),
                checkout: prompt.checkout.clone(),
                since: prompt.made_at,
            })
            .collect();
        open.sort_by(|one, other| (one.since, &one.checkout).cmp(&(other.since, &other.checkout)));
        open
    }

    /// The owner types the right PIN. Whether there is enough money is seen then.
    pub fn accept(&self, phone: &str) -> Result<(), CannotPay> {
        self.decide(phone, "0")
    }

    /// The owner says no.
    pub fn refuse(&self, phone: &str) -> Result<(), CannotPay> {
        self.decide(phone, "1032")
    }

    /// The owner types a wrong PIN.
    pub fn types_wrong_pin(&self, phone: &str) -> Result<(), CannotPay> {
        self.decide(phone, "2001")
    }

    /// The owner types these digits.
    pub fn types(&self, phone: &str, pin: &str) -> Result<(), CannotPay> {
        let is_right = self.shared.state().phones.get(phone).is_some_and(|known| known.pin == pin);
        if is_right { self.accept(phone) } else { self.types_wrong_pin(phone) }
    }

    fn decide(&self, phone: &str, code: &'static str) -> Result<(), CannotPay> {
        let now = self.shared.clock.now();
        let mut state = self.shared.state();
        let checkout = state.phones.get(phone).and_then(|phone| phone.open.clone()).ok_or(CannotPay::NoPrompt)?;
        state.end(&checkout, code, now);
        Ok(())
    }

    /// Somebody pays to a paybill or till by hand, and gets the receipt's number. A business that wants to be asked is asked
    /// first.
    pub async fn pays_by_hand(
        &self,
        phone: &str,
        number: &str,
        account: &str,
        shillings: i64,
    ) -> Result<String, CannotPay> {
        let now = self.shared.clock.now();
        let (shortcode, question) = {
            let mut state = self.shared.state();
            if state.phone(phone).ok_or(CannotPay::NoPhone)?.shillings < shillings {
                return Err(CannotPay::NoFunds);
            }
            let has = |shop: &&state::Shop| shop.business.till.as_deref().unwrap_or(&shop.business.shortcode) == number;
            let shop = state.shops.values().find(has).ok_or(CannotPay::NoBusiness)?;
            let shortcode = shop.business.shortcode.clone();
            let question = shop.urls.clone().filter(|_| shop.business.validates).map(|urls| {
                let taken = draft(phone, &shortcode, account, shillings, now);
                question(&taken, shop, urls)
            });
            (shortcode, question)
        };
        if let Some(letter) = question {
            // Nobody there, or a spoiled answer, lets the money through.
            let answer = self.shared.tell(letter).await;
            let code = answer.and_then(|(_, body)| serde_json::from_slice::<Value>(&body).ok());
            let code = code.and_then(|body| body.get("ResultCode").map(|code| code.to_string().replace('"', "")));
            if code.is_some_and(|code| code != "0") {
                return Err(CannotPay::Rejected);
            }
        }
        let mut state = self.shared.state();
        let receipt = state.take(phone, &shortcode, shillings, account, None, now);
        let soon = now.plus(state.settings.told_after);
        state.confirm(&receipt, soon);
        Ok(receipt)
    }

    /// M-Pesa gives money back by itself, as it does when a payer asks it to: nobody is told.
    pub fn gives_back(&self, receipt: &str) -> bool {
        let now = self.shared.clock.now();
        let mut guard = self.shared.state();
        let state = &mut *guard;
        let serial = state.next();
        let taken = state.places.get(receipt).and_then(|place| state.books.taken.get_mut(*place));
        let Some(taken) = taken.filter(|taken| taken.reversed.is_none()) else { return false };
        taken.reversed = Some(books::receipt(now, serial));
        let count = taken.amount.minor() / 100;
        if let Some(phone) = state.phones.get_mut(&taken.phone) {
            phone.shillings += count;
        }
        if let Some(shop) = state.shops.get_mut(&taken.shortcode) {
            shop.shillings -= count;
        }
        true
    }

    /// Somebody who knows a prompt's address and number sends a callback of success. Nothing was paid.
    pub async fn forges_callback(&self, checkout: &str) -> Option<u16> {
        let now = self.shared.clock.now();
        let letter = {
            let mut state = self.shared.state();
            let serial = state.next();
            writing::forged(state.prompts.get(checkout)?, now, serial)
        };
        self.shared.tell(letter).await.map(|(status, _)| status)
    }

    /// Somebody who knows where a business is told of transfers tells of one that never was; gives its made-up receipt.
    pub async fn forges_transfer(&self, shortcode: &str, account: &str, shillings: i64) -> Option<String> {
        let now = self.shared.clock.now();
        let (letter, receipt) = {
            let mut state = self.shared.state();
            let receipt = books::receipt(now, state.next());
            let shop = state.shops.get(shortcode)?;
            let urls = shop.urls.clone()?;
            let taken = Taken { receipt: receipt.clone(), ..draft("254700000000", shortcode, account, shillings, now) };
            let body = writing::transfer(&taken, shop, &urls, CallbackKind::Confirmation);
            (Letter { kind: CallbackKind::Confirmation, url: urls.confirmation, body, is_forged: true }, receipt)
        };
        self.shared.tell(letter).await.map(|_| receipt)
    }

    /// The next call of a kind goes wrong like that; several wait for their turn.
    pub fn next_goes_wrong(&self, call: Call, mishap: Mishap) {
        self.shared.state().mishaps.entry(call).or_default().push_back(mishap);
    }

    /// From now on so much goes wrong by chance.
    pub fn goes_wrong(&self, faults: Faults) {
        self.shared.state().settings.faults = faults;
    }

    /// From now on all callbacks go there, whatever host their addresses name; with `None`, where those say.
    pub fn tells(&self, place: Option<SocketAddr>) {
        self.shared.state().settings.tells = place;
    }

    /// From now on these rules hold.
    pub fn rules(&self, rules: Rules) {
        self.shared.state().settings.rules = rules;
    }

    /// Another program fetches a token with a business's keys, and ends ours.
    pub fn another_program_fetches_a_token(&self, consumer_key: &str) {
        if let Some(app) = self.shared.state().apps.get_mut(consumer_key) {
            app.token = None;
        }
    }

    /// How often something was asked, whatever came of it.
    pub fn heard(&self, call: Call) -> u64 {
        self.shared.state().heard.get(&call).copied().unwrap_or(0)
    }

    /// The numbers of all prompts that were ever put on a telephone, with their accounts.
    pub fn prompts(&self) -> Vec<(String, String)> {
        let state = self.shared.state();
        state.prompts.values().map(|prompt| (prompt.checkout.clone(), prompt.reference.clone())).collect()
    }

    /// The newest callbacks that went out, in order.
    pub fn told(&self) -> Vec<Told> {
        self.shared.state().told.iter().cloned().collect()
    }

    /// The truth.
    pub fn books(&self) -> Books {
        self.shared.state().books.clone()
    }

    /// When the next thing is due, if anything is.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.shared.state().queue.first_key_value().map(|((at, _), _)| *at)
    }

    /// Makes everything happen that is due, and gives how many things that were.
    pub async fn step(&self) -> usize {
        self.shared.step().await
    }
}

fn draft(phone: &str, shortcode: &str, account: &str, shillings: i64, at: Timestamp) -> Taken {
    Taken {
        receipt: books::receipt(at, 0),
        shortcode: shortcode.to_owned(),
        amount: books::shillings(shillings),
        phone: phone.to_owned(),
        account: account.to_owned(),
        at,
        checkout: None,
        reversed: None,
    }
}

fn question(taken: &Taken, shop: &state::Shop, urls: Urls) -> Letter {
    let body = writing::transfer(taken, shop, &urls, CallbackKind::Validation);
    Letter { kind: CallbackKind::Validation, url: urls.validation, body, is_forged: false }
}

/// What opens initiators' passwords: one for all twins of a process, for making it takes a while.
fn private_key() -> Option<&'static PrivateDecryptingKey> {
    static KEY: OnceLock<Option<PrivateDecryptingKey>> = OnceLock::new();
    KEY.get_or_init(|| PrivateDecryptingKey::generate(KeySize::Rsa2048).ok()).as_ref()
}

/// An initiator's password in the clear.
fn password_in(credential: &str) -> Option<String> {
    let key = Pkcs1PrivateDecryptingKey::new(private_key()?.clone()).ok()?;
    let mut octets = vec![0; key.min_output_size()];
    let plain = key.decrypt(&STANDARD.decode(credential).ok()?, &mut octets).ok()?;
    String::from_utf8(plain.to_vec()).ok()
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn tell(&self, letter: Letter) -> Option<(u16, Vec<u8>)> {
        let (place, at) = (self.state().settings.tells, self.clock.now());
        let answer = self.post.carry(&letter, place).await;
        let status = answer.as_ref().map(|(status, _)| *status);
        let Letter { kind, url, body, is_forged } = letter;
        self.state().note(Told { at, kind, url, body, status, is_forged });
        answer
    }

    async fn step(self: &Arc<Self>) -> usize {
        let _alone = self.stepping.lock().await;
        let now = self.clock.now();
        let at_once = self.state().settings.at_once.max(1);
        let (mut happened, mut on_their_way) = (0, JoinSet::new());
        loop {
            let next = self.state().happen(now);
            let Some(letter) = next else { break };
            happened += 1;
            if let Some(letter) = letter {
                if on_their_way.len() >= at_once {
                    on_their_way.join_next().await;
                }
                let shared = Arc::clone(self);
                on_their_way.spawn(async move { shared.tell(letter).await });
            }
        }
        while on_their_way.join_next().await.is_some() {}
        happened
    }

    async fn answer(&self, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
        let head = |name: HeaderName| {
            request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        let (authorization, is_json) = (head(AUTHORIZATION), head(CONTENT_TYPE).starts_with("application/json"));
        let (method, uri) = (request.method().to_string(), request.uri().clone());
        let body = Limited::new(request.into_body(), ASKED_MAX_BYTES).collect().await.map_err(io::Error::other)?;
        let asked = Asked {
            method,
            path: uri.path().to_owned(),
            query: uri.query().unwrap_or_default().to_owned(),
            authorization,
            is_json,
            body: serde_json::from_slice(&body.to_bytes()).unwrap_or_default(),
        };
        let now = self.clock.now();
        let reply = door::answer(&mut self.state(), &asked, &password_in, now);
        match reply {
            Reply::Answer { status, body } => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let mut response = Response::new(Full::new(Bytes::from(body)));
                *response.status_mut() = status;
                Ok(response)
            }
            Reply::HangsUp => Err(io::Error::other("hangs up")),
            Reply::Silence => std::future::pending().await,
        }
    }
}
