//! The price list: `/v1/tiers`. Anybody may look at it.

use actions::platform::open_platform::open_platform;
use axum::extract::State;
use axum::response::Response;
use domain::platform::tier::{Entitlements, Feature, Limit, Tier};
use serde::Serialize;
use store::TenantScope;
use store::platform::tiers;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::app::App;
use crate::body::json;
use crate::list::{Nothing, Query};
use crate::problem::Problem;
use crate::routes::Route;
use crate::shapes::MoneyView;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::open(routes!(list))]
}

/// What an ISP can buy of the platform.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = Tier)]
pub(super) struct TierView {
    /// Its short name; `POST /v1/billing/tier` takes it.
    #[schema(example = "premium")]
    pub(super) tier: String,
    /// Its name as people say it.
    name: String,
    /// What a month costs.
    month: MoneyView,
    /// What a year costs, where it can be bought by the year.
    #[schema(required = true)]
    year: Option<MoneyView>,
    /// What it gives.
    features: Vec<FeatureView>,
    /// How many at most; what is not named is unlimited.
    limits: Vec<LimitView>,
    /// Whether it can be chosen. Those who have it keep it.
    on_sale: bool,
}

/// Something that a tier gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, serde::Deserialize, ToSchema)]
#[schema(as = TierFeature)]
pub(super) enum FeatureView {
    /// PPPoE and static lines.
    #[serde(rename = "service.pppoe_static")]
    PppoeStatic,
    /// Hotspots.
    #[serde(rename = "service.hotspot")]
    Hotspot,
    /// Pages without the platform's name.
    #[serde(rename = "branding.white_label")]
    WhiteLabel,
    /// Keys and webhooks for programs of its own.
    #[serde(rename = "api.custom")]
    CustomApi,
    /// Analyses beyond the usual reports.
    #[serde(rename = "analytics.advanced")]
    AdvancedAnalytics,
    /// A database of its own.
    #[serde(rename = "db.dedicated")]
    DedicatedDatabase,
}

impl From<Feature> for FeatureView {
    fn from(feature: Feature) -> Self {
        match feature {
            Feature::PppoeStatic => Self::PppoeStatic,
            Feature::Hotspot => Self::Hotspot,
            Feature::WhiteLabel => Self::WhiteLabel,
            Feature::CustomApi => Self::CustomApi,
            Feature::AdvancedAnalytics => Self::AdvancedAnalytics,
            Feature::DedicatedDatabase => Self::DedicatedDatabase,
        }
    }
}

impl From<FeatureView> for Feature {
    fn from(feature: FeatureView) -> Self {
        match feature {
            FeatureView::PppoeStatic => Self::PppoeStatic,
            FeatureView::Hotspot => Self::Hotspot,
            FeatureView::WhiteLabel => Self::WhiteLabel,
            FeatureView::CustomApi => Self::CustomApi,
            FeatureView::AdvancedAnalytics => Self::AdvancedAnalytics,
            FeatureView::DedicatedDatabase => Self::DedicatedDatabase,
        }
    }
}

/// Something of which a tier allows so many.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, serde::Deserialize, ToSchema)]
#[schema(as = TierLimitName)]
pub(super) enum LimitName {
    /// Technicians who may sign in.
    #[serde(rename = "techs.max")]
    Techs,
    /// Subscribers.
    #[serde(rename = "customers.max")]
    Customers,
    /// Routers that may ask.
    #[serde(rename = "routers.max")]
    Routers,
    /// Gigabytes of files.
    #[serde(rename = "storage.gb")]
    StorageGb,
}

impl From<Limit> for LimitName {
    fn from(limit: Limit) -> Self {
        match limit {
            Limit::Techs => Self::Techs,
            Limit::Customers => Self::Customers,
            Limit::Routers => Self::Routers,
            Limit::StorageGb => Self::StorageGb,
        }
    }
}

impl From<LimitName> for Limit {
    fn from(limit: LimitName) -> Self {
        match limit {
            LimitName::Techs => Self::Techs,
            LimitName::Customers => Self::Customers,
            LimitName::Routers => Self::Routers,
            LimitName::StorageGb => Self::StorageGb,
        }
    }
}

/// How many a tier allows of something.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TierLimit)]
pub(super) struct LimitView {
    /// Of what.
    pub(super) limit: LimitName,
    /// How many at most.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub(super) most: u32,
}

impl TierView {
    pub(super) fn of(tier: &Tier) -> Self {
        Self {
            tier: tier.code.to_string(),
            name: tier.name.clone(),
            month: tier.month.into(),
            year: tier.year.map(MoneyView::from),
            features: features(&tier.entitlements),
            limits: tier
                .entitlements
                .limits
                .iter()
                .map(|(limit, most)| LimitView { limit: (*limit).into(), most: *most })
                .collect(),
            on_sale: tier.is_on_sale,
        }
    }
}

/// What somebody may use, as it is answered.
pub(super) fn features(entitled: &Entitlements) -> Vec<FeatureView> {
    entitled.features.iter().map(|feature| (*feature).into()).collect()
}

/// A price list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PriceList {
    /// Its tiers, the cheapest first.
    pub(super) items: Vec<TierView>,
}

/// Show the price list: what can be chosen, and what it costs
#[utoipa::path(get, path = "/v1/tiers", tag = "billing", operation_id = "list_tiers",
    responses((status = 200, description = "The tiers, the cheapest first.", body = PriceList)))]
async fn list(State(app): State<App>, _: Query<Nothing>) -> Result<Response, Problem> {
    json(&PriceList { items: of_book(&app, true).await?.iter().map(TierView::of).collect() })
}

/// The tiers of the price book.
pub(super) async fn of_book(app: &App, on_sale_only: bool) -> Result<Vec<Tier>, Problem> {
    let platform = open_platform(app.store(), app.context()).await?;
    let mut tx = app.store().tenant(&TenantScope::of_platform(platform)).await?;
    Ok(tiers::list(&mut tx, on_sale_only).await?)
}
