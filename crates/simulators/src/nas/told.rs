//! What a router is told of a session: by an accept, and later by a CoA.

use std::net::Ipv4Addr;

use dictionaries::{Attribute, kind, mikrotik, rfc2865, rfc2869};
use domain::rate::UpDown;
use nas::mikrotik::rate_limit::parse_rate_limit;
use radius::Packet;

/// The terms of a session, as far as they were told.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Told {
    /// Mikrotik-Rate-Limit, as it was written.
    pub rate: Option<String>,
    /// Session-Timeout in seconds.
    pub session_timeout: Option<u32>,
    /// Idle-Timeout in seconds.
    pub idle_timeout: Option<u32>,
    /// Acct-Interim-Interval in seconds.
    pub interim: Option<u32>,
    /// Port-Limit: sessions of one name on this router.
    pub port_limit: Option<u32>,
    /// Octets that the subscriber may send (Recv-Limit with its Gigawords); 0 is no limit.
    pub up_max: Option<u64>,
    /// Octets that may be sent to it (Xmit-Limit); 0 is no limit.
    pub down_max: Option<u64>,
    /// Octets both ways together (Total-Limit); 0 is no limit.
    pub total_max: Option<u64>,
    /// Mikrotik-Address-List, each.
    pub address_lists: Vec<String>,
    /// Framed-Pool.
    pub pool: Option<String>,
    /// Mikrotik-Group: the profile.
    pub group: Option<String>,
    /// Filter-Id: the firewall chain.
    pub filter: Option<String>,
    /// Framed-IP-Address of an accept, unless it means "take one of your own".
    pub framed_ip: Option<Ipv4Addr>,
    /// Class, each, to be given back in accounting.
    pub classes: Vec<Vec<u8>>,
}

/// A rate that no router can read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct UnreadableRate;

impl Told {
    /// Reads the terms in an accept or a CoA.
    pub(super) fn read(packet: &Packet<'_>) -> Result<Self, UnreadableRate> {
        let rate = text(packet, mikrotik::RATE_LIMIT);
        if rate.as_deref().is_some_and(|rate| parse_rate_limit(rate.as_bytes()).is_err()) {
            return Err(UnreadableRate);
        }
        let lists = packet.all(mikrotik::ADDRESS_LIST).map(|list| lossy(list.as_bytes()));
        Ok(Self {
            rate,
            session_timeout: packet.get(rfc2865::SESSION_TIMEOUT),
            idle_timeout: packet.get(rfc2865::IDLE_TIMEOUT),
            interim: packet.get(rfc2869::ACCT_INTERIM_INTERVAL),
            port_limit: packet.get(rfc2865::PORT_LIMIT),
            up_max: limit(packet, mikrotik::RECV_LIMIT, mikrotik::RECV_LIMIT_GIGAWORDS),
            down_max: limit(packet, mikrotik::XMIT_LIMIT, mikrotik::XMIT_LIMIT_GIGAWORDS),
            total_max: limit(packet, mikrotik::TOTAL_LIMIT, mikrotik::TOTAL_LIMIT_GIGAWORDS),
            address_lists: lists.collect(),
            pool: text(packet, rfc2869::FRAMED_POOL),
            group: text(packet, mikrotik::GROUP),
            filter: text(packet, rfc2865::FILTER_ID),
            framed_ip: packet.get(rfc2865::FRAMED_IP_ADDRESS).filter(|ip| is_an_address(*ip)),
            classes: packet.all(rfc2865::CLASS).map(<[u8]>::to_vec).collect(),
        })
    }

    /// Takes from a CoA what a router changes while a session lives. Address, pool, routes, the interval of reports and
    /// Class are not among it: they are acknowledged and nothing happens. What is absent stays as it was.
    pub(super) fn change(&mut self, told: &Self, ignores_rate: bool) {
        fn take<T: Clone>(have: &mut Option<T>, told: Option<&T>) {
            if let Some(told) = told {
                *have = Some(told.clone());
            }
        }
        take(&mut self.rate, told.rate.as_ref().filter(|_| !ignores_rate));
        take(&mut self.session_timeout, told.session_timeout.as_ref());
        take(&mut self.idle_timeout, told.idle_timeout.as_ref());
        take(&mut self.port_limit, told.port_limit.as_ref());
        take(&mut self.up_max, told.up_max.as_ref());
        take(&mut self.down_max, told.down_max.as_ref());
        take(&mut self.total_max, told.total_max.as_ref());
        take(&mut self.group, told.group.as_ref());
        take(&mut self.filter, told.filter.as_ref());
        if !told.address_lists.is_empty() {
            self.address_lists.clone_from(&told.address_lists);
        }
    }

    /// Bits a second that the rate allows; 0 is no limit.
    pub(super) fn bits(&self) -> UpDown<u64> {
        let rate = self.rate.as_deref().and_then(|rate| parse_rate_limit(rate.as_bytes()).ok());
        rate.map_or(UpDown::new(0, 0), |limit| UpDown::new(limit.rate.up.get(), limit.rate.down.get()))
    }
}

fn text(packet: &Packet<'_>, attribute: Attribute<kind::Text>) -> Option<String> {
    packet.get(attribute).map(|text| lossy(text.as_bytes()))
}

fn lossy(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

fn limit(packet: &Packet<'_>, low: Attribute<kind::Integer>, high: Attribute<kind::Integer>) -> Option<u64> {
    let (low, high) = (packet.get(low), packet.get(high));
    (low.is_some() || high.is_some()).then(|| (u64::from(high.unwrap_or(0)) << 32) | u64::from(low.unwrap_or(0)))
}

/// RouterOS takes 127.0.0.0/8 and everything from 224.0.0.0 on for "one of your pool".
fn is_an_address(ip: Ipv4Addr) -> bool {
    let first = ip.octets()[0];
    first != 127 && first < 224
}

#[cfg(test)]
mod tests {
    use radius::{PACKET_MAX, Place, Secret, Writer};

    use super::*;

    fn told(write: impl FnOnce(&mut Writer<'_>)) -> Result<Told, UnreadableRate> {
        let mut buffer = [0; PACKET_MAX];
        let mut writer = Writer::coa_request(&mut buffer, 1, Place::Absent);
        write(&mut writer);
        Told::read(&Packet::parse(writer.finish(&Secret::new(b"s"))).unwrap())
    }

    #[test]
    fn limits_have_64_bits() {
        let told = told(|coa| {
            coa.put(mikrotik::TOTAL_LIMIT, 5).unwrap();
            coa.put(mikrotik::TOTAL_LIMIT_GIGAWORDS, 3).unwrap();
        });

        assert_eq!(told.unwrap().total_max, Some((3 << 32) + 5));
    }

    #[test]
    fn an_address_that_means_none_is_none() {
        for (address, means) in [([10, 0, 0, 7], true), ([255, 255, 255, 254], false), ([127, 0, 0, 1], false)] {
            let told = told(|accept| accept.put(rfc2865::FRAMED_IP_ADDRESS, address.into()).unwrap()).unwrap();
            assert_eq!(told.framed_ip.is_some(), means, "{address:?}");
        }
    }

    #[test]
    fn a_rate_that_nobody_can_read_is_a_fault() {
        assert_eq!(told(|coa| coa.put(mikrotik::RATE_LIMIT, "fast").unwrap()), Err(UnreadableRate));
    }

    #[test]
    fn a_change_leaves_alone_what_it_does_not_name_and_what_a_router_cannot_change() {
        let before = told(|accept| {
            accept.put(mikrotik::RATE_LIMIT, "2M/5M").unwrap();
            accept.put(rfc2865::SESSION_TIMEOUT, 3_600).unwrap();
            accept.put(mikrotik::ADDRESS_LIST, "paid").unwrap();
            accept.put(rfc2869::FRAMED_POOL, "home").unwrap();
        });
        let change = told(|coa| {
            coa.put(mikrotik::RATE_LIMIT, "1M/1M").unwrap();
            coa.put(rfc2869::FRAMED_POOL, "walled").unwrap();
            coa.put(mikrotik::ADDRESS_LIST, "unpaid").unwrap();
        });

        let mut now = before.clone().unwrap();
        now.change(&change.clone().unwrap(), false);
        let mut stubborn = before.unwrap();
        stubborn.change(&change.unwrap(), true);

        assert_eq!((now.rate.as_deref(), now.session_timeout), (Some("1M/1M"), Some(3_600)));
        assert_eq!((now.pool.as_deref(), now.address_lists), (Some("home"), vec!["unpaid".to_owned()]));
        assert_eq!(now_bits("1M/1M"), UpDown::new(1_000_000, 1_000_000));
        assert_eq!(stubborn.rate.as_deref(), Some("2M/5M"));
    }

    fn now_bits(rate: &str) -> UpDown<u64> {
        Told { rate: Some(rate.to_owned()), ..Told::default() }.bits()
    }
}
