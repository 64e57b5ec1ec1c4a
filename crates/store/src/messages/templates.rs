//! Templates that ISPs have written themselves.

use domain::messages::language::Language;
use domain::messages::template::{MessageKind, Template};

use crate::columns::Instant;
use crate::error::StoreError;
use crate::tenant_tx::TenantTx;

/// Templates of one ISP, at most.
pub const COUNT_MAX: i64 = 100;

/// The ISP's own, by kind and language. There are never many.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<Template>, StoreError> {
    read(tx, None).await
}

/// The ISP's own of a kind, by language.
pub async fn of_kind(tx: &mut TenantTx, kind: MessageKind) -> Result<Vec<Template>, StoreError> {
    read(tx, Some(kind)).await
}

async fn read(tx: &mut TenantTx, kind: Option<MessageKind>) -> Result<Vec<Template>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query!(
        r#"select kind, language, body, changed_at as "changed_at: Instant"
           from message_templates
           where tenant_id = $1 and ($2::text is null or kind = $2)
           order by kind, language
           limit $3"#,
        tenant,
        kind.map(MessageKind::code),
        COUNT_MAX,
    )
    .fetch_all(tx.connection())
    .await?;
    let corrupt = || StoreError::corrupt("message_templates", tenant);
    let template = |row: (String, String, String, Instant)| {
        let (kind, language, text, changed_at) = row;
        let language: Language = language.parse().map_err(|_| corrupt())?;
        let kind = MessageKind::from_code(&kind).ok_or_else(corrupt)?;
        Ok(Template { kind, language, text, changed_at: Some(changed_at.0) })
    };
    rows.into_iter().map(|row| template((row.kind, row.language, row.body, row.changed_at))).collect()
}

/// Writes one down, instead of the one before.
pub async fn put(tx: &mut TenantTx, template: &Template) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let Some(changed_at) = template.changed_at else {
        return Err(StoreError::Bug { reason: "a template of ours was to be written down".to_owned() });
    };
    sqlx::query!(
        "insert into message_templates (tenant_id, kind, language, body, changed_at)
         values ($1, $2, $3, $4, $5)
         on conflict (tenant_id, kind, language) do update
         set body = excluded.body, changed_at = excluded.changed_at",
        tenant,
        template.kind.code(),
        template.language.as_str(),
        template.text,
        Instant(changed_at) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
