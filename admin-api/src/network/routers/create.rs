//! `POST /v1/routers`.

use actions::network::register_nas::{self, NewNas};
use axum::extract::State;
use axum::response::Response;
use domain::network::nas::{PortPair, SigningRule, Vendor, shared_secret};
use domain::text::Slug;
use ipnet::IpNet;
use serde::Deserialize;
use std::net::IpAddr;
use utoipa::ToSchema;

use crate::app::App;
use crate::body::Body;
use crate::door::Caller;
use crate::etag;
use crate::list::{Nothing, Query};
use crate::network::routers::refused;
use crate::network::routers::view::{RouterView, SigningView, VendorView};
use crate::problem::{Faults, Problem};

/// Where a router listens for CoA when nobody says.
const COA_PORT: u16 = 3_799;

/// A router to register.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRouter {
    /// Its short name: 1 to 63 of `a-z`, `0-9` and dashes.
    #[schema(example = "tower-3", max_length = 63)]
    name: String,
    /// Where its packets come from: an address or a network.
    #[schema(example = "10.8.0.12")]
    address: String,
    /// The shared secret: 6 to 128 printable octets. It is never shown again.
    #[schema(example = "correct-horse-battery", min_length = 6, max_length = 128, write_only)]
    secret: String,
    /// Its NAS-Identifier, where routers share an address.
    #[schema(max_length = 253)]
    identifier: Option<String>,
    /// Its Mikrotik-Realm, where routers share an address.
    #[schema(max_length = 253)]
    realm: Option<String>,
    /// The first of two ports of ours that are its own, where routers share an address.
    #[schema(example = "20000")]
    ports: Option<String>,
    /// How to speak to it; `mikrotik` when it is left out.
    vendor: Option<VendorView>,
    /// Where it listens for CoA and Disconnect; 3799 when it is left out.
    #[schema(minimum = 1)]
    coa_port: Option<u16>,
    /// What holds for its requests without a Message-Authenticator; `observe` when it is left out.
    signing: Option<SigningView>,
}

/// An address, or a network.
pub(crate) fn address(text: &str) -> Result<IpNet, &'static str> {
    let one = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse().or_else(|_| one()).map_err(|_| "write an address or a network, as 10.8.0.12 or 10.8.0.0/24")
}

/// A text for a router: what the database cannot keep is refused here.
pub(crate) fn coa_port(port: u16) -> Result<u16, &'static str> {
    if port == 0 { Err("write a port, 1 to 65535") } else { Ok(port) }
}

impl NewRouter {
    fn read(self) -> Result<NewNas, Problem> {
        let mut faults = Faults::new();
        let name = faults.take("/name", self.name.parse::<Slug>());
        let address = faults.take("/address", address(&self.address));
        let secret = faults.take("/secret", shared_secret(&self.secret));
        let pair = self.ports.map(|ports| faults.take("/ports", ports.parse::<PortPair>()));
        let coa_port = faults.take("/coa_port", coa_port(self.coa_port.unwrap_or(COA_PORT)));
        faults.none()?;
        let (Some(name), Some(address), Some(secret), Some(coa_port)) = (name, address, secret, coa_port) else {
            return Err(Problem::internal());
        };
        Ok(NewNas {
            name,
            address,
            identifier: self.identifier,
            realm: self.realm,
            port_pair: pair.flatten(),
            vendor: self.vendor.map_or_else(Vendor::default, Vendor::from),
            coa_port,
            signing: self.signing.map_or_else(SigningRule::default, SigningRule::from),
            secret,
        })
    }
}

/// Register a router
///
/// From the next second on it may ask.
#[utoipa::path(
    post, path = "/v1/routers", tag = "routers", operation_id = "create_router",
    request_body = NewRouter,
    responses((status = 201, description = "The router; `Location` says where it is.", body = RouterView)),
)]
pub(crate) async fn create_router(
    State(app): State<App>,
    caller: Caller,
    _: Query<Nothing>,
    Body(new): Body<NewRouter>,
) -> Result<Response, Problem> {
    let context = caller.context(&app);
    let nas = register_nas::register_nas(app.store(), &caller.scope(), new.read()?, context).await.map_err(refused)?;
    etag::created(&RouterView::in_use(&nas), &format!("/v1/routers/{}", nas.id))
}
