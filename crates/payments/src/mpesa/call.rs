//! The door and the questions behind it: a token from the shelf or a new one, and one more try when it is refused.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::money::gateway::GatewayAccount;
use domain::secret::Secret;
use domain::time::{Span, Timestamp};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout_at};

use super::fault::{Fault, FaultKind};
use super::http::{Heard, ask};
use super::reading::{member, word};
use super::settings::BaseAddress;
use super::shelf::{AppId, Kept, ShelfFault};
use super::{Mpesa, http};

/// The share of a token's life in which it is used, in hundredths.
const USED_PERCENT: i64 = 90;

/// How long a token lives when it is not said.
const LIFE_SECONDS: i64 = 3_599;

/// How long somebody who fetches a token keeps others from it, should they never come back.
const CLAIM_SECONDS: i64 = 15;

/// How often it is looked whether somebody else has fetched one.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Apps for which somebody waits at once.
const TURNS_MAX: usize = 10_000;

/// What came of a question.
pub(super) enum Said {
    /// An object that is no error.
    Good(Value),
    /// An error.
    Fault(Fault),
    /// It was certainly not heard.
    NotReached(String),
    /// It may have been heard.
    Broken(String),
}

/// Until when a whole call must end.
#[derive(Clone, Copy)]
pub(super) struct Deadline(Instant);

impl Deadline {
    /// From now on.
    pub(super) fn of(mpesa: &Mpesa) -> Self {
        Self(Instant::now() + mpesa.settings.patience.whole)
    }

    fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// Who fetches tokens: one at a time for each app.
#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<AppId, Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    fn of(&self, app: &AppId) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() >= TURNS_MAX {
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        Arc::clone(turns.entry(*app).or_default())
    }
}

/// Why there is no token.
enum NoToken {
    Refused(Fault),
    NotNow(String),
}

impl From<ShelfFault> for NoToken {
    fn from(fault: ShelfFault) -> Self {
        Self::NotNow(fault.to_string())
    }
}

impl Mpesa {
    /// Asks with a token, and once more with a new one when M-Pesa does not take it: what it does not take it has not done.
    pub(super) async fn call(&self, account: &GatewayAccount, method: Method, path: &str, body: &Value) -> Said {
        let (deadline, octets) = (Deadline::of(self), body.to_string());
        let mut refused: Option<Secret<String>> = None;
        loop {
            let token = match self.token(account, refused.as_ref(), deadline).await {
                Ok(token) => token,
                Err(NoToken::Refused(fault)) => return Said::Fault(fault),
                Err(NoToken::NotNow(why)) => return Said::NotReached(why),
            };
            let left = deadline.left().min(self.settings.patience.answer);
            if left < self.settings.patience.connection {
                return Said::NotReached("M-Pesa took too long to open the door".to_owned());
            }
            let request = self
                .client
                .request(method.clone(), format!("{}{path}", self.base(account)))
                .timeout(left)
                .bearer_auth(token.expose())
                .header("content-type", "application/json")
                .body(octets.clone());
            match said(ask(request).await) {
                Said::Fault(fault) if fault.kind == FaultKind::Token && refused.is_none() => refused = Some(token),
                said @ (Said::Good(_) | Said::Fault(_) | Said::NotReached(_) | Said::Broken(_)) => return said,
            }
        }
    }

    /// Fetches a new token whatever lies on the shelf: whether the keys open the door.
    pub(super) async fn open_the_door(&self, account: &GatewayAccount) -> Said {
        let (app, deadline) = (AppId::of(account), Deadline::of(self));
        let kept = match self.shelf.look(&app).await {
            Ok(kept) => kept.map(|kept| kept.token),
            Err(fault) => return Said::NotReached(fault.to_string()),
        };
        match self.token(account, kept.as_ref(), deadline).await {
            Ok(_) => Said::Good(Value::Null),
            Err(NoToken::Refused(fault)) => Said::Fault(fault),
            Err(NoToken::NotNow(why)) => Said::NotReached(why),
        }
    }

    fn base(&self, account: &GatewayAccount) -> BaseAddress {
        use domain::money::gateway::Environment;
        let own = match account.environment {
            Environment::Sandbox => BaseAddress::sandbox,
            Environment::Production => BaseAddress::production,
        };
        self.place(account.environment).base.clone().unwrap_or_else(own)
    }

    /// A token that is good as far as we know, and not the refused one.
    async fn token(
        &self,
        account: &GatewayAccount,
        refused: Option<&Secret<String>>,
        deadline: Deadline,
    ) -> Result<Secret<String>, NoToken> {
        let app = AppId::of(account);
        if let Some(token) = self.on_shelf(&app, refused).await? {
            return Ok(token);
        }
        let turn = self.turns.of(&app);
        let too_long = || NoToken::NotNow("M-Pesa took too long to open the door".to_owned());
        let _turn = timeout_at(deadline.0, turn.lock()).await.map_err(|_| too_long())?;
        // Another node may be fetching one.
        loop {
            if let Some(token) = self.on_shelf(&app, refused).await? {
                return Ok(token);
            }
            let now = self.clock.now();
            if self.shelf.claim(&app, now, now.plus(Span::seconds(CLAIM_SECONDS))).await? {
                break;
            }
            if deadline.left() <= LOOK_EVERY {
                return Err(too_long());
            }
            sleep(LOOK_EVERY).await;
        }
        let fetched = self.fetch(account, deadline).await;
        match fetched {
            Ok(kept) => {
                let token = Secret::new(kept.token.expose().clone());
                self.shelf.put(&app, kept).await?;
                Ok(token)
            }
            Err(why) => {
                self.shelf.let_go(&app).await?;
                Err(why)
            }
        }
    }

    async fn on_shelf(
        &self,
        app: &AppId,
        refused: Option<&Secret<String>>,
    ) -> Result<Option<Secret<String>>, ShelfFault> {
        let now = self.clock.now();
        let kept = self.shelf.look(app).await?;
        let good = |kept: &Kept| kept.until > now && refused.is_none_or(|bad| bad.expose() != kept.token.expose());
        Ok(kept.filter(good).map(|kept| kept.token))
    }

    async fn fetch(&self, account: &GatewayAccount, deadline: Deadline) -> Result<Kept, NoToken> {
        let left = deadline.left().min(self.settings.patience.token);
        let request = token_request(&self.client, &self.base(account), account).timeout(left);
        let asked_at = self.clock.now();
        match http::ask(request).await {
            Heard::Answer { status, octets } => kept(status, &octets, asked_at),
            Heard::NotReached(why) | Heard::Broken(why) => Err(NoToken::NotNow(why)),
        }
    }
}

fn token_request(client: &Client, base: &BaseAddress, account: &GatewayAccount) -> RequestBuilder {
    client
        .get(format!("{base}/oauth/v1/generate?grant_type=client_credentials"))
        .basic_auth(account.keys.consumer_key.expose(), Some(account.keys.consumer_secret.expose()))
}

/// The token in an answer.
fn kept(status: u16, octets: &[u8], asked_at: Timestamp) -> Result<Kept, NoToken> {
    match Fault::read(status, octets) {
        None => {}
        // Wrong keys are answered with 400 or 401 and often without a word.
        Some(fault) if matches!(status, 400 | 401) && !fault.passes() => {
            return Err(NoToken::Refused(fault.about_keys()));
        }
        Some(fault) if fault.passes() => return Err(NoToken::NotNow(fault.words())),
        Some(fault) => return Err(NoToken::Refused(fault)),
    }
    let body: Value = serde_json::from_slice(octets).unwrap_or_default();
    let token = word(member(&body, "access_token"))
        .filter(|token| token.len() <= 2_048 && token.bytes().all(|octet| octet.is_ascii_graphic()))
        .ok_or_else(|| NoToken::NotNow("M-Pesa answered without a token".to_owned()))?;
    let life = word(member(&body, "expires_in")).and_then(|text| text.parse::<i64>().ok()).unwrap_or(LIFE_SECONDS);
    let used = life.clamp(10, 86_400) * USED_PERCENT / 100;
    Ok(Kept { token: Secret::new(token), until: asked_at.plus(Span::seconds(used)) })
}

fn said(heard: Heard) -> Said {
    match heard {
        Heard::Answer { status, octets } => match Fault::read(status, &octets) {
            Some(fault) => Said::Fault(fault),
            None => Said::Good(serde_json::from_slice(&octets).unwrap_or_default()),
        },
        Heard::NotReached(why) => Said::NotReached(why),
        Heard::Broken(why) => Said::Broken(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(body: &str) -> Option<i64> {
        kept(200, body.as_bytes(), Timestamp::from_seconds(0)).ok().map(|kept| kept.until.as_seconds())
    }

    #[test]
    fn a_token_is_used_for_nine_tenths_of_its_life() {
        assert_eq!(life(r#"{"access_token":"abc","expires_in":"3599"}"#), Some(3_239));
        assert_eq!(life(r#"{"access_token":"abc","expires_in":3599}"#), Some(3_239));
        assert_eq!(life(r#"{"access_token":"abc"}"#), Some(3_239));
        for bad in [r#"{"access_token":""}"#, r#"{"access_token":"a b"}"#, "{}"] {
            assert_eq!(life(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_door_is_opened_with_both_keys_as_the_manual_shows() {
        use domain::money::gateway::Environment;
        let client = http::client(crate::mpesa::Patience::default()).expect("ready");
        let account = super::super::samples::account("", Environment::Sandbox);

        let request = token_request(&client, &BaseAddress::sandbox(), &account).build().expect("whole");

        let expected = "https://sandbox.safaricom.co.ke/oauth/v1/generate?grant_type=client_credentials";
        assert_eq!((request.method(), request.url().as_str()), (&Method::GET, expected));
        let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        assert_eq!(header, Some("Basic Y2tfZGVtbzpjc19kZW1v"));
    }

    #[test]
    fn wrong_keys_are_told_from_a_bad_day() {
        let refused = |status, body: &str| match kept(status, body.as_bytes(), Timestamp::from_seconds(0)) {
            Err(NoToken::Refused(fault)) => Some(fault.kind),
            Ok(_) | Err(NoToken::NotNow(_)) => None,
        };

        assert_eq!(refused(400, ""), Some(FaultKind::Keys));
        assert_eq!(refused(401, ""), Some(FaultKind::Keys));
        assert_eq!(
            refused(400, r#"{"errorCode":"400.008.01","errorMessage":"Invalid Authentication"}"#),
            Some(FaultKind::Keys)
        );
        assert_eq!(refused(403, "<html>"), Some(FaultKind::Barred));
        assert_eq!(refused(503, "<html>"), None);
        assert_eq!(refused(429, ""), None);
    }
}
