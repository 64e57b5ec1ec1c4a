//! `mnetifi data-key …` and `mnetifi master-key …`: the keys of the secrets in the database.

use std::path::Path;

use actions::platform::change_keys::{self, SealedAnew};
use anyhow::{bail, ensure};
use boot::master_key;
use boot::random::OsRandom;
use domain::id::TenantId;
use serde::Serialize;
use store::TenantScope;
use store::platform::data_keys::{self, Wrapped};
use store::platform::{nodes, sign_ups, tenants};

use crate::cli;
use crate::commands::platform::place;
use crate::open::Opened;
use crate::print::{self, Style};

/// How many values are sealed anew between two words about it.
const TOLD_EVERY: u64 = 10_000;

#[derive(Serialize)]
struct Row {
    tenant: String,
    version: u16,
    since: String,
    earlier: u64,
}

/// Runs `data-key …`.
pub async fn run_data(opened: &Opened, command: cli::DataKey) -> anyhow::Result<()> {
    match command {
        cli::DataKey::List => list(opened).await,
        cli::DataKey::Rotate => {
            let all = match &opened.tenant_name {
                Some(name) => vec![(name.to_string(), place(opened).await?.scope)],
                None => everybody(opened).await?,
            };
            let count = all.len();
            let mut total = SealedAnew::default();
            for (name, scope) in all {
                change_keys::new_data_key(&opened.store, &scope, opened.context()).await?;
                let done = seal_anew(opened, &name, &scope).await?;
                total.values += done.values;
                total.unreadable += done.unreadable;
            }
            let result = serde_json::json!({
                "tenants": count, "sealed_anew": total.values, "unreadable": total.unreadable,
            });
            let sentence = format!(
                "{count} new keys; {} values are sealed anew. Earlier keys stay for an hour, for what is under way, and go \
                 by themselves",
                total.values
            );
            print::result(opened.style, &result, &sentence)?;
            ensure!(total.unreadable == 0, unreadable(total.unreadable));
            Ok(())
        }
    }
}

fn unreadable(count: u64) -> String {
    format!(
        "{count} values open with no key and were left alone: somebody changed or moved them by hand. Set these secrets \
         anew; until then their earlier keys stay"
    )
}

async fn seal_anew(opened: &Opened, name: &str, scope: &TenantScope) -> anyhow::Result<SealedAnew> {
    let mut told = 0;
    let tell = |values: u64| {
        if opened.style == Style::Table && values >= told + TOLD_EVERY {
            told = values;
            print::aside(&format!("{name}: {values} values are sealed anew"));
        }
    };
    Ok(change_keys::seal_anew(&opened.store, scope, opened.context(), tell).await?)
}

async fn everybody(opened: &Opened) -> anyhow::Result<Vec<(String, TenantScope)>> {
    let names = names(opened).await?;
    Ok(names.into_iter().map(|(id, name)| (name, TenantScope::of_operator(id))).collect())
}

/// The tenants and the platform, by the names that commands take.
async fn names(opened: &Opened) -> anyhow::Result<Vec<(TenantId, String)>> {
    let mut tx = opened.store.system().await?;
    let all = tenants::list(&mut tx).await?;
    let platform = sign_ups::platform(&mut tx).await?;
    tx.commit().await?;
    let named = all.into_iter().map(|tenant| (tenant.id, tenant.slug.to_string()));
    Ok(named.chain(platform.map(|id| (id, "platform".to_owned()))).collect())
}

async fn list(opened: &Opened) -> anyhow::Result<()> {
    let names = names(opened).await?;
    let mut tx = opened.store.system().await?;
    let keys = data_keys::list(&mut tx).await?;
    tx.commit().await?;
    let name = |tenant: TenantId| {
        let known = names.iter().find(|(id, _)| *id == tenant);
        known.map_or_else(|| tenant.to_string(), |(_, name)| name.clone())
    };
    let rows: Vec<Row> = keys
        .iter()
        .map(|keys| Row {
            tenant: name(keys.tenant),
            version: keys.newest,
            since: keys.since.to_string(),
            earlier: keys.earlier,
        })
        .collect();
    let cells =
        |row: &Row| vec![row.tenant.clone(), row.version.to_string(), row.since.clone(), row.earlier.to_string()];
    let header = ["TENANT", "KEY", "SEALS SINCE", "EARLIER KEYS"];
    print::rows(opened.style, &rows, &header, cells, "no tenant yet: `mnetifi tenant add` opens one")
}

#[derive(Serialize)]
struct Status {
    file: String,
    keys_in_the_file: usize,
    sealed_by_the_one_in_force: u64,
    sealed_by_an_earlier_one: u64,
}

/// Runs `master-key …`; `file` is where the keys are.
pub async fn run_master(opened: &Opened, file: &Path, command: cli::MasterKey) -> anyhow::Result<()> {
    match command {
        cli::MasterKey::Status => {}
        cli::MasterKey::Rotate => {
            let nodes = nodes_present(opened).await?;
            if nodes.len() > 1 {
                bail!(
                    "{} servers share this database ({}): each needs the new key before anything is sealed with it. \
                     Run `mnetifi master-key add`, copy `{}` to their machines, then `mnetifi master-key use`",
                    nodes.len(),
                    nodes.join(", "),
                    file.display()
                );
            }
            master_key::put_first(file, &OsRandom)?;
            wrap_anew(opened).await?;
        }
        cli::MasterKey::Add => {
            master_key::put_last(file, &OsRandom)?;
            print::aside(&format!(
                "`{}` holds a new key, which seals nothing yet. Copy the file to each machine, then `mnetifi master-key use`",
                file.display()
            ));
        }
        cli::MasterKey::Use => {
            ensure!(master_key::read(file)?.len() > 1, "there is no other key: `mnetifi master-key add` makes one");
            master_key::use_last(file)?;
            wrap_anew(opened).await?;
            print::aside("copy the file to each machine again, then `mnetifi master-key forget`");
        }
        cli::MasterKey::Forget => {
            wrap_anew(opened).await?;
            master_key::keep_first(file)?;
            print::aside("copies of the file with the earlier keys open nothing that is sealed from now on");
        }
    }
    status(opened, file).await
}

async fn wrap_anew(opened: &Opened) -> anyhow::Result<()> {
    let count = change_keys::wrap_anew(&opened.store, opened.context()).await?;
    print::aside(&format!("{count} keys are sealed by the new master key"));
    Ok(())
}

async fn status(opened: &Opened, file: &Path) -> anyhow::Result<()> {
    let mut tx = opened.store.system().await?;
    let Wrapped { by_the_one_in_force, by_an_earlier_one } = data_keys::wrapped(&mut tx).await?;
    tx.commit().await?;
    let keys_in_the_file = master_key::read(file)?.len();
    let sentence = match (keys_in_the_file, by_an_earlier_one) {
        (1, _) => format!("`{}` holds one key, and it seals all there is", file.display()),
        (count, 0) => format!(
            "`{}` holds {count} keys. The first seals all there is; `mnetifi master-key forget` takes out the others",
            file.display()
        ),
        (count, left) => format!(
            "`{}` holds {count} keys. {left} values are sealed by another than the first: `mnetifi master-key forget` \
             seals them anew and takes out the others",
            file.display()
        ),
    };
    let status = Status {
        file: file.display().to_string(),
        keys_in_the_file,
        sealed_by_the_one_in_force: by_the_one_in_force,
        sealed_by_an_earlier_one: by_an_earlier_one,
    };
    print::result(opened.style, &status, &sentence)
}

/// The servers that run now.
async fn nodes_present(opened: &Opened) -> anyhow::Result<Vec<String>> {
    let mut tx = opened.store.system().await?;
    let nodes = nodes::list(&mut tx).await?;
    tx.commit().await?;
    Ok(nodes.into_iter().filter(|node| node.claim.is_present()).map(|node| node.name).collect())
}
