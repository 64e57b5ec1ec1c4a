//! An API on loopback with two furnished ISPs, for programs of others that ask it: `scripts/fuzz-api`.
//!
//! Prints one line of JSON, where it answers and the key of an owner's program, and serves until its input ends.
#![expect(clippy::print_stdout, reason = "whoever started it reads that line")]

use std::io::Read as _;

use domain::people::role::Preset;
use policy::people::rights;
use serde_json::json;
use tests::furnished::Furnished;
use tracing_subscriber::filter::LevelFilter;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_max_level(LevelFilter::ERROR).with_ansi(false).with_writer(std::io::stderr).init();
    let furnished = Furnished::open().await?;
    let may = rights::of_preset(Preset::Owner).permissions;
    let program = furnished.api.program(&furnished.world, &furnished.world.isp, may).await?;
    let key = program.headers().iter().find(|(name, _)| name == "authorization").map(|(_, value)| value);
    println!("{}", json!({ "url": format!("http://{}", furnished.api.address), "authorization": key }));
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    Ok(())
}
