//! Whose right something is, and whether a caller may see it: somebody without hotspots sees no voucher, and no session
//! whose name is a voucher's code.

use domain::access::attempt::AskedService;
use domain::access::facts::Holder;
use domain::id::{SubscriberId, VoucherId};
use domain::people::role::Services;
use serde::Serialize;
use store::TenantTx;
use store::access::holders;
use utoipa::ToSchema;

use crate::door::Caller;
use crate::problem::Problem;
use crate::uid::Uuid;

/// Whose right it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = Holder)]
pub struct HolderView {
    /// What it is.
    pub kind: HolderKind,
    /// Its id.
    pub id: Uuid,
}

/// What has a right to be online.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HolderKind {
    /// A voucher.
    Voucher,
    /// A subscriber.
    Subscriber,
}

impl From<Holder> for HolderView {
    fn from(holder: Holder) -> Self {
        let kind = match holder {
            Holder::Voucher(_) => HolderKind::Voucher,
            Holder::Subscriber(_) => HolderKind::Subscriber,
        };
        Self { kind, id: holder.uuid().into() }
    }
}

/// Whether somebody may see what is on that line and of that right.
pub(crate) fn may_see(caller: &Caller, service: AskedService, holder: Option<Holder>) -> bool {
    match caller.services() {
        Services::All => true,
        Services::PppoeAndStatic => service == AskedService::Ppp && !matches!(holder, Some(Holder::Voucher(_))),
    }
}

/// The voucher or subscriber of a path, if it is the caller's provider's and theirs to see.
pub(crate) async fn known(tx: &mut TenantTx, caller: &Caller, holder: Holder) -> Result<Holder, Problem> {
    let (what, visible) = match holder {
        Holder::Voucher(_) => ("voucher", caller.services() == Services::All),
        Holder::Subscriber(_) => ("subscriber", true),
    };
    if visible && holders::that_are_ours(tx, &[holder]).await?.contains(&holder) {
        return Ok(holder);
    }
    Err(Problem::not_found(what))
}

/// The subscriber whose id that is.
pub(crate) fn subscriber(id: &str) -> Result<Holder, Problem> {
    let id = uuid::Uuid::parse_str(id).map_err(|_| Problem::not_found("subscriber"))?;
    Ok(Holder::Subscriber(SubscriberId::from_uuid(id)))
}

/// The voucher whose id that is.
pub(crate) fn voucher(id: &str) -> Result<Holder, Problem> {
    let id = uuid::Uuid::parse_str(id).map_err(|_| Problem::not_found("voucher"))?;
    Ok(Holder::Voucher(VoucherId::from_uuid(id)))
}
