//! `mnetifi doctor`: what is wrong with this installation, and what to do about it.

mod records;
mod routers;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::bail;
use boot::clock::SystemClock;
use boot::config::Config;
use boot::master_key;
use boot::shutdown::Shutdown;
use domain::platform::node::Claim;
use ports::Clock;
use serde::Serialize;
use store::network::{nas, sightings};
use store::platform::{nodes, outages, tenants};
use store::{OpenOptions, Store};

use crate::cli::Global;
use crate::commands::node;
use crate::mail;
use crate::open::{self, Cluster};
use crate::print;
use crate::settings;

/// How long the running server may take to say whether it is ready.
const PATIENCE: Duration = Duration::from_secs(2);

/// Octets of a page of the running server that are read.
const PAGE_MAX: u64 = 1024 * 1024;

/// Socket buffer below which a login storm is dropped by the kernel.
const RMEM_WANTED: u64 = 4 * 1024 * 1024;

/// A node writes every second; one that is silent for so long needs a look.
const SILENT_SECONDS: u64 = 10;

/// How long a node that fell silent is worth a word.
const LOST_SECONDS: u64 = 24 * 3_600;

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Good,
    Look,
    Bad,
}

#[derive(Serialize)]
struct Finding {
    what: &'static str,
    verdict: Verdict,
    detail: String,
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn good(&mut self, what: &'static str, detail: impl Into<String>) {
        self.0.push(Finding { what, verdict: Verdict::Good, detail: detail.into() });
    }

    fn look(&mut self, what: &'static str, detail: impl Into<String>) {
        self.0.push(Finding { what, verdict: Verdict::Look, detail: detail.into() });
    }

    fn bad(&mut self, what: &'static str, detail: impl Into<String>) {
        self.0.push(Finding { what, verdict: Verdict::Bad, detail: detail.into() });
    }
}

/// Examines everything it can, even when something before it is wrong. Ends with an error when anything is bad.
pub async fn run(global: &Global) -> anyhow::Result<()> {
    let mut findings = Findings::default();
    match settings::load(global) {
        Err(faults) => findings.bad("configuration", faults.to_string()),
        Ok(config) => {
            findings.good("configuration", format!("data directory {}", config.data.display()));
            machine(&mut findings);
            letters(&config, &mut findings);
            server(&config, &mut findings);
            portal(&config, &mut findings);
            let told = page(config.metrics.listen, "/metrics").ok();
            records::examine(&config, told.as_deref().map(records::Told).as_ref(), &mut findings);
            database(&config, &mut findings).await;
        }
    }
    let Findings(findings) = findings;
    if global.json {
        print::line(&serde_json::to_string_pretty(&findings)?)?;
    } else {
        for finding in &findings {
            let mark = match finding.verdict {
                Verdict::Good => "good",
                Verdict::Look => "LOOK",
                Verdict::Bad => "BAD ",
            };
            print::line(&format!("{mark}  {}: {}", finding.what, finding.detail))?;
        }
    }
    let bad = findings.iter().filter(|finding| finding.verdict == Verdict::Bad).count();
    if bad > 0 {
        bail!("{bad} of {} findings are bad", findings.len());
    }
    Ok(())
}

fn machine(findings: &mut Findings) {
    let read = std::fs::read_to_string("/proc/sys/net/core/rmem_max");
    match read.ok().and_then(|text| text.trim().parse::<u64>().ok()) {
        Some(most) if most < RMEM_WANTED => findings.look(
            "socket buffers",
            format!(
                "net.core.rmem_max is {most}: after a power cut the kernel may drop logins; \
                 `sysctl -w net.core.rmem_max={RMEM_WANTED}` raises it"
            ),
        ),
        Some(most) => findings.good("socket buffers", format!("net.core.rmem_max is {most}")),
        None => findings.look("socket buffers", "net.core.rmem_max cannot be read"),
    }
}

/// Says whether letters reach anybody.
fn letters(config: &Config, findings: &mut Findings) {
    match mail::in_words(config) {
        (words, true) => findings.good("mail", words),
        (words, false) => findings.look("mail", words),
    }
}

/// Asks a running server whether it is ready.
fn server(config: &Config, findings: &mut Findings) {
    let address = config.metrics.listen;
    match page(address, "/readyz") {
        Ok(page) if page.starts_with("HTTP/1.1 200") => {
            findings.good("server", format!("ready, says http://{address}"))
        }
        Ok(page) => {
            let body = page.split_once("\r\n\r\n").map_or(page.as_str(), |(_, body)| body).trim().to_owned();
            findings.bad("server", format!("runs, but is not ready: {body}"));
        }
        Err(_) => findings.look("server", format!("does not run here (nothing answers on http://{address})")),
    }
}

/// Says whose pages the captive portal shows, and whether it answers.
fn portal(config: &Config, findings: &mut Findings) {
    let (portal, what) = (&config.portal, "portal");
    let whose = match (&portal.domain, &portal.tenant) {
        (None, None) => {
            let why = "shows nobody's pages: set portal.domain (a subdomain for each tenant), or portal.tenant";
            return findings.look(what, why);
        }
        (Some(domain), None) => format!("each tenant at its subdomain of {domain}"),
        (None, Some(tenant)) => format!("{tenant} at every host"),
        (Some(domain), Some(tenant)) => {
            format!("each tenant at its subdomain of {domain}, {tenant} at every other host")
        }
    };
    if portal.tls.is_some() {
        return findings.good(what, format!("{whose}, with TLS on {}", portal.listen));
    }
    match page(portal.listen, "/healthz") {
        Ok(said) if said.starts_with("HTTP/1.1 200") => findings.good(what, format!("{whose}, on {}", portal.listen)),
        Ok(_) => findings.look(what, format!("{} is answered by something else", portal.listen)),
        Err(_) => findings.look(what, format!("{whose}; it does not run here (nothing answers on {})", portal.listen)),
    }
}

fn page(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut page = Vec::new();
    stream.take(PAGE_MAX).read_to_end(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

async fn database(config: &Config, findings: &mut Findings) {
    let cluster = match Cluster::reach(config, &Shutdown::new().token()).await {
        Ok(cluster) => cluster,
        Err(why) => return findings.bad("database", print::with_causes(&why)),
    };
    if let Err(why) = open::answers_in_time(examine(config, &cluster, findings)).await {
        findings.bad("database", format!("{cluster}: {}", print::with_causes(&why)));
    }
    if let Err(why) = cluster.release().await {
        findings.bad("database", print::with_causes(&why));
    }
}

/// The servers on this database: those that are there, and those that went without a word.
fn nodes(all: &[nodes::Listed], findings: &mut Findings) {
    let present: Vec<_> = all.iter().filter(|one| one.claim.is_present()).collect();
    let of = |one: &nodes::Listed| format!("`{}` {}", one.name, node::standing(one));
    match present.as_slice() {
        [] => findings.good("nodes", "no server runs on this database"),
        some => findings.good("nodes", some.iter().map(|one| of(one)).collect::<Vec<_>>().join(", ")),
    }
    for one in present.iter().filter(|one| one.silent_seconds > SILENT_SECONDS) {
        findings.look("nodes", format!("`{}` has not been heard of for {} s", one.name, one.silent_seconds));
    }
    let lost = |one: &&nodes::Listed| one.claim == Claim::Lost && one.silent_seconds < LOST_SECONDS;
    for one in all.iter().filter(lost) {
        findings.look(
            "nodes",
            format!("`{}` ({}) fell silent at {}: is it meant to be off?", one.name, one.node, one.seen_at),
        );
    }
}

async fn examine(config: &Config, cluster: &Cluster, findings: &mut Findings) -> anyhow::Result<()> {
    let urls = cluster.urls();
    let pending = store::schema::pending(&urls.admin).await?;
    if pending.is_empty() {
        findings.good("database", format!("{cluster} answers and has this version's form"));
    } else {
        findings.look(
            "database",
            format!(
                "{cluster} answers; {} migrations are to be applied: `mnetifi migrate`, or start the server",
                pending.len()
            ),
        );
        return Ok(());
    }
    if let Err(why) = master_key::read(&config.key_file()) {
        findings.bad("master key", why.to_string());
        return Ok(());
    }
    let store = Store::open(OpenOptions::new(urls.app, open::keyring(config)?))?;
    store.seek_primary().await?;
    let mut tx = store.system().await?;
    nodes(&nodes::list(&mut tx).await?, findings);
    if let Some(past) = outages::latest(&mut tx, 1).await?.first() {
        findings.good("last outage", node::in_words(past));
    }
    let tenants = tenants::list(&mut tx).await?;
    match nas::registry(&mut tx).await {
        Ok(registered) => {
            if registered.faulty.is_empty() {
                findings.good("master key", "opens the secrets of all routers; keep a copy of it off this machine");
            }
            let count = registered.routers.len() + registered.faulty.len();
            findings.good("tenants", format!("{} tenants, {count} routers", tenants.len()));
            let since = SystemClock.now().minus(routers::UNSIGNED_FOR);
            let unsigned = sightings::unsigned_since(&mut tx, since).await?;
            routers::examine(&registered, &unsigned, &config.radius.extra_pairs, findings);
        }
        Err(why) => findings.bad("master key", why.to_string()),
    }
    drop(tx);
    store.close().await;
    Ok(())
}
