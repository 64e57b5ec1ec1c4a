//! Tells partners over HTTPS, signed, and never an address that is not of the open network.

use std::pin::Pin;
use std::time::Duration;

use domain::platform::job::Outcome;
use domain::platform::webhook::Call;
use domain::time::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use ports::webhooks::{Teller, Told};
use sha2::Sha256;
use thiserror::Error;

use crate::guard;
pub use crate::guard::Reach;

/// How long a partner may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Tells partners.
#[derive(Debug)]
pub struct Webhooks {
    client: reqwest::Client,
    reach: Reach,
}

/// The client could not be made.
#[derive(Debug, Error)]
#[error("partners cannot be told over HTTPS: {0}")]
pub struct NoClient(String);

impl Webhooks {
    /// Gets ready. Follows no redirect: a partner says where it is, and nobody else does.
    pub fn new(reach: Reach) -> Result<Self, NoClient> {
        Self::with_patience(reach, PATIENCE)
    }

    /// The same for partners that have as long as that to answer.
    pub fn with_patience(reach: Reach, patience: Duration) -> Result<Self, NoClient> {
        let client = guard::client(reach, patience).map_err(NoClient)?;
        Ok(Self { client, reach })
    }

    async fn try_once(&self, call: &Call, now: Timestamp) -> Told {
        if let Err(why) = guard::allowed(self.reach, &call.url) {
            return Told { outcome: Outcome::Never(why), status: None };
        }
        let at = now.as_seconds();
        let request = self
            .client
            .post(call.url.as_str())
            .header("content-type", "application/json")
            .header("mnetifi-event-id", call.event.to_string())
            .header("mnetifi-event", call.verb.code())
            .header("mnetifi-signature", header(call.secret.expose(), at, &call.body))
            .body(call.body.clone());
        match request.send().await {
            Ok(answer) => of_status(answer.status().as_u16()),
            Err(why) => Told { outcome: Outcome::Later(in_words(&why)), status: None },
        }
    }
}

impl Teller for Webhooks {
    fn tell<'a>(&'a self, call: &'a Call, now: Timestamp) -> Pin<Box<dyn Future<Output = Told> + Send + 'a>> {
        Box::pin(self.try_once(call, now))
    }
}

/// The header that proves who sent it, and when: the time, and version 1 of the signature.
pub fn header(secret: &[u8], at: i64, body: &str) -> String {
    format!("t={at},v1={}", signature(secret, at, body))
}

/// What a partner checks: HMAC-SHA256 over the time, a dot and the body, in hexadecimal digits.
pub fn signature(secret: &[u8], at: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("invariant: HMAC takes keys of any length");
    mac.update(format!("{at}.").as_bytes());
    mac.update(body.as_bytes());
    mac.finalize().into_bytes().iter().map(|octet| format!("{octet:02x}")).collect()
}

fn of_status(status: u16) -> Told {
    let outcome = match status {
        200..=299 => Outcome::Done,
        410 => Outcome::Never("the partner answered 410: it does not want to be told there any more".to_owned()),
        300..=399 => Outcome::Later(format!("the partner answered {status}: give the address that it leads to")),
        _ => Outcome::Later(format!("the partner answered {status}")),
    };
    Told { outcome, status: Some(status) }
}

fn in_words(why: &reqwest::Error) -> String {
    if why.is_timeout() {
        return "the partner did not answer in time".to_owned();
    }
    let mut cause: &dyn std::error::Error = why;
    while let Some(next) = cause.source() {
        cause = next;
    }
    format!("the partner was not reached: {cause}")
}

#[cfg(test)]
mod tests {
    use domain::id::{AuditId, WebhookId};
    use domain::platform::audit::Verb;
    use domain::secret::SecretBytes;

    use super::*;

    /// What is documented for partners holds.
    #[test]
    fn the_documented_example_is_what_is_sent() {
        let document = include_str!("../../../docs/webhooks.md");
        let row = |name: &str| {
            let start = format!("    {name}: ");
            let line = document.lines().find_map(|line| line.strip_prefix(start.as_str()));
            line.unwrap_or_else(|| panic!("docs/webhooks.md has no line `{name}`"))
        };

        let header = header(row("secret").as_bytes(), 1_795_000_000, row("body"));

        assert_eq!(format!("Mnetifi-Signature: {header}"), format!("Mnetifi-Signature: {}", row("Mnetifi-Signature")));
    }

    async fn told(url: &str, reach: Reach) -> Outcome {
        let call = Call {
            webhook: WebhookId::from_bytes([2; 16]),
            url: url.parse().expect("good"),
            secret: SecretBytes::new(b"secret".to_vec()),
            event: AuditId::from_bytes([1; 16]),
            verb: Verb::SellVoucher,
            body: "{}".to_owned(),
        };
        Webhooks::new(reach).expect("ready").tell(&call, Timestamp::from_seconds(1_795_000_000)).await.outcome
    }

    #[test]
    fn a_signature_is_what_a_partner_computes() {
        // `printf '1795000000.{}' | openssl dgst -sha256 -hmac secret`
        assert_eq!(
            signature(b"secret", 1_795_000_000, "{}"),
            "6b4c7e66d3b69c810f27c4aa67ee370757d4dfdabf1fbb338ea7cf6aba9e0494"
        );
    }

    #[tokio::test]
    async fn private_addresses_and_names_of_them_are_never_asked() {
        for url in [
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://10.0.0.1/",
            "https://169.254.169.254/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://%31%32%37.0.0.1/",
            "https://[::ffff:127.0.0.1]/",
            "http://8.8.8.8/",
        ] {
            assert!(matches!(told(url, Reach::Public).await, Outcome::Never(_)), "{url}");
        }
        let by_name = told("https://localhost/", Reach::Public).await;
        assert!(matches!(&by_name, Outcome::Later(why) if why.contains("not one of the open network")), "{by_name:?}");
    }

    #[tokio::test]
    async fn a_partner_that_is_not_there_is_told_later() {
        let outcome = told("http://127.0.0.1:9/", Reach::Any).await;

        assert!(matches!(&outcome, Outcome::Later(why) if why.contains("was not reached")), "{outcome:?}");
    }
}
