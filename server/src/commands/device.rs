//! `mnetifi device …`: the devices that vouchers and subscribers were used with.

use actions::access::block_device::{self, Blocked};
use actions::access::{name_device, release_device};
use anyhow::{Context as _, bail};
use domain::access::attempt::Device;
use domain::access::facts::Holder;
use serde::Serialize;
use store::access::devices;
use store::people::subscribers;
use store::sales::vouchers;
use store::{TenantScope, TenantTx};

use crate::cli::{self, OfWhom, OneDevice};
use crate::open::Opened;
use crate::print;

#[derive(Serialize)]
struct Row {
    device: String,
    name: Option<String>,
    state: &'static str,
    first_seen_at: String,
    last_seen_at: String,
    blocked_at: Option<String>,
}

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::Device) -> anyhow::Result<()> {
    match command {
        cli::Device::List(of) => list(opened, &of).await,
        cli::Device::Name(named) => {
            let (scope, holder) = holder_of(opened, &named.device.of).await?;
            let device = &named.device.device;
            let known =
                name_device::name_device(&opened.store, &scope, holder, device, named.name.as_ref(), opened.context())
                    .await?;
            let sentence = match &named.name {
                Some(name) => format!("{} is called `{name}` from now on", device.key()),
                None => format!("{} has no name any more", device.key()),
            };
            told(opened, known, device, "named", &sentence)
        }
        cli::Device::Release(one) => release(opened, &one).await,
        cli::Device::Block(one) => block(opened, &one).await,
        cli::Device::Unblock(one) => {
            let (scope, holder) = holder_of(opened, &one.of).await?;
            let known =
                block_device::unblock_device(&opened.store, &scope, holder, &one.device, opened.context()).await?;
            let sentence = format!("{} may come online again", one.device.key());
            told(opened, known, &one.device, "unblocked", &sentence)
        }
    }
}

async fn list(opened: &Opened, of: &OfWhom) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let (scope, holder) = holder_of(opened, of).await?;
    let mut tx = opened.store.tenant(&scope).await?;
    let seen = devices::list(&mut tx, holder).await?;
    let rows: Vec<Row> = seen
        .iter()
        .map(|seen| Row {
            device: seen.device.key(),
            name: seen.name.as_ref().map(ToString::to_string),
            state: match (seen.blocked_at, seen.is_online) {
                (Some(_), _) => "blocked",
                (None, true) => "online",
                (None, false) => "away",
            },
            first_seen_at: seen.first_seen_at.in_zone(&tenant.zone),
            last_seen_at: seen.last_seen_at.in_zone(&tenant.zone),
            blocked_at: seen.blocked_at.map(|at| at.in_zone(&tenant.zone)),
        })
        .collect();
    print::rows(
        opened.style,
        &rows,
        &["DEVICE", "NAME", "STATE", "FIRST CAME", "LAST CAME"],
        |row| {
            vec![
                row.device.clone(),
                row.name.clone().unwrap_or_default(),
                row.state.to_owned(),
                row.first_seen_at.clone(),
                row.last_seen_at.clone(),
            ]
        },
        "no device has come online with it yet",
    )
}

async fn release(opened: &Opened, one: &OneDevice) -> anyhow::Result<()> {
    let (scope, holder) = holder_of(opened, &one.of).await?;
    let released = release_device::release_device(&opened.store, &scope, holder, &one.device, opened.context()).await?;
    let sentence = match released {
        Some(0) | None => format!("{} has no place any more", one.device.key()),
        Some(_) => format!("{} has no place any more; what it has online ends in seconds", one.device.key()),
    };
    told(opened, released.is_some(), &one.device, "released", &sentence)
}

async fn block(opened: &Opened, one: &OneDevice) -> anyhow::Result<()> {
    let (scope, holder) = holder_of(opened, &one.of).await?;
    let blocked = block_device::block_device(&opened.store, &scope, holder, &one.device, opened.context()).await?;
    let sentence = match blocked {
        Blocked::Done { live: 0 } | Blocked::Unknown => format!("{} is blocked", one.device.key()),
        Blocked::Done { .. } => format!("{} is blocked; what it has online ends in seconds", one.device.key()),
        Blocked::TooMany => bail!(
            "{} devices are blocked there already, which is the most: a code that is known so widely is better replaced",
            devices::BLOCKED_MAX
        ),
    };
    told(opened, blocked != Blocked::Unknown, &one.device, "blocked", &sentence)
}

fn told(opened: &Opened, known: bool, device: &Device, verb: &str, sentence: &str) -> anyhow::Result<()> {
    if !known {
        bail!("{} was never used with it: `mnetifi device list` shows those that were", device.key());
    }
    print::result(opened.style, &serde_json::json!({ "device": device.key(), "done": verb }), sentence)
}

async fn holder_of(opened: &Opened, of: &OfWhom) -> anyhow::Result<(TenantScope, Holder)> {
    let tenant = opened.tenant().await?;
    let scope = opened.scope(&tenant);
    let mut tx = opened.store.tenant(&scope).await?;
    Ok((scope, find(&mut tx, of).await?))
}

async fn find(tx: &mut TenantTx, of: &OfWhom) -> anyhow::Result<Holder> {
    if let Some(code) = &of.voucher {
        let voucher = vouchers::find_by_code(tx, code).await?;
        return voucher.map(|one| Holder::Voucher(one.id)).context("there is no voucher with that code");
    }
    let Some(username) = &of.subscriber else { bail!("say whose: --voucher CODE or --subscriber NAME") };
    let subscriber = subscribers::find_by_username(tx, username).await?;
    subscriber.map(|one| Holder::Subscriber(one.id)).with_context(|| format!("there is no subscriber `{username}`"))
}
