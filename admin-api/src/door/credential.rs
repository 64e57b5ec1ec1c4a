//! What a request shows: a key of a program, or the cookie of a session. Only its hash goes further.

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::secret::SecretBytes;
use sha2::{Digest as _, Sha256};

use crate::problem::{Code, Problem};

/// How keys of programs begin, so that people and scanners recognise them.
pub const KEY_PREFIX: &str = "mnk_";

/// The cookie of a session over TLS. Browsers keep no other host from setting or reading it.
pub const COOKIE: &str = "__Host-mnetifi";

/// The same over plain HTTP on this machine, where browsers take no such name.
pub const COOKIE_IN_THE_CLEAR: &str = "mnetifi";

/// Octets of chance in a key or session.
pub const SECRET_BYTES: usize = 32;

/// What was shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Credential {
    /// A key, by its hash.
    Key([u8; 32]),
    /// A session, by the hash of its cookie.
    Session([u8; 32]),
}

impl Credential {
    /// Its hash.
    pub const fn hash(&self) -> &[u8; 32] {
        match self {
            Self::Key(hash) | Self::Session(hash) => hash,
        }
    }

    /// Whether a browser sends it by itself.
    pub const fn is_cookie(&self) -> bool {
        matches!(self, Self::Session(_))
    }
}

/// What a request shows, if anything. A key counts before a cookie. One that cannot be ours is refused at once.
pub fn shown(headers: &HeaderMap, secure: bool) -> Result<Option<Credential>, Problem> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let key = value.to_str().ok().and_then(|text| text.split_once(' '));
        let key = key.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let hash = key.and_then(|(_, key)| hash_of(key.trim().strip_prefix(KEY_PREFIX)?));
        let refused = || Problem::new(Code::SignIn, "this is no key of ours: send `Authorization: Bearer mnk_…`");
        return hash.map(Credential::Key).map(Some).ok_or_else(refused);
    }
    let name = if secure { COOKIE } else { COOKIE_IN_THE_CLEAR };
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let ours = pairs.find(|(known, _)| *known == name);
    Ok(ours.and_then(|(_, value)| hash_of(value)).map(Credential::Session))
}

/// The hash of a secret that was written as text; `None` for what cannot be one.
fn hash_of(text: &str) -> Option<[u8; 32]> {
    let octets = SecretBytes::new(URL_SAFE_NO_PAD.decode(text).ok()?);
    (octets.expose().len() == SECRET_BYTES).then(|| Sha256::digest(octets.expose()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&'static str, &str)], secure: bool) -> Result<Option<Credential>, Problem> {
        let headers = headers
            .iter()
            .map(|(name, value)| (axum::http::HeaderName::from_static(name), value.parse().expect("a header value")));
        shown(&headers.collect(), secure)
    }

    #[test]
    fn a_key_counts_before_a_cookie_and_only_hashes_go_further() {
        let secret = URL_SAFE_NO_PAD.encode([7; 32]);
        let hash: [u8; 32] = Sha256::digest([7; 32]).into();
        let cookie = format!("a=b; __Host-mnetifi={secret}; c=d");

        let both = read(&[("authorization", &format!("Bearer mnk_{secret}")), ("cookie", &cookie)], true);
        let one = read(&[("cookie", &cookie)], true);

        assert_eq!(both.expect("good"), Some(Credential::Key(hash)));
        assert_eq!(one.expect("good"), Some(Credential::Session(hash)));
        assert_eq!(read(&[("cookie", &cookie)], false).expect("good"), None, "a cookie of another line");
        assert_eq!(read(&[], true).expect("good"), None);
    }

    #[test]
    fn what_cannot_be_a_key_of_ours_is_refused_even_beside_a_cookie() {
        let secret = URL_SAFE_NO_PAD.encode([7; 32]);
        let cookie = format!("__Host-mnetifi={secret}");

        for wrong in ["", "Bearer", "Bearer x", "Basic mnk_abc", &format!("Bearer {secret}"), "Bearer mnk_", "mnk_x"] {
            assert!(read(&[("authorization", wrong), ("cookie", &cookie)], true).is_err(), "{wrong}");
        }
    }
}
