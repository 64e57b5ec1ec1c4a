//! RFC 2865: Remote Authentication Dial In User Service (RADIUS).
//!
//! Written by `cargo run -p dictionaries --example generate` from `text/rfc2865.dict`: edit that instead.

use crate::{Attribute, kind};

/// `User-Name`, attribute 1 (RFC 2865 §5.1).
pub const USER_NAME: Attribute<kind::Text> = Attribute::new(0, 1, "User-Name");

/// `User-Password`, attribute 2 (RFC 2865 §5.2).
pub const USER_PASSWORD: Attribute<kind::Hidden> = Attribute::new(0, 2, "User-Password");

/// `CHAP-Password`, attribute 3 (RFC 2865 §5.3): identifier and 16 octets of proof.
pub const CHAP_PASSWORD: Attribute<kind::Octets> = Attribute::new(0, 3, "CHAP-Password");

/// `NAS-IP-Address`, attribute 4 (RFC 2865 §5.4).
pub const NAS_IP_ADDRESS: Attribute<kind::Ipv4> = Attribute::new(0, 4, "NAS-IP-Address");

/// `NAS-Port`, attribute 5 (RFC 2865 §5.5).
pub const NAS_PORT: Attribute<kind::Integer> = Attribute::new(0, 5, "NAS-Port");

/// `Service-Type`, attribute 6 (RFC 2865 §5.6).
pub const SERVICE_TYPE: Attribute<kind::Integer> = Attribute::new(0, 6, "Service-Type");

/// `Framed-Protocol`, attribute 7 (RFC 2865 §5.7).
pub const FRAMED_PROTOCOL: Attribute<kind::Integer> = Attribute::new(0, 7, "Framed-Protocol");

/// `Framed-IP-Address`, attribute 8 (RFC 2865 §5.8).
pub const FRAMED_IP_ADDRESS: Attribute<kind::Ipv4> = Attribute::new(0, 8, "Framed-IP-Address");

/// `Framed-IP-Netmask`, attribute 9 (RFC 2865 §5.9).
pub const FRAMED_IP_NETMASK: Attribute<kind::Ipv4> = Attribute::new(0, 9, "Framed-IP-Netmask");

/// `Framed-Routing`, attribute 10 (RFC 2865 §5.10).
pub const FRAMED_ROUTING: Attribute<kind::Integer> = Attribute::new(0, 10, "Framed-Routing");

/// `Filter-Id`, attribute 11 (RFC 2865 §5.11).
pub const FILTER_ID: Attribute<kind::Text> = Attribute::new(0, 11, "Filter-Id");

/// `Framed-MTU`, attribute 12 (RFC 2865 §5.12).
pub const FRAMED_MTU: Attribute<kind::Integer> = Attribute::new(0, 12, "Framed-MTU");

/// `Framed-Compression`, attribute 13 (RFC 2865 §5.13).
pub const FRAMED_COMPRESSION: Attribute<kind::Integer> = Attribute::new(0, 13, "Framed-Compression");

/// `Login-IP-Host`, attribute 14 (RFC 2865 §5.14).
pub const LOGIN_IP_HOST: Attribute<kind::Ipv4> = Attribute::new(0, 14, "Login-IP-Host");

/// `Login-Service`, attribute 15 (RFC 2865 §5.15).
pub const LOGIN_SERVICE: Attribute<kind::Integer> = Attribute::new(0, 15, "Login-Service");

/// `Login-TCP-Port`, attribute 16 (RFC 2865 §5.16).
pub const LOGIN_TCP_PORT: Attribute<kind::Integer> = Attribute::new(0, 16, "Login-TCP-Port");

/// `Reply-Message`, attribute 18 (RFC 2865 §5.18): shown to the person.
pub const REPLY_MESSAGE: Attribute<kind::Text> = Attribute::new(0, 18, "Reply-Message");

/// `Callback-Number`, attribute 19 (RFC 2865 §5.19).
pub const CALLBACK_NUMBER: Attribute<kind::Text> = Attribute::new(0, 19, "Callback-Number");

/// `Callback-Id`, attribute 20 (RFC 2865 §5.20).
pub const CALLBACK_ID: Attribute<kind::Text> = Attribute::new(0, 20, "Callback-Id");

/// `Framed-Route`, attribute 22 (RFC 2865 §5.22): `destination/length gateway metric`.
pub const FRAMED_ROUTE: Attribute<kind::Text> = Attribute::new(0, 22, "Framed-Route");

/// `Framed-IPX-Network`, attribute 23 (RFC 2865 §5.23).
pub const FRAMED_IPX_NETWORK: Attribute<kind::Integer> = Attribute::new(0, 23, "Framed-IPX-Network");

/// `State`, attribute 24 (RFC 2865 §5.24).
pub const STATE: Attribute<kind::Octets> = Attribute::new(0, 24, "State");

/// `Class`, attribute 25 (RFC 2865 §5.25): returned unchanged in accounting.
pub const CLASS: Attribute<kind::Octets> = Attribute::new(0, 25, "Class");

/// `Vendor-Specific`, attribute 26 (RFC 2865 §5.26): vendor number and the vendor's own attributes.
pub const VENDOR_SPECIFIC: Attribute<kind::Octets> = Attribute::new(0, 26, "Vendor-Specific");

/// `Session-Timeout`, attribute 27 (RFC 2865 §5.27): seconds.
pub const SESSION_TIMEOUT: Attribute<kind::Integer> = Attribute::new(0, 27, "Session-Timeout");

/// `Idle-Timeout`, attribute 28 (RFC 2865 §5.28): seconds.
pub const IDLE_TIMEOUT: Attribute<kind::Integer> = Attribute::new(0, 28, "Idle-Timeout");

/// `Termination-Action`, attribute 29 (RFC 2865 §5.29).
pub const TERMINATION_ACTION: Attribute<kind::Integer> = Attribute::new(0, 29, "Termination-Action");

/// `Called-Station-Id`, attribute 30 (RFC 2865 §5.30).
pub const CALLED_STATION_ID: Attribute<kind::Text> = Attribute::new(0, 30, "Called-Station-Id");

/// `Calling-Station-Id`, attribute 31 (RFC 2865 §5.31).
pub const CALLING_STATION_ID: Attribute<kind::Text> = Attribute::new(0, 31, "Calling-Station-Id");

/// `NAS-Identifier`, attribute 32 (RFC 2865 §5.32).
pub const NAS_IDENTIFIER: Attribute<kind::Text> = Attribute::new(0, 32, "NAS-Identifier");

/// `Proxy-State`, attribute 33 (RFC 2865 §5.33): echoed in order, never read.
pub const PROXY_STATE: Attribute<kind::Octets> = Attribute::new(0, 33, "Proxy-State");

/// `Login-LAT-Service`, attribute 34 (RFC 2865 §5.34).
pub const LOGIN_LAT_SERVICE: Attribute<kind::Text> = Attribute::new(0, 34, "Login-LAT-Service");

/// `Login-LAT-Node`, attribute 35 (RFC 2865 §5.35).
pub const LOGIN_LAT_NODE: Attribute<kind::Text> = Attribute::new(0, 35, "Login-LAT-Node");

/// `Login-LAT-Group`, attribute 36 (RFC 2865 §5.36).
pub const LOGIN_LAT_GROUP: Attribute<kind::Octets> = Attribute::new(0, 36, "Login-LAT-Group");

/// `Framed-AppleTalk-Link`, attribute 37 (RFC 2865 §5.37).
pub const FRAMED_APPLETALK_LINK: Attribute<kind::Integer> = Attribute::new(0, 37, "Framed-AppleTalk-Link");

/// `Framed-AppleTalk-Network`, attribute 38 (RFC 2865 §5.38).
pub const FRAMED_APPLETALK_NETWORK: Attribute<kind::Integer> = Attribute::new(0, 38, "Framed-AppleTalk-Network");

/// `Framed-AppleTalk-Zone`, attribute 39 (RFC 2865 §5.39).
pub const FRAMED_APPLETALK_ZONE: Attribute<kind::Text> = Attribute::new(0, 39, "Framed-AppleTalk-Zone");

/// `CHAP-Challenge`, attribute 60 (RFC 2865 §5.40): absent, the Request Authenticator stands for it.
pub const CHAP_CHALLENGE: Attribute<kind::Octets> = Attribute::new(0, 60, "CHAP-Challenge");

/// `NAS-Port-Type`, attribute 61 (RFC 2865 §5.41).
pub const NAS_PORT_TYPE: Attribute<kind::Integer> = Attribute::new(0, 61, "NAS-Port-Type");

/// `Port-Limit`, attribute 62 (RFC 2865 §5.42).
pub const PORT_LIMIT: Attribute<kind::Integer> = Attribute::new(0, 62, "Port-Limit");

/// `Login-LAT-Port`, attribute 63 (RFC 2865 §5.43).
pub const LOGIN_LAT_PORT: Attribute<kind::Text> = Attribute::new(0, 63, "Login-LAT-Port");

/// Values of `Service-Type`.
pub mod service_type {
    /// `Login-User` of `Service-Type`, 1 (RFC 2865).
    pub const LOGIN_USER: u32 = 1;
    /// `Framed-User` of `Service-Type`, 2 (RFC 2865).
    pub const FRAMED_USER: u32 = 2;
    /// `Callback-Login-User` of `Service-Type`, 3 (RFC 2865).
    pub const CALLBACK_LOGIN_USER: u32 = 3;
    /// `Callback-Framed-User` of `Service-Type`, 4 (RFC 2865).
    pub const CALLBACK_FRAMED_USER: u32 = 4;
    /// `Outbound-User` of `Service-Type`, 5 (RFC 2865).
    pub const OUTBOUND_USER: u32 = 5;
    /// `Administrative-User` of `Service-Type`, 6 (RFC 2865).
    pub const ADMINISTRATIVE_USER: u32 = 6;
    /// `NAS-Prompt-User` of `Service-Type`, 7 (RFC 2865).
    pub const NAS_PROMPT_USER: u32 = 7;
    /// `Authenticate-Only` of `Service-Type`, 8 (RFC 2865).
    pub const AUTHENTICATE_ONLY: u32 = 8;
    /// `Callback-NAS-Prompt` of `Service-Type`, 9 (RFC 2865).
    pub const CALLBACK_NAS_PROMPT: u32 = 9;
    /// `Call-Check` of `Service-Type`, 10 (RFC 2865).
    pub const CALL_CHECK: u32 = 10;
    /// `Callback-Administrative` of `Service-Type`, 11 (RFC 2865).
    pub const CALLBACK_ADMINISTRATIVE: u32 = 11;
}

/// Values of `Framed-Protocol`.
pub mod framed_protocol {
    /// `PPP` of `Framed-Protocol`, 1 (RFC 2865).
    pub const PPP: u32 = 1;
    /// `SLIP` of `Framed-Protocol`, 2 (RFC 2865).
    pub const SLIP: u32 = 2;
    /// `ARAP` of `Framed-Protocol`, 3 (RFC 2865).
    pub const ARAP: u32 = 3;
    /// `Gandalf-SLML` of `Framed-Protocol`, 4 (RFC 2865).
    pub const GANDALF_SLML: u32 = 4;
    /// `Xylogics-IPX-SLIP` of `Framed-Protocol`, 5 (RFC 2865).
    pub const XYLOGICS_IPX_SLIP: u32 = 5;
    /// `X.75-Synchronous` of `Framed-Protocol`, 6 (RFC 2865).
    pub const X_75_SYNCHRONOUS: u32 = 6;
}

/// Values of `Framed-Routing`.
pub mod framed_routing {
    /// `None` of `Framed-Routing`, 0 (RFC 2865).
    pub const NONE: u32 = 0;
    /// `Send` of `Framed-Routing`, 1 (RFC 2865).
    pub const SEND: u32 = 1;
    /// `Listen` of `Framed-Routing`, 2 (RFC 2865).
    pub const LISTEN: u32 = 2;
    /// `Send-and-Listen` of `Framed-Routing`, 3 (RFC 2865).
    pub const SEND_AND_LISTEN: u32 = 3;
}

/// Values of `Framed-Compression`.
pub mod framed_compression {
    /// `None` of `Framed-Compression`, 0 (RFC 2865).
    pub const NONE: u32 = 0;
    /// `Van-Jacobson-TCP-IP` of `Framed-Compression`, 1 (RFC 2865).
    pub const VAN_JACOBSON_TCP_IP: u32 = 1;
    /// `IPX-Header` of `Framed-Compression`, 2 (RFC 2865).
    pub const IPX_HEADER: u32 = 2;
    /// `Stac-LZS` of `Framed-Compression`, 3 (RFC 2865).
    pub const STAC_LZS: u32 = 3;
}

/// Values of `Login-Service`.
pub mod login_service {
    /// `Telnet` of `Login-Service`, 0 (RFC 2865).
    pub const TELNET: u32 = 0;
    /// `Rlogin` of `Login-Service`, 1 (RFC 2865).
    pub const RLOGIN: u32 = 1;
    /// `TCP-Clear` of `Login-Service`, 2 (RFC 2865).
    pub const TCP_CLEAR: u32 = 2;
    /// `PortMaster` of `Login-Service`, 3 (RFC 2865).
    pub const PORTMASTER: u32 = 3;
    /// `LAT` of `Login-Service`, 4 (RFC 2865).
    pub const LAT: u32 = 4;
    /// `X25-PAD` of `Login-Service`, 5 (RFC 2865).
    pub const X25_PAD: u32 = 5;
    /// `X25-T3POS` of `Login-Service`, 6 (RFC 2865).
    pub const X25_T3POS: u32 = 6;
    /// `TCP-Clear-Quiet` of `Login-Service`, 8 (RFC 2865).
    pub const TCP_CLEAR_QUIET: u32 = 8;
}

/// Values of `Login-TCP-Port`.
pub mod login_tcp_port {
    /// `Telnet` of `Login-TCP-Port`, 23 (RFC 2865).
    pub const TELNET: u32 = 23;
    /// `Rlogin` of `Login-TCP-Port`, 513 (RFC 2865).
    pub const RLOGIN: u32 = 513;
    /// `Rsh` of `Login-TCP-Port`, 514 (RFC 2865).
    pub const RSH: u32 = 514;
}

/// Values of `Termination-Action`.
pub mod termination_action {
    /// `Default` of `Termination-Action`, 0 (RFC 2865).
    pub const DEFAULT: u32 = 0;
    /// `RADIUS-Request` of `Termination-Action`, 1 (RFC 2865).
    pub const RADIUS_REQUEST: u32 = 1;
}

/// Values of `NAS-Port-Type`.
pub mod nas_port_type {
    /// `Async` of `NAS-Port-Type`, 0 (RFC 2865).
    pub const ASYNC: u32 = 0;
    /// `Sync` of `NAS-Port-Type`, 1 (RFC 2865).
    pub const SYNC: u32 = 1;
    /// `ISDN-Sync` of `NAS-Port-Type`, 2 (RFC 2865).
    pub const ISDN_SYNC: u32 = 2;
    /// `ISDN-Async-V.120` of `NAS-Port-Type`, 3 (RFC 2865).
    pub const ISDN_ASYNC_V_120: u32 = 3;
    /// `ISDN-Async-V.110` of `NAS-Port-Type`, 4 (RFC 2865).
    pub const ISDN_ASYNC_V_110: u32 = 4;
    /// `Virtual` of `NAS-Port-Type`, 5 (RFC 2865).
    pub const VIRTUAL: u32 = 5;
    /// `PIAFS` of `NAS-Port-Type`, 6 (RFC 2865).
    pub const PIAFS: u32 = 6;
    /// `HDLC-Clear-Channel` of `NAS-Port-Type`, 7 (RFC 2865).
    pub const HDLC_CLEAR_CHANNEL: u32 = 7;
    /// `X.25` of `NAS-Port-Type`, 8 (RFC 2865).
    pub const X_25: u32 = 8;
    /// `X.75` of `NAS-Port-Type`, 9 (RFC 2865).
    pub const X_75: u32 = 9;
    /// `G.3-Fax` of `NAS-Port-Type`, 10 (RFC 2865).
    pub const G_3_FAX: u32 = 10;
    /// `SDSL` of `NAS-Port-Type`, 11 (RFC 2865).
    pub const SDSL: u32 = 11;
    /// `ADSL-CAP` of `NAS-Port-Type`, 12 (RFC 2865).
    pub const ADSL_CAP: u32 = 12;
    /// `ADSL-DMT` of `NAS-Port-Type`, 13 (RFC 2865).
    pub const ADSL_DMT: u32 = 13;
    /// `IDSL` of `NAS-Port-Type`, 14 (RFC 2865).
    pub const IDSL: u32 = 14;
    /// `Ethernet` of `NAS-Port-Type`, 15 (RFC 2865).
    pub const ETHERNET: u32 = 15;
    /// `xDSL` of `NAS-Port-Type`, 16 (RFC 2865).
    pub const XDSL: u32 = 16;
    /// `Cable` of `NAS-Port-Type`, 17 (RFC 2865).
    pub const CABLE: u32 = 17;
    /// `Wireless-Other` of `NAS-Port-Type`, 18 (RFC 2865).
    pub const WIRELESS_OTHER: u32 = 18;
    /// `Wireless-802.11` of `NAS-Port-Type`, 19 (RFC 2865).
    pub const WIRELESS_802_11: u32 = 19;
}
