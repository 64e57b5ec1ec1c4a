//! Whose right something is, and whether a caller may see it: somebody without hotspots sees no voucher, and no session
//! whose name is a voucher's code; somebody of some zones sees no subscriber of another.

use std::collections::HashSet;

use domain::access::attempt::AskedService;
use domain::access::facts::Holder;
use domain::id::{SubscriberId, VoucherId};
use domain::people::role::Services;
use serde::Serialize;
use store::access::holders;
use store::people::subscribers;
use store::{StoreError, TenantTx};
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

/// What of many things a caller may see: of somebody who works in some zones, what is of the subscribers there.
pub(crate) struct Sight<'a> {
    caller: &'a Caller,
    /// Those of the subscribers in question who are in their zones; `None` is everywhere.
    near: Option<HashSet<SubscriberId>>,
}

impl<'a> Sight<'a> {
    /// What the caller may see of what is of these rights.
    pub(crate) async fn of(
        tx: &mut TenantTx,
        caller: &'a Caller,
        holders: &[Option<Holder>],
    ) -> Result<Self, StoreError> {
        let Some(zones) = caller.zones().filter() else { return Ok(Self { caller, near: None }) };
        let ids: Vec<SubscriberId> = holders
            .iter()
            .filter_map(|holder| match holder {
                Some(Holder::Subscriber(id)) => Some(*id),
                Some(Holder::Voucher(_)) | None => None,
            })
            .collect();
        Ok(Self { caller, near: Some(subscribers::that_are_in(tx, &ids, zones).await?) })
    }

    /// Whether they may see what is on that line and of that right.
    pub(crate) fn sees(&self, service: AskedService, holder: Option<Holder>) -> bool {
        let is_theirs = match self.caller.services() {
            Services::All => true,
            Services::PppoeAndStatic => service == AskedService::Ppp && !matches!(holder, Some(Holder::Voucher(_))),
        };
        let is_near = match (&self.near, holder) {
            (None, _) => true,
            (Some(near), Some(Holder::Subscriber(id))) => near.contains(&id),
            // Vouchers are in no zone: who may see them sees them wherever they are used.
            (Some(_), Some(Holder::Voucher(_))) => true,
            (Some(_), None) => false,
        };
        is_theirs && is_near
    }

    /// Whether they may see a trouble with that right. Troubles of routers are for all who may see any.
    pub(crate) fn sees_trouble(&self, holder: Option<Holder>) -> bool {
        holder.is_none() || self.sees(AskedService::Ppp, holder)
    }
}

/// The voucher or subscriber of a path, if it is the caller's provider's and theirs to see.
pub(crate) async fn known(tx: &mut TenantTx, caller: &Caller, holder: Holder) -> Result<Holder, Problem> {
    let (what, visible) = match holder {
        Holder::Voucher(_) => ("voucher", caller.services() == Services::All),
        Holder::Subscriber(_) => ("subscriber", true),
    };
    let sight = Sight::of(tx, caller, &[Some(holder)]).await?;
    let visible = visible && sight.sees_trouble(Some(holder));
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
