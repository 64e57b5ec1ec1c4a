//! Who guesses or floods waits, and nobody else does.

use std::time::Duration;

use domain::sales::plan::{DeviceCap, PlanService};
use radiusd::guard::Limits;
use tests::client::Router;
use tests::world::{World, hour_for};

const GUESSER: &str = "02:00:00:00:00:66";
const NEIGHBOUR: &str = "02:00:00:00:00:0A";

fn phone(number: u32) -> String {
    let [_, a, b, c] = number.to_be_bytes();
    format!("02:01:00:{a:02X}:{b:02X}:{c:02X}")
}

async fn sold(world: &World) {
    for (isp, code) in [(&world.isp, "Sunrise77"), (&world.other, "Sunset88")] {
        let plan = world.sells(isp, hour_for(DeviceCap::MAX), "hour", PlanService::Hotspot).await.expect("sold");
        world.prints(isp, &plan, &[code]).await.expect("printed");
    }
}

#[tokio::test]
async fn a_device_that_guesses_is_told_to_wait_and_its_neighbour_gets_in() {
    let world = World::open().await.expect("a world");
    sold(&world).await;
    let router = &world.isp.router;

    let mut sentences = Vec::new();
    for guess in 0..13 {
        let reply = router.asks(&format!("Guess{guess}x"), "", GUESSER).await.expect("sent").expect("an answer");
        assert!(!reply.is_accept());
        sentences.push(reply.sentence());
    }
    let right_but_late = router.asks("Sunrise77", "", GUESSER).await.expect("sent").expect("an answer");
    let neighbour = router.asks("Sunrise77", "", NEIGHBOUR).await.expect("sent").expect("an answer");

    assert!(sentences[..10].iter().all(|one| one.starts_with("code or user name not found")), "{sentences:?}");
    // The machine may be slow enough for one more try: one comes back every six seconds.
    assert!(sentences[11..].iter().any(|one| one == "too many wrong tries: wait a minute, then try again"));
    assert!(!right_but_late.is_accept(), "a guess may be right, and waits as well");
    assert!(neighbour.is_accept());
}

#[tokio::test]
async fn a_flood_of_unknown_names_at_one_router_leaves_the_database_to_others() {
    let limits = Limits { unknown_per_second_nas: 2, ..Limits::default() };
    let world = World::open_with(|settings| settings.limits = limits).await.expect("a world");
    sold(&world).await;
    let hasty = Router { patience: Duration::from_millis(250), ..world.isp.router.clone() };

    let mut flood = Vec::new();
    for number in 0..200 {
        let router = hasty.clone();
        flood.push(tokio::spawn(async move {
            router.asks(&format!("Guess{number}x"), "", &phone(number)).await.expect("sent").is_some()
        }));
    }
    let mut others = 0;
    for number in 0..20 {
        let reply = world.other.router.asks("Sunset88", "", &phone(1_000 + number)).await.expect("sent");
        others += usize::from(reply.expect("an answer").is_accept());
    }
    let mut looked_up = 0;
    for guess in flood {
        looked_up += usize::from(guess.await.expect("no panic"));
    }

    assert_eq!(others, 20);
    assert!((1..60).contains(&looked_up), "{looked_up} of 200 unknown names were looked up");
    let found = world.isp.router.asks("Sunrise77", "", NEIGHBOUR);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(found.await.expect("sent").expect("an answer").is_accept(), "its own customers still get in");
}

#[tokio::test]
async fn status_servers_are_answered_up_to_a_limit() {
    let limits = Limits { status_per_second: 1, ..Limits::default() };
    let world = World::open_with(|settings| settings.limits = limits).await.expect("a world");
    let hasty = Router { patience: Duration::from_millis(50), ..world.isp.router.clone() };

    let mut answered = 0;
    for _ in 0..40 {
        answered += usize::from(hasty.asks_status().await.expect("sent"));
    }

    assert!((5..20).contains(&answered), "{answered} of 40 were answered");
    let other = Router { patience: Duration::from_secs(2), ..world.other.router.clone() };
    assert!(other.asks_status().await.expect("sent"), "another source has its own");
}
