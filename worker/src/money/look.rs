//! Asks gateways what became of payments of which nobody has said anything, or said that they are paid.

use actions::money::hear_prompt::{Heard, hear_prompt, note_look};
use domain::id::PaymentId;
use domain::money::claim::Ended;
use domain::platform::tenant::Tenant;
use policy::money::settlement::Voice;
use ports::gateway::Answer;
use store::money::payments;
use store::{StoreError, TenantScope};

use crate::money::{AT_ONCE, Money};

/// What came of asking.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Looked {
    /// The gateway has said how it ended.
    Ended(Heard),
    /// It has not, or could not be asked.
    NotYet,
    /// It may not be asked at this moment.
    TooOften,
}

impl Money {
    /// Looks at those whose moment has come.
    pub(super) async fn look_at_payments(&self, scope: &TenantScope, isp: &Tenant) -> Result<(), StoreError> {
        let mut tx = self.parts.store.tenant(scope).await?;
        let due = payments::due(&mut tx, self.now(), AT_ONCE).await?;
        tx.commit().await?;
        for id in due {
            // The rest stays due: it comes later, whoever is said to be paid first.
            if self.look(scope, isp, id).await? == Looked::TooOften {
                break;
            }
        }
        Ok(())
    }

    /// Asks the gateway what became of one payment, and settles it when that is proof.
    pub(super) async fn look(&self, scope: &TenantScope, isp: &Tenant, id: PaymentId) -> Result<Looked, StoreError> {
        let mut tx = self.parts.store.tenant(scope).await?;
        let payment = payments::find(&mut tx, id).await?;
        tx.commit().await?;
        let Some(payment) = payment else { return Ok(Looked::NotYet) };
        let open = match payment.gateway {
            Some(gateway) => self.open(scope, gateway).await?,
            None => None,
        };
        let (Some(open), Some(checkout)) = (open, payment.checkout) else {
            note_look(&self.parts.store, scope, id, "nobody knows the number of its prompt", self.context()).await?;
            return Ok(Looked::NotYet);
        };
        if !self.may_ask(&open) {
            return Ok(Looked::TooOften);
        }
        let said = match self.parts.gateway.look_up_prompt(&open.account, &checkout, self.now()).await {
            Answer::Said(Ended::Open { said }) => said,
            Answer::Said(ended) => {
                let heard = hear_prompt(
                    &self.parts.store,
                    scope,
                    &isp.zone,
                    (id, Some(&checkout)),
                    (&ended, Voice::Gateway),
                    self.context(),
                )
                .await?;
                return Ok(heard.map_or(Looked::NotYet, Looked::Ended));
            }
            Answer::Later { .. } => "the gateway answers later".to_owned(),
            Answer::No(failure) => format!("the gateway refuses to answer: {} {}", failure.code, failure.words),
            Answer::NotNow { why } | Answer::Unable { why } => why,
        };
        note_look(&self.parts.store, scope, id, &said, self.context()).await?;
        Ok(Looked::NotYet)
    }
}
