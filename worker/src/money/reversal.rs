//! Has gateways give money back: each is asked once.

use actions::money::ask_reversal::{Back, Begun, begin_reversal, note_reversal};
use domain::id::RefundId;
use domain::platform::job::Outcome;
use ports::gateway::Answer;
use store::platform::tenants;
use store::{StoreError, TenantScope};

use crate::money::Money;

impl Money {
    /// Gives money back. Returns what becomes of the job.
    pub async fn give_back_money(&self, scope: &TenantScope, id: RefundId) -> Result<Outcome, StoreError> {
        let mut tx = self.parts.store.tenant(scope).await?;
        let isp = tenants::own(&mut tx).await?;
        tx.commit().await?;
        let (store, zone) = (&self.parts.store, &isp.zone);
        let begun = begin_reversal(store, scope, zone, id, self.context()).await?;
        let Begun::Send { refund, gateway, receipt } = begun else { return Ok(Outcome::Done) };
        let back = match self.open(scope, gateway.id).await? {
            None => Back::Failed("there is no such gateway".to_owned()),
            Some(open) => {
                let (account, why) = (&open.account, refund.why.as_str());
                match self.parts.gateway.reverse(account, &receipt, refund.amount, why, self.now()).await {
                    Answer::Said(_) => Back::Done,
                    Answer::Later { conversation } => Back::Later(conversation),
                    Answer::No(failure) => Back::Failed(format!("{} {}", failure.code, failure.words)),
                    Answer::NotNow { why } => Back::NotNow(why),
                    Answer::Unable { why } => Back::Failed(why),
                }
            }
        };
        note_reversal(store, scope, zone, (id, &back), self.context()).await
    }
}
