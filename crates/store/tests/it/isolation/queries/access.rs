//! The queries about devices.

use domain::access::facts::Holder;
use domain::mac::Mac;
use store::access::devices;

use super::Walk;
use crate::scene::{NOW, device};

/// Asks each as our tenant for what is theirs.
pub(super) async fn walk(walk: &mut Walk<'_>, their_holder: Holder) {
    case_of!(walk, "access::devices::list", |tx| devices::list(tx, their_holder).await?.is_empty());
    case_of!(walk, "access::devices::set_name", |tx| {
        !devices::set_name(tx, their_holder, &device(1), Some(&"Mine".parse().expect("good"))).await?
    });
    case_of!(walk, "access::devices::block", |tx| !devices::block(tx, their_holder, &device(1), NOW).await?);
    case_of!(walk, "access::devices::unblock", |tx| !devices::unblock(tx, their_holder, &device(1)).await?);
    case_of!(walk, "access::devices::note_release", |tx| !devices::note_release(tx, their_holder, &device(1), NOW)
        .await?);
    case_of!(walk, "access::devices::count_blocked", |tx| devices::count_blocked(tx, their_holder).await? == 0);
    case_of!(walk, "access::devices::free_place", |tx| {
        devices::free_place(tx, their_holder, &device(1), NOW).await?.is_empty()
    });
    case_of!(walk, "access::devices::introduce", |tx| {
        // Under their holder's id it becomes a row of ours, which opens nothing.
        devices::introduce(tx, their_holder, Mac::from_octets([0x02, 0, 0, 0, 0, 9]), NOW).await?;
        true
    });
}
