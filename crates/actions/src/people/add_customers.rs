//! Adds customers, one or a whole list.

use domain::id::StaffId;
use domain::people::customer::{Customer, Profile};
use domain::platform::audit::{Change, Thing, Verb};
use store::people::customers;
use store::platform::audit;
use store::{Store, StoreError, TenantScope};

use crate::context::Context;

/// Adds customers, all or none, in this order. `assigned_to` looks after all of them.
pub async fn add_customers(
    store: &Store,
    scope: &TenantScope,
    profiles: Vec<Profile>,
    assigned_to: Option<StaffId>,
    context: Context<'_>,
) -> Result<Vec<Customer>, StoreError> {
    let now = context.now();
    let added: Vec<Customer> = profiles
        .into_iter()
        .map(|profile| Customer {
            id: context.new_id(),
            profile,
            assigned_to,
            revision: 1,
            created_at: now,
            changed_at: now,
        })
        .collect();
    let entries: Vec<_> = added
        .iter()
        .map(|customer| {
            let changes = vec![Change::of("name", None, Some(&customer.profile.name))];
            context.audit(Verb::AddCustomer, Thing::Customer(customer.id), changes)
        })
        .collect();
    let mut tx = store.tenant(scope).await?;
    customers::insert_many(&mut tx, &added).await?;
    audit::note(&mut tx, &entries).await?;
    tx.commit().await?;
    Ok(added)
}
