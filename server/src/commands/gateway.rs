//! `mnetifi gateway …`: who takes money for a tenant. Keys are never shown once they are set.

use std::collections::BTreeMap;
use std::path::Path;

use actions::money::balance::{note_balance, note_balance_asked};
use actions::money::gateways::{GatewayChange, KeysChange, NewGateway, add_gateway, change_gateway};
use actions::money::register_gateway::{Asked, note_registered};
use anyhow::{Context as _, anyhow, bail};
use boot::clock::SystemClock;
use boot::config::Config;
use domain::id::GatewayId;
use domain::money::gateway::{Environment, GatewayAccount, GatewayKeys, GatewayKind, Initiator, IspGateway, PayTo};
use domain::phone::Msisdn;
use domain::platform::tenant::Tenant;
use domain::secret::Secret;
use policy::money::setup::{Facts, Finding, Tried, Weight, findings};
use ports::Clock as _;
use ports::gateway::{Answer, Gateways};
use serde::Serialize;
use store::TenantScope;
use store::money::gateways;

use crate::open::Opened;
use crate::{cli, print, secrets};

#[derive(Serialize)]
struct Row {
    id: String,
    kind: &'static str,
    environment: &'static str,
    shortcode: String,
    till: Option<String>,
    has_initiator: bool,
    trusts_confirmations: bool,
    looks_per_minute: u32,
    is_active: bool,
}

impl Row {
    fn of(gateway: &IspGateway) -> Self {
        Self {
            id: gateway.id.to_string(),
            kind: gateway.kind.code(),
            environment: gateway.environment.code(),
            shortcode: gateway.shortcode.to_string(),
            till: match &gateway.pay_to {
                PayTo::Paybill => None,
                PayTo::Till(till) => Some(till.to_string()),
            },
            has_initiator: gateway.has_initiator,
            trusts_confirmations: gateway.trusts_confirmations,
            looks_per_minute: gateway.looks_per_minute,
            is_active: gateway.is_active,
        }
    }
}

/// What the command works with.
struct Desk<'a> {
    opened: &'a Opened,
    gateways: Option<Gateways>,
    tenant: Tenant,
    scope: TenantScope,
}

/// Runs the command.
pub async fn run(config: &Config, opened: &Opened, command: cli::Gateway) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let scope = opened.scope(&tenant);
    let gateways = crate::gateways::gateways(config, &opened.store)?;
    let desk = Desk { opened, gateways, tenant, scope };
    match command {
        cli::Gateway::Add(new) => desk.add(new).await,
        cli::Gateway::List => desk.list().await,
        cli::Gateway::Set(set) => {
            let pay_to = if set.paybill { Some(PayTo::Paybill) } else { set.till.map(PayTo::Till) };
            let keys = set.keys_file.as_deref().map(keys_of).transpose()?.unwrap_or_default();
            let change = GatewayChange {
                pay_to,
                keys,
                trusts_confirmations: set.trust_confirmations,
                looks_per_minute: set.looks_per_minute,
                is_active: set.on.then_some(true),
            };
            desk.change(set.id, change).await
        }
        cli::Gateway::Off(one) => {
            desk.change(one.id, GatewayChange { is_active: Some(false), ..GatewayChange::default() }).await
        }
        cli::Gateway::Test(one) => desk.test(one.id).await,
        cli::Gateway::Register(one) => {
            let (to, row, account) = desk.line(one.id).await?;
            said(to.gateway.register(&account).await)?;
            desk.registered(&row, Asked::Confirmations, "it tells of all money that comes from now on").await
        }
        cli::Gateway::RegisterPull(asked) => {
            let (to, row, account) = desk.line(asked.id).await?;
            let phone = Msisdn::parse(asked.phone.as_bytes(), &desk.tenant.calling_code)?;
            said(to.gateway.register_books(&account, &phone).await)?;
            desk.registered(&row, Asked::Books, "its books are read from now on").await
        }
        cli::Gateway::Balance(one) => desk.balance(one.id).await,
        cli::Gateway::Qr(asked) => {
            let (to, _, account) = desk.line(asked.id).await?;
            let name = desk.tenant.name.as_str();
            let picture = said(to.gateway.picture(&account, name, &asked.reference, asked.amount).await)?;
            let picture = picture.context("the gateway has drawn nothing")?;
            std::fs::write(&asked.out, picture)
                .with_context(|| format!("{} cannot be written", asked.out.display()))?;
            let out = asked.out.display().to_string();
            print::result(opened.style, &serde_json::json!({ "file": out }), &format!("the picture is in {out}"))
        }
    }
}

impl Desk<'_> {
    async fn add(&self, new: cli::GatewayAdd) -> anyhow::Result<()> {
        let environment = if new.sandbox { Environment::Sandbox } else { Environment::Production };
        let keys = keys_of(&new.keys_file)?;
        let (Some(consumer_key), Some(consumer_secret), Some(passkey)) =
            (keys.consumer_key, keys.consumer_secret, keys.passkey)
        else {
            bail!("the file needs a line for each of consumer_key, consumer_secret and passkey");
        };
        let keys = GatewayKeys { consumer_key, consumer_secret, passkey, initiator: keys.initiator.flatten() };
        let base = self.gateways.as_ref().map(|to| to.callback_base.as_str()).unwrap_or_default();
        let account = GatewayAccount {
            kind: GatewayKind::Mpesa,
            environment,
            shortcode: new.shortcode,
            pay_to: new.till.map_or(PayTo::Paybill, PayTo::Till),
            keys,
            callback_base: format!("{base}/cb/00000000000000000000000000000000"),
        };
        if !new.no_check {
            let found = self.found(&account, new.trust_confirmations).await;
            tell(&found);
            if found.iter().any(|one| one.weight == Weight::Wrong) {
                bail!("it is not saved: mend that, or save it all the same with --no-check");
            }
        }
        let made = NewGateway {
            kind: account.kind,
            environment,
            shortcode: account.shortcode,
            pay_to: account.pay_to,
            keys: account.keys,
            trusts_confirmations: new.trust_confirmations,
            looks_per_minute: new.looks_per_minute.unwrap_or(IspGateway::looks_per_minute(environment)),
        };
        let made = add_gateway(&self.opened.store, &self.scope, made, self.opened.context()).await?;
        let sentence = format!("gateway {} takes money to {}", made.id, made.shortcode);
        print::result(self.opened.style, &Row::of(&made), &sentence)
    }

    async fn list(&self) -> anyhow::Result<()> {
        let mut tx = self.opened.store.tenant(&self.scope).await?;
        let rows: Vec<Row> = gateways::list(&mut tx).await?.iter().map(Row::of).collect();
        let cells = |row: &Row| {
            vec![
                row.kind.to_owned(),
                row.environment.to_owned(),
                row.shortcode.clone(),
                row.till.clone().unwrap_or_default(),
                if row.is_active { "on" } else { "off" }.to_owned(),
                if row.has_initiator { "yes" } else { "no" }.to_owned(),
                row.id.clone(),
            ]
        };
        let header = ["KIND", "PLACE", "SHORTCODE", "TILL", "STATE", "INITIATOR", "ID"];
        print::rows(self.opened.style, &rows, &header, cells, "no gateway yet: `mnetifi gateway add` sets one up")
    }

    async fn change(&self, id: GatewayId, change: GatewayChange) -> anyhow::Result<()> {
        let (store, context) = (&self.opened.store, self.opened.context());
        let changed = change_gateway(store, &self.scope, id, &|_| true, change, context).await?;
        let state = if changed.is_active { "on" } else { "off" };
        print::result(self.opened.style, &Row::of(&changed), &format!("gateway {} is {state}", changed.id))
    }

    /// The gateway, open; `base` is where callbacks come in.
    async fn account(&self, id: GatewayId, base: &str) -> anyhow::Result<(IspGateway, GatewayAccount)> {
        let mut tx = self.opened.store.tenant(&self.scope).await?;
        let none = || anyhow!("there is no gateway {id}: `mnetifi gateway list` shows those there are");
        let row = gateways::find(&mut tx, id).await?.ok_or_else(none)?;
        let account = gateways::open(&mut tx, id).await?.ok_or_else(none)?.account(&row, base);
        Ok((row, account))
    }

    async fn line(&self, id: GatewayId) -> anyhow::Result<(&Gateways, IspGateway, GatewayAccount)> {
        let to = self.gateways.as_ref().context("this server speaks to no gateway: set mpesa.callbacks first")?;
        let (row, account) = self.account(id, &to.callback_base).await?;
        Ok((to, row, account))
    }

    /// All that is not as it should be with an account.
    async fn found(&self, account: &GatewayAccount, trusts_confirmations: bool) -> Vec<Finding> {
        let tried = match &self.gateways {
            None => Tried::Nobody,
            Some(to) => match to.gateway.try_keys(account).await {
                Answer::Said(()) | Answer::Later { .. } => Tried::Good,
                Answer::No(failure) => Tried::Refused(failure),
                Answer::NotNow { why } => Tried::Away(why),
                Answer::Unable { why } => Tried::Unable(why),
            },
        };
        let facts = Facts {
            environment: account.environment,
            callback_base: &account.callback_base,
            has_initiator: account.keys.initiator.is_some(),
            trusts_confirmations,
        };
        findings(&facts, &tried)
    }

    async fn test(&self, id: GatewayId) -> anyhow::Result<()> {
        let base = self.gateways.as_ref().map(|to| to.callback_base.as_str()).unwrap_or_default();
        let (row, account) = self.account(id, base).await?;
        let found = self.found(&account, row.trusts_confirmations).await;
        tell(&found);
        let is_good = found.iter().all(|one| one.weight == Weight::Warning);
        let say: Vec<&str> = found.iter().map(|one| one.say.as_str()).collect();
        let result = serde_json::json!({ "is_good": is_good, "findings": say });
        if !is_good {
            print::result(self.opened.style, &result, "nobody can pay through it like this")?;
            bail!("the gateway is not set up well");
        }
        print::result(self.opened.style, &result, "its keys open the door")
    }

    async fn registered(&self, row: &IspGateway, asked: Asked, sentence: &str) -> anyhow::Result<()> {
        note_registered(&self.opened.store, &self.scope, (row.id, asked), self.opened.context()).await?;
        print::result(self.opened.style, &Row::of(row), &format!("gateway {}: {sentence}", row.id))
    }

    async fn balance(&self, id: GatewayId) -> anyhow::Result<()> {
        let (to, row, account) = self.line(id).await?;
        let (store, style) = (&self.opened.store, self.opened.style);
        let answer = to.gateway.balance(&account, SystemClock.now()).await;
        if let Answer::Later { conversation } = &answer {
            note_balance_asked(store, &self.scope, (row.id, conversation)).await?;
            let result = serde_json::json!({ "asked": true });
            return print::result(style, &result, "it is told some seconds later: GET /v1/gateways/{id}/seen shows it");
        }
        let accounts = said(answer)?.context("the gateway has told nothing")?;
        note_balance(store, &self.scope, (row.id, Some(&accounts)), self.opened.context()).await?;
        let told: BTreeMap<&str, String> =
            accounts.iter().map(|(name, amount)| (name.as_str(), amount.to_string())).collect();
        let sentence: Vec<String> = told.iter().map(|(name, amount)| format!("{name}: {amount}")).collect();
        print::result(style, &told, &sentence.join("; "))
    }
}

fn tell(found: &[Finding]) {
    for one in found {
        print::aside(&format!("{}: {}", one.weight.code(), one.say));
    }
}

/// A gateway's no as an error; what it said when it was good.
fn said<T>(answer: Answer<T>) -> anyhow::Result<Option<T>> {
    match answer {
        Answer::Said(said) => Ok(Some(said)),
        Answer::Later { .. } => Ok(None),
        Answer::No(failure) => bail!("the gateway says no (code {}): {}", failure.code, failure.words),
        Answer::Unable { why } => bail!("{why}"),
        Answer::NotNow { why } => bail!("the gateway could not be asked: {why}; try again later"),
    }
}

/// Keys from a file: a line for each.
fn keys_of(path: &Path) -> anyhow::Result<KeysChange> {
    let text = secrets::read(None, Some(path), "the gateway's keys")?;
    let mut keys = KeysChange::default();
    let (mut name, mut password) = (None, None);
    for line in text.expose().lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (key, value) = line.split_once('=').context("write each key as name=value, one a line")?;
        let value = value.trim().to_owned();
        match key.trim() {
            "consumer_key" => keys.consumer_key = Some(Secret::new(value)),
            "consumer_secret" => keys.consumer_secret = Some(Secret::new(value)),
            "passkey" => keys.passkey = Some(Secret::new(value)),
            "initiator" => name = Some(value),
            "initiator_password" => password = Some(Secret::new(value)),
            other => bail!(
                "`{other}` is no key: there are consumer_key, consumer_secret, passkey, initiator and initiator_password"
            ),
        }
    }
    keys.initiator = match (name, password) {
        (None, None) => None,
        (Some(name), Some(password)) => Some(Some(Initiator { name, password })),
        (Some(_), None) | (None, Some(_)) => {
            bail!("an initiator has a name and a password: give initiator and initiator_password")
        }
    };
    Ok(keys)
}
