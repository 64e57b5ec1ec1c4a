//! What a packet is for: its first octet (RFC 2865 §3, 2866 §3, 5176 §2.3, 5997 §2, 7930 §4).

/// The purpose of a packet.
///
/// Made from the octet with `from`. `Other` holds the codes that have no name here: they parse, and are dropped and
/// counted by whoever received them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// 1: may this device come online?
    AccessRequest,
    /// 2: yes, on these terms.
    AccessAccept,
    /// 3: no.
    AccessReject,
    /// 4: a stay began, goes on or ended.
    AccountingRequest,
    /// 5: the record is safe.
    AccountingResponse,
    /// 11: answer this first.
    AccessChallenge,
    /// 12: are you there?
    StatusServer,
    /// 40: end this stay.
    DisconnectRequest,
    /// 41: it is ended.
    DisconnectAck,
    /// 42: it is not.
    DisconnectNak,
    /// 43: change the terms of this stay.
    CoaRequest,
    /// 44: they are changed.
    CoaAck,
    /// 45: they are not.
    CoaNak,
    /// 52: the request was understood by nobody.
    ProtocolError,
    /// Any other octet.
    Other(u8),
}

impl Code {
    /// A fixed word for logs and metric labels; all unnamed codes share one.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccessRequest => "Access-Request",
            Self::AccessAccept => "Access-Accept",
            Self::AccessReject => "Access-Reject",
            Self::AccountingRequest => "Accounting-Request",
            Self::AccountingResponse => "Accounting-Response",
            Self::AccessChallenge => "Access-Challenge",
            Self::StatusServer => "Status-Server",
            Self::DisconnectRequest => "Disconnect-Request",
            Self::DisconnectAck => "Disconnect-ACK",
            Self::DisconnectNak => "Disconnect-NAK",
            Self::CoaRequest => "CoA-Request",
            Self::CoaAck => "CoA-ACK",
            Self::CoaNak => "CoA-NAK",
            Self::ProtocolError => "Protocol-Error",
            Self::Other(_) => "other",
        }
    }

    /// How the Authenticator field of a packet with this code comes about (RFC 2865 §3, 2866 §3, 5176 §2.3).
    pub const fn authenticated(self) -> Authenticated {
        match self {
            Self::AccessRequest | Self::StatusServer => Authenticated::Random,
            Self::AccountingRequest | Self::DisconnectRequest | Self::CoaRequest => Authenticated::AsRequest,
            Self::AccessAccept
            | Self::AccessReject
            | Self::AccountingResponse
            | Self::AccessChallenge
            | Self::DisconnectAck
            | Self::DisconnectNak
            | Self::CoaAck
            | Self::CoaNak
            | Self::ProtocolError => Authenticated::AsReply,
            Self::Other(_) => Authenticated::Unknown,
        }
    }

    /// Whether a packet with this code may answer a packet with code `request`.
    pub const fn answers(self, request: Self) -> bool {
        match request {
            Self::AccessRequest => {
                matches!(self, Self::AccessAccept | Self::AccessReject | Self::AccessChallenge | Self::ProtocolError)
            }
            Self::AccountingRequest => matches!(self, Self::AccountingResponse | Self::ProtocolError),
            Self::StatusServer => matches!(self, Self::AccessAccept | Self::AccountingResponse),
            Self::DisconnectRequest => matches!(self, Self::DisconnectAck | Self::DisconnectNak | Self::ProtocolError),
            Self::CoaRequest => matches!(self, Self::CoaAck | Self::CoaNak | Self::ProtocolError),
            Self::AccessAccept
            | Self::AccessReject
            | Self::AccountingResponse
            | Self::AccessChallenge
            | Self::DisconnectAck
            | Self::DisconnectNak
            | Self::CoaAck
            | Self::CoaNak
            | Self::ProtocolError
            | Self::Other(_) => false,
        }
    }
}

/// How the Authenticator field of a packet comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authenticated {
    /// Sixteen random octets that say nothing about the secret.
    Random,
    /// MD5 over the packet with zeros in the field, and the secret.
    AsRequest,
    /// MD5 over the packet with the request's Authenticator in the field, and the secret.
    AsReply,
    /// The code has no name here, so nobody knows.
    Unknown,
}

impl From<u8> for Code {
    fn from(octet: u8) -> Self {
        match octet {
            1 => Self::AccessRequest,
            2 => Self::AccessAccept,
            3 => Self::AccessReject,
            4 => Self::AccountingRequest,
            5 => Self::AccountingResponse,
            11 => Self::AccessChallenge,
            12 => Self::StatusServer,
            40 => Self::DisconnectRequest,
            41 => Self::DisconnectAck,
            42 => Self::DisconnectNak,
            43 => Self::CoaRequest,
            44 => Self::CoaAck,
            45 => Self::CoaNak,
            52 => Self::ProtocolError,
            other => Self::Other(other),
        }
    }
}

impl From<Code> for u8 {
    fn from(code: Code) -> Self {
        match code {
            Code::AccessRequest => 1,
            Code::AccessAccept => 2,
            Code::AccessReject => 3,
            Code::AccountingRequest => 4,
            Code::AccountingResponse => 5,
            Code::AccessChallenge => 11,
            Code::StatusServer => 12,
            Code::DisconnectRequest => 40,
            Code::DisconnectAck => 41,
            Code::DisconnectNak => 42,
            Code::CoaRequest => 43,
            Code::CoaAck => 44,
            Code::CoaNak => 45,
            Code::ProtocolError => 52,
            Code::Other(other) => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Authenticated, Code};

    #[test]
    fn every_octet_survives_the_way_there_and_back() {
        for octet in 0..=u8::MAX {
            assert_eq!(u8::from(Code::from(octet)), octet);
        }
    }

    #[test]
    fn only_replies_answer_and_only_requests_are_answered() {
        for request in (0..=u8::MAX).map(Code::from) {
            for reply in (0..=u8::MAX).map(Code::from).filter(|reply| reply.answers(request)) {
                assert_eq!(reply.authenticated(), Authenticated::AsReply);
                assert!(matches!(request.authenticated(), Authenticated::Random | Authenticated::AsRequest));
            }
        }
    }
}
