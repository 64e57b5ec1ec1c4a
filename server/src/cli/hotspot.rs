//! `mnetifi hotspot-pages` on the command line.

use std::path::PathBuf;

use clap::Args;
use domain::text::Slug;

/// `hotspot-pages`.
#[derive(Debug, Args)]
pub struct HotspotPages {
    /// The router that shows them, by the name that it is registered under
    #[arg(long, value_name = "NAME")]
    pub router: Slug,
    /// The directory to write them to; it is made when it is not there
    #[arg(long, value_name = "DIR", default_value = "hotspot")]
    pub to: PathBuf,
    /// Where telephones find the portal [default: the tenant's name under portal.domain, over HTTPS]
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
}
