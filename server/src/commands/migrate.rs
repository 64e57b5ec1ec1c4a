//! `mnetifi migrate`: the database in this version's form.

use anyhow::Context as _;
use boot::shutdown::Shutdown;

use crate::cli::Global;
use crate::open::Cluster;
use crate::print::{self, Style};
use crate::settings;

/// Applies what is missing; a server does the same when it starts.
pub async fn run(global: &Global) -> anyhow::Result<()> {
    let config = settings::load(global)?;
    let cluster = Cluster::reach(&config, &Shutdown::on_signals()?.token()).await?;
    let migrated = store::migrate(&cluster.urls().admin).await.with_context(|| cluster.to_string());
    cluster.release().await?;
    let migrated = migrated?;
    let sentence = match migrated.applied {
        0 => "the database is in this version's form already".to_owned(),
        1 => "1 migration applied".to_owned(),
        many => format!("{many} migrations applied"),
    };
    let style = if global.json { Style::Json } else { Style::Table };
    print::result(style, &serde_json::json!({ "applied": migrated.applied, "already": migrated.already }), &sentence)
}
