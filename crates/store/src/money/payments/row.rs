//! A payment's row.

use domain::id::{GatewayId, NasId, PaymentId, PlanId, SubscriberId};
use domain::mac::Mac;
use domain::money::claim::FailureKind;
use domain::money::payment::{Payment, PaymentState, Purpose};
use uuid::Uuid;

use crate::columns::{Instant, at};
use crate::error::StoreError;
use crate::money::money;
use crate::sales::vouchers::stored_phone;

#[derive(sqlx::FromRow)]
pub(super) struct PaymentRow {
    pub(super) id: Uuid,
    pub(super) gateway_id: Option<Uuid>,
    pub(super) plan_id: Option<Uuid>,
    pub(super) plan_revision: Option<i32>,
    pub(super) buyer: Option<String>,
    pub(super) subscriber_id: Option<Uuid>,
    pub(super) phone: Option<String>,
    pub(super) price_minor: i64,
    pub(super) currency: String,
    pub(super) reference: String,
    pub(super) state: String,
    pub(super) failure: Option<String>,
    pub(super) checkout: Option<String>,
    pub(super) said: Option<String>,
    pub(super) looks: i32,
    pub(super) next_look_at: Option<Instant>,
    pub(super) claimed_at: Option<Instant>,
    pub(super) device: Option<String>,
    pub(super) nas_id: Option<Uuid>,
    pub(super) created_at: Instant,
}

pub(super) fn state(id: Uuid, state: &str, failure: Option<&str>) -> Result<PaymentState, StoreError> {
    let failure = failure.map(|code| FailureKind::from_code(code).ok_or_else(|| StoreError::corrupt("payments", id)));
    PaymentState::from_record(state, failure.transpose()?).ok_or_else(|| StoreError::corrupt("payments", id))
}

impl TryFrom<PaymentRow> for Payment {
    type Error = StoreError;
    fn try_from(row: PaymentRow) -> Result<Self, StoreError> {
        let corrupt = || StoreError::corrupt("payments", row.id);
        let phone = |digits: String| stored_phone(&digits).ok_or_else(corrupt);
        let purpose = match (row.plan_id, row.plan_revision, row.buyer, row.subscriber_id) {
            (Some(plan), Some(revision), Some(buyer), None) => Purpose::Voucher {
                plan: PlanId::from_uuid(plan),
                revision: u32::try_from(revision).map_err(|_| corrupt())?,
                buyer: phone(buyer)?,
            },
            (None, None, None, Some(subscriber)) => {
                Purpose::Renewal { subscriber: SubscriberId::from_uuid(subscriber) }
            }
            _ => return Err(corrupt()),
        };
        Ok(Self {
            id: PaymentId::from_uuid(row.id),
            gateway: row.gateway_id.map(GatewayId::from_uuid),
            purpose,
            phone: row.phone.map(phone).transpose()?,
            price: money("payments", row.id, row.price_minor, &row.currency)?,
            reference: row.reference.parse().map_err(|_| corrupt())?,
            state: state(row.id, &row.state, row.failure.as_deref())?,
            checkout: row.checkout,
            said: row.said,
            looks: u32::try_from(row.looks).map_err(|_| corrupt())?,
            next_look_at: at(row.next_look_at),
            claimed_at: at(row.claimed_at),
            created_at: row.created_at.0,
            device: row.device.map(|mac| Mac::parse(mac.as_bytes()).ok_or_else(corrupt)).transpose()?,
            nas: row.nas_id.map(NasId::from_uuid),
        })
    }
}
