//! Finds the PostgreSQL that is installed. Never installs or downloads one.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::private_postgres::error::PrivatePostgresError;

/// The oldest major version we are tested with.
pub(super) const OLDEST_MAJOR: u32 = 15;

/// One installed PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Binaries {
    bin: PathBuf,
    major: u32,
}

impl Binaries {
    /// The path of one of its programs.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// Its major version.
    pub(super) const fn major(&self) -> u32 {
        self.major
    }
}

/// Finds the version that made this cluster, or the newest when there is no cluster yet.
///
/// With `chosen` only that directory counts.
pub(super) fn find(
    chosen: Option<&Path>,
    cluster: &Path,
    made_by: Option<u32>,
) -> Result<Binaries, PrivatePostgresError> {
    let directories = match chosen {
        Some(directory) => vec![directory.to_owned()],
        None => usual_directories(),
    };
    let found: Vec<Binaries> = directories.iter().filter_map(|bin| examine(bin)).collect();
    // Of several of one version the first counts, and `max_by_key` takes the last.
    let usable = found.iter().rev().filter(|binaries| binaries.major >= OLDEST_MAJOR);
    let newest = usable.max_by_key(|binaries| binaries.major);
    let fitting = made_by.map_or(newest, |major| found.iter().find(|binaries| binaries.major == major));
    match (fitting, made_by) {
        (Some(binaries), _) => Ok(binaries.clone()),
        (None, Some(major)) if !found.is_empty() => {
            Err(PrivatePostgresError::OtherMajor { cluster: cluster.to_owned(), major, installed: listed(&found) })
        }
        (None, _) => Err(PrivatePostgresError::NotInstalled {
            oldest: OLDEST_MAJOR,
            looked: if found.is_empty() { shown(&directories) } else { listed(&found) },
        }),
    }
}

/// Where distributions put it, best first, then wherever PATH and `pg_config` lead.
fn usual_directories() -> Vec<PathBuf> {
    let mut directories: Vec<PathBuf> = Vec::new();
    // Debian and its children keep each major version apart.
    if let Ok(versions) = fs::read_dir("/usr/lib/postgresql") {
        directories.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    // The packages for Red Hat and its children.
    for major in OLDEST_MAJOR..OLDEST_MAJOR + 15 {
        directories.push(PathBuf::from(format!("/usr/pgsql-{major}/bin")));
    }
    directories.push(PathBuf::from("/usr/local/pgsql/bin"));
    if let Some(path) = std::env::var_os("PATH") {
        directories.extend(std::env::split_paths(&path).filter(|directory| directory.is_absolute()));
    }
    if let Some(output) = output_of(Path::new("pg_config"), "--bindir") {
        directories.push(PathBuf::from(output.trim()));
    }
    directories.retain(|directory| directory.join("postgres").is_file());
    let mut seen = HashSet::new();
    directories.retain(|directory| seen.insert(directory.clone()));
    directories
}

/// The PostgreSQL in a directory, if it has the programs we need.
fn examine(bin: &Path) -> Option<Binaries> {
    if !bin.join("initdb").is_file() {
        return None;
    }
    let major = major_of(&output_of(&bin.join("postgres"), "--version")?)?;
    Some(Binaries { bin: bin.to_owned(), major })
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` is 15; so is `postgres (PostgreSQL) 15beta1`.
fn major_of(version: &str) -> Option<u32> {
    let number = version.split_whitespace().nth(2)?;
    let end = number.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(number.len());
    number[..end].parse().ok()
}

fn output_of(program: &Path, argument: &str) -> Option<String> {
    let output = Command::new(program).arg(argument).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn listed(found: &[Binaries]) -> String {
    let each: Vec<String> =
        found.iter().map(|binaries| format!("{} in `{}`", binaries.major, binaries.bin.display())).collect();
    each.join(", ")
}

fn shown(directories: &[PathBuf]) -> String {
    if directories.is_empty() {
        return String::from("/usr/lib/postgresql, /usr/pgsql-*, /usr/local/pgsql and PATH");
    }
    let each: Vec<String> = directories.iter().map(|directory| format!("`{}`", directory.display())).collect();
    each.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_line_gives_its_major_number() {
        assert_eq!(major_of("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major_of("postgres (PostgreSQL) 18beta2\n"), Some(18));
        assert_eq!(major_of("postgres (EnterpriseDB) 16.2.0"), Some(16));
        assert_eq!(major_of("something else"), None);
    }

    #[test]
    fn a_cluster_of_a_version_that_is_not_installed_is_refused() {
        let refusal = find(None, Path::new("/srv/pg"), Some(9)).unwrap_err().to_string();

        assert!(refusal.contains("`/srv/pg` was made by PostgreSQL 9"), "{refusal}");
        assert!(refusal.contains("install `postgresql-9`"), "{refusal}");
    }

    #[test]
    fn a_chosen_directory_without_postgres_is_named() {
        let empty = tempfile::tempdir().unwrap();

        let refusal = find(Some(empty.path()), Path::new("/srv/pg"), None).unwrap_err().to_string();

        assert!(refusal.contains(&empty.path().display().to_string()), "{refusal}");
    }
}
