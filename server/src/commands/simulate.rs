//! `mnetifi simulate nas`: routers and people where there are none, to try a plan or a server; `simulate phone`: somebody
//! who buys.

mod phone;
mod table;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use boot::clock::SystemClock;
use boot::random::OsRandom;
use boot::shutdown::Shutdown;
use domain::rate::Bytes;
use ports::{Clock as _, Random as _};
use simulators::nas::{By, Fleet, FleetSettings, FleetView, Moved, Server, Service, SimulatedRouter, Subscriber};
use tokio::time::Instant;

use crate::cli::simulate::named;
use crate::cli::{Global, Line, Proof, Simulate, SimulateNas};
use crate::commands::simulate::table::{HEAD, Row, in_words, is_news, pace};
use crate::print;

/// How often the table gets a row.
const ROW_EVERY: Duration = Duration::from_secs(1);

/// After how many rows the head of the table is repeated.
const HEAD_EVERY: u64 = 20;

/// How long the end waits for the last reports to be answered.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sentences of refusals that the summary shows, the most frequent first.
const SENTENCES_MAX: usize = 10;

/// Lines of a file of users.
const USERS_MAX: usize = 1_000_000;

/// Simulates what was asked until its time is over or a signal comes.
pub async fn run(global: &Global, command: Simulate) -> anyhow::Result<()> {
    let shutdown = Shutdown::on_signals()?;
    let asked = match command {
        Simulate::Nas(asked) => asked,
        Simulate::Phone(asked) => {
            return tokio::select! {
                done = phone::run(&asked, global.json) => done,
                () = shutdown.token().cancelled_owned() => Ok(()),
            };
        }
    };
    boot::open_files::allow_many();
    let settings = settings(&asked)?;
    let fleet = Fleet::start(settings, SystemClock.now()).await.with_context(|| {
        format!("the routers cannot listen at {} and after it; does another simulation run?", asked.address)
    })?;
    let told = tokio::select! {
        told = watch(&fleet, &asked, global.json) => told,
        () = shutdown.token().cancelled_owned() => Ok(()),
    };
    let settled = tokio::select! {
        settled = fleet.goes_home(PATIENCE) => settled,
        () = shutdown.at_once().cancelled_owned() => false,
    };
    told?;
    summary(&fleet.view(), &asked, settled, global.json)
}

fn settings(asked: &SimulateNas) -> anyhow::Result<FleetSettings> {
    let acct = asked.acct.unwrap_or(SocketAddr::new(asked.server.ip(), asked.server.port().saturating_add(1)));
    let stranger = [asked.server, acct].into_iter().find(|one| !one.ip().is_loopback());
    if let Some(stranger) = stranger.filter(|_| !asked.elsewhere) {
        bail!("`{stranger}` is not on this machine; say --elsewhere if you mean it, and ask nobody who does not know");
    }
    ensure!(stranger.is_some() || asked.address.is_loopback(), "--address must be in 127.0.0.0/8");
    ensure!(!asked.secret.is_empty(), "--secret is empty");
    let service = match asked.service {
        Line::Hotspot => Service::Hotspot,
        Line::Pppoe => Service::Pppoe,
    };
    let mut fleet = FleetSettings::new(Server::new(asked.server, acct, &asked.secret), service);
    fleet.routers = asked.routers.into();
    fleet.sessions = usize::try_from(asked.sessions)?;
    fleet.subscribers = subscribers(asked)?;
    fleet.by = match asked.by {
        Some(Proof::Pap) => By::Pap,
        Some(Proof::Chap) => By::Chap,
        Some(Proof::Mschapv2) => By::MsChapV2,
        None => fleet.by,
    };
    fleet.first_address = asked.address;
    fleet.nat = stranger.map(|_| IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    fleet.logins_per_second = asked.logins_per_second;
    fleet.loss = f64::from(asked.loss) / 100.0;
    fleet.repeats = f64::from(asked.repeats) / 100.0;
    fleet.delay = Duration::from_millis(asked.delay);
    fleet.each.seed = asked.seed.unwrap_or_else(|| OsRandom.number());
    fleet.each.speed = asked.speed;
    fleet.each.traffic = Moved::new(asked.traffic.up.get() / 8, asked.traffic.down.get() / 8);
    fleet.each.mac_login = asked.mac_login;
    fleet.each.licence = asked.licence.unwrap_or(usize::MAX);
    Ok(fleet)
}

fn subscribers(asked: &SimulateNas) -> anyhow::Result<Arc<[Subscriber]>> {
    let subscriber = |(user, password)| Subscriber { user, password };
    if let Some(file) = &asked.users_file {
        let text = std::fs::read_to_string(file).with_context(|| format!("reading `{}`", file.display()))?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(USERS_MAX);
        let all: Arc<[_]> = lines.map(named).map(subscriber).collect();
        ensure!(!all.is_empty(), "`{}` names nobody", file.display());
        return Ok(all);
    }
    let pattern = match (&asked.users, asked.service) {
        (Some(pattern), _) => pattern.clone(),
        (None, Line::Hotspot) => "DemoHour%d".parse().map_err(anyhow::Error::msg)?,
        (None, Line::Pppoe) => "user%06d:pass%06d".parse().map_err(anyhow::Error::msg)?,
    };
    let is_voucher = pattern.with(0).1.is_empty();
    let first = asked.first.unwrap_or(u32::from(is_voucher));
    let count = if pattern.is_many { asked.sessions } else { 1 };
    Ok((first..first.saturating_add(count)).map(|number| subscriber(pattern.with(number))).collect())
}

/// Lets everybody log in and prints a row each second, until the time is over.
async fn watch(fleet: &Fleet, asked: &SimulateNas, is_json: bool) -> anyhow::Result<()> {
    let begun = Instant::now();
    let end = begun + Duration::from_secs(asked.seconds);
    let show = async {
        let mut before = (begun, Moved::default());
        let mut rates = BTreeMap::new();
        for row in 1_u64.. {
            let due = (begun + ROW_EVERY * u32::try_from(row).unwrap_or(u32::MAX)).min(end);
            tokio::time::sleep_until(due).await;
            let view = fleet.view();
            let now = Instant::now();
            let line = Row::of(&view, begun.elapsed(), pace(before, (now, view.tally.moved)));
            before = (now, view.tally.moved);
            if is_json {
                print::line(&serde_json::to_string(&line)?)?;
            } else {
                if row % HEAD_EVERY == 1 {
                    print::line(HEAD)?;
                }
                print::line(&line.text())?;
                if is_news(&rates, &view.rates) {
                    print::line(&format!("         speeds told: {}", in_words(&view.rates)))?;
                }
                rates = view.rates;
            }
            if due == end {
                return Ok(());
            }
        }
        Ok(())
    };
    let (shown, (), broken) = tokio::join!(
        show,
        async {
            tokio::select! {
                () = fleet.logs_in() => {}
                () = tokio::time::sleep_until(end) => {}
            }
        },
        breaks(fleet, asked, begun, is_json)
    );
    shown.and(broken)
}

/// Something that happens to a router.
type Deed = fn(&SimulatedRouter);

/// Lets happen to routers what was asked, each at its time, and says so.
async fn breaks(fleet: &Fleet, asked: &SimulateNas, begun: Instant, is_json: bool) -> anyhow::Result<()> {
    let whole = Duration::from_secs(asked.seconds);
    let deeds: [(Duration, u16, &str, Deed); 3] = [
        (whole / 3, asked.cut_off, "cut off", SimulatedRouter::die),
        (whole / 2, asked.reboots, "started anew", SimulatedRouter::reboot),
        (whole * 2 / 3, asked.cut_off, "back on the line", SimulatedRouter::revive),
    ];
    for (after, count, words, deed) in deeds {
        let some: Vec<_> = fleet.routers().iter().take(count.into()).collect();
        if some.is_empty() {
            continue;
        }
        tokio::time::sleep_until(begun + after).await;
        some.iter().for_each(|router| deed(router));
        if !is_json {
            print::line(&format!("         {} of {} routers {words}", some.len(), fleet.routers().len()))?;
        }
    }
    Ok(())
}

fn summary(view: &FleetView, asked: &SimulateNas, settled: bool, is_json: bool) -> anyhow::Result<()> {
    let tally = &view.tally;
    let mut sentences: Vec<_> = tally.sentences.iter().collect();
    sentences.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    if !is_json {
        print::line(&format!(
            "\n{} logins, {} refused, {} without an answer; {} sessions ended; {} up and {} down were moved.",
            tally.logins,
            tally.refused,
            tally.unanswered,
            tally.ended,
            Bytes::new(tally.moved.up),
            Bytes::new(tally.moved.down),
        ))?;
        for (sentence, count) in sentences.into_iter().take(SENTENCES_MAX) {
            print::line(&format!("{count:>8} × {sentence}"))?;
        }
        print::line(&format!(
            "{} reports were answered and {} lost; {} CoAs and {} Disconnects were obeyed, {} came again, {} were not \
             believed.",
            tally.reported, tally.lost, tally.coa_acked, tally.disconnect_acked, tally.repeated, tally.bad_requests
        ))?;
    }
    if !settled {
        print::aside("mnetifi: not all of the last reports were answered; the server ends those sessions by itself");
    }
    if tally.logins + tally.refused == 0 && tally.unanswered > 0 {
        bail!(
            "`{}` answered nobody: is the server running, and may the routers from {} on ask with that secret?",
            asked.server,
            asked.address
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn read(words: &str) -> SimulateNas {
        let cli = Cli::try_parse_from(format!("mnetifi simulate nas {words}").split_whitespace()).expect("good");
        let Command::Simulate(Simulate::Nas(asked)) = cli.command else { panic!("{:?}", cli.command) };
        *asked
    }

    #[test]
    fn without_options_the_demos_cards_log_in() {
        let fleet = settings(&read("")).expect("good");

        let users: Vec<_> = fleet.subscribers.iter().map(|one| one.user.as_str()).collect();
        assert_eq!((users.len(), users[0], users[8]), (9, "DemoHour1", "DemoHour9"));
        assert_eq!(fleet.servers[0].acct.to_string(), "127.0.0.1:1813");
    }

    #[test]
    fn a_crowd_of_houses_is_the_demos_crowd() {
        let fleet = settings(&read("--service pppoe --sessions 5000 --routers 50")).expect("good");

        assert_eq!((fleet.subscribers.len(), fleet.routers, fleet.by), (5_000, 50, By::MsChapV2));
        assert_eq!(fleet.subscribers[4_999].user, "user004999");
        assert_eq!(fleet.subscribers[0].password, "pass000000");
    }

    #[test]
    fn nobody_elses_machine_is_asked_by_accident() {
        assert!(settings(&read("--server 192.0.2.1:1812")).is_err());
        assert!(settings(&read("--acct 192.0.2.1:1813")).is_err());
        assert!(settings(&read("--address 192.0.2.7")).is_err());
        let fleet = settings(&read("--server 192.0.2.1:1812 --elsewhere")).expect("meant");
        assert_eq!(fleet.nat, Some(Ipv4Addr::UNSPECIFIED.into()));
    }
}
