//! Two ISPs with the same things: whatever one does must not touch the other.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::access::attempt::{AskedService, Device};
use domain::access::facts::Holder;
use domain::access::told::Told;
use domain::id::{BatchId, Id, NasId, SessionId, SubscriberId, TenantId, VoucherId, ZoneId};
use domain::mac::Mac;
use domain::money::{Currency, Money};
use domain::network::nas::{Nas, PortPair, Signing, Vendor};
use domain::people::customer::{Customer, IdentityState, Profile};
use domain::people::subscriber::Standing;
use domain::phone::{CallingCode, Msisdn};
use domain::platform::house::HouseRules;
use domain::platform::place::Area;
use domain::platform::tenant::Tenant;
use domain::rate::{Bps, Burst, BurstSeconds, Bytes, Priority, RateLimit, UpDown};
use domain::sales::batch::{Batch, Channel};
use domain::sales::plan::{DeviceCap, Plan, PlanService, PlanTerms, ValidityAnchor, WhenFull};
use domain::sales::voucher::VoucherCode;
use domain::secret::SecretBytes;
use domain::time::{Duration, Period, Span, Timestamp, Zone};
use store::access::sessions::{self, NewSession};
use store::network::nas;
use store::people::subscribers::{self, NewSubscriber};
use store::platform::{places, tenants};
use store::sales::vouchers::{self, NewVouchers};
use store::sales::{batches, plans};
use store::{Store, TenantScope, TenantTx};
use tests::answers::Answer;
use tests::database::Database;

/// The moment at which everything here happens.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);

/// A new id; later ones sort later.
pub(crate) fn id<Of>() -> Id<Of> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut bytes = [0x01; 16];
    bytes[8..].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    Id::from_bytes(bytes)
}

pub(crate) fn in_seconds(seconds: i64) -> Timestamp {
    NOW.plus(Span::seconds(seconds))
}

pub(crate) fn device(last: u8) -> Device {
    Device::Mac(Mac::from_octets([0x02, 0, 0, 0, 0, last]))
}

pub(crate) fn code(text: &str) -> VoucherCode {
    text.parse().expect("a good code")
}

pub(crate) fn phone(text: &str) -> Msisdn {
    Msisdn::parse(text.as_bytes(), &CallingCode::kenya()).expect("a good number")
}

pub(crate) fn cap(devices: u16) -> DeviceCap {
    DeviceCap::new(devices).expect("a good cap")
}

/// Terms that use every column.
pub(crate) fn full_terms(devices: u16) -> PlanTerms {
    let bps = |text: &str| text.parse::<Bps>().expect("a good speed");
    let seconds = BurstSeconds::new(16).expect("good");
    let window = "mon-fri 22:00-06:00 10M/20M burst=15M/30M over=8M/16M for=16/8".parse().expect("good");
    let step = "10GB/week 1M/2M priority=5 minimum=64k/128k".parse().expect("good");
    PlanTerms {
        rate: Some(RateLimit {
            burst: Some(Burst {
                rate: UpDown::new(bps("4M"), bps("20M")),
                threshold: UpDown::new(bps("1M"), bps("8M")),
                seconds: UpDown::new(seconds, seconds),
            }),
            priority: Priority::new(3),
            minimum: Some(UpDown::new(bps("512k"), bps("1M"))),
            ..RateLimit::flat(bps("2M"), bps("10M"))
        }),
        device_cap: cap(devices),
        duration: Duration::Minutes(24 * 60),
        anchor: ValidityAnchor::FirstUse,
        data_cap: Some(Bytes::new(5_000_000_000)),
        pool: Some("hotspot-pool".parse().expect("good")),
        address_list: Some("paid".parse().expect("good")),
        speed_windows: vec![window],
        fair_use: vec![step],
        when_full: WhenFull::NewestWins,
        data_window: Some(Period::Month),
        price: Money::from_minor(5_000, Currency::KES),
    }
}

pub(crate) fn plan(name: &str, terms: PlanTerms) -> Plan {
    Plan { id: id(), revision: 1, name: name.parse().expect("good"), service: PlanService::Hotspot, terms }
}

/// One ISP: a router, a plan for three devices, two vouchers in a batch, a subscriber.
pub(crate) struct Isp {
    pub(crate) tenant: Tenant,
    pub(crate) scope: TenantScope,
    pub(crate) nas: Nas,
    pub(crate) plan: Plan,
    pub(crate) batch: Batch,
    pub(crate) voucher: VoucherId,
    pub(crate) code: VoucherCode,
    pub(crate) subscriber: SubscriberId,
    pub(crate) username: String,
}

impl Isp {
    /// `name` is in all of its names and codes.
    async fn open(store: &Store, name: &str, address: &str) -> Self {
        let tenant = Tenant {
            id: id(),
            slug: name.parse().expect("good"),
            name: format!("{name} Networks"),
            zone: Zone::named("Africa/Nairobi").expect("known"),
            currency: Currency::KES,
            calling_code: CallingCode::kenya(),
            house: HouseRules::default(),
        };
        let mut system = store.system().await.expect("begins");
        tenants::add(&mut system, &tenant).await.expect("added");
        system.commit().await.expect("commits");
        let scope = TenantScope::of_operator(tenant.id);
        let nas = Nas {
            id: id(),
            tenant: tenant.id,
            name: format!("{name}-tower").parse().expect("good"),
            address: address.parse().expect("good"),
            identifier: Some("tower".to_owned()),
            realm: Some("fiber".to_owned()),
            port_pair: PortPair::of_auth(20_000),
            vendor: Vendor::Mikrotik,
            coa_port: 3_799,
            signing: Signing::default(),
        };
        let plan = plan("day", full_terms(3));
        let batch = batch(&plan);
        let mut isp = Self {
            scope,
            nas,
            voucher: id(),
            code: code(&format!("{name}Day1")),
            subscriber: id(),
            username: format!("{name}-house"),
            tenant,
            plan,
            batch,
        };
        isp.fill(store).await;
        isp.tenant.name = format!("{name} Networks");
        isp
    }

    async fn fill(&self, store: &Store) {
        let mut tx = store.tenant(&self.scope).await.expect("begins");
        let secret = SecretBytes::new(format!("secret of {}", self.tenant.slug).into_bytes());
        nas::add(&mut tx, &self.nas, &secret).await.expect("added");
        plans::add(&mut tx, &self.plan).await.expect("added");
        batches::add(&mut tx, &self.batch).await.expect("added");
        let codes = [(self.voucher, self.code.clone())];
        vouchers::insert_codes(&mut tx, &codes, &self.printed()).await.expect("inserted");
        subscribers::insert_many(&mut tx, vec![self.new_subscriber(self.subscriber, &self.username)])
            .await
            .expect("inserted");
        tx.commit().await.expect("commits");
    }

    pub(crate) fn printed(&self) -> NewVouchers {
        NewVouchers {
            batch: self.batch.id,
            plan: self.plan.id,
            bought_by: None,
            sell_by: None,
            sold_at: None,
            expires_at: None,
            created_at: NOW,
        }
    }

    pub(crate) fn new_subscriber(&self, id: SubscriberId, username: &str) -> NewSubscriber {
        NewSubscriber {
            id,
            username: username.parse().expect("good"),
            password: SecretBytes::new(format!("pw of {username}").into_bytes()),
            plan: self.plan.id,
            standing: Standing::Active,
            until: Some(in_seconds(86_400)),
            framed_ip: Some([10, 0, 0, 9].into()),
            phone: None,
            customer: None,
            zone: None,
            created_at: NOW,
        }
    }

    pub(crate) fn holder(&self) -> Holder {
        Holder::Voucher(self.voucher)
    }

    pub(crate) fn new_session(&self, id: SessionId, device: Device) -> NewSession {
        NewSession {
            id,
            nas: self.nas.id,
            holder: Some(self.holder()),
            user_name: self.code.expose().to_owned(),
            device,
            service: AskedService::Hotspot,
            framed_ip: Some([10, 5, 50, 2].into()),
            told: Some(Told::plainly(self.plan.id, 1)),
            interim_seconds: 300,
            started_at: NOW,
            lease_until: in_seconds(60),
        }
    }

    pub(crate) async fn granted(&self, store: &Store, device: Device) -> SessionId {
        let session = id();
        let mut tx = store.tenant(&self.scope).await.expect("begins");
        sessions::insert_granted(&mut tx, &self.new_session(session, device)).await.expect("inserted");
        tx.commit().await.expect("commits");
        session
    }

    /// An answer to its house.
    pub(crate) fn answer(&self, number: u32) -> Answer {
        let user = self.username.clone();
        Answer { user, device: device(1), ..Answer::new(number, self.tenant.id, self.nas.id, NOW) }
    }

    pub(crate) fn nas_id(&self) -> NasId {
        self.nas.id
    }

    pub(crate) fn tenant_id(&self) -> TenantId {
        self.tenant.id
    }
}

/// A new zone of the ISP of a transaction.
pub(crate) async fn a_zone(tx: &mut TenantTx) -> ZoneId {
    let zone = id();
    let name = format!("Zone {zone}").parse().expect("a name");
    places::add_zone(tx, &Area { id: zone, name, branch: None, created_at: NOW, revision: 1 }).await.expect("added");
    zone
}

/// A customer whom both could have.
pub(crate) fn customer(name: &str) -> Customer {
    Customer {
        id: id(),
        profile: Profile {
            name: name.parse().expect("a name"),
            phone: Some(phone("0712345678")),
            email: Some("mary@example.com".parse().expect("an address")),
            notes: "a dog".parse().expect("fits"),
            category: Some("school".parse().expect("a slug")),
            zone: None,
            address: "by the mosque".parse().expect("fits"),
            coordinates: None,
            identity: None,
            identity_state: IdentityState::None,
        },
        assigned_to: None,
        revision: 1,
        created_at: NOW,
        changed_at: NOW,
    }
}

pub(crate) fn batch(plan: &Plan) -> Batch {
    Batch {
        id: id::<domain::id::kind::Batch>() as BatchId,
        plan: plan.id,
        channel: Channel::Printed,
        size: 10,
        note: "for the market".to_owned(),
        sell_by: None,
        created_at: NOW,
    }
}

/// A database with two ISPs.
pub(crate) struct Scene {
    pub(crate) store: Store,
    pub(crate) ours: Isp,
    pub(crate) theirs: Isp,
    pub(crate) database: Database,
}

impl Scene {
    pub(crate) async fn open() -> Self {
        let database = Database::fresh().await;
        let store = database.store();
        let ours = Isp::open(&store, "savanna", "192.0.2.1/32").await;
        let theirs = Isp::open(&store, "rift", "198.51.100.0/24").await;
        Self { store, ours, theirs, database }
    }

    /// A transaction of our tenant.
    pub(crate) async fn tx(&self) -> TenantTx {
        self.store.tenant(&self.ours.scope).await.expect("begins")
    }

    /// A transaction of the other tenant.
    pub(crate) async fn their_tx(&self) -> TenantTx {
        self.store.tenant(&self.theirs.scope).await.expect("begins")
    }
}
