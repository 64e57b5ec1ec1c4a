//! Address prefixes: a reserved octet, a length in bits, as much address as is needed (RFC 3162 §2.3, 8044 §3.10–3.11).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::copy;

/// An IPv6 prefix. Bits past its length are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ipv6Prefix {
    address: Ipv6Addr,
    length_bits: u8,
}

impl Ipv6Prefix {
    /// A prefix of 0–128 bits; clears the bits after them.
    pub fn new(address: Ipv6Addr, length_bits: u8) -> Option<Self> {
        let host_bits = 128_u32.checked_sub(u32::from(length_bits))?;
        let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
        Some(Self { address: Ipv6Addr::from(u128::from(address) & mask), length_bits })
    }

    /// The first address.
    pub fn address(&self) -> Ipv6Addr {
        self.address
    }

    /// How many leading bits count, 0–128.
    pub fn length_bits(&self) -> u8 {
        self.length_bits
    }

    /// Reads the short form and the full one; octets left out are zero.
    pub(super) fn read(octets: &[u8]) -> Option<Self> {
        let [_reserved, length_bits, prefix @ ..] = octets else { return None };
        if prefix.len() < usize::from(length_bits.div_ceil(8)) {
            return None;
        }
        let mut address = [0; 16];
        copy(prefix, &mut address)?;
        Self::new(Ipv6Addr::from(address), *length_bits)
    }

    /// Writes no more octets of the address than its length needs.
    pub(super) fn write(self, into: &mut [u8]) -> Option<usize> {
        let needed = usize::from(self.length_bits.div_ceil(8));
        let address = self.address.octets();
        let header = copy(&[0, self.length_bits], into)?;
        Some(header + copy(address.get(..needed)?, into.get_mut(header..)?)?)
    }
}

/// An IPv4 prefix. Bits past its length are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ipv4Prefix {
    address: Ipv4Addr,
    length_bits: u8,
}

impl Ipv4Prefix {
    /// A prefix of 0–32 bits; clears the bits after them.
    pub fn new(address: Ipv4Addr, length_bits: u8) -> Option<Self> {
        let host_bits = 32_u32.checked_sub(u32::from(length_bits))?;
        let mask = u32::MAX.checked_shl(host_bits).unwrap_or(0);
        Some(Self { address: Ipv4Addr::from(u32::from(address) & mask), length_bits })
    }

    /// The first address.
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// How many leading bits count, 0–32.
    pub fn length_bits(&self) -> u8 {
        self.length_bits
    }

    pub(super) fn read(octets: &[u8]) -> Option<Self> {
        let [_reserved, length_bits, a, b, c, d] = *octets else { return None };
        Self::new(Ipv4Addr::new(a, b, c, d), length_bits & 0x3F)
    }

    pub(super) fn write(self, into: &mut [u8]) -> Option<usize> {
        let [a, b, c, d] = self.address.octets();
        copy(&[0, self.length_bits, a, b, c, d], into)
    }
}

#[cfg(test)]
mod tests {
    use super::{Ipv4Prefix, Ipv6Prefix};

    #[test]
    fn a_prefix_is_written_as_short_as_its_length_allows() {
        let prefix = Ipv6Prefix::new("2001:db8:12::1".parse().unwrap(), 48).unwrap();
        let mut buffer = [0xFF; 18];

        let length = prefix.write(&mut buffer).unwrap();

        assert_eq!(&buffer[..length], [0, 48, 0x20, 0x01, 0x0D, 0xB8, 0, 0x12]);
        assert_eq!(Ipv6Prefix::read(&buffer[..length]), Some(prefix));
    }

    #[test]
    fn a_prefix_longer_than_its_address_or_shorter_than_its_length_is_refused() {
        assert_eq!(Ipv6Prefix::new("::".parse().unwrap(), 129), None);
        assert_eq!(Ipv6Prefix::read(&[0, 64, 1, 2]), None);
        assert_eq!(Ipv6Prefix::read(&[0, 129]), None);
        assert_eq!(Ipv6Prefix::read(&[0; 19]), None);
        assert_eq!(Ipv4Prefix::read(&[0, 33, 1, 2, 3, 4]), None);
    }

    #[test]
    fn the_longest_and_shortest_prefixes_hold() {
        let all: std::net::Ipv6Addr = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff".parse().unwrap();

        assert_eq!(Ipv6Prefix::new(all, 128).unwrap().address(), all);
        assert_eq!(Ipv6Prefix::new(all, 0).unwrap().address().segments(), [0; 8]);
        assert_eq!(Ipv4Prefix::read(&[0, 24, 10, 1, 2, 3]).unwrap().address().octets(), [10, 1, 2, 0]);
    }
}
