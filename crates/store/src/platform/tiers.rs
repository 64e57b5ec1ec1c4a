//! The price book.

use domain::money::{Currency, Money};
use domain::platform::tier::{Entitlements, Feature, Limit, Tier};
use domain::text::Slug;
use uuid::Uuid;

use crate::columns::integer;
use crate::error::StoreError;
use crate::system_tx::SystemTx;
use crate::tenant_tx::TenantTx;

/// The most tiers that are read.
const TIERS_MAX: i64 = 200;

/// All tiers, the cheapest first; or those alone that ISPs may choose.
pub async fn list(tx: &mut TenantTx, on_sale_only: bool) -> Result<Vec<Tier>, StoreError> {
    sqlx::query_as!(
        TierRow,
        "select code, name, currency, month_minor, year_minor, features, techs_max, customers_max, routers_max,
                storage_gb, is_on_sale
         from tiers
         where is_on_sale or not $1
         order by month_minor, code
         limit $2",
        on_sale_only,
        TIERS_MAX,
    )
    .fetch_all(tx.connection())
    .await?
    .into_iter()
    .map(Tier::try_from)
    .collect()
}

/// The tier of that name.
pub async fn find(tx: &mut TenantTx, code: &Slug) -> Result<Option<Tier>, StoreError> {
    sqlx::query_as!(
        TierRow,
        "select code, name, currency, month_minor, year_minor, features, techs_max, customers_max, routers_max,
                storage_gb, is_on_sale
         from tiers
         where code = $1",
        code.as_str(),
    )
    .fetch_optional(tx.connection())
    .await?
    .map(Tier::try_from)
    .transpose()
}

/// Puts a tier into the price book, or changes the one of that name. Returns how it was before.
pub async fn put(tx: &mut SystemTx, tier: &Tier) -> Result<Option<Tier>, StoreError> {
    let before = sqlx::query_as!(
        TierRow,
        "select code, name, currency, month_minor, year_minor, features, techs_max, customers_max, routers_max,
                storage_gb, is_on_sale
         from tiers
         where code = $1
         for update",
        tier.code.as_str(),
    )
    .fetch_optional(tx.connection())
    .await?
    .map(Tier::try_from)
    .transpose()?;
    let features: Vec<String> = tier.entitlements.features.iter().map(|feature| feature.key().to_owned()).collect();
    let currency = tier.month.currency();
    let limit = |limit: Limit| tier.entitlements.limits.get(&limit).copied().map(integer);
    sqlx::query!(
        "insert into tiers (code, name, currency, month_minor, year_minor, features, techs_max, customers_max,
                            routers_max, storage_gb, is_on_sale)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (code) do update set
             name = excluded.name, currency = excluded.currency, month_minor = excluded.month_minor,
             year_minor = excluded.year_minor, features = excluded.features, techs_max = excluded.techs_max,
             customers_max = excluded.customers_max, routers_max = excluded.routers_max,
             storage_gb = excluded.storage_gb, is_on_sale = excluded.is_on_sale, revision = tiers.revision + 1",
        tier.code.as_str(),
        tier.name,
        currency.code(),
        tier.month.minor(),
        tier.year.map(Money::minor),
        &features,
        limit(Limit::Techs),
        limit(Limit::Customers),
        limit(Limit::Routers),
        limit(Limit::StorageGb),
        tier.is_on_sale,
    )
    .execute(tx.connection())
    .await?;
    Ok(before)
}

/// A tier as its row has it.
pub(super) struct TierRow {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) currency: String,
    pub(super) month_minor: i64,
    pub(super) year_minor: Option<i64>,
    pub(super) features: Vec<String>,
    pub(super) techs_max: Option<i32>,
    pub(super) customers_max: Option<i32>,
    pub(super) routers_max: Option<i32>,
    pub(super) storage_gb: Option<i32>,
    pub(super) is_on_sale: bool,
}

impl TryFrom<TierRow> for Tier {
    type Error = StoreError;
    fn try_from(row: TierRow) -> Result<Self, StoreError> {
        row.tier().ok_or_else(|| StoreError::corrupt("tiers", Uuid::nil()))
    }
}

impl TierRow {
    /// The tier; `None` when the row is none. What a newer program has put in and we do not know is left out.
    fn tier(self) -> Option<Tier> {
        let currency = Currency::from_code(&self.currency).ok()?;
        let limits = [
            (Limit::Techs, self.techs_max),
            (Limit::Customers, self.customers_max),
            (Limit::Routers, self.routers_max),
            (Limit::StorageGb, self.storage_gb),
        ];
        let limits = limits.into_iter().filter_map(|(limit, most)| Some((limit, u32::try_from(most?).ok()?)));
        Some(Tier {
            code: self.code.parse().ok()?,
            name: self.name,
            month: Money::from_minor(self.month_minor, currency),
            year: self.year_minor.map(|minor| Money::from_minor(minor, currency)),
            entitlements: Entitlements {
                features: self.features.iter().filter_map(|key| Feature::from_key(key)).collect(),
                limits: limits.collect(),
            },
            is_on_sale: self.is_on_sale,
        })
    }
}
