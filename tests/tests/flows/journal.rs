//! The journal of reports in bad days: no room, a disk that refuses, records that the database does not take. Each
//! story is told twice: where logins are decided from memory, and where the database decides.

use std::os::unix::fs::symlink;
use std::time::Duration;

use dictionaries::rfc2866::acct_status_type::{INTERIM_UPDATE, START, STOP};
use domain::sales::plan::PlanService;
use domain::time::Span;
use radiusd::{Settings, quarantine};
use store::access::sessions::{Filter, StoredSession};
use tests::client::{Report, Router};
use tests::world::{World, month};

async fn told_twice(set_up: impl Fn(&mut Settings), story: impl AsyncFn(World)) {
    for from_memory in [false, true] {
        let world = World::open_with(|settings| {
            settings.decides_from_memory = from_memory;
            set_up(settings);
        })
        .await
        .expect("a world");
        let home = world.sells(&world.isp, month(), "home", PlanService::Pppoe).await.expect("sold");
        for house in ["house-1", "house-2"] {
            world.connects(&world.isp, &home, house, "karibu").await.expect("connected");
        }
        story(world).await;
    }
}

const fn report(user: &'static str, number: &'static str, status: u32, seconds: u32) -> Report<'static> {
    let (mac, in_octets) = ("02:00:00:00:00:0C", seconds as u64);
    Report { status, session: number, user, mac, class: &[], in_octets, out_octets: 0, seconds }
}

/// Whether a report is answered, by a router that does not wait long.
async fn is_answered(world: &World, report: &Report<'_>) -> bool {
    let hasty = Router { patience: Duration::from_millis(500), ..world.isp.router.clone() };
    hasty.reports(report).await.expect("sent").is_some()
}

async fn sessions(world: &World) -> Vec<StoredSession> {
    world.drained().await;
    let mut tx = world.store.tenant(&world.isp.scope).await.expect("a transaction");
    let filter = Filter { online_only: false, user_name: None };
    store::access::sessions::list(&mut tx, &filter, tests::first_page()).await.expect("listed").rows
}

#[tokio::test]
async fn a_full_journal_answers_nothing_more_loses_nothing_and_goes_on_when_the_database_is_back() {
    told_twice(
        |settings| settings.journal_bytes_max = 8_192,
        async |world: World| {
            assert!(is_answered(&world, &report("house-1", "81100001", START, 0)).await);
            world.drained().await;
            world.database.goes_away().await;

            let mut last_answered = 0;
            let refused_at = loop {
                let seconds = last_answered + 1;
                if !is_answered(&world, &report("house-1", "81100001", INTERIM_UPDATE, seconds)).await {
                    break seconds;
                }
                last_answered = seconds;
                assert!(last_answered < 1_000, "8 KiB hold so many reports");
            };
            let while_full = world.health.reasons();
            world.database.comes_back().await;
            let mut answered_again = false;
            for _ in 0..60 {
                answered_again = is_answered(&world, &report("house-2", "81100002", STOP, 5)).await;
                if answered_again {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }

            assert!(refused_at > 10, "{refused_at}");
            assert!(while_full.iter().any(|why| why == "journal: the journal is full"), "{while_full:?}");
            assert!(answered_again, "there is room again");
            let all = sessions(&world).await;
            let counted = |user: &str| {
                let its = all.iter().find(|session| session.user_name == user).expect("kept");
                its.session.counted.in_octets
            };
            assert_eq!(
                (counted("house-1"), counted("house-2")),
                (u64::from(last_answered), 5),
                "nothing that was answered is lost"
            );
        },
    )
    .await;
}

#[tokio::test]
async fn a_disk_without_room_means_no_answer_and_the_report_is_taken_when_it_is_repeated() {
    told_twice(
        |_settings| {},
        async |world: World| {
            // The place of the first file leads to a device that is always full.
            let next = world.journal().join(format!("{:020}.segment", 0));
            symlink("/dev/full", next).expect("linked");
            let start = report("house-1", "81100001", START, 0);

            let without_room = is_answered(&world, &start).await;
            let then = world.health.reasons();
            let repeated = is_answered(&world, &start).await;

            assert!(!without_room, "nothing is answered that is not on the disk");
            assert!(then.iter().any(|why| why.starts_with("journal: the journal cannot be written")), "{then:?}");
            assert!(repeated);
            assert_eq!(sessions(&world).await.len(), 1);
            assert!(world.health.reasons().iter().all(|why| !why.starts_with("journal")));
        },
    )
    .await;
}

#[tokio::test]
async fn the_oldest_report_grows_older_while_the_database_is_away() {
    told_twice(
        |_settings| {},
        async |world: World| {
            assert!(is_answered(&world, &report("house-1", "81100001", START, 0)).await);
            world.drained().await;
            world.database.goes_away().await;
            assert!(is_answered(&world, &report("house-1", "81100001", INTERIM_UPDATE, 60)).await);

            world.clock.passes(Span::minutes(3));
            let after_three = world.oldest_report_is_older_than(180).await;
            world.clock.passes(Span::minutes(2));
            let after_five = world.oldest_report_is_older_than(300).await;
            world.database.comes_back().await;
            world.drained().await;

            assert_eq!((after_three, after_five), (180, 300));
            for _ in 0..200 {
                if world.oldest_report_is_older_than(i64::MIN).await == 0 {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            panic!("all is in the database, and the oldest report is said to be old");
        },
    )
    .await;
}

#[tokio::test]
async fn a_report_that_the_database_refuses_is_kept_aside_and_counts_when_it_is_put_back() {
    told_twice(
        |_settings| {},
        async |world: World| {
            world.database.refuses("house-1").await;
            for user in ["house-1", "house-2"] {
                let number = if user == "house-1" { "81100001" } else { "81100002" };
                assert!(is_answered(&world, &report(user, number, STOP, 700)).await);
            }
            let meanwhile = sessions(&world).await;
            let kept = quarantine::list(&world.journal(), 10).expect("listed");
            world.database.refuses_nobody().await;

            for one in &kept {
                assert!(quarantine::requeue(&world.journal(), one.number).expect("put back"));
            }
            for _ in 0..400 {
                if quarantine::list(&world.journal(), 10).expect("listed").is_empty() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(25)).await;
            }

            assert_eq!(meanwhile.iter().map(|one| one.user_name.as_str()).collect::<Vec<_>>(), ["house-2"]);
            assert_eq!(kept.len(), 1, "{kept:?}");
            let said = kept[0].said.as_ref().expect("a record");
            assert_eq!((said.kind, said.user_name.as_str(), said.tenant), ("stop", "house-1", world.isp.tenant.id));
            assert!(!kept[0].why.is_empty());
            let all = sessions(&world).await;
            let back = all.iter().find(|session| session.user_name == "house-1").expect("in the database");
            assert_eq!((back.session.counted.in_octets, back.session.ended_at.is_some()), (700, true));
            assert_eq!(all.len(), 2);
            assert!(
                quarantine::list(&world.journal(), 10).expect("listed").is_empty(),
                "nothing is kept aside any more"
            );
        },
    )
    .await;
}
