//! `mnetifi tenant …`: the ISPs on this system.

use actions::platform::open_tenant::{self, NAME_MAX, NewTenant};
use anyhow::{bail, ensure};
use domain::money::Currency;
use domain::platform::tenant::Tenant;
use serde::Serialize;
use store::platform::tenants;

use crate::cli;
use crate::open::Opened;
use crate::print;

#[derive(Serialize)]
struct Row {
    tenant: String,
    name: String,
    zone: String,
    currency: String,
    calling_code: String,
    id: String,
}

impl Row {
    fn of(tenant: &Tenant) -> Self {
        Self {
            tenant: tenant.slug.to_string(),
            name: tenant.name.clone(),
            zone: tenant.zone.name().to_owned(),
            currency: tenant.currency.code().to_owned(),
            calling_code: tenant.calling_code.as_str().to_owned(),
            id: tenant.id.to_string(),
        }
    }
}

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::Tenant) -> anyhow::Result<()> {
    match command {
        cli::Tenant::Add(add) => {
            let name = add.name.unwrap_or_else(|| add.slug.to_string());
            let length = name.chars().count();
            ensure!((1..=NAME_MAX).contains(&length), "the name has {length} characters: 1 to {NAME_MAX} fit");
            if name.chars().any(char::is_control) {
                bail!("the name holds a control character: write plain text");
            }
            let new = NewTenant {
                slug: add.slug,
                name,
                zone: add.zone,
                currency: Currency::from_code(&add.currency)?,
                calling_code: add.calling_code,
            };
            let tenant = open_tenant::open_tenant(&opened.store, new, opened.context()).await?;
            let sentence = format!("opened tenant `{}`; add its routers with `mnetifi nas add`", tenant.slug);
            print::result(opened.style, &Row::of(&tenant), &sentence)
        }
        cli::Tenant::List => {
            let mut tx = opened.store.system().await?;
            let rows: Vec<Row> = tenants::list(&mut tx).await?.iter().map(Row::of).collect();
            print::rows(
                opened.style,
                &rows,
                &["TENANT", "NAME", "ZONE", "CURRENCY", "ID"],
                |row| {
                    vec![row.tenant.clone(), row.name.clone(), row.zone.clone(), row.currency.clone(), row.id.clone()]
                },
                "no tenant yet: open one with `mnetifi tenant add NAME`",
            )
        }
    }
}
