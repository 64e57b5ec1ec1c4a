//! `mnetifi`: the one binary, with all roles and the command line.
//!
//! Knows everybody and decides nothing: it reads what was asked, opens what is needed and hands over.

#![expect(unreachable_pub, reason = "a binary has no outside: `pub` marks what its other modules use")]

mod cli;
mod commands;
mod database;
mod gateways;
mod mail;
mod open;
mod partners;
mod print;
mod progress;
mod roles;
mod secrets;
mod settings;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{anyhow, bail};
use boot::config::Config;
use boot::shutdown::Shutdown;
use clap::Parser;

use crate::cli::{Cli, Command};
use crate::open::Opened;

/// How long the end of the program waits for what is still under way.
const PATIENCE: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    boot::heap::keep_small();
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            print::aside(&format!("mnetifi: the runtime does not start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(run(cli));
    // Whatever still waits for a database that says nothing is not waited for.
    runtime.shutdown_timeout(PATIENCE);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print::aside(&format!("mnetifi: {}", print::with_causes(&error)));
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    let Cli { global, command } = cli;
    match command {
        Command::Serve(serve) => commands::serve::run(&global, &serve).await,
        Command::Demo(demo) => commands::demo::run(&global, &demo).await,
        Command::Doctor => commands::doctor::run(&global).await,
        Command::Migrate => commands::migrate::run(&global).await,
        Command::Journal(command) => commands::journal::run(&global, &command),
        Command::Simulate(command) => commands::simulate::run(&global, command).await,
        Command::Tenant(_)
        | Command::Tier(_)
        | Command::Staff(_)
        | Command::Role(_)
        | Command::Key(_)
        | Command::DataKey(_)
        | Command::MasterKey(_)
        | Command::Platform(_)
        | Command::Branch(_)
        | Command::Zone(_)
        | Command::Nas(_)
        | Command::HotspotPages(_)
        | Command::Radsec(_)
        | Command::Node(_)
        | Command::Plan(_)
        | Command::Voucher(_)
        | Command::Customer(_)
        | Command::Subscriber(_)
        | Command::Operation(_)
        | Command::Import(_)
        | Command::Audit(_)
        | Command::Gateway(_)
        | Command::Payment(_)
        | Command::Arrival(_)
        | Command::Ledger(_)
        | Command::Usage(_)
        | Command::Session(_)
        | Command::Device(_)
        | Command::Exception(_)
        | Command::Webhook(_)
        | Command::Message(_)
        | Command::Job(_)
        | Command::Explain(_)
        | Command::Replay(_) => on_the_database(&global, command).await,
    }
}

/// Runs a command that works on the database, and closes it whatever came of it.
async fn on_the_database(global: &cli::Global, command: Command) -> anyhow::Result<()> {
    let config = settings::load(global)?;
    let shutdown = Shutdown::on_signals()?;
    let stopped = shutdown.token();
    let opened = tokio::select! {
        opened = Opened::open(&config, global, &stopped) => opened?,
        () = stopped.cancelled() => bail!("stopped"),
    };
    let done = tokio::select! {
        done = run_one(&config, &opened, command) => done,
        () = stopped.cancelled() => Err(anyhow!("stopped; what was not finished was not written")),
    };
    let closed = tokio::select! {
        closed = opened.close() => closed,
        () = shutdown.at_once().cancelled_owned() => Ok(()),
    };
    done.and(closed)
}

async fn run_one(config: &Config, opened: &Opened, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Tenant(command) => commands::tenant::run(opened, command).await,
        Command::Staff(command) => commands::staff::run(opened, command).await,
        Command::Role(command) => commands::role::run(opened, command).await,
        Command::Branch(command) => commands::branch::run(opened, command).await,
        Command::Zone(command) => commands::zone::run(opened, command).await,
        Command::Customer(command) => commands::customer::run(opened, command).await,
        Command::Key(command) => commands::key::run(opened, command).await,
        Command::DataKey(command) => commands::keys::run_data(opened, command).await,
        Command::MasterKey(command) => commands::keys::run_master(opened, &config.key_file(), command).await,
        Command::Platform(command) => commands::platform::run(opened, command).await,
        Command::Nas(command) => commands::nas::run(opened, command).await,
        Command::HotspotPages(asked) => commands::hotspot_pages::run(config, opened, &asked).await,
        Command::Node(command) => commands::node::run(opened, command).await,
        Command::Radsec(command) => commands::radsec::run(opened, command).await,
        Command::Plan(command) => commands::plan::run(opened, command).await,
        Command::Voucher(command) => commands::voucher::run(opened, command).await,
        Command::Subscriber(command) => commands::subscriber::run(opened, command).await,
        Command::Operation(command) => commands::operation::run(opened, command).await,
        Command::Import(command) => commands::import::run(opened, command).await,
        Command::Usage(command) => commands::usage::run(opened, command).await,
        Command::Audit(command) => commands::audit::run(opened, command).await,
        Command::Gateway(command) => commands::gateway::run(config, opened, *command).await,
        Command::Payment(command) => commands::payment::run(opened, command).await,
        Command::Arrival(command) => commands::arrival::run(opened, *command).await,
        Command::Ledger(command) => commands::ledger::run(opened, command).await,
        Command::Session(command) => commands::session::run(opened, command).await,
        Command::Device(command) => commands::device::run(opened, command).await,
        Command::Exception(command) => commands::exception::run(opened, command).await,
        Command::Tier(command) => commands::account::run_tier(opened, command).await,
        Command::Webhook(command) => commands::webhook::run(opened, command).await,
        Command::Message(command) => Box::pin(commands::message::run(opened, command)).await,
        Command::Job(command) => commands::job::run(opened, command).await,
        Command::Explain(command) => commands::explain::run(opened, &command).await,
        Command::Replay(command) => commands::replay::run(opened, &command).await,
        Command::Serve(_)
        | Command::Demo(_)
        | Command::Doctor
        | Command::Migrate
        | Command::Journal(_)
        | Command::Simulate(_) => Ok(()),
    }
}
