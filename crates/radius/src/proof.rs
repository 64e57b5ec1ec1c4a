//! What an Access-Request shows to prove a password: PAP, CHAP or MS-CHAP (RFC 2865 §2, 2548 §2).
//!
//! Says whether a password fits. Which password that should be, and whether a hotspot's MAC may stand for one, is
//! decided elsewhere.

use dictionaries::{microsoft, rfc2865, rfc2869};

use crate::chap::Chap;
use crate::mschap::{self, MsChapV1, MsChapV2, NtHash, UnusableMsChap};
use crate::packet::Packet;
use crate::password::{Hidden, Password};
use crate::secret::Secret;

/// The proof in a request.
#[derive(Debug)]
pub enum Proof<'a> {
    /// The password itself, or garbage from a wrong secret: see [`Proof::speaks_of_a_wrong_secret`].
    Pap(Password),
    /// A hash with the NAS's challenge.
    Chap(Chap<'a>),
    /// A DES response, first version.
    MsChapV1(MsChapV1<'a>),
    /// A DES response, second version; the answer must prove the password too.
    MsChapV2(MsChapV2<'a>),
    /// Attributes that cannot be a proof.
    Unusable(Unusable),
    /// Nothing at all.
    None,
}

/// Why a request's attributes are no proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unusable {
    /// More than one proof, or one of them twice (RFC 2865 §4.1).
    Several,
    /// An attribute has a length it cannot have.
    Length,
    /// MS-CHAP without MS-CHAP-Challenge.
    NoChallenge,
    /// MS-CHAP with the LAN Manager response alone.
    LanManagerOnly,
    /// EAP, which is not spoken here.
    Eap,
}

impl Unusable {
    /// A fixed word for a metric label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Several => "several",
            Self::Length => "length",
            Self::NoChallenge => "no_challenge",
            Self::LanManagerOnly => "lan_manager_only",
            Self::Eap => "eap",
        }
    }
}

impl From<UnusableMsChap> for Unusable {
    fn from(why: UnusableMsChap) -> Self {
        match why {
            UnusableMsChap::Length => Self::Length,
            UnusableMsChap::LanManagerOnly => Self::LanManagerOnly,
        }
    }
}

/// A password that fits, and what the answer owes for it.
#[derive(Debug)]
pub enum Proven {
    /// Nothing more to say.
    Plainly,
    /// The Access-Accept must carry MS-CHAP2-Success, and may carry the keys.
    ByMsChapV2(mschap::Proven),
}

impl<'a> Proof<'a> {
    /// Finds the proof in an Access-Request and takes PAP's hiding off.
    pub fn of(request: &Packet<'a>, secret: &Secret) -> Self {
        let found = request.attributes().filter(|attribute| is_proof(attribute.number)).count();
        let found_by_vendor = request
            .vendor_attributes()
            .filter(|attribute| attribute.vendor == microsoft::MS_CHAP_RESPONSE.vendor)
            .filter(|attribute| is_microsoft_proof(attribute.number))
            .count();
        if request.count(rfc2869::EAP_MESSAGE) > 0 {
            return Self::Unusable(Unusable::Eap);
        }
        match found + found_by_vendor {
            0 => Self::None,
            1 => Self::the_one_in(request, secret).unwrap_or_else(Self::Unusable),
            _ => Self::Unusable(Unusable::Several),
        }
    }

    fn the_one_in(request: &Packet<'a>, secret: &Secret) -> Result<Self, Unusable> {
        if let Some(octets) = request.raw(rfc2865::USER_PASSWORD).next() {
            let hidden = Hidden::read(octets).ok_or(Unusable::Length)?;
            return Ok(Self::Pap(hidden.reveal(secret, request.authenticator())));
        }
        if let Some(octets) = request.raw(rfc2865::CHAP_PASSWORD).next() {
            return Chap::read(octets, request).map(Self::Chap).ok_or(Unusable::Length);
        }
        let challenge = request.raw(microsoft::MS_CHAP_CHALLENGE).next().ok_or(Unusable::NoChallenge)?;
        if let Some(octets) = request.raw(microsoft::MS_CHAP2_RESPONSE).next() {
            let user_name = request.get(rfc2865::USER_NAME).map(|name| name.as_bytes()).unwrap_or_default();
            return Ok(Self::MsChapV2(MsChapV2::read(challenge, octets, user_name)?));
        }
        let octets = request.raw(microsoft::MS_CHAP_RESPONSE).next().unwrap_or_default();
        Ok(Self::MsChapV1(MsChapV1::read(challenge, octets)?))
    }

    /// Whether the login was made with this password, compared in constant time.
    pub fn matches(&self, password: &[u8]) -> bool {
        self.prove(password).is_some()
    }

    /// The same, with what the answer owes. Nothing, if the password does not fit or there is no usable proof.
    ///
    /// MS-CHAP hashes characters, so a password that is not UTF-8 fits none of its logins.
    pub fn prove(&self, password: &[u8]) -> Option<Proven> {
        match self {
            Self::Pap(shown) => shown.equals(password).then_some(Proven::Plainly),
            Self::Chap(chap) => chap.matches(password).then_some(Proven::Plainly),
            Self::MsChapV1(_) | Self::MsChapV2(_) => {
                self.prove_by_nt_hash(&NtHash::of(std::str::from_utf8(password).ok()?))
            }
            Self::Unusable(_) | Self::None => None,
        }
    }

    /// The same, for a password of which only the NT hash is known. CHAP cannot be checked with it.
    pub fn prove_by_nt_hash(&self, hash: &NtHash) -> Option<Proven> {
        match self {
            Self::Pap(shown) => {
                let shown = NtHash::of(std::str::from_utf8(shown.as_bytes()).ok()?);
                shown.equals(hash).then_some(Proven::Plainly)
            }
            Self::MsChapV1(login) => login.matches(hash).then_some(Proven::Plainly),
            Self::MsChapV2(login) => login.prove(hash).map(Proven::ByMsChapV2),
            Self::Chap(_) | Self::Unusable(_) | Self::None => None,
        }
    }

    /// Whether a password came out as garbage: the NAS has another secret, and deserves silence instead of a reject.
    ///
    /// Only PAP can tell; the Message-Authenticator is the better witness where there is one.
    pub fn speaks_of_a_wrong_secret(&self) -> bool {
        match self {
            Self::Pap(shown) => !shown.looks_like_text(),
            Self::Chap(_) | Self::MsChapV1(_) | Self::MsChapV2(_) | Self::Unusable(_) | Self::None => false,
        }
    }

    /// A fixed word for logs and metric labels.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Pap(_) => "pap",
            Self::Chap(_) => "chap",
            Self::MsChapV1(_) => "mschap_v1",
            Self::MsChapV2(_) => "mschap_v2",
            Self::Unusable(_) => "unusable",
            Self::None => "none",
        }
    }
}

fn is_proof(number: u8) -> bool {
    number == rfc2865::USER_PASSWORD.number || number == rfc2865::CHAP_PASSWORD.number
}

fn is_microsoft_proof(number: u8) -> bool {
    number == microsoft::MS_CHAP_RESPONSE.number || number == microsoft::MS_CHAP2_RESPONSE.number
}

#[cfg(test)]
mod tests;
