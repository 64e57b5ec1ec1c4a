//! The private cluster against the PostgreSQL that is installed here: first start, crashes of all kinds, refusals.
//!
//! Every test has its own data directory. Most are told twice: as the user who runs the tests (often root, who gives
//! up root for the cluster) and, when that is root, as `nobody`, in a process of its own.
#![expect(clippy::disallowed_methods, reason = "these tests watch real processes, which take real time")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed test should stop at the line that failed")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use boot::lock::LockError;
use boot::private_postgres::{
    Attached, Durability, Options, Phase, PrivatePostgres, PrivatePostgresError, attach_or_start,
};
use tokio_util::sync::CancellationToken;

/// Tells the copy of this program which part it plays.
const PART: &str = "MNETIFI_TEST_PART";
/// The user id of `nobody`.
const NOBODY: u32 = 65_534;

struct Home {
    directory: tempfile::TempDir,
}

impl Home {
    /// A place that everybody may walk through.
    fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Self { directory }
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("var")
    }

    fn options(&self) -> Options {
        let clusters = self.directory.path().join("clusters");
        Options { durability: Durability::Test, clusters, ..Options::new(self.data()) }
    }

    async fn start(&self) -> Result<PrivatePostgres, PrivatePostgresError> {
        PrivatePostgres::start(self.options(), &CancellationToken::new()).await
    }
}

/// Asks one question with psql, as the superuser.
fn ask(postgres: &PrivatePostgres, statement: &str) -> String {
    ask_at(&postgres.connection().admin_url(), statement)
}

fn ask_at(url: &str, statement: &str) -> String {
    let output = Command::new("psql").args(["-XAtqd", url, "-c", statement]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn we_are_root() -> bool {
    nix::unistd::Uid::effective().is_root()
}

fn pid_of(postgres: &PrivatePostgres) -> u32 {
    let Phase::Ready { pid } = *postgres.phase().borrow() else { panic!("the server is not ready") };
    pid
}

fn kill_hard(pid: u32) {
    let pid = nix::unistd::Pid::from_raw(i32::try_from(pid).unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
}

/// Processes whose working directory is this cluster. PostgreSQL's all are.
fn processes_in(cluster: &Path) -> usize {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes.filter(|entry| fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == cluster)).count()
}

fn eventually(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..600 {
        if condition() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("never happened: {what}");
}

/// Starts a copy of this program that plays a part of [`a_copy_of_this_program_plays_its_part`].
fn play(home: &Home, part: &str, user: Option<u32>) -> Child {
    // Somewhere the other user can reach it.
    let program = home.directory.path().join("copy");
    if !program.exists() {
        fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    }
    let mut command = Command::new(program);
    command.args(["--exact", "a_copy_of_this_program_plays_its_part", "--nocapture"]).current_dir("/");
    command.env(PART, format!("{part} {}", home.directory.path().display()));
    command.stdout(Stdio::null()).stdin(Stdio::null());
    if let Some(uid) = user {
        command.uid(uid).gid(uid);
    }
    command.spawn().unwrap()
}

/// Does nothing of its own: it is what [`play`] runs.
#[test]
fn a_copy_of_this_program_plays_its_part() {
    let Ok(part) = std::env::var(PART) else { return };
    let (part, directory) = part.split_once(' ').unwrap();
    let directory = PathBuf::from(directory);
    let options = Options {
        durability: Durability::Test,
        clusters: directory.join("clusters"),
        ..Options::new(directory.join("var"))
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let token = CancellationToken::new();
        match part {
            "keep" => {
                let postgres = PrivatePostgres::start(options, &token).await.unwrap();
                fs::write(directory.join("var/keeping"), postgres.connection().admin_url()).unwrap();
                std::future::pending::<()>().await;
            }
            "twice" => {
                let first = PrivatePostgres::start(options.clone(), &token).await.unwrap();
                ask(&first, "create table kept as select 7 as number");
                first.stop().await.unwrap();
                let second = PrivatePostgres::start(options, &token).await.unwrap();
                assert_eq!(ask(&second, "select number from kept"), "7");
                second.stop().await.unwrap();
            }
            "nameless" => {
                let refusal = PrivatePostgres::start(options, &token).await.unwrap_err();
                assert!(matches!(refusal, PrivatePostgresError::NamelessUser { .. }), "{refusal}");
            }
            "stranger" => {
                let refusal = PrivatePostgres::start(options, &token).await.unwrap_err();
                assert!(matches!(refusal, PrivatePostgresError::OtherOwner { .. }), "{refusal}");
            }
            other => panic!("no part called {other}"),
        }
    });
}

#[tokio::test]
async fn a_second_start_finds_what_the_first_one_kept() {
    let home = Home::open();
    let first = home.start().await.unwrap();
    ask(&first, "create table kept as select 7 as number");
    first.stop().await.unwrap();

    let second = home.start().await.unwrap();

    assert_eq!(ask(&second, "select number from kept"), "7");
    assert_eq!(ask(&second, "show data_checksums"), "on");
    assert_eq!(ask(&second, "select datcollate from pg_database where datname = 'mnetifi'"), "C.UTF-8");
    second.stop().await.unwrap();
}

#[tokio::test]
async fn a_normal_user_keeps_a_cluster_of_its_own() {
    let home = Home::open();
    let user = we_are_root().then(|| given_to(&home, NOBODY));

    let status = play(&home, "twice", user).wait().unwrap();

    assert!(status.success());
}

#[tokio::test]
async fn the_role_of_the_pool_is_let_in_and_others_are_not() {
    let home = Home::open();
    let postgres = home.start().await.unwrap();
    ask(&postgres, "create role mnetifi_app login; create role stranger login");

    let pool = ask_at(&postgres.connection().app_url(), "select current_user");
    let stranger =
        Command::new("psql").args(["-Xd", &postgres.connection().url("stranger", "mnetifi"), "-c", ""]).output();

    assert_eq!(pool, "mnetifi_app");
    assert!(!stranger.unwrap().status.success());
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_server_comes_back_with_its_data() {
    let home = Home::open();
    let options = Options { durability: Durability::Safe, ..home.options() };
    let postgres = PrivatePostgres::start(options, &CancellationToken::new()).await.unwrap();
    ask(&postgres, "create table kept as select 7 as number");
    let first = pid_of(&postgres);
    let mut phase = postgres.phase();

    kill_hard(first);
    phase.wait_for(|phase| matches!(phase, Phase::Ready { pid } if *pid != first)).await.unwrap();

    assert_eq!(ask(&postgres, "select number from kept"), "7");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_clean_stop_leaves_no_process() {
    let home = Home::open();
    let postgres = home.start().await.unwrap();
    let cluster = home.data().join("postgres");
    assert!(processes_in(&cluster) > 1);
    // An open connection must not hold up the stop.
    let mut idle = Command::new("psql")
        .args(["-Xd", &postgres.connection().admin_url(), "-c", "select pg_sleep(60)"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();

    postgres.stop().await.unwrap();

    assert_eq!(processes_in(&cluster), 0);
    assert!(!cluster.join("postmaster.pid").exists());
    idle.wait().unwrap();
}

#[tokio::test]
async fn dropping_it_stops_the_server_too() {
    let home = Home::open();
    let postgres = home.start().await.unwrap();

    drop(postgres);

    eventually("PostgreSQL ends", || processes_in(&home.data().join("postgres")) == 0);
}

#[tokio::test]
async fn a_killed_supervisor_takes_the_server_along_and_the_next_one_starts_at_once() {
    let home = Home::open();
    let mut supervisor = play(&home, "keep", None);
    eventually("the copy keeps a server", || home.data().join("keeping").exists());

    supervisor.kill().unwrap();
    supervisor.wait().unwrap();
    let next = home.start().await.unwrap();

    assert_eq!(ask(&next, "select 1"), "1");
    next.stop().await.unwrap();
    assert_eq!(processes_in(&home.data().join("postgres")), 0);
}

#[tokio::test]
async fn a_killed_supervisor_leaves_no_server_behind() {
    let home = Home::open();
    let user = we_are_root().then(|| given_to(&home, NOBODY));
    let mut supervisor = play(&home, "keep", user);
    eventually("the copy keeps a server", || home.data().join("keeping").exists());

    supervisor.kill().unwrap();
    supervisor.wait().unwrap();

    eventually("PostgreSQL ends", || processes_in(&home.data().join("postgres")) == 0);
}

#[tokio::test]
async fn a_second_supervisor_is_refused_and_told_who_was_first() {
    let home = Home::open();
    let first = home.start().await.unwrap();

    let refusal = home.start().await.unwrap_err();

    assert!(matches!(refusal, PrivatePostgresError::Locked(LockError::Held { .. })), "{refusal}");
    assert!(refusal.to_string().contains(&format!("process {}", std::process::id())), "{refusal}");
    first.stop().await.unwrap();
}

#[tokio::test]
async fn a_command_uses_the_running_cluster_or_starts_one_for_itself() {
    let home = Home::open();
    let token = CancellationToken::new();
    let server = home.start().await.unwrap();

    let beside = attach_or_start(home.options(), &token).await.unwrap();
    assert!(matches!(&beside, Attached::Running(connection) if *connection == server.connection()));
    beside.release().await.unwrap();
    server.stop().await.unwrap();
    let alone = attach_or_start(home.options(), &token).await.unwrap();

    assert!(matches!(&alone, Attached::Started(_)));
    assert_eq!(ask_at(&alone.connection().admin_url(), "select 1"), "1");
    alone.release().await.unwrap();
}

#[tokio::test]
async fn a_cluster_of_another_major_version_is_refused_untouched() {
    let home = Home::open();
    home.start().await.unwrap().stop().await.unwrap();
    let version = home.data().join("postgres/PG_VERSION");
    fs::write(&version, "11\n").unwrap();

    let refusal = home.start().await.unwrap_err().to_string();

    assert!(refusal.contains("made by PostgreSQL 11"), "{refusal}");
    assert_eq!(fs::read_to_string(&version).unwrap(), "11\n");
}

#[tokio::test]
async fn a_closed_directory_above_makes_root_put_the_cluster_elsewhere() {
    if !we_are_root() {
        return;
    }
    let home = Home::open();
    let closed = home.directory.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let options = Options { data: closed.join("var"), ..home.options() };
    let token = CancellationToken::new();

    let first = PrivatePostgres::start(options.clone(), &token).await.unwrap();
    ask(&first, "create table kept as select 7 as number");
    let beside = attach_or_start(options.clone(), &token).await.unwrap();
    assert!(matches!(&beside, Attached::Running(connection) if *connection == first.connection()));
    first.stop().await.unwrap();
    let second = PrivatePostgres::start(options.clone(), &token).await.unwrap();

    let location = fs::read_to_string(closed.join("var/postgres.location")).unwrap();
    assert!(Path::new(location.trim()).starts_with(&options.clusters), "{location}");
    assert!(!closed.join("var/postgres").exists() && !closed.join("var/postgres.init").exists());
    assert_eq!(ask(&second, "select number from kept"), "7");
    let socket_dir = second.connection().socket_dir().to_owned();
    second.stop().await.unwrap();
    fs::remove_dir_all(socket_dir).unwrap();

    fs::remove_dir_all(&options.clusters).unwrap();
    let refusal = PrivatePostgres::start(options, &token).await.unwrap_err();
    assert!(matches!(refusal, PrivatePostgresError::LocationLost { .. }), "{refusal}");
}

#[tokio::test]
async fn a_long_data_path_gets_its_socket_elsewhere() {
    let home = Home::open();
    let data = home.data().join("a-long-name".repeat(10));
    let options = Options { data, ..home.options() };

    let postgres = PrivatePostgres::start(options, &CancellationToken::new()).await.unwrap();

    let socket_dir = postgres.connection().socket_dir().to_owned();
    assert!(!socket_dir.starts_with(home.data()), "{}", socket_dir.display());
    assert_eq!(ask(&postgres, "select 1"), "1");
    postgres.stop().await.unwrap();
    fs::remove_dir_all(socket_dir).unwrap();
}

#[tokio::test]
async fn a_user_without_a_name_is_told_so() {
    if !we_are_root() {
        return;
    }
    let home = Home::open();
    let user = given_to(&home, 54_321);

    let status = play(&home, "nameless", Some(user)).wait().unwrap();

    assert!(status.success());
}

#[tokio::test]
async fn a_cluster_of_somebody_else_is_refused() {
    if !we_are_root() {
        return;
    }
    let home = Home::open();
    home.start().await.unwrap().stop().await.unwrap();
    // All but the cluster is theirs, as after a careless chown.
    for path in ["var", "var/run", "var/keys", "var/log", "var/postgres.lock"] {
        std::os::unix::fs::chown(home.directory.path().join(path), Some(NOBODY), Some(NOBODY)).unwrap();
    }

    let status = play(&home, "stranger", Some(NOBODY)).wait().unwrap();

    assert!(status.success());
}

#[tokio::test]
async fn what_a_crash_in_initdb_left_is_swept_away() {
    let home = Home::open();
    let half_made = home.data().join("postgres.init");
    fs::create_dir_all(&half_made).unwrap();
    fs::write(half_made.join("PG_VERSION"), "15\n").unwrap();

    let postgres = home.start().await.unwrap();

    assert!(!half_made.exists());
    assert_eq!(ask(&postgres, "select 1"), "1");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_refusing_initdb_is_quoted_and_leaves_nothing() {
    let home = Home::open();
    let bin = home.directory.path().join("bin");
    fs::create_dir(&bin).unwrap();
    write_program(&bin.join("postgres"), "echo 'postgres (PostgreSQL) 15.0'");
    write_program(&bin.join("initdb"), "touch \"$2/half\"; echo 'initdb: error: the disk says no' >&2; exit 1");
    let options = Options { bin: Some(bin), ..home.options() };

    let refusal = PrivatePostgres::start(options, &CancellationToken::new()).await.unwrap_err().to_string();

    assert!(refusal.contains("the disk says no"), "{refusal}");
    assert!(!home.data().join("postgres").exists() && !home.data().join("postgres.init").exists());
}

#[tokio::test]
async fn a_server_that_cannot_start_is_quoted() {
    let home = Home::open();
    home.start().await.unwrap().stop().await.unwrap();
    fs::write(home.data().join("postgres/local.conf"), "shared_buffers = 'plenty'\n").unwrap();
    fs::set_permissions(home.data().join("postgres/local.conf"), fs::Permissions::from_mode(0o644)).unwrap();

    let refusal = home.start().await.unwrap_err().to_string();

    assert!(refusal.contains("shared_buffers"), "{refusal}");
}

#[tokio::test]
async fn a_start_that_is_called_off_leaves_nothing_running() {
    let home = Home::open();
    let token = CancellationToken::new();
    token.cancel();

    let refusal = PrivatePostgres::start(home.options(), &token).await.unwrap_err();

    assert!(matches!(refusal, PrivatePostgresError::Interrupted), "{refusal}");
    assert!(!home.data().join("postgres.init").exists());
}

/// Makes the data directory belong to a user, and says who.
fn given_to(home: &Home, uid: u32) -> u32 {
    fs::create_dir(home.data()).unwrap();
    std::os::unix::fs::chown(home.data(), Some(uid), Some(uid)).unwrap();
    uid
}

fn write_program(path: &Path, body: &str) {
    fs::write(path, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
