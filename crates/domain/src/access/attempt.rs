//! What a device asks, in our words.

use std::net::Ipv4Addr;

use crate::mac::Mac;

/// One request to come online, borrowed from its packet.
#[derive(Clone, Debug)]
pub struct Attempt<'a> {
    /// User-Name as sent, not decoded: codes and names are compared octet by octet.
    pub user_name: &'a [u8],
    /// The device that asks.
    pub device: Device,
    /// The kind of line, where the packet says so.
    pub service: AskedService,
    /// How it proves its password.
    pub method: Method,
    /// The address it has or wants.
    pub framed_ip: Option<Ipv4Addr>,
    /// Called-Station-Id: the hotspot's or PPPoE service's name.
    pub called_station: Option<&'a [u8]>,
    /// NAS-Port-Id: the interface.
    pub nas_port_id: Option<&'a [u8]>,
    /// NAS-Identifier: the router's own name.
    pub nas_identifier: Option<&'a [u8]>,
}

/// What distinguishes one device from another, from Calling-Station-Id (RFC 2865 §5.31).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Device {
    /// A hardware address.
    Mac(Mac),
    /// Another caller: a public address (PPTP, L2TP) or a DHCP client-id, as escaped text of at most 64 octets.
    Caller(String),
    /// The request did not say. All such requests of one voucher share one place.
    Unnamed,
}

impl Device {
    /// Reads Calling-Station-Id.
    pub fn from_calling_station(text: Option<&[u8]>) -> Self {
        match text {
            None | Some(b"") => Self::Unnamed,
            Some(text) => Mac::parse(text).map_or_else(|| Self::caller(text), Self::Mac),
        }
    }

    fn caller(text: &[u8]) -> Self {
        let mut escaped = crate::text::escaped(text);
        let mut end = escaped.len().min(64);
        while !escaped.is_char_boundary(end) {
            end -= 1;
        }
        escaped.truncate(end);
        Self::Caller(escaped)
    }

    /// Its key in records: the address in capitals, the caller's text, or `-`. Reads back with [`Self::from_key`].
    pub fn key(&self) -> String {
        match self {
            Self::Mac(mac) => mac.to_string(),
            Self::Caller(text) => text.clone(),
            Self::Unnamed => "-".to_owned(),
        }
    }

    /// The device with a key of [`Self::key`].
    pub fn from_key(key: &str) -> Self {
        match (key, Mac::parse(key.as_bytes())) {
            ("-", _) => Self::Unnamed,
            (_, Some(mac)) => Self::Mac(mac),
            (caller, None) => Self::Caller(caller.to_owned()),
        }
    }
}

/// The kind of line that a packet says it is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AskedService {
    /// A hotspot's captive portal.
    Hotspot,
    /// PPPoE, PPTP, L2TP, SSTP or OVPN.
    Ppp,
    /// The packet does not say.
    Unsaid,
}

impl AskedService {
    /// Its name in records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Hotspot => "hotspot",
            Self::Ppp => "ppp",
            Self::Unsaid => "unsaid",
        }
    }

    /// The service with a [`code`](Self::code); anything else is `Unsaid`.
    pub fn from_code(code: &str) -> Self {
        match code {
            "hotspot" => Self::Hotspot,
            "ppp" => Self::Ppp,
            _ => Self::Unsaid,
        }
    }
}

/// How a password is proved.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Method {
    /// RFC 2865 §5.2.
    Pap,
    /// RFC 2865 §5.3.
    Chap,
    /// RFC 2433.
    MsChapV1,
    /// RFC 2759.
    MsChapV2,
    /// None that we can check (nothing at all, EAP, or an LM response alone).
    Nothing,
}

impl Method {
    /// Its name in records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Pap => "pap",
            Self::Chap => "chap",
            Self::MsChapV1 => "mschapv1",
            Self::MsChapV2 => "mschapv2",
            Self::Nothing => "none",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_device_in_two_spellings_is_one_device() {
        assert_eq!(
            Device::from_calling_station(Some(b"aa-bb-cc-dd-ee-ff")),
            Device::from_calling_station(Some(b"AA:BB:CC:DD:EE:FF"))
        );
    }

    #[test]
    fn a_devices_key_reads_back() {
        for text in [&b"AA:BB:CC:DD:EE:FF"[..], b"203.0.113.9", b"1:0:e1:c:38:c8:f8", b"", b"bad\nkey\xff"] {
            let device = Device::from_calling_station(Some(text));
            assert_eq!(Device::from_key(&device.key()), device);
        }
    }

    #[test]
    fn a_callers_key_is_bounded() {
        assert!(Device::from_calling_station(Some(&[0xff; 253])).key().len() <= 64);
    }
}
