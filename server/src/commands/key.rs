//! `mnetifi key …`: programs that may ask in a tenant's name.

use actions::people::keys::{MadeKey, NewKey, make_key, revoke_key, rotate_key};
use domain::time::Span;
use serde::Serialize;
use store::people::keys;

use crate::cli;
use crate::commands::platform::place;
use crate::commands::zone;
use crate::open::Opened;
use crate::print;

#[derive(Serialize)]
struct Row {
    name: String,
    may: String,
    state: &'static str,
    last_used_at: Option<String>,
    id: String,
}

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::Key) -> anyhow::Result<()> {
    let at = place(opened).await?;
    match command {
        cli::Key::Make(new) => {
            let key = NewKey {
                name: new.name,
                permissions: new.may.into_iter().collect(),
                services: new.services.into(),
                zones: zone::zoned(opened, &at.scope, &new.zones).await?,
                expires_at: new.expires_at,
            };
            tell(opened, &make_key(&opened.store, &at.scope, &at.by(), key, opened.context()).await?)
        }
        cli::Key::Rotate(one) => {
            let terms = (one.id, Span::minutes(i64::from(one.grace_minutes)));
            tell(opened, &rotate_key(&opened.store, &at.scope, &at.by(), terms, opened.context()).await?)
        }
        cli::Key::Revoke(one) => {
            let key = revoke_key(&opened.store, &at.scope, &at.by(), one.id, opened.context()).await?;
            let result = serde_json::json!({ "id": key.id.to_string(), "revoked": true });
            print::result(opened.style, &result, &format!("key `{}` opens nothing any more", key.name))
        }
        cli::Key::List(paging) => {
            let mut tx = opened.store.tenant(&at.scope).await?;
            let page = keys::list(&mut tx, opened.page(&paging)?).await?;
            let rows: Vec<Row> = page
                .rows
                .iter()
                .map(|key| Row {
                    name: key.name.clone(),
                    may: key.permissions.to_string(),
                    state: if key.revoked_at.is_some() { "revoked" } else { "in force" },
                    last_used_at: key.last_used_at.map(|at| at.to_string()),
                    id: key.id.to_string(),
                })
                .collect();
            let cells = |row: &Row| {
                let used = row.last_used_at.clone().unwrap_or_else(|| "never".to_owned());
                vec![row.name.clone(), row.may.clone(), row.state.to_owned(), used, row.id.clone()]
            };
            let header = ["NAME", "MAY", "STATE", "LAST USED", "ID"];
            print::rows(opened.style, &rows, &header, cells, "no key yet: `mnetifi key make` makes one")?;
            opened.say_next(&page);
            Ok(())
        }
    }
}

/// Prints a key's secret, this once.
fn tell(opened: &Opened, made: &MadeKey) -> anyhow::Result<()> {
    let secret = made.secret.expose();
    let result = serde_json::json!({ "id": made.key.id.to_string(), "name": made.key.name, "secret": secret });
    let sentence = format!("key `{}` ({}), shown this once: {secret}", made.key.name, made.key.id);
    print::result(opened.style, &result, &sentence)
}
