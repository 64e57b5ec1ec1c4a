//! The only door to a tenant's rows.

use std::sync::Arc;

use domain::id::TenantId;
use domain::secret::SecretBytes;
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

use crate::error::StoreError;
use crate::scope::TenantScope;
use crate::sealing::{Keyring, Place, TenantKeys};

/// A transaction that sees one tenant's rows. Dropped without [`commit`](Self::commit), it is undone.
pub struct TenantTx {
    transaction: Transaction<'static, Postgres>,
    tenant: TenantId,
    keyring: Arc<Keyring>,
}

impl std::fmt::Debug for TenantTx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TenantTx").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

impl TenantTx {
    pub(crate) const fn new(
        transaction: Transaction<'static, Postgres>,
        tenant: TenantId,
        keyring: Arc<Keyring>,
    ) -> Self {
        Self { transaction, tenant, keyring }
    }

    /// The tenant whose rows these are.
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The same transaction, which sees another tenant's rows from now on, and none of the first one's any more: for a
    /// deed that two tenants are told of, as a whole or not at all. Whoever calls has the door to both.
    ///
    /// One transaction instead of two at once: whoever waits for a second connection while they hold one may wait for
    /// others who do the same.
    pub async fn turned_to(mut self, scope: &TenantScope) -> Result<Self, StoreError> {
        let tenant = scope.tenant();
        // A statement sees the rows of the tenant that is set when it begins, so there is no moment with both.
        sqlx::query("select set_config('app.tenant', $1, true)")
            .bind(tenant.uuid().to_string())
            .execute(self.connection())
            .await?;
        Ok(Self { tenant, ..self })
    }

    /// Makes everything durable. Nothing may be answered to a NAS before this returns.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.transaction.commit().await?)
    }

    /// Lets the commit return before the disk has it: for records whose loss in a power cut would harm nobody.
    pub async fn relaxed_durability(&mut self) -> Result<(), StoreError> {
        sqlx::query("set local synchronous_commit = off").execute(self.connection()).await?;
        Ok(())
    }

    pub(crate) const fn tenant_uuid(&self) -> Uuid {
        self.tenant.uuid()
    }

    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }

    pub(crate) fn keyring(&self) -> Arc<Keyring> {
        Arc::clone(&self.keyring)
    }

    /// The tenant's data keys, to open with; read from the database once, and again for a value whose key is not among
    /// them.
    pub(crate) async fn keys(&mut self) -> Result<Arc<TenantKeys>, StoreError> {
        match self.keyring.opened(self.tenant) {
            Some(keys) => Ok(keys),
            None => self.read_keys().await,
        }
    }

    /// The tenant's data keys, to seal with: the newest that there is is among them, for by those before it nothing may
    /// be sealed any more.
    pub(crate) async fn sealing_keys(&mut self) -> Result<Arc<TenantKeys>, StoreError> {
        let tenant = self.tenant_uuid();
        let newest = sqlx::query_scalar!("select max(version) from tenant_keys where tenant_id = $1", tenant)
            .fetch_one(self.connection())
            .await?;
        match self.keyring.opened(self.tenant) {
            Some(keys) if Some(i32::from(keys.newest())) == newest => Ok(keys),
            Some(_) | None => self.read_keys().await,
        }
    }

    /// Opens a sealed value of this tenant.
    pub(crate) async fn unseal(&mut self, place: &Place, sealed: &[u8]) -> Result<SecretBytes, StoreError> {
        let mut keys = self.keys().await?;
        if !keys.knows_key_of(sealed) {
            keys = self.read_keys().await?;
        }
        keys.open(place, sealed)
    }

    /// The data keys anew, for one that was added since.
    pub(crate) async fn read_keys(&mut self) -> Result<Arc<TenantKeys>, StoreError> {
        let tenant = self.tenant_uuid();
        let rows = sqlx::query!("select version, wrapped from tenant_keys where tenant_id = $1", tenant)
            .fetch_all(self.connection())
            .await?;
        self.keyring.open_keys(self.tenant, rows.into_iter().map(|row| (row.version, row.wrapped)))
    }
}
