//! Remembers in which language somebody looks at an ISP's pages: what is said to their telephone is said in it.

use domain::messages::language::Language;
use domain::phone::Msisdn;
use store::messages::languages;
use store::{Store, StoreError, TenantScope};

use crate::context::Context;

/// Remembers it.
pub async fn remember_language(
    store: &Store,
    scope: &TenantScope,
    phone: &Msisdn,
    language: &Language,
    context: Context<'_>,
) -> Result<(), StoreError> {
    let mut tx = store.tenant(scope).await?;
    languages::note(&mut tx, phone, language, context.now()).await?;
    tx.commit().await
}
