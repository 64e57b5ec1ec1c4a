//! `mnetifi explain …`: why somebody was accepted or refused.

use actions::access::explain;
use anyhow::bail;
use serde_json::json;
use store::platform::tenants;

use crate::cli;
use crate::open::Opened;
use crate::print::{self, Style};

/// Runs the command: over one tenant where one is named, else over all.
pub async fn run(opened: &Opened, command: &cli::Explain) -> anyhow::Result<()> {
    // As a person reads it out: "Ref 7KQ2MX".
    let asked = command.asked.trim();
    let asked = asked.strip_prefix("Ref ").unwrap_or(asked);
    let mut tx = opened.store.system().await?;
    let mut tenants = tenants::list(&mut tx).await?;
    drop(tx);
    if let Some(named) = &opened.tenant_name {
        tenants.retain(|tenant| tenant.slug == *named);
    }
    let Some(story) = explain::explain(&opened.store, &tenants, asked).await? else {
        bail!(
            "no request of `{}` was answered: it may not have reached us, or its router was not believed \
             (see radius_drops_total in the metrics)",
            domain::text::escaped(command.asked.as_bytes())
        );
    };
    match opened.style {
        Style::Table => Ok(print::line(&story.lines().join("\n"))?),
        Style::Json => {
            let decision = &story.decision;
            let document = json!({
                "trace": decision.trace.as_str(),
                "tenant": story.tenant.slug.as_str(),
                "at": decision.at.to_string(),
                "router": story.nas,
                "user_name": decision.user_name,
                "device": decision.device,
                "service": decision.service,
                "method": decision.method,
                "accepted": decision.refusal.is_none(),
                "refusal": decision.refusal.map(|refusal| refusal.code()),
                "told": decision.refusal.map(|refusal| refusal.sentence()),
                "granted": decision.granted,
                "session": decision.session.map(|session| session.to_string()),
                "policy_version": decision.policy_version,
                "trail": decision.trail,
            });
            Ok(print::line(&serde_json::to_string_pretty(&document)?)?)
        }
    }
}
