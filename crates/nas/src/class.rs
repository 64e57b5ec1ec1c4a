//! Our key of a session, which the NAS carries for us in `Class` (RFC 2865 §5.25).
//!
//! The id of a NAS's own (Acct-Session-Id) repeats after reboots and between routers. This one is ours: RouterOS
//! returns it unchanged in every accounting record.

use domain::id::SessionId;

/// Octets of the value.
pub const LENGTH: usize = 19;

/// Our initials and the version of the layout, so that other servers' values are not taken for ours.
const MARK: [u8; 3] = [b'm', b'n', 1];

/// The value that names a session.
pub fn encode(session: SessionId) -> [u8; LENGTH] {
    let mut value = [0; LENGTH];
    let (mark, id) = value.split_at_mut(MARK.len());
    mark.copy_from_slice(&MARK);
    id.copy_from_slice(&session.bytes());
    value
}

/// The session that a value names, if the value is one of ours.
pub fn decode(value: &[u8]) -> Option<SessionId> {
    value.strip_prefix(&MARK)?.try_into().ok().map(SessionId::from_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_names_its_session() {
        let session = SessionId::from_bytes(*b"0123456789abcdef");

        assert_eq!(&encode(session), b"mn\x010123456789abcdef");
        assert_eq!(decode(&encode(session)), Some(session));
    }

    #[test]
    fn other_servers_values_are_not_ours() {
        for value in
            [&b""[..], b"mn\x01", b"mn\x010123456789abcde", b"mn\x010123456789abcdefg", b"mn\x020123456789abcdef"]
        {
            assert_eq!(decode(value), None, "{}", value.escape_ascii());
        }
    }
}
