//! Reads callbacks that were kept. Each is a claim: the gateway is asked before anything is given.

use actions::money::hear_prompt::hear_prompt;
use actions::money::note_arrival::{Told, note_arrival};
use domain::id::PaymentId;
use domain::money::arrival::Source;
use domain::money::claim::{CallbackKind, Claim, Ended, Transfer};
use domain::money::gateway::PayTo;
use domain::money::payment::{Payment, PaymentState};
use domain::platform::tenant::Tenant;
use domain::time::Span;
use policy::money::polling;
use policy::money::settlement::Voice;
use store::money::callbacks::{self, Callback};
use store::money::payments;
use store::{StoreError, TenantScope};
use tracing::warn;

use crate::money::look::Looked;
use crate::money::{AT_ONCE, Money, places};

/// How long the answer to a prompt is waited for, when its callback was quicker.
const ANSWERED_WITHIN: Span = Span::seconds(45);

/// The longest wait between two readings of one callback.
const WAIT_MAX_SECONDS: i64 = 60;

/// What becomes of a callback.
enum Read {
    /// It is dealt with: what came of it.
    Done(String),
    /// It is read again.
    Later,
}

impl Money {
    /// Reads those that are due.
    pub(super) async fn read_callbacks(&self, scope: &TenantScope, isp: &Tenant) -> Result<(), StoreError> {
        let mut tx = self.parts.store.tenant(scope).await?;
        let due = callbacks::due(&mut tx, self.now(), AT_ONCE).await?;
        tx.commit().await?;
        for callback in due {
            let read = match self.read(scope, isp, &callback).await {
                Ok(read) => read,
                Err(why) if why.is_unavailable() => return Err(why),
                Err(why) => {
                    warn!(tenant.id = %scope.tenant(), callback.id = %callback.id, "a callback is read again later: {why}");
                    Read::Later
                }
            };
            let mut tx = self.parts.store.tenant(scope).await?;
            let age = self.now().since(callback.received_at);
            match read {
                Read::Done(outcome) => callbacks::finish(&mut tx, callback.id, &outcome).await?,
                Read::Later if age > polling::WATCHED => {
                    callbacks::finish(&mut tx, callback.id, "nobody could tell in two days whether it is true").await?;
                }
                Read::Later => {
                    let wait = i64::from(callback.tries).saturating_add(1).min(WAIT_MAX_SECONDS);
                    callbacks::postpone(&mut tx, callback.id, self.now().plus(Span::seconds(wait))).await?;
                }
            }
            tx.commit().await?;
        }
        Ok(())
    }

    async fn read(&self, scope: &TenantScope, isp: &Tenant, callback: &Callback) -> Result<Read, StoreError> {
        let claim = match self.parts.gateway.read_callback(callback.kind, &callback.body) {
            Ok(claim) => claim,
            Err(why) => return Ok(Read::Done(format!("it cannot be read: {}", why.why))),
        };
        match claim {
            Claim::Prompt { checkout, ended } => self.read_prompt(scope, isp, callback, &checkout, &ended).await,
            Claim::Transfer(_) if callback.kind == CallbackKind::Validation => {
                Ok(Read::Done("nothing moves by a validation".to_owned()))
            }
            Claim::Transfer(transfer) => self.read_transfer(scope, isp, callback, &transfer).await,
            Claim::Result { conversation, said } => {
                self.read_result(scope, isp, &conversation, &said).await.map(Read::Done)
            }
        }
    }

    /// Somebody says how a prompt ended.
    async fn read_prompt(
        &self,
        scope: &TenantScope,
        isp: &Tenant,
        callback: &Callback,
        checkout: &str,
        ended: &Ended,
    ) -> Result<Read, StoreError> {
        let Some(payment) = self.payment_of(scope, callback, checkout).await? else {
            return Ok(Read::Done("nobody's prompt".to_owned()));
        };
        let is_early = payment.state == PaymentState::Pushing && payment.checkout.is_none();
        if is_early && self.now().since(callback.received_at) < ANSWERED_WITHIN {
            return Ok(Read::Later);
        }
        if payment.checkout.as_deref().is_some_and(|known| known != checkout) {
            return Ok(Read::Done("it names another prompt than the payment's".to_owned()));
        }
        let Some(heard) = self.hear(scope, isp, payment.id, checkout, ended).await? else {
            return Ok(Read::Done("nobody's prompt".to_owned()));
        };
        if !heard {
            return Ok(Read::Done("heard".to_owned()));
        }
        match self.look(scope, isp, payment.id).await? {
            Looked::Ended(now) if now.state.is_paid() => {
                // The receipt that it names is taken now that the money is proven.
                self.hear(scope, isp, payment.id, checkout, ended).await?;
                Ok(Read::Done("the gateway says so, too".to_owned()))
            }
            Looked::Ended(_) => Ok(Read::Done("the gateway says that nothing was paid".to_owned())),
            Looked::NotYet | Looked::TooOften => Ok(Read::Later),
        }
    }

    /// Hears a callback. Returns whether the gateway is to be asked; `None` when there is no such payment.
    async fn hear(
        &self,
        scope: &TenantScope,
        isp: &Tenant,
        id: PaymentId,
        checkout: &str,
        ended: &Ended,
    ) -> Result<Option<bool>, StoreError> {
        let (store, context) = (&self.parts.store, self.context());
        let said = (ended, Voice::Callback);
        let heard = hear_prompt(store, scope, &isp.zone, (id, Some(checkout)), said, context).await?;
        Ok(heard.map(|heard| heard.is_claimed))
    }

    /// The payment that a callback is about: by the token of its address, or else by the prompt's number. A number that
    /// is another payment's is nobody's here.
    async fn payment_of(
        &self,
        scope: &TenantScope,
        callback: &Callback,
        checkout: &str,
    ) -> Result<Option<Payment>, StoreError> {
        let mut tx = self.parts.store.tenant(scope).await?;
        let by_checkout = payments::by_checkout(&mut tx, checkout).await?;
        let id = match &callback.prompt_token {
            Some(token) => payments::by_token(&mut tx, token).await?,
            None => by_checkout,
        };
        let payment = match id {
            Some(id) if by_checkout.is_none_or(|other| other == id) => payments::find(&mut tx, id).await?,
            Some(_) | None => None,
        };
        tx.commit().await?;
        Ok(payment.filter(|payment| payment.gateway == Some(callback.gateway)))
    }

    /// Somebody says that money has come to the shortcode.
    async fn read_transfer(
        &self,
        scope: &TenantScope,
        isp: &Tenant,
        callback: &Callback,
        transfer: &Transfer,
    ) -> Result<Read, StoreError> {
        let Some(open) = self.open(scope, callback.gateway).await? else {
            return Ok(Read::Done("there is no such gateway".to_owned()));
        };
        let is_till = matches!(&open.row.pay_to, PayTo::Till(till) if *till == transfer.shortcode);
        if transfer.shortcode != open.row.shortcode && !is_till {
            return Ok(Read::Done("it is of another shortcode".to_owned()));
        }
        let told = Told {
            gateway: &open.row,
            transfer,
            source: Source::Confirmation,
            is_proof: open.row.trusts_confirmations,
            for_whom: None,
        };
        note_arrival(&self.parts.store, scope, places(isp), told, self.context()).await?;
        Ok(Read::Done("noted".to_owned()))
    }
}
