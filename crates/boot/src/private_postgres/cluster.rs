//! Makes the cluster's files: all at once or not at all.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use tracing::info;

use crate::private_postgres::Durability;
use crate::private_postgres::binaries::Binaries;
use crate::private_postgres::connection::{ADMIN_ROLE, APP_ROLE, DATABASE};
use crate::private_postgres::error::PrivatePostgresError;
use crate::private_postgres::identity::{Identity, name_of_root};
use crate::private_postgres::orders::Inbox;
use crate::private_postgres::settings::{self, Machine};
use crate::private_postgres::tool;

/// The line that makes PostgreSQL read our settings, and then the operator's, who has the last word.
const INCLUDES: &str = "\ninclude_if_exists = 'mnetifi.conf'\ninclude_if_exists = 'local.conf'\n";

/// The major version that made this cluster; none when there is no cluster here yet.
pub(super) fn made_by(cluster: &Path) -> Result<Option<u32>, PrivatePostgresError> {
    let file = cluster.join("PG_VERSION");
    let reading = |source| PrivatePostgresError::io(format!("read `{}`", file.display()), source);
    match fs::read_to_string(&file) {
        Ok(text) => match text.trim().parse() {
            Ok(major) => Ok(Some(major)),
            Err(_) => Err(reading(io::Error::other("it names no version"))),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(reading(source)),
    }
}

/// Makes the empty directory a cluster grows up in, beside its later place, for its owner alone. What an earlier try
/// left there is removed.
pub(super) fn fresh_directory(cluster: &Path, identity: &Identity) -> Result<PathBuf, PrivatePostgresError> {
    let growing = cluster.with_extension("init");
    let make = || -> io::Result<()> {
        match fs::remove_dir_all(&growing) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        DirBuilder::new().mode(0o700).create(&growing)?;
        if identity.drops_root() {
            std::os::unix::fs::lchown(&growing, Some(identity.uid()), Some(identity.gid()))?;
        }
        Ok(())
    };
    make().map_err(|source| PrivatePostgresError::io(format!("make `{}`", growing.display()), source))?;
    Ok(growing)
}

/// Makes a cluster with our superuser and our database. It appears under its name when it is complete.
pub(super) fn make(
    cluster: &Path,
    identity: &Identity,
    binaries: &Binaries,
    durability: Durability,
    inbox: &Inbox,
) -> Result<(), PrivatePostgresError> {
    info!(
        postgres.cluster = %cluster.display(), postgres.major = binaries.major(),
        "making a cluster of PostgreSQL {major} in `{cluster}` for user `{user}`",
        major = binaries.major(), cluster = cluster.display(), user = identity.user(),
    );
    let growing = fresh_directory(cluster, identity)?;
    let made = fill(&growing, identity, binaries, durability, inbox).and_then(|()| {
        let place = || -> io::Result<()> {
            fs::rename(&growing, cluster)?;
            cluster.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
        };
        place().map_err(|source| PrivatePostgresError::io(format!("put `{}` in place", cluster.display()), source))
    });
    if made.is_err() {
        let _ = fs::remove_dir_all(&growing);
    }
    made
}

fn fill(
    growing: &Path,
    identity: &Identity,
    binaries: &Binaries,
    durability: Durability,
    inbox: &Inbox,
) -> Result<(), PrivatePostgresError> {
    // Not every libc has C.UTF-8; plain C is everywhere, and only sorts and capitalises fewer letters.
    let mut initialised = initdb(growing, "C.UTF-8", identity, binaries, durability, inbox)?;
    if !initialised.status.success() && initialised.said.contains("invalid locale name") {
        initialised = initdb(growing, "C", identity, binaries, durability, inbox)?;
    }
    if !initialised.status.success() {
        return Err(PrivatePostgresError::ProgramRefused {
            program: "initdb",
            task: "make the cluster",
            said: tool::last_lines(&initialised.said),
        });
    }
    let main = growing.join("postgresql.conf");
    let reading = |source| PrivatePostgresError::io(format!("read `{}`", main.display()), source);
    let text = fs::read_to_string(&main).map_err(reading)? + INCLUDES;
    tool::write_file(&main, &text, identity)?;
    configure(growing, identity, durability)?;
    create_database(growing, identity, binaries, inbox)
}

fn initdb(
    growing: &Path,
    locale: &str,
    identity: &Identity,
    binaries: &Binaries,
    durability: Durability,
    inbox: &Inbox,
) -> Result<tool::Finished, PrivatePostgresError> {
    let mut command = tool::command(&binaries.program("initdb"), identity);
    command.arg("-D").arg(growing).args(["-U", ADMIN_ROLE, "-A", "peer", "-E", "UTF8", "--data-checksums"]);
    command.arg(format!("--locale={locale}"));
    if durability == Durability::Test {
        command.arg("--no-sync");
    }
    tool::run(command, "", inbox)
}

/// Creates the database without a running server, so that a cluster never exists without it.
fn create_database(
    growing: &Path,
    identity: &Identity,
    binaries: &Binaries,
    inbox: &Inbox,
) -> Result<(), PrivatePostgresError> {
    let mut command = tool::command(&binaries.program("postgres"), identity);
    command.arg("--single").arg("-D").arg(growing).args(["-c", "log_checkpoints=off", "template1"]);
    let finished = tool::run(command, &format!("create database {DATABASE}\n"), inbox)?;
    // In this mode a statement that fails does not fail the program.
    let refused = ["ERROR:", "FATAL:", "PANIC:"].iter().any(|word| finished.said.contains(word));
    if finished.status.success() && !refused {
        return Ok(());
    }
    Err(PrivatePostgresError::ProgramRefused {
        program: "postgres",
        task: "create the database",
        said: tool::last_lines(&finished.said),
    })
}

/// Writes who may come in and how the server is to work. Done before every start: the machine and we may have changed.
pub(super) fn configure(
    cluster: &Path,
    identity: &Identity,
    durability: Durability,
) -> Result<(), PrivatePostgresError> {
    let access = format!(
        "# Written by mnetifi at every start. The kernel says who connects; pg_ident.conf says whom they may be here.\n\
         local all all peer map=mnetifi\n\
         local replication {ADMIN_ROLE} peer map=mnetifi\n"
    );
    let mut names = String::from("# Written by mnetifi at every start.\n");
    let root = name_of_root();
    // We are either root or the owner.
    for user in [root.as_str(), identity.user()] {
        for role in [ADMIN_ROLE, APP_ROLE] {
            names.push_str(&format!("mnetifi \"{user}\" {role}\n"));
        }
    }
    tool::write_file(&cluster.join("pg_hba.conf"), &access, identity)?;
    tool::write_file(&cluster.join("pg_ident.conf"), &names, identity)?;
    tool::write_file(&cluster.join("mnetifi.conf"), &settings::text(Machine::observe(), durability), identity)
}
