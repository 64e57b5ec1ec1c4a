//! Attributes by name or by number, for words that arrive at run time.
//!
//! The tables are part of the program: nothing is allocated and nothing is read. Each search halves a sorted table.

use crate::generated::table::{BY_NAME, DEFINITIONS, VENDORS};
use crate::kind::Kind;
use std::cmp::Ordering;

/// What is known about one attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// The name as its source writes it.
    pub name: &'static str,
    /// The vendor's private enterprise number; 0 for none.
    pub vendor: u32,
    /// The attribute's number in its vendor's space.
    pub number: u8,
    /// How its value is written.
    pub kind: Kind,
    /// The values that have names, by number; from every source, not only the attribute's own.
    pub values: &'static [Value],
}

/// A value that has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value {
    /// The name as its source writes it.
    pub name: &'static str,
    /// The number on the wire.
    pub number: u32,
}

/// A vendor of attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vendor {
    /// The vendor's name.
    pub name: &'static str,
    /// The vendor's private enterprise number.
    pub number: u32,
}

impl Definition {
    /// The name of a value, if it has one.
    pub fn value_name(&self, number: u32) -> Option<&'static str> {
        let index = self.values.binary_search_by_key(&number, |value| value.number).ok()?;
        self.values.get(index).map(|value| value.name)
    }

    /// The number of a value, letter case aside.
    pub fn value_number(&self, name: &str) -> Option<u32> {
        // The longest list has a few dozen values: walking it costs less than a second table would.
        self.values.iter().find(|value| value.name.eq_ignore_ascii_case(name)).map(|value| value.number)
    }
}

/// The attribute of that name, letter case aside (ASCII).
pub fn by_name(name: &str) -> Option<&'static Definition> {
    let index = BY_NAME.binary_search_by(|(known, _)| compare_lowercase(known, name)).ok()?;
    BY_NAME.get(index).map(|(_, definition)| *definition)
}

/// The attribute of that vendor (0 = none) and number.
pub fn by_number(vendor: u32, number: u8) -> Option<&'static Definition> {
    let key = (vendor, number);
    let index = DEFINITIONS.binary_search_by_key(&key, |definition| (definition.vendor, definition.number)).ok()?;
    DEFINITIONS.get(index)
}

/// The vendor of that number.
pub fn vendor(number: u32) -> Option<&'static Vendor> {
    let index = VENDORS.binary_search_by_key(&number, |vendor| vendor.number).ok()?;
    VENDORS.get(index)
}

/// Every attribute, by vendor and number.
pub fn all() -> &'static [Definition] {
    &DEFINITIONS
}

/// Every vendor, by number.
pub fn vendors() -> &'static [Vendor] {
    &VENDORS
}

/// Compares a name that is in small letters already with one that may not be.
fn compare_lowercase(known: &str, asked: &str) -> Ordering {
    known.bytes().cmp(asked.bytes().map(|octet| octet.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests;
