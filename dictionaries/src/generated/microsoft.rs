//! RFC 2548: Microsoft Vendor-specific RADIUS Attributes.
//!
//! Written by `cargo run -p dictionaries --example generate` from `text/microsoft.dict`: edit that instead.

use crate::{Attribute, kind};

/// Microsoft's private enterprise number.
pub const VENDOR: u32 = 311;

/// `MS-CHAP-Response`, attribute 1 (RFC 2548 §2.1): identifier, flags, two responses; 50 octets.
pub const MS_CHAP_RESPONSE: Attribute<kind::Octets> = Attribute::new(VENDOR, 1, "MS-CHAP-Response");

/// `MS-CHAP-Error`, attribute 2 (RFC 2548 §2.1): identifier, then `E=691 R=0 ...`.
pub const MS_CHAP_ERROR: Attribute<kind::Octets> = Attribute::new(VENDOR, 2, "MS-CHAP-Error");

/// `MS-CHAP-CPW-1`, attribute 3 (RFC 2548 §2.1).
pub const MS_CHAP_CPW_1: Attribute<kind::Octets> = Attribute::new(VENDOR, 3, "MS-CHAP-CPW-1");

/// `MS-CHAP-CPW-2`, attribute 4 (RFC 2548 §2.1).
pub const MS_CHAP_CPW_2: Attribute<kind::Octets> = Attribute::new(VENDOR, 4, "MS-CHAP-CPW-2");

/// `MS-CHAP-LM-Enc-PW`, attribute 5 (RFC 2548 §2.1).
pub const MS_CHAP_LM_ENC_PW: Attribute<kind::Octets> = Attribute::new(VENDOR, 5, "MS-CHAP-LM-Enc-PW");

/// `MS-CHAP-NT-Enc-PW`, attribute 6 (RFC 2548 §2.1).
pub const MS_CHAP_NT_ENC_PW: Attribute<kind::Octets> = Attribute::new(VENDOR, 6, "MS-CHAP-NT-Enc-PW");

/// `MS-MPPE-Encryption-Policy`, attribute 7 (RFC 2548 §2.4.4).
pub const MS_MPPE_ENCRYPTION_POLICY: Attribute<kind::Integer> = Attribute::new(VENDOR, 7, "MS-MPPE-Encryption-Policy");

/// `MS-MPPE-Encryption-Types`, attribute 8 (RFC 2548 §2.4.5): bits.
pub const MS_MPPE_ENCRYPTION_TYPES: Attribute<kind::Integer> = Attribute::new(VENDOR, 8, "MS-MPPE-Encryption-Types");

/// `MS-RAS-Vendor`, attribute 9 (RFC 2548).
pub const MS_RAS_VENDOR: Attribute<kind::Integer> = Attribute::new(VENDOR, 9, "MS-RAS-Vendor");

/// `MS-CHAP-Domain`, attribute 10 (RFC 2548 §2.1): identifier, then text.
pub const MS_CHAP_DOMAIN: Attribute<kind::Octets> = Attribute::new(VENDOR, 10, "MS-CHAP-Domain");

/// `MS-CHAP-Challenge`, attribute 11 (RFC 2548 §2.1): 8 octets for version 1, 16 for version 2.
pub const MS_CHAP_CHALLENGE: Attribute<kind::Octets> = Attribute::new(VENDOR, 11, "MS-CHAP-Challenge");

/// `MS-CHAP-MPPE-Keys`, attribute 12 (RFC 2548 §2.4.1): for version 1.
pub const MS_CHAP_MPPE_KEYS: Attribute<kind::Hidden> = Attribute::new(VENDOR, 12, "MS-CHAP-MPPE-Keys");

/// `MS-BAP-Usage`, attribute 13 (RFC 2548).
pub const MS_BAP_USAGE: Attribute<kind::Integer> = Attribute::new(VENDOR, 13, "MS-BAP-Usage");

/// `MS-Link-Utilization-Threshold`, attribute 14 (RFC 2548): percent.
pub const MS_LINK_UTILIZATION_THRESHOLD: Attribute<kind::Integer> =
    Attribute::new(VENDOR, 14, "MS-Link-Utilization-Threshold");

/// `MS-Link-Drop-Time-Limit`, attribute 15 (RFC 2548): seconds.
pub const MS_LINK_DROP_TIME_LIMIT: Attribute<kind::Integer> = Attribute::new(VENDOR, 15, "MS-Link-Drop-Time-Limit");

/// `MS-MPPE-Send-Key`, attribute 16 (RFC 2548 §2.4.2): salt and hidden key, no tag.
pub const MS_MPPE_SEND_KEY: Attribute<kind::Salted> = Attribute::new(VENDOR, 16, "MS-MPPE-Send-Key");

/// `MS-MPPE-Recv-Key`, attribute 17 (RFC 2548 §2.4.3): salt and hidden key, no tag.
pub const MS_MPPE_RECV_KEY: Attribute<kind::Salted> = Attribute::new(VENDOR, 17, "MS-MPPE-Recv-Key");

/// `MS-RAS-Version`, attribute 18 (RFC 2548).
pub const MS_RAS_VERSION: Attribute<kind::Text> = Attribute::new(VENDOR, 18, "MS-RAS-Version");

/// `MS-Old-ARAP-Password`, attribute 19 (RFC 2548).
pub const MS_OLD_ARAP_PASSWORD: Attribute<kind::Octets> = Attribute::new(VENDOR, 19, "MS-Old-ARAP-Password");

/// `MS-New-ARAP-Password`, attribute 20 (RFC 2548).
pub const MS_NEW_ARAP_PASSWORD: Attribute<kind::Octets> = Attribute::new(VENDOR, 20, "MS-New-ARAP-Password");

/// `MS-ARAP-PW-Change-Reason`, attribute 21 (RFC 2548).
pub const MS_ARAP_PW_CHANGE_REASON: Attribute<kind::Integer> = Attribute::new(VENDOR, 21, "MS-ARAP-PW-Change-Reason");

/// `MS-Filter`, attribute 22 (RFC 2548).
pub const MS_FILTER: Attribute<kind::Octets> = Attribute::new(VENDOR, 22, "MS-Filter");

/// `MS-Acct-Auth-Type`, attribute 23 (RFC 2548).
pub const MS_ACCT_AUTH_TYPE: Attribute<kind::Integer> = Attribute::new(VENDOR, 23, "MS-Acct-Auth-Type");

/// `MS-Acct-EAP-Type`, attribute 24 (RFC 2548).
pub const MS_ACCT_EAP_TYPE: Attribute<kind::Integer> = Attribute::new(VENDOR, 24, "MS-Acct-EAP-Type");

/// `MS-CHAP2-Response`, attribute 25 (RFC 2548 §2.3.2): identifier, flags, challenge, response; 50 octets.
pub const MS_CHAP2_RESPONSE: Attribute<kind::Octets> = Attribute::new(VENDOR, 25, "MS-CHAP2-Response");

/// `MS-CHAP2-Success`, attribute 26 (RFC 2548 §2.3.3): identifier, then `S=` and 40 hex digits.
pub const MS_CHAP2_SUCCESS: Attribute<kind::Octets> = Attribute::new(VENDOR, 26, "MS-CHAP2-Success");

/// `MS-CHAP2-CPW`, attribute 27 (RFC 2548 §2.3).
pub const MS_CHAP2_CPW: Attribute<kind::Octets> = Attribute::new(VENDOR, 27, "MS-CHAP2-CPW");

/// `MS-Primary-DNS-Server`, attribute 28 (RFC 2548).
pub const MS_PRIMARY_DNS_SERVER: Attribute<kind::Ipv4> = Attribute::new(VENDOR, 28, "MS-Primary-DNS-Server");

/// `MS-Secondary-DNS-Server`, attribute 29 (RFC 2548).
pub const MS_SECONDARY_DNS_SERVER: Attribute<kind::Ipv4> = Attribute::new(VENDOR, 29, "MS-Secondary-DNS-Server");

/// `MS-Primary-NBNS-Server`, attribute 30 (RFC 2548).
pub const MS_PRIMARY_NBNS_SERVER: Attribute<kind::Ipv4> = Attribute::new(VENDOR, 30, "MS-Primary-NBNS-Server");

/// `MS-Secondary-NBNS-Server`, attribute 31 (RFC 2548).
pub const MS_SECONDARY_NBNS_SERVER: Attribute<kind::Ipv4> = Attribute::new(VENDOR, 31, "MS-Secondary-NBNS-Server");

/// `MS-ARAP-Challenge`, attribute 33 (RFC 2548).
pub const MS_ARAP_CHALLENGE: Attribute<kind::Octets> = Attribute::new(VENDOR, 33, "MS-ARAP-Challenge");

/// Values of `MS-MPPE-Encryption-Policy`.
pub mod ms_mppe_encryption_policy {
    /// `Encryption-Allowed` of `MS-MPPE-Encryption-Policy`, 1 (RFC 2548).
    pub const ENCRYPTION_ALLOWED: u32 = 1;
    /// `Encryption-Required` of `MS-MPPE-Encryption-Policy`, 2 (RFC 2548).
    pub const ENCRYPTION_REQUIRED: u32 = 2;
}

/// Values of `MS-MPPE-Encryption-Types`.
pub mod ms_mppe_encryption_types {
    /// `RC4-40-bit-Allowed` of `MS-MPPE-Encryption-Types`, 2 (RFC 2548).
    pub const RC4_40_BIT_ALLOWED: u32 = 2;
    /// `RC4-128-bit-Allowed` of `MS-MPPE-Encryption-Types`, 4 (RFC 2548).
    pub const RC4_128_BIT_ALLOWED: u32 = 4;
    /// `RC4-40-or-128-bit-Allowed` of `MS-MPPE-Encryption-Types`, 6 (RFC 2548).
    pub const RC4_40_OR_128_BIT_ALLOWED: u32 = 6;
}

/// Values of `MS-BAP-Usage`.
pub mod ms_bap_usage {
    /// `Not-Allowed` of `MS-BAP-Usage`, 0 (RFC 2548).
    pub const NOT_ALLOWED: u32 = 0;
    /// `Allowed` of `MS-BAP-Usage`, 1 (RFC 2548).
    pub const ALLOWED: u32 = 1;
    /// `Required` of `MS-BAP-Usage`, 2 (RFC 2548).
    pub const REQUIRED: u32 = 2;
}

/// Values of `MS-ARAP-PW-Change-Reason`.
pub mod ms_arap_pw_change_reason {
    /// `Just-Change-Password` of `MS-ARAP-PW-Change-Reason`, 1 (RFC 2548).
    pub const JUST_CHANGE_PASSWORD: u32 = 1;
    /// `Expired-Password` of `MS-ARAP-PW-Change-Reason`, 2 (RFC 2548).
    pub const EXPIRED_PASSWORD: u32 = 2;
    /// `Admin-Requires-Password-Change` of `MS-ARAP-PW-Change-Reason`, 3 (RFC 2548).
    pub const ADMIN_REQUIRES_PASSWORD_CHANGE: u32 = 3;
    /// `Password-Too-Short` of `MS-ARAP-PW-Change-Reason`, 4 (RFC 2548).
    pub const PASSWORD_TOO_SHORT: u32 = 4;
}

/// Values of `MS-Acct-Auth-Type`.
pub mod ms_acct_auth_type {
    /// `PAP` of `MS-Acct-Auth-Type`, 1 (RFC 2548).
    pub const PAP: u32 = 1;
    /// `CHAP` of `MS-Acct-Auth-Type`, 2 (RFC 2548).
    pub const CHAP: u32 = 2;
    /// `MS-CHAP-1` of `MS-Acct-Auth-Type`, 3 (RFC 2548).
    pub const MS_CHAP_1: u32 = 3;
    /// `MS-CHAP-2` of `MS-Acct-Auth-Type`, 4 (RFC 2548).
    pub const MS_CHAP_2: u32 = 4;
    /// `EAP` of `MS-Acct-Auth-Type`, 5 (RFC 2548).
    pub const EAP: u32 = 5;
}

/// Values of `MS-Acct-EAP-Type`.
pub mod ms_acct_eap_type {
    /// `MD5` of `MS-Acct-EAP-Type`, 4 (RFC 2548).
    pub const MD5: u32 = 4;
    /// `OTP` of `MS-Acct-EAP-Type`, 5 (RFC 2548).
    pub const OTP: u32 = 5;
    /// `Generic-Token-Card` of `MS-Acct-EAP-Type`, 6 (RFC 2548).
    pub const GENERIC_TOKEN_CARD: u32 = 6;
    /// `TLS` of `MS-Acct-EAP-Type`, 13 (RFC 2548).
    pub const TLS: u32 = 13;
}
