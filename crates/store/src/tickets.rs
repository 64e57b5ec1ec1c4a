//! Tickets: what we give a stranger to carry and take back unread and unchanged, sealed with the master key.
//!
//! Nothing of a ticket is kept here. It says what it says to one tenant and for one purpose alone; how long it holds is
//! for whoever made it to say inside.

use domain::id::TenantId;
use domain::secret::SecretBytes;

use crate::error::StoreError;
use crate::pool::Store;
use crate::sealing::Place;

/// The most octets of a sealed ticket that are looked at.
const TICKET_MAX_BYTES: usize = 2_048;

impl Store {
    /// Seals a ticket of a tenant.
    pub fn seal_ticket(&self, tenant: TenantId, purpose: &'static str, clear: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.keyring().seal_shared(&place(tenant, purpose), &SecretBytes::new(clear.to_vec()))
    }

    /// Opens a ticket; `None` for what is not one of that tenant and purpose, or not ours at all.
    pub fn open_ticket(&self, tenant: TenantId, purpose: &'static str, sealed: &[u8]) -> Option<SecretBytes> {
        if sealed.len() > TICKET_MAX_BYTES {
            return None;
        }
        self.keyring().open_shared(&place(tenant, purpose), sealed).ok()
    }
}

const fn place(tenant: TenantId, purpose: &'static str) -> Place {
    Place::new("tickets", purpose, tenant.uuid())
}
