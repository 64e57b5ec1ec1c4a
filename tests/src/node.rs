//! A server as a process of its own: started, asked for its health, killed, started again.
//!
//! The World is the business; this is the machine it runs on. The process is `mnetifi serve` with a data directory of
//! its own and a database that the story gives it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::database::MASTER_KEY;
use crate::free::free_addresses;

/// How long a server may take until it is ready, and until its journal is empty, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often it is looked at meanwhile.
const GLANCE: Duration = Duration::from_millis(20);

/// Where a server lives. It may run many times, one at a time.
#[derive(Debug)]
pub struct Node {
    binary: PathBuf,
    data: TempDir,
    /// Where it answers logins.
    pub auth: SocketAddr,
    /// Where it answers accounting.
    pub acct: SocketAddr,
    metrics: SocketAddr,
    /// Where its API answers.
    pub api: SocketAddr,
    settings: Vec<(&'static str, String)>,
    log: Arc<Mutex<Vec<u8>>>,
    running: Option<(Child, JoinHandle<()>)>,
}

impl Node {
    /// A data directory and free ports for that program.
    pub fn new(binary: impl Into<PathBuf>) -> anyhow::Result<Self> {
        let [auth, acct, metrics, api] = free_addresses()?;
        let data = tempfile::Builder::new().prefix("mnetifi-node-").tempdir_in("/tmp")?;
        let key: String = MASTER_KEY.iter().map(|octet| format!("{octet:02x}")).collect();
        let file = data.path().join("tests.key");
        std::fs::write(&file, key)?;
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        let (log, settings) = (Arc::default(), Vec::new());
        Ok(Self { binary: binary.into(), data, auth, acct, metrics, api, settings, log, running: None })
    }

    /// Sets a variable of its environment from the next start on.
    #[must_use]
    pub fn with(mut self, variable: &'static str, value: impl Into<String>) -> Self {
        self.settings.push((variable, value.into()));
        self
    }

    /// Starts it on that database and waits until it is ready.
    pub async fn starts(&mut self, database_url: &str) -> anyhow::Result<()> {
        self.begins(database_url)?;
        self.is_ready().await
    }

    /// Starts it on that database and waits for nothing.
    pub fn begins(&mut self, database_url: &str) -> anyhow::Result<()> {
        ensure!(self.running.is_none(), "it runs already");
        let mut child = self
            .command(database_url)
            .arg("serve")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("`{}` does not start", self.binary.display()))?;
        let (mut said, log) = (child.stderr.take().context("piped")?, Arc::clone(&self.log));
        let listening = tokio::spawn(async move {
            let mut some = vec![0; 65_536];
            while let Ok(read @ 1..) = said.read(&mut some).await {
                log.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&some[..read]);
            }
        });
        self.running = Some((child, listening));
        Ok(())
    }

    /// Runs a command of an operator beside it.
    pub async fn runs_beside(&self, database_url: &str, arguments: &[&str]) -> anyhow::Result<Output> {
        Ok(self.command(database_url).args(arguments).output().await?)
    }

    fn command(&self, database_url: &str) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .env("MNETIFI_DATA", self.data())
            .env("MNETIFI_MASTER_KEY_FILE", self.data.path().join("tests.key"))
            .env("MNETIFI_DATABASE_URL", database_url)
            .env("MNETIFI_RADIUS_AUTH", self.auth.to_string())
            .env("MNETIFI_RADIUS_ACCT", self.acct.to_string())
            .env("MNETIFI_METRICS", self.metrics.to_string())
            .env("MNETIFI_API_LISTEN", self.api.to_string())
            .env("MNETIFI_PORTAL_LISTEN", "127.0.0.1:0")
            .env_remove("DATABASE_URL")
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Waits until `/readyz` says yes.
    pub async fn is_ready(&mut self) -> anyhow::Result<()> {
        let ready = async {
            loop {
                if !self.runs() || self.page("/readyz").await.is_ok_and(|page| page.starts_with("HTTP/1.1 200")) {
                    return;
                }
                tokio::time::sleep(GLANCE).await;
            }
        };
        if tokio::time::timeout(PATIENCE, ready).await.is_err() {
            bail!("the server is not ready; it said:\n{}", self.log_text());
        }
        ensure!(self.runs(), "the server has ended; it said:\n{}", self.log_text());
        Ok(())
    }

    /// Whether the process lives.
    pub fn runs(&mut self) -> bool {
        self.running.as_mut().is_some_and(|(child, _)| matches!(child.try_wait(), Ok(None)))
    }

    /// Its process id.
    pub fn pid(&self) -> Option<u32> {
        self.running.as_ref().and_then(|(child, _)| child.id())
    }

    /// SIGKILL: no chance to write anything.
    pub async fn is_killed(&mut self) -> anyhow::Result<()> {
        let (mut child, listening) = self.running.take().context("it does not run")?;
        child.kill().await?;
        Ok(listening.await?)
    }

    /// Waits until it ends by itself; whether it ended well.
    pub async fn ends(&mut self) -> anyhow::Result<bool> {
        let (mut child, listening) = self.running.take().context("it does not run")?;
        let status = tokio::time::timeout(PATIENCE, child.wait()).await.context("it goes on")??;
        listening.await?;
        Ok(status.success())
    }

    /// Ends it as Ctrl-C does; whether it ended well.
    pub async fn is_stopped(&mut self) -> anyhow::Result<bool> {
        let (mut child, listening) = self.running.take().context("it does not run")?;
        let pid = child.id().context("it has ended already")?;
        ensure!(Command::new("kill").args(["-s", "INT", &pid.to_string()]).status().await?.success(), "no signal");
        let status = tokio::time::timeout(PATIENCE, child.wait()).await.context("it does not end")??;
        listening.await?;
        Ok(status.success())
    }

    /// All that it has said so far, over all its lives.
    pub fn log(&self) -> Vec<u8> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same for people.
    pub fn log_text(&self) -> String {
        String::from_utf8_lossy(&self.log()).into_owned()
    }

    /// One page of its health and metrics, with the head of the answer.
    pub async fn page(&self, path: &str) -> anyhow::Result<String> {
        let mut stream = TcpStream::connect(self.metrics).await?;
        let ask = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(ask.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }

    /// The sum of a metric over all series whose labels hold all of these words, as `reason="malformed"`.
    pub async fn metric(&self, name: &str, words: &[&str]) -> anyhow::Result<f64> {
        let page = self.page("/metrics").await?;
        let values = page.lines().filter_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            let of_name = series.split('{').next() == Some(name);
            (of_name && words.iter().all(|word| series.contains(word))).then(|| value.parse::<f64>().ok())?
        });
        Ok(values.sum())
    }

    /// Waits until every report that was answered is in the database.
    pub async fn is_drained(&self) -> anyhow::Result<()> {
        let empty = async {
            while self.metric("journal_records_waiting", &[]).await.map_or(true, |waiting| waiting > 0.0) {
                tokio::time::sleep(GLANCE).await;
            }
        };
        let drained = tokio::time::timeout(PATIENCE, empty).await;
        drained.with_context(|| format!("answered reports are not in the database; it said:\n{}", self.log_text()))
    }

    /// Memory that the process holds, in KiB.
    pub fn memory_kib(&self) -> anyhow::Result<u64> {
        let pid = self.pid().context("it does not run")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim().trim_end_matches("kB").trim().parse()?)
    }

    /// Its data directory.
    pub fn data(&self) -> PathBuf {
        self.data.path().join("var")
    }
}
