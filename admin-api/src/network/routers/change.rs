//! `PATCH /v1/routers/{id}`.

use actions::network::change_nas::{self, Changes, Which};
use axum::extract::{Path, State};
use axum::response::Response;
use domain::network::nas::{Nas, PortPair, SigningRule, Vendor, shared_secret};
use domain::text::Slug;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::body::{Body, nullable};
use crate::door::Caller;
use crate::etag::{self, IfMatch};
use crate::list::{Nothing, Query};
use crate::network::routers::create::{address, coa_port};
use crate::network::routers::view::{RouterView, SigningView, VendorView};
use crate::network::routers::{id_of, refused};
use crate::problem::{Faults, Problem};

/// What is to be another; what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RouterChanges {
    /// Its short name.
    #[schema(example = "tower-4", max_length = 63)]
    name: Option<String>,
    /// Where its packets come from: an address or a network.
    #[schema(example = "10.8.0.13")]
    address: Option<String>,
    /// Another shared secret: 6 to 128 printable octets. It is never shown again.
    #[schema(min_length = 6, max_length = 128, write_only)]
    secret: Option<String>,
    /// Its NAS-Identifier; null for none.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, max_length = 253)]
    identifier: Option<Option<String>>,
    /// Its Mikrotik-Realm; null for none.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, max_length = 253)]
    realm: Option<Option<String>>,
    /// The first of two ports of its own; null for none.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    ports: Option<Option<String>>,
    /// How to speak to it.
    vendor: Option<VendorView>,
    /// Where it listens for CoA and Disconnect.
    #[schema(minimum = 1)]
    coa_port: Option<u16>,
    /// What holds for its requests without a Message-Authenticator.
    signing: Option<SigningView>,
}

impl RouterChanges {
    fn read(self) -> Result<Changes, Problem> {
        let mut faults = Faults::new();
        let name = self.name.and_then(|name| faults.take("/name", name.parse::<Slug>()));
        let address = self.address.and_then(|text| faults.take("/address", address(&text)));
        let secret = self.secret.and_then(|text| faults.take("/secret", shared_secret(&text)));
        let port_pair = match self.ports {
            None => None,
            Some(None) => Some(None),
            Some(Some(text)) => Some(faults.take("/ports", text.parse::<PortPair>())),
        };
        let coa_port = self.coa_port.and_then(|port| faults.take("/coa_port", coa_port(port)));
        faults.none()?;
        Ok(Changes {
            name,
            address,
            identifier: self.identifier,
            realm: self.realm,
            port_pair,
            vendor: self.vendor.map(Vendor::from),
            coa_port,
            signing: self.signing.map(SigningRule::from),
            secret,
        })
    }
}

/// Change a router
///
/// From the next second on it is known so.
#[utoipa::path(
    patch, path = "/v1/routers/{id}", tag = "routers", operation_id = "change_router",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    request_body = RouterChanges,
    responses((status = 200, description = "The router as it is now.", body = RouterView)),
)]
pub(crate) async fn change_router(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    if_match: IfMatch,
    _: Query<Nothing>,
    Body(changes): Body<RouterChanges>,
) -> Result<Response, Problem> {
    let which = Which::Id(id_of(&id)?);
    let as_seen = |nas: &Nas| if_match.allows(&RouterView::in_use(nas));
    let changes = changes.read()?;
    let context = caller.context(&app);
    let nas = change_nas::change_nas(app.store(), &caller.scope(), which, changes, &as_seen, context)
        .await
        .map_err(refused)?;
    etag::single(&RouterView::in_use(&nas))
}
