//! Two ISPs with one of everything, so that whatever is asked of the API has something to hit.
//!
//! Whatever people of an ISP write bears its mark, and ids of one ISP are known as such: either of them in an answer to
//! the other is a leak. Most of it is made over HTTP, as its staff would.

mod money;

use std::collections::BTreeMap;
use std::time::Duration;

use actions::platform::account::pay_until::pay_until;
use anyhow::{Context as _, bail, ensure};
use domain::messages::message::MessageState;
use domain::people::role::{Preset, RoleName};
use domain::people::staff::Zoned;
use domain::support::exception::{Exception, ExceptionKind};
use domain::time::Span;
use ports::Clock as _;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use store::messages::outbox::{self, Text};
use store::support::exceptions;

pub use self::money::{AWAITED, FAILED, STRAY, UNPROVEN, UNSERVED, WRONG, gateway};
use crate::api::{Api, Client};
use crate::client::{Reply, Report};
use crate::world::{Isp, World};

/// What people of the first ISP write somewhere in each of their texts.
pub const MARK: &str = "zebraone";

/// What people of the other ISP write.
pub const OTHER_MARK: &str = "quokkatwo";

/// What people of the platform write.
pub const PLATFORM_MARK: &str = "okapithree";

/// Two ISPs with one of everything, their API, and the platform above them.
#[derive(Debug)]
pub struct Furnished {
    /// The API.
    pub api: Api,
    /// The first ISP.
    pub isp: Party,
    /// The other.
    pub other: Party,
    /// The world of both.
    pub world: World,
    /// The id of whoever of the platform has been in both ISPs' places: both are told who that was.
    pub visitor: String,
}

/// One of the ISPs: who owns it, and what it has.
#[derive(Debug)]
pub struct Party {
    /// What its people write.
    pub mark: &'static str,
    /// Its owner.
    pub owner: Client,
    /// One id for each path that goes on with an id: `/v1/plans` to the id of a plan.
    pub ids: BTreeMap<&'static str, String>,
}

impl Party {
    /// The id for a path that goes on with one.
    ///
    /// # Panics
    /// When there is none: add a row of the new kind where ISPs are furnished.
    pub fn id(&self, path: &str) -> &str {
        self.ids.get(path).unwrap_or_else(|| unreachable!("no row for {path}: add one to tests/src/furnished.rs"))
    }
}

impl Furnished {
    /// Opens a World and furnishes both of its ISPs.
    pub async fn open() -> anyhow::Result<Self> {
        let world = World::open().await?;
        let api = Api::open(&world).await?;
        let isp = furnish(&world, &api, &world.isp, MARK).await?;
        let other = furnish(&world, &api, &world.other, OTHER_MARK).await?;
        let mut furnished = Self { api, isp, other, world, visitor: String::new() };
        furnished.visitor = furnished.visits().await?;
        Ok(furnished)
    }

    /// Somebody of the platform, with a second proof.
    pub async fn of_platform(&self, preset: Preset) -> anyhow::Result<Client> {
        self.api.of_platform(&self.world, preset).await
    }

    /// Somebody new with a preset, in the ISP or the platform to which it belongs.
    pub async fn somebody(&self, preset: Preset, of: &Isp) -> anyhow::Result<Client> {
        if preset.is_of_platform() {
            return self.of_platform(preset).await;
        }
        self.api.signed_in(&self.world, of, RoleName::Preset(preset), Zoned::All).await
    }

    /// The same with a second proof, so that they may go on when their ISP demands one.
    pub async fn somebody_proved(&self, preset: Preset, of: &Isp) -> anyhow::Result<Client> {
        if preset.is_of_platform() {
            return self.of_platform(preset).await;
        }
        let place = (&of.scope, of.tenant.slug.as_str());
        self.api.enters(&self.world, place, RoleName::Preset(preset), Zoned::All, true).await
    }

    /// The tables in which an ISP has rows with this text in them.
    pub async fn marked(&self, isp: &Isp, text: &str) -> anyhow::Result<Vec<String>> {
        let mut admin = PgConnection::connect(&self.world.database.admin_url()).await?;
        let tables: Vec<String> = sqlx::query_scalar(
            "select c.relname::text from pg_class c
             join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
             where c.relkind in ('r', 'p') and not c.relispartition and c.relnamespace = 'public'::regnamespace
             order by 1",
        )
        .fetch_all(&mut admin)
        .await?;
        let mut marked = Vec::new();
        for table in tables {
            let ask = format!("select exists (select from {table} t where tenant_id = $1 and t::text ilike $2)");
            let ask = sqlx::query_scalar(sqlx::AssertSqlSafe(ask)).bind(isp.tenant.id.uuid()).bind(format!("%{text}%"));
            if ask.fetch_one(&mut admin).await? {
                marked.push(table);
            }
        }
        Ok(marked)
    }

    /// The tables in which one ISP has rows with the other's mark in them.
    pub async fn crossed(&self) -> anyhow::Result<Vec<String>> {
        let theirs = self.marked(&self.world.isp, OTHER_MARK).await?;
        Ok(theirs.into_iter().chain(self.marked(&self.world.other, MARK).await?).collect())
    }

    /// The platform has been in both ISPs' places. Gives the id of whoever that was.
    async fn visits(&self) -> anyhow::Result<String> {
        let root = self.of_platform(Preset::PlatformOwner).await?;
        for isp in [&self.world.isp, &self.world.other] {
            let reason = format!("{PLATFORM_MARK} looks into a call");
            let visit = json!({ "tenant": isp.tenant.id.to_string(), "reason": reason });
            root.post("/v1/platform/impersonations", visit).await?.is(201)?;
            root.send("POST", "/v1/me/stop-impersonating", None).await?.is(204)?;
        }
        let me = root.get("/v1/me").await?.is(200)?.json();
        Ok(me["id"].as_str().unwrap_or_default().to_owned())
    }
}

/// For how long the ISPs have paid.
const PAID_SECONDS: i64 = 90 * 24 * 3_600;

/// Gives an ISP one of everything.
async fn furnish(world: &World, api: &Api, isp: &Isp, mark: &'static str) -> anyhow::Result<Party> {
    let owner = api.owner(world, isp).await?;
    // The largest tier, so that no limit stands in the way of what is asked.
    let (until, tier) = (world.clock.now().plus(Span::seconds(PAID_SECONDS)), "premium".parse()?);
    pay_until(&world.store, &isp.scope, &|_| true, until, Some(&tier), world.context()).await?;
    let mut party = Party { mark, owner, ids: BTreeMap::new() };
    let ids = sells(&party).await?.into_iter().chain(has_people(&party).await?);
    party.ids.extend(ids.collect::<Vec<_>>());
    connects(&mut party).await?;
    comes_online(world, isp, &party).await?;
    tells_a_partner(&mut party).await?;
    money::comes(world, isp, &mut party).await?;
    sends_messages(world, isp, &mut party).await?;
    trouble(world, isp, mark).await?;
    for (path, list) in [
        ("/v1/sessions", "/v1/sessions"),
        ("/v1/exceptions", "/v1/exceptions"),
        ("/v1/me/sessions", "/v1/me/sessions"),
        ("/v1/vouchers", "/v1/vouchers?state=printed&sort=-created_at"),
    ] {
        let id = first(&party.owner, list, "id").await?;
        party.ids.insert(path, id);
    }
    let trace = first(&party.owner, "/v1/decisions", "trace").await?;
    party.ids.insert("/v1/decisions", trace);
    Ok(party)
}

/// Creates a thing and gives its id.
pub async fn made(client: &Client, path: &str, body: Value) -> anyhow::Result<String> {
    let answer = client.post(path, body).await?.is(201).with_context(|| format!("POST {path}"))?.json();
    let id =
        ["id", "key/id", "webhook/id", "gateway/id"].iter().find_map(|at| answer.pointer(&format!("/{at}"))?.as_str());
    Ok(id.with_context(|| format!("{path} gave no id: {answer}"))?.to_owned())
}

/// The id of a hotspot plan stands under this.
pub const HOTSPOT: &str = "a hotspot plan";

/// The id of another plan for houses stands under this.
pub const FAST: &str = "a faster plan";

/// The id of a customer who has nothing stands under this.
pub const LONER: &str = "a customer who has nothing";

/// The id of a branch without zones stands under this.
pub const EMPTY: &str = "an empty branch";

/// The device that the house of each ISP is online with.
pub const DEVICE: &str = "02:00:00:00:00:01";

/// A plan as the API takes it.
pub fn plan(name: &str, service: &str) -> Value {
    let from = if service == "hotspot" { "sale" } else { "purchase" };
    json!({ "name": name, "service": service, "terms": {
        "rate": "2M/5M", "duration": "30d", "counts_from": from, "price": { "minor": 2000, "currency": "KES" } } })
}

async fn sells(party: &Party) -> anyhow::Result<Vec<(&'static str, String)>> {
    let (owner, mark) = (&party.owner, party.mark);
    let day = made(owner, "/v1/plans", plan(&format!("{mark}-day"), "hotspot")).await?;
    let fast = made(owner, "/v1/plans", plan(&format!("{mark}-fast"), "pppoe")).await?;
    let home = made(owner, "/v1/plans", plan(&format!("{mark}-home"), "pppoe")).await?;
    let batch = json!({ "plan_id": day, "count": 5, "note": format!("{mark} shop") });
    let batch = made(owner, "/v1/batches", batch).await?;
    let router =
        json!({ "name": format!("{mark}-hill"), "address": address_of(mark, 9), "secret": format!("{mark}-secret") });
    let router = made(owner, "/v1/routers", router).await?;
    Ok(vec![("/v1/plans", home), (HOTSPOT, day), (FAST, fast), ("/v1/batches", batch), ("/v1/routers", router)])
}

/// An address that no other ISP's routers have.
fn address_of(mark: &str, number: u8) -> String {
    format!("10.{}.0.{number}", if mark == MARK { 21 } else { 22 })
}

async fn has_people(party: &Party) -> anyhow::Result<Vec<(&'static str, String)>> {
    let (owner, mark) = (&party.owner, party.mark);
    let mary = json!({ "name": format!("Mary {mark}"), "phone": "0712345678", "notes": format!("{mark} notes"),
        "identity": { "kind": "national_id", "number": format!("{mark}77") } });
    let mary = made(owner, "/v1/customers", mary).await?;
    let loner = made(owner, "/v1/customers", json!({ "name": format!("Ali {mark}") })).await?;
    let branch = made(owner, "/v1/branches", json!({ "name": format!("{mark} town") })).await?;
    let empty = made(owner, "/v1/branches", json!({ "name": format!("{mark} desert") })).await?;
    let zone = json!({ "name": format!("{mark} hill"), "branch": branch });
    let zone = made(owner, "/v1/zones", zone).await?;
    let ben = json!({ "email": format!("ben@{mark}.test"), "user_name": format!("ben-{mark}"),
        "name": format!("Ben {mark}"), "role": "support" });
    let ben = made(owner, "/v1/staff", ben).await?;
    let role = json!({ "name": format!("{mark} shop"), "permissions": ["vouchers:see", "vouchers:change"] });
    let role = made(owner, "/v1/roles", role).await?;
    let key = json!({ "name": format!("{mark} billing"), "permissions": ["customers:see"] });
    let key = made(owner, "/v1/keys", key).await?;
    Ok(vec![
        ("/v1/customers", mary),
        (LONER, loner),
        ("/v1/branches", branch),
        (EMPTY, empty),
        ("/v1/zones", zone),
        ("/v1/staff", ben),
        ("/v1/roles", role),
        ("/v1/keys", key),
    ])
}

/// The user name of the house that comes online.
pub fn house(mark: &str) -> String {
    format!("{mark}-house")
}

const PASSWORD: &str = "karibu sana";

async fn connects(party: &mut Party) -> anyhow::Result<()> {
    let (owner, mark, plan) = (&party.owner, party.mark, party.id("/v1/plans"));
    let late = json!({ "username": format!("{mark}-late"), "password": PASSWORD, "plan_id": plan });
    made(owner, "/v1/subscribers", late).await?;
    let suspend = json!({ "usernames": [format!("{mark}-late")] });
    let suspended = owner.post("/v1/subscribers/suspend", suspend).await?.is(200)?.json();
    let operation = suspended["operation_id"].as_str().context("no operation")?.to_owned();
    let house = json!({ "username": house(mark), "password": PASSWORD, "plan_id": plan,
        "customer_id": party.id("/v1/customers"), "phone": "0712345678" });
    let house = made(owner, "/v1/subscribers", house).await?;
    party.ids.insert("/v1/operations", operation);
    party.ids.insert("/v1/subscribers", house);
    Ok(())
}

/// Where an ISP's partner would listen; nobody does.
pub fn partner(mark: &str) -> String {
    format!("https://{mark}.partner.example/")
}

/// A webhook, and one delivery that waits.
async fn tells_a_partner(party: &mut Party) -> anyhow::Result<()> {
    let new = json!({ "url": partner(party.mark), "events": ["test_webhook"] });
    let webhook = made(&party.owner, "/v1/webhooks", new).await?;
    let place = format!("/v1/webhooks/{webhook}");
    let tested = party.owner.send("POST", &format!("{place}/test"), None).await?;
    ensure!((200..300).contains(&tested.status), "it is not tested: {}", tested.text());
    let delivery = first(&party.owner, &format!("{place}/deliveries"), "id").await?;
    party.ids.insert("/v1/webhooks", webhook);
    party.ids.insert("/v1/webhooks/{id}/deliveries", delivery);
    Ok(())
}

/// How an ISP sends text messages, as the API takes it.
pub fn messages(mark: &str) -> Value {
    json!({ "africas_talking": { "username": "sandbox", "world": "sandbox" }, "key": format!("{mark}-key"),
        "sender": "SAVANNA", "brand": format!("{mark} net"), "contact": format!("{mark} desk") })
}

/// Two text messages that have failed.
async fn sends_messages(world: &World, isp: &Isp, party: &mut Party) -> anyhow::Result<()> {
    party.owner.send("PUT", "/v1/messages/settings", Some(messages(party.mark))).await?.is(200)?;
    for _ in 0..2 {
        let tested = party.owner.post("/v1/messages/test", json!({ "phone": "0712345678" })).await?.is(202)?.json();
        let id = tested["id"].as_str().context("no id")?.to_owned();
        let mut tx = world.store.tenant(&isp.scope).await?;
        let mut message = outbox::lock(&mut tx, id.parse()?).await?.context("no message")?;
        message.state = MessageState::Failed;
        outbox::save(&mut tx, &message, Text::Kept).await?;
        tx.commit().await?;
        party.ids.insert("/v1/messages", id);
    }
    Ok(())
}

/// The house is online, and what was decided is kept.
async fn comes_online(world: &World, isp: &Isp, party: &Party) -> anyhow::Result<()> {
    world.knows_what_changed().await;
    let house = house(party.mark);
    let reply = isp.router.asks(&house, PASSWORD, DEVICE).await?;
    ensure!(reply.as_ref().is_some_and(Reply::is_accept), "{house} is not let in: {reply:?}");
    let class = reply.as_ref().map(Reply::class).unwrap_or_default();
    let report = Report {
        status: 1,
        session: "81000001",
        user: &house,
        mac: DEVICE,
        class: &class,
        in_octets: 0,
        out_octets: 0,
        seconds: 0,
    };
    isp.router.reports(&report).await?;
    world.drained().await;
    world.recorded().await;
    Ok(())
}

async fn trouble(world: &World, isp: &Isp, mark: &str) -> anyhow::Result<()> {
    let now = world.clock.now();
    let trouble = Exception {
        id: world.context().new_id(),
        kind: ExceptionKind::SessionNotFollowing,
        about: format!("{mark} session"),
        nas: None,
        session: None,
        holder: None,
        what: format!("{mark} does not follow"),
        opened_at: now,
        seen_at: now,
        times: 1,
        resolved: None,
    };
    let mut tx = world.store.tenant(&isp.scope).await?;
    exceptions::open(&mut tx, &[trouble]).await?;
    Ok(tx.commit().await?)
}

/// A field of the first row of a list, as soon as it has one.
async fn first(client: &Client, path: &str, field: &str) -> anyhow::Result<String> {
    for _ in 0..200 {
        let listed = client.get(path).await?.is(200)?.json();
        if let Some(value) = listed["items"][0][field].as_str() {
            return Ok(value.to_owned());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("{path} stays empty")
}
