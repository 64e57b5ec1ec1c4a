//! Who may do what, as a document for people: `docs/rights.md`, made from the rules and from the table of routes.
//!
//! It is committed, so that a change of rights shows in the change that makes it; `make generate` writes it anew.

use std::fmt::Write as _;

use domain::people::permission::Permission;
use domain::people::role::Preset;
use policy::people::rights;

use crate::routes::{Audit, Right, Route};

const HEAD: &str = "# Rights\n\n\
    Made from the code by `make generate`; a test fails when it is stale.\n\n\
    ## What each role may do\n\n\
    `impersonator` is somebody of the platform in an ISP's place.\n\
    People with zones see and change only what is in them; `services` are the kinds of service they have to do with.\n";

const ROUTES: &str = "\n## What each route needs\n\n\
    `audit` is the verb under which the deed is told.\n\n\
    | route | needs | roles | audit |\n|---|---|---|---|\n";

/// The whole document.
pub fn document(table: &[Route]) -> String {
    let mut text = format!("{HEAD}\n```\n{}```\n{ROUTES}", rights::table());
    let mut rows: Vec<&Route> = table.iter().collect();
    rows.sort_by(|one, other| (&one.path, one.method.as_str()).cmp(&(&other.path, other.method.as_str())));
    for Route { method, path, right, audit, .. } in rows {
        let (needs, roles) = match right {
            Right::Open => ("nothing".to_owned(), "anybody, without signing in".to_owned()),
            Right::SignedIn => ("a session or key".to_owned(), "everybody".to_owned()),
            Right::Needs(permission) => (format!("`{permission}`"), who_may(*permission)),
        };
        let told = match audit {
            Audit::Reads => "-".to_owned(),
            Audit::Tells(verb) => format!("`{verb}`"),
            Audit::Silent(why) => format!("none: {why}"),
        };
        // Writing to a text cannot fail.
        let _ = writeln!(text, "| `{method} {path}` | {needs} | {roles} | {told} |");
    }
    text
}

/// The roles that have a permission, and visitors of the platform.
fn who_may(Permission { thing, act }: Permission) -> String {
    let has = |preset: &Preset| rights::of_preset(*preset).permissions.allow(thing, act);
    let presets = Preset::ALL.into_iter().filter(has).map(Preset::code);
    let visitor = rights::WHILE_IMPERSONATING.allow(thing, act).then_some("impersonator");
    presets.chain(visitor).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::table;

    #[test]
    fn the_committed_table_of_rights_is_the_one_in_force() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rights.md");
        let committed = std::fs::read_to_string(&path).unwrap_or_default();

        assert!(committed == document(&table()), "docs/rights.md is stale: run `make generate` and commit it");
    }

    #[test]
    fn a_route_names_the_roles_that_may_use_it() {
        let text = document(&table());

        let printing = "| `POST /v1/batches` | `vouchers:make` | owner, admin, billing, impersonator | `print_batch` |";
        assert!(text.lines().any(|line| line == printing), "{text}");
        assert_eq!(text.lines().filter(|line| line.starts_with("| `")).count(), table().len());
    }
}
