//! Reads gateways' own books, so that money is found of which nobody has told us.

use actions::money::note_arrival::{Told, note_arrival};
use domain::money::arrival::Source;
use domain::platform::tenant::Tenant;
use domain::time::{Span, Timestamp};
use ports::gateway::Answer;
use store::money::gateways;
use store::{StoreError, TenantScope};
use tracing::warn;

use crate::money::{Money, Open, places};

/// How often books are read.
const EVERY: Span = Span::minutes(15);

/// What was read before is read again, for rows may come late.
const OVERLAP: Span = Span::minutes(30);

/// How far back a gateway's books go.
const BACK_MAX: Span = Span::minutes(48 * 60);

/// When a gateway that could not be asked is asked again.
const AGAIN: Span = Span::minutes(1);

/// When one that said no is asked again: somebody may have mended it.
const AGAIN_AFTER_NO: Span = Span::minutes(60);

/// Pages of one reading.
const PAGES_MAX: u32 = 100;

impl Money {
    /// Reads the books that are due.
    pub(super) async fn pull(&self, scope: &TenantScope, isp: &Tenant) -> Result<(), StoreError> {
        let now = self.now();
        let mut tx = self.parts.store.tenant(scope).await?;
        let due = gateways::list(&mut tx).await?;
        tx.commit().await?;
        for row in due.into_iter().filter(|row| row.pull_at.is_some_and(|at| at <= now)) {
            let Some(open) = self.open(scope, row.id).await? else { continue };
            let (until, next) = self.pull_one(scope, isp, &open, now).await?;
            let mut tx = self.parts.store.tenant(scope).await?;
            gateways::note_pull(&mut tx, open.row.id, until, next).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Reads one gateway's books. Returns up to when they are read, and when they are read next.
    async fn pull_one(
        &self,
        scope: &TenantScope,
        isp: &Tenant,
        open: &Open,
        now: Timestamp,
    ) -> Result<(Option<Timestamp>, Option<Timestamp>), StoreError> {
        let earliest = now.minus(BACK_MAX);
        let from = open.row.pulled_until.map_or(earliest, |until| until.minus(OVERLAP).max(earliest));
        let mut skip = 0;
        for _ in 0..PAGES_MAX {
            if !self.may_ask(open) {
                return Ok((None, Some(now.plus(AGAIN))));
            }
            let answer = self.parts.gateway.transfers(&open.account, (from, now), skip).await;
            let page = match answer {
                Answer::Said(page) => page,
                Answer::Later { .. } | Answer::NotNow { .. } => return Ok((None, Some(now.plus(AGAIN)))),
                Answer::No(failure) => {
                    warn!(tenant.id = %scope.tenant(), "a gateway's books cannot be read: {} {}", failure.code, failure.words);
                    return Ok((None, Some(now.plus(AGAIN_AFTER_NO))));
                }
                Answer::Unable { .. } => return Ok((None, None)),
            };
            if page.is_empty() {
                return Ok((Some(now), Some(now.plus(EVERY))));
            }
            for transfer in &page {
                let told = Told { gateway: &open.row, transfer, source: Source::Pull, is_proof: true, for_whom: None };
                note_arrival(&self.parts.store, scope, places(isp), told, self.context()).await?;
            }
            skip = skip.saturating_add(u32::try_from(page.len()).unwrap_or(u32::MAX));
        }
        // There is more than one reading takes: the rest is read next.
        Ok((None, Some(now.plus(AGAIN))))
    }
}
