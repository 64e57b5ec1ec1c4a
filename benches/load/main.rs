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
mod meanwhile;
mod process;
mod proof;
mod random;
mod report;
mod settle;
mod story;
mod tally;
mod target;
mod wire;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, ensure};
use benches::request::Method;
use clap::Parser;
use nix::sys::prctl;
use radius::Secret;

use arguments::{Arguments, Mode, Pace};
use check::Peer;
use echo::Echo;
use generator::{Generator, Outcome, Terms};
use meanwhile::Meanwhile;
use process::Used;
use random::Random;
use report::Row;
use story::{Cast, Crowd, Run, Source};
use target::Target;

/// How long logins that are not measured may take.
const LOGINS_LAST: Duration = Duration::from_secs(300);

/// How many of them wait at once.
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
    // The kernel would let requests that are due at a moment wait for others to wake up with.
    prctl::set_timerslack(1).context("the timers of this thread")?;
    let secret = Secret::new(arguments.secret.as_bytes());
    let mut random = Random::new(arguments.seed.unwrap_or_else(Random::fresh_seed));
    if arguments.warm {
        log_in(arguments.users, arguments, &secret, &mut random).context("logging everybody in beforehand")?;
    }
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
    let mut cast = Cast { secret, run: Run::new(random), exchanges: Vec::new(), classes: Vec::new() };
    let echo = if mode == Mode::Echo { Some(Echo::start()?) } else { None };
    let logins = |method, random: &mut Random| Source::Logins(Crowd::new(arguments.users, random), method);
    let (target, peer, source) = match mode {
        Mode::Pap => (arguments.auth, arguments.server(), logins(Method::Pap, random)),
        Mode::Chap => (arguments.auth, arguments.server(), logins(Method::Chap, random)),
        Mode::Mschapv2 => {
            cast.exchanges = story::prepare(arguments.users, random);
            (arguments.auth, arguments.server(), logins(Method::MsChapV2, random))
        }
        Mode::Acct => (arguments.acct, arguments.server(), sessions(arguments, &mut cast, random)?),
        Mode::Echo => {
            let echo = echo.as_ref().context("the echo has ended")?;
            (echo.target(), Peer::Echo, logins(Method::Pap, random))
        }
    };
    settle(mode, arguments)?;
    let every = Duration::from_secs(arguments.meanwhile_every);
    let meanwhile = arguments.meanwhile.clone().map(|command| Meanwhile::start(command, every)).transpose()?;
    let before = measure(mode, arguments)?;
    let (me_before, machine_before, begun) = (process::of_this_thread()?, process::of_the_machine()?, clock::now());
    let Outcome { tally, .. } =
        Generator::new(terms(arguments, target, peer), source, &cast, random.branch())?.run()?;
    let ended = clock::now();
    let generator = process::of_this_thread()?.saturating_sub(me_before);
    let machine = process::of_the_machine()?.saturating_sub(machine_before);
    let meanwhile = meanwhile.map(Meanwhile::end);
    let proof = match &arguments.proof {
        Some(command) if mode == Mode::Acct => {
            Some(proof::look(command, cast.run, &tally.reported, tally.lost, begun + tally.took)?)
        }
        _ => None,
    };
    let settled = settle(mode, arguments)?;
    let after = measure(mode, arguments)?;
    Ok(Row {
        mode,
        pace: arguments.pace(),
        tally,
        settled,
        server: between(before.0, after.0),
        database: between(before.1, after.1),
        generator,
        machine,
        lasted: ended.saturating_duration_since(begun),
        proof,
        meanwhile,
    })
}

fn terms(arguments: &Arguments, target: Target, peer: Peer) -> Terms {
    Terms {
        target,
        peer,
        pace: arguments.pace(),
        lasts: Duration::from_secs(arguments.seconds),
        requests_max: arguments.requests,
        sockets: arguments.sockets(),
        singly: arguments.singly,
        patience: arguments.patience(),
        retries: arguments.retries,
        interims: arguments.interims,
        keep_granted: false,
    }
}

/// Logs that many users in, unmeasured. Gives what they were granted.
fn log_in(count: u32, arguments: &Arguments, secret: &Secret, random: &mut Random) -> anyhow::Result<Outcome> {
    let terms = Terms {
        pace: Pace::Window(LOGINS_WINDOW),
        lasts: LOGINS_LAST,
        requests_max: u64::from(count),
        retries: 3,
        keep_granted: true,
        ..terms(arguments, arguments.auth, arguments.server())
    };
    let cast = Cast { secret, run: Run::new(random), exchanges: Vec::new(), classes: Vec::new() };
    let source = Source::Logins(Crowd::new(arguments.users, random), Method::Pap);
    let outcome = Generator::new(terms, source, &cast, random.branch())?.run()?;
    ensure!(!outcome.granted.is_empty(), "nobody could log in beforehand at {}", arguments.auth.address());
    Ok(outcome)
}

/// The sessions that report, logged in so that their records can carry the Class they were given.
fn sessions(arguments: &Arguments, cast: &mut Cast<'_>, random: &mut Random) -> anyhow::Result<Source> {
    let wanted = arguments.sessions.min(arguments.users);
    if arguments.strangers {
        return Ok(Source::Strangers(Crowd::new(arguments.users, random), wanted, 0));
    }
    let Outcome { granted, .. } = log_in(wanted, arguments, cast.secret, random)?;
    let (subscribers, classes): (Vec<_>, Vec<_>) = granted.into_iter().unzip();
    cast.classes = classes;
    Ok(Source::Granted(subscribers.into_iter(), 0))
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
