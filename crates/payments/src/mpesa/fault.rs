//! Errors of the API, read by their code and, where a code means several things, by their words.

use domain::money::claim::{Failure, FailureKind};
use serde_json::Value;

use super::reading::{clip, member, word};

/// What went wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Fault {
    /// What follows from it.
    pub(super) kind: FaultKind,
    /// M-Pesa's own code, or the HTTP status.
    code: String,
    /// M-Pesa's own words.
    said: String,
}

/// Kinds of error, by what is done about them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum FaultKind {
    /// The token is not taken: a new one may be.
    Token,
    /// The consumer key and secret are not taken.
    Keys,
    /// The app may not use this product.
    Product,
    /// A field is not as M-Pesa wants it.
    Field,
    /// The payer's number is not as M-Pesa wants it.
    Phone,
    /// Another prompt is open on that telephone.
    Locked,
    /// It is being worked on.
    InProgress,
    /// The shortcode, the passkey or the time do not fit each other, or nobody knows the shortcode.
    Shortcode,
    /// Addresses are registered for this shortcode already.
    Registered,
    /// Addresses are registered for it by somebody else's platform.
    RegisteredElsewhere,
    /// Asked too often, or mended just now: it was not even looked at.
    NotNow,
    /// The address or the shape of the request is wrong: ours to mend.
    Shape,
    /// The address or method is not there.
    NoSuchCall,
    /// A firewall says no.
    Barred,
    /// Something broke at M-Pesa; whether it was done nobody knows.
    Unclear,
}

impl Fault {
    /// Characters of what is told.
    pub(super) const WORDS_MAX: usize = 200;

    /// The error in an answer, if it is one: `{errorCode, errorMessage}`, `{fault}`, a page, or nothing at all.
    pub(super) fn read(status: u16, octets: &[u8]) -> Option<Self> {
        let body = serde_json::from_slice::<Value>(octets).ok();
        if let Some(envelope) = body.as_ref().and_then(|body| Self::of_envelope(status, body)) {
            return Some(envelope);
        }
        let is_good = (200..300).contains(&status) && body.as_ref().is_some_and(Value::is_object);
        (!is_good).then(|| Self::of_status(status, octets, body.is_some()))
    }

    fn of_envelope(status: u16, body: &Value) -> Option<Self> {
        if let Some(code) = word(member(body, "errorCode")) {
            let said = word(member(body, "errorMessage")).unwrap_or_default();
            return Some(Self::new(kind_of(status, &code, &said), &code, &said));
        }
        let fault = member(body, "fault")?;
        let code = member(fault, "detail").and_then(|detail| word(member(detail, "errorcode"))).unwrap_or_default();
        let said = word(member(fault, "faultstring")).unwrap_or_default();
        Some(Self::new(kind_of(status, &code, &said), &code, &said))
    }

    fn of_status(status: u16, octets: &[u8], is_json: bool) -> Self {
        let said = match (octets.is_empty(), is_json) {
            (true, _) => format!("M-Pesa answered {status} without a word"),
            (false, true) => format!("M-Pesa answered {status} in a way that nobody knows"),
            (false, false) => format!("M-Pesa answered {status} with a page instead of an answer"),
        };
        Self::new(kind_of_status(status), &status.to_string(), &said)
    }

    fn new(kind: FaultKind, code: &str, said: &str) -> Self {
        Self { kind, code: clip(code, 40), said: clip(said, 100) }
    }

    /// Whether the same question may be answered later without anybody changing anything.
    pub(super) const fn passes(&self) -> bool {
        match self.kind {
            FaultKind::NotNow | FaultKind::Unclear | FaultKind::InProgress | FaultKind::Locked => true,
            FaultKind::Token
            | FaultKind::Keys
            | FaultKind::Product
            | FaultKind::Field
            | FaultKind::Phone
            | FaultKind::Shortcode
            | FaultKind::Registered
            | FaultKind::RegisteredElsewhere
            | FaultKind::Shape
            | FaultKind::NoSuchCall
            | FaultKind::Barred => false,
        }
    }

    /// M-Pesa's words, and what to do about it where somebody can do something.
    pub(super) fn words(&self) -> String {
        let said = match (self.said.is_empty(), self.code.is_empty()) {
            (false, _) => self.said.clone(),
            (true, false) => format!("M-Pesa answered {}", self.code),
            (true, true) => "M-Pesa answered with an error".to_owned(),
        };
        match self.kind.advice() {
            Some(advice) => clip(&format!("{said}: {advice}"), Self::WORDS_MAX),
            None => clip(&said, Self::WORDS_MAX),
        }
    }

    /// An answer that is no error and says nothing.
    pub(super) fn unreadable() -> Self {
        Self::new(FaultKind::Unclear, "", "M-Pesa answered in a way that nobody knows")
    }

    /// The same, said of consumer key and secret.
    pub(super) fn about_keys(self) -> Self {
        Self { kind: FaultKind::Keys, ..self }
    }

    /// As our words have it.
    pub(super) fn into_failure(self) -> Failure {
        Failure { kind: self.kind.in_our_words(), code: self.code.clone(), words: self.words() }
    }
}

impl FaultKind {
    const fn in_our_words(self) -> FailureKind {
        match self {
            Self::Phone => FailureKind::Unreachable,
            Self::Locked => FailureKind::Busy,
            Self::InProgress | Self::NotNow | Self::Unclear => FailureKind::GatewayBusy,
            Self::Token
            | Self::Keys
            | Self::Product
            | Self::Field
            | Self::Shortcode
            | Self::Registered
            | Self::RegisteredElsewhere
            | Self::Shape
            | Self::NoSuchCall
            | Self::Barred => FailureKind::Misconfigured,
        }
    }

    /// What somebody can do, at most 100 characters.
    const fn advice(self) -> Option<&'static str> {
        match self {
            Self::Token => Some("does another program use the same app? Give this one an app of its own"),
            Self::Keys => Some("copy consumer key and secret again from the app in the developers' portal"),
            Self::Product => Some("add this product to the app in the developers' portal"),
            Self::Shortcode => Some("shortcode and passkey do not belong together: copy them from M-Pesa's letter"),
            Self::Registered => Some("delete the old addresses in the M-Pesa portal (URL management), then try again"),
            Self::RegisteredElsewhere => Some("another platform holds this number: ask M-Pesa's support to clear it"),
            Self::Barred => Some("M-Pesa's firewall refuses this server: ask M-Pesa's support to allow its address"),
            Self::Field
            | Self::Phone
            | Self::Locked
            | Self::InProgress
            | Self::NotNow
            | Self::Shape
            | Self::NoSuchCall
            | Self::Unclear => None,
        }
    }
}

/// What a code means. The same code means several things, so words come first where they are known.
fn kind_of(status: u16, code: &str, said: &str) -> FaultKind {
    let (code, said) = (code.to_ascii_lowercase(), said.to_ascii_lowercase());
    if said.contains("no apiproduct match") {
        return FaultKind::Product;
    }
    if said.contains("spike arrest") || code.contains("ratelimit") || code.contains("spikearrest") {
        return FaultKind::NotNow;
    }
    match code.as_str() {
        "400.003.01" | "400.003.02" | "401.002.01" | "401.003.01" | "404.001.03" => FaultKind::Token,
        "400.008.01" | "400.008.02" => FaultKind::Keys,
        "400.002.02" if said.contains("phonenumber") || said.contains("partya") => FaultKind::Phone,
        "400.002.02" => FaultKind::Field,
        "400.002.05" | "404.001.04" => FaultKind::Shape,
        "404.001.01" | "404.003.01" | "405.001" => FaultKind::NoSuchCall,
        "500.001.1001" => kind_of_the_ambiguous(&said),
        "500.003.1001" if said.contains("already registered") => FaultKind::Registered,
        "500.003.1001" if said.contains("duplicate notification") => FaultKind::RegisteredElsewhere,
        "00.002.1001" | "500.003.02" | "500.003.03" => FaultKind::NotNow,
        _ if code.contains("access_token") || said.contains("invalid access token") => FaultKind::Token,
        _ => kind_of_status(status),
    }
}

/// `500.001.1001` means at least four things.
fn kind_of_the_ambiguous(said: &str) -> FaultKind {
    if said.contains("lock subscriber") {
        FaultKind::Locked
    } else if said.contains("being processed") {
        FaultKind::InProgress
    } else if said.contains("wrong credentials") || said.contains("merchant does not exist") {
        FaultKind::Shortcode
    } else {
        FaultKind::Unclear
    }
}

const fn kind_of_status(status: u16) -> FaultKind {
    match status {
        401 => FaultKind::Token,
        403 => FaultKind::Barred,
        404 | 405 => FaultKind::NoSuchCall,
        429 => FaultKind::NotNow,
        400 | 402 | 406 | 407 | 409..=428 | 430..=499 => FaultKind::Shape,
        // A redirect is followed nowhere; what is good and cannot be read may have been done.
        _ => FaultKind::Unclear,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kind(status: u16, body: &str) -> Option<FaultKind> {
        Fault::read(status, body.as_bytes()).map(|fault| fault.kind)
    }

    fn of_code(status: u16, code: &str, words: &str) -> Option<FaultKind> {
        kind(status, &format!(r#"{{"requestId":"1-2-3","errorCode":"{code}","errorMessage":"{words}"}}"#))
    }

    #[test]
    fn each_documented_code_means_what_the_manual_says() {
        for (status, code, words, expected) in [
            (400, "400.002.02", "Bad Request - Invalid PhoneNumber", FaultKind::Phone),
            (400, "400.002.02", "Bad Request - Invalid Amount", FaultKind::Field),
            (400, "400.002.02", "Bad Request - Invalid CheckoutRequestID", FaultKind::Field),
            (400, "400.002.05", "Invalid Request Payload", FaultKind::Shape),
            (400, "400.003.01", "Invalid Access Token", FaultKind::Token),
            (401, "400.003.02", "Bad Request", FaultKind::Token),
            (400, "400.008.01", "Invalid Authentication passed", FaultKind::Keys),
            (400, "400.008.02", "Invalid grant type passed", FaultKind::Keys),
            (401, "401.002.01", "Error Occurred - Invalid Access Token", FaultKind::Token),
            (401, "401.003.01", "Error Occurred - Invalid Access Token", FaultKind::Token),
            (404, "404.001.01", "Resource not found", FaultKind::NoSuchCall),
            (404, "404.003.01", "Resource not found", FaultKind::NoSuchCall),
            (404, "404.001.03", "Invalid Access Token", FaultKind::Token),
            (404, "404.001.04", "Invalid Authentication Header", FaultKind::Shape),
            (405, "405.001", "Method Not Allowed", FaultKind::NoSuchCall),
            (500, "500.001.1001", "Merchant does not exist", FaultKind::Shortcode),
            (500, "500.001.1001", "Wrong credentials", FaultKind::Shortcode),
            (
                500,
                "500.001.1001",
                "Unable to lock subscriber, a transaction is already in process for the current subscriber",
                FaultKind::Locked,
            ),
            (500, "500.001.1001", "The transaction is being processed", FaultKind::InProgress),
            (500, "500.001.1001", "Something new", FaultKind::Unclear),
            (500, "500.002.1001", "Duplicate OriginatorConversationID", FaultKind::Unclear),
            (500, "00.002.1001", "Service is under maintenance", FaultKind::NotNow),
            (500, "500.003.02", "System is busy", FaultKind::NotNow),
            (429, "500.003.02", "Error Occurred: Spike Arrest Violation", FaultKind::NotNow),
            (500, "500.003.03", "Error Occurred: Quota Violation", FaultKind::NotNow),
            (500, "500.003.1001", "Internal Server Error", FaultKind::Unclear),
            (500, "500.003.1001", "Urls are already registered", FaultKind::Registered),
            (500, "500.003.1001", "Duplicate notification info", FaultKind::RegisteredElsewhere),
            (401, "401.1", "Invalid API call as no apiproduct match found", FaultKind::Product),
        ] {
            assert_eq!(of_code(status, code, words), Some(expected), "{status} {code} {words}");
        }
    }

    #[test]
    fn faults_of_the_gateway_before_it_are_read_too() {
        let spike = r#"{"fault":{"faultstring":"Spike arrest violation","detail":{"errorcode":"policies.ratelimit.SpikeArrestViolation"}}}"#;
        let token = r#"{"fault":{"faultstring":"Invalid Access Token","detail":{"errorcode":"keymanagement.service.invalid_access_token"}}}"#;
        let product = r#"{"fault":{"faultstring":"Invalid API call as no apiproduct match found","detail":{"errorcode":"keymanagement.service.InvalidAPICallAsNoApiProductMatchFound"}}}"#;

        assert_eq!(kind(429, spike), Some(FaultKind::NotNow));
        assert_eq!(kind(401, token), Some(FaultKind::Token));
        assert_eq!(kind(401, product), Some(FaultKind::Product));
    }

    #[test]
    fn pages_and_silence_are_read_by_their_status() {
        for (status, body, expected) in [
            (503, "<html>Service Unavailable</html>", FaultKind::Unclear),
            (504, "", FaultKind::Unclear),
            (200, "<html>Welcome</html>", FaultKind::Unclear),
            (200, "[]", FaultKind::Unclear),
            (302, "", FaultKind::Unclear),
            (429, "slow down", FaultKind::NotNow),
            (403, "<html>Incapsula</html>", FaultKind::Barred),
            (401, "", FaultKind::Token),
            (400, "", FaultKind::Shape),
        ] {
            assert_eq!(kind(status, body), Some(expected), "{status} {body}");
        }
        assert_eq!(kind(200, r#"{"ResponseCode":"0"}"#), None);
        assert!(kind(200, r#"{"errorCode":"500.001.1001","errorMessage":"Wrong credentials"}"#).is_some());
    }

    #[test]
    fn what_is_told_names_what_to_do_and_fits() {
        for kind in [FaultKind::Keys, FaultKind::Product, FaultKind::Shortcode, FaultKind::Registered, FaultKind::Token]
        {
            let words = Fault::new(kind, "1", &"x".repeat(500)).words();
            let advice = kind.advice().expect("somebody can do something");

            assert!(words.ends_with(advice) && words.chars().count() <= Fault::WORDS_MAX, "{words}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_is_read(status in 0..=u16::MAX, octets in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(fault) = Fault::read(status, &octets) {
                prop_assert!(fault.words().chars().count() <= Fault::WORDS_MAX);
            }
        }
    }
}
