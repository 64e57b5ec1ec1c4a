//! MikroTik: attributes of RouterOS.
//!
//! Written by `cargo run -p dictionaries --example generate` from `text/mikrotik.dict`: edit that instead.

use crate::{Attribute, kind};

/// Mikrotik's private enterprise number.
pub const VENDOR: u32 = 14988;

/// `Mikrotik-Recv-Limit`, attribute 1 (MikroTik): upload cap of the session in bytes, low 32 bits.
pub const RECV_LIMIT: Attribute<kind::Integer> = Attribute::new(VENDOR, 1, "Mikrotik-Recv-Limit");

/// `Mikrotik-Xmit-Limit`, attribute 2 (MikroTik): download cap of the session in bytes, low 32 bits.
pub const XMIT_LIMIT: Attribute<kind::Integer> = Attribute::new(VENDOR, 2, "Mikrotik-Xmit-Limit");

/// `Mikrotik-Group`, attribute 3 (MikroTik): router group, hotspot user profile or PPP profile.
pub const GROUP: Attribute<kind::Text> = Attribute::new(VENDOR, 3, "Mikrotik-Group");

/// `Mikrotik-Wireless-Forward`, attribute 4 (MikroTik): 0 forbids traffic between wireless customers.
pub const WIRELESS_FORWARD: Attribute<kind::Integer> = Attribute::new(VENDOR, 4, "Mikrotik-Wireless-Forward");

/// `Mikrotik-Wireless-Skip-Dot1x`, attribute 5 (MikroTik): not 0: no 802.1X for this device.
pub const WIRELESS_SKIP_DOT1X: Attribute<kind::Integer> = Attribute::new(VENDOR, 5, "Mikrotik-Wireless-Skip-Dot1x");

/// `Mikrotik-Wireless-Enc-Algo`, attribute 6 (MikroTik).
pub const WIRELESS_ENC_ALGO: Attribute<kind::Integer> = Attribute::new(VENDOR, 6, "Mikrotik-Wireless-Enc-Algo");

/// `Mikrotik-Wireless-Enc-Key`, attribute 7 (MikroTik): key for the algorithm, as hex text.
pub const WIRELESS_ENC_KEY: Attribute<kind::Text> = Attribute::new(VENDOR, 7, "Mikrotik-Wireless-Enc-Key");

/// `Mikrotik-Rate-Limit`, attribute 8 (MikroTik): `upload/download` and burst groups.
pub const RATE_LIMIT: Attribute<kind::Text> = Attribute::new(VENDOR, 8, "Mikrotik-Rate-Limit");

/// `Mikrotik-Realm`, attribute 9 (MikroTik): realm of the router's RADIUS entry.
pub const REALM: Attribute<kind::Text> = Attribute::new(VENDOR, 9, "Mikrotik-Realm");

/// `Mikrotik-Host-IP`, attribute 10 (MikroTik): address of the device before the hotspot translates it.
pub const HOST_IP: Attribute<kind::Ipv4> = Attribute::new(VENDOR, 10, "Mikrotik-Host-IP");

/// `Mikrotik-Mark-Id`, attribute 11 (MikroTik): mangle chain to jump to.
pub const MARK_ID: Attribute<kind::Text> = Attribute::new(VENDOR, 11, "Mikrotik-Mark-Id");

/// `Mikrotik-Advertise-URL`, attribute 12 (MikroTik).
pub const ADVERTISE_URL: Attribute<kind::Text> = Attribute::new(VENDOR, 12, "Mikrotik-Advertise-URL");

/// `Mikrotik-Advertise-Interval`, attribute 13 (MikroTik): seconds.
pub const ADVERTISE_INTERVAL: Attribute<kind::Integer> = Attribute::new(VENDOR, 13, "Mikrotik-Advertise-Interval");

/// `Mikrotik-Recv-Limit-Gigawords`, attribute 14 (MikroTik): upload cap, high 32 bits.
pub const RECV_LIMIT_GIGAWORDS: Attribute<kind::Integer> = Attribute::new(VENDOR, 14, "Mikrotik-Recv-Limit-Gigawords");

/// `Mikrotik-Xmit-Limit-Gigawords`, attribute 15 (MikroTik): download cap, high 32 bits.
pub const XMIT_LIMIT_GIGAWORDS: Attribute<kind::Integer> = Attribute::new(VENDOR, 15, "Mikrotik-Xmit-Limit-Gigawords");

/// `Mikrotik-Wireless-PSK`, attribute 16 (MikroTik): WPA2 key of one device.
pub const WIRELESS_PSK: Attribute<kind::Text> = Attribute::new(VENDOR, 16, "Mikrotik-Wireless-PSK");

/// `Mikrotik-Total-Limit`, attribute 17 (MikroTik): cap of both directions together in bytes, low 32 bits.
pub const TOTAL_LIMIT: Attribute<kind::Integer> = Attribute::new(VENDOR, 17, "Mikrotik-Total-Limit");

/// `Mikrotik-Total-Limit-Gigawords`, attribute 18 (MikroTik): cap of both directions together, high 32 bits.
pub const TOTAL_LIMIT_GIGAWORDS: Attribute<kind::Integer> =
    Attribute::new(VENDOR, 18, "Mikrotik-Total-Limit-Gigawords");

/// `Mikrotik-Address-List`, attribute 19 (MikroTik): firewall address list the device is put on.
pub const ADDRESS_LIST: Attribute<kind::Text> = Attribute::new(VENDOR, 19, "Mikrotik-Address-List");

/// `Mikrotik-Wireless-MPKey`, attribute 20 (MikroTik): management protection key.
pub const WIRELESS_MPKEY: Attribute<kind::Text> = Attribute::new(VENDOR, 20, "Mikrotik-Wireless-MPKey");

/// `Mikrotik-Wireless-Comment`, attribute 21 (MikroTik).
pub const WIRELESS_COMMENT: Attribute<kind::Text> = Attribute::new(VENDOR, 21, "Mikrotik-Wireless-Comment");

/// `Mikrotik-Delegated-IPv6-Pool`, attribute 22 (MikroTik): pool that prefixes are delegated from.
pub const DELEGATED_IPV6_POOL: Attribute<kind::Text> = Attribute::new(VENDOR, 22, "Mikrotik-Delegated-IPv6-Pool");

/// `Mikrotik-DHCP-Option-Set`, attribute 23 (MikroTik).
pub const DHCP_OPTION_SET: Attribute<kind::Text> = Attribute::new(VENDOR, 23, "Mikrotik-DHCP-Option-Set");

/// `Mikrotik-DHCP-Option-Param-STR1`, attribute 24 (MikroTik).
pub const DHCP_OPTION_PARAM_STR1: Attribute<kind::Text> = Attribute::new(VENDOR, 24, "Mikrotik-DHCP-Option-Param-STR1");

/// `Mikrotik-DHCP-Option-Param-STR2`, attribute 25 (MikroTik).
pub const DHCP_OPTION_PARAM_STR2: Attribute<kind::Text> = Attribute::new(VENDOR, 25, "Mikrotik-DHCP-Option-Param-STR2");

/// `Mikrotik-Wireless-VLANID`, attribute 26 (MikroTik).
pub const WIRELESS_VLANID: Attribute<kind::Integer> = Attribute::new(VENDOR, 26, "Mikrotik-Wireless-VLANID");

/// `Mikrotik-Wireless-VLANIDtype`, attribute 27 (MikroTik).
pub const WIRELESS_VLANIDTYPE: Attribute<kind::Integer> = Attribute::new(VENDOR, 27, "Mikrotik-Wireless-VLANIDtype");

/// `Mikrotik-Wireless-Minsignal`, attribute 28 (MikroTik): dBm.
pub const WIRELESS_MINSIGNAL: Attribute<kind::Text> = Attribute::new(VENDOR, 28, "Mikrotik-Wireless-Minsignal");

/// `Mikrotik-Wireless-Maxsignal`, attribute 29 (MikroTik): dBm.
pub const WIRELESS_MAXSIGNAL: Attribute<kind::Text> = Attribute::new(VENDOR, 29, "Mikrotik-Wireless-Maxsignal");

/// `Mikrotik-Switching-Filter`, attribute 30 (MikroTik): switch rules, each ending in an action.
pub const SWITCHING_FILTER: Attribute<kind::Text> = Attribute::new(VENDOR, 30, "Mikrotik-Switching-Filter");

/// Values of `Mikrotik-Wireless-Enc-Algo`.
pub mod wireless_enc_algo {
    /// `No-encryption` of `Mikrotik-Wireless-Enc-Algo`, 0 (MikroTik).
    pub const NO_ENCRYPTION: u32 = 0;
    /// `40-bit-WEP` of `Mikrotik-Wireless-Enc-Algo`, 1 (MikroTik).
    pub const N40_BIT_WEP: u32 = 1;
    /// `104-bit-WEP` of `Mikrotik-Wireless-Enc-Algo`, 2 (MikroTik).
    pub const N104_BIT_WEP: u32 = 2;
    /// `AES-CCM` of `Mikrotik-Wireless-Enc-Algo`, 3 (MikroTik).
    pub const AES_CCM: u32 = 3;
    /// `TKIP` of `Mikrotik-Wireless-Enc-Algo`, 4 (MikroTik).
    pub const TKIP: u32 = 4;
}

/// Values of `Mikrotik-Wireless-VLANIDtype`.
pub mod wireless_vlanidtype {
    /// `802.1q` of `Mikrotik-Wireless-VLANIDtype`, 0 (MikroTik).
    pub const N802_1Q: u32 = 0;
    /// `802.1ad` of `Mikrotik-Wireless-VLANIDtype`, 1 (MikroTik).
    pub const N802_1AD: u32 = 1;
}
