//! `mnetifi staff …`, `mnetifi key …` and `mnetifi platform …` on the command line.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use domain::email::Email;
use domain::id::{KeyId, RoleId, SignInId};
use domain::people::permission::Permission;
use domain::people::role::RoleName;
use domain::people::staff::{IdNumber, PersonName, UserName};
use domain::platform::place::PlaceName;
use domain::platform::settings::BusinessName;
use domain::time::Timestamp;

use super::{Paging, Switch};

/// `staff …`.
#[derive(Debug, Subcommand)]
pub enum Staff {
    /// Add somebody: with a code that you hand them, or with a password
    Add(Box<StaffAdd>),
    /// List the people who work for a tenant
    List(Paging),
    /// Change what is known of somebody, what they may do or where; what is left out stays as it is
    Change(Box<StaffChange>),
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
    /// List the sessions of somebody that last
    Sessions(OneStaff),
    /// End the sessions of somebody: all, or one
    SignOut(StaffSignOut),
    /// Settle whether everybody must give a code beside the password; in force at once
    DemandTotp {
        /// On or off
        #[arg(value_enum)]
        switch: Switch,
    },
}

/// `staff change`.
#[derive(Debug, Args)]
pub struct StaffChange {
    /// Their e-mail address
    pub email: Email,
    /// E-mail address to be
    #[arg(long, value_name = "EMAIL")]
    pub new_email: Option<Email>,
    /// Name to sign in with
    #[arg(long)]
    pub user_name: Option<UserName>,
    /// Name, as "Anna Wanjiku"
    #[arg(long)]
    pub name: Option<PersonName>,
    /// owner, admin, technician, billing, support, or the id of a role of the tenant's own
    #[arg(long)]
    pub role: Option<RoleName>,
    /// Phone number; `-` for none
    #[arg(long)]
    pub phone: Option<String>,
    /// Number of the identity card
    #[arg(long)]
    pub id_number: Option<IdNumber>,
    /// Zones by their names, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "NAME,…", conflicts_with = "everywhere")]
    pub zones: Vec<PlaceName>,
    /// In no zone in particular: everywhere
    #[arg(long)]
    pub everywhere: bool,
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
    /// Zones by their names, separated by commas [default: everywhere]
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    pub zones: Vec<PlaceName>,
    /// File that holds a password (`-` reads standard input) [default: a code is printed]
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// `staff sign-out`.
#[derive(Debug, Args)]
pub struct StaffSignOut {
    /// Their e-mail address
    pub email: Email,
    /// Id of the one session to end, as `staff sessions` shows it [default: all of them]
    #[arg(long, value_name = "ID")]
    pub session: Option<SignInId>,
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
    /// With which kinds of service
    #[arg(long, value_enum, default_value = "all")]
    pub services: Lines,
    /// In which zones, by their names, separated by commas [default: everywhere]
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    pub zones: Vec<PlaceName>,
    /// When it ends by itself, as 2027-01-31T23:59:00+03:00 [default: never]
    #[arg(long, value_name = "INSTANT")]
    pub expires_at: Option<Timestamp>,
}

/// Kinds of service that a role or key has to do with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Lines {
    /// Hotspots and lines
    All,
    /// PPPoE and static lines alone
    PppoeAndStatic,
}

/// `role …`.
#[derive(Debug, Subcommand)]
pub enum StaffRole {
    /// List the roles: those that are always there, and the tenant's own
    List,
    /// Make a role of the tenant's own; `staff add` takes its id
    Make(RoleTerms),
    /// Change a role: in force with the next request of whoever has it; what is left out stays as it is
    Change(RoleChange),
    /// Remove a role that nobody has
    Remove {
        /// Its id
        id: RoleId,
    },
}

/// `role make`.
#[derive(Debug, Args)]
pub struct RoleTerms {
    /// Name, as "Shop"
    pub name: String,
    /// What it may do, separated by commas, as vouchers:see,vouchers:change
    #[arg(long, required = true, value_delimiter = ',', value_name = "PERMISSION,…")]
    pub may: Vec<Permission>,
    /// With which kinds of service
    #[arg(long, value_enum, default_value = "all")]
    pub services: Lines,
}

/// `role change`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true).args(["name", "may", "services"]))]
pub struct RoleChange {
    /// Its id
    pub id: RoleId,
    /// Name
    #[arg(long)]
    pub name: Option<String>,
    /// What it may do, separated by commas: all of it, not what is added
    #[arg(long, value_delimiter = ',', value_name = "PERMISSION,…")]
    pub may: Vec<Permission>,
    /// With which kinds of service
    #[arg(long, value_enum)]
    pub services: Option<Lines>,
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
    /// List when the platform's people acted in tenants' places, newest first
    Visits(Paging),
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
