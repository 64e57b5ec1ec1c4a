//! Subscribers from a table.

use std::collections::HashMap;

use actions::people::add_subscribers::{self, AddError, Listed, Wanted};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::people::permission::{Act, Thing};
use domain::people::subscriber::Username;
use domain::platform::tenant::Tenant;
use domain::sales::plan::Plan;
use imports::subscribers_csv::SubscribersCsv;
use store::people::subscribers;
use store::platform::tenants;
use store::sales::plans;
use utoipa_axum::routes;

use crate::app::App;
use crate::body::json;
use crate::door::Caller;
use crate::list::Query;
use crate::problem::{Code, Problem};
use crate::routes::Route;
use crate::tables::{How, ImportFault, ImportResult, ROWS_MAX, table, too_many};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::needs(routes!(import), Thing::Subscribers, Act::Make).told_as("add_subscriber").takes_import()]
}

/// Bring subscribers in from a table
///
/// CSV with the columns username, password and plan, and if you like phone, until and address. Everything is read and
/// checked before anything is written; all good rows are written in one transaction.
#[utoipa::path(post, path = "/v1/subscribers/import", tag = "subscribers", operation_id = "import_subscribers",
    params(How), request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = ImportResult)))]
async fn import(
    State(app): State<App>,
    caller: Caller,
    Query(how): Query<How>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let body = table(&headers, body)?;
    let zone = match caller.zones().filter() {
        None => None,
        Some([only]) => Some(*only),
        Some(_) => {
            return Err(Problem::new(Code::NotAllowed, "tables are brought in by those who see one zone or all"));
        }
    };
    let (store, scope) = (app.store(), caller.scope());
    let mut tx = store.tenant(&scope).await?;
    let tenant = tenants::own(&mut tx).await?;
    let plans = plans::list(&mut tx).await?;
    let (mut wanted, faults) = read(&body, &tenant, &plans)?;
    if wanted.len() > ROWS_MAX {
        return Err(too_many());
    }
    wanted.iter_mut().for_each(|one| one.zone = zone);
    let result = ImportResult::new(how, wanted.len(), faults);
    if !result.writes() {
        let names: Vec<Username> = wanted.iter().map(|one| one.username.clone()).collect();
        let existing = subscribers::existing_usernames(&mut tx, &names).await?;
        return json(&result.with_existing(existing.iter().map(ToString::to_string)));
    }
    drop(tx);
    let context = caller.context(&app);
    let added =
        add_subscribers::add_subscribers(store, &scope, &tenant.zone, &plans, wanted, context, &mut |_| {}).await;
    let added = added.map_err(|why| match why {
        AddError::Hotspot(_) | AddError::NoSuchPlan => Problem::new(Code::Conflict, why.to_string()),
        AddError::Unentitled(why) => why.into(),
        AddError::Store(why) => why.into(),
    })?;
    json(&result.with_existing(added.existing.iter().map(ToString::to_string)))
}

fn read(body: &[u8], tenant: &Tenant, plans: &[Plan]) -> Result<(Vec<Wanted>, Vec<ImportFault>), Problem> {
    let by_name: HashMap<&str, &Plan> = plans.iter().map(|plan| (plan.name.as_str(), plan)).collect();
    let rows = SubscribersCsv::open(body, &tenant.zone).map_err(|why| Problem::new(Code::Invalid, why.to_string()))?;
    let (mut wanted, mut faults) = (Vec::new(), Vec::new());
    for row in rows {
        match row {
            Ok(row) => {
                let number = row.row;
                let listed = Listed {
                    username: row.username,
                    password: row.password,
                    plan: row.plan,
                    until: row.until,
                    framed_ip: row.address,
                    phone: row.phone,
                };
                match listed.wanted(&by_name, &tenant.calling_code) {
                    Ok(one) => wanted.push(one),
                    Err(fault) => faults.push(ImportFault {
                        row: number,
                        column: Some(fault.column.to_owned()),
                        problem: fault.problem,
                    }),
                }
            }
            Err(error) => faults.push(ImportFault {
                row: error.row,
                column: error.column.map(|column| column.to_string()),
                problem: error.problem.to_string(),
            }),
        }
    }
    Ok((wanted, faults))
}
