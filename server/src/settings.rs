//! The configuration as each kind of command reads it.

use boot::config::{self, Config, Overrides};
use nas::change::TimeoutFrom;
use routers::coa::Settings;

use crate::cli::Global;

/// What `serve` and commands beside a server read.
pub fn load(global: &Global) -> anyhow::Result<Config> {
    read(global, Overrides::default())
}

/// What `demo` reads: everything on loopback unless the environment says otherwise.
pub fn load_for_demo(global: &Global) -> anyhow::Result<Config> {
    let loopback = Overrides::default()
        .default_of("radius.auth", "127.0.0.1:1812")
        .default_of("radius.acct", "127.0.0.1:1813")
        .default_of("metrics.listen", "127.0.0.1:9812")
        .default_of("api.listen", "127.0.0.1:8780")
        .default_of("portal.listen", "127.0.0.1:8782")
        .default_of("portal.tenant", "demo");
    read(global, loopback)
}

/// How routers are asked.
pub fn coa(config: &Config) -> Settings {
    Settings {
        source: config.coa.source,
        window: config.coa.window,
        per_second: config.coa.per_second,
        timeout_from: if config.coa.timeout_from_now { TimeoutFrom::Now } else { TimeoutFrom::Start },
        ..Settings::default()
    }
}

fn read(global: &Global, overrides: Overrides) -> anyhow::Result<Config> {
    let data = global.data.as_ref().map(|path| path.display().to_string());
    let overrides = Overrides { config: global.config.clone(), ..overrides }.option("--data", "data", data);
    Ok(Config::load(&overrides, &config::environment())?)
}
