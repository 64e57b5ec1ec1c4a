//! The typed constant of one attribute.

use std::fmt;
use std::marker::PhantomData;

/// One attribute of the vocabulary: its number, its vendor (0 = none) and, in `T`, how its value is read and written.
///
/// `T` is one of the marks in [`crate::kind`]; no value of `T` ever exists.
pub struct Attribute<T> {
    /// The vendor's private enterprise number; 0 for the attributes of the RFCs' shared space.
    pub vendor: u32,
    /// The attribute's number in its vendor's space, 1..=255.
    pub number: u8,
    /// The name as its source writes it: `User-Name`, `Mikrotik-Rate-Limit`.
    pub name: &'static str,
    kind: PhantomData<fn() -> T>,
}

impl<T> Attribute<T> {
    /// Names an attribute. The caller answers for number, name and kind belonging together.
    pub const fn new(vendor: u32, number: u8, name: &'static str) -> Self {
        Self { vendor, number, name, kind: PhantomData }
    }
}

// Written out, not derived: a derive would ask the same of `T`, which never has a value.
impl<T> Copy for Attribute<T> {}

impl<T> Clone for Attribute<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> PartialEq for Attribute<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.vendor, self.number) == (other.vendor, other.number)
    }
}

impl<T> Eq for Attribute<T> {}

impl<T> fmt::Debug for Attribute<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({}/{})", self.name, self.vendor, self.number)
    }
}

impl<T> fmt::Display for Attribute<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::Attribute;
    use crate::kind;

    const RATE: Attribute<kind::Text> = Attribute::new(14988, 8, "Mikrotik-Rate-Limit");

    #[test]
    fn an_attribute_copies_whatever_its_kind() {
        let copy = RATE;

        assert_eq!(copy, RATE);
    }

    #[test]
    fn an_attribute_prints_its_name_and_where_it_lives() {
        assert_eq!(format!("{RATE}"), "Mikrotik-Rate-Limit");
        assert_eq!(format!("{RATE:?}"), "Mikrotik-Rate-Limit (14988/8)");
    }
}
