//! `mnetifi staff …`, `mnetifi key …` and `mnetifi platform …` on the command line.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use domain::email::Email;
use domain::id::{KeyId, ZoneId};
use domain::people::permission::Permission;
use domain::people::role::RoleName;
use domain::people::staff::{IdNumber, PersonName, UserName};
use domain::platform::settings::BusinessName;

use super::{Paging, Switch};

/// `staff …`.
#[derive(Debug, Subcommand)]
pub enum Staff {
    /// Add somebody: with a code that you hand them, or with a password
    Add(Box<StaffAdd>),
    /// List the people who work for a tenant
    List(Paging),
    /// Make another code for somebody who was invited; the one before is good no more
    Invite(OneStaff),
    /// Let somebody sign in no more; their sessions end now
    Deactivate(OneStaff),
    /// Let somebody sign in again
    Reactivate(OneStaff),
    /// Make a code by which somebody chooses another password within thirty minutes
    ResetPassword(OneStaff),
    /// Let go of somebody's codes: their telephone and their recovery codes are lost
    RemoveTotp(OneStaff),
    /// End all sessions of somebody
    SignOut(OneStaff),
}

/// `staff add`.
#[derive(Debug, Args)]
pub struct StaffAdd {
    /// E-mail address, unique on this system
    pub email: Email,
    /// Name to sign in with, as `anna`
    #[arg(long)]
    pub user_name: UserName,
    /// Name, as "Anna Wanjiku"
    #[arg(long)]
    pub name: PersonName,
    /// owner, admin, technician, billing, support, or the id of a role of the tenant's own; for the platform
    /// platform_owner or platform_support
    #[arg(long)]
    pub role: RoleName,
    /// Phone number; a technician must have one
    #[arg(long)]
    pub phone: Option<String>,
    /// Number of the identity card; a technician must have one
    #[arg(long)]
    pub id_number: Option<IdNumber>,
    /// Zones by their ids, separated by commas [default: everywhere]
    #[arg(long, value_delimiter = ',', value_name = "ID,…")]
    pub zones: Vec<ZoneId>,
    /// File that holds a password (`-` reads standard input) [default: a code is printed]
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// One person.
#[derive(Debug, Args)]
pub struct OneStaff {
    /// Their e-mail address
    pub email: Email,
}

/// `key …`.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Make a key for a program; its secret is printed this once
    Make(KeyMake),
    /// List a tenant's keys
    List(Paging),
    /// Give a key another secret; the earlier one goes on for a while
    Rotate(KeyRotate),
    /// Take a key back, at once and for ever
    Revoke(OneKey),
}

/// `key make`.
#[derive(Debug, Args)]
pub struct KeyMake {
    /// Name, as "Billing system"
    pub name: String,
    /// What it may do, separated by commas, as vouchers:see,vouchers:make
    #[arg(long, required = true, value_delimiter = ',', value_name = "PERMISSION,…")]
    pub may: Vec<Permission>,
}

/// `key rotate`.
#[derive(Debug, Args)]
pub struct KeyRotate {
    /// Its id
    pub id: KeyId,
    /// For how many minutes the earlier secret goes on, at most seven days
    #[arg(long, default_value_t = 1_440, value_parser = clap::value_parser!(u16).range(0..=10_080))]
    pub grace_minutes: u16,
}

/// One key.
#[derive(Debug, Args)]
pub struct OneKey {
    /// Its id
    pub id: KeyId,
}

/// `platform …`.
#[derive(Debug, Subcommand)]
pub enum Platform {
    /// Set the platform itself up, whose people look after all tenants; then add them with
    /// `mnetifi --tenant platform staff add`
    Init,
    /// Show what holds for all tenants, or change it: trials, days of grace, signing up
    Set(PlatformSet),
}

/// `platform set`.
#[derive(Debug, Args)]
pub struct PlatformSet {
    /// The platform's name, as its letters have it
    #[arg(long)]
    pub name: Option<BusinessName>,
    /// Hours of a trial that begins from now on
    #[arg(long, value_name = "HOURS")]
    pub trial_hours: Option<u32>,
    /// Days that a tenant may go on after what it has paid for
    #[arg(long, value_name = "DAYS")]
    pub grace_days: Option<u32>,
    /// Whether anybody may sign up
    #[arg(long)]
    pub sign_up: Option<Switch>,
}
