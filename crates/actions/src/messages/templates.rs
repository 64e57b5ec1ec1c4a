//! An ISP writes what its text messages say.

use domain::messages::language::Language;
use domain::messages::template::{MessageKind, Template};
use domain::platform::audit::{Change, Thing, Verb};
use policy::messages::templates::{self as rules, TemplateFault};
use policy::messages::texts;
use store::messages::templates;
use store::platform::audit;
use store::{Store, StoreError, TenantScope, TenantTx};
use thiserror::Error;

use crate::context::Context;

/// Why nothing was written.
#[derive(Debug, Error)]
pub enum PutTemplateError {
    /// The text cannot be a template.
    #[error(transparent)]
    Fault(#[from] TemplateFault),
    /// There are as many as fit.
    #[error("there are {} texts already: use fewer languages", templates::COUNT_MAX)]
    Full,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// All texts that are in force: the ISP's own, and ours where it has none. By kind, then by language.
pub async fn in_force(tx: &mut TenantTx) -> Result<Vec<Template>, StoreError> {
    let mut all = templates::list(tx).await?;
    for kind in MessageKind::ALL {
        for language in texts::languages() {
            if !all.iter().any(|one| one.kind == kind && one.language == language) {
                all.push(texts::ours(kind, &language));
            }
        }
    }
    all.sort_by(|one, other| (one.kind, &one.language).cmp(&(other.kind, &other.language)));
    Ok(all)
}

/// Writes the text of a kind in a language.
pub async fn put_template(
    store: &Store,
    scope: &TenantScope,
    (kind, language): (MessageKind, &Language),
    text: &str,
    context: Context<'_>,
) -> Result<Template, PutTemplateError> {
    rules::check(kind, text)?;
    let mut tx = store.tenant(scope).await?;
    let all = in_force(&mut tx).await?;
    let before = all.iter().find(|one| one.kind == kind && one.language == *language);
    if let Some(before) = before.filter(|before| before.text == text) {
        return Ok(before.clone());
    }
    let own = all.iter().filter(|one| one.changed_at.is_some()).count();
    let is_new = before.is_none_or(|before| before.changed_at.is_none());
    if is_new && i64::try_from(own).unwrap_or(i64::MAX) >= templates::COUNT_MAX {
        return Err(PutTemplateError::Full);
    }
    let after = Template { kind, language: language.clone(), text: text.to_owned(), changed_at: Some(context.now()) };
    templates::put(&mut tx, &after).await?;
    let what = format!("{} {language}", kind.code());
    let changes = vec![Change::of(&what, before.map(|before| before.text.as_str()), Some(text))];
    let thing = Thing::Tenant(tx.tenant());
    audit::note(&mut tx, &[context.audit(Verb::PutMessageTemplate, thing, changes)]).await?;
    tx.commit().await?;
    Ok(after)
}
