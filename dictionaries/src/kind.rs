//! How the value of an attribute is written: once as marks for the compiler, once as [`Kind`] for run time.
//!
//! The two lists say the same thing. A mark stands in [`crate::Attribute`], so that reading text from a number does
//! not compile; `Kind` stands in [`crate::Definition`].

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub enum $name {}
        )+

        /// How the value of an attribute is written, for code that learns it at run time.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Kind {
            /// The name of the kind, the same as that of its mark in this module.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }
        }
    };
}

kinds! {
    /// UTF-8 text of 1–253 octets, without a closing NUL.
    Text,
    /// Octets that only their owner can read.
    Octets,
    /// An unsigned number in 4 octets, highest first.
    Integer,
    /// An unsigned number in 8 octets, highest first.
    Integer64,
    /// An IPv4 address in 4 octets.
    Ipv4,
    /// An IPv6 address in 16 octets.
    Ipv6,
    /// A reserved octet, a prefix length and as much of an IPv6 prefix as the length needs (RFC 3162 §2.3).
    Ipv6Prefix,
    /// A reserved octet, a prefix length and an IPv4 address (RFC 8044 §3.11).
    Ipv4Prefix,
    /// The lower half of an IPv6 address in 8 octets (RFC 3162 §2.2).
    InterfaceId,
    /// Seconds since 1970-01-01T00:00Z in 4 octets.
    Date,
    /// An unsigned number in 1 octet.
    Byte,
    /// An unsigned number in 2 octets, highest first.
    Short,
    /// Text after a tag octet that may be absent (RFC 2868 §3.3). A first octet above 0x1F is text.
    TaggedText,
    /// A tag octet and an unsigned number in 3 octets (RFC 2868 §3.1). Tag 0 is no tag.
    TaggedInteger,
    /// Octets hidden as a User-Password is (RFC 2865 §5.2).
    Hidden,
    /// Octets hidden with a salt of 2 octets (RFC 2868 §3.5, RFC 2548 §2.4.2).
    /// In Tunnel-Password a tag octet stands before the salt; in the MS-MPPE keys none does.
    Salted,
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn a_kind_is_called_what_its_mark_is_called() {
        assert_eq!(Kind::TaggedInteger.name(), "TaggedInteger");
        assert!(std::any::type_name::<super::TaggedInteger>().ends_with("kind::TaggedInteger"));
    }
}
