//! What can be said about routers.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use domain::network::nas::{PortPair, SigningRule, Vendor};
use domain::text::Slug;
use ipnet::IpNet;

use crate::cli::{Paging, address_or_network};

/// `nas …`.
#[derive(Debug, Subcommand)]
pub enum Nas {
    /// Register a router; it may ask from the next second on
    Add(NasAdd),
    /// List the routers
    List(Paging),
    /// Show one router and what is seen of it
    Show(NasName),
    /// Change a router; in force from the next second on
    Set(Box<NasSet>),
    /// Take a router out of use; its sessions and decisions stay readable
    Remove(NasName),
}

/// `nas show` and `nas remove`.
#[derive(Debug, Args)]
pub struct NasName {
    /// Its short name
    pub name: Slug,
}

/// Where the shared secret comes from.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct Secret {
    /// File that holds the shared secret (`-` reads it from standard input)
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// The shared secret itself; others on this machine may see it while the command runs
    #[arg(long)]
    pub secret: Option<String>,
    /// Make a shared secret and show it, this once
    #[arg(long)]
    pub generate_secret: bool,
}

impl Secret {
    /// Whether one was given or asked for.
    pub const fn is_given(&self) -> bool {
        self.secret_file.is_some() || self.secret.is_some() || self.generate_secret
    }
}

/// `nas add`.
#[derive(Debug, Args)]
pub struct NasAdd {
    /// Short name, unique in the tenant, as `tower-3`
    pub name: Slug,
    /// Where its packets come from: an address or a network, as 10.8.0.12 or 10.8.0.0/24; 0.0.0.0/0 for one whose
    /// address changes: it must sign its requests
    #[arg(long, value_parser = address_or_network)]
    pub address: IpNet,
    /// The shared secret
    #[command(flatten)]
    pub secret: Secret,
    /// The router's own name (/system identity), to tell routers apart that share an address
    #[arg(long)]
    pub identifier: Option<String>,
    /// The realm of its RADIUS entry (/radius realm), to tell routers apart that share an address
    #[arg(long)]
    pub realm: Option<String>,
    /// Ports of its own on this server, by the port for logins; accounting is on the next one. See radius.extra_ports
    #[arg(long, value_name = "PORT")]
    pub port_pair: Option<PortPair>,
    /// How to speak to it: mikrotik or generic
    #[arg(long, default_value = "mikrotik")]
    pub vendor: Vendor,
    /// Port on which it takes CoA and Disconnect
    #[arg(long, default_value_t = 3_799, value_parser = clap::value_parser!(u16).range(1..))]
    pub coa_port: u16,
    /// Logins without Message-Authenticator: observe (until it signs all), require or allow (a risk)
    #[arg(long, default_value = "observe", value_name = "RULE")]
    pub message_authenticator: SigningRule,
}

/// `nas set`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true).args([
    "rename", "address", "secret_file", "secret", "generate_secret", "identifier", "no_identifier", "realm", "no_realm",
    "port_pair", "no_port_pair", "vendor", "coa_port", "message_authenticator",
]))]
pub struct NasSet {
    /// Its short name
    pub name: Slug,
    /// Another short name
    #[arg(long, value_name = "NAME")]
    pub rename: Option<Slug>,
    /// Where its packets come from: an address or a network
    #[arg(long, value_parser = address_or_network)]
    pub address: Option<IpNet>,
    /// The shared secret
    #[command(flatten)]
    pub secret: Secret,
    /// The router's own name (/system identity)
    #[arg(long)]
    pub identifier: Option<String>,
    /// Forget the router's own name
    #[arg(long, conflicts_with = "identifier")]
    pub no_identifier: bool,
    /// The realm of its RADIUS entry (/radius realm)
    #[arg(long)]
    pub realm: Option<String>,
    /// Forget the realm
    #[arg(long, conflicts_with = "realm")]
    pub no_realm: bool,
    /// Ports of its own on this server, by the port for logins
    #[arg(long, value_name = "PORT")]
    pub port_pair: Option<PortPair>,
    /// Let it ask on the ports of all again
    #[arg(long, conflicts_with = "port_pair")]
    pub no_port_pair: bool,
    /// How to speak to it: mikrotik or generic
    #[arg(long)]
    pub vendor: Option<Vendor>,
    /// Port on which it takes CoA and Disconnect
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub coa_port: Option<u16>,
    /// Logins without Message-Authenticator: observe (begin to watch anew), require or allow (a risk)
    #[arg(long, value_name = "RULE")]
    pub message_authenticator: Option<SigningRule>,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::cli::Cli;

    fn reads(words: &str) -> bool {
        Cli::try_parse_from(format!("mnetifi nas {words}").split_whitespace()).is_ok()
    }

    #[test]
    fn a_change_names_what_is_to_be_another() {
        assert!(reads("set tower --address 10.8.0.0/24 --no-realm") && reads("set tower --generate-secret"));
        assert!(reads("set tower --rename mast --message-authenticator require --port-pair 20000"));
        for bad in [
            "set tower",
            "set tower --realm a --no-realm",
            "set tower --secret abcdef --generate-secret",
            "set tower --coa-port 0",
            "set tower --message-authenticator maybe",
        ] {
            assert!(!reads(bad), "{bad}");
        }
    }

    #[test]
    fn a_router_needs_an_address() {
        assert!(reads("add tower --address 10.8.0.1 --secret-file -") && !reads("add tower --secret-file -"));
    }
}
