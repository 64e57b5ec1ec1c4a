//! Settings of the process: read once at the start, checked whole, then never changed.
//!
//! Defaults lie under the file, the file under the environment, the environment under the command line. All faults are
//! told at once. What can change while we run is in the database, not here.

mod database_url;
mod fault;
mod http;
mod keys;
mod layers;
mod mail;
mod messages;
mod mpesa;
mod reader;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;

pub use database_url::DatabaseUrl;
use domain::network::nas::PortPair;
pub use fault::{Fault, Faults, Origin};
pub use http::{Api, Portal};
use layers::Layers;
pub use mail::{Mail, MailSecurity, MailServer};
pub use messages::Messages;
pub use mpesa::Mpesa;
use reader::Reader;
use tracing::Level;
use tracing_subscriber::EnvFilter;

/// The variables of the environment. A parameter, so that tests need not change their own.
pub type Environment = BTreeMap<String, String>;

/// What nobody sets.
const DEFAULTS: &[(&str, &str)] = &[
    ("data", "./var"),
    ("radius.auth", "0.0.0.0:1812"),
    ("radius.acct", "0.0.0.0:1813"),
    ("metrics.listen", "127.0.0.1:9812"),
    ("api.listen", "127.0.0.1:8780"),
    ("portal.listen", "127.0.0.1:8782"),
    ("log.level", "info"),
    ("log.format", "text"),
    ("accounting.interim_seconds", "300"),
    ("slots.reserve_seconds", "60"),
    ("coa.window", "8"),
    ("coa.per_second", "50"),
    ("coa.timeout_from", "start"),
    ("decisions.days", "30"),
    ("decisions.record", "yes"),
    ("book.decides", "yes"),
    ("webhooks.allow_private", "no"),
    ("mpesa.payers", "masked"),
    ("book.rights_max", "1000000"),
    ("book.snapshot_seconds", "60"),
    ("book.snapshot_hours", "72"),
    ("decisions.megabytes_max", "1024"),
    ("journal.megabytes_max", "1024"),
    ("guard.tries_per_minute", "10"),
    ("guard.tries_per_minute_nas", "120"),
    ("guard.tries_per_minute_tenant", "600"),
    ("guard.unknown_per_second_nas", "20"),
    ("guard.unknown_per_second_tenant", "100"),
    ("guard.status_per_second", "5"),
    ("guard.status_per_second_all", "100"),
    ("guard.failed_proofs_per_minute", "60"),
];

/// All settings, valid together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The data directory, as it was written; see [`crate::data_dir`].
    pub data: PathBuf,
    /// Where the database is.
    pub database: Database,
    /// The RADIUS server.
    pub radius: Radius,
    /// The API for staff and their programs.
    pub api: Api,
    /// The captive portal.
    pub portal: Portal,
    /// The listener for metrics and health.
    pub metrics: Metrics,
    /// What is logged, and how.
    pub log: Log,
    /// Accounting.
    pub accounting: Accounting,
    /// Places in use at once.
    pub slots: Slots,
    /// What routers are asked to do with live sessions.
    pub coa: Coa,
    /// Records of why people were accepted or refused.
    pub decisions: Decisions,
    /// What is known in memory.
    pub book: Book,
    /// The journal of accounting.
    pub journal: Journal,
    /// What one device, router or stranger may ask.
    pub guard: Guard,
    /// How letters are sent.
    pub mail: Mail,
    /// How text messages are sent.
    pub messages: Messages,
    /// How partners are told.
    pub webhooks: Webhooks,
    /// How money comes in.
    pub mpesa: Mpesa,
    /// The master key, when it is not in the data directory.
    pub master_key_file: Option<PathBuf>,
    /// The file that was read, if there was one.
    pub file: Option<PathBuf>,
}

/// Settings of webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Webhooks {
    /// Whether partners may also be told at addresses that are not of the open network, and in the clear.
    pub allow_private: bool,
}

/// Where the database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// We keep our own: see [`crate::private_postgres`].
    Private {
        /// The directory of PostgreSQL's programs, when it is not to be searched for.
        bin: Option<PathBuf>,
    },
    /// Somebody runs one for us.
    At(DatabaseUrl),
}

/// Settings of the RADIUS server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Radius {
    /// Where logins are answered; at least one.
    pub auth: Vec<SocketAddr>,
    /// Where accounting is answered; at least one.
    pub acct: Vec<SocketAddr>,
    /// Where both are answered over TLS (RadSec); none, unless it is set.
    pub radsec: Vec<SocketAddr>,
    /// The addresses or names under which routers reach us over TLS: what our certificate says. The first counts most.
    pub radsec_names: Vec<String>,
    /// Ports that single routers have for themselves, on the same addresses; at most [`EXTRA_PAIRS_MAX`].
    pub extra_pairs: Vec<PortPair>,
    /// How many workers answer.
    pub workers: NonZeroUsize,
}

/// Settings of the listener for metrics and health.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// Where it listens. Nobody logs in there, so not on the open network.
    pub listen: SocketAddr,
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The least important level that is written.
    pub level: Level,
    /// How a line looks.
    pub format: LogFormat,
    /// Finer rules, which replace the level: `info,radiusd=debug`.
    pub filter: Option<String>,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// Settings of accounting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accounting {
    /// How often a NAS reports usage; 60 to 86,400.
    pub interim_seconds: u32,
}

/// Settings of places in use at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slots {
    /// How long a place is kept between the login and the first accounting record; 10 to 600.
    pub reserve_seconds: u32,
}

/// Settings of what routers are asked to do with live sessions (CoA, Disconnect).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coa {
    /// The address that requests come from, when the machine has several and routers know one of them.
    pub source: Option<IpAddr>,
    /// Requests to one router that wait for an answer at once; 1 to 255.
    pub window: u8,
    /// Requests to one router in a second; 1 to 1,000.
    pub per_second: u32,
    /// Whether routers count a Session-Timeout that they are told by CoA from then, and not from the session's start.
    pub timeout_from_now: bool,
}

/// Settings of the records of why people were accepted or refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decisions {
    /// How many days they are kept; 1 to 400.
    pub days: u32,
    /// Whether there are any: without, nothing can be explained, and a crash forgets what was granted lately.
    pub record: bool,
    /// How much disk they may take until they are in the database, in MiB; 16 to 1,048,576.
    pub megabytes_max: u32,
}

/// Settings of what is known in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// Whether logins are decided from memory, while this node is alone on its database or the database is away.
    pub decides: bool,
    /// How many vouchers and subscribers are kept, those included that nobody asks for.
    pub rights_max: u32,
    /// How often a snapshot of it is written, in seconds; 1 to 3,600.
    pub snapshot_seconds: u32,
    /// How old a snapshot of it may be, in hours, to be believed by a start without the database; 1 to 720.
    pub snapshot_hours: u32,
}

/// Settings of the journal of accounting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// How much disk it may take, in MiB; 16 to 1,048,576.
    pub megabytes_max: u32,
}

/// Settings of the guard: what is allowed before it slows somebody down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// Failed logins a minute of one device at one router; 1 to 1,000.
    pub tries_per_minute: u32,
    /// Failed logins a minute at one router, beyond which its devices get fewer; 10 to 60,000.
    pub tries_per_minute_nas: u32,
    /// Failed logins a minute of one tenant, beyond which all its devices get fewer; 10 to 60,000.
    pub tries_per_minute_tenant: u32,
    /// Unknown names a second of one router that are looked up; 1 to 1,000.
    pub unknown_per_second_nas: u32,
    /// Unknown names a second of one tenant that are looked up; 1 to 1,000.
    pub unknown_per_second_tenant: u32,
    /// Status-Servers a second of one source; 1 to 1,000.
    pub status_per_second: u32,
    /// Status-Servers a second of all sources; 1 to 1,000.
    pub status_per_second_all: u32,
    /// Wrong signatures a minute from one address before only its last router is believed; 1 to 60,000.
    pub failed_proofs_per_minute: u32,
}

/// Pairs of ports of their own that routers may have on one node; each costs two sockets.
pub const EXTRA_PAIRS_MAX: usize = 64;

/// What the command line gave, and what a command like the demo takes instead of the usual defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// The file to read: `--config`. It must be there.
    pub config: Option<PathBuf>,
    /// Options of the command line: name (`--data`), setting (`data`), value.
    pub options: Vec<(String, String, String)>,
    /// Other defaults: setting, value. Anything else is stronger.
    pub defaults: Vec<(String, String)>,
}

impl Overrides {
    /// With an option of the command line, if it was given.
    #[must_use]
    pub fn option(mut self, option: &str, key: &str, value: Option<impl Into<String>>) -> Self {
        self.options.extend(value.map(|value| (option.to_owned(), key.to_owned(), value.into())));
        self
    }

    /// With another default.
    #[must_use]
    pub fn default_of(mut self, key: &str, value: impl Into<String>) -> Self {
        self.defaults.push((key.to_owned(), value.into()));
        self
    }
}

impl Config {
    /// Where the master keys are: in the file that was named, or in the data directory's own.
    pub fn key_file(&self) -> PathBuf {
        self.master_key_file.clone().unwrap_or_else(|| self.data.join(crate::data_dir::MASTER_KEY))
    }

    /// Reads and checks all settings. The faults are all there are, each with its place and an example.
    pub fn load(overrides: &Overrides, environment: &Environment) -> Result<Self, Faults> {
        let mut reader = Reader { layers: Layers::collect(overrides, environment, DEFAULTS) };
        let config = read(&mut reader);
        let faults = reader.layers.faults;
        if faults.is_empty() { Ok(config) } else { Err(Faults::new(faults)) }
    }
}

/// The process's own environment. Names and values that are not UTF-8 cannot be ours.
pub fn environment() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Stand-ins fill the places of faults; they are never seen, because faults are.
fn read(reader: &mut Reader) -> Config {
    let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let bin = reader.path("postgres.bin");
    let radius = read_radius(reader);
    let api = http::read_api(reader);
    let portal = http::read_portal(reader);
    let mpesa = mpesa::read(reader, portal.domain.as_deref());
    Config {
        data: reader.path("data").unwrap_or_default(),
        database: reader.database_url().map_or(Database::Private { bin }, Database::At),
        radius,
        api,
        portal,
        metrics: Metrics { listen: reader.address("metrics.listen").unwrap_or(nowhere) },
        log: read_log(reader),
        accounting: Accounting {
            interim_seconds: reader.whole("accounting.interim_seconds", 60..=86_400).unwrap_or_default(),
        },
        slots: Slots { reserve_seconds: reader.whole("slots.reserve_seconds", 10..=600).unwrap_or_default() },
        coa: Coa {
            source: reader.ip_address("coa.source"),
            window: reader
                .whole("coa.window", 1..=255)
                .and_then(|window| u8::try_from(window).ok())
                .unwrap_or_default(),
            per_second: reader.whole("coa.per_second", 1..=1_000).unwrap_or_default(),
            timeout_from_now: reader.choice("coa.timeout_from", &[("start", false), ("now", true)]).unwrap_or_default(),
        },
        decisions: Decisions {
            days: reader.whole("decisions.days", 1..=400).unwrap_or_default(),
            record: reader.choice("decisions.record", &[("yes", true), ("no", false)]).unwrap_or(true),
            megabytes_max: reader.whole("decisions.megabytes_max", 16..=1_048_576).unwrap_or_default(),
        },
        book: Book {
            decides: reader.choice("book.decides", &[("yes", true), ("no", false)]).unwrap_or_default(),
            rights_max: reader.whole("book.rights_max", 1_000..=50_000_000).unwrap_or_default(),
            snapshot_seconds: reader.whole("book.snapshot_seconds", 1..=3_600).unwrap_or_default(),
            snapshot_hours: reader.whole("book.snapshot_hours", 1..=720).unwrap_or_default(),
        },
        journal: Journal { megabytes_max: reader.whole("journal.megabytes_max", 16..=1_048_576).unwrap_or_default() },
        guard: read_guard(reader),
        mail: mail::read(reader),
        messages: messages::read(reader),
        webhooks: Webhooks {
            allow_private: reader.choice("webhooks.allow_private", &[("no", false), ("yes", true)]).unwrap_or_default(),
        },
        mpesa,
        master_key_file: reader.path("master_key_file"),
        file: reader.layers.file.clone(),
    }
}

fn read_radius(reader: &mut Reader) -> Radius {
    let auth = reader.addresses("radius.auth");
    let acct = reader.addresses("radius.acct");
    let named = |key, addresses: &[SocketAddr]| -> Vec<(&'static str, SocketAddr)> {
        addresses.iter().map(|address| (key, *address)).collect()
    };
    reader.refuse_clashes(named("radius.auth", &auth).into_iter().chain(named("radius.acct", &acct)));
    let radsec = reader.addresses_if_any("radius.radsec");
    reader.refuse_clashes(named("radius.radsec", &radsec).into_iter());
    let radsec_names = reader.host_names("radius.radsec_names");
    if !radsec.is_empty() && radsec_names.is_empty() {
        let problem = "is missing: name the address or the name that routers ask, which our certificate must say";
        reader.fault("radius.radsec_names", problem);
    }
    let asked = reader.whole("radius.workers", 1..=1024).and_then(|workers| usize::try_from(workers).ok());
    let workers = asked.and_then(NonZeroUsize::new);
    let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let extra_pairs = read_extra_pairs(reader, &auth, &acct);
    Radius { auth, acct, radsec, radsec_names, extra_pairs, workers: workers.unwrap_or_else(cores) }
}

/// `20000` is a pair; `20000-20009` are five.
fn read_extra_pairs(reader: &mut Reader, auth: &[SocketAddr], acct: &[SocketAddr]) -> Vec<PortPair> {
    const KEY: &str = "radius.extra_ports";
    let mut pairs = Vec::new();
    for text in reader.texts(KEY) {
        let (first, last) = text.split_once('-').unwrap_or((&text, &text));
        let (Ok(first), Ok(last)) = (first.trim().parse::<u16>(), last.trim().parse::<u16>()) else {
            reader.fault(KEY, format!("`{}` is neither a port nor a range of ports", text.escape_debug()));
            continue;
        };
        let last = if last == first { last.saturating_add(1) } else { last };
        if first == 0 || first >= last || (last - first) % 2 == 0 {
            reader.fault(KEY, format!("`{text}` does not hold whole pairs: each has two ports, as 20000-20001"));
            continue;
        }
        pairs.extend((first..last).step_by(2).filter_map(PortPair::of_auth).take(EXTRA_PAIRS_MAX + 1));
    }
    let taken = |port: u16| auth.iter().chain(acct).any(|address| address.port() == port);
    let mut ports: Vec<u16> = pairs.iter().flat_map(|pair| [pair.auth(), pair.acct()]).collect();
    ports.sort_unstable();
    if let Some(twice) = ports.windows(2).find(|two| two[0] == two[1]) {
        reader.fault(KEY, format!("names port {} twice", twice[0]));
    }
    if let Some(port) = ports.iter().find(|port| taken(**port)) {
        reader.fault(KEY, format!("names port {port}, which `radius.auth` or `radius.acct` has already"));
    }
    if pairs.len() > EXTRA_PAIRS_MAX {
        reader.fault(KEY, format!("names more than {EXTRA_PAIRS_MAX} pairs of ports"));
    }
    pairs
}

fn read_guard(reader: &mut Reader) -> Guard {
    let mut whole = |key, bounds| reader.whole(key, bounds).unwrap_or_default();
    Guard {
        tries_per_minute: whole("guard.tries_per_minute", 1..=1_000),
        tries_per_minute_nas: whole("guard.tries_per_minute_nas", 10..=60_000),
        tries_per_minute_tenant: whole("guard.tries_per_minute_tenant", 10..=60_000),
        unknown_per_second_nas: whole("guard.unknown_per_second_nas", 1..=1_000),
        unknown_per_second_tenant: whole("guard.unknown_per_second_tenant", 1..=1_000),
        status_per_second: whole("guard.status_per_second", 1..=1_000),
        status_per_second_all: whole("guard.status_per_second_all", 1..=1_000),
        failed_proofs_per_minute: whole("guard.failed_proofs_per_minute", 1..=60_000),
    }
}

fn read_log(reader: &mut Reader) -> Log {
    let levels = [
        ("error", Level::ERROR),
        ("warn", Level::WARN),
        ("info", Level::INFO),
        ("debug", Level::DEBUG),
        ("trace", Level::TRACE),
    ];
    let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
    let filter = reader.text("log.filter");
    if let Some(Err(error)) = filter.as_deref().map(|rules| EnvFilter::builder().parse(rules)) {
        reader.fault("log.filter", format!("is not understood: {error}"));
    }
    Log {
        level: reader.choice("log.level", &levels).unwrap_or(Level::INFO),
        format: reader.choice("log.format", &formats).unwrap_or(LogFormat::Text),
        filter,
    }
}

#[cfg(test)]
mod tests;
