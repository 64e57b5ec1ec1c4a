//! `tenant set`: how a tenant wants its people dealt with.

use clap::{Args, ValueEnum};
use domain::platform::settings::{BusinessName, TenantSettings};
use domain::rate::{Bps, UpDown};
use domain::text::{RouterName, Slug};
use domain::time::{Span, Zone};

/// `tenant set`.
#[derive(Debug, Args)]
pub struct TenantSet {
    /// Short name of the tenant
    pub slug: Slug,
    /// Name as people say it
    #[arg(long)]
    pub name: Option<BusinessName>,
    /// Time zone of its calendar
    #[arg(long, value_parser = Zone::named)]
    pub zone: Option<Zone>,
    /// Whether its staff must give a code beside the password; in force at once
    #[arg(long, value_enum)]
    pub demand_totp: Option<Switch>,
    /// What becomes of PPPoE users who are suspended or whose time is over
    #[arg(long, value_enum)]
    pub suspended: Option<Suspended>,
    /// The router's firewall address list of those who are restricted, which leads to the page; `-` for none
    #[arg(long, value_name = "LIST")]
    pub suspended_list: Option<RouterName>,
    /// The router's address pool of those who are restricted; `-` for none
    #[arg(long, value_name = "POOL")]
    pub suspended_pool: Option<RouterName>,
    /// Their speed up/down, as 64k or 64k/128k
    #[arg(long, value_name = "UP/DOWN")]
    pub suspended_rate: Option<UpDown<Bps>>,
    /// How long they stay before the router lets them log in anew, as 10m
    #[arg(long, value_name = "TIME", value_parser = minutes)]
    pub suspended_timeout: Option<Span>,
    /// Whether a hotspot's own question about a device is answered by the voucher that it used last
    #[arg(long, value_enum)]
    pub mac_login: Option<Switch>,
    /// For how many days ended sessions are kept, with who had which address when: 90 to 1830
    #[arg(long, value_name = "DAYS", value_parser = session_days)]
    pub session_days: Option<u32>,
}

/// What becomes of PPPoE users who are suspended or whose time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Suspended {
    /// They are refused
    Reject,
    /// They are let in to a pool or address list that leads to a page which says why, and how to pay
    Restrict,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// On
    On,
    /// Off
    Off,
}

fn session_days(text: &str) -> Result<u32, String> {
    let allowed = TenantSettings::SESSION_DAYS;
    let fault = || {
        let (least, most) = (allowed.start(), allowed.end());
        format!(
            "sessions are kept {least} to {most} days: less than {least} would leave lawful questions unanswered, and \
             more than {most} keeps people's data longer than anybody needs; the default is 365"
        )
    };
    text.parse().ok().filter(|days| allowed.contains(days)).ok_or_else(fault)
}

fn minutes(text: &str) -> Result<Span, String> {
    match text.parse::<domain::time::Duration>() {
        Ok(domain::time::Duration::Minutes(minutes)) => Ok(Span::minutes(minutes.into())),
        _ => Err("write minutes or hours, as 10m or 1h".to_owned()),
    }
}
