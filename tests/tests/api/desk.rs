//! Two ISPs and the platform, whose people sign in over HTTP as they would: with a password, on a host, by letters.

use std::net::SocketAddr;
use std::time::Duration;

use actions::people::by::By;
use actions::people::invite::{Joining, NewStaff, invite};
use actions::platform::open_platform::open_platform;
use anyhow::{Context as _, ensure};
use domain::people::role::{Preset, RoleName};
use domain::people::staff::{Staff, Zoned};
use domain::phone::{CallingCode, Msisdn};
use domain::secret::{Secret, SecretBytes};
use ports::Clock as _;
use serde_json::{Value, json};
use store::TenantScope;
use tests::api::{Answer, Api, Client};
use tests::database::Database;
use tests::world::World;

use crate::shop::text;

/// Everybody's first password.
pub(crate) const GOOD: &str = "maembe saba mtoni";
/// The one they choose next.
pub(crate) const OTHER: &str = "tumbili wanne msituni";
/// The host of the first ISP, and that of the other.
pub(crate) const HERE: &str = "savanna.isp.example";
pub(crate) const THERE: &str = "rift.isp.example";
/// How long a letter may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A World with an API on hosts of a domain.
pub(crate) struct Desk {
    pub(crate) world: World,
    api: Api,
}

impl Desk {
    /// One that no router asks.
    pub(crate) async fn open() -> anyhow::Result<Self> {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
        Self::of(World::beside_on(Database::fresh().await, nowhere, nowhere).await?).await
    }

    /// One in that World.
    pub(crate) async fn of(world: World) -> anyhow::Result<Self> {
        let api = Api::open_with(&world, |settings| {
            settings.domain = Some("isp.example".to_owned());
            settings.trusted_proxies = vec!["127.0.0.1/32".parse().expect("good")];
        })
        .await?;
        Ok(Self { world, api })
    }

    /// Somebody of the first ISP, and of the other, with the first password: `anna@savanna.test`.
    pub(crate) async fn hires(&self, name: &str, role: Preset) -> anyhow::Result<Staff> {
        self.hires_in(name, role, Zoned::All).await
    }

    pub(crate) async fn hires_in(&self, name: &str, role: Preset, zones: Zoned) -> anyhow::Result<Staff> {
        self.adds(&self.world.isp.scope, (name, "savanna"), role, zones).await
    }

    pub(crate) async fn they_hire(&self, name: &str, role: Preset) -> anyhow::Result<Staff> {
        self.adds(&self.world.other.scope, (name, "rift"), role, Zoned::All).await
    }

    /// Somebody of the platform.
    pub(crate) async fn platform_hires(&self, name: &str, role: Preset) -> anyhow::Result<(TenantScope, Staff)> {
        let platform = TenantScope::of_operator(open_platform(&self.world.store, self.world.context()).await?);
        let staff = self.adds(&platform, (name, "platform"), role, Zoned::All).await?;
        Ok((platform, staff))
    }

    /// Somebody of any of them: their name, and that of where they work.
    pub(crate) async fn adds(
        &self,
        scope: &TenantScope,
        (name, at): (&str, &str),
        role: Preset,
        zones: Zoned,
    ) -> anyhow::Result<Staff> {
        let is_known = role == Preset::Technician;
        let new = NewStaff {
            email: format!("{name}@{at}.test").parse()?,
            user_name: name.parse()?,
            name: format!("{name} of {at}").parse()?,
            phone: is_known.then(|| Msisdn::parse(b"0712345678", &CallingCode::kenya())).transpose()?,
            id_number: is_known.then(|| "A9081726".parse()).transpose()?,
            role: RoleName::Preset(role),
            zones,
        };
        let joining = Joining::With(Secret::new(GOOD.to_owned()));
        let by = By::operator(role.is_of_platform());
        Ok(invite(&self.world.store, scope, &by, new, joining, self.world.context()).await?.staff)
    }

    /// Somebody without session or key, at that host.
    pub(crate) fn at(&self, host: &str) -> Client {
        self.api.nobody().with("host", host)
    }

    /// Somebody without session or key, at the platform's own host.
    pub(crate) fn nobody(&self) -> Client {
        self.at("isp.example")
    }

    /// What is answered to a try to sign in at a host.
    pub(crate) async fn tries(&self, host: &str, login: &str, password: &str) -> anyhow::Result<Answer> {
        self.at(host).post("/v1/sign-in", json!({ "login": login, "password": password })).await
    }

    /// The same with a code.
    pub(crate) async fn tries_with(&self, login: &str, password: &str, code: &str) -> anyhow::Result<Answer> {
        self.nobody().post("/v1/sign-in", json!({ "login": login, "password": password, "code": code })).await
    }

    /// Somebody who signs in by their address.
    pub(crate) async fn signs_in(&self, login: &str, password: &str) -> anyhow::Result<Client> {
        self.stays(&self.tries("isp.example", login, password).await?.is(200)?)
    }

    /// The same with a code.
    pub(crate) async fn signs_in_with(&self, login: &str, password: &str, code: &str) -> anyhow::Result<Client> {
        self.stays(&self.tries_with(login, password, code).await?.is(200)?)
    }

    /// Whoever was let in by that answer.
    pub(crate) fn stays(&self, answer: &Answer) -> anyhow::Result<Client> {
        let cookie = answer.header("set-cookie").context("no cookie")?;
        let pair = cookie.split(';').next().unwrap_or_default();
        Ok(self.nobody().with("cookie", pair))
    }

    /// Sends the letters that are due; the last of so many that came to that address.
    pub(crate) async fn letter(&self, address: &str, count: usize) -> anyhow::Result<String> {
        self.world.queue().step().await?;
        let letters = self.world.mail.letters_to(address, count, PATIENCE).await;
        ensure!(letters.len() == count, "{} letters came to {address}, not {count}", letters.len());
        Ok(letters.last().context("no letter")?.text())
    }

    /// How many letters there are in all, once those that are due are sent.
    pub(crate) async fn letters(&self) -> anyhow::Result<usize> {
        self.world.queue().step().await?;
        Ok(self.world.mail.letters().len())
    }

    /// The code in a letter's link, which leads to a page of the first ISP's.
    pub(crate) fn code_of(letter: &str, page: &str) -> anyhow::Result<String> {
        let beginning = format!("https://{HERE}/{page}#");
        let code = letter.split_whitespace().find_map(|word| word.strip_prefix(&beginning));
        code.map(str::to_owned).with_context(|| format!("no link to {page} in: {letter}"))
    }

    /// Sets up codes on the telephone of somebody who is in.
    pub(crate) async fn enrols(&self, who: &Client, password: &str) -> anyhow::Result<Telephone> {
        let told = who.post("/v1/me/totp", json!({ "password": password })).await?.is(200)?.json();
        let secret = of_base32(text(&told, "secret"))?;
        let code = credentials::totp::code(&secret, self.world.clock.now());
        let confirmed = who.post("/v1/me/totp/confirm", json!({ "code": code })).await?.is(200)?.json();
        let codes = confirmed["recovery_codes"].as_array().context("no recovery codes")?;
        let recovery = codes.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        Ok(Telephone { secret, recovery })
    }

    /// What a telephone shows now.
    pub(crate) fn shows(&self, telephone: &Telephone) -> String {
        credentials::totp::code(&telephone.secret, self.world.clock.now())
    }
}

/// A telephone that shows codes, and the codes for the day it is lost.
pub(crate) struct Telephone {
    secret: SecretBytes,
    pub(crate) recovery: Vec<String>,
}

/// Base32 without padding (RFC 4648 §6), as telephones read it.
fn of_base32(text: &str) -> anyhow::Result<SecretBytes> {
    let (mut octets, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'2'..=b'7' => letter - b'2' + 26,
            _ => anyhow::bail!("no base32: {text}"),
        };
        bits = (bits << 5 | u32::from(value)) & 0xffff;
        held += 5;
        if held >= 8 {
            held -= 8;
            octets.push(u8::try_from(bits >> held & 0xff)?);
        }
    }
    Ok(SecretBytes::new(octets))
}
