//! The queries about tenants themselves.

use domain::id::JobId;
use domain::messages::letter::Letter;
use domain::platform::audit::{Entry, Thing};
use domain::platform::house::HouseRules;
use domain::platform::job::Work;
use domain::secret::{Secret, SecretBytes};
use store::Page;
use store::platform::audit::{self, Search};
use store::platform::data_keys;
use store::platform::idempotency::{self, Asked, Begun};
use store::platform::jobs::{self, NewJob};
use store::platform::tenants;
use uuid::Uuid;

use super::Walk;
use crate::isolation::inventory::all_rows_of;
use crate::scene::{NOW, Scene, id, in_seconds};

/// Ids of a request of ours and of one of theirs.
const OURS: Uuid = Uuid::from_bytes([6; 16]);
const THEIRS: Uuid = Uuid::from_bytes([7; 16]);
/// Their job.
pub(super) const THEIR_JOB: JobId = JobId::from_bytes([0x77; 16]);

/// Gives them what is to be looked for.
pub(super) async fn set_up(scene: &Scene) {
    let mut tx = scene.their_tx().await;
    jobs::enqueue(&mut tx, &letter(THEIR_JOB)).await.expect("written");
    tx.commit().await.expect("commits");
}

fn letter(id: JobId) -> NewJob {
    let letter = Letter {
        to: "anna@example.net".parse().expect("good"),
        from_name: "Rift".to_owned(),
        subject: "Hello".to_owned(),
        text: Secret::new("a code".to_owned()),
    };
    NewJob { id, about: "a letter".to_owned(), work: Work::Mail(letter), now: NOW }
}

/// Asks each as our tenant for what is theirs.
pub(super) async fn walk(walk: &mut Walk<'_>, their_entry: &Entry) {
    let theirs = &walk.scene.theirs;

    case_of!(walk, "platform::audit::search", |tx| {
        let of_theirs = Search { thing: Some(their_entry.thing.uuid()), ..Search::default() };
        let all = audit::search(tx, &Search::default(), Page::first(10)).await?.rows;
        all.is_empty() && audit::search(tx, &of_theirs, Page::first(10)).await?.rows.is_empty()
    });
    case_of!(walk, "platform::audit::search_text", |tx| {
        let of_theirs = Search { thing: Some(their_entry.thing.uuid()), ..Search::default() };
        audit::search_text(tx, &of_theirs, "", Page::first(10)).await?.rows.is_empty()
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
    let asked = Asked { caller: [7; 32], key: "their-word", asked: [7; 32] };
    let mut tx = walk.scene.their_tx().await;
    idempotency::begin(&mut tx, THEIRS, &asked, NOW).await.expect("begun");
    tx.commit().await.expect("committed");
    walk.before = all_rows_of(walk.scene, theirs.tenant_id().uuid()).await;
    let answer = SecretBytes::new(b"ours".to_vec());
    case_of!(walk, "platform::idempotency::begin", |tx| {
        matches!(idempotency::begin(tx, OURS, &asked, NOW).await?, Begun::Fresh(_))
    });
    case_of!(walk, "platform::idempotency::finish", |tx| {
        idempotency::finish(tx, THEIRS, 200, &answer).await?;
        true
    });
    case_of!(walk, "platform::idempotency::forget", |tx| {
        idempotency::forget(tx, THEIRS).await?;
        true
    });
    case_of!(walk, "platform::tenants::demands_totp", |tx| !tenants::demands_totp(tx).await?);
    case_of!(walk, "platform::tenants::set_demands_totp", |tx| !tenants::set_demands_totp(tx, true).await?);
    case_of!(walk, "platform::tenants::named", |tx| tenants::named(tx).await?.0
        == walk.scene.ours.tenant.slug.as_str());
    case_of!(walk, "platform::tenants::house", |tx| tenants::house(tx).await? == HouseRules::default());
    case_of!(walk, "platform::audit::chain::verify", |tx| {
        let verified = audit::verify(tx).await?;
        // The case before has added one of ours.
        verified.entries == 1 && verified.fault.is_none()
    });
    case_of!(walk, "platform::jobs::enqueue", |tx| {
        // Under their id: it becomes a job of ours.
        jobs::enqueue(tx, &letter(THEIR_JOB)).await?;
        jobs::park(tx, THEIR_JOB, NOW, "ours").await?.is_some()
    });
    let ours: JobId = id();
    case_of!(walk, "platform::jobs::find", |tx| {
        jobs::find(tx, ours).await?.is_none()
            && jobs::find(tx, THEIR_JOB).await?.is_some_and(|job| job.fault.as_deref() == Some("ours"))
    });
    case_of!(walk, "platform::jobs::work", |tx| jobs::work(tx, ours).await?.is_none());
    case_of!(walk, "platform::jobs::list", |tx| jobs::list(tx, true, Page::first(10)).await?.rows.len() == 1);
    case_of!(walk, "platform::jobs::park", |tx| jobs::park(tx, ours, NOW, "why").await?.is_none());
    case_of!(walk, "platform::jobs::postpone", |tx| {
        jobs::postpone(tx, THEIR_JOB, in_seconds(9), "why").await?;
        true
    });
    case_of!(walk, "platform::jobs::retry", |tx| jobs::retry(tx, THEIR_JOB, in_seconds(9)).await?);
    case_of!(walk, "platform::jobs::finish", |tx| {
        jobs::finish(tx, THEIR_JOB, NOW).await?;
        true
    });
    case_of!(walk, "platform::jobs::forget_done", |tx| jobs::forget_done(tx, in_seconds(99)).await? == 1);
    case_of!(walk, "platform::data_keys::add", |tx| data_keys::add(tx, NOW).await? == 2);
    case_of!(walk, "platform::data_keys::columns::reseal", |tx| {
        for column in data_keys::SEALED {
            data_keys::reseal(tx, *column, None).await?;
        }
        true
    });
    case_of!(walk, "platform::data_keys::forget", |tx| data_keys::forget(tx, in_seconds(1)).await? == 1);
}
