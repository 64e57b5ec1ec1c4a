//! Routers that are not trusted any more: who is online there is cut, or staff is told that it could not be.

use std::time::Duration;

use actions::network::change_nas::{self, whatever};
use actions::network::issue_certificate;
use actions::network::{retire_nas, revoke_certificates};
use actions::support::resolve_exception::resolve_exception;
use domain::access::session::{EndCause, SessionState};
use domain::network::nas::Nas;
use domain::platform::audit::{Actor, Verb};
use domain::sales::plan::{Plan, PlanService};
use domain::support::exception::{Exception, ExceptionKind};
use domain::time::Span;
use simulators::nas::SimulatedRouter;
use store::Page;
use store::access::sessions::{self, Filter};
use store::network::certificates::Which;
use store::network::nas;
use store::platform::audit;
use store::support::exceptions;
use tests::simulated::phone;
use tests::world::{Isp, World, hour};

/// What an act may take until it is in force.
const SOON: Duration = Duration::from_secs(5);

const YEAR: Span = Span::seconds(365 * 86_400);

/// Two providers that sell the same, each with a phone online at a router of its own.
struct Scene {
    world: World,
    ours: SimulatedRouter,
    theirs: SimulatedRouter,
}

impl Scene {
    async fn open() -> Self {
        let world = World::open().await.expect("a world");
        world.works();
        let ours = world.simulates(&world.isp).await.expect("a router");
        let theirs = world.simulates(&world.other).await.expect("a router");
        for (isp, router, code) in [(&world.isp, &ours, "Phone001"), (&world.other, &theirs, "Theirs01")] {
            let plan = world.sells(isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
            online(&world, isp, router, &plan, code).await;
        }
        Self { world, ours, theirs }
    }

    /// Gives our router a certificate.
    async fn certifies(&self) {
        let nas = self.nas().await;
        let (store, scope) = (&self.world.store, &self.world.isp.scope);
        issue_certificate::issue_certificate(store, scope, &nas, YEAR, self.world.context()).await.expect("issued");
    }

    async fn nas(&self) -> Nas {
        let mut tx = self.world.store.tenant(&self.world.isp.scope).await.expect("begins");
        let name = self.ours.name().parse().expect("a name");
        nas::find_by_name(&mut tx, &name).await.expect("read").expect("registered")
    }

    async fn revokes(&self, which: Which) -> usize {
        let (store, scope) = (&self.world.store, &self.world.isp.scope);
        let revoked = revoke_certificates::revoke_certificates(store, scope, which, self.world.context()).await;
        revoked.expect("revoked").certificates.len()
    }

    /// How the sessions of an ISP have ended, in the order in which they began.
    async fn ends(&self, isp: &Isp) -> Vec<SessionState> {
        let mut tx = self.world.store.tenant(&isp.scope).await.expect("begins");
        let filter = Filter { online_only: false, user_name: None };
        let mut all = sessions::list(&mut tx, &filter, tests::first_page()).await.expect("listed").rows;
        all.sort_by_key(|stored| stored.id);
        all.into_iter().map(|stored| stored.session.state).collect()
    }

    async fn exceptions(&self, isp: &Isp) -> Vec<Exception> {
        let mut tx = self.world.store.tenant(&isp.scope).await.expect("begins");
        exceptions::list(&mut tx, false, Page::first(10)).await.expect("read").rows
    }

    /// How our one session ended, once it has.
    async fn end(&self) -> EndCause {
        let mut tries = 0..100;
        loop {
            let ends = self.ends(&self.world.isp).await;
            if let [SessionState::Closed(cause)] = ends[..] {
                return cause;
            }
            assert!(tries.next().is_some(), "it does not end: {ends:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The other provider notices nothing.
    async fn spares_the_other(&self) {
        assert_eq!(self.theirs.online().len(), 1);
        assert_eq!(self.theirs.controls(), []);
        assert_eq!(self.exceptions(&self.world.other).await, []);
    }
}

async fn online(world: &World, isp: &Isp, router: &SimulatedRouter, plan: &Plan, code: &str) {
    world.prints(isp, plan, &[code]).await.expect("printed");
    let login = router.hotspot_login(phone(1), code).await;
    assert!(login.is_online(), "{login:?}");
    assert!(router.settled(SOON).await, "reports are not answered");
    world.drained().await;
    // Convergence has looked at it.
    tokio::time::sleep(Duration::from_secs(1)).await;
}

#[tokio::test]
async fn who_is_online_at_a_router_is_cut_when_its_last_certificate_is_taken_back() {
    let scene = Scene::open().await;
    scene.certifies().await;

    assert_eq!(scene.revokes(Which::OfRouter(scene.nas().await.id)).await, 1);

    assert!(scene.ours.until(SOON, |router| router.online().is_empty()).await, "{:?}", scene.ours.controls());
    assert_eq!(scene.ours.tally().disconnect_acked, 1);
    scene.spares_the_other().await;
    assert_eq!(scene.exceptions(&scene.world.isp).await, [], "it has done what it was asked");

    // Its shared secret is still good: whoever logs in by it from then on stays.
    scene.world.clock.passes(Span::minutes(1));
    let again = scene.ours.hotspot_login(phone(1), "Phone001").await;
    assert!(again.is_online(), "{again:?}");
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(scene.ours.online().len(), 1);
}

#[tokio::test]
async fn a_router_that_changes_its_certificate_in_peace_loses_nobody() {
    let scene = Scene::open().await;
    scene.certifies().await;
    scene.certifies().await;
    let mut tx = scene.world.store.tenant(&scene.world.isp.scope).await.expect("begins");
    let issued = store::network::certificates::list(&mut tx, Page::first(10)).await.expect("listed").rows;
    drop(tx);

    assert_eq!(scene.revokes(Which::WithSerial(issued[0].serial)).await, 1);
    tokio::time::sleep(Duration::from_secs(2)).await;

    assert_eq!(scene.ours.online().len(), 1);
    assert_eq!(scene.ours.controls(), []);
}

#[tokio::test]
async fn a_router_that_is_taken_out_of_use_is_told_to_end_what_it_has() {
    let scene = Scene::open().await;
    let name = scene.ours.name().parse().expect("a name");

    let (store, scope) = (&scene.world.store, &scene.world.isp.scope);
    let which = change_nas::Which::Named(&name);
    retire_nas::retire_nas(store, scope, which, &whatever, scene.world.context()).await.expect("retired");

    assert!(scene.ours.until(SOON, |router| router.online().is_empty()).await, "{:?}", scene.ours.controls());
    // Its last report is believed if it comes within the second in which a node notices.
    let end = scene.end().await;
    assert!(matches!(end, EndCause::RouterGone | EndCause::Reported(_)), "{end:?}");
    scene.spares_the_other().await;
}

#[tokio::test]
async fn sessions_of_a_router_that_cannot_be_told_end_here_and_staff_sees_it_until_they_say_so() {
    let scene = Scene::open().await;
    scene.certifies().await;
    scene.ours.die();

    scene.revokes(Which::OfRouter(scene.nas().await.id)).await;

    // It is asked with all its repeats before it is given up.
    assert_eq!(scene.end().await, EndCause::RouterGone);
    let mut told = Vec::new();
    for _ in 0..50 {
        told = scene.exceptions(&scene.world.isp).await;
        if !told.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(told.iter().map(|one| one.kind).collect::<Vec<_>>(), [ExceptionKind::RouterGone], "{told:?}");
    assert!(told[0].what.contains("Phone001") && told[0].what.contains("did not answer"), "{}", told[0].what);
    // It does not go away by itself: people may still surf there.
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(scene.exceptions(&scene.world.isp).await.len(), 1);
    scene.spares_the_other().await;

    static GRACE: Actor = Actor::named("grace");
    let (store, context) = (&scene.world.store, scene.world.context().by(&GRACE));
    let (ours, theirs) = (&scene.world.isp.scope, &scene.world.other.scope);
    let foreign = resolve_exception(store, theirs, told[0].id, "", context).await.expect("asked");
    assert_eq!(foreign, None, "another provider cannot");
    let resolved = resolve_exception(store, ours, told[0].id, "switched it off", context).await.expect("asked");
    let (_, how) = resolved.and_then(|one| one.resolved).expect("resolved");
    assert_eq!(how, "switched it off (by hand, by grace)");
    assert_eq!(resolve_exception(store, ours, told[0].id, "", context).await.expect("asked"), None, "once");
    assert_eq!(scene.exceptions(&scene.world.isp).await, []);
    let mut tx = store.tenant(ours).await.expect("begins");
    let noted = audit::search(&mut tx, &audit::Search::default(), Page::first(10)).await.expect("listed").rows;
    let entry = noted.iter().find(|entry| entry.verb == Verb::ResolveException).expect("noted");
    assert_eq!(entry.actor.name, "grace");
}
