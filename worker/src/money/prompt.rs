//! Sends a prompt: once.

use actions::money::prompt::{Begun, begin_prompt, note_prompt};
use domain::id::PaymentId;
use domain::money::claim::{Failure, FailureKind};
use domain::money::payment::{Payment, Purpose};
use domain::platform::job::Outcome;
use ports::gateway::{Prompt, Prompted};
use store::money::gateways::hex;
use store::money::payments::PromptToken;
use store::{StoreError, TenantScope};

use crate::money::Money;

impl Money {
    /// Sends the prompt of a payment. Returns what becomes of its job.
    pub async fn prompt(&self, scope: &TenantScope, id: PaymentId) -> Result<Outcome, StoreError> {
        let (payment, token) = match begin_prompt(&self.parts.store, scope, id, self.context()).await? {
            Begun::Send(payment, token) => (payment, token),
            Begun::Nothing(outcome) => return Ok(outcome),
        };
        let prompted = self.send(scope, &payment, &token).await?;
        note_prompt(&self.parts.store, scope, id, &prompted, self.context()).await
    }

    async fn send(&self, scope: &TenantScope, payment: &Payment, token: &PromptToken) -> Result<Prompted, StoreError> {
        let open = match payment.gateway {
            Some(gateway) => self.open(scope, gateway).await?,
            None => None,
        };
        let (Some(open), Some(phone)) = (open, &payment.phone) else {
            let words = "there is no gateway for it".to_owned();
            return Ok(Prompted::Refused(Failure { kind: FailureKind::Misconfigured, code: String::new(), words }));
        };
        let description = match payment.purpose {
            Purpose::Voucher { .. } => "WiFi",
            Purpose::Renewal { .. } => "Internet",
        };
        let token = hex(token);
        let prompt = Prompt {
            phone,
            amount: payment.price,
            reference: payment.reference.expose(),
            description,
            token: &token,
            now: self.now(),
        };
        Ok(self.parts.gateway.prompt(&open.account, &prompt).await)
    }
}
