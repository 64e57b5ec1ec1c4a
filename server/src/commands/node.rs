//! `mnetifi node …`: the servers that share the database, and what they went through.

use serde::Serialize;
use store::platform::nodes::{self, Listed};
use store::platform::outages::{self, PastOutage};

use crate::cli;
use crate::open::Opened;
use crate::print;

#[derive(Serialize)]
struct Row {
    node: String,
    standing: String,
    seen_seconds_ago: u64,
    seen_at: String,
    started_at: String,
    version: String,
    duties: Vec<String>,
    id: String,
}

impl Row {
    fn of(node: &Listed) -> Self {
        Self {
            node: node.name.clone(),
            standing: standing(node),
            seen_seconds_ago: node.silent_seconds,
            seen_at: node.seen_at.to_string(),
            started_at: node.started_at.to_string(),
            version: node.version.clone(),
            duties: node.duties.clone(),
            id: node.node.to_string(),
        }
    }
}

#[derive(Serialize)]
struct OutageRow {
    node: String,
    began_at: String,
    ended_at: String,
    seconds: i64,
    accepted: u64,
    refused: u64,
    unanswered: u64,
    records_waiting: u64,
    why: String,
}

impl OutageRow {
    fn of(past: &PastOutage) -> Self {
        Self {
            node: past.node.clone(),
            began_at: past.began_at.to_string(),
            ended_at: past.ended_at.to_string(),
            seconds: past.ended_at.since(past.began_at).as_seconds(),
            accepted: past.outage.accepted,
            refused: past.outage.refused,
            unanswered: past.outage.unanswered,
            records_waiting: past.outage.records_waiting,
            why: past.outage.why.clone(),
        }
    }
}

/// How a node answers, or that it is not there.
pub fn standing(node: &Listed) -> String {
    if node.claim.is_present() { node.standing.to_string() } else { node.claim.to_string() }
}

/// An outage in one sentence.
pub fn in_words(past: &PastOutage) -> String {
    let outage = &past.outage;
    format!(
        "`{}` was without the database for {} s until {} ({}): {} logins accepted, {} refused, {} requests without an \
         answer, {} reports waited on disk and went into the database afterwards",
        past.node,
        past.ended_at.since(past.began_at).as_seconds(),
        past.ended_at,
        outage.why,
        outage.accepted,
        outage.refused,
        outage.unanswered,
        outage.records_waiting
    )
}

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::Node) -> anyhow::Result<()> {
    let mut tx = opened.store.system().await?;
    match command {
        cli::Node::List => {
            let rows: Vec<Row> = nodes::list(&mut tx).await?.iter().map(Row::of).collect();
            print::rows(
                opened.style,
                &rows,
                &["NODE", "STANDING", "SEEN", "STARTED", "VERSION", "DUTIES", "ID"],
                |row| {
                    vec![
                        row.node.clone(),
                        row.standing.clone(),
                        format!("{} s ago", row.seen_seconds_ago),
                        row.started_at.clone(),
                        row.version.clone(),
                        row.duties.join(","),
                        row.id.clone(),
                    ]
                },
                "no server has run on this database yet",
            )
        }
        cli::Node::Outages { limit } => {
            let rows: Vec<OutageRow> = outages::latest(&mut tx, limit).await?.iter().map(OutageRow::of).collect();
            print::rows(
                opened.style,
                &rows,
                &["NODE", "BEGAN", "ENDED", "SECONDS", "ACCEPTED", "REFUSED", "UNANSWERED", "REPORTS WAITED", "WHY"],
                |row| {
                    vec![
                        row.node.clone(),
                        row.began_at.clone(),
                        row.ended_at.clone(),
                        row.seconds.to_string(),
                        row.accepted.to_string(),
                        row.refused.to_string(),
                        row.unanswered.to_string(),
                        row.records_waiting.to_string(),
                        row.why.clone(),
                    ]
                },
                "no node has been without the database",
            )
        }
    }
}
