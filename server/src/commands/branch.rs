//! `mnetifi branch …`: a tenant's offices.

use actions::platform::places::add_branch::add_branch;
use actions::platform::places::remove_branch::remove_branch;
use actions::platform::places::rename_branch::rename_branch;
use anyhow::bail;
use domain::platform::place::{Branch, PlaceName};
use serde::Serialize;
use store::platform::places;
use store::{Page, TenantScope};

use crate::cli;
use crate::open::Opened;
use crate::print;

#[derive(Serialize)]
struct Row {
    branch: String,
    id: String,
}

impl Row {
    fn of(branch: &Branch) -> Self {
        Self { branch: branch.name.to_string(), id: branch.id.to_string() }
    }
}

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::Branch) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let (store, scope) = (&opened.store, opened.scope(&tenant));
    match command {
        cli::Branch::Add { name } => {
            let branch = add_branch(store, &scope, name, opened.context()).await?;
            print::result(opened.style, &Row::of(&branch), &format!("added branch `{}`", branch.name))
        }
        cli::Branch::Rename { name, to } => {
            let id = named(opened, &scope, &name).await?.id;
            let branch = rename_branch(store, &scope, id, &|_| true, to, opened.context()).await?;
            print::result(opened.style, &Row::of(&branch), &format!("branch `{name}` is called `{}` now", branch.name))
        }
        cli::Branch::Remove { name } => {
            let branch = named(opened, &scope, &name).await?;
            remove_branch(store, &scope, branch.id, &|_| true, opened.context()).await?;
            print::result(opened.style, &Row::of(&branch), &format!("branch `{}` is taken away", branch.name))
        }
        cli::Branch::List(paging) => {
            let mut tx = store.tenant(&scope).await?;
            let page = places::list_branches(&mut tx, None, opened.page(&paging)?).await?;
            let rows: Vec<Row> = page.rows.iter().map(Row::of).collect();
            let cells = |row: &Row| vec![row.branch.clone(), row.id.clone()];
            print::rows(opened.style, &rows, &["BRANCH", "ID"], cells, "no branch yet: `mnetifi branch add` adds one")?;
            opened.say_next(&page);
            Ok(())
        }
    }
}

/// The branch with that name, whatever its capitals.
pub async fn named(opened: &Opened, scope: &TenantScope, name: &PlaceName) -> anyhow::Result<Branch> {
    let mut tx = opened.store.tenant(scope).await?;
    let mut page = Page::first(Page::<domain::id::BranchId>::SIZE_MAX);
    loop {
        let listed = places::list_branches(&mut tx, Some(name.as_str()), page).await?;
        let is_meant = |one: &Branch| one.name.as_str().to_lowercase() == name.as_str().to_lowercase();
        if let Some(found) = listed.rows.into_iter().find(is_meant) {
            return Ok(found);
        }
        match listed.next {
            Some(next) => page = Page::after(next, Page::<domain::id::BranchId>::SIZE_MAX),
            None => bail!("there is no branch `{name}`: `mnetifi branch list` shows those there are"),
        }
    }
}
