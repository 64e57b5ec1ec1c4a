//! The queries about what needs a person.

use domain::id::SessionId;
use domain::support::exception::{Exception, ExceptionKind};
use store::Page;
use store::support::exceptions;

use super::Walk;
use crate::scene::{Isp, NOW, id};

/// Asks each as our tenant for what is theirs.
pub(super) async fn walk(walk: &mut Walk<'_>, their_trouble: &Exception) {
    case_of!(walk, "support::exceptions::open", |tx| {
        exceptions::open(tx, std::slice::from_ref(their_trouble)).await?;
        false
    });
    case_of!(walk, "support::exceptions::resolve", |tx| {
        let about = [their_trouble.about.clone()];
        exceptions::resolve(tx, ExceptionKind::SessionNotFollowing, &about, NOW, "seen").await? == 0
    });
    case_of!(walk, "support::exceptions::resolve_by_hand", |tx| {
        exceptions::resolve_by_hand(tx, their_trouble.id, NOW, "seen").await?.is_none()
    });
    case_of!(walk, "support::exceptions::resolve_ended", |tx| {
        exceptions::resolve_ended(tx, ExceptionKind::SessionNotFollowing, NOW).await? == 0
    });
    case_of!(walk, "support::exceptions::resolve_idle", |tx| {
        exceptions::resolve_idle(tx, ExceptionKind::SessionNotFollowing, NOW).await? == 0
    });
    case_of!(walk, "support::exceptions::list", |tx| exceptions::list(tx, true, Page::first(10))
        .await?
        .rows
        .is_empty());
}

/// Something of theirs that needs a person.
pub(super) fn trouble(of: &Isp, session: SessionId) -> Exception {
    Exception {
        id: id(),
        kind: ExceptionKind::SessionNotFollowing,
        about: session.to_string(),
        nas: Some(of.nas_id()),
        session: Some(session),
        holder: Some(of.holder()),
        what: "it does not answer".to_owned(),
        opened_at: NOW,
        seen_at: NOW,
        times: 1,
        resolved: None,
    }
}
