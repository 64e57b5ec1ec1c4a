//! A router as it is shown. Its shared secret never is.

use domain::network::nas::{Nas, SigningRule, Vendor};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use store::network::nas::ListedNas;
use utoipa::ToSchema;

use crate::uid::Uuid;

/// A router that asks who may come online.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = Router)]
pub struct RouterView {
    /// Its id.
    pub id: Uuid,
    /// Its short name, unique among the provider's routers in use.
    #[schema(example = "tower-3")]
    pub name: String,
    /// Where its packets come from: an address or a network.
    #[schema(example = "10.8.0.12/32")]
    pub address: String,
    /// Its NAS-Identifier, where routers share an address.
    #[schema(required = true)]
    pub identifier: Option<String>,
    /// Its Mikrotik-Realm, where routers share an address.
    #[schema(required = true)]
    pub realm: Option<String>,
    /// Two ports of ours that are its own, where routers share an address.
    #[schema(required = true, example = "20000/20001")]
    pub ports: Option<String>,
    /// How it is spoken to.
    pub vendor: VendorView,
    /// Where it listens for CoA and Disconnect.
    pub coa_port: u16,
    /// What holds for its requests without a Message-Authenticator.
    pub signing: SigningView,
    /// Since when it is held to signing, because it was seen to sign always.
    #[schema(required = true, format = DateTime)]
    pub signing_raised_at: Option<String>,
    /// Since when it is out of use.
    #[schema(required = true, format = DateTime)]
    pub retired_at: Option<String>,
}

impl RouterView {
    /// A router in use.
    pub fn in_use(nas: &Nas) -> Self {
        Self::of(nas, None)
    }

    /// A router, perhaps out of use.
    pub fn of(nas: &Nas, retired_at: Option<Timestamp>) -> Self {
        Self {
            id: nas.id.uuid().into(),
            name: nas.name.to_string(),
            address: nas.address.to_string(),
            identifier: nas.identifier.clone(),
            realm: nas.realm.clone(),
            ports: nas.port_pair.map(|pair| pair.to_string()),
            vendor: nas.vendor.into(),
            coa_port: nas.coa_port,
            signing: nas.signing.rule.into(),
            signing_raised_at: nas.signing.raised_at.map(|at| at.to_string()),
            retired_at: retired_at.map(|at| at.to_string()),
        }
    }
}

impl From<&ListedNas> for RouterView {
    fn from(listed: &ListedNas) -> Self {
        Self::of(&listed.nas, listed.retired_at)
    }
}

/// How a router is spoken to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = RouterVendor)]
#[serde(rename_all = "snake_case")]
pub enum VendorView {
    /// RouterOS, with MikroTik's own attributes.
    Mikrotik,
    /// Only what the RFCs define, and WISPr's speeds.
    Generic,
}

impl From<Vendor> for VendorView {
    fn from(vendor: Vendor) -> Self {
        match vendor {
            Vendor::Mikrotik => Self::Mikrotik,
            Vendor::Generic => Self::Generic,
        }
    }
}

impl From<VendorView> for Vendor {
    fn from(vendor: VendorView) -> Self {
        match vendor {
            VendorView::Mikrotik => Self::Mikrotik,
            VendorView::Generic => Self::Generic,
        }
    }
}

/// What holds for requests without a Message-Authenticator.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = RouterSigning)]
#[serde(rename_all = "snake_case")]
pub enum SigningView {
    /// Taken until the router is seen to sign all of them, and never again after that.
    Observe,
    /// Never taken.
    Require,
    /// Always taken.
    Allow,
}

impl From<SigningRule> for SigningView {
    fn from(rule: SigningRule) -> Self {
        match rule {
            SigningRule::Observe => Self::Observe,
            SigningRule::Require => Self::Require,
            SigningRule::Allow => Self::Allow,
        }
    }
}

impl From<SigningView> for SigningRule {
    fn from(rule: SigningView) -> Self {
        match rule {
            SigningView::Observe => Self::Observe,
            SigningView::Require => Self::Require,
            SigningView::Allow => Self::Allow,
        }
    }
}
