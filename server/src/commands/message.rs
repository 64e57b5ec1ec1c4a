//! `mnetifi message …`: text messages to people's telephones.

mod provider;

use actions::messages::retry_message::{AT_ONCE_MAX, retry_failed, retry_message};
use actions::messages::settings::{NewSettings, put_message_settings};
use actions::messages::templates::{in_force, put_template};
use actions::messages::test_messages::test_messages;
use anyhow::{Context as _, bail};
use domain::messages::language::Language;
use domain::messages::message::Message;
use domain::messages::provider::{ProviderKeys, Terms, World};
use domain::messages::settings::MessageSettings;
use domain::phone::Msisdn;
use domain::platform::tenant::Tenant;
use policy::messages::{parts, templates};
use serde::Serialize;
use store::TenantScope;
use store::messages::outbox::{self, Filter};
use store::messages::settings;

use self::provider::ProviderFile;
use crate::cli;
use crate::open::Opened;
use crate::{print, secrets};

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::Message) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let scope = opened.scope(&tenant);
    match command {
        cli::Message::Show => show(opened, &scope).await,
        cli::Message::Set(set) => self::set(opened, &scope, *set).await,
        cli::Message::Template(cli::MessageTemplate::List) => list_templates(opened, &scope).await,
        cli::Message::Template(cli::MessageTemplate::Set(text)) => {
            let (store, of) = (&opened.store, (text.kind, &text.language));
            put_template(store, &scope, of, &text.text, opened.context()).await?;
            preview(opened, &text)
        }
        cli::Message::Template(cli::MessageTemplate::Preview(text)) => {
            templates::check(text.kind, &text.text)?;
            preview(opened, &text)
        }
        cli::Message::Test(test) => {
            let to = phone(&test.phone, &tenant)?;
            let id = test_messages(&opened.store, &scope, &to, opened.context()).await?;
            let result = serde_json::json!({ "id": id.to_string() });
            print::result(opened.style, &result, "it is being sent; `mnetifi message list` shows what becomes of it")
        }
        cli::Message::List(asked) => list(opened, &tenant, &asked).await,
        cli::Message::Retry(retry) => match retry.id {
            Some(id) => {
                let message = retry_message(&opened.store, &scope, id, opened.context()).await?;
                let sentence =
                    format!("it is sent again to {}; `mnetifi message list` shows what becomes of it", message.to);
                print::result(opened.style, &Row::of(&message), &sentence)
            }
            None => {
                let count = retry_failed(&opened.store, &scope, opened.context()).await?;
                let more = if count == AT_ONCE_MAX { "; there may be more, so ask once more" } else { "" };
                print::result(
                    opened.style,
                    &serde_json::json!({ "count": count }),
                    &format!("{count} are sent again{more}"),
                )
            }
        },
    }
}

fn phone(text: &str, tenant: &Tenant) -> anyhow::Result<Msisdn> {
    Msisdn::parse(text.as_bytes(), &tenant.calling_code).with_context(|| format!("`{}`", text.escape_debug()))
}

#[derive(Serialize)]
struct Settled {
    provider: &'static str,
    username: Option<String>,
    world: Option<&'static str>,
    http: Option<ProviderFile>,
    sender: Option<String>,
    brand: Option<String>,
    contact: String,
    language: String,
    is_active: bool,
    sends_vouchers: bool,
}

impl Settled {
    fn of(settings: &MessageSettings) -> Self {
        let (username, world, http) = match &settings.terms {
            Terms::AfricasTalking { username, world } => (Some(username.clone()), Some(world.code()), None),
            Terms::Http(http) => (None, None, Some(ProviderFile::of(http))),
        };
        Self {
            provider: settings.terms.code(),
            username,
            world,
            http,
            sender: settings.sender.as_ref().map(|sender| sender.as_str().to_owned()),
            brand: settings.brand.clone(),
            contact: settings.contact.clone(),
            language: settings.language.to_string(),
            is_active: settings.is_active,
            sends_vouchers: settings.sends_vouchers,
        }
    }
}

fn tell(opened: &Opened, settings: &MessageSettings) -> anyhow::Result<()> {
    let through = match &settings.terms {
        Terms::AfricasTalking { username, world } => format!("Africa's Talking, app `{username}` ({})", world.code()),
        Terms::Http(http) => http.url.split(['?', '{']).next().unwrap_or_default().to_owned(),
    };
    let from = settings.sender.as_ref().map_or("a number of the provider's", |sender| sender.as_str());
    let what = match (settings.is_active, settings.sends_vouchers) {
        (false, _) => "nothing is sent",
        (true, true) => "buyers are sent their voucher",
        (true, false) => "buyers are not sent their voucher",
    };
    let brand = settings.brand.as_deref().unwrap_or("the tenant's name");
    let sentence = format!(
        "through {through}, from {from}; signed {brand}, help {}, in `{}`; {what}",
        settings.contact, settings.language
    );
    print::result(opened.style, &Settled::of(settings), &sentence)
}

async fn show(opened: &Opened, scope: &TenantScope) -> anyhow::Result<()> {
    let mut tx = opened.store.tenant(scope).await?;
    match settings::find(&mut tx).await? {
        Some(settings) => tell(opened, &settings),
        None => bail!("nothing is set up yet: `mnetifi message set --africas-talking …`, or `--http …`"),
    }
}

async fn set(opened: &Opened, scope: &TenantScope, set: cli::MessageSet) -> anyhow::Result<()> {
    let mut tx = opened.store.tenant(scope).await?;
    let before = settings::find(&mut tx).await?;
    drop(tx);
    let asked = match (set.africas_talking, &set.http) {
        (Some(username), _) => {
            let world = if set.sandbox { World::Sandbox } else { World::Production };
            Some(Terms::AfricasTalking { username, world })
        }
        (None, Some(path)) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("reading `{}`", path.display()))?;
            let file: ProviderFile = serde_json::from_str(&text).with_context(|| format!("`{}`", path.display()))?;
            Some(Terms::Http(Box::new(file.terms()?)))
        }
        (None, None) => None,
    };
    let kept = before.as_ref();
    let Some(terms) = asked.or_else(|| kept.map(|before| before.terms.clone())) else {
        bail!("nothing is set up yet: name a provider with `--africas-talking` or `--http`");
    };
    let keys = match &set.key_file {
        Some(file) => Some(ProviderKeys {
            key: secrets::read(None, Some(file), "the key")?,
            secret: match &set.secret_file {
                Some(file) => Some(secrets::read(None, Some(file), "the second key")?),
                None => None,
            },
        }),
        None => None,
    };
    let Some(contact) = set.contact.or_else(|| kept.map(|before| before.contact.clone())) else {
        bail!("say whom people may call for help: `--contact 0700111222`");
    };
    let sender = set.sender.or_else(|| kept.and_then(|before| before.sender.clone()));
    let new = NewSettings {
        terms,
        keys,
        sender: sender.filter(|_| !set.no_sender),
        brand: set.brand.or_else(|| kept.and_then(|before| before.brand.clone())),
        contact,
        language: set.language.unwrap_or_else(|| kept.map_or_else(Language::english, |before| before.language.clone())),
        is_active: set.on || (!set.off && kept.is_none_or(|before| before.is_active)),
        sends_vouchers: set.vouchers || (!set.no_vouchers && kept.is_none_or(|before| before.sends_vouchers)),
    };
    let revision = kept.map(|before| before.revision);
    let is_meant = |now: Option<&MessageSettings>| now.map(|now| now.revision) == revision;
    let settled = put_message_settings(&opened.store, scope, &is_meant, new, opened.context()).await?;
    tell(opened, &settled)
}

#[derive(Serialize)]
struct TemplateRow {
    kind: &'static str,
    language: String,
    text: String,
    changed_at: Option<String>,
}

async fn list_templates(opened: &Opened, scope: &TenantScope) -> anyhow::Result<()> {
    let mut tx = opened.store.tenant(scope).await?;
    let rows: Vec<TemplateRow> = in_force(&mut tx)
        .await?
        .into_iter()
        .map(|one| TemplateRow {
            kind: one.kind.code(),
            language: one.language.to_string(),
            text: one.text,
            changed_at: one.changed_at.map(|at| at.to_string()),
        })
        .collect();
    let cells = |row: &TemplateRow| {
        let whose = if row.changed_at.is_some() { "own" } else { "ours" };
        vec![row.kind.to_owned(), row.language.clone(), whose.to_owned(), row.text.clone()]
    };
    print::rows(opened.style, &rows, &["KIND", "LANGUAGE", "WHOSE", "TEXT"], cells, "there are no texts")
}

fn preview(opened: &Opened, text: &cli::TemplateText) -> anyhow::Result<()> {
    let sample = templates::sample(text.kind, &text.text, &text.language);
    let parts = parts::parts(&sample);
    let result = serde_json::json!({
        "text": sample, "alphabet": parts.alphabet.code(), "units": parts.units, "parts": parts.count,
    });
    let sentence =
        format!("{sample}\n({} units of {}, paid for as {})", parts.units, parts.alphabet.code(), parts.count);
    print::result(opened.style, &result, &sentence)
}

#[derive(Serialize)]
struct Row {
    kind: &'static str,
    phone: String,
    text: String,
    parts: u16,
    state: &'static str,
    tries: u32,
    reference: Option<String>,
    cost: Option<String>,
    fault: Option<String>,
    created_at: String,
    id: String,
}

impl Row {
    fn of(message: &Message) -> Self {
        Self {
            kind: message.kind.code(),
            phone: message.to.expose().to_owned(),
            text: message.shown.clone(),
            parts: message.parts,
            state: message.state.code(),
            tries: message.tries,
            reference: message.reference.clone(),
            cost: message.cost.clone(),
            fault: message.said.clone(),
            created_at: message.created_at.to_string(),
            id: message.id.to_string(),
        }
    }
}

async fn list(opened: &Opened, tenant: &Tenant, asked: &cli::MessageList) -> anyhow::Result<()> {
    let to = asked.phone.as_deref().map(|text| phone(text, tenant)).transpose()?;
    let filter = Filter { to, kind: asked.kind, state: asked.state };
    let mut tx = opened.store.tenant(&opened.scope(tenant)).await?;
    let page = outbox::list(&mut tx, &filter, opened.page(&asked.paging)?).await?;
    let rows: Vec<Row> = page.rows.iter().map(Row::of).collect();
    let cells = |row: &Row| {
        vec![
            print::zoned(&row.created_at, &tenant.zone),
            row.phone.clone(),
            row.kind.to_owned(),
            row.state.to_owned(),
            row.tries.to_string(),
            row.cost.clone().unwrap_or_default(),
            row.fault.clone().unwrap_or_default(),
            row.id.clone(),
        ]
    };
    let header = ["AT", "PHONE", "KIND", "STATE", "TRIES", "COST", "WHY NOT", "ID"];
    print::rows(opened.style, &rows, &header, cells, "no text message yet: `mnetifi message set` sets them up")?;
    opened.say_next(&page);
    Ok(())
}
