//! Customers from a table.

use actions::people::add_customers::add_customers;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::people::customer::{IdentityState, Profile};
use domain::people::permission::{Act, Thing};
use imports::customers_csv::CustomersCsv;
use store::platform::tenants;
use utoipa_axum::routes;

use super::{place, whose};
use crate::app::App;
use crate::body::json;
use crate::door::Caller;
use crate::list::Query;
use crate::problem::{Code, Problem};
use crate::routes::Route;
use crate::tables::{How, ImportFault, ImportResult, ROWS_MAX, table, too_many};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::needs(routes!(import), Thing::Customers, Act::Make).told_as("add_customer").takes_import()]
}

/// Bring customers in from a table
///
/// CSV with the column name, and if you like phone, email, category, address, notes, latitude and longitude.
/// Everything is read and checked before anything is written; all good rows are written in one transaction.
#[utoipa::path(post, path = "/v1/customers/import", tag = "customers", operation_id = "import_customers",
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
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let tenant = tenants::own(&mut tx).await?;
    drop(tx);
    let rows = CustomersCsv::open(&body[..], &tenant.calling_code)
        .map_err(|why| Problem::new(Code::Invalid, format!("row {}: {}", why.row, why.problem)))?;
    let (mut profiles, mut faults) = (Vec::new(), Vec::new());
    for row in rows {
        match row {
            Ok(row) => {
                let mut profile = Profile {
                    name: row.name,
                    phone: row.phone,
                    email: row.email,
                    notes: row.notes,
                    category: row.category,
                    zone: None,
                    address: row.address,
                    coordinates: row.coordinates,
                    identity: None,
                    identity_state: IdentityState::None,
                };
                place(&caller, &mut profile)?;
                profiles.push(profile);
            }
            Err(fault) => faults.push(ImportFault {
                row: fault.row,
                column: fault.column.map(|column| column.name().to_owned()),
                problem: fault.problem,
            }),
        }
    }
    if profiles.len() > ROWS_MAX {
        return Err(too_many());
    }
    let result = ImportResult::new(how, profiles.len(), faults);
    if result.writes() {
        add_customers(app.store(), &caller.scope(), profiles, whose(&caller), caller.context(&app)).await?;
    }
    json(&result)
}
