//! Whom PostgreSQL runs as. Never root: it refuses that, and rightly.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::{Uid, User};

use crate::private_postgres::error::PrivatePostgresError;

/// A user of the machine, with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    user: String,
    uid: u32,
    gid: u32,
    drops_root: bool,
}

impl Identity {
    /// The user for a cluster: its owner if it is there; else ourselves; else, for root, the owner of the data
    /// directory, `postgres` or `nobody`, whoever comes first and is not root.
    pub(super) fn of_cluster(data: &Path, cluster: Option<&Path>) -> Result<Self, PrivatePostgresError> {
        let we = Uid::effective();
        if !we.is_root() {
            return Self::named(we, Drop::No);
        }
        let owner = cluster.map(owner_of).transpose()?;
        match (cluster, owner) {
            (Some(cluster), Some(owner)) if owner.is_root() => Err(other_owner(cluster, owner)),
            (_, Some(owner)) => Self::named(owner, Drop::Root),
            (_, None) => {
                let owner = owner_of(data)?;
                if owner.is_root() { Self::unprivileged() } else { Self::named(owner, Drop::Root) }
            }
        }
    }

    /// The user's name.
    pub(super) fn user(&self) -> &str {
        &self.user
    }

    /// The user's id.
    pub(super) const fn uid(&self) -> u32 {
        self.uid
    }

    /// The id of the user's first group.
    pub(super) const fn gid(&self) -> u32 {
        self.gid
    }

    /// Whether we are root and must become this user.
    pub(super) const fn drops_root(&self) -> bool {
        self.drops_root
    }

    fn named(uid: Uid, drop: Drop) -> Result<Self, PrivatePostgresError> {
        let user = User::from_uid(uid).map_err(looking_up)?;
        let user = user.ok_or(PrivatePostgresError::NamelessUser { uid: uid.as_raw() })?;
        Ok(Self::from_user(user, drop))
    }

    fn unprivileged() -> Result<Self, PrivatePostgresError> {
        for name in ["postgres", "nobody"] {
            if let Some(user) = User::from_name(name).map_err(looking_up)?.filter(|user| !user.uid.is_root()) {
                return Ok(Self::from_user(user, Drop::Root));
            }
        }
        Err(PrivatePostgresError::NobodyToRunAs)
    }

    fn from_user(user: User, drop: Drop) -> Self {
        Self { user: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw(), drops_root: matches!(drop, Drop::Root) }
    }
}

/// Whether we have to give something up to become the user.
#[derive(Clone, Copy)]
enum Drop {
    Root,
    No,
}

/// Refuses a cluster that we may not even look into, because it is somebody else's and we are not root.
pub(super) fn refuse_strangers(cluster: &Path) -> Result<(), PrivatePostgresError> {
    let we = Uid::effective();
    if we.is_root() || !cluster.exists() {
        return Ok(());
    }
    let owner = owner_of(cluster)?;
    if owner == we { Ok(()) } else { Err(other_owner(cluster, owner)) }
}

/// The name of user id 0, which is not `root` everywhere.
pub(super) fn name_of_root() -> String {
    User::from_uid(Uid::from_raw(0)).ok().flatten().map_or_else(|| String::from("root"), |user| user.name)
}

fn owner_of(path: &Path) -> Result<Uid, PrivatePostgresError> {
    let metadata = fs::metadata(path)
        .map_err(|source| PrivatePostgresError::io(format!("look at `{}`", path.display()), source))?;
    Ok(Uid::from_raw(metadata.uid()))
}

fn other_owner(cluster: &Path, owner: Uid) -> PrivatePostgresError {
    if owner.is_root() {
        // Nobody can run it as it is: root's PostgreSQL would refuse.
        let source = io::Error::other("it belongs to root: give it to an unprivileged user with `chown -R`");
        return PrivatePostgresError::io(format!("use the cluster `{}`", cluster.display()), source);
    }
    let name =
        User::from_uid(owner).ok().flatten().map_or_else(|| owner.to_string(), |user| format!("`{}`", user.name));
    PrivatePostgresError::OtherOwner { cluster: cluster.to_owned(), owner: name }
}

fn looking_up(errno: nix::Error) -> PrivatePostgresError {
    PrivatePostgresError::io("look up a user", errno.into())
}
