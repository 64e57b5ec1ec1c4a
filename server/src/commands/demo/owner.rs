//! The demo's owner, who can sign in to the API. The password is made once and kept beside the demo's data.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use actions::people::by::By;
use actions::people::invite::{Joining, NewStaff, invite};
use anyhow::Context as _;
use boot::random::OsRandom;
use domain::people::role::{Preset, RoleName};
use domain::people::staff::Zoned;
use domain::secret::Secret;
use ports::Random as _;
use store::TenantScope;
use store::people::staff;

use crate::open::Opened;

/// What the owner signs in with.
pub const EMAIL: &str = "owner@demo.example";

/// Octets of chance in the password.
const CHANCE_OCTETS: usize = 10;

/// Where the password is kept.
pub fn password_file(data: &Path) -> PathBuf {
    data.join("demo-owner.password")
}

/// Makes sure that the owner is there. Gives the password; `None` when its file was removed since.
pub async fn owner(opened: &Opened, scope: &TenantScope, data: &Path) -> anyhow::Result<Option<String>> {
    let file = password_file(data);
    let kept = match fs::read_to_string(&file) {
        Ok(text) => Some(text.trim().to_owned()),
        Err(why) if why.kind() == ErrorKind::NotFound => None,
        Err(why) => return Err(why).with_context(|| format!("reading {}", file.display())),
    };
    let mut tx = opened.store.system().await?;
    let is_there = staff::by_email(&mut tx, &EMAIL.parse()?).await?.is_some();
    drop(tx);
    if is_there {
        return Ok(kept);
    }
    let password = match kept {
        Some(password) => password,
        None => make(&file)?,
    };
    let new = NewStaff {
        email: EMAIL.parse()?,
        user_name: "owner".parse()?,
        name: "Demo Owner".parse()?,
        phone: None,
        id_number: None,
        role: RoleName::Preset(Preset::Owner),
        zones: Zoned::All,
    };
    let joining = Joining::With(Secret::new(password.clone()));
    invite(&opened.store, scope, &By::operator(false), new, joining, opened.context()).await?;
    Ok(Some(password))
}

/// A new password, in a file that only whoever runs the demo can read.
fn make(file: &Path) -> anyhow::Result<String> {
    let mut chance = [0; CHANCE_OCTETS];
    OsRandom.fill(&mut chance);
    let mut password = String::with_capacity(2 * CHANCE_OCTETS);
    for octet in chance {
        write!(password, "{octet:02x}")?;
    }
    let writing = || format!("writing {}", file.display());
    let mut kept = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).with_context(writing)?;
    writeln!(kept, "{password}").with_context(writing)?;
    Ok(password)
}
