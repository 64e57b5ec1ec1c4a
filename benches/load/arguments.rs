//! What the load generator can be told.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::check::Peer;
use crate::target::Target;

/// Puts bounded RADIUS load on a server of this machine and verifies every reply.
///
/// Runs the modes one after the other and prints one table. Users are user000000… with passwords pass000000…, as
/// `mnetifi demo --subscribers COUNT` adds them. `echo` asks an echo thread of its own, with the same packets: the
/// ceiling of this machine, against which the others are shown.
#[derive(Clone, Debug, Parser)]
#[command(name = "load")]
pub(crate) struct Arguments {
    /// What to ask, in this order
    #[arg(value_enum, required = true, value_name = "MODE")]
    pub(crate) modes: Vec<Mode>,
    /// The server's authentication port
    #[arg(long, default_value = "127.0.0.1:1812", value_name = "ADDRESS")]
    pub(crate) auth: Target,
    /// The server's accounting port
    #[arg(long, default_value = "127.0.0.1:1813", value_name = "ADDRESS")]
    pub(crate) acct: Target,
    /// The shared secret
    #[arg(long, default_value = "testing123")]
    pub(crate) secret: String,
    /// Accept answers to logins that carry no Message-Authenticator, as servers of before 2024 give them
    #[arg(long)]
    pub(crate) bare: bool,
    /// How many users there are
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) users: u32,
    /// Sessions of `acct`, which logs them in beforehand
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) sessions: u32,
    /// Log nobody in: the sessions of `acct` are strangers to the server
    #[arg(long)]
    pub(crate) strangers: bool,
    /// Interim updates of each session in `acct`, after which it stops [default: until the time is over]
    #[arg(long, default_value_t = 1_000_000, hide_default_value = true, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub(crate) interims: u32,
    /// Log every user in once beforehand, unmeasured, so that a server that learns knows them all
    #[arg(long)]
    pub(crate) warm: bool,
    /// How many requests wait for their reply at any moment
    #[arg(long, default_value_t = 64, conflicts_with = "rate", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) window: u32,
    /// Requests a second, whether or not replies come; waiting times then count from when each was due
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) rate: Option<u32>,
    /// How long each mode sends
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) seconds: u64,
    /// How many requests each mode sends at most
    #[arg(long, default_value_t = 100_000_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub(crate) requests: u64,
    /// How often a request without a reply is sent again
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=10))]
    pub(crate) retries: u8,
    /// Send and take datagrams one by one, not a burst as one message
    #[arg(long)]
    pub(crate) singly: bool,
    /// How long a reply is waited for, for each try
    #[arg(long, default_value_t = 3_000, value_name = "MILLISECONDS", value_parser = clap::value_parser!(u64).range(1..=60_000))]
    pub(crate) patience: u64,
    /// Sockets, each with an address of its own and 256 identifiers [default: as many as the load needs, at least 32]
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=250))]
    pub(crate) sockets: Option<u8>,
    /// The server's process: shows its CPU for each 1,000 requests, and its memory
    #[arg(long)]
    pub(crate) pid: Option<u32>,
    /// Processes that are shown together with their children, apart from the server: the database
    #[arg(long, value_delimiter = ',', value_name = "PID,…")]
    pub(crate) pids: Vec<u32>,
    /// How long server and database may go on working after a mode, in seconds; their CPU then counts as the mode's
    #[arg(long, default_value_t = 20, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(0..=600))]
    pub(crate) settle: u64,
    /// After `acct`: a command for `sh` that looks into the database, again and again until all that was answered is
    /// there. Its `$1` is what Acct-Session-Id begins with; it prints sessions, octets up and octets down
    #[arg(long, value_name = "COMMAND")]
    pub(crate) proof: Option<String>,
    /// A command for `sh` that is run again and again during every mode; its `$1` is the number of the run
    #[arg(long, value_name = "COMMAND")]
    pub(crate) meanwhile: Option<String>,
    /// How long after it was begun last
    #[arg(long, default_value_t = 1, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) meanwhile_every: u64,
    /// Repeats the order of users and all random octets of another run, which must not have been asked in a moment ago
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Print JSON, one object for each mode
    #[arg(long)]
    pub(crate) json: bool,
    /// Write the same JSON to a file as well; `ratios` compares several
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Logins by PAP
    Pap,
    /// Logins by CHAP
    Chap,
    /// Logins by MS-CHAPv2; the server's own proof is checked too
    Mschapv2,
    /// Sessions that report start, interim updates and stop, with the Class that their logins got
    Acct,
    /// PAP logins, thrown back by a thread of this process: what generator and kernel can do
    Echo,
}

impl Mode {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pap => "pap",
            Self::Chap => "chap",
            Self::Mschapv2 => "mschapv2",
            Self::Acct => "acct",
            Self::Echo => "echo",
        }
    }
}

/// When the next request goes out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// As soon as fewer than this many wait.
    Window(usize),
    /// One in each of these intervals.
    Every(Duration),
}

impl Arguments {
    pub(crate) fn pace(&self) -> Pace {
        self.rate.map_or(Pace::Window(self.window as usize), |rate| Pace::Every(Duration::from_secs(1) / rate))
    }

    /// At most half of a socket's identifiers wait at once, so that a late reply seldom meets a new request.
    pub(crate) fn sockets(&self) -> u8 {
        let waiting = match self.rate {
            None => self.window,
            Some(rate) => rate / 4,
        };
        self.sockets.unwrap_or(u8::try_from(waiting / 128).unwrap_or(u8::MAX).clamp(32, 250))
    }

    /// What a server is expected to be.
    pub(crate) fn server(&self) -> Peer {
        if self.bare { Peer::BareServer } else { Peer::Server }
    }

    pub(crate) fn patience(&self) -> Duration {
        Duration::from_millis(self.patience)
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::Arguments;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_target_elsewhere_is_refused_with_its_reason() {
        let refused = Arguments::try_parse_from(["load", "pap", "--auth", "192.0.2.1:1812"]).unwrap_err();

        assert!(refused.to_string().contains("not on this machine"), "{refused}");
    }

    #[test]
    fn a_run_is_bounded() {
        assert!(Arguments::try_parse_from(["load", "pap", "--seconds", "601"]).is_err());
    }
}
