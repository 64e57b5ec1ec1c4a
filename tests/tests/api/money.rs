//! Money as the staff of an ISP deals with it over HTTP, always with two ISPs.

mod arrivals;
mod books;
mod gateways;
mod payments;
mod statement;

use actions::money::note_arrival::{Told, note_arrival};
use actions::money::start_payment::{Request, Wish, start_payment};
use domain::id::PaymentId;
use domain::money::arrival::Source;
use domain::money::claim::Transfer;
use domain::money::payment::Payment;
use domain::phone::Msisdn;
use domain::time::Span;
use serde_json::{Value, json};
use store::money::payments as stored;
use store::platform::tenants;
use tests::api::{Api, Client};
use tests::furnished::{gateway, made};
use tests::world::World;

const PHONE: &str = "0712345678";
/// What an hour costs.
const PRICE: i64 = 2_000;

/// An ISP whose owner sells an hour through a paybill, and another one that does, too.
struct Counter {
    world: World,
    api: Api,
    /// The owner of ours.
    ours: Client,
    /// The owner of the other.
    theirs: Client,
    /// The ids of ours.
    plan: String,
    gateway: String,
}

impl Counter {
    async fn opens() -> anyhow::Result<Self> {
        let world = World::open().await?;
        let api = Api::open(&world).await?;
        let (ours, theirs) = (api.owner(&world, &world.isp).await?, api.owner(&world, &world.other).await?);
        let hour = json!({ "name": "hour", "service": "hotspot", "terms": { "rate": "2M/5M", "duration": "60m",
            "counts_from": "sale", "price": { "minor": PRICE, "currency": "KES" } } });
        let plan = made(&ours, "/v1/plans", hour.clone()).await?;
        made(&theirs, "/v1/plans", hour).await?;
        let id = made(&ours, "/v1/gateways", gateway("600999")).await?;
        made(&theirs, "/v1/gateways", gateway("600999")).await?;
        Ok(Self { world, api, ours, theirs, plan, gateway: id })
    }

    /// Somebody taps on the hour, and the prompt is on their telephone.
    async fn buys(&self) -> anyhow::Result<Payment> {
        let request = Request {
            wish: Wish::Voucher(self.plan.parse()?),
            gateway: self.gateway.parse()?,
            phone: Msisdn::parse(PHONE.as_bytes(), &self.world.isp.tenant.calling_code)?,
            device: None,
            nas: None,
        };
        let (store, scope) = (&self.world.store, &self.world.isp.scope);
        let started = start_payment(store, scope, request, self.world.context()).await?;
        self.world.queue().step().await?;
        Ok(started.payment)
    }

    /// Does what is due now.
    async fn settles(&self) -> anyhow::Result<()> {
        for _ in 0..3 {
            self.world.money().step().await?;
            self.world.queue().step().await?;
        }
        Ok(())
    }

    /// Time passes, and what is due then is done.
    async fn passes(&self, seconds: i64) -> anyhow::Result<()> {
        self.world.clock.passes(Span::seconds(seconds));
        self.settles().await
    }

    /// Somebody tells of money that came to our gateway.
    async fn is_told(&self, transfer: &Transfer, source: Source, is_proof: bool) -> anyhow::Result<String> {
        let mut tx = self.world.store.tenant(&self.world.isp.scope).await?;
        let isp = tenants::own(&mut tx).await?;
        let all = store::money::gateways::list(&mut tx).await?;
        drop(tx);
        let told = Told { gateway: &all[0], transfer, source, is_proof, for_whom: None };
        let places = (&isp.zone, &isp.calling_code);
        let context = self.world.context();
        let noted = note_arrival(&self.world.store, &self.world.isp.scope, places, told, context).await?;
        Ok(noted.arrival.expect("known").id.to_string())
    }

    /// A subscriber whose next period costs the price.
    async fn house(&self, name: &str) -> anyhow::Result<String> {
        let home = json!({ "name": format!("{name}-plan"), "service": "pppoe", "terms": { "rate": "2M/5M",
            "duration": "30d", "counts_from": "purchase", "price": { "minor": PRICE, "currency": "KES" } } });
        let plan = made(&self.ours, "/v1/plans", home).await?;
        let house = json!({ "username": name, "password": "karibu sana", "plan_id": plan, "phone": "0799000111" });
        made(&self.ours, "/v1/subscribers", house).await
    }

    /// Today, as the ISP's calendar has it.
    fn today(&self) -> String {
        self.world.context().now().in_zone(&self.world.isp.tenant.zone).chars().take(10).collect()
    }

    async fn payment(&self, id: PaymentId) -> anyhow::Result<Payment> {
        let mut tx = self.world.store.tenant(&self.world.isp.scope).await?;
        Ok(stored::find(&mut tx, id).await?.expect("there"))
    }

    /// What the owner sees there.
    async fn sees(&self, path: &str) -> anyhow::Result<Value> {
        Ok(self.ours.get(path).await?.is(200)?.json())
    }

    /// What the owner does there.
    async fn does(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        let answer = self.ours.post(path, body).await?;
        anyhow::ensure!((200..300).contains(&answer.status), "{path}: {} {}", answer.status, answer.text());
        Ok(answer.json())
    }

    /// The books are whole.
    async fn is_whole(&self) -> anyhow::Result<()> {
        let verified = self.ours.send("POST", "/v1/ledger/verify", None).await?.is(200)?.json();
        anyhow::ensure!(verified["is_whole"] == true, "{verified}");
        Ok(())
    }
}

/// The rows of a list.
fn rows(list: &Value) -> &Vec<Value> {
    list["items"].as_array().expect("a list")
}
