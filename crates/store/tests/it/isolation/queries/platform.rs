//! The queries about tenants themselves.

use domain::platform::audit::{Entry, Thing};
use domain::platform::house::HouseRules;
use store::Page;
use store::platform::{audit, tenants};

use super::Walk;

/// Asks each as our tenant for what is theirs.
pub(super) async fn walk(walk: &mut Walk<'_>, their_entry: &Entry) {
    let theirs = &walk.scene.theirs;

    case_of!(walk, "platform::audit::list", |tx| {
        let all = audit::list(tx, None, Page::first(10)).await?.rows;
        all.is_empty() && audit::list(tx, Some(their_entry.thing), Page::first(10)).await?.rows.is_empty()
    });
    case_of!(walk, "platform::audit::names", |tx| {
        let things = [Thing::Plan(theirs.plan.id), Thing::Voucher(theirs.voucher)];
        audit::names(tx, &things).await?.is_empty()
    });
    case_of!(walk, "platform::audit::note", |tx| {
        // Under their id: it becomes a row of ours.
        audit::note(tx, std::slice::from_ref(their_entry)).await?;
        true
    });
    case_of!(walk, "platform::tenants::house", |tx| tenants::house(tx).await? == HouseRules::default());
}
