//! `mnetifi radsec …`: certificates of routers that ask over TLS.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use actions::network::revoke_certificates::{self, Revoked};
use actions::network::{issue_certificate, radsec_authority};
use anyhow::{Context as _, bail, ensure};
use certificates::pem;
use domain::id::NasId;
use domain::network::certificate::Certificate;
use domain::network::nas::Nas;
use domain::text::Slug;
use domain::time::{Span, Timestamp, Zone};
use serde::Serialize;
use store::network::certificates::{self as kept, Which};
use store::network::nas;
use store::{Page, TenantTx};

use crate::cli;
use crate::open::Opened;
use crate::print;

/// The file of the authority's certificate.
const AUTHORITY_FILE: &str = "mnetifi-radsec-ca.crt";

#[derive(Serialize)]
struct Row {
    router: String,
    serial: String,
    issued: String,
    expires: String,
    state: &'static str,
    id: String,
}

impl Row {
    fn of(certificate: &Certificate, router: &str, zone: &Zone, now: Timestamp) -> Self {
        let state = match certificate.revoked_at {
            Some(_) => "taken back",
            None if now >= certificate.expires_at => "ended",
            None => "in force",
        };
        Self {
            router: router.to_owned(),
            serial: certificate.serial.to_string(),
            issued: certificate.issued_at.in_zone(zone),
            expires: certificate.expires_at.in_zone(zone),
            state,
            id: certificate.id.to_string(),
        }
    }
}

#[derive(Serialize)]
struct Written {
    router: String,
    serial: String,
    expires: String,
    certificate: PathBuf,
    key: PathBuf,
    authority: PathBuf,
}

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::Radsec) -> anyhow::Result<()> {
    match command {
        cli::Radsec::Ca(cli::RadsecCa::Show) => {
            let authority = radsec_authority::radsec_authority(&opened.store, opened.context()).await?;
            let text = pem::certificate(authority.authority.certificate());
            Ok(print::line(text.trim_end())?)
        }
        cli::Radsec::Issue(issue) => self::issue(opened, &issue).await,
        cli::Radsec::List(paging) => list(opened, &paging).await,
        cli::Radsec::Revoke(revoke) => self::revoke(opened, &revoke).await,
    }
}

async fn issue(opened: &Opened, issue: &cli::RadsecIssue) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let scope = opened.scope(&tenant);
    ensure!(issue.out.is_dir(), "{} is not a directory: make it, or name another with --out", issue.out.display());
    let mut tx = opened.store.tenant(&scope).await?;
    let nas = router(&mut tx, &issue.nas).await?;
    tx.commit().await?;
    let lasts = Span::seconds(i64::from(issue.days) * 86_400);
    let issued = issue_certificate::issue_certificate(&opened.store, &scope, &nas, lasts, opened.context()).await?;
    let serial = issued.certificate.serial.to_string();
    // The digits tell a router's certificates apart.
    let stem = format!("{}-{}", nas.name, &serial[24..]);
    let written = Written {
        router: nas.name.to_string(),
        expires: issued.certificate.expires_at.in_zone(&tenant.zone),
        certificate: issue.out.join(format!("{stem}.crt")),
        key: issue.out.join(format!("{stem}.key")),
        authority: issue.out.join(AUTHORITY_FILE),
        serial,
    };
    let writing = || {
        write_new(&written.key, pem::private_key(issued.issued.key.expose()).expose())?;
        write_new(&written.certificate, &pem::certificate(&issued.issued.certificate))?;
        std::fs::write(&written.authority, pem::certificate(&issued.authority))
            .with_context(|| format!("{} cannot be written", written.authority.display()))
    };
    writing().with_context(|| {
        format!("the certificate is of no use without its key: `mnetifi radsec revoke --serial {}`", written.serial)
    })?;
    print::result(opened.style, &written, &told(&written, &stem))
}

/// Creates a file that its owner alone may read. One that is there already is not touched.
fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.with_context(|| format!("{} cannot be written", path.display()))
}

fn told(written: &Written, stem: &str) -> String {
    format!(
        "issued a certificate to router `{}`, good until {}, serial {}\n\
         wrote {}, {} and {}\n\n\
         Copy the three files to the router, then there (RouterOS 7):\n\n\
         \x20   /certificate import file-name={AUTHORITY_FILE} passphrase=\"\" name=mnetifi-radsec-ca\n\
         \x20   /certificate import file-name={stem}.crt passphrase=\"\" name={stem}\n\
         \x20   /certificate import file-name={stem}.key passphrase=\"\"\n\
         \x20   /radius add service=hotspot,ppp protocol=radsec address=ADDRESS certificate={stem} secret=radsec\n\
         \x20   /file remove {stem}.key\n\n\
         ADDRESS is the first of `radius.radsec_names` of this server. Delete {} here as well: it is the router's secret.",
        written.router,
        written.expires,
        written.serial,
        written.certificate.display(),
        written.key.display(),
        written.authority.display(),
        written.key.display(),
    )
}

async fn list(opened: &Opened, paging: &cli::Paging) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let mut tx = opened.store.tenant(&opened.scope(&tenant)).await?;
    let page = kept::list(&mut tx, opened.page(paging)?).await?;
    let names = names(&mut tx).await?;
    let now = opened.context().now();
    let rows: Vec<Row> =
        page.rows.iter().map(|one| Row::of(one, name_of(&names, one.nas), &tenant.zone, now)).collect();
    print::rows(
        opened.style,
        &rows,
        &["ROUTER", "SERIAL", "ISSUED", "EXPIRES", "STATE"],
        |row| {
            vec![row.router.clone(), row.serial.clone(), row.issued.clone(), row.expires.clone(), row.state.to_owned()]
        },
        "no certificate yet: issue one with `mnetifi radsec issue ROUTER`",
    )?;
    opened.say_next(&page);
    Ok(())
}

async fn revoke(opened: &Opened, revoke: &cli::RadsecRevoke) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let scope = opened.scope(&tenant);
    let mut tx = opened.store.tenant(&scope).await?;
    let which = match (&revoke.nas, revoke.serial) {
        (Some(name), _) => Which::OfRouter(router(&mut tx, name).await?.id),
        (None, Some(serial)) => Which::WithSerial(serial),
        (None, None) => bail!("name a router, or a certificate by --serial"),
    };
    let names = names(&mut tx).await?;
    tx.commit().await?;
    let revoked = revoke_certificates::revoke_certificates(&opened.store, &scope, which, opened.context()).await?;
    let Revoked { certificates: revoked, distrusted } = revoked;
    ensure!(!revoked.is_empty(), "nothing to take back: `mnetifi radsec list` shows what is in force");
    let now = opened.context().now();
    let rows: Vec<Row> = revoked.iter().map(|one| Row::of(one, name_of(&names, one.nas), &tenant.zone, now)).collect();
    let serials: Vec<_> = rows.iter().map(|row| format!("{} of router `{}`", row.serial, row.router)).collect();
    let mut sentence = format!("took back {}; within a second it opens nothing", serials.join(", "));
    for router in &distrusted {
        sentence.push_str(&format!(
            "\nrouter `{}` has none in force any more: who is online there is cut within seconds",
            name_of(&names, *router)
        ));
    }
    print::result(opened.style, &rows, &sentence)
}

async fn router(tx: &mut TenantTx, name: &Slug) -> anyhow::Result<Nas> {
    match nas::find_by_name(tx, name).await? {
        Some(nas) => Ok(nas),
        None => bail!("there is no router `{name}`: `mnetifi nas list` shows those there are"),
    }
}

/// The names of the tenant's routers.
async fn names(tx: &mut TenantTx) -> anyhow::Result<HashMap<NasId, String>> {
    let mut names = HashMap::new();
    let mut page = Page::first(Page::<NasId>::SIZE_MAX);
    loop {
        let listed = nas::list(tx, page).await?;
        names.extend(listed.rows.into_iter().map(|nas| (nas.id, nas.name.to_string())));
        match listed.next {
            Some(next) => page = Page::after(next, Page::<NasId>::SIZE_MAX),
            None => return Ok(names),
        }
    }
}

fn name_of(names: &HashMap<NasId, String>, nas: NasId) -> &str {
    names.get(&nas).map_or("?", String::as_str)
}
