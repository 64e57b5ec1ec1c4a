//! Tokens that open gateways' doors: one for each app, whichever node uses it.

use domain::secret::{Secret, SecretBytes};
use domain::time::Timestamp;
use uuid::Uuid;

use crate::columns::Instant;
use crate::error::StoreError;
use crate::sealing::Place;
use crate::system_tx::SystemTx;

/// Which app: SHA-256 over the environment and both of its keys.
pub type App = [u8; 32];

/// A token and when it lapses.
#[derive(Debug)]
pub struct Token {
    /// What opens the door.
    pub token: Secret<String>,
    /// Not used from then on.
    pub until: Timestamp,
}

fn place(app: &App) -> Place {
    let mut row = [0; 16];
    row.copy_from_slice(&app[..16]);
    Place::new("gateway_tokens", "token_sealed", Uuid::from_bytes(row))
}

/// What lies there, lapsed or not. One that no master key opens is as if it were not there.
pub async fn look(tx: &mut SystemTx, app: &App) -> Result<Option<Token>, StoreError> {
    let row = sqlx::query!(
        r#"select token_sealed, until_at as "until_at: Instant" from gateway_tokens where app = $1"#,
        &app[..]
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some((sealed, until)) = row.and_then(|row| row.token_sealed.zip(row.until_at)) else { return Ok(None) };
    let clear = tx.keyring().open_shared(&place(app), &sealed).ok();
    let token = clear.and_then(|clear| String::from_utf8(clear.expose().to_vec()).ok());
    Ok(token.map(|token| Token { token: Secret::new(token), until: until.0 }))
}

/// Whether the caller may fetch a new one: one may at a time, until it is put there, let go of, or `until` has come.
pub async fn claim(tx: &mut SystemTx, app: &App, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
    let claimed = sqlx::query!(
        "insert into gateway_tokens as kept (app, claimed_until)
         values ($1, $3)
         on conflict (app) do update
             set claimed_until = excluded.claimed_until
             where kept.claimed_until is null or kept.claimed_until <= $2",
        &app[..],
        Instant(now) as _,
        Instant(until) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(claimed.rows_affected() == 1)
}

/// Puts a new one there, and ends the claim.
pub async fn put(tx: &mut SystemTx, app: &App, token: &Token) -> Result<(), StoreError> {
    let clear = SecretBytes::new(token.token.expose().as_bytes().to_vec());
    let sealed = tx.keyring().seal_shared(&place(app), &clear)?;
    sqlx::query!(
        "insert into gateway_tokens (app, token_sealed, until_at)
         values ($1, $2, $3)
         on conflict (app) do update
             set token_sealed = excluded.token_sealed, until_at = excluded.until_at, claimed_until = null",
        &app[..],
        sealed,
        Instant(token.until) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Ends the claim without a token.
pub async fn let_go(tx: &mut SystemTx, app: &App) -> Result<(), StoreError> {
    sqlx::query!("update gateway_tokens set claimed_until = null where app = $1", &app[..])
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Forgets tokens that had lapsed by then.
pub async fn forget(tx: &mut SystemTx, before: Timestamp) -> Result<u64, StoreError> {
    let gone = sqlx::query!(
        "delete from gateway_tokens
         where coalesce(until_at, claimed_until) <= $1 and (claimed_until is null or claimed_until <= $1)",
        Instant(before) as _
    )
    .execute(tx.connection())
    .await?;
    Ok(gone.rows_affected())
}
