//! What somebody holds: what a code or a number means, and what a device may go on with. Looks, and changes nothing.

use domain::access::attempt::{AskedService, Attempt, Device, Method};
use domain::access::facts::{Candidate, FoundBy, Right};
use domain::mac::Mac;
use domain::rate::Bytes;
use domain::refusal::Refusal;
use domain::sales::plan::Plan;
use domain::sales::voucher::VoucherState;
use domain::time::Timestamp;
use policy::access::admission::{self, Outcome};
use policy::access::shaping;
use store::StoreError;
use store::access::facts;

use crate::app::App;
use crate::door::Asked;

/// Something that somebody holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Holding {
    /// What was bought.
    pub plan: Plan,
    /// Its end; `None` while it waits for its first use, or without one.
    pub until: Option<Timestamp>,
    /// Whether its time begins with its first use, and has not begun.
    pub waits: bool,
    /// Data that is left, where the plan counts it.
    pub data_left: Option<Bytes>,
    /// Places that devices have now.
    pub places_taken: u16,
    /// The last two characters of the code.
    pub ending: String,
}

/// Whether a device may come online on a name, and on what. The router asks again, of the same rules.
pub(crate) async fn admitted(
    app: &App,
    asked: &Asked,
    name: &[u8],
    device: Device,
) -> Result<Result<Holding, Refusal>, StoreError> {
    let now = app.now();
    let mut tx = app.store().tenant(&asked.scope).await?;
    let known = facts::load(&mut tx, name, now).await?;
    drop(tx);
    let facts = known.facts(&device, now);
    let attempt = Attempt {
        user_name: name,
        device,
        service: AskedService::Hotspot,
        method: Method::Pap,
        framed_ip: None,
        called_station: None,
        nas_port_id: None,
        nas_identifier: None,
    };
    // A voucher's code is its own proof. A subscriber's name alone proves nothing, and hotspots have none.
    let verdict = admission::admit(&facts, &attempt, &|password| password.is_empty(), now);
    Ok(match verdict.outcome {
        Outcome::Admit(admit) => {
            facts.candidates.get(admit.candidate).and_then(|candidate| holding(candidate, now)).ok_or(Refusal::Unknown)
        }
        // Whether there is a house of that name on another line is nobody's business here.
        Outcome::Refuse { refusal: Refusal::WrongService | Refusal::WrongPassword | Refusal::NoProof, .. } => {
            Err(Refusal::Unknown)
        }
        Outcome::Refuse { refusal, .. } => Err(refusal),
    })
}

/// What a device may go on with without typing anything, as its router will confirm.
pub(crate) async fn of_device(app: &App, asked: &Asked, mac: Mac) -> Result<Option<Holding>, StoreError> {
    let name = name_of(mac);
    Ok(admitted(app, asked, name.as_bytes(), Device::Mac(mac)).await?.ok())
}

/// A device's address as the name that it logs in with: nothing in it needs escaping.
pub(crate) fn name_of(mac: Mac) -> String {
    mac.to_string().replace(':', "")
}

/// A voucher as the one sees it who asks about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Checked {
    /// The voucher.
    pub holding: Holding,
    /// `None`: it may be used.
    pub refusal: Option<Refusal>,
}

/// What a code is worth, whichever device asks. Nothing is used by asking.
pub(crate) async fn of_code(app: &App, asked: &Asked, code: &[u8]) -> Result<Result<Checked, Refusal>, StoreError> {
    let now = app.now();
    let mut tx = app.store().tenant(&asked.scope).await?;
    let known = facts::load(&mut tx, code, now).await?;
    drop(tx);
    let facts = known.facts(&Device::Unnamed, now);
    let found = facts.candidates.iter().find(|candidate| candidate.found_by == FoundBy::Code);
    let checked = found.and_then(|candidate| {
        let refusal = admission::stays(candidate, facts.zone, facts.house, now).err();
        Some(Checked { holding: holding(candidate, now)?, refusal })
    });
    let unknown = if facts.differs_only_in_case { Refusal::WrongCase } else { Refusal::Unknown };
    Ok(checked.ok_or(unknown))
}

/// What a number has bought, of that alone which this device has used.
pub(crate) async fn of_number_and_device(
    app: &App,
    asked: &Asked,
    number: &[u8],
    mac: Mac,
) -> Result<Vec<Checked>, StoreError> {
    let now = app.now();
    let name = name_of(mac);
    let mut tx = app.store().tenant(&asked.scope).await?;
    let bought = facts::load(&mut tx, number, now).await?;
    let used = facts::load(&mut tx, name.as_bytes(), now).await?;
    drop(tx);
    let used: Vec<_> = used.candidates.iter().map(|candidate| candidate.right.holder()).collect();
    let facts = bought.facts(&Device::Mac(mac), now);
    let both = facts
        .candidates
        .iter()
        .filter(|candidate| candidate.found_by == FoundBy::Phone && used.contains(&candidate.right.holder()));
    let checked = |candidate: &Candidate<'_>| {
        let refusal = admission::stays(candidate, facts.zone, facts.house, now).err();
        Some(Checked { holding: holding(candidate, now)?, refusal })
    };
    Ok(both.filter_map(checked).collect())
}

/// `None` for what is no voucher.
pub(crate) fn holding(candidate: &Candidate<'_>, now: Timestamp) -> Option<Holding> {
    let Right::Voucher { state, code, .. } = candidate.right else { return None };
    let (until, waits) = match *state {
        VoucherState::Printed { .. } | VoucherState::Sold { until: None, .. } => (None, true),
        VoucherState::Sold { until, .. } => (until, false),
        VoucherState::Active { until, .. } => (Some(until), false),
        VoucherState::Revoked { at } => (Some(at.min(now)), false),
    };
    let code = std::str::from_utf8(code.expose()).unwrap_or_default();
    let ending = code.get(code.len().saturating_sub(2)..).unwrap_or_default().to_owned();
    let taken = candidate.places.others + u16::from(candidate.places.own == Some(true));
    Some(Holding {
        plan: candidate.plan.clone(),
        until,
        waits,
        data_left: shaping::data_left(candidate),
        places_taken: taken,
        ending,
    })
}
