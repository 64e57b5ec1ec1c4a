//! `mnetifi session …`: who is online.

use actions::access::explain::end_in_words;
use domain::access::session::SessionState;
use domain::rate::Bytes;
use domain::time::Timestamp;
use serde::Serialize;
use store::access::sessions::{self, Filter, StoredSession};

use crate::cli;
use crate::open::Opened;
use crate::print;

#[derive(Serialize)]
struct Row {
    user_name: String,
    device: String,
    state: &'static str,
    started_at: String,
    last_heard_at: String,
    ended_at: Option<String>,
    end: Option<String>,
    seconds: u64,
    in_octets: u64,
    out_octets: u64,
    framed_ip: Option<String>,
    service: &'static str,
    acct_session_id: Option<String>,
    nas: String,
    id: String,
}

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::Session) -> anyhow::Result<()> {
    let cli::Session::List(list) = command;
    let tenant = opened.tenant().await?;
    let now = opened.context().now();
    let mut tx = opened.store.tenant(&opened.scope(&tenant)).await?;
    let filter = Filter { online_only: !list.all, user_name: list.user };
    let page = sessions::list(&mut tx, &filter, opened.page(&list.paging)?).await?;
    let rows: Vec<Row> = page.rows.iter().map(|stored| row(stored, now)).collect();
    print::rows(
        opened.style,
        &rows,
        &["USER", "DEVICE", "STATE", "SINCE", "HEARD OF", "TIME", "UP", "DOWN", "ADDRESS", "SESSION"],
        |row| {
            vec![
                row.user_name.clone(),
                row.device.clone(),
                row.state.to_owned(),
                print::zoned(&row.started_at, &tenant.zone),
                print::zoned(&row.last_heard_at, &tenant.zone),
                format!("{}:{:02}:{:02}", row.seconds / 3_600, row.seconds / 60 % 60, row.seconds % 60),
                Bytes::new(row.in_octets).to_string(),
                Bytes::new(row.out_octets).to_string(),
                row.framed_ip.clone().unwrap_or_default(),
                row.acct_session_id.clone().unwrap_or_default(),
            ]
        },
        if list.all {
            "no session yet"
        } else {
            "nobody is online; `--all` also shows sessions that have ended or were never reported"
        },
    )?;
    opened.say_next(&page);
    Ok(())
}

fn row(stored: &StoredSession, now: Timestamp) -> Row {
    let session = &stored.session;
    let (state, end) = match session.state {
        SessionState::Granted => ("accepted", None),
        SessionState::Open if now >= stored.lease_until => ("silent", None),
        SessionState::Open => ("online", None),
        SessionState::Closed(cause) => ("ended", Some(end_in_words(cause))),
    };
    Row {
        user_name: stored.user_name.clone(),
        device: stored.device.key(),
        state,
        started_at: session.started_at.to_string(),
        last_heard_at: session.last_heard_at.to_string(),
        ended_at: session.ended_at.map(|at| at.to_string()),
        end,
        seconds: session.counted.seconds,
        in_octets: session.counted.in_octets,
        out_octets: session.counted.out_octets,
        framed_ip: stored.framed_ip.map(|ip| ip.to_string()),
        service: stored.service.code(),
        acct_session_id: stored.acct_session_id.clone(),
        nas: stored.nas.to_string(),
        id: stored.id.to_string(),
    }
}
