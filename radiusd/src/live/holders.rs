//! Where the live state of a holder is found.

use domain::access::facts::Holder;
use domain::id::TenantId;
use domain::sales::plan::DeviceCap;
use smallvec::SmallVec;

use crate::directory::book::{Book, NameEntry};
use crate::live::holder::HolderLive;

/// Those who are in memory. Nothing here waits for anything but a holder's own lock.
pub(crate) trait Holders: Sync + std::fmt::Debug {
    /// Hands a holder of this tenant to `change`, behind its lock, with its device cap. False when it is not in memory
    /// or is another tenant's.
    fn with(&self, tenant: TenantId, holder: Holder, change: &mut dyn FnMut(&mut HolderLive, DeviceCap)) -> bool;

    /// The holders that a User-Name means to this tenant, as far as they are in memory, the likeliest first.
    fn named(&self, tenant: TenantId, user_name: &str) -> SmallVec<[Holder; 1]>;

    /// Hands every holder that is in memory to `change`, each behind its lock.
    fn each(&self, change: &mut dyn FnMut(TenantId, Holder, &mut HolderLive));
}

impl Holders for Book {
    fn with(&self, tenant: TenantId, holder: Holder, change: &mut dyn FnMut(&mut HolderLive, DeviceCap)) -> bool {
        let Some(entry) = self.right(holder.uuid()).filter(|entry| entry.tenant == tenant && entry.holder == holder)
        else {
            return false;
        };
        let cap = entry.facts.load().plan.load().terms.device_cap;
        change(&mut entry.live(), cap);
        true
    }

    fn named(&self, tenant: TenantId, user_name: &str) -> SmallVec<[Holder; 1]> {
        let of = |entry: &NameEntry| entry.meanings.iter().map(|(right, _)| right.holder).collect();
        self.with(tenant, user_name.as_bytes(), of).unwrap_or_default()
    }

    fn each(&self, change: &mut dyn FnMut(TenantId, Holder, &mut HolderLive)) {
        for entry in self.rights() {
            change(entry.tenant, entry.holder, &mut entry.live());
        }
    }
}
