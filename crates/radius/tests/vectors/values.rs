//! Values that stand alone: hidden passwords, keys, answers to challenges.

use radius::mschap::{MsChapV1, MsChapV2, NtHash, Proven, challenge_response};
use radius::password::{self, Hidden};
use radius::salted::{self, Salted};
use radius::{Secret, chap};

use crate::statements::{Words, same};

/// What the statements before have said.
#[derive(Default)]
pub(crate) struct Values {
    authenticator: [u8; 16],
    proven: Option<Proven>,
}

impl Values {
    /// An Access-Request with these attributes.
    pub(crate) fn in_a_packet(&self, attributes: &[u8]) -> Result<Vec<u8>, String> {
        let length = u16::try_from(20 + attributes.len()).map_err(|_| "too many attributes")?;
        Ok([&[1, 0][..], &length.to_be_bytes(), &self.authenticator, attributes].concat())
    }

    /// Checks one value against its words.
    pub(crate) fn check(&mut self, what: &str, mut words: Words<'_>, secret: &Secret) -> Result<(), String> {
        let key = self.authenticator;
        match what {
            "authenticator" => self.authenticator = words.octets()?,
            "user-password" => user_password(words.quoted()?.as_bytes(), &words.rest_hex()?, secret, &key)?,
            "salted" => salted(None, words.octets()?, &words.hex()?, &words.rest_hex()?, secret, &key)?,
            "tunnel-password" => {
                let [tag] = words.octets()?;
                let (salt, password) = (words.octets()?, words.quoted()?);
                salted(Some(tag), salt, password.as_bytes(), &words.rest_hex()?, secret, &key)?;
            }
            "chap" => {
                let [id] = words.octets()?;
                let password = words.quoted()?;
                let challenge = match words.word()? {
                    "-" => key.to_vec(),
                    hex => Words(hex).hex()?,
                };
                same("CHAP", &chap::response(id, password.as_bytes(), &challenge), &words.rest_hex()?)?;
            }
            "nt-hash" => same("the NT hash", NtHash::of(words.quoted()?).expose(), &words.rest_hex()?)?,
            "ms-chap" => {
                let (challenge, hash) = (words.octets()?, NtHash::of(words.quoted()?));
                same("MS-CHAP", &challenge_response(challenge, &hash), &words.rest_hex()?)?;
                let login =
                    MsChapV1 { ident: 0, challenge: &challenge, response: &challenge_response(challenge, &hash) };
                if !login.matches(&hash) {
                    return Err("the login does not match".to_owned());
                }
            }
            "ms-chap-2" => {
                let [ident] = words.octets()?;
                let (name, password) = (words.quoted()?, words.quoted()?);
                let (challenge, peer, response) = (words.octets()?, words.octets()?, words.octets()?);
                let login = MsChapV2 {
                    ident,
                    authenticator_challenge: &challenge,
                    peer_challenge: &peer,
                    response: &response,
                    user_name: name.as_bytes(),
                };
                self.proven = Some(login.prove(&NtHash::of(password)).ok_or("the login proves nothing")?);
            }
            "success" => same("success", &self.proven()?.success(), &words.rest_hex()?)?,
            "send-key" => same("the key", &self.proven()?.keys().send, &words.rest_hex()?)?,
            "recv-key" => same("the key", &self.proven()?.keys().receive, &words.rest_hex()?)?,
            other => return Err(format!("nobody knows `{other}`")),
        }
        Ok(())
    }

    fn proven(&self) -> Result<&Proven, String> {
        self.proven.as_ref().ok_or_else(|| "no `ms-chap-2` before it".to_owned())
    }
}

fn user_password(clear: &[u8], expected: &[u8], secret: &Secret, key: &[u8; 16]) -> Result<(), String> {
    let mut place = [0; 128];
    let length = password::hide(clear, secret, key, &mut place).ok_or("too long to hide")?;
    same("what is hidden", &place[..length], expected)?;
    let hidden = Hidden::read(expected).ok_or("not a hidden password")?;
    same("what is revealed", hidden.reveal(secret, key).as_bytes(), clear)
}

fn salted(
    tag: Option<u8>,
    salt: [u8; 2],
    clear: &[u8],
    expected: &[u8],
    secret: &Secret,
    key: &[u8; 16],
) -> Result<(), String> {
    let mut place = [0; 253];
    let tag_length = usize::from(tag.is_some());
    place[0] = tag.unwrap_or_default();
    let length = salted::hide(clear, salt, secret, key, &mut place[tag_length..]).ok_or("too long to hide")?;
    same("what is hidden", &place[..tag_length + length], expected)?;
    let hidden = Salted::read(expected).ok_or("not a salted key")?;
    if hidden.tag() != tag {
        return Err("the tag is another".to_owned());
    }
    same("what is revealed", hidden.reveal(secret, key).ok_or("cannot be revealed")?.as_bytes(), clear)
}
