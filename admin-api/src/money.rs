//! Money: gateways, payments, what has come, and the books.
//!
//! Nothing here decides whose money is: that is `policy::money`, and the deeds of `actions::money`.

mod arrivals;
mod gateways;
mod ledger;
mod payments;

use domain::people::role::Services;
use domain::time::{Period, Timestamp, Zone};

use crate::door::Caller;
use crate::list::wrong;
use crate::problem::{Code, Problem};
use crate::routes::Route;

/// All routes about money.
pub(crate) fn routes() -> Vec<Route> {
    [gateways::routes(), payments::routes(), arrivals::routes(), ledger::routes()].into_iter().flatten().collect()
}

/// Lets in whoever sees the whole ISP: money that nobody was found for has neither a zone nor a kind of service.
fn sees_all(caller: &Caller) -> Result<(), Problem> {
    if caller.zones().filter().is_none() && caller.services() == Services::All {
        return Ok(());
    }
    let said = "this is for those who work in all zones and with all services: ask one of them";
    Err(Problem::new(Code::NotAllowed, said))
}

/// When a day of the provider's calendar begins, and when the next one does; nothing where none is named.
fn day_of(day: Option<&str>, zone: &Zone) -> Result<(Option<Timestamp>, Option<Timestamp>), Problem> {
    let Some(day) = day else { return Ok((None, None)) };
    let (begins_at, ends_at) =
        Period::day_named(day.trim(), zone).ok_or_else(|| wrong("day", "is no day: write it as 2026-11-22"))?;
    Ok((Some(begins_at), Some(ends_at)))
}
