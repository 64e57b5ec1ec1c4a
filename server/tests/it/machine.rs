//! A running `mnetifi demo` with a data directory of its own.

use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use tempfile::TempDir;
use tests::client::{PATIENCE, Router};
use tests::free::free_addresses;

const BINARY: &str = env!("CARGO_BIN_EXE_mnetifi");

/// Where one demo lives; it can run several times.
pub(crate) struct Machine {
    data: TempDir,
    auth: SocketAddr,
    acct: SocketAddr,
    metrics: SocketAddr,
}

/// A demo that runs.
pub(crate) struct Running {
    child: Child,
    /// All that it printed on standard output until it was ready.
    pub(crate) said: String,
}

impl Machine {
    /// A data directory and free ports.
    pub(crate) fn new() -> Self {
        let [auth, acct, metrics] = free_addresses().expect("free ports");
        let data = tempfile::Builder::new().prefix("mnetifi-it-").tempdir_in("/tmp").expect("a directory");
        Self { data, auth, acct, metrics }
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.data.path().join("var")
    }

    /// The demo's router.
    pub(crate) fn router(&self) -> Router {
        Router {
            from: IpAddr::V4(Ipv4Addr::LOCALHOST),
            secret: "testing123",
            auth: self.auth,
            acct: self.acct,
            patience: PATIENCE,
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command
            .args(arguments)
            .env("MNETIFI_DATA", self.data())
            .env("MNETIFI_RADIUS_AUTH", self.auth.to_string())
            .env("MNETIFI_RADIUS_ACCT", self.acct.to_string())
            .env("MNETIFI_METRICS", self.metrics.to_string())
            .env("MNETIFI_API_LISTEN", "127.0.0.1:0")
            .env("MNETIFI_PORTAL_LISTEN", "127.0.0.1:0")
            .env_remove("DATABASE_URL")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts the demo and waits until it says that it is ready.
    pub(crate) fn demo(&self) -> Running {
        let mut child = self.command(&["demo", "--phone", "127.0.0.1:0"]).spawn().expect("it starts");
        let stdout = child.stdout.take().expect("piped");
        let mut stderr = child.stderr.take().expect("piped");
        let (lines, said) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if lines.send(line).is_err() {
                    return;
                }
            }
        });
        let (log, logged) = mpsc::channel();
        std::thread::spawn(move || {
            let mut all = String::new();
            let _ = stderr.read_to_string(&mut all);
            let _ = log.send(all);
        });
        let mut heard = String::new();
        while !heard.contains("house-13 (suspended)") {
            match said.recv_timeout(Duration::from_secs(30)) {
                Ok(line) => heard = heard + &line + "\n",
                Err(_) => {
                    let _ = child.kill();
                    let log = logged.recv_timeout(Duration::from_secs(5)).unwrap_or_default();
                    panic!("the demo did not get ready; it said: {heard}\n{log}");
                }
            }
        }
        Running { child, said: heard }
    }

    /// Starts a server in the demo's place, and waits until it answers on its ground.
    pub(crate) fn serves(&self, standing: &str) -> Running {
        let mut command = self.command(&["serve"]);
        command.env("MNETIFI_BOOK_DECIDES", "yes").stdout(Stdio::null()).stderr(Stdio::null());
        let running = Running { child: command.spawn().expect("it starts"), said: String::new() };
        self.stands(standing);
        running
    }

    /// Starts a server whose API listens there with that certificate and its key, and waits until it is ready.
    pub(crate) fn serves_api(&self, listen: SocketAddr, certificate: &Path, key: &Path) -> Running {
        let mut command = self.command(&["serve"]);
        command.env("MNETIFI_API_LISTEN", listen.to_string()).stdout(Stdio::null()).stderr(Stdio::null());
        command.env("MNETIFI_API_CERT", certificate).env("MNETIFI_API_KEY", key);
        let running = Running { child: command.spawn().expect("it starts"), said: String::new() };
        for _ in 0..1_500 {
            let listens = std::net::TcpStream::connect(self.metrics).is_ok();
            if listens && self.page("/readyz").starts_with("HTTP/1.1 200") {
                return running;
            }
            #[expect(clippy::disallowed_methods, reason = "another process is waited for")]
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it does not get ready: {}", self.page("/readyz"));
    }

    /// Waits until the server stands so, and is ready.
    pub(crate) fn stands(&self, standing: &str) {
        let wanted = format!("node_standing{{standing=\"{standing}\"}} 1");
        for _ in 0..1_500 {
            let listens = std::net::TcpStream::connect(self.metrics).is_ok();
            if listens && self.page("/metrics").contains(&wanted) && self.page("/readyz").starts_with("HTTP/1.1 200") {
                return;
            }
            #[expect(clippy::disallowed_methods, reason = "another process is waited for")]
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it does not stand {standing}: {}", self.page("/readyz"));
    }

    /// Where its private PostgreSQL keeps its files.
    pub(crate) fn cluster(&self) -> PathBuf {
        match std::fs::read_to_string(self.data().join("postgres.location")) {
            Ok(elsewhere) => PathBuf::from(elsewhere.trim_end()),
            Err(_) => self.data().join("postgres"),
        }
    }

    /// Runs a command and gives what came of it.
    pub(crate) fn runs(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("it runs")
    }

    /// Runs a command that must succeed, and reads its JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let output = self.runs(&[arguments, &["--json"]].concat());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{arguments:?}: {why}: {errors}"))
    }

    /// One page of the metrics listener.
    pub(crate) fn page(&self, path: &str) -> String {
        use std::io::Write;
        let mut stream = std::net::TcpStream::connect(self.metrics).expect("it listens");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    /// Waits until every report that was answered is in the database.
    pub(crate) fn drained(&self) {
        let waiting = || !self.page("/metrics").lines().any(|line| line == "journal_records_waiting 0");
        for _ in 0..600 {
            if !waiting() {
                return;
            }
            #[expect(clippy::disallowed_methods, reason = "another process is waited for")]
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("answered reports are not in the database: {}", self.page("/metrics"));
    }

    /// Waits until the record of every answer is in the database.
    pub(crate) fn waits_for_records(&self) {
        let count = |page: &str, name: &str| -> Option<u64> {
            page.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
        };
        for _ in 0..600 {
            let page = self.page("/metrics");
            let recorded = count(&page, "decisions_recorded_total ");
            if recorded.is_some() && recorded == count(&page, "decisions_saved_total ") {
                return;
            }
            #[expect(clippy::disallowed_methods, reason = "another process is waited for")]
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("answers are not in the database: {}", self.page("/metrics"));
    }

    /// The processes that still have to do with this data directory.
    pub(crate) fn processes(&self) -> Vec<String> {
        let data = self.data().display().to_string();
        std::fs::read_dir("/proc")
            .expect("Linux")
            .filter_map(|entry| std::fs::read(entry.ok()?.path().join("cmdline")).ok())
            .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
            .filter(|line| line.contains(&data))
            .collect()
    }
}

impl Running {
    /// Where the demo says that a browser sees its phone.
    pub(crate) fn phone(&self) -> String {
        let after = self.said.split("in your browser: ").nth(1).expect("it says where");
        after.split_whitespace().next().expect("it says where").to_owned()
    }

    /// Ends it as Ctrl-C does, and waits.
    pub(crate) fn interrupt(mut self) -> bool {
        signal(&self.child, "INT");
        self.child.wait().expect("it ends").success()
    }

    /// Ends it without a chance to clean up.
    pub(crate) fn kill(mut self) {
        signal(&self.child, "KILL");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A story that failed half-way leaves nothing running.
        if matches!(self.child.try_wait(), Ok(None)) {
            signal(&self.child, "TERM");
            let _ = self.child.wait();
        }
    }
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()), "the signal was sent");
}
