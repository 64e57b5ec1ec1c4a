//! What there is: all rows of a tenant, and all queries in the source.

use std::collections::BTreeSet;
use std::path::Path;

use uuid::Uuid;

use crate::scene::Scene;

/// Everything that a tenant has, as one text a table.
pub(super) async fn all_rows_of(scene: &Scene, tenant: Uuid) -> Vec<String> {
    let mut admin = scene.database.admin().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.columns
         where column_name = 'tenant_id' and table_schema = 'public'
         order by 1",
    )
    .fetch_all(&mut admin)
    .await
    .expect("reads");
    let mut rows = Vec::new();
    for table in tables {
        let dump = format!(
            "select coalesce(string_agg(t::text, '\n' order by t::text), '') from {table} t where tenant_id = $1"
        );
        let dump: String =
            sqlx::query_scalar(sqlx::AssertSqlSafe(dump)).bind(tenant).fetch_one(&mut admin).await.expect("reads");
        rows.push(format!("{table}:\n{dump}"));
    }
    rows
}

/// The public queries that take a tenant's transaction, by their paths, as the source has them.
pub(super) fn queries_in_the_source() -> BTreeSet<String> {
    fn walk(folder: &Path, module: &str, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            let name = path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
            let module = if module.is_empty() { name } else { format!("{module}::{name}") };
            if path.is_dir() {
                walk(&path, &module, found);
                continue;
            }
            let source = std::fs::read_to_string(&path).expect("a source file");
            for function in source.split("\npub async fn ").skip(1) {
                let signature = function.split('{').next().unwrap_or_default();
                if signature.contains("&mut TenantTx") {
                    let name = signature.split(['(', '<']).next().unwrap_or_default();
                    found.insert(format!("{module}::{name}"));
                }
            }
        }
    }
    let mut found = BTreeSet::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut found);
    found
}
