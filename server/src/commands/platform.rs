//! `mnetifi platform …`: the platform itself, whose people look after all tenants; and where a command works.

use actions::platform::open_platform::{self, SLUG};
use anyhow::bail;
use store::TenantScope;
use store::platform::sign_ups;

use crate::cli;
use crate::open::Opened;
use crate::print;

/// Where a command works: at a tenant, or at the platform itself.
pub struct Place {
    /// The door.
    pub scope: TenantScope,
    /// Whether it is the platform.
    pub is_platform: bool,
}

/// The tenant that was named, or the platform when that was.
pub async fn place(opened: &Opened) -> anyhow::Result<Place> {
    if opened.tenant_name.as_ref().is_some_and(|name| name.as_str() == SLUG) {
        let mut tx = opened.store.system().await?;
        let found = sign_ups::platform(&mut tx).await?;
        tx.commit().await?;
        let Some(id) = found else { bail!("the platform is not set up yet: `mnetifi platform init` does it") };
        return Ok(Place { scope: TenantScope::of_operator(id), is_platform: true });
    }
    let tenant = opened.tenant().await?;
    Ok(Place { scope: opened.scope(&tenant), is_platform: false })
}

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::Platform) -> anyhow::Result<()> {
    let cli::Platform::Init = command;
    let id = open_platform::open_platform(&opened.store, opened.context()).await?;
    let next = "add its owner with `mnetifi --tenant platform staff add EMAIL --user-name NAME --name NAME --role \
                platform_owner`";
    print::result(
        opened.style,
        &serde_json::json!({ "id": id.to_string() }),
        &format!("the platform is set up; {next}"),
    )
}
