//! The other door: the few tables that serve all tenants at once.
//!
//! Used by: the registry of routers (`network::nas::registry`), what is seen of them (`network::sightings`), the
//! authority of RadSec and all certificates in force (`network::certificates`), opening and finding tenants (`platform::tenants`),
//! counts for metrics (`access::sessions::count_open`), whose exceptions are open (`support::exceptions`), the operator's look at a decision
//! (`access::decisions::latest_by_trace_of_all`), saving the blocks of a node's log, which holds all its tenants'
//! records (`access::decisions::save`), joining them (`join_small`), letting go of old ones (`keep`), the feed of
//! changes to what nodes keep in memory (`changes`), what nodes tell each other (`platform::{nodes, leases, outages}`),
//! and whoever comes to the API and has yet to be told from whom: by a cookie (`people::sign_ins::touch`), a key
//! (`people::keys::touch`), a mail (`people::tokens::tenant_of`) or an address (`people::staff::by_email`), how often
//! they tried (`people::tries`), and in whose place the platform's people acted (`people::impersonations::{list_of_all,
//! run_out}`); and whoever takes jobs of whichever tenant (`platform::jobs::claim`), counts them (`piles`), or has one tried
//! again (`tenant_of`), ISPs' accounts and the price book for the platform's own people
//! (`platform::{accounts, tiers, settings, sign_ups}`), and the data keys of all when the master key changes
//! (`platform::data_keys`); and, of money, whose gateway a callback comes to (`money::gateways::of_token`), who has
//! something to be looked at (`money::due`), and telephones with a prompt on them (`money::prompt_locks`).

use std::sync::Arc;

use sqlx::{PgConnection, Postgres, Transaction};

use crate::error::StoreError;
use crate::sealing::Keyring;

/// A transaction over all tenants. Dropped without [`commit`](Self::commit), it is undone.
pub struct SystemTx {
    transaction: Transaction<'static, Postgres>,
    keyring: Arc<Keyring>,
}

impl std::fmt::Debug for SystemTx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SystemTx").finish_non_exhaustive()
    }
}

impl SystemTx {
    pub(crate) const fn new(transaction: Transaction<'static, Postgres>, keyring: Arc<Keyring>) -> Self {
        Self { transaction, keyring }
    }

    /// Makes everything durable.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.transaction.commit().await?)
    }

    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }

    pub(crate) fn keyring(&self) -> Arc<Keyring> {
        Arc::clone(&self.keyring)
    }
}
