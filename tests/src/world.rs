//! The World: a real database, a real RADIUS role on loopback, two ISPs that must never see each other, and a clock
//! that stories can move.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration as StdDuration;

use actions::context::Context;
use actions::network::issue_certificate::{self, IssuedToRouter};
use actions::network::register_nas::{self, NewNas};
use actions::people::add_subscribers::{self, Wanted};
use actions::platform::open_tenant::{self, NewTenant};
use actions::sales::publish_plan;
use anyhow::{Context as _, ensure};
use boot::clock::SystemClock;
use boot::health::Health;
use boot::identity::Identity;
use boot::random::OsRandom;
use domain::id::NodeId;
use domain::money::{Currency, Money};
use domain::network::nas::{SigningRule, Vendor, shared_secret};
use domain::people::subscriber::{Username, password};
use domain::phone::CallingCode;
use domain::platform::tenant::Tenant;
use domain::rate::RateLimit;
use domain::sales::batch::{Batch, Channel};
use domain::sales::plan::{DeviceCap, Plan, PlanService, PlanTerms, ValidityAnchor, WhenFull};
use domain::time::{Span, Timestamp, Zone};
use ports::{Clock, Random as _};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use radiusd::decisions::DecisionMeters;
use radiusd::door::Port;
use radiusd::guard::Limits;
use radiusd::meters::Meters;
use radiusd::{Bound, Parts, Settings};
use routers::coa::Coa;
use simulators::mail::MailCatcher;
use simulators::sms::Sms;
use store::network::nas;
use store::sales::vouchers::NewVouchers;
use store::sales::{batches, vouchers};
use store::{Store, TenantScope};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::client::{PATIENCE, Router};
use crate::database::Database;
use crate::gateway::Scripted;
use crate::{mail, partner, texts};

/// A clock that stands where the story puts it; its monotonic side runs as the machine's does.
#[derive(Debug)]
pub struct StoryClock {
    micros: AtomicI64,
    machine: SystemClock,
}

impl StoryClock {
    /// A clock that stands at the machine's present.
    pub fn standing() -> Self {
        let machine = SystemClock;
        Self { micros: AtomicI64::new(machine.now().as_micros()), machine }
    }

    /// Lets time pass at once.
    pub fn passes(&self, span: Span) {
        self.micros.fetch_add(span.as_micros(), Ordering::SeqCst);
    }
}

impl Clock for StoryClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.micros.load(Ordering::SeqCst))
    }

    fn monotonic_ms(&self) -> u64 {
        self.machine.monotonic_ms()
    }
}

/// One ISP of the World.
#[derive(Debug)]
pub struct Isp {
    /// The tenant.
    pub tenant: Tenant,
    /// The door to its rows.
    pub scope: TenantScope,
    /// Its router.
    pub router: Router,
}

/// A running server with two ISPs.
pub struct World {
    /// The database, its own for this story.
    pub database: Database,
    /// The way into it.
    pub store: Store,
    /// The time.
    pub clock: Arc<StoryClock>,
    /// The ISP that the story is about.
    pub isp: Isp,
    /// Another one on the same system.
    pub other: Isp,
    /// Where routers ask over TLS, in a World that has it.
    pub tls: Option<SocketAddr>,
    /// Records that are answered and not yet in the database.
    waiting: Gauge,
    /// How old the oldest of them is.
    oldest: Gauge,
    /// Whether the parts of the role do their work.
    pub health: Health,
    /// The records of answers.
    decisions: DecisionMeters,
    /// How often the role has asked the database what has changed.
    readings: Counter,
    /// The mail server that letters are sent through.
    pub mail: MailCatcher,
    /// The providers that text messages are sent through.
    pub sms: Sms,
    /// The gateway that people pay through.
    pub gateway: Arc<Scripted>,
    shutdown: CancellationToken,
    serving: Option<JoinHandle<()>>,
    kept: TempDir,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("isp", &self.isp).finish_non_exhaustive()
    }
}

impl World {
    /// Opens a World with nothing sold yet.
    pub async fn open() -> anyhow::Result<Self> {
        Self::open_with(|_| {}).await
    }

    /// The same, where routers may ask over TLS as well.
    pub async fn open_over_tls() -> anyhow::Result<Self> {
        Self::open_with(|settings| settings.radsec = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))]).await
    }

    /// Opens a World whose server is set up in another way.
    pub async fn open_with(set_up: impl FnOnce(&mut Settings)) -> anyhow::Result<Self> {
        let database = Database::fresh().await;
        let store = database.store();
        let clock = Arc::new(StoryClock::standing());
        let mut registry = Registry::default();
        let journal = tempfile::tempdir().context("no directory for the journal")?;
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut parts = Parts {
            identity: Identity { node: NodeId::from_bytes(OsRandom.uuid_v7(clock.now())), name: "test".to_owned() },
            store: store.clone(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            random: Arc::new(OsRandom),
            meters: Meters::register(&mut registry),
            health: Health::default(),
            settings: Settings {
                auth: vec![SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))],
                acct: vec![SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))],
                radsec: Vec::new(),
                radsec_names: vec!["127.0.0.1".to_owned(), "radius.test".to_owned()],
                workers: 2,
                interim_seconds: 300,
                reserve_seconds: 60,
                decision_days: 30,
                decides_from_memory: true,
                rights_max: 100_000,
                snapshot: journal.path().join("kept/book.snapshot"),
                snapshot_every: StdDuration::from_secs(60),
                snapshot_age_max: domain::time::Span::minutes(60),
                decisions: journal.path().join("decisions"),
                decisions_bytes_max: 64 * 1024 * 1024,
                decisions_recorded: true,
                journal: journal.path().join("journal"),
                journal_bytes_max: 64 * 1024 * 1024,
                extra_pairs: Vec::new(),
                limits: Limits::default(),
                sightings_every: StdDuration::from_millis(100),
                tidy_every: StdDuration::from_millis(200),
            },
        };
        set_up(&mut parts.settings);
        let waiting = parts.meters.journal_records_waiting.clone();
        let (oldest, health) = (parts.meters.journal_oldest_seconds.clone(), parts.health.clone());
        let decisions = parts.meters.decisions.clone();
        let readings = parts.meters.book_readings.clone();
        let bound = Bound::bind(parts)?;
        let port = |port| bound.addresses(port).first().map_or(loopback, |a| SocketAddr::new(loopback.ip(), a.port()));
        let (isp, other) = open_isps(&store, &clock, port(Port::Auth), port(Port::Acct)).await?;
        let tls = bound.tls_addresses().first().copied();
        let mail = MailCatcher::listen().await.context("no mail server")?;
        let sms = Sms::listen().await.context("no provider of messages")?;
        let shutdown = CancellationToken::new();
        let serving = Some(tokio::spawn(bound.serve(shutdown.clone())));
        let world = Self {
            database,
            store,
            clock,
            isp,
            other,
            tls,
            waiting,
            oldest,
            health,
            readings,
            decisions,
            mail,
            sms,
            gateway: Arc::default(),
            shutdown,
            serving,
            kept: journal,
        };
        world.routers_are_known().await?;
        Ok(world)
    }

    /// Lets live sessions follow what changes: the worker role, beside the one that answers.
    pub fn works(&self) {
        tokio::spawn(worker::run(self.worker(), self.shutdown.child_token()));
    }

    /// The same in a runtime of its own: shut down in the background, it is killed between any two steps.
    pub fn works_apart(&self) -> anyhow::Result<Runtime> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        runtime.spawn(worker::run(self.worker(), self.shutdown.child_token()));
        Ok(runtime)
    }

    fn worker(&self) -> worker::Parts<Coa> {
        let mut seed = [0; 8];
        OsRandom.fill(&mut seed);
        worker::Parts {
            node: NodeId::from_bytes(OsRandom.uuid_v7(self.clock.now())),
            store: self.store.clone(),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            random: Arc::new(OsRandom),
            meters: worker::Meters::register(&mut Registry::default()),
            control: Coa::new(routers::coa::Settings::default(), u64::from_ne_bytes(seed)),
            mailer: mail::mailer_to(self.mail.address()),
            teller: partner::teller(),
            messenger: texts::messenger_to(&self.sms),
            gateways: Some(self.gateways()),
        }
    }

    /// A World whose server is a process of its own ([`crate::node`]), which listens there. Its clock is the machine's,
    /// so time does not [pass](StoryClock::passes) for it.
    pub async fn beside(auth: SocketAddr, acct: SocketAddr) -> anyhow::Result<Self> {
        Self::beside_on(Database::fresh().await, auth, acct).await
    }

    /// The same on a database that the caller has made.
    pub async fn beside_on(database: Database, auth: SocketAddr, acct: SocketAddr) -> anyhow::Result<Self> {
        let store = database.store();
        let clock = Arc::new(StoryClock::standing());
        let (isp, other) = open_isps(&store, &clock, auth, acct).await?;
        let journal = tempfile::tempdir().context("no directory")?;
        let (waiting, readings, shutdown) = (Gauge::default(), Counter::default(), CancellationToken::new());
        let mail = MailCatcher::listen().await.context("no mail server")?;
        let sms = Sms::listen().await.context("no provider of messages")?;
        Ok(Self {
            database,
            store,
            clock,
            isp,
            other,
            tls: None,
            waiting,
            oldest: Gauge::default(),
            health: Health::default(),
            readings,
            decisions: DecisionMeters::default(),
            mail,
            sms,
            gateway: Arc::default(),
            shutdown,
            serving: None,
            kept: journal,
        })
    }

    /// The clock and the dice of a deed.
    pub fn context(&self) -> Context<'_> {
        Context::new(&*self.clock, &OsRandom)
    }

    /// Registers one more router of an ISP, and gives it as its server sees it.
    pub async fn registers(
        &self,
        isp: &Isp,
        name: &str,
        from: &str,
        secret: &'static str,
        change: impl FnOnce(&mut NewNas),
    ) -> anyhow::Result<Router> {
        let from: IpAddr = from.parse()?;
        let mut new = a_router(name, &from.to_string(), secret)?;
        change(&mut new);
        register_nas::register_nas(&self.store, &isp.scope, new, self.context()).await?;
        Ok(Router { from, secret, ..isp.router.clone() })
    }

    /// Publishes a plan of an ISP: `5M/10M` unless it is unlimited.
    pub async fn sells(&self, isp: &Isp, terms: PlanTerms, name: &str, service: PlanService) -> anyhow::Result<Plan> {
        let name = name.parse()?;
        Ok(publish_plan::publish_plan(&self.store, &isp.scope, name, service, terms, self.context()).await?)
    }

    /// Prints cards with these codes.
    pub async fn prints(&self, isp: &Isp, plan: &Plan, codes: &[&str]) -> anyhow::Result<()> {
        self.prints_as(isp, plan, codes, |_| {}).await
    }

    /// Puts cards with these codes into the state that a story needs.
    pub async fn prints_as(
        &self,
        isp: &Isp,
        plan: &Plan,
        codes: &[&str],
        as_if: impl FnOnce(&mut NewVouchers),
    ) -> anyhow::Result<()> {
        let batch = Batch {
            id: self.context().new_id(),
            plan: plan.id,
            channel: Channel::Printed,
            size: u32::try_from(codes.len())?,
            note: String::new(),
            sell_by: None,
            created_at: self.clock.now(),
        };
        let mut tx = self.store.tenant(&isp.scope).await?;
        batches::add(&mut tx, &batch).await?;
        let mut fresh = Vec::new();
        for code in codes {
            fresh.push((self.context().new_id(), code.parse()?));
        }
        let mut made = NewVouchers {
            batch: batch.id,
            plan: plan.id,
            bought_by: None,
            sell_by: None,
            sold_at: None,
            expires_at: None,
            created_at: batch.created_at,
        };
        as_if(&mut made);
        let accepted = vouchers::insert_codes(&mut tx, &fresh, &made).await?;
        ensure!(accepted.len() == codes.len(), "a code is taken");
        Ok(tx.commit().await?)
    }

    /// Adds a house.
    pub async fn connects(&self, isp: &Isp, plan: &Plan, user: &str, secret: &str) -> anyhow::Result<()> {
        let wanted = Wanted {
            username: Username::parse(user.as_bytes())?,
            password: password(secret)?,
            plan: plan.id,
            until: None,
            framed_ip: None,
            phone: None,
            customer: None,
            zone: None,
        };
        let plans = std::slice::from_ref(plan);
        let zone = &isp.tenant.zone;
        let wanted = vec![wanted];
        add_subscribers::add_subscribers(&self.store, &isp.scope, zone, plans, wanted, self.context(), &mut |_| {})
            .await?;
        Ok(())
    }

    /// Issues a certificate for RadSec to an ISP's router.
    pub async fn certifies(&self, isp: &Isp, lasts: Span) -> anyhow::Result<IssuedToRouter> {
        let mut tx = self.store.tenant(&isp.scope).await?;
        let nas = nas::find_by_name(&mut tx, &"tower".parse()?).await?.context("no router")?;
        tx.commit().await?;
        Ok(issue_certificate::issue_certificate(&self.store, &isp.scope, &nas, lasts, self.context()).await?)
    }

    /// Waits until every report that was answered is in the database.
    ///
    /// # Panics
    /// When that takes longer than anybody would wait.
    pub async fn drained(&self) {
        for _ in 0..6_000 {
            if self.waiting.get() == 0 {
                return;
            }
            tokio::time::sleep(StdDuration::from_millis(5)).await;
        }
        assert_eq!(self.waiting.get(), 0, "answered reports are not in the database");
    }

    /// Where the role keeps its journal.
    pub fn journal(&self) -> PathBuf {
        self.kept.path().join("journal")
    }

    /// How old the oldest report is said to be that is not in the database, once that is at least `seconds`; else the
    /// last word of some seconds.
    pub async fn oldest_report_is_older_than(&self, seconds: i64) -> i64 {
        for _ in 0..2_000 {
            if self.oldest.get() >= seconds {
                break;
            }
            tokio::time::sleep(StdDuration::from_millis(5)).await;
        }
        self.oldest.get()
    }

    /// Waits until the role knows all that was changed before.
    ///
    /// # Panics
    /// When that takes longer than a second, and some more on a busy machine.
    pub async fn knows_what_changed(&self) {
        // The reading that is under way may have begun before the change.
        let enough = self.readings.get() + 2;
        for _ in 0..2_000 {
            if self.readings.get() >= enough {
                return;
            }
            tokio::time::sleep(StdDuration::from_millis(5)).await;
        }
        assert!(self.readings.get() >= enough, "the role does not ask what has changed");
    }

    /// Waits until the records of all answers are in the database.
    ///
    /// # Panics
    /// When that takes longer than anybody would wait.
    pub async fn recorded(&self) {
        let behind = || self.decisions.records.get() - self.decisions.saved.get();
        for _ in 0..6_000 {
            if behind() == 0 {
                return;
            }
            tokio::time::sleep(StdDuration::from_millis(5)).await;
        }
        assert_eq!(behind(), 0, "records of answers are not in the database");
    }

    /// Stops the role as an operator would, and waits until it has stopped.
    pub async fn stops(&mut self) -> anyhow::Result<()> {
        self.shutdown.cancel();
        if let Some(serving) = self.serving.take() {
            serving.await.context("the role panicked")?;
        }
        Ok(())
    }

    /// Waits until the role has read the routers: Status-Server is answered from then on.
    async fn routers_are_known(&self) -> anyhow::Result<()> {
        let hasty = Router { patience: StdDuration::from_millis(100), ..self.isp.router.clone() };
        for _ in 0..200 {
            if hasty.asks("nobody", "nothing", "02:FF:00:00:00:01").await?.is_some() {
                return Ok(());
            }
        }
        anyhow::bail!("the role does not answer")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// Terms of a plan that most stories sell: an hour, one device, 2M/5M, counted from the first use.
pub fn hour() -> PlanTerms {
    PlanTerms {
        rate: Some(RateLimit::flat("2M".parse().expect("good"), "5M".parse().expect("good"))),
        device_cap: DeviceCap::ONE,
        duration: "1h".parse().expect("good"),
        anchor: ValidityAnchor::FirstUse,
        data_cap: None,
        pool: None,
        address_list: None,
        speed_windows: Vec::new(),
        fair_use: Vec::new(),
        when_full: WhenFull::Refuse,
        data_window: None,
        price: Money::from_minor(2_000, Currency::KES),
    }
}

/// The same for that many devices.
pub fn hour_for(devices: u16) -> PlanTerms {
    PlanTerms { device_cap: DeviceCap::new(devices).expect("good"), ..hour() }
}

/// Terms of a house's plan: a month, 10M/20M.
pub fn month() -> PlanTerms {
    PlanTerms {
        rate: Some(RateLimit::flat("10M".parse().expect("good"), "20M".parse().expect("good"))),
        duration: "1mo".parse().expect("good"),
        anchor: ValidityAnchor::Purchase,
        ..hour()
    }
}

async fn open_isps(
    store: &Store,
    clock: &StoryClock,
    auth: SocketAddr,
    acct: SocketAddr,
) -> anyhow::Result<(Isp, Isp)> {
    let context = Context::new(clock, &OsRandom);
    let isp = open_isp(store, context, "savanna", "127.0.0.1", "testing123", auth, acct).await?;
    let other = open_isp(store, context, "rift", "127.0.0.2", "another-secret", auth, acct).await?;
    Ok((isp, other))
}

async fn open_isp(
    store: &Store,
    context: Context<'_>,
    slug: &str,
    from: &str,
    secret: &'static str,
    auth: SocketAddr,
    acct: SocketAddr,
) -> anyhow::Result<Isp> {
    let new = NewTenant {
        slug: slug.parse()?,
        name: slug.to_owned(),
        zone: Zone::named("Africa/Nairobi")?,
        currency: Currency::KES,
        calling_code: CallingCode::kenya(),
    };
    let tenant = open_tenant::open_tenant(store, new, context).await?;
    let scope = TenantScope::of_operator(tenant.id);
    let from: IpAddr = from.parse()?;
    let router = a_router("tower", &from.to_string(), secret)?;
    register_nas::register_nas(store, &scope, router, context).await?;
    Ok(Isp { tenant, scope, router: Router { from, secret, auth, acct, patience: PATIENCE } })
}

/// A MikroTik router at an address, or several in a network, with nothing special about it.
pub fn a_router(name: &str, network: &str, secret: &str) -> anyhow::Result<NewNas> {
    let address = network.parse().or_else(|_| network.parse::<IpAddr>().map(Into::into))?;
    Ok(NewNas {
        name: name.parse()?,
        address,
        identifier: None,
        realm: None,
        port_pair: None,
        vendor: Vendor::Mikrotik,
        coa_port: 3_799,
        signing: SigningRule::Observe,
        secret: shared_secret(secret)?,
    })
}
