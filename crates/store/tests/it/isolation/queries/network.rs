//! The queries about routers, and what happens with them, that lists and live pages ask.

use domain::support::exception::Exception;
use domain::time::Span;
use store::Page;
use store::access::online;
use store::network::nas::{self, NasFilter};
use store::support::exceptions;

use super::Walk;
use crate::scene::NOW;

/// Asks each as our tenant for what is theirs.
pub(super) async fn walk(walk: &mut Walk<'_>, their_trouble: &Exception) {
    let (ours, theirs) = (walk.scene.ours.nas_id(), &walk.scene.theirs);
    let long_ago = NOW.minus(Span::minutes(60));
    let all = NasFilter { text: None, with_retired: true };

    case_of!(walk, "network::nas::lock", |tx| nas::lock(tx, theirs.nas_id()).await?.is_none());
    case_of!(walk, "network::nas::searching::search", |tx| {
        nas::search(tx, &all, Page::first(10)).await?.rows.iter().all(|one| one.nas.id == ours)
    });
    case_of!(walk, "network::nas::searching::search_by_name", |tx| {
        nas::search_by_name(tx, &all, Page::first(10)).await?.rows.iter().all(|one| one.nas.id == ours)
    });
    case_of!(walk, "access::online::begun_since", |tx| {
        online::begun_since(tx, long_ago, 100).await?.iter().all(|id| Some(*id) != their_trouble.session)
    });
    case_of!(walk, "access::online::ended_since", |tx| {
        online::ended_since(tx, long_ago, 100).await?.iter().all(|id| Some(*id) != their_trouble.session)
    });
    case_of!(walk, "support::exceptions::find", |tx| exceptions::find(tx, their_trouble.id).await?.is_none());
    case_of!(walk, "support::exceptions::changed_since", |tx| {
        exceptions::changed_since(tx, long_ago, 10).await?.iter().all(|one| one.id != their_trouble.id)
    });
}
