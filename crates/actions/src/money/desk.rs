//! The desk of one deed about money: its transaction, and what is to be noted when it ends.

use domain::access::facts::Holder;
use domain::id::{ArrivalId, PaymentId, RefundId};
use domain::money::posting::{Entry as LedgerEntry, EntryKind, NotBalanced, Postings};
use domain::money::{Money, MoneyError};
use domain::platform::audit::{Change, Entry, Thing, Verb};
use domain::support::exception::{Exception, ExceptionKind};
use domain::time::{Timestamp, Zone};
use store::money::ledger;
use store::platform::audit;
use store::support::exceptions;
use store::{Store, StoreError, TenantScope, TenantTx};

use crate::context::Context;

/// Most characters of what an exception says.
const WHAT_MAX: usize = 500;

/// A deed about money, under way.
pub(crate) struct Desk<'a> {
    pub(crate) tx: TenantTx,
    pub(crate) zone: &'a Zone,
    pub(crate) context: Context<'a>,
    audit: Vec<Entry>,
}

impl<'a> Desk<'a> {
    pub(crate) async fn open(
        store: &Store,
        scope: &TenantScope,
        zone: &'a Zone,
        context: Context<'a>,
    ) -> Result<Self, StoreError> {
        Ok(Self { tx: store.tenant(scope).await?, zone, context, audit: Vec::new() })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.context.now()
    }

    /// Writes an entry of the ledger.
    pub(crate) async fn post(
        &mut self,
        kind: EntryKind,
        postings: Result<Postings, NotBalanced>,
        about: About,
    ) -> Result<(), StoreError> {
        let postings = postings.map_err(unbalanced)?;
        let About { arrival, payment, refund } = about;
        let entry = LedgerEntry { id: self.context.new_id(), at: self.now(), kind, arrival, payment, refund, postings };
        ledger::post(&mut self.tx, &entry).await
    }

    /// Tells staff of something.
    pub(crate) async fn tell(
        &mut self,
        kind: ExceptionKind,
        about: impl ToString,
        holder: Option<Holder>,
        what: String,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let trouble = Exception {
            id: self.context.new_id(),
            kind,
            about: about.to_string(),
            nas: None,
            session: None,
            holder,
            what: what.chars().take(WHAT_MAX).collect(),
            opened_at: now,
            seen_at: now,
            times: 1,
            resolved: None,
        };
        exceptions::open(&mut self.tx, &[trouble]).await
    }

    /// What staff was told of is over.
    pub(crate) async fn is_over(
        &mut self,
        kind: ExceptionKind,
        about: impl ToString,
        how: &str,
    ) -> Result<(), StoreError> {
        let now = self.now();
        exceptions::resolve(&mut self.tx, kind, &[about.to_string()], now, how).await.map(drop)
    }

    /// Has it in the audit, at the end.
    pub(crate) fn note(&mut self, verb: Verb, thing: Thing, changes: Vec<Change>) {
        self.audit.push(self.context.audit(verb, thing, changes));
    }

    /// Ends it: the audit last, for it keeps others of this ISP waiting.
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        audit::note(&mut self.tx, &self.audit).await?;
        self.tx.commit().await
    }
}

/// What an entry of the ledger is about.
#[derive(Clone, Copy, Default)]
pub(crate) struct About {
    pub(crate) arrival: Option<ArrivalId>,
    pub(crate) payment: Option<PaymentId>,
    pub(crate) refund: Option<RefundId>,
}

/// Rules made an entry that is none.
fn unbalanced(why: NotBalanced) -> StoreError {
    StoreError::Bug { reason: format!("an entry was not made well: {why}") }
}

/// Amounts that cannot be compared: those of one ISP are in one currency.
pub(crate) fn astray(why: MoneyError) -> StoreError {
    StoreError::Bug { reason: format!("amounts cannot be compared: {why}") }
}

/// How audits show an amount.
pub(crate) fn amount(amount: Money) -> Change {
    Change::of("amount", None, Some(amount))
}
