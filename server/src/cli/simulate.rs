//! `mnetifi simulate …` on the command line.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};
use domain::rate::{Bps, UpDown};

/// `simulate …`.
#[derive(Debug, Subcommand)]
pub enum Simulate {
    /// Routers with people behind them, the way RouterOS is one; beside a running `mnetifi demo` it needs no options
    Nas(Box<SimulateNas>),
    /// A phone that joins the demo's Wi-Fi, buys, pays by M-Pesa and comes online, each step with its time
    Phone(SimulatePhone),
}

/// Kinds of line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Line {
    /// Phones that type a voucher's code or a name
    Hotspot,
    /// Houses that dial, and dial again when their line ends
    Pppoe,
}

/// Ways to prove a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Proof {
    /// The password itself, hidden with the shared secret
    Pap,
    /// A hash of it and a challenge
    Chap,
    /// The same, both ways; PPPoE only
    Mschapv2,
}

/// `simulate nas`.
#[derive(Debug, Args)]
pub struct SimulateNas {
    /// The server's port for logins
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:1812")]
    pub server: SocketAddr,
    /// Its port for accounting [default: the next one at the same address]
    #[arg(long, value_name = "ADDRESS")]
    pub acct: Option<SocketAddr>,
    /// The shared secret; others on this machine may see it while the command runs
    #[arg(long, default_value = "testing123")]
    pub secret: String,
    /// Kind of line
    #[arg(long, value_enum, default_value = "hotspot")]
    pub service: Line,
    /// How many come online
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub sessions: u32,
    /// Over how many routers they are spread
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub routers: u16,
    /// Who they are, `%06d` being a number: NAME:PASSWORD, or a voucher's code [default: DemoHour%d or user%06d:pass%06d]
    #[arg(long, value_name = "PATTERN", conflicts_with = "users_file")]
    pub users: Option<Pattern>,
    /// The number that the pattern begins with [default: 1 for vouchers, 0 for names with passwords]
    #[arg(long, value_name = "NUMBER", conflicts_with = "users_file")]
    pub first: Option<u32>,
    /// File with one NAME:PASSWORD or voucher's code on each line
    #[arg(long, value_name = "FILE")]
    pub users_file: Option<PathBuf>,
    /// How they prove their passwords [default: chap on a hotspot, mschapv2 over PPPoE]
    #[arg(long, value_enum)]
    pub by: Option<Proof>,
    /// How long it goes on, by the clock on the wall; Ctrl-C ends it before
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub seconds: u64,
    /// How many log in within a second
    #[arg(long, default_value_t = 200, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub logins_per_second: u32,
    /// How many seconds of the routers pass in one second
    #[arg(long, default_value_t = 1, value_name = "FACTOR", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub speed: u32,
    /// What each would move if its plan allowed, up/down
    #[arg(long, default_value = "100k/1M", value_name = "UP/DOWN")]
    pub traffic: UpDown<Bps>,
    /// Of a hundred datagrams, how many are lost
    #[arg(long, default_value_t = 0, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=90))]
    pub loss: u8,
    /// Of a hundred datagrams, how many come twice
    #[arg(long, default_value_t = 0, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=90))]
    pub repeats: u8,
    /// How long a datagram is on its way at most
    #[arg(long, default_value_t = 0, value_name = "MILLISECONDS", value_parser = clap::value_parser!(u64).range(0..=1_000))]
    pub delay: u64,
    /// How many routers lose their line when a third of the time is over, and have it again when two thirds are
    #[arg(long, default_value_t = 0, value_name = "ROUTERS")]
    pub cut_off: u16,
    /// How many routers start anew, without a word, when half of the time is over
    #[arg(long, default_value_t = 0, value_name = "ROUTERS")]
    pub reboots: u16,
    /// Let the hotspots log devices in by their hardware address
    #[arg(long)]
    pub mac_login: bool,
    /// Sessions that each router's licence allows, as 200 for level 4
    #[arg(long, value_name = "SESSIONS")]
    pub licence: Option<usize>,
    /// The first router's address; the others follow it
    #[arg(long, default_value = "127.1.0.1", value_name = "IPV4")]
    pub address: Ipv4Addr,
    /// Ask a server on another machine; all routers then have this machine's address
    #[arg(long)]
    pub elsewhere: bool,
    /// What chance follows from [default: something new]
    #[arg(long)]
    pub seed: Option<u64>,
}

/// `simulate phone`.
#[derive(Debug, Args)]
pub struct SimulatePhone {
    /// The plan that it buys
    #[arg(long, value_name = "PLAN")]
    pub buys: String,
    /// Where the demo's phones are: what `mnetifi demo` prints
    #[arg(long, value_name = "URL", default_value = "http://localhost:8783")]
    pub at: String,
    /// The number that pays [default: another one each time]
    #[arg(long, value_name = "NUMBER")]
    pub number: Option<String>,
    /// Close the page once M-Pesa has asked: the phone comes online by its hardware address
    #[arg(long)]
    pub closes_the_page: bool,
    /// How many phones do so, one after the other
    #[arg(long, default_value_t = 1, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub times: u32,
}

/// A name with a number in it, perhaps with a password after a colon.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pattern {
    text: String,
    /// Whether it holds a number, so that it is more than one name.
    pub is_many: bool,
}

/// Digits of a number at most.
const WIDTH_MAX: usize = 9;

impl Pattern {
    /// The name, and the password if there is one, with that number.
    pub fn with(&self, number: u32) -> (String, String) {
        let (mut text, mut rest) = (String::new(), self.text.as_str());
        while let Some((before, width, after)) = next_number(rest) {
            text.push_str(before);
            text.push_str(&format!("{number:0width$}"));
            rest = after;
        }
        text.push_str(rest);
        named(&text)
    }
}

impl FromStr for Pattern {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.starts_with(':') {
            return Err("write a name with a password or a code, as user%06d:pass%06d or DemoHour%d".to_owned());
        }
        Ok(Self { text: text.to_owned(), is_many: next_number(text).is_some() })
    }
}

/// A name and its password: what stands before and after the first colon.
pub fn named(text: &str) -> (String, String) {
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    (user.to_owned(), password.to_owned())
}

/// What stands before the first `%d` or `%06d`, its width, and what follows.
fn next_number(text: &str) -> Option<(&str, usize, &str)> {
    let starts = text.match_indices('%').map(|(at, _)| at);
    starts.into_iter().find_map(|at| {
        let (digits, after) = text[at + 1..].split_once('d')?;
        let is_width = digits.is_empty() || (digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()));
        let width = if digits.is_empty() { 0 } else { digits.parse().ok()? };
        (is_width && width <= WIDTH_MAX).then_some((&text[..at], width, after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_gives_names_and_passwords() {
        let with = |text: &str, number| text.parse::<Pattern>().map(|pattern| pattern.with(number));
        let pair = |user: &str, password: &str| Ok((user.to_owned(), password.to_owned()));

        assert_eq!(with("user%06d:pass%06d", 42), pair("user000042", "pass000042"));
        assert_eq!(with("DemoHour%d", 7), pair("DemoHour7", ""));
        assert_eq!(with("100%sure:50%d", 7), pair("100%sure", "507"));
        assert_eq!(with("anna:a:b", 7), pair("anna", "a:b"));
        assert!(with("", 1).is_err() && with(":x", 1).is_err());
    }

    #[test]
    fn a_pattern_without_a_number_is_one_name() {
        let is_many = |text: &str| text.parse::<Pattern>().is_ok_and(|pattern| pattern.is_many);

        assert!(is_many("a%d") && is_many("a%03d:b"));
        assert!(!is_many("anna") && !is_many("100%") && !is_many("a%12d") && !is_many("a%099d"));
    }
}
