//! A code of some minutes, sent to a telephone, proves that somebody holds it.

use credentials::token::hash_of_words;
use domain::id::TenantId;
use domain::messages::template::{MessageKind, Variable};
use domain::phone::Msisdn;
use domain::time::Span;
use policy::messages::one_time::{self, Checked};
use store::messages::{one_time as codes, outbox, settings};
use store::{Store, StoreError, TenantScope};

use crate::context::Context;
use crate::messages::say::Voice;

/// What became of the asking. The page says the same of the first two: else it would tell strangers who has bought.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OneTime {
    /// A code is on its way; those before it are good no more.
    Sent,
    /// That telephone has bought nothing here, so it is sent nothing.
    Nothing,
    /// It was asked for too often: not before then.
    TooOften(Span),
    /// The ISP sends no messages.
    NoMessages,
}

/// Sends a code to a telephone that has bought something here.
pub async fn one_time_code(
    store: &Store,
    scope: &TenantScope,
    phone: &Msisdn,
    context: Context<'_>,
) -> Result<OneTime, StoreError> {
    let now = context.now();
    let mut tx = store.tenant(scope).await?;
    let settled = settings::lock(&mut tx).await?;
    let Some(voice) = Voice::to(&mut tx, settled, phone).await? else { return Ok(OneTime::NoMessages) };
    let since = now.minus(one_time::WINDOW);
    let to_phone = outbox::asked_since(&mut tx, MessageKind::OneTimeCode, Some(phone), since).await?;
    let of_tenant = outbox::asked_since(&mut tx, MessageKind::OneTimeCode, None, since).await?;
    if let Err(wait) = one_time::may_ask(&to_phone, &of_tenant, now) {
        return Ok(OneTime::TooOften(wait));
    }
    if !codes::has_bought(&mut tx, phone).await? {
        return Ok(OneTime::Nothing);
    }
    let mut code = String::with_capacity(one_time::DIGITS);
    for _ in 0..one_time::DIGITS {
        let digit = u32::try_from(context.random().index_below(10)).unwrap_or(0);
        code.extend(char::from_digit(digit, 10));
    }
    let hash = hash(tx.tenant(), phone, &code);
    codes::put(&mut tx, phone, &hash, now.plus(one_time::GOOD_FOR)).await?;
    let minutes = one_time::GOOD_FOR.as_seconds() / 60;
    let values = vec![(Variable::Code, code), (Variable::Minutes, minutes.to_string())];
    voice.say(&mut tx, MessageKind::OneTimeCode, values, (None, None), context).await?;
    tx.commit().await?;
    Ok(OneTime::Sent)
}

/// Tries a code. Each try counts before it is known whether it was right, and a right one is good once.
pub async fn check_one_time_code(
    store: &Store,
    scope: &TenantScope,
    phone: &Msisdn,
    code: &str,
    context: Context<'_>,
) -> Result<Checked, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let Some(kept) = codes::lock(&mut tx, phone).await? else { return Ok(Checked::Gone) };
    // People type spaces between digits.
    let typed: String = code.chars().filter(char::is_ascii_digit).take(one_time::DIGITS + 1).collect();
    let is_same = is_same(&hash(tx.tenant(), phone, &typed), &kept.hash);
    let checked = one_time::checked(is_same, kept.tries, kept.expires_at, context.now());
    match checked {
        Checked::Right => codes::remove(&mut tx, phone).await?,
        Checked::Wrong { .. } => codes::note_tries(&mut tx, phone, kept.tries.saturating_add(1)).await?,
        Checked::Gone => {}
    }
    tx.commit().await?;
    Ok(checked)
}

/// What is kept of a code. Whoever reads the database finds it by trying all of them; so it is good for minutes, and for
/// nothing but what a telephone's owner may look at.
fn hash(tenant: TenantId, phone: &Msisdn, code: &str) -> [u8; 32] {
    hash_of_words(&format!("one time code {tenant} {} {code}", phone.expose()))
}

/// Takes as long whatever differs.
fn is_same(one: &[u8; 32], other: &[u8; 32]) -> bool {
    one.iter().zip(other).fold(0, |differs, (one, other)| differs | (one ^ other)) == 0
}
