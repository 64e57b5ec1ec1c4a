//! Two ISPs that sell, and somebody of the first one's field.

use std::net::SocketAddr;

use actions::platform::places::add_zone::add_zone;
use anyhow::Context as _;
use domain::id::ZoneId;
use domain::people::permission::{Act, Permissions, Thing};
use domain::people::role::Services;
use domain::people::staff::Zoned;
use serde_json::{Value, json};
use tests::api::{Api, Client};
use tests::database::Database;
use tests::world::World;

/// An API beside a World that no router asks.
pub(crate) struct Shop {
    /// Its database goes with it.
    _world: World,
    /// It stops with this.
    _api: Api,
    /// All that an ISP's people may do, at the first one and at the other.
    pub(crate) owner: Client,
    pub(crate) other: Client,
    /// Somebody of the first one's field, who sees this zone alone.
    pub(crate) technician: Client,
    pub(crate) zone: ZoneId,
}

impl Shop {
    pub(crate) async fn open() -> anyhow::Result<Self> {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
        let world = World::beside_on(Database::fresh().await, nowhere, nowhere).await?;
        let api = Api::open(&world).await?;
        let hill = "Hill".parse()?;
        let zone = add_zone(&world.store, &world.isp.scope, hill, None, world.context()).await?.id;
        let field = Permissions::on(Thing::Customers, &[Act::See, Act::Make, Act::Change])
            .and(Permissions::on(Thing::Subscribers, &[Act::See, Act::Make, Act::Change]))
            .and(Permissions::on(Thing::Plans, &[Act::See]));
        let there = Zoned::Some(vec![zone]);
        let owner = api.program(&world, &world.isp, Permissions::everything()).await?;
        let other = api.program(&world, &world.other, Permissions::everything()).await?;
        let technician = api.program_of(&world, &world.isp, field, Services::PppoeAndStatic, there).await?;
        Ok(Self { _world: world, _api: api, owner, other, technician, zone })
    }

    /// A plan of the first ISP, made through the API; its id.
    pub(crate) async fn plan(&self, name: &str, service: &str) -> anyhow::Result<String> {
        let counts_from = if service == "hotspot" { "first_use" } else { "purchase" };
        let body = json!({ "name": name, "service": service, "terms": {
            "rate": "2M/5M", "duration": "1h", "counts_from": counts_from,
            "price": { "minor": 2000, "currency": "KES" },
        }});
        let made = self.owner.post("/v1/plans", body).await?.is(201)?.json();
        made["id"].as_str().map(str::to_owned).context("no id")
    }
}

/// The text of a field.
#[track_caller]
pub(crate) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| unreachable!("no {field} in {value}"))
}

/// The value of a field of all items of a list.
pub(crate) fn all<'a>(listing: &'a Value, field: &str) -> Vec<&'a str> {
    listing["items"].as_array().expect("items").iter().map(|item| text(item, field)).collect()
}
