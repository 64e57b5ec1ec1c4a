//! `mnetifi role …`: what staff may do.

use actions::people::roles::{RoleTerms, change_role, make_role, remove_role};
use anyhow::Context as _;
use domain::id::RoleId;
use domain::people::role::{Preset, Role, Services};
use policy::people::rights;
use serde::Serialize;
use store::TenantScope;
use store::people::roles;

use crate::cli;
use crate::commands::platform::place;
use crate::open::Opened;
use crate::print;

#[derive(Serialize)]
struct Row {
    role: String,
    name: String,
    services: &'static str,
    may: String,
}

impl Row {
    fn of(role: &Role) -> Self {
        Self {
            role: role.id.to_string(),
            name: role.name.clone(),
            services: role.services.code(),
            may: role.permissions.to_string(),
        }
    }

    fn of_preset(preset: Preset) -> Self {
        let given = rights::of_preset(preset);
        Self {
            role: preset.to_string(),
            name: preset.to_string(),
            services: given.services.code(),
            may: given.permissions.to_string(),
        }
    }
}

impl From<cli::Lines> for Services {
    fn from(lines: cli::Lines) -> Self {
        match lines {
            cli::Lines::All => Self::All,
            cli::Lines::PppoeAndStatic => Self::PppoeAndStatic,
        }
    }
}

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::StaffRole) -> anyhow::Result<()> {
    let at = place(opened).await?;
    let store = &opened.store;
    match command {
        cli::StaffRole::Make(new) => {
            let permissions = new.may.into_iter().collect();
            let terms = RoleTerms { name: new.name, permissions, services: new.services.into() };
            let role = make_role(store, &at.scope, &at.by(), terms, opened.context()).await?;
            let sentence = format!("made role `{}`; `mnetifi staff add --role {}` gives it", role.name, role.id);
            print::result(opened.style, &Row::of(&role), &sentence)
        }
        cli::StaffRole::Change(wanted) => {
            let before = known(opened, &at.scope, wanted.id).await?;
            let may = (!wanted.may.is_empty()).then(|| wanted.may.into_iter().collect());
            let terms = RoleTerms {
                name: wanted.name.unwrap_or_else(|| before.name.clone()),
                permissions: may.unwrap_or(before.permissions),
                services: wanted.services.map_or(before.services, Services::from),
            };
            let is_same = |role: &Role| *role == before;
            let changed =
                change_role(store, &at.scope, &at.by(), (wanted.id, terms), is_same, opened.context()).await?;
            let sentence = format!("changed role `{}`: it may do {}", changed.name, changed.permissions);
            print::result(opened.style, &Row::of(&changed), &sentence)
        }
        cli::StaffRole::Remove { id } => {
            let before = known(opened, &at.scope, id).await?;
            remove_role(store, &at.scope, &at.by(), id, opened.context()).await?;
            print::result(opened.style, &Row::of(&before), &format!("removed role `{}`", before.name))
        }
        cli::StaffRole::List => {
            let mut tx = store.tenant(&at.scope).await?;
            let own = roles::list(&mut tx).await?;
            let presets = Preset::ALL.into_iter().filter(|preset| preset.is_of_platform() == at.is_platform);
            let rows: Vec<Row> = presets.map(Row::of_preset).chain(own.iter().map(Row::of)).collect();
            let cells = |row: &Row| vec![row.role.clone(), row.name.clone(), row.services.to_owned(), row.may.clone()];
            print::rows(opened.style, &rows, &["ROLE", "NAME", "SERVICES", "MAY"], cells, "no role")
        }
    }
}

/// The role of the tenant's own with that id.
async fn known(opened: &Opened, scope: &TenantScope, id: RoleId) -> anyhow::Result<Role> {
    let mut tx = opened.store.tenant(scope).await?;
    let found = roles::list(&mut tx).await?.into_iter().find(|role| role.id == id);
    found.with_context(|| {
        format!("there is no role {id} of the tenant's own: `mnetifi role list` shows those there are")
    })
}
