//! How to reach the private cluster.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The superuser of the cluster: owns the tables, runs migrations, passes by row security.
pub const ADMIN_ROLE: &str = "mnetifi_admin";
/// The role the pool logs in as. The cluster lets it in; `store` creates it.
pub const APP_ROLE: &str = "mnetifi_app";
/// The database everything is in.
pub const DATABASE: &str = "mnetifi";
/// The number in the socket's name. Nothing listens on a port of this number.
pub(super) const PORT: u16 = 5432;

/// The way to a cluster: a socket in a directory. No password: the kernel tells the server who we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    socket_dir: PathBuf,
    port: u16,
}

impl Connection {
    pub(super) const fn new(socket_dir: PathBuf, port: u16) -> Self {
        Self { socket_dir, port }
    }

    /// The directory the socket is in.
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// The number in the socket's name.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// A URL for our database as the superuser.
    pub fn admin_url(&self) -> String {
        self.url(ADMIN_ROLE, DATABASE)
    }

    /// A URL for our database as the role of the pool.
    pub fn app_url(&self) -> String {
        self.url(APP_ROLE, DATABASE)
    }

    /// A URL for any role and database of the cluster, with the socket's directory as its host.
    pub fn url(&self, role: &str, database: &str) -> String {
        let host = percent_encoded(self.socket_dir.as_os_str().as_bytes());
        let role = percent_encoded(role.as_bytes());
        let database = percent_encoded(database.as_bytes());
        format!("postgres://{role}@{host}:{}/{database}", self.port)
    }
}

fn percent_encoded(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(*byte)),
            other => {
                let _ = write!(text, "%{other:02X}");
            }
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_carries_the_socket_directory_as_its_host() {
        let connection = Connection::new(PathBuf::from("/srv/my isp/run"), 5432);

        assert_eq!(connection.admin_url(), "postgres://mnetifi_admin@%2Fsrv%2Fmy%20isp%2Frun:5432/mnetifi");
        assert_eq!(connection.url("a", "b?c"), "postgres://a@%2Fsrv%2Fmy%20isp%2Frun:5432/b%3Fc");
    }
}
