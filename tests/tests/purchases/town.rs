//! Two ISPs, M-Pesa, and a town that buys.

use std::collections::BTreeSet;
use std::sync::Arc;

use actions::money::gateways::{NewGateway, add_gateway};
use actions::money::start_payment::{Request, Wish, start_payment};
use anyhow::Context as _;
use domain::id::PaymentId;
use domain::mac::Mac;
use domain::money::gateway::{Environment, GatewayKeys, GatewayKind, Initiator, IspGateway, PayTo};
use domain::money::payment::PaymentState;
use domain::phone::{CallingCode, Msisdn};
use domain::sales::plan::{Plan, PlanService};
use domain::secret::Secret;
use domain::time::Span;
use payments::mpesa::{BaseAddress, Certificate, MemoryShelf, Mpesa, MpesaSettings};
use ports::Clock;
use ports::gateway::{Answer, Gateway, Gateways};
use simulators::mpesa::{Business, Faults, Mpesa as Twin, Settings};
use store::TenantScope;
use store::money::{gateways, payments as rows};
use tests::dice::Dice;
use tests::portal::Portal;
use tests::world::{Isp, StoryClock, World, hour};
use worker::money::Money;
use worker::queue::Queue;

use crate::crash::Killed;

/// The most that are begun in one second of the story.
const A_SECOND: u64 = 20;

/// Where callbacks would come in.
const BASE: &str = "https://pay.example.net";

/// Everything that goes wrong by chance.
const FAULTS: Faults = Faults {
    lost: 0.10,
    twice: 0.10,
    late: 0.10,
    late_max: Span::seconds(240),
    wrong_amount: 0.03,
    forged: 0.05,
    answer_lost: 0.03,
    answer_spoiled: 0.02,
    page: 0.03,
    spike: 0.02,
    timed_out: 0.02,
    token_stolen: 0.01,
};

/// An ISP that sells an hour.
pub(crate) struct Shop {
    pub(crate) scope: TenantScope,
    pub(crate) plan: Plan,
    pub(crate) gateway: IspGateway,
    pub(crate) business: Business,
}

pub(crate) struct Town {
    pub(crate) world: World,
    pub(crate) shops: Vec<Shop>,
    pub(crate) twin: Twin,
    pub(crate) begun: usize,
    /// Payments of which M-Pesa's number of the prompt was known at once.
    pub(crate) known: BTreeSet<PaymentId>,
    pub(crate) crashes: u64,
    gateways: Gateways,
    money: Money,
    queue: Queue,
    dice: Dice,
    _portal: Portal,
}

fn adapter(twin: &Twin, clock: &Arc<StoryClock>) -> anyhow::Result<Arc<dyn Gateway>> {
    let base: BaseAddress = twin.base().parse()?;
    let certificate: Certificate = twin.public_key().parse()?;
    let settings = MpesaSettings::at(&base, Some(&certificate));
    let clock: Arc<dyn Clock> = Arc::<StoryClock>::clone(clock);
    Ok(Arc::new(Mpesa::new(settings, Arc::<MemoryShelf>::default(), clock)?))
}

async fn shop(world: &World, isp: &Isp, business: Business) -> anyhow::Result<Shop> {
    let plan = world.sells(isp, hour(), "hour", PlanService::Hotspot).await?;
    let secret = |text: &String| Secret::new(text.clone());
    let initiator = business.initiator.as_ref();
    let new = NewGateway {
        kind: GatewayKind::Mpesa,
        environment: Environment::Production,
        shortcode: business.shortcode.parse()?,
        pay_to: PayTo::Paybill,
        keys: GatewayKeys {
            consumer_key: secret(&business.consumer_key),
            consumer_secret: secret(&business.consumer_secret),
            passkey: secret(&business.passkey),
            initiator: initiator.map(|(name, password)| Initiator { name: name.clone(), password: secret(password) }),
        },
        trusts_confirmations: false,
        looks_per_minute: 6_000,
    };
    let gateway = add_gateway(&world.store, &isp.scope, new, world.context()).await?;
    Ok(Shop { scope: isp.scope, plan, gateway, business })
}

impl Town {
    pub(crate) async fn open(seed: u64) -> anyhow::Result<Self> {
        let world = World::open().await?;
        let settings = Settings { seed, at_once: 4, ..Settings::default() };
        let twin = Twin::listen(settings, Arc::clone(&world.clock) as Arc<dyn Clock>).await?;
        let portal = Portal::open(&world).await?;
        twin.tells(Some(portal.address));
        let gateways = Gateways { gateway: adapter(&twin, &world.clock)?, callback_base: BASE.to_owned() };
        let mut shops = Vec::new();
        for (isp, shortcode) in [(&world.isp, "174379"), (&world.other, "174380")] {
            let business = Business::paybill(shortcode, shortcode);
            twin.opens(business.clone());
            let shop = shop(&world, isp, business).await?;
            let mut tx = world.store.tenant(&shop.scope).await?;
            let opened = gateways::open(&mut tx, shop.gateway.id).await?.context("no such gateway")?;
            drop(tx);
            let account = opened.account(&shop.gateway, BASE);
            anyhow::ensure!(matches!(gateways.gateway.register(&account).await, Answer::Said(())), "not registered");
            shops.push(shop);
        }
        twin.goes_wrong(FAULTS);
        let money = world.money_through(gateways.clone());
        let queue = world.queue_with(world.money_through(gateways.clone()));
        let dice = Dice::seeded(seed);
        Ok(Self {
            world,
            shops,
            twin,
            begun: 0,
            known: BTreeSet::new(),
            crashes: 0,
            gateways,
            money,
            queue,
            dice,
            _portal: portal,
        })
    }

    /// So many people buy, some each second.
    pub(crate) async fn buys(&mut self, purchases: u64) -> anyhow::Result<()> {
        let mut serial = 0;
        while serial < purchases {
            let some = self.dice.between(1, A_SECOND).min(purchases - serial);
            let mut newest = Vec::new();
            for _ in 0..some {
                newest.push(self.begins(serial).await?);
                serial += 1;
            }
            self.passes(Span::seconds(1)).await?;
            for (payment, shop) in newest {
                self.begun += 1;
                if self.is_known(payment, shop).await? {
                    self.known.insert(payment);
                }
            }
        }
        Ok(())
    }

    /// Whether M-Pesa has told us its number of a prompt.
    async fn is_known(&self, payment: PaymentId, shop: usize) -> anyhow::Result<bool> {
        let mut tx = self.world.store.tenant(&self.shops[shop].scope).await?;
        let row = rows::find(&mut tx, payment).await?.context("a payment is gone")?;
        Ok(row.state == PaymentState::Awaiting && row.checkout.is_some())
    }

    /// Somebody buys: what they do then is in the last two digits of their number.
    async fn begins(&mut self, serial: u64) -> anyhow::Result<(PaymentId, usize)> {
        let place = usize::from(self.dice.once_in(10));
        let manner = self.dice.below(20);
        let number = format!("2547{:06}{manner:02}", serial % 1_000_000);
        let [.., a, b, c, d] = serial.to_be_bytes();
        let shop = &self.shops[place];
        let request = Request {
            wish: Wish::Voucher(shop.plan.id),
            gateway: shop.gateway.id,
            phone: Msisdn::parse(number.as_bytes(), &CallingCode::kenya())?,
            device: Some(Mac::from_octets([2, 0, a, b, c, d])),
            nas: None,
        };
        let started = start_payment(&self.world.store, &shop.scope, request, self.world.context()).await?;
        Ok((started.payment.id, place))
    }

    /// Time passes, and all that is due is done, by workers who may be killed at any moment.
    async fn passes(&mut self, span: Span) -> anyhow::Result<()> {
        self.sends().await?;
        self.people_answer();
        self.twin.step().await;
        self.deals().await?;
        self.world.clock.passes(span);
        Ok(())
    }

    /// A moment at which somebody is killed: after that many polls.
    fn doom(&mut self) -> u64 {
        if self.dice.once_in(6) { self.dice.between(1, 60) } else { u64::MAX }
    }

    async fn sends(&mut self) -> anyhow::Result<()> {
        let doom = self.doom();
        match Killed::after(doom, self.queue.step()).await {
            Some(done) => {
                done?;
            }
            None => self.starts_anew()?,
        }
        Ok(())
    }

    async fn deals(&mut self) -> anyhow::Result<()> {
        let doom = self.doom();
        match Killed::after(doom, self.money.step()).await {
            Some(done) => {
                done?;
            }
            None => self.starts_anew()?,
        }
        Ok(())
    }

    /// What was in memory is gone.
    fn starts_anew(&mut self) -> anyhow::Result<()> {
        self.crashes += 1;
        self.gateways.gateway = adapter(&self.twin, &self.world.clock)?;
        self.money = self.world.money_through(self.gateways.clone());
        self.queue = self.world.queue_with(self.world.money_through(self.gateways.clone()));
        Ok(())
    }

    /// Whoever decides for themselves pays or does not.
    fn people_answer(&mut self) {
        for prompt in self.twin.pending_prompts() {
            let decides =
                prompt.phone.get(10..).and_then(|ending| ending.parse::<u8>().ok()).is_some_and(|one| one > 15);
            match self.dice.below(6) {
                // A prompt that is gone by now is nobody's any more.
                0 if decides => drop(self.twin.refuse(&prompt.phone)),
                1 if decides => drop(self.twin.types_wrong_pin(&prompt.phone)),
                2..=4 if decides => drop(self.twin.accept(&prompt.phone)),
                _ => {}
            }
        }
    }

    /// All that was begun comes to its end: late callbacks, look-ups, and the books, which are read every quarter of an hour.
    pub(crate) async fn settles(&mut self) -> anyhow::Result<()> {
        for _ in 0..150 {
            self.passes(Span::seconds(2)).await?;
        }
        // Now everything works, so that what is left is ours and not the gateway's.
        self.twin.goes_wrong(Faults::default());
        for _ in 0..300 {
            self.passes(Span::seconds(5)).await?;
        }
        Ok(())
    }
}
