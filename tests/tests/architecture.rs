//! Arrows and manners: what may depend on what, and what every file keeps to.
//!
//! Checked by a test and not by reviewers. A new arrow is a change of [`ARROWS`], made on purpose: with its reason in
//! the commit, and ARCHITECTURE.md beside it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use cargo_metadata::{DependencyKind, MetadataCommand};

/// Which of our crates each of our crates may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("dictionaries", &[]),
    ("policy", &["domain"]),
    ("ports", &["domain"]),
    ("imports", &["domain"]),
    ("exports", &["domain"]),
    ("certificates", &["domain"]),
    ("credentials", &["domain"]),
    ("records", &["domain"]),
    ("radius", &["dictionaries"]),
    ("nas", &["domain", "dictionaries", "radius"]),
    ("simulators", &["domain", "dictionaries", "ports", "radius", "nas"]),
    ("store", &["domain", "records"]),
    ("actions", &["domain", "policy", "ports", "certificates", "credentials", "store"]),
    ("messaging", &["domain", "ports"]),
    ("payments", &["domain", "ports"]),
    ("web", &["domain", "ports"]),
    ("routers", &["domain", "ports", "nas", "radius", "dictionaries"]),
    ("boot", &["domain", "ports"]),
    ("worker", &["domain", "policy", "ports", "store", "actions", "boot"]),
    (
        "radiusd",
        &[
            "domain",
            "dictionaries",
            "radius",
            "nas",
            "policy",
            "ports",
            "certificates",
            "records",
            "store",
            "actions",
            "boot",
        ],
    ),
    ("admin-api", &["domain", "policy", "ports", "imports", "exports", "store", "actions", "boot", "web"]),
    ("portal", &["domain", "policy", "ports", "store", "actions", "boot", "web"]),
    ("server", EVERYBODY),
    ("tests", EVERYBODY),
    (
        "benches",
        &[
            "domain",
            "dictionaries",
            "records",
            "radius",
            "nas",
            "policy",
            "ports",
            "store",
            "actions",
            "boot",
            "radiusd",
            "tests",
        ],
    ),
];

/// Those who are not a root themselves.
const EVERYBODY: &[&str] = &[
    "domain",
    "dictionaries",
    "radius",
    "nas",
    "simulators",
    "policy",
    "ports",
    "imports",
    "exports",
    "certificates",
    "credentials",
    "records",
    "store",
    "actions",
    "boot",
    "routers",
    "messaging",
    "payments",
    "web",
    "radiusd",
    "worker",
    "admin-api",
    "portal",
];

/// Who may use the harness of `tests` for its own tests.
const TESTED_WITH_HARNESS: &[&str] = &["store", "actions", "radiusd", "server"];

/// Where others' crates may be used that are heavy, or that reach into the world. One that is not listed may be used
/// anywhere outside [`PURE`].
const PLACES: &[(&str, &[&str])] = &[
    ("sqlx", &["store", "tests"]),
    ("axum", &["admin-api", "portal", "web"]),
    ("askama", &["portal"]),
    ("fluent-bundle", &["portal"]),
    ("hyper", &["web", "simulators"]),
    ("hyper-util", &["web", "simulators"]),
    ("http-body-util", &["simulators"]),
    ("utoipa", &["admin-api"]),
    ("utoipa-axum", &["admin-api"]),
    ("governor", &["web"]),
    ("reqwest", &["messaging", "payments"]),
    ("lettre", &["messaging"]),
    ("socket2", &["radiusd", "boot", "benches"]),
    ("libc", &["radiusd", "boot", "benches"]),
    ("nix", &["boot", "benches"]),
    ("clap", &["server", "benches"]),
    ("indicatif", &["server"]),
    ("anyhow", &["server", "tests", "benches"]),
    ("prometheus-client", &["boot", "radiusd", "worker", "web", "admin-api", "portal", "server", "tests"]),
    ("tracing-subscriber", &["boot", "tests"]),
    ("getrandom", &["boot"]),
    ("rcgen", &["certificates"]),
    ("argon2", &["credentials"]),
    ("rustls", &["radiusd", "web", "messaging", "payments", "tests"]),
    ("aws-lc-rs", &["payments", "simulators"]),
    ("tokio-rustls", &["radiusd", "web", "tests"]),
    ("rust_xlsxwriter", &["exports"]),
    ("fast_qr", &["exports"]),
    ("tests", &["benches"]),
];

/// Crates of words and rules: no sockets, no SQL, no runtime, no clock, no chance, no shapes for the wire.
const PURE: &[&str] = &["domain", "policy", "dictionaries", "radius", "nas", "ports", "imports", "records"];
/// What none of them may use.
const IMPURE: &[&str] = &["tokio", "tokio-util", "serde", "serde_json", "toml", "tracing", "rand", "tempfile"];

/// Lines of one file at most; past it there are two nouns in it. Generated files may be longer.
const LINES_MAX: usize = 600;

/// A crate of ours and what it asks for.
struct Krate {
    name: String,
    normal: Vec<String>,
    development: Vec<String>,
}

fn arrow_faults(krates: &[Krate]) -> Vec<String> {
    let ours: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    let mut faults = Vec::new();
    for Krate { name, normal, development } in krates {
        let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| known == name) else {
            faults.push(format!(
                "crate `{name}` has no arrows: add it to ARROWS in tests/tests/architecture.rs and to ARCHITECTURE.md"
            ));
            continue;
        };
        for used in normal.iter().filter(|used| ours.contains(used.as_str())) {
            if !allowed.contains(&used.as_str()) {
                faults.push(format!(
                    "`{name}` may not use `{used}`: move the code to where the arrow leads, see the code map in \
                     ARCHITECTURE.md"
                ));
            }
        }
        for used in development.iter().filter(|used| ours.contains(used.as_str())) {
            let harness = used == "tests" && TESTED_WITH_HARNESS.contains(&name.as_str());
            if !harness && !allowed.contains(&used.as_str()) {
                faults.push(format!("the tests of `{name}` may not use `{used}`: put that test into tests/tests"));
            }
        }
        faults.extend(stranger_faults(name, normal));
    }
    faults
}

fn stranger_faults(name: &str, normal: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    for used in normal {
        if let Some((_, places)) = PLACES.iter().find(|(heavy, _)| heavy == used)
            && !places.contains(&name)
        {
            faults.push(format!(
                "`{name}` may not use `{used}`, which has its place ({}): call what is there",
                if places.is_empty() { "nowhere yet".to_owned() } else { places.join(", ") }
            ));
        }
        if PURE.contains(&name) && IMPURE.contains(&used.as_str()) {
            faults.push(format!("`{name}` may not use `{used}`: it is pure, so take what you need as a parameter"));
        }
    }
    faults
}

/// Everything that one Rust file does against the manners. `path` is relative to the repository.
fn rust_faults(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let name = path.rsplit('/').next().unwrap_or(path);
    let generated = path.contains("/generated");
    // A file of unit tests is documented by the module it tests.
    if name != "tests.rs" && !text.starts_with("//!") {
        faults.push(format!("{path} does not begin with `//!`: say in one sentence what it is"));
    }
    if name == "mod.rs" {
        faults.push(format!("{path}: name it after its folder and put it beside that, as thing.rs beside thing/"));
    }
    let lines = text.lines().count();
    if lines > LINES_MAX && !generated {
        faults.push(format!("{path} has {lines} lines, over {LINES_MAX}: find the two nouns in it and part them"));
    }
    for unfinished in [concat!("to", "do!("), concat!("unimple", "mented!("), concat!("FIX", "ME")] {
        if text.contains(unfinished) {
            faults.push(format!("{path} holds `{unfinished}`: finish it, or take it out"));
        }
    }
    if !is_test(path) {
        let product = text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
        for (index, _) in product.enumerate().filter(|(_, line)| line.contains(concat!(".unw", "rap()"))) {
            faults.push(format!(
                "{path}:{} unwraps: give the error to the caller, or `expect(\"invariant: …\")` when it cannot happen",
                index + 1
            ));
        }
    }
    faults
}

fn is_test(path: &str) -> bool {
    let whole = ["tests/", "fuzz/", "benches/how_fast_"].iter().any(|start| path.starts_with(start));
    whole || path.contains("/tests/") || path.ends_with("/tests.rs")
}

/// What is wrong with a migration's name or its first line.
fn migration_faults(name: &str, text: &str) -> Vec<String> {
    let named = name.strip_suffix(".sql").and_then(|stem| stem.split_once('_')).is_some_and(|(when, sentence)| {
        let words = sentence.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        when.len() == 14 && when.bytes().all(|b| b.is_ascii_digit()) && words && sentence.contains('_')
    });
    let mut faults = Vec::new();
    if !named {
        faults.push(format!(
            "migrations/{name}: name it YYYYMMDDHHMMSS_what_it_does.sql, as 20261121080000_make_roles.sql"
        ));
    }
    if !text.starts_with("-- Why: ") {
        faults.push(format!("migrations/{name}: begin it with a line `-- Why: …`"));
    }
    faults
}

/// The relative links of a Markdown text that lead nowhere. `exists` is asked with the link as it is written.
fn link_faults(path: &str, text: &str, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    links
        .map(|link| link.split('#').next().unwrap_or_default())
        .filter(|link| !link.is_empty() && !link.contains("://") && !exists(link))
        .map(|link| format!("{path} links to `{link}`, which is not there: mend the link or write the file"))
        .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Our crates as cargo sees them.
fn krates() -> anyhow::Result<Vec<Krate>> {
    let metadata = MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec()?;
    let named = |package: &cargo_metadata::Package, kind| {
        package.dependencies.iter().filter(|one| one.kind == kind).map(|one| one.name.clone()).collect()
    };
    let krate = |package: &cargo_metadata::Package| Krate {
        name: package.name.to_string(),
        normal: named(package, DependencyKind::Normal),
        development: named(package, DependencyKind::Development),
    };
    Ok(metadata.packages.iter().map(krate).collect())
}

/// Files with that extension, each with its path relative to the repository and its text.
fn files(extension: &str) -> anyhow::Result<Vec<(String, String)>> {
    const SKIPPED: [&str; 6] = ["target", "var", ".git", "node_modules", "corpus", "artifacts"];
    let root = root().canonicalize()?;
    let mut folders = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let (path, kind) = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if kind.is_dir() && !SKIPPED.contains(&name.as_str()) {
                folders.push(path);
            } else if kind.is_file() && path.extension().is_some_and(|known| known == extension) {
                let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
                found.push((path.strip_prefix(&root)?.to_string_lossy().into_owned(), text));
            }
        }
    }
    ensure!(!found.is_empty(), "no file ends with .{extension}: the walk is broken");
    found.sort();
    Ok(found)
}

#[track_caller]
fn assert_none(faults: impl IntoIterator<Item = String>) {
    let faults: Vec<String> = faults.into_iter().collect();
    assert!(faults.is_empty(), "{} to mend:\n  {}", faults.len(), faults.join("\n  "));
}

#[test]
fn crates_depend_only_where_the_table_allows() -> anyhow::Result<()> {
    assert_none(arrow_faults(&krates()?));
    Ok(())
}

#[test]
fn every_crate_stands_in_the_code_map() -> anyhow::Result<()> {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md"))?;

    let missing = krates()?.into_iter().filter(|krate| !map.contains(&format!("### `{}`", krate.name)));

    assert_none(
        missing.map(|krate| format!("ARCHITECTURE.md has no `{}`: write its entry, with its *never*", krate.name)),
    );
    Ok(())
}

#[test]
fn every_dependency_has_its_reason() -> anyhow::Result<()> {
    let reasons = fs::read_to_string(root().join("docs/dependencies.md"))?;
    let used: BTreeSet<String> =
        krates()?.into_iter().flat_map(|krate| [krate.normal, krate.development].concat()).collect();
    let ours = |name: &str| ARROWS.iter().any(|(known, _)| *known == name);

    let without = used.into_iter().filter(|name| !ours(name) && !reasons.contains(&format!("**{name}**")));

    assert_none(without.map(|name| format!("docs/dependencies.md does not say why we use `{name}`: add its reason")));
    Ok(())
}

#[test]
fn every_rust_file_keeps_to_the_manners() -> anyhow::Result<()> {
    assert_none(files("rs")?.iter().flat_map(|(path, text)| rust_faults(path, text)));
    Ok(())
}

#[test]
fn every_migration_is_named_and_says_why() -> anyhow::Result<()> {
    let migrations = files("sql")?;
    let migrations = migrations.iter().filter_map(|(path, text)| Some((path.strip_prefix("migrations/")?, text)));

    assert_none(migrations.flat_map(|(name, text)| migration_faults(name, text)));
    Ok(())
}

#[test]
fn every_link_between_documents_leads_somewhere() -> anyhow::Result<()> {
    let root = root();
    let faults = files("md")?.into_iter().flat_map(|(path, text)| {
        let folder = root.join(&path).parent().map(Path::to_owned).unwrap_or_default();
        link_faults(&path, &text, |link| folder.join(link).exists())
    });

    assert_none(faults);
    Ok(())
}

fn made_up(name: &str, normal: &[&str], development: &[&str]) -> Krate {
    let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    Krate { name: name.to_owned(), normal: owned(normal), development: owned(development) }
}

#[test]
fn a_forbidden_arrow_is_told() {
    let faults = arrow_faults(&[
        made_up("policy", &["domain", "store", "thiserror"], &["proptest"]),
        made_up("store", &["domain", "sqlx"], &["tests", "actions"]),
        made_up("domain", &["uuid"], &["tests"]),
        made_up("kiosk", &["domain"], &[]),
    ]);

    let about = |words: &str| faults.iter().filter(|fault| fault.contains(words)).count();
    assert_eq!(about("`policy` may not use `store`"), 1);
    assert_eq!(about("the tests of `store` may not use `actions`"), 1);
    assert_eq!(about("the tests of `domain` may not use `tests`"), 1);
    assert_eq!(about("crate `kiosk` has no arrows"), 1);
    assert_eq!(faults.len(), 4, "{faults:?}");
}

#[test]
fn a_heavy_crate_out_of_its_place_is_told() {
    let faults = arrow_faults(&[
        made_up("actions", &["sqlx", "store"], &[]),
        made_up("radiusd", &["axum", "socket2"], &[]),
        made_up("domain", &["serde"], &[]),
        made_up("store", &["sqlx"], &["tokio"]),
    ]);

    assert_eq!(faults.len(), 3, "{faults:?}");
}

#[test]
fn every_arrow_of_the_table_leads_up_it() {
    for (place, (name, allowed)) in ARROWS.iter().enumerate() {
        let above: Vec<_> = ARROWS[..place].iter().map(|(name, _)| *name).collect();
        assert!(allowed.iter().all(|used| above.contains(used)), "`{name}` uses what stands below it");
    }
}

#[test]
fn bad_manners_are_told() {
    let long = format!("//! Long.\n{}", "\n".repeat(LINES_MAX));
    let unwraps = concat!("//! Careless.\nfn f() { g().unw", "rap() }\n");
    let tested = concat!("//! Careful.\n#[cfg(test)]\nmod tests {\n    fn f() { g().unw", "rap() }\n}\n");

    assert_eq!(rust_faults("crates/a/src/b.rs", "fn f() {}\n").len(), 1);
    assert_eq!(rust_faults("crates/a/src/mod.rs", "//! Fine.\n").len(), 1);
    assert_eq!(rust_faults("crates/a/src/b.rs", &long).len(), 1);
    assert_eq!(rust_faults("crates/a/src/generated/b.rs", &long).len(), 0);
    assert_eq!(rust_faults("crates/a/src/b.rs", concat!("//! Half.\nfn f() { to", "do!() }\n")).len(), 1);
    assert_eq!(rust_faults("crates/a/src/b.rs", unwraps).len(), 1);
    assert_eq!(rust_faults("crates/a/tests/b.rs", unwraps).len(), 0);
    assert_eq!(rust_faults("crates/a/src/b.rs", tested).len(), 0);
}

#[test]
fn a_badly_named_migration_is_told() {
    assert_eq!(migration_faults("20261121080000_make_roles.sql", "-- Why: roles.\n").len(), 0);
    assert_eq!(migration_faults("20261121_make_roles.sql", "-- Why: roles.\n").len(), 1);
    assert_eq!(migration_faults("20261121080000_Make-Roles.sql", "create table a ();\n").len(), 2);
}

#[test]
fn a_link_to_nothing_is_told() {
    let text = "See [one](a.md), [two](b.md#part), [three](https://example.net/), [four](#here).";

    assert_eq!(link_faults("x.md", text, |link| link == "a.md").len(), 1);
}
