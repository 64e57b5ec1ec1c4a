//! Our key of a session, which the NAS carries for us in `Class` (RFC 2865 §5.25).
//!
//! The id of a NAS's own (Acct-Session-Id) repeats after reboots and between routers. This one is ours: RouterOS
//! returns it unchanged in every accounting record. It also says whose session it is, so that a record finds its
//! subscriber even when its session is not known (any more).

use domain::access::facts::Holder;
use domain::id::{SessionId, SubscriberId, VoucherId};

/// Octets of the value.
pub const LENGTH: usize = 36;

/// Our initials and the version of the layout, so that other servers' values are not taken for ours.
const MARK: [u8; 3] = [b'm', b'n', 2];

/// The mark of values that say nothing of the holder: sessions that were granted before this layout still return them.
const MARK_WITHOUT_HOLDER: [u8; 3] = [b'm', b'n', 1];

const VOUCHER: u8 = b'v';
const SUBSCRIBER: u8 = b's';

/// What a value says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ours {
    /// The session.
    pub session: SessionId,
    /// Whose right it uses. A NAS can return any octets: whoever believes it looks whether the holder is its tenant's.
    pub holder: Option<Holder>,
}

/// The value that names a session and its holder.
pub fn encode(session: SessionId, holder: Holder) -> [u8; LENGTH] {
    let kind = match holder {
        Holder::Voucher(_) => VOUCHER,
        Holder::Subscriber(_) => SUBSCRIBER,
    };
    let mut value = [0; LENGTH];
    let (mark, rest) = value.split_at_mut(MARK.len());
    let (id, rest) = rest.split_at_mut(16);
    let (kind_of, whose) = rest.split_at_mut(1);
    mark.copy_from_slice(&MARK);
    id.copy_from_slice(&session.bytes());
    kind_of.copy_from_slice(&[kind]);
    whose.copy_from_slice(holder.uuid().as_bytes());
    value
}

/// What a value says, if it is one of ours.
pub fn decode(value: &[u8]) -> Option<Ours> {
    if let Some(rest) = value.strip_prefix(&MARK_WITHOUT_HOLDER) {
        return Some(Ours { session: SessionId::from_bytes(rest.try_into().ok()?), holder: None });
    }
    let (session, rest) = value.strip_prefix(&MARK)?.split_first_chunk()?;
    let (kind, id) = rest.split_first()?;
    let id = id.try_into().ok()?;
    let holder = match *kind {
        VOUCHER => Holder::Voucher(VoucherId::from_bytes(id)),
        SUBSCRIBER => Holder::Subscriber(SubscriberId::from_bytes(id)),
        _ => return None,
    };
    Some(Ours { session: SessionId::from_bytes(*session), holder: Some(holder) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: SessionId = SessionId::from_bytes(*b"0123456789abcdef");

    #[test]
    fn a_value_names_its_session_and_its_holder() {
        let voucher = Holder::Voucher(VoucherId::from_bytes(*b"ABCDEFGHIJKLMNOP"));
        let subscriber = Holder::Subscriber(SubscriberId::from_bytes(*b"ABCDEFGHIJKLMNOP"));

        assert_eq!(&encode(SESSION, voucher), b"mn\x020123456789abcdefvABCDEFGHIJKLMNOP");
        for holder in [voucher, subscriber] {
            assert_eq!(decode(&encode(SESSION, holder)), Some(Ours { session: SESSION, holder: Some(holder) }));
        }
    }

    #[test]
    fn a_value_of_the_layout_before_names_its_session() {
        assert_eq!(decode(b"mn\x010123456789abcdef"), Some(Ours { session: SESSION, holder: None }));
    }

    #[test]
    fn other_servers_values_are_not_ours() {
        for value in [
            &b""[..],
            b"mn\x01",
            b"mn\x010123456789abcde",
            b"mn\x010123456789abcdefg",
            b"mn\x020123456789abcdef",
            b"mn\x020123456789abcdefvABCDEFGHIJKLMNO",
            b"mn\x020123456789abcdefvABCDEFGHIJKLMNOPQ",
            b"mn\x020123456789abcdefxABCDEFGHIJKLMNOP",
            b"mn\x030123456789abcdefvABCDEFGHIJKLMNOP",
        ] {
            assert_eq!(decode(value), None, "{}", value.escape_ascii());
        }
    }
}
