//! What deeds want done outside: letters go out once the deed has committed, are tried again while the mail server is
//! away, and need a person when that does not help. Two ISPs always.

use std::time::Duration;

use actions::messages::post::post;
use actions::platform::retry_job::{RetryError, retry_job};
use actions::platform::told::Side;
use domain::messages::letter::Letter;
use domain::platform::job::{Job, JobKind, JobState};
use domain::secret::Secret;
use domain::support::exception::{Exception, ExceptionKind};
use domain::time::Span;
use policy::platform::retrying::tries_max;
use ports::Clock as _;
use store::platform::jobs::{self, Pile};
use store::support::exceptions;
use tests::world::{Isp, World};

const ANNA: &str = "anna@example.net";
const SOON: Duration = Duration::from_secs(10);

/// Posts a letter to Anna. It is on its way once the transaction has committed.
async fn posts(world: &World, isp: &Isp, commits: bool) {
    let letter = Letter {
        to: ANNA.parse().expect("good"),
        from_name: isp.tenant.name.clone(),
        subject: "Choose a new password".to_owned(),
        text: Secret::new("Open https://savanna.isp.example/reset#c0de\n".to_owned()),
    };
    let mut tx = world.store.tenant(&isp.scope).await.expect("begun");
    post(&mut tx, letter, world.context()).await.expect("posted");
    if commits {
        tx.commit().await.expect("committed");
    }
}

async fn jobs_of(world: &World, isp: &Isp) -> Vec<Job> {
    let mut tx = world.store.tenant(&isp.scope).await.expect("begun");
    jobs::list(&mut tx, true, tests::first_page()).await.expect("listed").rows
}

async fn troubles_of(world: &World, isp: &Isp) -> Vec<Exception> {
    let mut tx = world.store.tenant(&isp.scope).await.expect("begun");
    exceptions::list(&mut tx, true, tests::first_page()).await.expect("listed").rows
}

#[tokio::test]
async fn a_letter_goes_out_in_the_isps_name_once_the_deed_has_committed() {
    let world = World::open().await.expect("a world");
    posts(&world, &world.isp, false).await;
    posts(&world, &world.isp, true).await;

    let tried = world.queue().step().await.expect("done");

    let letters = world.mail.letters();
    assert_eq!((tried, letters.len()), (1, 1), "what was undone is not sent");
    assert_eq!(letters[0].header("To"), Some(ANNA));
    assert!(letters[0].header("From").is_some_and(|from| from.contains(&world.isp.tenant.name)), "{letters:?}");
    assert_eq!(letters[0].word("https://").as_deref(), Some("https://savanna.isp.example/reset#c0de"));
    let all = jobs_of(&world, &world.isp).await;
    assert!(matches!(all[..], [Job { state: JobState::Done { .. }, tries: 1, fault: None, .. }]), "{all:?}");
    assert_eq!(jobs_of(&world, &world.other).await, []);
}

#[tokio::test]
async fn what_a_job_holds_is_sealed_and_forgotten_once_it_is_done() {
    let world = World::open().await.expect("a world");
    posts(&world, &world.isp, true).await;
    let mut admin = world.database.admin().await;
    let held = "select payload_sealed from jobs";
    let sealed: Option<Vec<u8>> = sqlx::query_scalar(held).fetch_one(&mut admin).await.expect("read");

    world.queue().step().await.expect("done");

    let sealed = sealed.expect("there");
    assert!(!sealed.windows(4).any(|part| part == b"c0de"));
    assert_eq!(sqlx::query_scalar::<_, Option<Vec<u8>>>(held).fetch_one(&mut admin).await.expect("read"), None);
}

#[tokio::test]
async fn a_letter_that_is_refused_is_tried_again_after_growing_waits_and_then_needs_a_person() {
    let world = World::open().await.expect("a world");
    world.mail.refuses(100, "451 the disk is full");
    posts(&world, &world.isp, true).await;
    let queue = world.queue();
    let mut waits = Vec::new();
    for _ in 1..tries_max(JobKind::Mail) {
        assert_eq!((queue.step().await.expect("done"), queue.step().await.expect("done")), (1, 0), "{waits:?}");
        let all = jobs_of(&world, &world.isp).await;
        let [Job { state: JobState::Waiting { due_at }, fault: Some(why), .. }] = &all[..] else {
            panic!("{all:?}");
        };
        assert!(why.contains("the disk is full"), "{why}");
        let wait = due_at.since(world.clock.now());
        waits.push(wait.as_seconds());
        world.clock.passes(wait);
    }
    assert!(waits.is_sorted() && waits.len() >= 5, "{waits:?}");
    assert_eq!(troubles_of(&world, &world.isp).await, []);

    queue.step().await.expect("done");

    let all = jobs_of(&world, &world.isp).await;
    assert!(matches!(all[..], [Job { state: JobState::Parked { .. }, .. }]), "{all:?}");
    let troubles = troubles_of(&world, &world.isp).await;
    assert_eq!(troubles.len(), 1);
    assert_eq!((troubles[0].kind, troubles[0].resolved.is_some()), (ExceptionKind::JobParked, false));
    assert!(troubles[0].what.contains("the disk is full") && troubles[0].what.contains("job retry"), "{troubles:?}");
    assert_eq!(troubles_of(&world, &world.other).await, []);

    // The other ISP cannot have it tried again, ours can, and then it goes out.
    world.clock.passes(Span::minutes(600));
    let refused = retry_job(&world.store, &world.other.scope, all[0].id, Side::Isp, world.context()).await;
    assert!(matches!(refused, Err(RetryError::Unknown(_))), "{refused:?}");
    world.mail.recovers();
    retry_job(&world.store, &world.isp.scope, all[0].id, Side::Isp, world.context()).await.expect("tried again");
    queue.step().await.expect("done");
    assert_eq!(world.mail.letters().len(), 1);
    assert!(troubles_of(&world, &world.isp).await[0].resolved.is_some());
}

#[tokio::test]
async fn an_address_that_the_server_does_not_know_is_not_tried_again() {
    let world = World::open().await.expect("a world");
    world.mail.refuses(1, "550 no such mailbox");
    posts(&world, &world.isp, true).await;

    world.queue().step().await.expect("done");

    let all = jobs_of(&world, &world.isp).await;
    assert!(matches!(&all[..], [Job { state: JobState::Parked { .. }, tries: 1, .. }]), "{all:?}");
}

#[tokio::test]
async fn two_workers_send_a_letter_once_and_one_that_was_killed_is_stood_in_for() {
    let world = World::open().await.expect("a world");
    for _ in 0..12 {
        posts(&world, &world.isp, true).await;
        posts(&world, &world.other, true).await;
    }
    let (one, other) = (world.queue(), world.queue());

    let (one, other) = tokio::join!(one.step(), other.step());

    assert_eq!(one.expect("done") + other.expect("done"), 24);
    assert_eq!(world.mail.letters().len(), 24);

    // Somebody takes a job and is never heard of again.
    posts(&world, &world.isp, true).await;
    let mut tx = world.store.system().await.expect("begun");
    let now = world.clock.now();
    let taken = jobs::claim(&mut tx, JobKind::Mail, now, Span::seconds(120), 8).await.expect("taken");
    tx.commit().await.expect("committed");
    assert_eq!(taken.len(), 1);
    assert_eq!(world.queue().step().await.expect("nothing"), 0);
    world.clock.passes(Span::seconds(121));
    assert_eq!(world.queue().step().await.expect("done"), 1);
    assert_eq!(world.mail.letters().len(), 25);
}

#[tokio::test]
async fn the_running_role_sends_letters_by_itself() {
    let world = World::open().await.expect("a world");
    world.works();

    posts(&world, &world.isp, true).await;

    assert_eq!(world.mail.letters_to(ANNA, 1, SOON).await.len(), 1);
}

#[tokio::test]
async fn what_waits_and_what_is_parked_is_counted_over_all_isps() {
    let world = World::open().await.expect("a world");
    let piles = async || {
        let mut tx = world.store.system().await.expect("begun");
        jobs::piles(&mut tx).await.expect("counted")
    };
    assert_eq!(piles().await, []);
    world.mail.refuses(1, "550 no such mailbox");
    let first = world.clock.now();
    posts(&world, &world.isp, true).await;
    world.queue().step().await.expect("parked");
    world.clock.passes(Span::seconds(60));
    let second = world.clock.now();
    posts(&world, &world.isp, true).await;
    world.clock.passes(Span::seconds(60));
    posts(&world, &world.other, true).await;

    let counted = piles().await;
    world.queue().step().await.expect("sent");

    let parked = Pile { kind: JobKind::Mail, is_parked: true, count: 1, oldest: first };
    let waiting = Pile { kind: JobKind::Mail, is_parked: false, count: 2, oldest: second };
    assert_eq!(counted, [waiting, parked]);
    assert_eq!(piles().await, [parked], "what is done lies nowhere");
}
