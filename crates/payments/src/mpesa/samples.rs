//! What unit tests of the adapter have in common: an ISP in the sandbox, as the manual shows it.

use domain::money::gateway::{Environment, GatewayAccount, GatewayKeys, GatewayKind, PayTo};
use domain::secret::Secret;

/// The sandbox's paybill with its passkey, called back at a place.
pub(super) fn account(callback_base: &str, environment: Environment) -> GatewayAccount {
    GatewayAccount {
        kind: GatewayKind::Mpesa,
        environment,
        shortcode: "174379".parse().expect("good"),
        pay_to: PayTo::Paybill,
        keys: GatewayKeys {
            consumer_key: Secret::new("ck_demo".to_owned()),
            consumer_secret: Secret::new("cs_demo".to_owned()),
            passkey: Secret::new("bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919".to_owned()),
            initiator: None,
        },
        callback_base: callback_base.to_owned(),
    }
}
