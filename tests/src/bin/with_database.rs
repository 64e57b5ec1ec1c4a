//! Runs a command with a PostgreSQL of its own, and stops that afterwards: `with_database cargo nextest run`.
//!
//! The command finds the server's URL in `MNETIFI_TEST_DATABASE_URL`. When the variable is set already, that server is
//! used and none is started. The command's exit code is ours.
#![expect(clippy::print_stderr, reason = "a command-line tool speaks on standard error")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use boot::private_postgres::{Durability, Options, PrivatePostgres};
use tests::database::SERVER;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

fn main() -> ExitCode {
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime does not start")
        .and_then(|runtime| runtime.block_on(run()));
    match done {
        Ok(code) => code,
        Err(why) => {
            eprintln!("with_database: {why:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<ExitCode> {
    let mut words = std::env::args_os().skip(1);
    let Some(program) = words.next() else { bail!("say which command to run: with_database cargo nextest run") };
    let mut command = Command::new(program);
    command.args(words);
    if std::env::var_os(SERVER).is_some() {
        return code_of(&mut command).await;
    }
    let place = place()?;
    let mut options = Options::new(&place);
    options.durability = Durability::Test;
    options.clusters = std::env::temp_dir().join("mnetifi-test-clusters");
    let postgres = PrivatePostgres::start(options, &CancellationToken::new()).await?;
    let code = code_of(command.env(SERVER, postgres.connection().admin_url())).await;
    postgres.stop().await?;
    // Nothing in it is worth keeping, and the next run makes its own.
    drop(std::fs::remove_dir_all(&place));
    code
}

/// A directory for this process alone, so that two runs do not meet. Removes those of processes that are gone.
fn place() -> anyhow::Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/test-postgres");
    std::fs::create_dir_all(&root)?;
    for entry in std::fs::read_dir(&root)?.flatten() {
        if !Path::new("/proc").join(entry.file_name()).exists() {
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
    Ok(root.canonicalize()?.join(std::process::id().to_string()))
}

/// Runs the command to its end. An interrupt from the terminal reaches it as well as us: we wait for it, so that the
/// server goes last.
async fn code_of(command: &mut Command) -> anyhow::Result<ExitCode> {
    let mut child = command.spawn().context("the command does not start")?;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            interrupted = tokio::signal::ctrl_c() => interrupted?,
        }
    };
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(code))
}
