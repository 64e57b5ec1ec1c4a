//! The board of nodes, their duties and their outages.

use domain::id::{NodeId, RunId};
use domain::platform::node::{Claim, Standing};
use domain::time::Span;
use store::platform::nodes::{self, Me, Posted};
use store::platform::outages::{self, Outage};
use store::platform::{leases, nodes::Board};
use store::{OpenOptions, Store};
use tests::database::{Database, MASTER_KEY};

use crate::scene::id;

const ME: Me<'static> = Me { name: "tower", version: "1", standing: Standing::Shared };

fn posted(node: NodeId, beat: i64, claim: Claim) -> Posted {
    Posted { node, run: RunId::from_bytes([7; 16]), beat, claim }
}

async fn board(store: &Store) -> Board {
    let mut tx = store.system().await.expect("begins");
    nodes::look(&mut tx).await.expect("reads")
}

/// Writes a claim onto a board; whether it took.
async fn claims(store: &Store, version: i64, mine: Posted, lost: &[Posted]) -> bool {
    let mut tx = store.system().await.expect("begins");
    nodes::be_brief(&mut tx).await.expect("set");
    let taken = nodes::claim(&mut tx, version, &mine, &ME, lost).await.expect("writes");
    if taken {
        tx.commit().await.expect("commits");
    }
    taken
}

async fn renews(store: &Store, mine: Posted) -> bool {
    let mut tx = store.system().await.expect("begins");
    let renewed = nodes::renew(&mut tx, &mine, &ME).await.expect("writes");
    tx.commit().await.expect("commits");
    renewed
}

#[tokio::test]
async fn a_claim_is_written_only_onto_the_board_it_was_decided_on() {
    let database = Database::fresh().await;
    let store = database.store();
    let (one, other) = (id(), id());
    let empty = board(&store).await;
    assert_eq!(empty.posted, []);
    assert!(empty.timeline.is_some());

    assert!(claims(&store, empty.version, posted(one, 1, Claim::Alone), &[]).await);
    assert!(!claims(&store, empty.version, posted(other, 1, Claim::Alone), &[]).await);

    let seen = board(&store).await;
    assert_eq!(seen.posted, [posted(one, 1, Claim::Alone)]);
    assert!(claims(&store, seen.version, posted(other, 1, Claim::Waiting), &[]).await);
    assert_eq!(board(&store).await.posted.len(), 2);
}

#[tokio::test]
async fn a_beat_is_written_only_while_the_claim_stands() {
    let database = Database::fresh().await;
    let store = database.store();
    let node = id();
    let version = board(&store).await.version;
    assert!(claims(&store, version, posted(node, 1, Claim::Shared), &[]).await);
    let before = board(&store).await;

    assert!(renews(&store, posted(node, 2, Claim::Shared)).await);
    assert!(!renews(&store, posted(node, 3, Claim::Alone)).await, "it has claimed something else");
    let stranger = Posted { run: RunId::from_bytes([8; 16]), ..posted(node, 3, Claim::Shared) };
    assert!(!renews(&store, stranger).await, "another process has its id");

    let after = board(&store).await;
    assert_eq!((after.version, after.posted[0].beat), (before.version, 2), "a beat changes no claim");
}

#[tokio::test]
async fn a_node_is_struck_off_only_while_it_stands_still() {
    let database = Database::fresh().await;
    let store = database.store();
    let (one, other) = (id(), id());
    let version = board(&store).await.version;
    assert!(claims(&store, version, posted(one, 1, Claim::Alone), &[]).await);
    assert!(claims(&store, version + 1, posted(other, 1, Claim::Waiting), &[]).await);
    let seen = board(&store).await;
    let silent = posted(one, 1, Claim::Alone);
    assert!(renews(&store, posted(one, 2, Claim::Alone)).await);

    assert!(!claims(&store, seen.version, posted(other, 2, Claim::Shared), &[silent]).await, "it has moved");
    assert_eq!(board(&store).await, Board { posted: board(&store).await.posted, ..seen }, "nothing was written");
    let silent = posted(one, 2, Claim::Alone);
    assert!(claims(&store, seen.version, posted(other, 2, Claim::Shared), &[silent]).await);

    let claims: Vec<Claim> = board(&store).await.posted.iter().map(|posted| posted.claim).collect();
    assert_eq!(claims, [Claim::Lost, Claim::Shared]);
    assert!(!renews(&store, posted(one, 3, Claim::Alone)).await, "the lost one finds out");
}

#[tokio::test]
async fn what_a_lost_node_has_open_is_undone() {
    let database = Database::fresh().await;
    let store = database.store();
    let lost = id();
    let keyring = store::Keyring::new(MASTER_KEY, |octets| octets.fill(1));
    let options = OpenOptions { node: Some(lost), ..OpenOptions::new(database.app_url(), keyring) };
    let of_lost = Store::open(options).expect("opens");
    let mut late = of_lost.system().await.expect("begins");
    let version = board(&store).await.version;
    nodes::claim(&mut late, version, &posted(lost, 1, Claim::Shared), &ME, &[]).await.expect("written");

    let mut tx = store.system().await.expect("begins");
    let ended = nodes::end_connections_of(&mut tx, lost).await.expect("ends them");
    tx.commit().await.expect("commits");

    assert_eq!(ended, 1);
    assert!(late.commit().await.is_err(), "committed after it was lost");
    assert_eq!(board(&store).await.posted, []);
}

#[tokio::test]
async fn a_duty_is_one_nodes_until_its_lease_ends_or_is_given_back() {
    let database = Database::fresh().await;
    let store = database.store();
    let (one, other) = (id(), id());
    let version = board(&store).await.version;
    assert!(claims(&store, version, posted(one, 1, Claim::Shared), &[]).await);
    assert!(claims(&store, version + 1, posted(other, 1, Claim::Shared), &[]).await);
    let mut tx = store.system().await.expect("begins");

    assert_eq!(leases::hold(&mut tx, &["b", "a"], one, 6).await.expect("held"), ["a", "b"]);
    assert_eq!(leases::hold(&mut tx, &["a", "c"], other, 6).await.expect("held"), ["c"]);
    assert_eq!(leases::hold(&mut tx, &["a"], one, 6).await.expect("held"), ["a"], "its own is renewed");
    tx.commit().await.expect("commits");
    let mut admin = database.admin().await;
    sqlx::query("update duty_leases set until_at = now() - interval '1 second' where duty = 'a'")
        .execute(&mut admin)
        .await
        .expect("ends");
    sqlx::query("update duty_leases set until_at = now() + interval '1 year' where duty = 'b'")
        .execute(&mut admin)
        .await
        .expect("leaps");
    let mut tx = store.system().await.expect("begins");

    assert_eq!(leases::hold(&mut tx, &["a", "b"], other, 6).await.expect("held"), ["a", "b"]);
    let listed = nodes::list(&mut tx).await.expect("listed");
    assert_eq!(listed.iter().map(|node| node.duties.len()).collect::<Vec<_>>(), [0, 3]);
    leases::release_all(&mut tx, other).await.expect("given back");
    assert_eq!(leases::hold(&mut tx, &["a", "b", "c"], one, 6).await.expect("held").len(), 3);
}

#[tokio::test]
async fn outages_are_kept_with_their_node_and_go_with_it() {
    let database = Database::fresh().await;
    let store = database.store();
    let node = id();
    let version = board(&store).await.version;
    assert!(claims(&store, version, posted(node, 1, Claim::Gone), &[]).await);
    let outage =
        Outage { why: "connection refused".into(), accepted: 70, refused: 3, unanswered: 9, records_waiting: 400 };
    let mut tx = store.system().await.expect("begins");

    outages::note(&mut tx, node, Span::minutes(30), &outage).await.expect("noted");
    let latest = outages::latest(&mut tx, 5).await.expect("listed");
    tx.commit().await.expect("commits");

    assert_eq!((latest.len(), latest[0].node.as_str(), &latest[0].outage), (1, "tower", &outage));
    assert_eq!(latest[0].ended_at.since(latest[0].began_at), Span::minutes(30));
    let mut tx = store.system().await.expect("begins");
    assert_eq!(nodes::forget_gone(&mut tx, 1).await.expect("looks"), 0, "seen today");
    let mut admin = database.admin().await;
    sqlx::query("update nodes set seen_at = now() - interval '2 days'").execute(&mut admin).await.expect("ages");
    assert_eq!(nodes::forget_gone(&mut tx, 1).await.expect("forgets"), 1);
    assert_eq!(outages::latest(&mut tx, 5).await.expect("listed"), []);
}
