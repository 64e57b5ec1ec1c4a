//! Tries keys at the gateway, before they are saved and afterwards.

use std::time::Duration;

use actions::money::gateways::{KeysChange, NewGateway};
use domain::money::gateway::{GatewayAccount, GatewayKeys, IspGateway};
use policy::money::setup::{Facts, Finding, Tried, Weight, findings};
use ports::gateway::{Answer, Asked};
use store::money::gateways;

use crate::app::App;
use crate::door::Caller;
use crate::problem::{FaultCode, FieldFault, Problem};

/// How long a gateway is waited for: less than a request may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A gateway's answer, or that it took too long.
pub(super) async fn in_time<T>(asking: Asked<'_, Answer<T>>) -> Answer<T> {
    let too_late = || Answer::NotNow { why: format!("it has not answered in {} seconds", PATIENCE.as_secs()) };
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| too_late())
}

/// What the gateway says to an account's keys.
pub(super) async fn tried(app: &App, account: &GatewayAccount) -> Tried {
    let Some(gateways) = app.gateways() else { return Tried::Nobody };
    match in_time(gateways.gateway.try_keys(account)).await {
        Answer::Said(()) | Answer::Later { .. } => Tried::Good,
        Answer::No(failure) => Tried::Refused(failure),
        Answer::NotNow { why } => Tried::Away(why),
        Answer::Unable { why } => Tried::Unable(why),
    }
}

/// All that is not as it should be with an account.
pub(super) async fn of_account(app: &App, account: &GatewayAccount, trusts_confirmations: bool) -> Vec<Finding> {
    let tried = tried(app, account).await;
    let facts = Facts {
        environment: account.environment,
        callback_base: &account.callback_base,
        has_initiator: account.keys.initiator.is_some(),
        trusts_confirmations,
    };
    findings(&facts, &tried)
}

/// Where callbacks would come in. The token that follows is not made before the gateway is saved.
fn base(app: &App) -> String {
    let base = app.gateways().map(|gateways| gateways.callback_base.as_str()).unwrap_or_default();
    format!("{base}/cb/00000000000000000000000000000000")
}

/// Tries one that is not saved yet. It is given back as it came.
pub(super) async fn of_new(app: &App, new: NewGateway) -> (NewGateway, Vec<Finding>) {
    let NewGateway { kind, environment, shortcode, pay_to, keys, trusts_confirmations, looks_per_minute } = new;
    let account = GatewayAccount { kind, environment, shortcode, pay_to, keys, callback_base: base(app) };
    let found = of_account(app, &account, trusts_confirmations).await;
    let GatewayAccount { shortcode, pay_to, keys, .. } = account;
    (NewGateway { kind, environment, shortcode, pay_to, keys, trusts_confirmations, looks_per_minute }, found)
}

/// Tries keys that are to be changed, with those that stay. The change is given back, with all keys as they were tried.
pub(super) async fn of_change(
    app: &App,
    caller: &Caller,
    before: &IspGateway,
    change: KeysChange,
) -> Result<(KeysChange, Vec<Finding>), Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let opened = gateways::open(&mut tx, before.id).await?.ok_or_else(|| Problem::not_found("gateway"))?;
    tx.commit().await?;
    let account = GatewayAccount {
        kind: before.kind,
        environment: before.environment,
        shortcode: before.shortcode.clone(),
        pay_to: before.pay_to.clone(),
        keys: change.on(opened.keys),
        callback_base: base(app),
    };
    let found = of_account(app, &account, before.trusts_confirmations).await;
    let GatewayKeys { consumer_key, consumer_secret, passkey, initiator } = account.keys;
    let tried = KeysChange {
        consumer_key: Some(consumer_key),
        consumer_secret: Some(consumer_secret),
        passkey: Some(passkey),
        initiator: Some(initiator),
    };
    Ok((tried, found))
}

/// Refuses what is wrong, with each sentence; warnings are none.
pub(super) fn refused_by(found: &[Finding]) -> Result<(), Problem> {
    let wrong: Vec<FieldFault> = found
        .iter()
        .filter(|one| one.weight == Weight::Wrong)
        .map(|one| {
            let field = if one.about == "initiator" { "/keys/initiator" } else { "/keys" };
            let detail = format!("{}; save it all the same with check=false", one.say);
            FieldFault { field: field.to_owned(), code: FaultCode::Invalid, detail }
        })
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(Problem::of_fields(wrong)) }
}
