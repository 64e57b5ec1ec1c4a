//! Walking over attributes: type, length, value, one after the other (RFC 2865 §5, vendors' own in §5.26).

use std::iter::FusedIterator;
use std::marker::PhantomData;

use crate::packet::{Malformed, Packet};
use crate::value::Value;

/// Vendor-Specific's number.
pub(crate) const VENDOR_SPECIFIC: u8 = 26;

/// Cuts one attribute off the front: its number, its value, what follows.
pub(crate) fn split_attribute(octets: &[u8]) -> Result<(u8, &[u8], &[u8]), Malformed> {
    let [number, length, tail @ ..] = octets else { return Err(Malformed::AttributeTooShort) };
    let value_length = length.checked_sub(2).ok_or(Malformed::AttributeTooShort)?;
    let (value, rest) = tail.split_at_checked(usize::from(value_length)).ok_or(Malformed::AttributeOverrun)?;
    Ok((*number, value, rest))
}

/// One attribute as it stands in a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawAttribute<'a> {
    /// The attribute's number.
    pub number: u8,
    /// Its value, 0–253 octets, without the header.
    pub value: &'a [u8],
    /// Where its header begins, counted from the packet's first octet.
    pub offset: usize,
}

/// Attributes in their order.
#[derive(Debug, Clone)]
pub struct Attributes<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Attributes<'a> {
    pub(crate) fn new(rest: &'a [u8], offset: usize) -> Self {
        Self { rest, offset }
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = RawAttribute<'a>;

    fn next(&mut self) -> Option<RawAttribute<'a>> {
        let (number, value, rest) = split_attribute(self.rest).ok()?;
        let attribute = RawAttribute { number, value, offset: self.offset };
        self.offset += value.len() + 2;
        self.rest = rest;
        Some(attribute)
    }
}

impl FusedIterator for Attributes<'_> {}

/// One attribute of a vendor, taken out of its Vendor-Specific.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VendorAttribute<'a> {
    /// The vendor's private enterprise number.
    pub vendor: u32,
    /// The attribute's number in the vendor's space.
    pub number: u8,
    /// Its value, 0–247 octets.
    pub value: &'a [u8],
}

/// Vendors' attributes in their order.
///
/// A Vendor-Specific may hold several. One whose inside is not a row of attributes is opaque, not malformed: vendors
/// may write what they like, so it gives nothing here and stays visible in [`Packet::attributes`].
#[derive(Debug, Clone)]
pub struct VendorAttributes<'a> {
    outer: Attributes<'a>,
    vendor: u32,
    inner: &'a [u8],
}

impl<'a> VendorAttributes<'a> {
    pub(crate) fn new(outer: Attributes<'a>) -> Self {
        Self { outer, vendor: 0, inner: &[] }
    }
}

impl<'a> Iterator for VendorAttributes<'a> {
    type Item = VendorAttribute<'a>;

    fn next(&mut self) -> Option<VendorAttribute<'a>> {
        loop {
            if let Ok((number, value, rest)) = split_attribute(self.inner) {
                self.inner = rest;
                return Some(VendorAttribute { vendor: self.vendor, number, value });
            }
            let next = self.outer.find(|attribute| attribute.number == VENDOR_SPECIFIC)?;
            if let Some((vendor, inner)) = next.value.split_first_chunk::<4>()
                && is_row_of_attributes(inner)
            {
                self.vendor = u32::from_be_bytes(*vendor);
                self.inner = inner;
            }
        }
    }
}

impl FusedIterator for VendorAttributes<'_> {}

/// Whether octets are attributes from the first to the last.
fn is_row_of_attributes(mut octets: &[u8]) -> bool {
    while !octets.is_empty() {
        match split_attribute(octets) {
            Ok((_, _, rest)) => octets = rest,
            Err(_) => return false,
        }
    }
    true
}

/// The raw values of one attribute, in their order.
#[derive(Debug, Clone)]
pub struct Occurrences<'a> {
    place: Space<'a>,
    number: u8,
}

/// Which numbers are looked at.
#[derive(Debug, Clone)]
enum Space<'a> {
    /// The only one of its number, or none.
    One(Option<&'a [u8]>),
    Shared(Attributes<'a>),
    Vendor(u32, VendorAttributes<'a>),
}

impl<'a> Occurrences<'a> {
    pub(crate) fn new(packet: &Packet<'a>, vendor: u32, number: u8) -> Self {
        let place = match vendor {
            0 if packet.repeats(number) => Space::Shared(packet.attributes_from(number)),
            0 if packet.has(number) => {
                let mut all = packet.attributes_from(number);
                Space::One(all.find(|one| one.number == number).map(|one| one.value))
            }
            0 => Space::One(None),
            vendor => Space::Vendor(vendor, packet.vendor_attributes()),
        };
        Self { place, number }
    }
}

impl<'a> Iterator for Occurrences<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let number = self.number;
        match &mut self.place {
            Space::One(value) => value.take(),
            Space::Shared(all) => all.find(|one| one.number == number).map(|one| one.value),
            Space::Vendor(vendor, all) => {
                all.find(|one| one.vendor == *vendor && one.number == number).map(|one| one.value)
            }
        }
    }
}

impl FusedIterator for Occurrences<'_> {}

/// The readable values of one attribute, in their order.
pub struct Values<'a, T> {
    raw: Occurrences<'a>,
    kind: PhantomData<fn() -> T>,
}

impl<'a, T> Values<'a, T> {
    pub(crate) fn new(raw: Occurrences<'a>) -> Self {
        Self { raw, kind: PhantomData }
    }
}

impl<'a, T: Value> Iterator for Values<'a, T> {
    type Item = T::Read<'a>;

    fn next(&mut self) -> Option<T::Read<'a>> {
        self.raw.find_map(T::read)
    }
}

impl<T: Value> FusedIterator for Values<'_, T> {}

impl<T> std::fmt::Debug for Values<'_, T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Values").field(&self.raw).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{Attributes, VendorAttribute, VendorAttributes};

    fn vendors(octets: &[u8]) -> Vec<VendorAttribute<'_>> {
        VendorAttributes::new(Attributes::new(octets, 20)).collect()
    }

    #[test]
    fn offsets_point_at_the_headers() {
        let octets = [1, 3, b'a', 2, 2, 4, 6, 10, 0, 0, 1];

        let offsets: Vec<_> = Attributes::new(&octets, 20).map(|one| one.offset).collect();

        assert_eq!(offsets, [20, 23, 25]);
    }

    #[test]
    fn a_vendor_specific_with_two_attributes_gives_two() {
        let octets = [26, 12, 0, 0, 0x3A, 0x8C, 8, 3, b'x', 19, 3, b'y'];

        let found = vendors(&octets);

        assert_eq!(
            found,
            [
                VendorAttribute { vendor: 14988, number: 8, value: b"x" },
                VendorAttribute { vendor: 14988, number: 19, value: b"y" }
            ]
        );
    }

    #[test]
    fn an_unreadable_vendor_specific_is_opaque_and_hides_nothing_after_it() {
        let opaque = [26, 9, 0, 0, 0, 9, 1, 200, 7];
        let short = [26, 5, 0, 0, 0];
        let empty = [26, 6, 0, 0, 0, 9];
        let good = [26, 9, 0, 0, 0, 9, 1, 3, 7];

        let found = [&opaque[..], &short, &empty, &good].concat();

        assert_eq!(vendors(&found), [VendorAttribute { vendor: 9, number: 1, value: &[7] }]);
    }
}
