//! `mnetifi hotspot-pages`: the pages that a hotspot's router shows itself.

use std::fs;

use anyhow::{Context as _, bail, ensure};
use boot::config::Config;
use portal::router_pages;
use store::network::nas;

use crate::cli::HotspotPages;
use crate::open::Opened;
use crate::print;

/// The longest address of a portal.
const URL_MAX_BYTES: usize = 200;

/// Writes them to a directory, whose files go into the router's `html-directory`.
pub async fn run(config: &Config, opened: &Opened, asked: &HotspotPages) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let mut tx = opened.store.tenant(&opened.scope(&tenant)).await?;
    let router = nas::find_by_name(&mut tx, &asked.router).await?;
    drop(tx);
    let Some(router) = router else {
        bail!("there is no router `{}`: `mnetifi nas list` shows those there are", asked.router.as_str());
    };
    let base = match (&asked.url, &config.portal.domain) {
        (Some(url), _) => url.clone(),
        (None, Some(domain)) => format!("https://{}.{domain}", tenant.slug.as_str()),
        (None, None) => bail!("say where telephones find the portal: --url https://…, or set portal.domain"),
    };
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b":/.-_[]".contains(&octet);
    let is_web = base.starts_with("http://") || base.starts_with("https://");
    ensure!(
        is_web && base.len() <= URL_MAX_BYTES && base.bytes().all(plain),
        "`{}` is no address of a portal: write it as https://wifi.example",
        base.escape_debug()
    );
    fs::create_dir_all(&asked.to).with_context(|| format!("making {}", asked.to.display()))?;
    let pages = router_pages::all(&base, router.name.as_str(), &tenant.name);
    for (name, page) in &pages {
        let path = asked.to.join(name);
        fs::write(&path, page).with_context(|| format!("writing {}", path.display()))?;
    }
    print::line(&format!(
        "{} pages for {} are in {}, which send to {base}.
Put them into the router's directory of hotspot pages (RouterOS: /ip hotspot profile, html-directory), and let browsers
reach the portal before they are online:
    /ip hotspot walled-garden add dst-host={}
Logins come as http-pap or http-chap: set login-by to one of them, without https-redirect.",
        pages.len(),
        router.name.as_str(),
        asked.to.display(),
        host_in(&base),
    ))?;
    Ok(())
}

/// The host in an address.
fn host_in(url: &str) -> &str {
    let authority = url.split("://").nth(1).unwrap_or_default().split('/').next().unwrap_or_default();
    authority.rsplit_once(':').map_or(authority, |(host, _)| host)
}
