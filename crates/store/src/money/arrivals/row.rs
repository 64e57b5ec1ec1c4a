//! An arrival's row.

use domain::id::{ArrivalId, GatewayId, PaymentId};
use domain::money::arrival::{Arrival, ArrivalState, Source};
use domain::money::claim::{Payer, Receipt};
use domain::money::wallet::WalletOf;
use uuid::Uuid;

use crate::columns::{Instant, at};
use crate::error::StoreError;
use crate::money::{money, shortened, wallet_columns, wallet_of};

#[derive(sqlx::FromRow)]
pub(super) struct ArrivalRow {
    pub(super) id: Uuid,
    pub(super) gateway_id: Option<Uuid>,
    pub(super) receipt: Option<String>,
    pub(super) is_receipt_proven: bool,
    pub(super) amount_minor: i64,
    pub(super) currency: String,
    pub(super) source: String,
    pub(super) is_of_prompt: bool,
    pub(super) is_verified: bool,
    pub(super) state: String,
    pub(super) payment_id: Option<Uuid>,
    pub(super) wallet_phone: Option<String>,
    pub(super) wallet_subscriber_id: Option<Uuid>,
    pub(super) account: String,
    pub(super) payer_phone: Option<String>,
    pub(super) payer_name: Option<String>,
    pub(super) paid_at: Option<Instant>,
    pub(super) arrived_at: Instant,
}

impl TryFrom<ArrivalRow> for Arrival {
    type Error = StoreError;
    fn try_from(row: ArrivalRow) -> Result<Self, StoreError> {
        let corrupt = || StoreError::corrupt("arrivals", row.id);
        let wallet = wallet_of("arrivals", row.id, row.wallet_phone, row.wallet_subscriber_id)?;
        let payment = row.payment_id.map(PaymentId::from_uuid);
        let state = match (row.state.as_str(), payment, wallet) {
            ("pending", _, _) => ArrivalState::Pending,
            ("for_payment", Some(payment), _) => ArrivalState::ForPayment(payment),
            ("in_wallet", _, Some(of)) => ArrivalState::InWallet(of),
            ("disputed", _, _) => ArrivalState::Disputed,
            ("reversed", _, _) => ArrivalState::Reversed,
            ("folded", _, _) => ArrivalState::Folded,
            _ => return Err(corrupt()),
        };
        Ok(Self {
            id: ArrivalId::from_uuid(row.id),
            gateway: row.gateway_id.map(GatewayId::from_uuid),
            receipt: row.receipt.map(|text| text.parse()).transpose().map_err(|_| corrupt())?,
            is_receipt_proven: row.is_receipt_proven,
            amount: money("arrivals", row.id, row.amount_minor, &row.currency)?,
            source: Source::from_code(&row.source).ok_or_else(corrupt)?,
            is_of_prompt: row.is_of_prompt,
            is_verified: row.is_verified,
            state,
            account: row.account,
            payer: Payer { phone: row.payer_phone, name: row.payer_name },
            paid_at: at(row.paid_at),
            arrived_at: row.arrived_at.0,
        })
    }
}

/// The columns of what may change about money.
pub(super) struct Changing<'a> {
    pub(super) receipt: Option<&'a str>,
    pub(super) state: &'static str,
    pub(super) payment: Option<Uuid>,
    pub(super) wallet_phone: Option<&'a str>,
    pub(super) wallet_subscriber: Option<Uuid>,
    pub(super) account: String,
    pub(super) payer_phone: Option<String>,
    pub(super) payer_name: Option<String>,
    pub(super) paid_at: Option<Instant>,
}

impl<'a> Changing<'a> {
    pub(super) fn of(arrival: &'a Arrival) -> Self {
        let (payment, wallet): (Option<Uuid>, Option<&WalletOf>) = match &arrival.state {
            ArrivalState::ForPayment(id) => (Some(id.uuid()), None),
            ArrivalState::InWallet(of) => (None, Some(of)),
            ArrivalState::Pending | ArrivalState::Disputed | ArrivalState::Reversed | ArrivalState::Folded => {
                (None, None)
            }
        };
        let (wallet_phone, wallet_subscriber) = wallet_columns(wallet);
        Self {
            receipt: arrival.receipt.as_ref().map(Receipt::as_str),
            state: arrival.state.code(),
            payment,
            wallet_phone,
            wallet_subscriber,
            account: shortened(&arrival.account, Arrival::ACCOUNT_MAX),
            payer_phone: arrival.payer.phone.as_deref().map(|phone| shortened(phone, 64)),
            payer_name: arrival.payer.name.as_deref().map(|name| shortened(name, 100)),
            paid_at: Instant::of(arrival.paid_at),
        }
    }
}
