//! `mnetifi zone …`: the parts of a tenant's area in which technicians work.

use actions::platform::places::add_zone::add_zone;
use actions::platform::places::change_zone::{ZoneChange, change_zone};
use actions::platform::places::remove_zone::remove_zone;
use anyhow::bail;
use domain::id::ZoneId;
use domain::people::staff::Zoned;
use domain::platform::place::{Area, PlaceName};
use serde::Serialize;
use store::platform::places::{self, ZoneFilter};
use store::{Page, TenantScope};

use crate::cli;
use crate::commands::branch;
use crate::open::Opened;
use crate::print;

#[derive(Serialize)]
struct Row {
    zone: String,
    branch: Option<String>,
    id: String,
}

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::PlaceZone) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let (store, scope) = (&opened.store, opened.scope(&tenant));
    match command {
        cli::PlaceZone::Add(new) => {
            let branch = match &new.branch {
                None => None,
                Some(name) => Some(branch::named(opened, &scope, name).await?.id),
            };
            let zone = add_zone(store, &scope, new.name, branch, opened.context()).await?;
            say(opened, &scope, &zone, &format!("added zone `{}`", zone.name)).await
        }
        cli::PlaceZone::Change(wanted) => {
            let zone = named(opened, &scope, &wanted.name).await?;
            let branch = match &wanted.branch {
                None => None,
                Some(none) if none.as_str() == "-" => Some(None),
                Some(name) => Some(Some(branch::named(opened, &scope, name).await?.id)),
            };
            let change = ZoneChange { name: wanted.rename, branch };
            let changed = change_zone(store, &scope, zone.id, &|_| true, change, opened.context()).await?;
            say(opened, &scope, &changed, &format!("changed zone `{}`", changed.name)).await
        }
        cli::PlaceZone::Remove { name } => {
            let zone = named(opened, &scope, &name).await?;
            remove_zone(store, &scope, zone.id, &|_| true, opened.context()).await?;
            say(opened, &scope, &zone, &format!("zone `{}` is taken away", zone.name)).await
        }
        cli::PlaceZone::List(asked) => {
            let branch = match &asked.branch {
                None => None,
                Some(name) => Some(branch::named(opened, &scope, name).await?.id),
            };
            let mut tx = store.tenant(&scope).await?;
            let filter = ZoneFilter { branch, ..ZoneFilter::default() };
            let page = places::list_zones(&mut tx, &filter, opened.page(&asked.paging)?).await?;
            drop(tx);
            let mut rows = Vec::new();
            for zone in &page.rows {
                rows.push(row(opened, &scope, zone).await?);
            }
            let cells = |row: &Row| vec![row.zone.clone(), row.branch.clone().unwrap_or_default(), row.id.clone()];
            let header = ["ZONE", "BRANCH", "ID"];
            print::rows(opened.style, &rows, &header, cells, "no zone yet: `mnetifi zone add` adds one")?;
            opened.say_next(&page);
            Ok(())
        }
    }
}

async fn row(opened: &Opened, scope: &TenantScope, zone: &Area) -> anyhow::Result<Row> {
    let branch = match zone.branch {
        None => None,
        Some(id) => {
            let mut tx = opened.store.tenant(scope).await?;
            places::find_branch(&mut tx, id).await?.map(|branch| branch.name.to_string())
        }
    };
    Ok(Row { zone: zone.name.to_string(), branch, id: zone.id.to_string() })
}

async fn say(opened: &Opened, scope: &TenantScope, zone: &Area, sentence: &str) -> anyhow::Result<()> {
    print::result(opened.style, &row(opened, scope, zone).await?, sentence)
}

/// The zone with that name, whatever its capitals.
pub async fn named(opened: &Opened, scope: &TenantScope, name: &PlaceName) -> anyhow::Result<Area> {
    let filter = ZoneFilter { text: Some(name.as_str().to_owned()), ..ZoneFilter::default() };
    let mut tx = opened.store.tenant(scope).await?;
    let mut page = Page::first(Page::<ZoneId>::SIZE_MAX);
    loop {
        let listed = places::list_zones(&mut tx, &filter, page).await?;
        let is_meant = |one: &Area| one.name.as_str().to_lowercase() == name.as_str().to_lowercase();
        if let Some(found) = listed.rows.into_iter().find(is_meant) {
            return Ok(found);
        }
        match listed.next {
            Some(next) => page = Page::after(next, Page::<ZoneId>::SIZE_MAX),
            None => bail!("there is no zone `{name}`: `mnetifi zone list` shows those there are"),
        }
    }
}

/// Where somebody works: in the zones with these names, or everywhere where none is named.
pub async fn zoned(opened: &Opened, scope: &TenantScope, names: &[PlaceName]) -> anyhow::Result<Zoned> {
    if names.is_empty() {
        return Ok(Zoned::All);
    }
    let mut zones = Vec::new();
    for name in names {
        zones.push(named(opened, scope, name).await?.id);
    }
    Ok(Zoned::Some(zones))
}
