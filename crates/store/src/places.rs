//! A URL that names several servers, and which of them takes writes.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::error::StoreError;

/// The most servers that a URL may name.
const PLACES_MAX: usize = 8;

/// How long a server may take to say whether it takes writes.
const PATIENCE: Duration = Duration::from_secs(2);

/// Reads `postgres://user:password@one:5432,other:5432/name?…` into one way for each server, in that order.
pub(crate) fn parse(url: &str) -> Result<Vec<PgConnectOptions>, StoreError> {
    let urls = split(url).ok_or(StoreError::BadUrl)?;
    urls.iter().map(|url| url.parse().map_err(|_| StoreError::BadUrl)).collect()
}

fn split(url: &str) -> Option<Vec<String>> {
    let (scheme, rest) = url.split_once("://")?;
    let (place, parameters) = rest.find('?').map_or((rest, ""), |at| rest.split_at(at));
    // A password may hold an at-sign or a slash that somebody left unencoded: hosts come last.
    let (login, place) = place.rfind('@').map_or(("", place), |at| place.split_at(at + 1));
    let (hosts, path) = place.find('/').map_or((place, ""), |at| place.split_at(at));
    let hosts: Vec<&str> = hosts.split(',').collect();
    let several = hosts.len() > 1;
    if hosts.len() > PLACES_MAX || (several && hosts.iter().any(|host| host.is_empty())) {
        return None;
    }
    Some(hosts.into_iter().map(|host| format!("{scheme}://{login}{host}{path}{parameters}")).collect())
}

/// The place in the list of a server that takes writes; the present one is asked first.
pub(crate) async fn primary(all: &[PgConnectOptions], present: usize) -> Result<usize, StoreError> {
    let mut why = StoreError::Unavailable { reason: "none of the servers takes writes".to_owned() };
    let others = (0..all.len()).filter(|place| *place != present);
    for place in std::iter::once(present).chain(others) {
        let Some(options) = all.get(place) else { continue };
        match takes_writes(options).await {
            Ok(true) => return Ok(place),
            Ok(false) => {}
            Err(failed) => why = failed,
        }
    }
    Err(why)
}

async fn takes_writes(server: &PgConnectOptions) -> Result<bool, StoreError> {
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(PATIENCE).connect_with(server.clone()).await?;
    let asked = sqlx::query_scalar::<_, bool>("select not pg_is_in_recovery()").fetch_one(&pool).await;
    pool.close().await;
    Ok(asked?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_of_a_url_gets_a_url_of_its_own() {
        for (url, wanted) in [
            ("postgres://a:b@db/x", &["postgres://a:b@db/x"][..]),
            (
                "postgres://a:b@one:1,two:2/x?sslmode=require",
                &["postgres://a:b@one:1/x?sslmode=require", "postgres://a:b@two:2/x?sslmode=require"],
            ),
            ("postgres://a:p@ss,w/rd@one,two/x", &["postgres://a:p@ss,w/rd@one/x", "postgres://a:p@ss,w/rd@two/x"]),
            ("postgres:///x?host=/run", &["postgres:///x?host=/run"]),
        ] {
            assert_eq!(split(url).expect("good"), wanted);
        }
        assert_eq!(split("postgres://a@one,,two/x"), None);
        assert_eq!(split("nothing"), None);
    }
}
