//! The queries about lists of what is sold, and about customers.

use domain::id::{CustomerId, StaffId};
use domain::people::customer::Customer;
use domain::phone::CallingCode;
use store::Page;
use store::listing::{Direction, Search};
use store::people::{customers, subscribers};
use store::platform::tenants;
use store::sales::vouchers::many;
use store::sales::{batches, vouchers};

use super::Walk;
use crate::scene::{Isp, NOW, id, in_seconds};

/// Asks each as our tenant for what is theirs.
pub(super) async fn walk(walk: &mut Walk<'_>, theirs: &Isp, their_customer: &Customer) {
    let scene = walk.scene;
    let (their_id, their_zone) = (their_customer.id, their_customer.profile.zone.expect("set"));
    let ours = &scene.ours;
    let kenya = CallingCode::kenya();
    let searches = [Some(Search::new("", &kenya)), Some(Search::new("0712", &kenya)), None];

    case_of!(walk, "people::customers::assign", |tx| {
        customers::assign(tx, &[their_id], Some(id() as StaffId), NOW).await?.is_empty()
    });
    case_of!(walk, "people::customers::find", |tx| {
        customers::find(tx, their_id, None).await?.is_none()
            && customers::find(tx, their_id, Some(&[their_zone])).await?.is_none()
    });
    case_of!(walk, "people::customers::insert_many", |tx| {
        // Under their id: it becomes a row of ours.
        let mut twin = their_customer.clone();
        twin.profile.zone = None;
        customers::insert_many(tx, &[twin]).await?;
        let twin = customers::find(tx, their_id, None).await?;
        customers::remove(tx, their_id).await?;
        twin.is_some()
    });
    case_of!(walk, "people::customers::listing::list", |tx| {
        let mut nothing = true;
        for search in &searches {
            for zones in [None, Some(vec![their_zone])] {
                let filter = customers::listing::Filter { zones, search: search.clone(), ..Default::default() };
                let sorted = (customers::listing::Sort::Name, Direction::Up);
                nothing &= customers::listing::list(tx, &filter, sorted, Page::first(10)).await?.rows.is_empty();
            }
        }
        let filter = customers::listing::Filter { ids: Some(vec![their_id]), ..Default::default() };
        nothing && customers::listing::list(tx, &filter, <_>::default(), Page::first(10)).await?.rows.is_empty()
    });
    case_of!(walk, "people::customers::lock", |tx| customers::lock(tx, their_id, None).await?.is_none());
    case_of!(walk, "people::customers::remove", |tx| !customers::remove(tx, their_id).await?);
    case_of!(walk, "people::customers::save", |tx| {
        customers::save(tx, their_customer).await?;
        false
    });
    case_of!(walk, "people::subscribers::change", |tx| {
        // Under their id there may be a row of ours by now: another case adds one.
        let changes = subscribers::Changes { phone: Some(None), ..subscribers::Changes::default() };
        subscribers::change(tx, theirs.subscriber, &changes).await?;
        true
    });
    case_of!(walk, "people::subscribers::that_are_in", |tx| {
        subscribers::that_are_in(tx, &[theirs.subscriber], &[their_zone]).await?.is_empty()
    });
    case_of!(walk, "sales::vouchers::lock", |tx| {
        vouchers::lock(tx, theirs.voucher).await?.is_none_or(|voucher| voucher.plan == ours.plan.id)
    });
    case_of!(walk, "people::subscribers::find", |tx| {
        let found = subscribers::find(tx, theirs.subscriber, None).await?;
        found.is_none_or(|record| record.subscriber.plan == ours.plan.id)
    });
    case_of!(walk, "people::subscribers::listing::list", |tx| {
        let mut nothing = true;
        for search in &searches {
            let filter = subscribers::listing::Filter { search: search.clone(), ..Default::default() };
            let listed = subscribers::listing::list(tx, &filter, <_>::default(), Page::first(10)).await?.rows;
            nothing &= listed.iter().all(|record| record.subscriber.plan == ours.plan.id);
        }
        nothing
    });
    case_of!(walk, "platform::tenants::own", |tx| tenants::own(tx).await?.id == ours.tenant_id());
    case_of!(walk, "sales::batches::find", |tx| batches::find(tx, theirs.batch.id).await?.is_none());
    case_of!(walk, "sales::batches::listing::list", |tx| {
        let mut nothing = true;
        for search in &searches {
            let filter = batches::listing::Filter { search: search.clone(), ..Default::default() };
            let listed = batches::listing::list(tx, &filter, Direction::Down, Page::first(10)).await?.rows;
            nothing &= listed.iter().all(|batch| batch.plan == ours.plan.id);
        }
        nothing
    });
    case_of!(walk, "sales::vouchers::find", |tx| vouchers::find(tx, theirs.voucher).await?.is_none());
    case_of!(walk, "sales::vouchers::give_to", |tx| {
        vouchers::give_to(tx, &[theirs.voucher], None::<CustomerId>).await? == 0
    });
    case_of!(walk, "sales::vouchers::many::mark_many_sold", |tx| {
        many::mark_many_sold(tx, &[(theirs.voucher, None)], NOW).await?.is_empty()
    });
    case_of!(walk, "sales::vouchers::many::move_ends", |tx| {
        many::move_ends(tx, &[(theirs.voucher, in_seconds(60), in_seconds(90))]).await?.is_empty()
    });
    case_of!(walk, "sales::vouchers::many::revoke_many", |tx| {
        many::revoke_many(tx, &[theirs.voucher], NOW).await?.is_empty()
    });
    case_of!(walk, "sales::vouchers::listing::list", |tx| {
        let mut nothing = true;
        for search in &searches {
            let filter = vouchers::listing::Filter { search: search.clone(), ..Default::default() };
            let listed = vouchers::listing::list(tx, &filter, <_>::default(), Page::first(10)).await?.rows;
            nothing &= listed.iter().all(|voucher| voucher.plan == ours.plan.id);
        }
        nothing
    });
}
