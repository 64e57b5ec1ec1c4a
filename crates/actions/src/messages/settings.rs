//! An ISP settles how text messages are sent.

use domain::messages::language::Language;
use domain::messages::provider::{ProviderKeys, SenderId, Slot, Terms};
use domain::messages::settings::MessageSettings;
use domain::platform::audit::{Change, Thing, Verb};
use domain::support::exception::ExceptionKind;
use policy::messages::{requests, sending};
use store::messages::settings;
use store::platform::audit;
use store::support::exceptions;
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;

/// What an ISP wants.
#[derive(Debug)]
pub struct NewSettings {
    /// How its provider is spoken to.
    pub terms: Terms,
    /// Its keys; `None`: those that are there.
    pub keys: Option<ProviderKeys>,
    /// Who messages come from.
    pub sender: Option<SenderId>,
    /// The ISP as people know it; `None`: its name.
    pub brand: Option<String>,
    /// Whom people may call for help.
    pub contact: String,
    /// The language of messages to telephones of which none is known.
    pub language: Language,
    /// Whether anything is sent.
    pub is_active: bool,
    /// Whether buyers are sent their voucher.
    pub sends_vouchers: bool,
}

/// What is wrong with a part of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SettingsFault {
    /// Which part.
    pub part: &'static str,
    /// What is wrong, and what to write instead.
    pub what: String,
}

/// Why nothing was changed.
#[derive(Debug, Error)]
pub enum MessageSettingsError {
    /// Parts of it are wrong.
    #[error("{}", in_words(.0))]
    Faults(Vec<SettingsFault>),
    /// Somebody else has changed them meanwhile.
    #[error("somebody else has changed the settings meanwhile: read them again")]
    ChangedMeanwhile,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn in_words(faults: &[SettingsFault]) -> String {
    let each: Vec<String> = faults.iter().map(|fault| format!("{}: {}", fault.part, fault.what)).collect();
    each.join("; ")
}

/// Settles it. `is_meant`: whether it is meant as it is at that moment.
pub async fn put_message_settings(
    store: &Store,
    scope: &TenantScope,
    is_meant: &(dyn Fn(Option<&MessageSettings>) -> bool + Send + Sync),
    new: NewSettings,
    context: Context<'_>,
) -> Result<MessageSettings, MessageSettingsError> {
    let mut tx = store.tenant(scope).await?;
    let before = settings::lock(&mut tx).await?;
    if !is_meant(before.as_ref()) {
        return Err(MessageSettingsError::ChangedMeanwhile);
    }
    let mut faults = faults(&new);
    let has_secret = match (&new.keys, &before) {
        (Some(keys), _) => keys.secret.is_some(),
        (None, Some(_)) => settings::keys(&mut tx).await?.is_some_and(|keys| keys.secret.is_some()),
        (None, None) => {
            let what = "give the provider's key: without it nothing can be sent".to_owned();
            faults.push(SettingsFault { part: "key", what });
            true
        }
    };
    let wants_secret = requests::uses(&new.terms, Slot::Secret) || requests::uses(&new.terms, Slot::Basic);
    if wants_secret && !has_secret {
        let what = "`{secret}` or `{basic}` is used, so give the second key as well".to_owned();
        faults.push(SettingsFault { part: "secret", what });
    }
    if before.as_ref().is_some_and(|before| new.keys.is_none() && is_elsewhere(&before.terms, &new.terms)) {
        // Whoever may change where messages go must not have the keys sent there without knowing them.
        let what = "give the keys anew: those that are kept are for another provider or place".to_owned();
        faults.push(SettingsFault { part: "key", what });
    }
    if !faults.is_empty() {
        return Err(MessageSettingsError::Faults(faults));
    }
    let keys = new.keys;
    let after = MessageSettings {
        terms: new.terms,
        sender: new.sender,
        brand: new.brand,
        contact: new.contact,
        language: new.language,
        is_active: new.is_active,
        sends_vouchers: new.sends_vouchers,
        revision: before.as_ref().map_or(0, |before| before.revision),
    };
    let mut changes = differences(before.as_ref(), &after);
    if keys.is_some() {
        changes.push(Change::of("keys", None, Some("set anew")));
    }
    if changes.is_empty() {
        return Ok(after);
    }
    settings::put(&mut tx, &after, keys.as_ref(), context.now()).await?;
    let about = sending::all_about_all();
    let how = "how messages are sent was changed";
    exceptions::resolve(&mut tx, ExceptionKind::MessageNotSent, &about, context.now(), how).await?;
    let thing = Thing::Tenant(tx.tenant());
    audit::note(&mut tx, &[context.audit(Verb::PutMessageSettings, thing, changes)]).await?;
    tx.commit().await?;
    Ok(MessageSettings { revision: after.revision.saturating_add(1), ..after })
}

/// Whether the keys would go to somebody else than before.
fn is_elsewhere(before: &Terms, after: &Terms) -> bool {
    let place = |terms: &Terms| match terms {
        Terms::AfricasTalking { .. } => None,
        Terms::Http(http) => http.url.split(['/', '?']).nth(2).map(str::to_ascii_lowercase),
    };
    before.code() != after.code() || place(before) != place(after)
}

fn faults(new: &NewSettings) -> Vec<SettingsFault> {
    let of_terms = requests::faults(&new.terms).into_iter();
    let mut faults: Vec<SettingsFault> =
        of_terms.map(|fault| SettingsFault { part: fault.part, what: fault.what }).collect();
    let mut line = |part, text: Option<&str>, most: usize| {
        let Some(text) = text else { return };
        let is_good = (1..=most).contains(&text.trim().chars().count()) && !text.chars().any(char::is_control);
        if !is_good || text.chars().count() > most {
            faults.push(SettingsFault { part, what: format!("write 1 to {most} characters of plain text") });
        }
    };
    line("brand", new.brand.as_deref(), MessageSettings::BRAND_MAX);
    line("contact", Some(&new.contact), MessageSettings::CONTACT_MAX);
    if let Some(keys) = &new.keys {
        let all = [("key", Some(&keys.key)), ("secret", keys.secret.as_ref())];
        for (part, key) in all {
            let Some(key) = key.map(|key| key.expose()) else { continue };
            // As a header has it.
            let is_plain = key.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
            if key.is_empty() || key.chars().count() > ProviderKeys::KEY_MAX || !is_plain {
                let what = format!("write 1 to {} plain characters, as the provider shows it", ProviderKeys::KEY_MAX);
                faults.push(SettingsFault { part, what });
            }
        }
    }
    faults
}

fn differences(before: Option<&MessageSettings>, after: &MessageSettings) -> Vec<Change> {
    let was: Vec<Option<String>> = match before {
        Some(before) => said(before).into_iter().map(|(_, value)| Some(value)).collect(),
        None => vec![None; said(after).len()],
    };
    let both = was.into_iter().zip(said(after));
    both.filter(|(was, (_, is))| was.as_ref() != Some(is))
        .map(|(was, (what, is))| Change::of(what, was, Some(is)))
        .collect()
}

/// What the audit is told of: no address, header or body, which may hold keys that were written into them.
fn said(settings: &MessageSettings) -> [(&'static str, String); 9] {
    let terms = match &settings.terms {
        Terms::AfricasTalking { username, world } => format!("{username} ({})", world.code()),
        Terms::Http(http) => http.url.split(['/', '?']).nth(2).unwrap_or_default().to_owned(),
    };
    [
        ("provider", settings.terms.code().to_owned()),
        ("account", terms),
        ("set_up", format!("{:08x}", digest(&settings.terms))),
        ("sender", settings.sender.as_ref().map(|sender| sender.as_str().to_owned()).unwrap_or_default()),
        ("brand", settings.brand.clone().unwrap_or_default()),
        ("contact", settings.contact.clone()),
        ("language", settings.language.to_string()),
        ("is_active", settings.is_active.to_string()),
        ("sends_vouchers", settings.sends_vouchers.to_string()),
    ]
}

/// A number that tells one set-up from another, so that the audit sees that it was changed.
fn digest(terms: &Terms) -> u32 {
    let hash = credentials::token::hash_of_words(&format!("{terms:?}"));
    u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
}
