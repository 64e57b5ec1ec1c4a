//! What a person reads on the login page: a sentence and the six characters to read out.

use std::fmt::{self, Write};

use dictionaries::rfc2865;
use domain::access::decision::TraceCode;
use radius::{WriteError, Writer};

/// Most octets of a Reply-Message (RFC 2865 §5.18).
const LENGTH_MAX: usize = 253;

/// Octets of `. Ref 7KQ2MX`.
const ENDING_LENGTH: usize = 12;

/// Writes Reply-Message as the sentence alone, for an answer that nobody keeps. A longer one is cut.
pub fn bare_message(writer: &mut Writer<'_>, sentence: &str) -> Result<(), WriteError> {
    let sentence = sentence.get(..sentence.floor_char_boundary(LENGTH_MAX)).unwrap_or(sentence);
    writer.put_octets(rfc2865::REPLY_MESSAGE, sentence.as_bytes())
}

/// Writes Reply-Message as `sentence. Ref 7KQ2MX`. A longer sentence is cut between two characters.
///
/// One attribute, because RouterOS shows only one; the code is last, where a person on the phone finds it.
pub fn reply_message(writer: &mut Writer<'_>, sentence: &str, trace: TraceCode) -> Result<(), WriteError> {
    let sentence = sentence.trim_end_matches(['.', ' ']);
    let sentence = sentence.get(..sentence.floor_char_boundary(LENGTH_MAX - ENDING_LENGTH)).unwrap_or(sentence);
    let mut message = Message { octets: [0; LENGTH_MAX], length: 0 };
    write!(message, "{sentence}. Ref {trace}").expect("invariant: the sentence was cut to leave room");
    let octets = message.octets.get(..message.length).unwrap_or_default();
    writer.put_octets(rfc2865::REPLY_MESSAGE, octets)
}

struct Message {
    octets: [u8; LENGTH_MAX],
    length: usize,
}

impl Write for Message {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let end = self.length.checked_add(part.len()).ok_or(fmt::Error)?;
        self.octets.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(part.as_bytes());
        self.length = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::refusal::Refusal;
    use radius::{Packet, Place, Secret};

    fn message(sentence: &str) -> String {
        let mut buffer = [0; radius::PACKET_MAX];
        let mut writer = Writer::access_request(&mut buffer, 0, &[0; 16], Place::Absent);
        reply_message(&mut writer, sentence, "7KQ2MX".parse().unwrap()).unwrap();
        let packet = Packet::parse(writer.finish(&Secret::new(b"testing123"))).unwrap();
        packet.get(rfc2865::REPLY_MESSAGE).unwrap().as_str().unwrap().to_owned()
    }

    #[test]
    fn every_refusal_ends_with_its_code() {
        assert_eq!(message(Refusal::AlreadyInUse.sentence()), "already in use on another device. Ref 7KQ2MX");
        for refusal in Refusal::ALL {
            assert_eq!(message(refusal.sentence()), format!("{refusal}. Ref 7KQ2MX"));
        }
    }

    #[test]
    fn a_sentence_that_ends_itself_gets_no_second_full_stop() {
        assert_eq!(message("wait. "), "wait. Ref 7KQ2MX");
    }

    #[test]
    fn a_long_sentence_is_cut_and_the_code_stays() {
        for sentence in ["x".repeat(400), "é".repeat(400), format!("{}🙂", "x".repeat(239))] {
            let message = message(&sentence);
            assert!(message.len() <= LENGTH_MAX && message.ends_with(". Ref 7KQ2MX"), "{message}");
        }
        assert_eq!(message(&"x".repeat(241)).len(), LENGTH_MAX);
    }
}
