//! `mnetifi nas …`: routers that may ask.

use actions::network::change_nas::{self, Changes, Which, whatever};
use actions::network::register_nas::{self, NewNas};
use actions::network::retire_nas;
use anyhow::bail;
use boot::random::OsRandom;
use domain::network::nas::{Nas, Signing, SigningRule, shared_secret};
use domain::network::sighting::Seen;
use domain::secret::Secret;
use domain::text::Slug;
use domain::time::{Timestamp, Zone};
use serde::Serialize;
use store::network::{nas, sightings};
use store::{StoreError, TenantScope};

use crate::cli;
use crate::open::Opened;
use crate::print;
use crate::secrets;

#[derive(Serialize)]
struct Row {
    nas: String,
    address: String,
    identifier: Option<String>,
    realm: Option<String>,
    port_pair: Option<u16>,
    vendor: &'static str,
    coa_port: u16,
    message_authenticator: &'static str,
    required_since: Option<String>,
    id: String,
    /// One that was made just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl Row {
    fn of(nas: &Nas, zone: &Zone) -> Self {
        Self {
            nas: nas.name.to_string(),
            address: nas.address.to_string(),
            identifier: nas.identifier.clone(),
            realm: nas.realm.clone(),
            port_pair: nas.port_pair.map(|pair| pair.auth()),
            vendor: nas.vendor.code(),
            coa_port: nas.coa_port,
            message_authenticator: nas.signing.rule.code(),
            required_since: nas.signing.raised_at.map(|at| at.in_zone(zone)),
            id: nas.id.to_string(),
            secret: None,
        }
    }

    /// What tells it apart from others at its address.
    fn told_by(&self) -> String {
        let realm = self.realm.as_ref().map(|realm| format!("realm {realm}"));
        let pair = self.port_pair.map(|auth| format!("port {auth}"));
        [self.identifier.clone(), realm, pair].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    row: Row,
    retired_at: Option<String>,
    heard_at: Option<String>,
    heard_from: Option<String>,
    signed_in_row: u64,
    unsigned_at: Option<String>,
}

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::Nas) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let (scope, zone) = (opened.scope(&tenant), &tenant.zone);
    match command {
        cli::Nas::Add(add) => register(opened, &scope, zone, add).await,
        cli::Nas::List(paging) => list(opened, &scope, zone, &paging).await,
        cli::Nas::Show(named) => show(opened, &scope, zone, &named.name).await,
        cli::Nas::Set(set) => change(opened, &scope, zone, *set).await,
        cli::Nas::Remove(named) => {
            let gone =
                retire_nas::retire_nas(&opened.store, &scope, Which::Named(&named.name), &whatever, opened.context())
                    .await;
            let nas = gone.map_err(|why| unknown(why.into(), &named.name))?;
            let sentence = format!(
                "`{}` may not ask any more, and who is online there is cut; its sessions and decisions stay",
                nas.name
            );
            print::result(opened.style, &Row::of(&nas, zone), &sentence)
        }
    }
}

async fn register(opened: &Opened, scope: &TenantScope, zone: &Zone, add: cli::NasAdd) -> anyhow::Result<()> {
    if !add.secret.is_given() {
        bail!("the shared secret is missing: name a file with --secret-file, or ask for one with --generate-secret");
    }
    let secret = secret_of(&add.secret)?;
    let new = NewNas {
        name: add.name,
        address: add.address,
        identifier: add.identifier,
        realm: add.realm,
        port_pair: add.port_pair,
        vendor: add.vendor,
        coa_port: add.coa_port,
        signing: add.message_authenticator,
        secret: shared_secret(secret.expose())?,
    };
    let nas = register_nas::register_nas(&opened.store, scope, new, opened.context()).await?;
    let sentence = format!("registered router `{}` at {}; it may ask within a second", nas.name, nas.address);
    tell_written(opened, &nas, zone, &sentence, add.secret.generate_secret.then_some(&secret))
}

async fn list(opened: &Opened, scope: &TenantScope, zone: &Zone, paging: &cli::Paging) -> anyhow::Result<()> {
    let mut tx = opened.store.tenant(scope).await?;
    let page = nas::list(&mut tx, opened.page(paging)?).await?;
    let rows: Vec<Row> = page.rows.iter().map(|nas| Row::of(nas, zone)).collect();
    print::rows(
        opened.style,
        &rows,
        &["ROUTER", "ADDRESS", "TOLD BY", "VENDOR", "COA PORT", "SIGNING", "ID"],
        |row| {
            vec![
                row.nas.clone(),
                row.address.clone(),
                row.told_by(),
                row.vendor.to_owned(),
                row.coa_port.to_string(),
                if row.required_since.is_some() { "required".to_owned() } else { row.message_authenticator.to_owned() },
                row.id.clone(),
            ]
        },
        "no router yet: register one with `mnetifi nas add NAME --address ADDRESS --secret-file FILE`",
    )?;
    opened.say_next(&page);
    Ok(())
}

async fn show(opened: &Opened, scope: &TenantScope, zone: &Zone, name: &Slug) -> anyhow::Result<()> {
    let mut tx = opened.store.tenant(scope).await?;
    let Some(nas) = nas::find_by_name(&mut tx, name).await? else {
        bail!("there is no router `{name}`: `mnetifi nas list` shows those there are");
    };
    let retired_at = nas::retired_at(&mut tx, nas.id).await?;
    let seen = sightings::find(&mut tx, nas.id).await?;
    let at = |instant: Option<Timestamp>| instant.map(|instant| instant.in_zone(zone));
    let shown = Shown {
        row: Row::of(&nas, zone),
        retired_at: at(retired_at),
        heard_at: at(seen.map(|seen| seen.heard_at)),
        heard_from: seen.map(|seen| seen.heard_from.to_string()),
        signed_in_row: seen.map_or(0, |seen| seen.signed_in_row),
        unsigned_at: at(seen.and_then(|seen| seen.unsigned_at)),
    };
    let mut lines = vec![format!("{}: {} at {}", nas.name, nas.vendor.code(), nas.address)];
    let told_by = shown.row.told_by();
    if !told_by.is_empty() {
        lines.push(format!("told apart by {told_by}"));
    }
    if let Some(at) = &shown.retired_at {
        lines.push(format!("removed at {at}; it may not ask"));
    }
    match (&shown.heard_at, &shown.heard_from) {
        (Some(at), Some(from)) => lines.push(format!("last heard at {at} from {from}")),
        _ => lines.push("never heard: does the router know this server, and the same secret?".to_owned()),
    }
    lines.push(signing_in_words(nas.signing, seen, zone));
    print::result(opened.style, &shown, &lines.join("\n"))
}

/// How the router is held to signing, and what is seen of it.
fn signing_in_words(signing: Signing, seen: Option<Seen>, zone: &Zone) -> String {
    let unsigned_at = seen.and_then(|seen| seen.unsigned_at);
    let last = unsigned_at.map(|at| format!("the last unsigned login came at {}", at.in_zone(zone)));
    match (signing.rule, signing.raised_at) {
        (SigningRule::Observe, None) => {
            let row = seen.map_or(0, |seen| seen.signed_in_row);
            let last = last.unwrap_or_else(|| "none came unsigned".to_owned());
            format!("Message-Authenticator: observed, {row} signed logins in a row; {last}")
        }
        (SigningRule::Observe, Some(at)) => match unsigned_at {
            Some(unsigned) if unsigned > at => format!(
                "Message-Authenticator: required since {}, for it always signed; unsigned logins are dropped, {}. Is \
                 it another router now? `mnetifi nas set … --message-authenticator observe` begins anew",
                at.in_zone(zone),
                last.unwrap_or_default(),
            ),
            Some(_) | None => {
                format!("Message-Authenticator: required since {}, for it always signs", at.in_zone(zone))
            }
        },
        (SigningRule::Require, _) => {
            format!("Message-Authenticator: required by you; {}", last.unwrap_or_else(|| "none came unsigned".into()))
        }
        (SigningRule::Allow, _) => format!(
            "Message-Authenticator: RISK: unsigned logins are allowed by you (CVE-2024-3596); {}",
            last.unwrap_or_else(|| "none came so far, `require` would harm nobody".into())
        ),
    }
}

async fn change(opened: &Opened, scope: &TenantScope, zone: &Zone, set: cli::NasSet) -> anyhow::Result<()> {
    let secret = if set.secret.is_given() { Some(secret_of(&set.secret)?) } else { None };
    let changes = Changes {
        name: set.rename,
        address: set.address,
        identifier: unless_forgotten(set.identifier, set.no_identifier),
        realm: unless_forgotten(set.realm, set.no_realm),
        port_pair: unless_forgotten(set.port_pair, set.no_port_pair),
        vendor: set.vendor,
        coa_port: set.coa_port,
        signing: set.message_authenticator,
        secret: secret.as_ref().map(|secret| shared_secret(secret.expose())).transpose()?,
    };
    let changed =
        change_nas::change_nas(&opened.store, scope, Which::Named(&set.name), changes, &whatever, opened.context())
            .await;
    let nas = changed.map_err(|why| unknown(why.into(), &set.name))?;
    let sentence = format!("changed router `{}`; in force within a second", nas.name);
    let made = secret.as_ref().filter(|_| set.secret.generate_secret);
    tell_written(opened, &nas, zone, &sentence, made)
}

fn unless_forgotten<T>(value: Option<T>, forgotten: bool) -> Option<Option<T>> {
    if forgotten { Some(None) } else { value.map(Some) }
}

/// A missing router is told by its name.
fn unknown(why: anyhow::Error, name: &Slug) -> anyhow::Error {
    let is_missing = why.chain().any(|cause| matches!(cause.downcast_ref(), Some(StoreError::Missing { .. })));
    if is_missing {
        anyhow::anyhow!("there is no router `{name}` in use: `mnetifi nas list` shows those there are")
    } else {
        why
    }
}

fn secret_of(given: &cli::Secret) -> anyhow::Result<Secret<String>> {
    if given.generate_secret {
        return Ok(secrets::generate(&OsRandom));
    }
    secrets::read(given.secret.as_deref(), given.secret_file.as_deref(), "the shared secret")
}

/// Tells what was written. A secret that was made here is shown this once: its router must be told, and nobody is told
/// again.
fn tell_written(
    opened: &Opened,
    nas: &Nas,
    zone: &Zone,
    sentence: &str,
    made: Option<&Secret<String>>,
) -> anyhow::Result<()> {
    let sentence = match made {
        Some(secret) => format!("{sentence}\nits shared secret, shown only now: {}", secret.expose()),
        None => sentence.to_owned(),
    };
    let row = Row { secret: made.map(|secret| secret.expose().clone()), ..Row::of(nas, zone) };
    print::result(opened.style, &row, &sentence)?;
    say_risks(nas);
    Ok(())
}

fn say_risks(nas: &Nas) {
    if nas.signing.rule == SigningRule::Allow {
        print::aside(
            "RISK: its unsigned logins are answered; who can send in its name can try codes, and who stands between \
             can forge an accept (CVE-2024-3596)",
        );
    } else if nas.is_wide() {
        print::aside(
            "it may ask from more than one address, so it must sign its logins: RouterOS 7.15 and newer do by \
             themselves",
        );
    }
}
