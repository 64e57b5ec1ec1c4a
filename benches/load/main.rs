//! Bounded RADIUS load on loopback, with every reply verified.
//!
//! Read [`generator`] for the loop, [`story`] for what is asked, [`check`] for what counts as an answer. Never sends
//! to another machine: [`target`] makes no address outside 127.0.0.0/8 and ::1.
#![forbid(unsafe_code)]

mod arguments;
mod check;
mod clock;
mod echo;
mod generator;
mod lane;
mod process;
mod random;
mod report;
mod settle;
mod story;
mod tally;
mod target;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, ensure};
use benches::request::Method;
use clap::Parser;
use radius::Secret;

use arguments::{Arguments, Mode, Pace};
use check::Peer;
use echo::Echo;
use generator::{Generator, Outcome, Terms};
use process::Used;
use random::Random;
use report::Row;
use story::{Crowd, Source};
use target::Target;

/// How long the logins before `acct` may take.
const LOGINS_LAST: Duration = Duration::from_secs(60);

/// Logins that wait at once before `acct`.
const LOGINS_WINDOW: usize = 64;

fn main() -> ExitCode {
    match load(&Arguments::parse()) {
        Ok(code) => code,
        Err(why) => {
            let _ = writeln!(std::io::stderr().lock(), "load: {why:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs every mode and prints. Fails when a mode got no answer at all, or one that was not right.
fn load(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let secret = Secret::new(arguments.secret.as_bytes());
    let mut random = Random::new(arguments.seed.unwrap_or_else(Random::fresh_seed));
    let mut rows = Vec::new();
    for mode in &arguments.modes {
        rows.push(run(*mode, arguments, &secret, &mut random).with_context(|| mode.name())?);
    }
    if let Some(file) = &arguments.report {
        std::fs::write(file, format!("{:#}\n", report::json(&rows)))
            .with_context(|| format!("could not write `{}`", file.display()))?;
    }
    let mut out = std::io::stdout().lock();
    if arguments.json {
        writeln!(out, "{:#}", report::json(&rows))?;
    } else {
        write!(out, "{}", report::table(&rows))?;
    }
    let is_good = |row: &Row| row.tally.answered() > 0 && row.tally.invalid == 0;
    Ok(if rows.iter().all(is_good) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run(mode: Mode, arguments: &Arguments, secret: &Secret, random: &mut Random) -> anyhow::Result<Row> {
    let logins = |method, random: &mut Random| Source::Logins(Crowd::new(arguments.users, random), method);
    let echo = if mode == Mode::Echo { Some(Echo::start()?) } else { None };
    let (target, peer, source) = match mode {
        Mode::Pap => (arguments.auth, arguments.server(), logins(Method::Pap, random)),
        Mode::Chap => (arguments.auth, arguments.server(), logins(Method::Chap, random)),
        Mode::Mschapv2 => (arguments.auth, arguments.server(), logins(Method::MsChapV2, random)),
        Mode::Acct => (arguments.acct, arguments.server(), sessions(arguments, secret, random)?),
        Mode::Echo => {
            let echo = echo.as_ref().context("the echo has ended")?;
            (echo.target(), Peer::Echo, logins(Method::Pap, random))
        }
    };
    settle(mode, arguments)?;
    let before = measure(mode, arguments)?;
    let terms = terms(arguments, target, peer, random);
    let Outcome { tally, .. } = Generator::new(terms, source, secret, random.branch())?.run()?;
    let settled = settle(mode, arguments)?;
    let after = measure(mode, arguments)?;
    Ok(Row { mode, tally, settled, server: between(before.0, after.0), database: between(before.1, after.1) })
}

fn terms(arguments: &Arguments, target: Target, peer: Peer, random: &mut Random) -> Terms {
    let [a, b, c, d, ..] = random.next().to_be_bytes();
    Terms {
        target,
        peer,
        pace: arguments.pace(),
        lasts: Duration::from_secs(arguments.seconds),
        requests_max: arguments.requests,
        sockets: arguments.sockets(),
        patience: arguments.patience(),
        retries: arguments.retries,
        interims: arguments.interims,
        run: u32::from_be_bytes([a, b, c, d]),
    }
}

/// Logs sessions in, unmeasured, so that their records can carry the Class they were given.
fn sessions(arguments: &Arguments, secret: &Secret, random: &mut Random) -> anyhow::Result<Source> {
    let crowd = Crowd::new(arguments.users, random);
    let wanted = arguments.sessions.min(arguments.users);
    if wanted == 0 {
        return Ok(Source::Strangers(crowd, 0));
    }
    let terms = Terms {
        pace: Pace::Window(LOGINS_WINDOW),
        lasts: LOGINS_LAST,
        requests_max: u64::from(wanted),
        ..terms(arguments, arguments.auth, arguments.server(), random)
    };
    let source = Source::Logins(crowd, Method::Pap);
    let Outcome { granted, .. } = Generator::new(terms, source, secret, random.branch())?.run()?;
    ensure!(!granted.is_empty(), "nobody could log in beforehand at {}", arguments.auth.address());
    Ok(Source::Granted(granted.into_iter(), 0))
}

/// What the server and the database have used so far; nothing for the echo, which asks neither.
fn measure(mode: Mode, arguments: &Arguments) -> anyhow::Result<(Option<Used>, Option<Used>)> {
    if mode == Mode::Echo {
        return Ok((None, None));
    }
    let server = arguments.pid.map(process::of_one).transpose()?;
    let database = Some(&*arguments.pids).filter(|pids| !pids.is_empty()).map(process::of_families).transpose()?;
    Ok((server, database))
}

/// Waits until server and database have done what they put off; nothing, where their processes are not known.
fn settle(mode: Mode, arguments: &Arguments) -> anyhow::Result<Option<Duration>> {
    if measure(mode, arguments)?.0.is_none() {
        return Ok(None);
    }
    let cpu = || {
        let (server, database) = measure(mode, arguments)?;
        Ok(server.unwrap_or_default().cpu + database.unwrap_or_default().cpu)
    };
    settle::settle(cpu, Duration::from_secs(arguments.settle)).map(Some)
}

/// CPU time between two moments, and the memory at the second.
fn between(before: Option<Used>, after: Option<Used>) -> Option<Used> {
    let (before, after) = (before?, after?);
    Some(Used { cpu: after.cpu.saturating_sub(before.cpu), memory_kib: after.memory_kib })
}
