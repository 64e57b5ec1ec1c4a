//! `/v1/subscribers/{id}/devices` and `/v1/vouchers/{id}/devices`: the devices that somebody's right was used with.

use actions::access::block_device::{self, Blocked};
use actions::access::{name_device as naming, release_device as releasing};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::access::attempt::Device;
use domain::access::device::{DeviceName, SeenDevice};
use domain::access::facts::Holder;
use serde::{Deserialize, Serialize};
use store::access::devices;
use utoipa::ToSchema;

use crate::access::whose;
use crate::app::App;
use crate::body::{Body, json};
use crate::door::Caller;
use crate::list::{Nothing, Query};
use crate::problem::{Code, Faults, Problem};
use crate::uid::Uuid;

/// A device that a voucher or subscriber was used with.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = Device)]
pub struct DeviceView {
    /// How its router names it.
    #[schema(example = "02:00:00:00:00:01")]
    pub device: String,
    /// What people call it.
    #[schema(required = true, example = "Mum's phone")]
    pub name: Option<String>,
    /// Whether it is online as its router reports it.
    pub is_online: bool,
    /// Since when it is blocked.
    #[schema(required = true, format = DateTime)]
    pub blocked_at: Option<String>,
    /// When it came online first.
    #[schema(format = DateTime)]
    pub first_seen_at: String,
    /// When it came online last.
    #[schema(format = DateTime)]
    pub last_seen_at: String,
}

impl From<&SeenDevice> for DeviceView {
    fn from(seen: &SeenDevice) -> Self {
        Self {
            device: seen.device.key(),
            name: seen.name.as_ref().map(ToString::to_string),
            is_online: seen.is_online,
            blocked_at: seen.blocked_at.map(|at| at.to_string()),
            first_seen_at: seen.first_seen_at.to_string(),
            last_seen_at: seen.last_seen_at.to_string(),
        }
    }
}

/// The devices of one right: at most some hundreds, the last that came online first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Devices {
    /// Them.
    items: Vec<DeviceView>,
}

/// List a subscriber's devices
#[utoipa::path(
    get, path = "/v1/subscribers/{id}/devices", tag = "devices", operation_id = "list_subscriber_devices",
    params(("id" = String, Path, format = Uuid, description = "The subscriber.")),
    responses((status = 200, description = "The devices.", body = Devices)),
)]
pub(crate) async fn list_subscriber_devices(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    list(&app, &caller, whose::subscriber(&id)?).await
}

/// List a voucher's devices
#[utoipa::path(
    get, path = "/v1/vouchers/{id}/devices", tag = "devices", operation_id = "list_voucher_devices",
    params(("id" = String, Path, format = Uuid, description = "The voucher.")),
    responses((status = 200, description = "The devices.", body = Devices)),
)]
pub(crate) async fn list_voucher_devices(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    list(&app, &caller, whose::voucher(&id)?).await
}

async fn list(app: &App, caller: &Caller, holder: Holder) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let holder = whose::known(&mut tx, caller, holder).await?;
    let seen = devices::list(&mut tx, holder).await?;
    json(&Devices { items: seen.iter().map(DeviceView::from).collect() })
}

/// Which device, and whose.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OneDevice {
    /// The subscriber's id; or `voucher`.
    subscriber: Option<Uuid>,
    /// The voucher's id; or `subscriber`.
    voucher: Option<Uuid>,
    /// The device, as its router names it.
    #[schema(example = "02:00:00:00:00:01", max_length = 80)]
    device: String,
}

/// The same, with what it is to be called.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedDevice {
    /// The subscriber's id; or `voucher`.
    subscriber: Option<Uuid>,
    /// The voucher's id; or `subscriber`.
    voucher: Option<Uuid>,
    /// The device, as its router names it.
    #[schema(example = "02:00:00:00:00:01", max_length = 80)]
    device: String,
    /// What it is to be called; null for nothing any more.
    #[schema(example = "Mum's phone", max_length = 60)]
    name: Option<String>,
}

impl OneDevice {
    async fn read(self, app: &App, caller: &Caller) -> Result<(Holder, Device), Problem> {
        let mut faults = Faults::new();
        let holder = match (self.subscriber, self.voucher) {
            (Some(id), None) => Some(whose::subscriber(&id.to_string())?),
            (None, Some(id)) => Some(whose::voucher(&id.to_string())?),
            (None, None) | (Some(_), Some(_)) => {
                faults.note("/subscriber", "name either the subscriber or the voucher");
                None
            }
        };
        let holder = faults.unless(holder)?;
        let mut tx = app.store().tenant(&caller.scope()).await?;
        Ok((whose::known(&mut tx, caller, holder).await?, Device::from_key(&self.device)))
    }
}

fn never_used() -> Problem {
    Problem::new(Code::NotFound, "that device was never used with it")
}

/// What is answered to a deed that changes nothing but the device, if it was ever used there.
fn done(was_used: bool) -> Result<StatusCode, Problem> {
    if was_used { Ok(StatusCode::NO_CONTENT) } else { Err(never_used()) }
}

/// Name a device
#[utoipa::path(
    post, path = "/v1/devices/name", tag = "devices", operation_id = "name_device",
    request_body = NamedDevice,
    responses((status = 204, description = "It is called so.")),
)]
pub(crate) async fn name_device(
    State(app): State<App>,
    caller: Caller,
    _: Query<Nothing>,
    Body(named): Body<NamedDevice>,
) -> Result<StatusCode, Problem> {
    let NamedDevice { subscriber, voucher, device, name } = named;
    let (holder, device) = OneDevice { subscriber, voucher, device }.read(&app, &caller).await?;
    let mut faults = Faults::new();
    let name = name.and_then(|name| faults.take("/name", name.parse::<DeviceName>()));
    faults.none()?;
    let context = caller.context(&app);
    done(naming::name_device(app.store(), &caller.scope(), holder, &device, name.as_ref(), context).await?)
}

/// What a device has online.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ending {
    /// Sessions of it that are to end within seconds.
    ending: usize,
}

/// Release a device
///
/// Its place is free for another at once, and what it has online ends within seconds. It may log in again.
#[utoipa::path(
    post, path = "/v1/devices/release", tag = "devices", operation_id = "release_device",
    request_body = OneDevice,
    responses((status = 200, description = "It has no place any more.", body = Ending)),
)]
pub(crate) async fn release_device(
    State(app): State<App>,
    caller: Caller,
    _: Query<Nothing>,
    Body(one): Body<OneDevice>,
) -> Result<Response, Problem> {
    let (holder, device) = one.read(&app, &caller).await?;
    let context = caller.context(&app);
    let released = releasing::release_device(app.store(), &caller.scope(), holder, &device, context).await?;
    json(&Ending { ending: released.ok_or_else(never_used)? })
}

/// Block a device
///
/// It is refused from now on, and what it has online ends within seconds.
#[utoipa::path(
    post, path = "/v1/devices/block", tag = "devices", operation_id = "block_device",
    request_body = OneDevice,
    responses((status = 200, description = "It is blocked.", body = Ending)),
)]
pub(crate) async fn block_device(
    State(app): State<App>,
    caller: Caller,
    _: Query<Nothing>,
    Body(one): Body<OneDevice>,
) -> Result<Response, Problem> {
    let (holder, device) = one.read(&app, &caller).await?;
    let context = caller.context(&app);
    match block_device::block_device(app.store(), &caller.scope(), holder, &device, context).await? {
        Blocked::Done { live } => json(&Ending { ending: live }),
        Blocked::Unknown => Err(never_used()),
        Blocked::TooMany => {
            let most = devices::BLOCKED_MAX;
            let said = format!("{most} devices are blocked there, which is the most: give its owner another right");
            Err(Problem::new(Code::Conflict, said))
        }
    }
}

/// Let a blocked device in again
#[utoipa::path(
    post, path = "/v1/devices/unblock", tag = "devices", operation_id = "unblock_device",
    request_body = OneDevice,
    responses((status = 204, description = "It may come online again.")),
)]
pub(crate) async fn unblock_device(
    State(app): State<App>,
    caller: Caller,
    _: Query<Nothing>,
    Body(one): Body<OneDevice>,
) -> Result<StatusCode, Problem> {
    let (holder, device) = one.read(&app, &caller).await?;
    let context = caller.context(&app);
    done(block_device::unblock_device(app.store(), &caller.scope(), holder, &device, context).await?)
}
