//! Whose money it may be that nobody could be matched to: reads what is known, and changes nothing.

use domain::money::arrival::{Arrival, ArrivalState};
use domain::people::subscriber::Username;
use domain::phone::{CallingCode, Msisdn};
use domain::time::Span;
use policy::money::matching::{is_near, normalised};
use policy::money::suggesting::{self, Candidates, Suggestion, Unpaid};
use store::money::arrivals;
use store::money::payments::listing;
use store::people::subscribers;
use store::{StoreError, TenantTx};

use crate::money::note_arrival::hash_of;

/// How much younger than the money a payment may be: clocks differ.
const CLOCKS_DIFFER_BY: Span = Span::minutes(5);

/// Who may be meant, the likeliest first. Nobody, where it is known whose it is.
pub async fn suggest(
    tx: &mut TenantTx,
    country: &CallingCode,
    arrival: &Arrival,
) -> Result<Vec<Suggestion>, StoreError> {
    if !matches!(arrival.state, ArrivalState::Pending | ArrivalState::Disputed) {
        return Ok(Vec::new());
    }
    let at = arrival.paid_at.unwrap_or(arrival.arrived_at);
    let span = (at.minus(suggesting::LOOKS_BACK), at.plus(CLOCKS_DIFFER_BY));
    let number = |text: &str| Msisdn::parse(text.trim().as_bytes(), country).ok();
    let payer = arrival.payer.phone.as_deref().and_then(number);
    let account = number(&arrival.account);
    let mut candidates = Candidates { payer, account, ..Candidates::default() };
    for payment in listing::unpaid_in(tx, span).await? {
        let phone_hash = payment.phone.as_ref().map(hash_of).unwrap_or_default();
        candidates.unpaid.push(Unpaid {
            id: payment.id,
            price: payment.price,
            reference: payment.reference.expose().to_owned(),
            phone: payment.phone,
            phone_hash,
            since: payment.created_at,
        });
    }
    let typed = normalised(&arrival.account);
    if !typed.is_empty() {
        for name in arrivals::names_near(tx, &typed).await? {
            if !is_near(&normalised(&name), &typed) {
                continue;
            }
            let Ok(username) = Username::parse(name.as_bytes()) else { continue };
            if let Some(subscriber) = subscribers::find_by_username(tx, &username).await? {
                candidates.named.push((subscriber.id, name));
            }
        }
    }
    for phone in [candidates.payer.clone(), candidates.account.clone()].into_iter().flatten() {
        candidates.of_phone.extend(arrivals::subscribers_with_phone(tx, &phone).await?);
    }
    Ok(suggesting::suggestions(arrival, &candidates))
}
