//! Money: sends prompts, reads what gateways say, asks them what became of payments, and reads their books.
//!
//! A callback is a hint and the gateway's own answer is the truth. Every step may be done twice, by two nodes at once, and
//! may be killed after any write: what was not finished is found again.

mod answers;
mod callbacks;
mod look;
mod pace;
mod prompt;
mod pull;
mod reversal;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actions::context::Context;
use actions::money::watch::tell_unproven;
use domain::id::{GatewayId, TenantId};
use domain::money::gateway::{GatewayAccount, IspGateway};
use domain::platform::tenant::Tenant;
use domain::time::Timestamp;
use policy::money::polling;
use ports::gateway::Gateway;
use ports::{Clock, Random};
use store::money::{self, gateways};
use store::platform::tenants;
use store::{Store, StoreError, TenantScope, TenantTx};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error};

use crate::money::pace::Pace;
use crate::sleep_or_stop;

/// How often it is looked for something to do.
const EVERY: Duration = Duration::from_millis(200);

/// Callbacks, payments or receipts of one ISP that are dealt with in one round.
const AT_ONCE: u16 = 50;

/// ISPs that are looked after at the same time.
const TENANTS_AT_ONCE: usize = 8;

/// What it needs.
pub struct MoneyParts {
    /// The database.
    pub store: Store,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The dice.
    pub random: Arc<dyn Random>,
    /// Who speaks to gateways.
    pub gateway: Arc<dyn Gateway>,
    /// Where callbacks come in, without a slash at the end: `https://pay.example.net`.
    pub callback_base: String,
}

impl std::fmt::Debug for MoneyParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MoneyParts").field("callback_base", &self.callback_base).finish_non_exhaustive()
    }
}

/// Deals with money.
#[derive(Clone)]
pub struct Money {
    parts: Arc<MoneyParts>,
    pace: Arc<Mutex<Pace>>,
    /// ISPs that are being looked after.
    busy: Arc<Mutex<BTreeSet<TenantId>>>,
}

impl std::fmt::Debug for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Money").finish_non_exhaustive()
    }
}

/// A gateway of an ISP, open.
struct Open {
    row: IspGateway,
    account: GatewayAccount,
}

impl Money {
    /// Deals with the money of that database.
    pub fn new(parts: MoneyParts) -> Self {
        Self { parts: Arc::new(parts), pace: Arc::default(), busy: Arc::default() }
    }

    fn context(&self) -> Context<'_> {
        Context::new(&*self.parts.clock, &*self.parts.random)
    }

    fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// Does all that is due at this moment, and waits for it. Returns how many ISPs had anything.
    pub async fn step(&self) -> Result<usize, StoreError> {
        let due = self.due().await?;
        let count = due.len();
        for some in due.chunks(TENANTS_AT_ONCE) {
            let mut looking = JoinSet::new();
            for tenant in some.iter().copied() {
                let money = self.clone();
                looking.spawn(async move { money.look_after(tenant).await });
            }
            while let Some(done) = looking.join_next().await {
                done.map_err(|_| StoreError::Bug { reason: "a duty about money panicked".to_owned() })??;
            }
        }
        Ok(count)
    }

    /// Deals with money until `shutdown`, while `holds` says so. A slow gateway keeps its own ISP waiting and no other.
    pub async fn run(self, holds: impl Fn() -> bool + Send, shutdown: CancellationToken) {
        let mut looking = JoinSet::new();
        loop {
            if holds() {
                match self.due().await {
                    Ok(due) => {
                        for tenant in due {
                            let is_free = looking.len() < TENANTS_AT_ONCE && self.take(tenant);
                            if is_free {
                                let money = self.clone();
                                looking.spawn(async move {
                                    let done = money.look_after(tenant).await;
                                    money.give_back(tenant);
                                    if let Err(why) = done {
                                        complain(tenant, &why);
                                    }
                                });
                            }
                        }
                    }
                    Err(why) if why.is_unavailable() => debug!("money waits for the database: {why}"),
                    Err(why) => error!("it cannot be looked for money: {why}"),
                }
            }
            while looking.try_join_next().is_some() {}
            if sleep_or_stop(EVERY, &shutdown).await {
                break;
            }
        }
        while looking.join_next().await.is_some() {}
    }

    fn take(&self, tenant: TenantId) -> bool {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant)
    }

    fn give_back(&self, tenant: TenantId) {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&tenant);
    }

    /// Who has anything to be looked at.
    async fn due(&self) -> Result<Vec<TenantId>, StoreError> {
        let now = self.now();
        let mut tx = self.parts.store.system().await?;
        let due = money::due(&mut tx, now, now.minus(polling::PROVEN_WITHIN)).await?;
        tx.commit().await?;
        let all = [due.callbacks, due.payments, due.unproven, due.inquiries, due.pulls].concat();
        let mut all: Vec<TenantId> = all.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        all.sort_unstable();
        Ok(all)
    }

    /// Looks after one ISP: what was said first, for somebody waits for it; then what nobody has said anything of.
    async fn look_after(&self, tenant: TenantId) -> Result<(), StoreError> {
        let scope = TenantScope::of_operator(tenant);
        let mut tx = self.parts.store.tenant(&scope).await?;
        let isp = tenants::own(&mut tx).await?;
        tx.commit().await?;
        self.read_callbacks(&scope, &isp).await?;
        self.look_at_payments(&scope, &isp).await?;
        self.ask_about_receipts(&scope, &isp).await?;
        self.pull(&scope, &isp).await?;
        tell_unproven(&self.parts.store, &scope, &isp.zone, self.context()).await?;
        Ok(())
    }

    /// A gateway, as it is asked; `None` when there is no such gateway.
    async fn open(&self, scope: &TenantScope, id: GatewayId) -> Result<Option<Open>, StoreError> {
        let mut tx: TenantTx = self.parts.store.tenant(scope).await?;
        let row = gateways::find(&mut tx, id).await?;
        let opened = gateways::open(&mut tx, id).await?;
        tx.commit().await?;
        Ok(row.zip(opened).map(|(row, opened)| {
            let account = opened.account(&row, &self.parts.callback_base);
            Open { row, account }
        }))
    }

    /// Whether a gateway may be asked now without being asked too often.
    fn may_ask(&self, open: &Open) -> bool {
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        pace.may(&open.account, open.row.looks_per_minute, self.now())
    }
}

/// What deeds about an ISP's money need of it.
const fn places(isp: &Tenant) -> (&domain::time::Zone, &domain::phone::CallingCode) {
    (&isp.zone, &isp.calling_code)
}

fn complain(tenant: TenantId, why: &StoreError) {
    if why.is_unavailable() {
        debug!(tenant.id = %tenant, "money of an ISP waits for the database: {why}");
    } else {
        error!(tenant.id = %tenant, "money of an ISP cannot be dealt with, of the others it is: {why}");
    }
}
