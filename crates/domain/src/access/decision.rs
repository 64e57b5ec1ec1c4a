//! The record of one answered question "may it come online?".

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::access::facts::Holder;
use crate::id::{DecisionId, NasId, SessionId, TenantId};
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// What was answered, to whom and why. Holds no password and no proof of one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// Its id.
    pub id: DecisionId,
    /// The six characters that a person can read out.
    pub trace: TraceCode,
    /// The ISP.
    pub tenant: TenantId,
    /// When.
    pub at: Timestamp,
    /// The router that asked.
    pub nas: NasId,
    /// User-Name, escaped, at most 128 octets.
    pub user_name: String,
    /// The device's key.
    pub device: String,
    /// The kind of line: [`crate::access::attempt::AskedService::code`].
    pub service: String,
    /// How the password was proved: [`crate::access::attempt::Method::code`].
    pub method: String,
    /// Whose right was used or refused; `None` when the name was not known.
    pub holder: Option<Holder>,
    /// The session that was granted.
    pub session: Option<SessionId>,
    /// Why it was refused; `None` is an accept.
    pub refusal: Option<Refusal>,
    /// The rules that were asked, in order, each as `rule=finding`.
    pub trail: Vec<String>,
    /// The version of the rules.
    pub policy_version: u32,
    /// What the NAS was told, in words; empty for a refusal.
    pub granted: String,
}

/// Six characters that name a decision: capitals and digits without look-alikes (Crockford's base 32).
///
/// Thirty random bits: unique enough to find a person's last refusal, not a key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceCode([u8; 6]);

impl TraceCode {
    /// The characters of a code, in the order of their values.
    pub const ALPHABET: &'static [u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    /// The code of thirty random bits; the two highest are not used.
    pub fn from_bits(bits: u32) -> Self {
        let mut code = [0; 6];
        let mut rest = bits;
        for character in code.iter_mut().rev() {
            *character = Self::ALPHABET[(rest & 31) as usize];
            rest >>= 5;
        }
        Self(code)
    }

    /// Its six characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("invariant: a trace code is six ASCII characters")
    }

    /// Its six octets.
    pub const fn as_bytes(&self) -> &[u8; 6] {
        &self.0
    }
}

impl fmt::Display for TraceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for TraceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not a trace code.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("not a trace code: it has six letters and digits, as 7KQ2MX")]
pub struct NotATraceCode;

impl FromStr for TraceCode {
    type Err = NotATraceCode;
    /// Reads a code as a person may type it: small letters, `O` for `0`, `I` and `L` for `1`.
    fn from_str(text: &str) -> Result<Self, NotATraceCode> {
        let mut code = [0; 6];
        if text.len() != code.len() {
            return Err(NotATraceCode);
        }
        for (character, typed) in code.iter_mut().zip(text.bytes()) {
            *character = match typed.to_ascii_uppercase() {
                b'O' => b'0',
                b'I' | b'L' => b'1',
                other if Self::ALPHABET.contains(&other) => other,
                _ => return Err(NotATraceCode),
            };
        }
        Ok(Self(code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_code_reads_back_in_small_letters_and_with_look_alikes() {
        let code = TraceCode::from_bits(0b00001_00000_11111_10101_00010_01010);

        assert_eq!(code.as_str(), "10ZN2A");
        assert_eq!("lozn2a".parse(), Ok(code));
        assert_eq!("10ZN2".parse::<TraceCode>(), Err(NotATraceCode));
        assert_eq!("10ZN2!".parse::<TraceCode>(), Err(NotATraceCode));
    }
}
