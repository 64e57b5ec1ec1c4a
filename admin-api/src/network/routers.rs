//! Routers that may ask: `/v1/routers`. The model of how a noun is made.

pub mod change;
pub mod create;
pub mod export;
pub mod get;
pub mod list;
pub mod retire;
pub mod view;

use actions::network::register_nas::NasRefused;
use domain::id::NasId;
use domain::network::nas::NasError;
use uuid::Uuid;

use crate::problem::{FaultCode, Problem};

/// The id of a path. What is no id names nothing.
pub(crate) fn id_of(text: &str) -> Result<NasId, Problem> {
    Uuid::parse_str(text).map(NasId::from_uuid).map_err(|_| Problem::not_found("router"))
}

/// Why a router was not written.
pub(crate) fn refused(why: NasRefused) -> Problem {
    match why {
        NasRefused::Stale => Problem::changed_meanwhile(),
        NasRefused::Unentitled(why) => Problem::from(why),
        NasRefused::Store(why) => Problem::from(why),
        NasRefused::Wrong(why) => {
            let field = match &why {
                NasError::UnknownVendor(_) => "/vendor",
                NasError::WeakSecret => "/secret",
                NasError::BadPair => "/ports",
                NasError::UnknownSigning(_) | NasError::TooOpen(_) => "/signing",
                NasError::LongName { what: "realm" } => "/realm",
                NasError::LongName { .. } => "/identifier",
            };
            Problem::of_field(field, FaultCode::Invalid, why.to_string())
        }
    }
}
