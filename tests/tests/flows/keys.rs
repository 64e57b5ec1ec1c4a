//! Keys of secrets are changed while people log in.

use actions::platform::change_keys;
use domain::sales::plan::PlanService;
use domain::time::Span;
use store::Page;
use store::platform::audit::{self, Search};
use tests::world::{Isp, World, month};

const HOUSE: &str = "02:00:00:00:00:0B";

async fn gets_in(isp: &Isp, user: &str) -> bool {
    isp.router.asks(user, "karibu", HOUSE).await.expect("sent").expect("an answer").is_accept()
}

/// A World of which it is decided from memory, or each time by the database.
async fn with_houses(decides_from_memory: bool) -> World {
    let world = World::open_with(|settings| settings.decides_from_memory = decides_from_memory).await.expect("a world");
    for isp in [&world.isp, &world.other] {
        let plan = world.sells(isp, month(), "home", PlanService::Pppoe).await.expect("sold");
        world.connects(isp, &plan, "house-12", "karibu").await.expect("connected");
        assert!(gets_in(isp, "house-12").await);
    }
    world
}

#[tokio::test]
async fn a_providers_data_key_changes_and_nobody_notices() {
    for decides_from_memory in [true, false] {
        let world = with_houses(decides_from_memory).await;
        let (isp, store) = (&world.isp, &world.store);

        let version = change_keys::new_data_key(store, &isp.scope, world.context()).await.expect("a new key");
        let mut told = 0;
        let done =
            change_keys::seal_anew(store, &isp.scope, world.context(), |values| told = values).await.expect("done");
        world.knows_what_changed().await;

        assert_eq!((version, done.unreadable, done.forgotten), (2, 0, 0));
        assert!(done.values >= 2 && told == done.values, "{done:?}, told {told}");
        assert!(gets_in(isp, "house-12").await);
        assert!(gets_in(&world.other, "house-12").await);
        let mut tx = store.tenant(&isp.scope).await.expect("begins");
        let plan = store::sales::plans::find_by_name(&mut tx, &"home".parse().expect("a name")).await.expect("read");
        let told = audit::search(&mut tx, &Search::default(), Page::first(50)).await.expect("read");
        tx.commit().await.expect("committed");
        assert_eq!(told.rows.iter().filter(|entry| entry.verb.code() == "change_data_key").count(), 1);

        // An hour later the first key is gone, for those who were there before and those who come after.
        world.clock.passes(Span::minutes(61));
        world.connects(isp, &plan.expect("there"), "house-13", "karibu").await.expect("connected");
        let done = change_keys::seal_anew(store, &isp.scope, world.context(), |_| {}).await.expect("done");
        world.knows_what_changed().await;
        assert_eq!((done.values, done.forgotten), (0, 1));
        assert!(change_keys::unfinished(store).await.expect("read").is_empty());
        for house in ["house-12", "house-13"] {
            assert!(gets_in(isp, house).await, "{house}");
        }
    }
}
