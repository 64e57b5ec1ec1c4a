//! Which ISP a transaction works for. Only doors make one.

use domain::id::TenantId;
use domain::network::nas::Nas;

/// The right to see one tenant's rows and no other's.
///
/// There is one constructor for each door; each says who may call it. Look for them in review.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TenantScope {
    tenant: TenantId,
}

impl TenantScope {
    /// For `radiusd` alone: the tenant of a router whose packet was verified with that router's secret, or came over a
    /// connection with that router's certificate.
    pub const fn of_nas(nas: &Nas) -> Self {
        Self { tenant: nas.tenant }
    }

    /// For `radiusd` alone: the tenant of a record in its journal, which [`Self::of_nas`] was asked for when the record
    /// was taken.
    pub const fn of_journal(tenant: TenantId) -> Self {
        Self { tenant }
    }

    /// For the command line and for duties over all tenants: the operator of the machine named the tenant.
    pub const fn of_operator(tenant: TenantId) -> Self {
        Self { tenant }
    }

    /// For `admin-api`'s door alone: the tenant of a session or key that is in force at this moment.
    ///
    /// And for signing in: the tenant of a login or mail whose proof is checked before anything is shown or changed.
    pub const fn of_staff(tenant: TenantId) -> Self {
        Self { tenant }
    }

    /// For `worker` alone: the tenant of a job that was claimed.
    pub(crate) const fn of_job(tenant: TenantId) -> Self {
        Self { tenant }
    }

    /// For whoever takes gateways' callbacks alone: the ISP whose gateway's token the address has. What comes that way may
    /// be kept, and nothing else.
    pub(crate) const fn of_callback(tenant: TenantId) -> Self {
        Self { tenant }
    }

    /// For the platform's people, who have proved twice who they are: the tenant in whose place they act, or that they
    /// do a deed about. And the platform's own tenant, for the price list and for sign-ups, which are anybody's.
    pub const fn of_platform(tenant: TenantId) -> Self {
        Self { tenant }
    }

    /// For `portal` alone: the tenant whose host was asked. Whoever asks is a stranger, so nothing of a person is shown
    /// that they have not named themselves.
    pub const fn of_portal(tenant: TenantId) -> Self {
        Self { tenant }
    }

    /// The tenant.
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }
}
