//! No tenant sees or changes another's rows: by every query there is.

use std::collections::BTreeSet;

use domain::access::boot::Boot;
use domain::access::decision::TraceCode;
use domain::access::facts::Holder;
use domain::access::order::Why;
use domain::access::session::EndCause;
use domain::id::{JournalId, SessionId};
use domain::people::operation::{Operation, Outcome as OperationOutcome};
use domain::people::subscriber::Username;
use domain::platform::audit::{Actor, Change, Entry, Thing, Verb};
use domain::platform::house::HouseRules;
use domain::platform::settings::TenantSettings;
use domain::refusal::Refusal;
use domain::sales::voucher::FirstUse;
use domain::secret::SecretBytes;
use domain::time::Span;
use store::Page;
use store::access::convergence::{self, Outcome};
use store::access::days::{self, By, Of};
use store::access::decisions::Search;
use store::access::hours::{self, Spent};
use store::access::positions::{self, Mark};
use store::access::sessions::{Filter, ReportKey};
use store::access::slots::Renewal;
use store::access::{boots, decisions, facts, history, holders, known, online, sessions, slots, usage};
use store::messages::notices;
use store::network::certificates::Which;
use store::network::{certificates, nas, sightings};
use store::people::operations::{self, Choice, Chosen};
use store::people::{customers, subscribers};
use store::platform::{audit, settings};
use store::sales::vouchers::NewVouchers;
use store::sales::{batches, plans, vouchers};
use store::support::exceptions;
use tests::answers::Answer;
use uuid::Uuid;

use super::inventory::{all_rows_of, queries_in_the_source};
use crate::access::decisions::save;
use crate::certificates::certificate;
use crate::routers::sighting;
use crate::scene::{NOW, Scene, a_zone, cap, code, customer, device, full_terms, id, in_seconds, phone};

/// Asks one query as our tenant for what is theirs: a case of a [`Walk`]. For a file of cases of its own, see
/// `queries/platform.rs`.
macro_rules! case_of {
    ($walk:expr, $path:literal, |$tx:ident| $nothing_seen:expr) => {{
        let mut transaction = $walk.scene.tx().await;
        let $tx = &mut transaction;
        let nothing_seen: Result<bool, store::StoreError> = async { Ok($nothing_seen) }.await;
        assert!(nothing_seen.unwrap_or(true), "{} shows another tenant's rows", $path);
        drop(transaction.commit().await);
        $walk.changed_nothing($path).await;
    }};
}

mod access;
mod accounts;
mod messages;
mod money;
mod network;
mod people;
mod platform;
mod sales;
mod support;
mod webhooks;

/// What was walked over already.
struct Walk<'a> {
    scene: &'a Scene,
    /// All that they have.
    before: Vec<String>,
    covered: BTreeSet<String>,
}

impl Walk<'_> {
    /// Ends a case.
    async fn changed_nothing(&mut self, path: &str) {
        let after = all_rows_of(self.scene, self.scene.theirs.tenant_id().uuid()).await;
        assert_eq!(after, self.before, "{path} changes another tenant's rows");
        self.covered.insert(path.to_owned());
    }
}

/// The address of `device(1)`, which has used a voucher of theirs.
const THEIR_PHONE: &str = "02:00:00:00:00:01";

/// What the stack of the walk may grow to: without optimisation its many cases do not fit into a test's own.
const STACK: usize = 64 * 1024 * 1024;

#[test]
fn no_query_sees_or_changes_another_tenants_rows() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let walking = std::thread::Builder::new().stack_size(STACK).spawn(move || runtime.block_on(walk()));

    walking.expect("a thread").join().unwrap_or_else(|panicked| std::panic::resume_unwind(panicked));
}

/// Asks each query as our tenant for what is theirs. A case says whether nothing was seen; an error sees nothing.
async fn walk() {
    let scene = Scene::open().await;
    let (ours, theirs) = (&scene.ours, &scene.theirs);
    let their_session = theirs.granted(&scene.store, device(1)).await;
    let their_answer = Answer { refusal: Some(Refusal::Expired), ..theirs.answer(99) };
    let their_holder = theirs.holder();
    let journal: JournalId = id();
    let their_spent = Spent { holder: their_holder, nas: theirs.nas_id(), at: NOW, in_octets: 5, out_octets: 5 };
    let their_entry = Entry {
        id: id(),
        at: NOW,
        actor: Actor::named("staff"),
        verb: Verb::SellVoucher,
        thing: Thing::Voucher(theirs.voucher),
        changes: vec![Change::of("until", None, Some("noon"))],
    };
    let their_certificate = certificate(theirs, 7);
    let mut their_customer = customer("Mary Wanjiku");
    let their_trouble = support::trouble(theirs, their_session);
    let their_operation = Operation {
        id: id(),
        about: "all".to_owned(),
        actor: "somebody".to_owned(),
        size: 1,
        begun_at: NOW,
        finished_at: None,
        undone_at: None,
    };
    let their_people = {
        let mut tx = scene.their_tx().await;
        let filled = people::fill(&mut tx, theirs).await;
        tx.commit().await.expect("commits");
        filled
    };
    {
        let mut tx = scene.their_tx().await;
        let taken = slots::take(&mut tx, their_holder, &device(1), cap(3), their_session, NOW, in_seconds(60)).await;
        taken.expect("taken");
        let mut reported = sessions::by_ids_for_update(&mut tx, &[their_session]).await.expect("locks");
        reported[0].acct_session_id = Some("81100001".to_owned());
        sessions::save_many(&mut tx, &reported).await.expect("saves");
        usage::add_many(&mut tx, &[(their_holder, 5, 5)]).await.expect("added");
        hours::add_many(&mut tx, std::slice::from_ref(&their_spent)).await.expect("added");
        save(&scene, 0, &[their_answer]).await;
        positions::note(&mut tx, Mark { journal, position: 5, batch: Uuid::nil() }).await.expect("noted");
        certificates::add(&mut tx, &their_certificate).await.expect("added");
        exceptions::open(&mut tx, std::slice::from_ref(&their_trouble)).await.expect("opened");
        let chosen = Chosen {
            id: theirs.subscriber,
            username: theirs.username.parse().expect("good"),
            is_suspended: false,
            is_live: false,
        };
        operations::begin(&mut tx, &their_operation, &[chosen]).await.expect("begun");
        convergence::note_answers(&mut tx, &[outcome(their_session)]).await.expect("noted");
        let within = Span::minutes(1_000_000);
        notices::note_ending(&mut tx, &[(theirs.plan.id, within)], NOW, 10, id).await.expect("noted");
        let bought = NewVouchers { bought_by: Some(phone("0712345678")), sold_at: Some(NOW), ..theirs.printed() };
        vouchers::insert_codes(&mut tx, &[(id(), code("Bought1"))], &bought).await.expect("inserted");
        audit::note(&mut tx, std::slice::from_ref(&their_entry)).await.expect("noted");
        vouchers::mark_sold(&mut tx, theirs.voucher, NOW, Some(in_seconds(60))).await.expect("sold");
        their_customer.profile.zone = Some(a_zone(&mut tx).await);
        customers::insert_many(&mut tx, std::slice::from_ref(&their_customer)).await.expect("added");
        tx.commit().await.expect("commits");
    }
    let their_old = theirs.granted(&scene.store, device(7)).await;
    {
        let mut tx = scene.their_tx().await;
        sessions::close_all_of_nas(&mut tx, theirs.nas_id(), in_seconds(1)).await.expect("closed");
        history::archive(&mut tx, in_seconds(2), 10).await.expect("kept");
        history::bring_back(&mut tx, &[their_session]).await.expect("back");
        tx.commit().await.expect("commits");
    }
    let mut system = scene.store.system().await.expect("begins");
    sightings::lock(&mut system, &[sighting(theirs, 1, 0)]).await.expect("seen");
    system.commit().await.expect("commits");
    let mut tx = scene.their_tx().await;
    let settled = settings::find(&mut tx).await.expect("there");
    let house = HouseRules { mac_login: false, ..HouseRules::default() };
    settings::put(&mut tx, &TenantSettings { house, ..settled }).await.expect("set");
    tx.commit().await.expect("commits");
    platform::set_up(&scene).await;
    accounts::set_up(&scene).await;
    let their_username: Username = theirs.username.parse().expect("good");
    let first_use = FirstUse { since: NOW, until: in_seconds(5) };
    let their_key = ReportKey {
        nas: theirs.nas_id(),
        acct_session_id: "1".to_owned(),
        user_name: theirs.code.expose().to_owned(),
        device: device(1),
        began_at: NOW,
        repeats_since: NOW,
    };
    let covered = BTreeSet::new();

    let mut walk = Walk { scene: &scene, before: all_rows_of(&scene, theirs.tenant_id().uuid()).await, covered };
    macro_rules! case {
        ($($case:tt)*) => { case_of!(walk, $($case)*) };
    }

    case!("access::decisions::searching::latest", |tx| {
        let by_trace = Search { trace: Some(TraceCode::from_bits(99)), ..Search::default() };
        decisions::latest(tx, &by_trace).await?.is_none() && decisions::latest(tx, &Search::default()).await?.is_none()
    });
    case!("access::decisions::searching::search", |tx| {
        let mut nothing = true;
        for search in [
            Search::default(),
            Search { refused_only: true, ..Search::default() },
            Search { user: Some(theirs.username.clone()), ..Search::default() },
            Search { device: Some(device(1)), ..Search::default() },
            Search { nas: Some(theirs.nas_id()), ..Search::default() },
            Search { nas: Some(theirs.nas_id()), refused_only: true, ..Search::default() },
        ] {
            nothing &= decisions::search(tx, &search, Page::first(10)).await?.rows.is_empty();
        }
        nothing
    });
    case!("access::facts::load", |tx| {
        let mut nothing = true;
        let names = [theirs.code.expose(), &theirs.code.expose().to_lowercase(), &theirs.username, THEIR_PHONE];
        for name in names {
            let facts = facts::load(tx, name.as_bytes(), NOW).await?;
            nothing &= facts.candidates.is_empty() && !facts.differs_only_in_case;
        }
        nothing
    });
    case!("access::holders::by_names", |tx| {
        holders::by_names(tx, &[theirs.code.expose(), &theirs.username]).await?.is_empty()
    });
    case!("access::holders::that_are_ours", |tx| holders::that_are_ours(tx, &[their_holder]).await?.is_empty());
    case!("access::known::by_names", |tx| {
        let lower = theirs.code.expose().to_lowercase();
        let names = [theirs.code.expose(), &lower, &theirs.username, "0712345678", THEIR_PHONE].map(str::as_bytes);
        let meanings = known::by_names(tx, &names).await?.found;
        meanings.len() == 5 && meanings.iter().all(|name| name.rights.is_empty() && !name.differs_only_in_case)
    });
    case!("access::known::by_ids", |tx| {
        let ids = [theirs.voucher.uuid(), theirs.subscriber.uuid()];
        known::by_ids(tx, &ids).await?.found.is_empty()
    });
    case!("access::known::subscriber_ids", |tx| {
        !known::subscriber_ids(tx, Page::first(10)).await?.rows.contains(&theirs.subscriber.uuid())
    });
    case!("access::known::voucher_ids_in_use", |tx| {
        !known::voucher_ids_in_use(tx, NOW, Page::first(10)).await?.rows.contains(&theirs.voucher.uuid())
    });
    case!("access::sessions::by_ids_for_update", |tx| {
        sessions::by_ids_for_update(tx, &[their_session]).await?.is_empty()
    });
    case!("access::sessions::by_reports_for_update", |tx| {
        sessions::by_reports_for_update(tx, std::slice::from_ref(&their_key)).await?.is_empty()
    });
    case!("access::boots::seen", |tx| boots::seen(tx, theirs.nas_id()).await?.is_empty());
    case!("access::boots::close", |tx| {
        let runs = [Boot::of_prefix("811").expect("a run")];
        boots::close(tx, theirs.nas_id(), &runs, in_seconds(100)).await? == 0
    });
    case!("access::days::forget_hours", |tx| days::forget_hours(tx, in_seconds(9_999)).await? == 0);
    case!("access::days::hours", |tx| {
        days::hours(tx, their_holder, &theirs.tenant.zone, Page::first(10)).await?.rows.is_empty()
    });
    case!("access::days::list", |tx| {
        let zone = &theirs.tenant.zone;
        let mut nothing = true;
        for of in [Of::Holder(their_holder), Of::Plan(theirs.plan.id), Of::Router(theirs.nas_id()), Of::Tenant] {
            nothing &= days::list(tx, of, By::Day, zone, Page::first(10)).await?.rows.is_empty();
            nothing &= days::list(tx, of, By::Month, zone, Page::first(10)).await?.rows.is_empty();
        }
        nothing
    });
    case!("access::days::roll", |tx| days::roll(tx, &theirs.tenant.zone, in_seconds(99_999)).await? == 0);
    case!("access::hours::add_many", |tx| {
        // Under their id: it becomes a row of ours.
        hours::add_many(tx, std::slice::from_ref(&their_spent)).await?;
        true
    });
    case!("access::hours::recent", |tx| {
        hours::recent(tx, &[their_holder], &theirs.tenant.zone, NOW).await?.is_empty()
    });
    case!("access::online::of_holder", |tx| online::of_holder(tx, their_holder).await? == 0);
    case!("access::online::on_plan", |tx| online::on_plan(tx, theirs.plan.id).await? == 0);
    case!("access::positions::find", |tx| positions::find(tx, journal).await?.is_none());
    case!("access::positions::note", |tx| {
        // Of a journal that both have records of: each has its own row.
        positions::note(tx, Mark { journal, position: 7, batch: Uuid::nil() }).await?;
        true
    });
    case!("access::sessions::close_all_of_nas", |tx| {
        sessions::close_all_of_nas(tx, theirs.nas_id(), in_seconds(100)).await? == 0
    });
    case!("access::sessions::close_overdue", |tx| sessions::close_overdue(tx, in_seconds(100), 10).await? == 0);
    case!("access::sessions::known", |tx| sessions::known(tx, &[their_session]).await?.is_empty());
    case!("access::history::archive", |tx| history::archive(tx, in_seconds(1_000_000), 10).await? == 0);
    case!("access::history::bring_back", |tx| history::bring_back(tx, &[their_session, their_old]).await? == 0);
    case!("access::history::forget", |tx| history::forget(tx, in_seconds(1_000_000), 10).await? == 0);
    case!("access::sessions::by_ids", |tx| sessions::by_ids(tx, &[their_session]).await?.is_empty());
    case!("access::sessions::close_cut", |tx| sessions::close_cut(tx, &[(their_session, EndCause::Cut)]).await? == 0);
    case!("access::convergence::live_of", |tx| convergence::live_of(tx, &[their_holder]).await?.is_empty());
    case!("access::convergence::note_looked", |tx| {
        convergence::note_looked(tx, &[(their_session, None, NOW)]).await?;
        true
    });
    case!("access::convergence::note_answers", |tx| {
        convergence::note_answers(tx, &[outcome(their_session)]).await?;
        true
    });
    case!("access::convergence::wake_holders", |tx| {
        convergence::wake_holders(tx, &[their_holder.uuid()], NOW.minus(Span::minutes(1))).await? == 0
    });
    case!("access::convergence::wake_many", |tx| {
        convergence::wake_many(tx, Some(&[theirs.plan.id]), None, NOW).await?;
        convergence::wake_many(tx, None, None, NOW).await?.is_none()
    });
    case!("access::convergence::wake_on_routers", |tx| {
        convergence::wake_on_routers(tx, &[theirs.nas_id()], None, NOW).await?.is_none()
    });
    case!("access::convergence::put_off", |tx| {
        convergence::put_off(tx, &[their_holder], in_seconds(1_000_000), NOW).await? == 0
    });
    case!("access::convergence::wake_given_up", |tx| {
        convergence::wake_given_up(tx, &[theirs.nas_id()], "silence", NOW.minus(Span::minutes(1))).await? == 0
    });
    case!("access::sessions::find", |tx| sessions::find(tx, their_session).await?.is_none());
    case!("access::sessions::insert_granted", |tx| {
        let mut session = ours.new_session(their_session, device(2));
        session.nas = theirs.nas_id();
        sessions::insert_granted(tx, &session).await?;
        false
    });
    case!("access::sessions::listing::list", |tx| {
        sessions::list(tx, &Filter::default(), Page::first(10)).await?.rows.is_empty()
    });
    case!("access::sessions::extend_leases", |tx| {
        sessions::extend_leases(tx, &[(their_session, in_seconds(9_999))]).await?;
        true
    });
    case!("access::sessions::insert_unreported", |tx| {
        // Under their id: it becomes a row of ours, or nothing.
        let session = ours.new_session(their_session, device(2));
        sessions::insert_granted(tx, &session).await?;
        let twin = sessions::by_ids_for_update(tx, &[their_session]).await?;
        sessions::insert_unreported(tx, &twin).await?;
        true
    });
    case!("access::sessions::open", |tx| {
        sessions::open(tx, None, 10).await?.iter().all(|session| session.nas != theirs.nas_id())
    });
    case!("access::sessions::save_many", |tx| {
        // Under their id, and over their session: it becomes a row of ours, or nothing.
        let session = ours.new_session(their_session, device(2));
        sessions::insert_granted(tx, &session).await?;
        let mut saved = sessions::by_ids_for_update(tx, &[their_session]).await?;
        saved[0].acct_session_id = Some("1".to_owned());
        sessions::save_many(tx, &saved).await?;
        true
    });
    access::walk(&mut walk, their_holder).await;
    case!("access::slots::free", |tx| {
        slots::free(tx, their_holder, &device(1)).await?;
        true
    });
    case!("access::slots::all", |tx| slots::all(tx).await?.is_empty());
    case!("access::slots::replace", |tx| {
        slots::replace(tx, &[(their_holder, Vec::new())]).await?;
        true
    });
    case!("access::slots::take", |tx| {
        slots::take(tx, their_holder, &device(2), cap(3), id(), NOW, in_seconds(60)).await?;
        false
    });
    case!("access::slots::take_from_oldest", |tx| {
        slots::take_from_oldest(tx, their_holder, &device(2), id(), NOW, in_seconds(60)).await?;
        false
    });
    case!("access::slots::renew_many", |tx| {
        let session: SessionId = their_session;
        let renewal = Renewal { holder: their_holder, device: device(1), session, lease_until: in_seconds(999) };
        slots::renew_many(tx, &[renewal], NOW).await? == [session]
    });
    case!("access::slots::release_many", |tx| {
        slots::release_many(tx, &[their_session]).await?;
        true
    });
    case!("access::usage::add_many", |tx| {
        usage::add_many(tx, &[(their_holder, 1, 1)]).await?;
        true
    });
    case!("access::usage::look_at", |tx| {
        // Of a holder that both have used: each has its own row.
        usage::look_at(tx, &[(their_holder, Some(9))]).await?;
        true
    });
    case!("network::certificates::add", |tx| {
        certificates::add(tx, &certificate(theirs, 1)).await?;
        false
    });
    case!("network::certificates::list", |tx| certificates::list(tx, Page::first(10)).await?.rows.is_empty());
    case!("network::certificates::revoke", |tx| {
        let theirs = certificates::revoke(tx, Which::OfRouter(theirs.nas.id), NOW).await?;
        theirs.is_empty()
            && certificates::revoke(tx, Which::WithSerial(their_certificate.serial), NOW).await?.is_empty()
    });
    case!("network::certificates::certified", |tx| {
        certificates::certified(tx, &[theirs.nas_id()], NOW).await?.is_empty()
    });
    case!("access::usage::all", |tx| usage::all(tx).await?.get(&their_holder.uuid()) != Some(&(5, 5)));
    case!("network::nas::add", |tx| {
        nas::add(tx, &theirs.nas, &SecretBytes::new(b"secret".to_vec())).await?;
        false
    });
    case!("network::nas::find", |tx| nas::find(tx, theirs.nas_id()).await?.is_none());
    case!("network::nas::find_by_name", |tx| nas::find_by_name(tx, &theirs.nas.name).await?.is_none());
    case!("network::nas::list", |tx| {
        nas::list(tx, Page::first(10)).await?.rows.iter().all(|nas| nas.tenant == ours.tenant_id())
    });
    case!("network::nas::update", |tx| {
        nas::update(tx, &theirs.nas).await?;
        false
    });
    case!("network::nas::set_secret", |tx| {
        nas::set_secret(tx, theirs.nas_id(), &SecretBytes::new(b"secret".to_vec())).await?;
        false
    });
    case!("network::nas::retire", |tx| {
        nas::retire(tx, theirs.nas_id(), NOW).await?;
        false
    });
    case!("network::nas::distrust", |tx| {
        nas::distrust(tx, &[theirs.nas_id()], NOW).await?;
        true
    });
    case!("network::nas::gone", |tx| nas::gone(tx, &[theirs.nas_id()]).await?.is_empty());
    case!("network::nas::retired_at", |tx| nas::retired_at(tx, theirs.nas_id()).await?.is_none());
    case!("network::sightings::find", |tx| sightings::find(tx, theirs.nas_id()).await?.is_none());
    case!("people::operations::chosen", |tx| {
        let named = Choice { usernames: Some(vec![their_username.clone()]), ..Choice::default() };
        let on_plan = Choice { plan: Some(theirs.plan.id), ..Choice::default() };
        let all = operations::chosen(tx, &Choice::default()).await?;
        operations::chosen(tx, &named).await?.is_empty()
            && operations::chosen(tx, &on_plan).await?.is_empty()
            && all.iter().all(|one| one.id != theirs.subscriber)
    });
    case!("people::operations::begin", |tx| {
        // On their subscriber: the row becomes ours, and finds nobody.
        let chosen =
            Chosen { id: theirs.subscriber, username: their_username.clone(), is_suspended: false, is_live: false };
        let ours = Operation { id: id(), ..their_operation.clone() };
        operations::begin(tx, &ours, &[chosen]).await?;
        let dealt_with = operations::suspend_some(tx, &ours, 10).await?;
        dealt_with == [(theirs.subscriber, OperationOutcome::Gone)]
    });
    case!("people::operations::find", |tx| operations::find(tx, their_operation.id).await?.is_none());
    case!("people::operations::lock", |tx| operations::lock(tx, their_operation.id).await?.is_none());
    case!("people::operations::list", |tx| {
        operations::list(tx, Page::first(10)).await?.rows.iter().all(|one| one.id != their_operation.id)
    });
    case!("people::operations::rows", |tx| operations::rows(tx, their_operation.id, 0, 10).await?.is_empty());
    case!("people::operations::suspend_some", |tx| {
        operations::suspend_some(tx, &their_operation, 10).await?.is_empty()
    });
    case!("people::operations::resume_some", |tx| {
        operations::resume_some(tx, &their_operation, 10).await?.is_empty()
    });
    case!("people::operations::note_finished", |tx| {
        operations::note_finished(tx, their_operation.id, NOW).await?;
        true
    });
    case!("people::operations::note_undone", |tx| {
        operations::note_undone(tx, their_operation.id, NOW).await?;
        true
    });
    case!("people::subscribers::existing_usernames", |tx| {
        subscribers::existing_usernames(tx, std::slice::from_ref(&their_username)).await?.is_empty()
    });
    case!("people::subscribers::find_by_username", |tx| {
        subscribers::find_by_username(tx, &their_username).await?.is_none()
    });
    case!("people::subscribers::insert_many", |tx| {
        let twin = ours.new_subscriber(theirs.subscriber, &theirs.username);
        subscribers::insert_many(tx, vec![twin]).await?.is_empty()
    });
    case!("people::subscribers::lock", |tx| subscribers::lock(tx, &their_username)
        .await?
        .is_none_or(|found| found.plan == ours.plan.id));
    case!("people::subscribers::resume", |tx| {
        subscribers::resume(tx, theirs.subscriber).await?;
        true
    });
    case!("people::subscribers::set_plan", |tx| {
        subscribers::set_plan(tx, theirs.subscriber, ours.plan.id).await?;
        true
    });
    case!("people::subscribers::set_until", |tx| {
        subscribers::set_until(tx, theirs.subscriber, None).await?;
        true
    });
    case!("people::subscribers::suspend", |tx| {
        subscribers::suspend(tx, theirs.subscriber, NOW).await?;
        true
    });
    people::walk(&mut walk, &their_people).await;
    support::walk(&mut walk, &their_trouble).await;
    network::walk(&mut walk, &their_trouble).await;
    platform::walk(&mut walk, &their_entry).await;
    accounts::walk(&mut walk).await;
    webhooks::walk(&mut walk).await;
    money::walk(&mut walk).await;
    messages::walk(&mut walk).await;
    sales::walk(&mut walk, theirs, &their_customer).await;
    case!("sales::batches::add", |tx| {
        batches::add(tx, &theirs.batch).await?;
        false
    });
    case!("sales::plans::add", |tx| {
        plans::add(tx, &theirs.plan).await?;
        false
    });
    case!("sales::plans::at_revision", |tx| plans::at_revision(tx, theirs.plan.id, 1).await?.is_none());
    case!("sales::plans::find_by_name", |tx| {
        plans::find_by_name(tx, &theirs.plan.name).await?.is_none_or(|plan| plan.id == ours.plan.id)
    });
    case!("sales::plans::list", |tx| plans::list(tx).await?.iter().all(|plan| plan.id == ours.plan.id));
    case!("sales::plans::load", |tx| {
        let all = plans::load(tx, None).await?.found;
        let by_ids = plans::load(tx, Some(&[theirs.plan.id])).await?.found;
        by_ids.is_empty() && all.iter().all(|plan| plan.id == ours.plan.id)
    });
    case!("sales::plans::lock", |tx| {
        plans::lock(tx, &theirs.plan.name).await?.is_none_or(|plan| plan.id == ours.plan.id)
    });
    case!("sales::plans::revise", |tx| {
        plans::revise(tx, theirs.plan.id, &full_terms(1)).await?;
        false
    });
    case!("sales::vouchers::find_by_code", |tx| vouchers::find_by_code(tx, &theirs.code).await?.is_none());
    case!("sales::vouchers::insert_codes", |tx| {
        vouchers::insert_codes(tx, &[(theirs.voucher, theirs.code.clone())], &ours.printed()).await?.is_empty()
    });
    case!("sales::vouchers::mark_sold", |tx| !vouchers::mark_sold(tx, theirs.voucher, NOW, None).await?);
    case!("sales::vouchers::move_end", |tx| {
        !vouchers::move_end(tx, theirs.voucher, in_seconds(60), in_seconds(90)).await?
    });
    case!("sales::vouchers::note_first_use", |tx| {
        vouchers::note_first_use(tx, theirs.voucher, first_use).await?;
        false
    });
    case!("access::convergence::orders_of", |tx| convergence::orders_of(tx, their_session).await?.is_empty());
    case!("access::convergence::forget_orders", |tx| {
        convergence::forget_orders(tx, in_seconds(1_000_000)).await?;
        true
    });
    case!("messages::notices::note_ending", |tx| {
        let within = Span::minutes(1_000_000);
        notices::note_ending(tx, &[(theirs.plan.id, within)], NOW, 10, id).await? == 0
    });
    case!("messages::notices::next_ending", |tx| {
        notices::next_ending(tx, &[(theirs.plan.id, Span::seconds(0))], NOW.minus(Span::minutes(1))).await?.is_none()
    });
    case!("messages::notices::list", |tx| notices::list(tx, Page::first(10)).await?.rows.is_empty());
    case!("sales::vouchers::revoke", |tx| !vouchers::revoke(tx, theirs.voucher, NOW).await?);

    let in_the_source = queries_in_the_source();
    let (missing, gone): (Vec<_>, Vec<_>) =
        (in_the_source.difference(&walk.covered).collect(), walk.covered.difference(&in_the_source).collect());
    assert!(missing.is_empty(), "each query that takes a tenant's transaction needs a case here: {missing:?}");
    assert!(gone.is_empty(), "there is no such query any more: {gone:?}");
    assert_eq!(Holder::Voucher(theirs.voucher), their_holder);
}

/// What a router has answered about a session.
fn outcome(session: SessionId) -> Outcome {
    Outcome {
        session,
        told: None,
        look_at: NOW,
        tries: 3,
        has_refused: true,
        asked: "to end it".to_owned(),
        answer: "silence".to_owned(),
        at: NOW,
        cut: Some((NOW, Why::Renewed)),
    }
}
