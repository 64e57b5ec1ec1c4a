//! Somebody has lost a code and names their number: what that number has bought and may still be used is sent to that
//! telephone, and to nobody else. Whoever asks learns nothing.

use domain::access::attempt::Device;
use domain::access::facts::{Candidate, Facts, FoundBy, Right};
use domain::messages::template::{MessageKind, Variable};
use domain::phone::Msisdn;
use domain::sales::voucher::VoucherState;
use domain::time::{Span, Timestamp, Zone};
use policy::access::admission;
use policy::messages::{one_time, words};
use store::access::facts;
use store::messages::{outbox, settings};
use store::{Store, StoreError, TenantScope};

use crate::context::Context;
use crate::messages::say::Voice;

/// What became of the asking. The page says the same of the first two: else it would tell strangers who has bought.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LostCodes {
    /// They are on their way: so many codes.
    Sent(usize),
    /// That number has nothing that may still be used.
    Nothing,
    /// It was asked for too often: not before then.
    TooOften(Span),
    /// The ISP sends no messages.
    NoMessages,
}

/// Sends them. At most [`Facts::CANDIDATES_MAX`] codes.
pub async fn send_lost_code(
    store: &Store,
    scope: &TenantScope,
    phone: &Msisdn,
    context: Context<'_>,
) -> Result<LostCodes, StoreError> {
    let now = context.now();
    let mut tx = store.tenant(scope).await?;
    // Held until the end: of two who ask at once, the second sees what the first was sent.
    let settled = settings::lock(&mut tx).await?;
    let Some(voice) = Voice::to(&mut tx, settled, phone).await? else { return Ok(LostCodes::NoMessages) };
    let since = now.minus(one_time::WINDOW);
    let to_phone = outbox::asked_since(&mut tx, MessageKind::LostCodes, Some(phone), since).await?;
    let of_tenant = outbox::asked_since(&mut tx, MessageKind::LostCodes, None, since).await?;
    if let Err(wait) = one_time::may_ask(&to_phone, &of_tenant, now) {
        return Ok(LostCodes::TooOften(wait));
    }
    let known = facts::load(&mut tx, format!("+{}", phone.expose()).as_bytes(), now).await?;
    let facts: Facts<'_> = known.facts(&Device::Unnamed, now);
    let bought = facts.candidates.iter().filter(|candidate| candidate.found_by == FoundBy::Phone);
    let usable = bought.filter(|candidate| admission::stays(candidate, facts.zone, facts.house, now).is_ok());
    let codes: Vec<String> = usable.filter_map(|candidate| listed(candidate, facts.zone, &voice)).collect();
    if codes.is_empty() {
        return Ok(LostCodes::Nothing);
    }
    for some in codes.chunks(one_time::CODES_A_MESSAGE) {
        let values = vec![(Variable::Codes, some.join("; "))];
        voice.say(&mut tx, MessageKind::LostCodes, values, (None, None), context).await?;
    }
    tx.commit().await?;
    Ok(LostCodes::Sent(codes.len()))
}

/// A voucher as a message lists it.
fn listed(candidate: &Candidate<'_>, zone: &Zone, voice: &Voice) -> Option<String> {
    let Right::Voucher { state, code, .. } = candidate.right else { return None };
    let until: Option<Timestamp> = match *state {
        VoucherState::Printed { .. } => None,
        VoucherState::Sold { until, .. } => until,
        VoucherState::Active { until, .. } => Some(until),
        VoucherState::Revoked { .. } => return None,
    };
    let until = until.map(|until| words::moment(until, zone));
    let code = std::str::from_utf8(code.expose()).ok()?;
    Some(words::listed(code, candidate.plan.name.as_str(), until.as_deref(), &voice.language))
}
