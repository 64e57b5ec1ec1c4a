//! Every route there is, asked by nobody, by every role, by the wrong ISP, and by whoever may: the table of routes is
//! walked, so that no route can be forgotten.

mod audit;
mod roles;
pub(crate) mod samples;
mod tenants;

use admin_api::routes::{Route, table};
use serde_json::json;
use tests::api::{Answer, Client};
use tests::furnished::Party;
use tokio::io::AsyncReadExt as _;

/// The text of a path up to the first place for an id, and whether there is one: `/v1/plans` of `/v1/plans/{id}`.
pub(crate) fn before_id(path: &str) -> Option<&str> {
    path.split_once("/{").map(|(before, _)| before)
}

/// A path with an id in its first place, and in one after it the id that the ISP has for what stands there.
pub(crate) fn with_ids(path: &str, id: &str, of: &Party) -> String {
    let mut filled = Vec::new();
    for part in path.split('/') {
        let is_first = !filled.contains(&id);
        match (part.starts_with('{'), is_first) {
            (true, true) => filled.push(id),
            (true, false) => {
                let before = path.rsplit_once("/{").map_or(path, |(before, _)| before);
                filled.push(of.id(before));
            }
            (false, _) => filled.push(part),
        }
    }
    filled.join("/")
}

/// A path with an id that nothing has in each of its places.
fn with_no_ids(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').map(|part| if part.starts_with('{') { NO_ID } else { part }).collect();
    parts.join("/")
}

/// An id that nothing has.
const NO_ID: &str = "00000000-0000-7000-8000-000000000000";

/// Whether an answer to it has no end.
fn is_endless(route: &Route) -> bool {
    route.path == "/v1/live"
}

/// Asks for a route with the least that can be said: no row, and an empty body where one is taken.
async fn touch(client: &Client, route: &Route) -> anyhow::Result<Answer> {
    let path = with_no_ids(&route.path);
    if is_endless(route) {
        let mut stream = client.begins(route.method.as_str(), &path, None, b"").await?;
        let mut head = [0; 12];
        stream.read_exact(&mut head).await?;
        let status = std::str::from_utf8(&head[9..])?.parse()?;
        return Ok(Answer { status, headers: Vec::new(), body: Vec::new() });
    }
    client.send(route.method.as_str(), &path, route.changes().then(|| json!({}))).await
}

/// The table, each row of it with its name.
fn routes() -> Vec<(String, Route)> {
    table().into_iter().map(|route| (format!("{} {}", route.method, route.path), route)).collect()
}

/// Whether a text stands anywhere in the answer, its headers included.
fn says(answer: &Answer, text: &str) -> bool {
    answer.text().contains(text) || answer.headers.iter().any(|(_, value)| value.contains(text))
}
