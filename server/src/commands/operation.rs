//! `mnetifi operation …`: deeds on many subscribers at once.

use anyhow::Context as _;
use domain::id::OperationId;
use domain::people::operation::Operation;
use serde::Serialize;
use store::TenantScope;
use store::people::operations;

use crate::cli;
use crate::open::Opened;
use crate::print;

/// Rows that are read at once.
const PAGE: u16 = 1_000;

#[derive(Serialize)]
struct Row {
    id: String,
    about: String,
    by: String,
    subscribers: u32,
    begun_at: String,
    state: &'static str,
}

#[derive(Serialize)]
struct One {
    username: String,
    outcome: &'static str,
}

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::Operation) -> anyhow::Result<()> {
    match command {
        cli::Operation::List(paging) => list(opened, &paging).await,
        cli::Operation::Show(show) => {
            let tenant = opened.tenant().await?;
            rows(opened, &opened.scope(&tenant), show.id, show.csv).await
        }
    }
}

async fn list(opened: &Opened, paging: &cli::Paging) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let mut tx = opened.store.tenant(&opened.scope(&tenant)).await?;
    let page = operations::list(&mut tx, opened.page(paging)?).await?;
    let rows: Vec<Row> = page
        .rows
        .iter()
        .map(|operation| Row {
            id: operation.id.to_string(),
            about: operation.about.clone(),
            by: operation.actor.clone(),
            subscribers: operation.size,
            begun_at: operation.begun_at.in_zone(&tenant.zone),
            state: state(operation),
        })
        .collect();
    print::rows(
        opened.style,
        &rows,
        &["BEGUN", "SUSPENDED", "SUBSCRIBERS", "BY", "STATE", "ID"],
        |row| {
            vec![
                row.begun_at.clone(),
                row.about.clone(),
                row.subscribers.to_string(),
                row.by.clone(),
                row.state.to_owned(),
                row.id.clone(),
            ]
        },
        "no operation yet: `mnetifi subscriber suspend --plan …` begins one",
    )?;
    opened.say_next(&page);
    Ok(())
}

const fn state(operation: &Operation) -> &'static str {
    match (operation.undone_at, operation.finished_at) {
        (Some(_), _) => "undone",
        (None, Some(_)) => "finished",
        (None, None) => "stopped half-way",
    }
}

/// Prints what became of each subscriber.
pub async fn rows(opened: &Opened, scope: &TenantScope, id: OperationId, csv: bool) -> anyhow::Result<()> {
    let mut tx = opened.store.tenant(scope).await?;
    operations::find(&mut tx, id).await?.with_context(|| format!("there is no operation {id}"))?;
    let (mut all, mut after) = (Vec::new(), 0);
    if csv {
        print::line("username,outcome")?;
    }
    loop {
        let page = operations::rows(&mut tx, id, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.place;
        for row in page {
            let one = One { username: row.username.to_string(), outcome: row.outcome.code() };
            if csv {
                print::line(&format!("{},{}", quoted(&one.username), one.outcome))?;
            } else {
                all.push(one);
            }
        }
    }
    if csv {
        return Ok(());
    }
    let cells = |row: &One| vec![row.username.clone(), row.outcome.replace('_', " ")];
    print::rows(opened.style, &all, &["USER NAME", "WHAT BECAME OF IT"], cells, "it has no subscribers")
}

/// A value of a CSV file. One that a spreadsheet would take for a formula is told as text.
fn quoted(value: &str) -> String {
    let formula = value.starts_with(['=', '+', '-', '@']);
    let value = if formula { format!("'{value}") } else { value.to_owned() };
    if value.contains([',', '"', '\n', ';']) { format!("\"{}\"", value.replace('"', "\"\"")) } else { value }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_name_is_no_formula_and_breaks_no_row() {
        assert_eq!(quoted("house-12"), "house-12");
        assert_eq!(quoted("=1+1"), "'=1+1");
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
    }
}
