//! `mnetifi replay …`: what the rules say when they are asked again.

use actions::access::replay::{self, FactsOf};
use domain::access::grant::Grant;
use serde_json::json;
use store::platform::tenants;

use crate::cli::{self, ReplayFacts};
use crate::commands::explain;
use crate::open::Opened;
use crate::print::{self, Style};

/// Runs the command: over one tenant where one is named, else over all.
pub async fn run(opened: &Opened, command: &cli::Replay) -> anyhow::Result<()> {
    let mut tx = opened.store.system().await?;
    let mut tenants = tenants::list(&mut tx).await?;
    drop(tx);
    if let Some(named) = &opened.tenant_name {
        tenants.retain(|tenant| tenant.slug == *named);
    }
    let facts = match command.facts {
        ReplayFacts::Then => FactsOf::Then,
        ReplayFacts::Today => FactsOf::Today(opened.context().now()),
    };
    let replayed = replay::replay(&opened.store, &tenants, command.trace, command.policy, facts).await?;
    let told = |grant: &Grant| explain::told(None, grant);
    match opened.style {
        Style::Table => Ok(print::line(&replayed.lines(&told).join("\n"))?),
        Style::Json => {
            let decision = &replayed.decision;
            let trail = |steps: &[domain::access::trail::Step]| -> Vec<String> {
                steps.iter().map(ToString::to_string).collect()
            };
            let document = json!({
                "trace": decision.trace.as_str(),
                "tenant": replayed.tenant.slug.as_str(),
                "same": replayed.is_same(),
                "then": {
                    "policy_version": decision.policy_version,
                    "refusal": decision.refusal.map(|refusal| refusal.code()),
                    "granted": decision.granted.as_ref().map(told),
                    "trail": trail(&decision.trail),
                },
                "now": {
                    "policy_version": replayed.version,
                    "refusal": replayed.outcome.as_ref().err().map(|refusal| refusal.code()),
                    "granted": replayed.outcome.as_ref().ok().map(told),
                    "trail": trail(&replayed.trail),
                },
            });
            Ok(print::line(&serde_json::to_string_pretty(&document)?)?)
        }
    }
}
