//! `mnetifi nas …`: routers that may ask.

use actions::network::register_nas::{self, NewNas};
use domain::network::nas::{Nas, shared_secret};
use serde::Serialize;
use store::network::nas;

use crate::cli;
use crate::open::Opened;
use crate::print;
use crate::secrets;

#[derive(Serialize)]
struct Row {
    nas: String,
    address: String,
    identifier: Option<String>,
    vendor: &'static str,
    coa_port: u16,
    id: String,
}

impl Row {
    fn of(nas: &Nas) -> Self {
        Self {
            nas: nas.name.to_string(),
            address: nas.address.to_string(),
            identifier: nas.identifier.clone(),
            vendor: nas.vendor.code(),
            coa_port: nas.coa_port,
            id: nas.id.to_string(),
        }
    }
}

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::Nas) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let scope = opened.scope(&tenant);
    match command {
        cli::Nas::Add(add) => {
            let secret = secrets::read(add.secret.as_deref(), add.secret_file.as_deref(), "the shared secret")?;
            let new = NewNas {
                name: add.name,
                address: add.address,
                identifier: add.identifier,
                vendor: add.vendor,
                coa_port: add.coa_port,
                secret: shared_secret(secret.expose())?,
            };
            let nas = register_nas::register_nas(&opened.store, &scope, new, opened.context()).await?;
            let sentence = format!("registered router `{}` at {}; it may ask within a second", nas.name, nas.address);
            print::result(opened.style, &Row::of(&nas), &sentence)
        }
        cli::Nas::List(paging) => {
            let mut tx = opened.store.tenant(&scope).await?;
            let page = nas::list(&mut tx, opened.page(&paging)?).await?;
            let rows: Vec<Row> = page.rows.iter().map(Row::of).collect();
            print::rows(
                opened.style,
                &rows,
                &["ROUTER", "ADDRESS", "IDENTIFIER", "VENDOR", "COA PORT", "ID"],
                |row| {
                    vec![
                        row.nas.clone(),
                        row.address.clone(),
                        row.identifier.clone().unwrap_or_default(),
                        row.vendor.to_owned(),
                        row.coa_port.to_string(),
                        row.id.clone(),
                    ]
                },
                "no router yet: register one with `mnetifi nas add NAME --address ADDRESS --secret-file FILE`",
            )?;
            opened.say_next(&page);
            Ok(())
        }
    }
}
