//! A hotspot's own pages, as RouterOS serves them to phones that have joined; and the screens of those phones, for whoever
//! wants to live the whole story in one browser.
//!
//! `/` is the screen: a phone in the hotspot, and beside it M-Pesa's question on the telephone that pays. `/join` is a
//! phone that opens any page: the router lets it in by its hardware address, or sends it to the portal. `/d/<device>/login`
//! takes logins as RouterOS does. `/prompts` shows what lies on telephones, `/prompts.json` the same
//! for programs, and `/told.json` when M-Pesa told of payments.
//!
//! The device stands in the address, for all browsers of this machine look the same from here. Nothing is asked of who
//! comes: it listens on loopback.

mod screens;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use domain::mac::Mac;
use form_urlencoded::Serializer;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, LOCATION};
use hyper::{Method, Request, Response, StatusCode};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use crate::listening;
use crate::mpesa::{CannotPay, Mpesa};
use crate::nas::{By, LoginResult, SimulatedRouter};
use crate::sms::Sms;

/// Octets of a form.
const FORM_MAX_BYTES: usize = 8 * 1024;

/// Text messages on the screen.
const TEXTS_SHOWN: usize = 5;

/// How the hotspot is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens: loopback.
    pub listen: SocketAddr,
    /// The host under which browsers reach it: `localhost`.
    pub host: String,
    /// The name that the router is registered under.
    pub router: String,
    /// Where the portal is, without a slash at the end.
    pub portal: String,
}

/// A hotspot's pages. They are gone when it is dropped.
#[derive(Debug)]
pub struct Hotspot {
    address: SocketAddr,
    host: String,
    running: AbortHandle,
}

impl Drop for Hotspot {
    fn drop(&mut self) {
        self.running.abort();
    }
}

struct Shared {
    settings: Settings,
    /// Where browsers reach it.
    base: String,
    router: SimulatedRouter,
    mpesa: Arc<Mpesa>,
    sms: Arc<Sms>,
}

/// What is answered.
enum Said {
    Page(String),
    Json(String),
    To(String),
    Nothing(StatusCode, &'static str),
}

impl Hotspot {
    /// Serves the pages of a router, with what M-Pesa asks and what text messages say on the telephones beside it.
    pub async fn listen(
        settings: Settings,
        router: SimulatedRouter,
        (mpesa, sms): (Arc<Mpesa>, Arc<Sms>),
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(settings.listen).await?;
        let address = listener.local_addr()?;
        let host = settings.host.clone();
        let base = format!("http://{host}:{}", address.port());
        let shared = Arc::new(Shared { settings, base, router, mpesa, sms });
        let answering = listening::serve(listener, move |request| {
            let shared = Arc::clone(&shared);
            async move { shared.answer(request).await }
        });
        Ok(Self { address, host, running: tokio::spawn(answering).abort_handle() })
    }

    /// Where browsers reach it: `http://localhost:8783`.
    pub fn url(&self) -> String {
        format!("http://{}:{}", self.host, self.address.port())
    }
}

impl Shared {
    async fn answer(&self, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let body = Limited::new(request.into_body(), FORM_MAX_BYTES).collect().await.map_err(io::Error::other)?;
        let body = body.to_bytes();
        let mut fields = fields(uri.query().unwrap_or_default().as_bytes());
        fields.extend(self::fields(&body));
        let path: Vec<&str> = uri.path().split('/').filter(|part| !part.is_empty()).collect();
        let said = match (&method, path.as_slice()) {
            (&Method::GET, []) => Said::Page(screens::desk()),
            (&Method::GET, ["join"]) => self.join(&fields).await,
            (&Method::GET | &Method::POST, ["d", device, "login"]) => self.login(device, &fields).await,
            (&Method::GET, ["d", device, "logout"]) => self.logout(device),
            (&Method::GET, ["prompts"]) => {
                let (open, texts) = (self.mpesa.pending_prompts(), self.sms.newest(TEXTS_SHOWN));
                Said::Page(screens::prompts(&open, &texts, &self.online()))
            }
            (&Method::GET, ["prompts.json"]) => Said::Json(screens::prompts_as_json(&self.mpesa.pending_prompts())),
            (&Method::GET, ["told.json"]) => Said::Json(screens::told_as_json(&self.mpesa.told())),
            (&Method::POST, ["prompts", phone, "accept"]) => decided(self.mpesa.accept(phone)),
            (&Method::POST, ["prompts", phone, "refuse"]) => decided(self.mpesa.refuse(phone)),
            (&Method::GET, ["favicon.ico"]) => Said::Nothing(StatusCode::NO_CONTENT, ""),
            (_, _) => Said::Nothing(StatusCode::NOT_FOUND, "There is no such page here."),
        };
        Ok(written(said))
    }

    /// A phone opens any page.
    async fn join(&self, fields: &[(String, String)]) -> Said {
        let Some(mac) = field(fields, "mac").and_then(|mac| Mac::parse(mac.as_bytes())) else {
            return Said::Nothing(StatusCode::BAD_REQUEST, "Say which phone: /join?mac=02:00:00:00:00:01");
        };
        let wanted = field(fields, "orig").unwrap_or("http://example.com/");
        if self.session_of(mac).is_some() || self.router.appears(mac).await.is_online() {
            return Said::To(self.onward(mac, wanted));
        }
        Said::To(self.to_portal(mac, wanted, ""))
    }

    async fn login(&self, device: &str, fields: &[(String, String)]) -> Said {
        let Some(mac) = Mac::parse(device.as_bytes()) else {
            return Said::Nothing(StatusCode::NOT_FOUND, "There is no such phone here.");
        };
        let wanted = field(fields, "dst").unwrap_or("http://example.com/");
        let Some(user) = field(fields, "username") else { return Said::To(self.to_portal(mac, wanted, "")) };
        let password = field(fields, "password").unwrap_or_default();
        if self.session_of(mac).is_some() {
            return Said::To(self.onward(mac, wanted));
        }
        match self.router.hotspot_login_by(mac, user, password, By::Pap).await {
            LoginResult::Online(_) => Said::To(self.onward(mac, wanted)),
            refused @ (LoginResult::Refused { .. } | LoginResult::RefusedHere(_) | LoginResult::Unanswered) => {
                Said::To(self.to_portal(mac, wanted, refused.sentence()))
            }
        }
    }

    fn logout(&self, device: &str) -> Said {
        let Some(mac) = Mac::parse(device.as_bytes()) else {
            return Said::Nothing(StatusCode::NOT_FOUND, "There is no such phone here.");
        };
        if let Some(session) = self.session_of(mac) {
            self.router.leaves(session);
        }
        Said::To(self.to_portal(mac, "http://example.com/", ""))
    }

    fn session_of(&self, mac: Mac) -> Option<crate::nas::SessionKey> {
        self.router.online().into_iter().find(|one| one.mac == mac).map(|one| one.session)
    }

    fn online(&self) -> Vec<(Mac, String)> {
        self.router.online().into_iter().map(|one| (one.mac, one.rate().to_owned())).collect()
    }

    /// As `login.html` sends a phone on.
    fn to_portal(&self, mac: Mac, wanted: &str, error: &str) -> String {
        let Settings { portal, router, .. } = &self.settings;
        let mut query = Serializer::new(String::new());
        query.append_pair("mac", &mac.to_string()).append_pair("ip", &address_of(mac).to_string());
        query.append_pair("lo", &self.page(mac, "login")).append_pair("orig", wanted).append_pair("err", error);
        format!("{portal}/hs/{router}?{}", query.finish())
    }

    /// As `alogin.html` does.
    fn onward(&self, mac: Mac, wanted: &str) -> String {
        let Settings { portal, router, .. } = &self.settings;
        let mut query = Serializer::new(String::new());
        query.append_pair("mac", &mac.to_string()).append_pair("ip", &address_of(mac).to_string());
        query.append_pair("lo", &self.page(mac, "login")).append_pair("out", &self.page(mac, "logout"));
        query.append_pair("orig", wanted);
        format!("{portal}/on/{router}?{}", query.finish())
    }

    fn page(&self, mac: Mac, name: &str) -> String {
        format!("{}/d/{}/{name}", self.base, mac.to_string().replace(':', ""))
    }
}

/// The address that the hotspot gives a phone.
const fn address_of(mac: Mac) -> Ipv4Addr {
    let [.., d, e, f] = mac.octets();
    Ipv4Addr::new(10, 5, d ^ e, f)
}

fn decided(done: Result<(), CannotPay>) -> Said {
    match done {
        Ok(()) => Said::To("/prompts".to_owned()),
        Err(CannotPay::NoFunds) => Said::Nothing(StatusCode::CONFLICT, "There is not enough money on that phone."),
        Err(_) => Said::Nothing(StatusCode::NOT_FOUND, "Nothing is on that phone any more."),
    }
}

fn fields(encoded: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(encoded).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.as_str())
}

fn written(said: Said) -> Response<Full<Bytes>> {
    let (status, kind, location, body) = match said {
        Said::Page(page) => (StatusCode::OK, "text/html; charset=utf-8", None, page),
        Said::Json(text) => (StatusCode::OK, "application/json", None, text),
        Said::To(address) => (StatusCode::SEE_OTHER, "text/plain", Some(address), String::new()),
        Said::Nothing(status, words) => (status, "text/plain; charset=utf-8", None, words.to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(location) = location.and_then(|location| HeaderValue::from_str(&location).ok()) {
        headers.insert(LOCATION, location);
    }
    response
}
