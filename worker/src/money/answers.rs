//! Asks gateways about receipts, and takes the answers that come later.

use actions::money::ask_reversal::{Back, note_reversal};
use actions::money::balance::note_balance;
use actions::money::note_standing::{note_standing, note_unanswered};
use domain::money::claim::ResultSaid;
use domain::money::inquiry::Inquiry;
use domain::platform::tenant::Tenant;
use ports::gateway::Answer;
use store::money::gateways::seen;
use store::money::{inquiries, refunds};
use store::{StoreError, TenantScope};

use crate::money::{AT_ONCE, Money, places};

impl Money {
    /// Asks about those that are due.
    pub(super) async fn ask_about_receipts(&self, scope: &TenantScope, isp: &Tenant) -> Result<(), StoreError> {
        let mut tx = self.parts.store.tenant(scope).await?;
        let due = inquiries::due(&mut tx, self.now(), AT_ONCE).await?;
        tx.commit().await?;
        for inquiry in due {
            if !self.ask_about(scope, isp, &inquiry).await? {
                break;
            }
        }
        Ok(())
    }

    /// Asks about one receipt. Returns whether it may be asked about others, too.
    async fn ask_about(&self, scope: &TenantScope, isp: &Tenant, inquiry: &Inquiry) -> Result<bool, StoreError> {
        let (store, context) = (&self.parts.store, self.context());
        let Some(open) = self.open(scope, inquiry.gateway).await? else { return Ok(true) };
        if !self.may_ask(&open) {
            return Ok(false);
        }
        let answer = self.parts.gateway.look_up_receipt(&open.account, &inquiry.receipt, self.now()).await;
        match answer {
            Answer::Said(standing) => {
                note_standing(store, scope, places(isp), (inquiry.id, &standing), context).await?;
            }
            Answer::Later { conversation } => {
                let why = ("the gateway has not answered", false);
                note_unanswered(store, scope, (inquiry.id, Some(&conversation)), why, context).await?;
            }
            Answer::No(failure) => {
                let why = format!("the gateway refuses to answer: {} {}", failure.code, failure.words);
                note_unanswered(store, scope, (inquiry.id, None), (&why, true), context).await?;
            }
            Answer::NotNow { why } => {
                note_unanswered(store, scope, (inquiry.id, None), (&why, false), context).await?;
            }
            Answer::Unable { why } => {
                note_unanswered(store, scope, (inquiry.id, None), (&why, true), context).await?;
            }
        }
        Ok(true)
    }

    /// An answer has come to something that we asked. Only whoever was asked knows the number of our question.
    pub(super) async fn read_result(
        &self,
        scope: &TenantScope,
        isp: &Tenant,
        conversation: &str,
        said: &ResultSaid,
    ) -> Result<String, StoreError> {
        let mut tx = self.parts.store.tenant(scope).await?;
        let inquiry = inquiries::by_conversation(&mut tx, conversation).await?;
        let refund = refunds::by_conversation(&mut tx, conversation).await?;
        let balance = seen::by_conversation(&mut tx, conversation).await?;
        tx.commit().await?;
        let (store, context) = (&self.parts.store, self.context());
        if let Some(id) = refund {
            let back = match said {
                ResultSaid::Done(_) => Back::Done,
                ResultSaid::Failed(failure) => Back::Failed(format!("{} {}", failure.code, failure.words)),
                ResultSaid::Money(_) | ResultSaid::Balance(_) => {
                    return Ok("the answer is about something else".to_owned());
                }
            };
            note_reversal(store, scope, &isp.zone, (id, &back), context).await?;
            return Ok("answered".to_owned());
        }
        if let Some(id) = balance {
            let accounts = match said {
                ResultSaid::Balance(accounts) => Some(&accounts[..]),
                ResultSaid::Failed(_) => None,
                ResultSaid::Money(_) | ResultSaid::Done(_) => {
                    return Ok("the answer is about something else".to_owned());
                }
            };
            note_balance(store, scope, (id, accounts), context).await?;
            return Ok("answered".to_owned());
        }
        match (inquiry, said) {
            (Some(id), ResultSaid::Money(standing)) => {
                note_standing(store, scope, places(isp), (id, standing), context).await?;
                Ok("answered".to_owned())
            }
            (Some(id), ResultSaid::Failed(failure)) => {
                let why = format!("the gateway cannot tell: {} {}", failure.code, failure.words);
                note_unanswered(store, scope, (id, None), (&why, true), context).await?;
                Ok(why)
            }
            (Some(_) | None, _) => Ok("nobody has asked that".to_owned()),
        }
    }
}
