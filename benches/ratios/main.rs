//! Puts reports of `load` side by side: ours, and those of peers on the same machine in the same run.
//!
//! Read [`measured`] for what a report says, [`table`] for what is made of it. Starts nothing and measures nothing.
#![forbid(unsafe_code)]

mod measured;
mod table;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use anyhow::Context;
use clap::Parser;

use measured::Run;

/// Compares what `load --report` wrote about us with what it wrote about peers, and prints one table.
#[derive(Debug, Parser)]
#[command(name = "ratios")]
struct Arguments {
    /// The report about us
    ours: PathBuf,
    /// Reports about peers, each with what the table calls it
    #[arg(required = true, value_name = "NAME=FILE")]
    peers: Vec<Named>,
}

/// A report and its name.
#[derive(Clone, Debug)]
struct Named {
    name: String,
    file: PathBuf,
}

impl FromStr for Named {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (name, file) = text.rsplit_once('=').context("write a name, `=` and a file")?;
        Ok(Self { name: name.to_owned(), file: file.into() })
    }
}

fn main() -> ExitCode {
    match compare(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(std::io::stderr().lock(), "ratios: {why:#}");
            ExitCode::FAILURE
        }
    }
}

fn compare(arguments: &Arguments) -> anyhow::Result<()> {
    let ours = Run::read("mnetifi", &arguments.ours)?;
    let peers: Vec<Run> =
        arguments.peers.iter().map(|peer| Run::read(&peer.name, &peer.file)).collect::<anyhow::Result<_>>()?;
    write!(std::io::stdout().lock(), "{}", table::of(&ours, &peers))?;
    Ok(())
}
