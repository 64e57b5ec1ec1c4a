//! Between our words and the columns that hold them.

use std::net::{IpAddr, Ipv4Addr};

use domain::access::facts::Holder;
use domain::time::Timestamp;
use ipnet::IpNet;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueFormat, PgValueRef};
use sqlx::{Decode, Encode, Postgres, Type};
use uuid::Uuid;

/// A [`Timestamp`] as `timestamptz`, by its binary form: microseconds since 2000.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instant(pub(crate) Timestamp);

impl Instant {
    const OID: Oid = Oid(1184);
    const ARRAY_OID: Oid = Oid(1185);
    /// 2000-01-01 in microseconds since 1970.
    const EPOCH: i64 = 946_684_800_000_000;
    /// The last instant that PostgreSQL can hold, in the year 294276, and the first, in 4714 BC.
    const LAST: i64 = 9_223_371_331_199_999_999;
    const FIRST: i64 = -211_813_488_000_000_000;

    pub(crate) fn of(instant: Option<Timestamp>) -> Option<Self> {
        instant.map(Self)
    }
}

/// A nullable column as the words have it.
pub(crate) fn at(instant: Option<Instant>) -> Option<Timestamp> {
    instant.map(|instant| instant.0)
}

impl Type<Postgres> for Instant {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Self::OID)
    }
    fn compatible(ty: &PgTypeInfo) -> bool {
        ty.oid() == Some(Self::OID)
    }
}

impl PgHasArrayType for Instant {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Self::ARRAY_OID)
    }
    fn array_compatible(ty: &PgTypeInfo) -> bool {
        ty.oid() == Some(Self::ARRAY_OID)
    }
}

impl Encode<'_, Postgres> for Instant {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let micros = self.0.as_micros().saturating_sub(Self::EPOCH).clamp(Self::FIRST, Self::LAST);
        Encode::<Postgres>::encode(micros, buffer)
    }
}

impl<'r> Decode<'r, Postgres> for Instant {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        match value.format() {
            PgValueFormat::Binary => {
                let micros = <i64 as Decode<Postgres>>::decode(value)?;
                Ok(Self(Timestamp::from_micros(micros.saturating_add(Self::EPOCH))))
            }
            PgValueFormat::Text => Err("an instant in text form".into()),
        }
    }
}

/// A counter as `bigint`: what does not fit is the most that does.
pub(crate) fn counter(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A `bigint` that is never negative as a counter.
pub(crate) fn uncounter(column: i64) -> u64 {
    u64::try_from(column).unwrap_or(0)
}

/// A small number as `integer`; what does not fit is the most that does, which the table's checks refuse.
pub(crate) fn integer(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// An address of either kind as an `inet`.
pub(crate) fn host(address: IpAddr) -> IpNet {
    address.into()
}

/// An IPv4 address as an `inet`.
pub(crate) fn inet(address: Option<Ipv4Addr>) -> Option<IpNet> {
    address.map(|address| IpNet::from(IpAddr::V4(address)))
}

/// An `inet` as an IPv4 address; the tables hold no other.
pub(crate) fn ipv4(column: Option<IpNet>) -> Option<Ipv4Addr> {
    match column?.addr() {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    }
}

/// The two columns of a holder.
pub(crate) fn holder_columns(holder: Option<Holder>) -> (Option<&'static str>, Option<Uuid>) {
    (holder.map(Holder::kind), holder.map(Holder::uuid))
}
