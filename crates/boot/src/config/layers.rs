//! Collects values from defaults, file, environment and command line, before anybody asks what they mean.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::fault::{Fault, Origin};
use crate::config::keys::{self, KEYS};
use crate::config::{Environment, Overrides};

/// A value as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// A text; everything from the environment and the command line is one.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// A list of texts.
    List(Vec<String>),
    /// Something no setting takes: the name of its type.
    Other(&'static str),
}

/// A value and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) written: Written,
    pub(super) origin: Origin,
}

/// What was collected: the topmost value of each setting, and what could not be read at all.
#[derive(Debug, Default)]
pub(super) struct Layers {
    pub(super) settings: BTreeMap<String, Setting>,
    pub(super) faults: Vec<Fault>,
    pub(super) file: Option<PathBuf>,
}

impl Layers {
    /// Lays one over the other: defaults, file, environment, command line.
    pub(super) fn collect(overrides: &Overrides, environment: &Environment, defaults: &[(&str, &str)]) -> Self {
        let mut layers = Self::default();
        for (key, value) in defaults {
            layers.set_text(key, value, Origin::Default);
        }
        for (key, value) in &overrides.defaults {
            layers.set_text(key, value, Origin::Default);
        }
        layers.find_file(overrides, environment);
        layers.add_environment(environment);
        for (option, key, value) in &overrides.options {
            layers.set_text(key, value, Origin::Option(option.clone()));
        }
        layers
    }

    fn set_text(&mut self, key: &str, value: &str, origin: Origin) {
        self.settings.insert(key.to_owned(), Setting { written: Written::Text(value.to_owned()), origin });
    }

    fn fault(&mut self, key: &str, origin: Origin, problem: String) {
        self.faults.push(Fault { key: key.to_owned(), origin, problem });
    }

    /// A file that was asked for must be there; the usual ones are read if they are.
    fn find_file(&mut self, overrides: &Overrides, environment: &Environment) {
        if let Some(path) = &overrides.config {
            return self.read_file(path, Need::Required(Origin::Option(String::from("--config"))));
        }
        if let Some(path) = value_of(environment, "MNETIFI_CONFIG") {
            let origin = Origin::Variable(String::from("MNETIFI_CONFIG"));
            return self.read_file(Path::new(path), Need::Required(origin));
        }
        // A file cannot say where it is itself, so its own `data` does not count here.
        let given =
            overrides.options.iter().rev().find(|(_, key, _)| key == "data").map(|(_, _, value)| value.as_str());
        let default = self.settings.get("data").and_then(|setting| match &setting.written {
            Written::Text(text) => Some(text.clone()),
            Written::Whole(_) | Written::List(_) | Written::Other(_) => None,
        });
        let data = given.or_else(|| value_of(environment, "MNETIFI_DATA")).map(str::to_owned).or(default);
        let beside_data = data.map(|data| Path::new(&data).join("mnetifi.toml"));
        for path in beside_data.into_iter().chain([PathBuf::from("/etc/mnetifi/mnetifi.toml")]) {
            self.read_file(&path, Need::IfPresent);
            if self.file.is_some() {
                return;
            }
        }
    }

    fn read_file(&mut self, path: &Path, need: Need) {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && matches!(need, Need::IfPresent) => return,
            Err(error) => {
                self.file = Some(path.to_owned());
                let origin = match need {
                    Need::Required(origin) => origin,
                    Need::IfPresent => Origin::File { path: path.to_owned(), line: None },
                };
                let key = path.display().to_string();
                return self.fault(&key, origin, format!("cannot be read ({error}): name a file this user may read"));
            }
        };
        self.file = Some(path.to_owned());
        let (table, errors) = DeTable::parse_recoverable(&text);
        let place = FilePlace { path, text: &text };
        for error in errors {
            let origin = place.origin(error.span().map(|span| span.start));
            let problem = format!("is not TOML here: {}", error.message().trim_end().replace('\n', ", "));
            self.fault(&path.display().to_string(), origin, problem);
        }
        self.add_table("", table.get_ref(), &place);
    }

    fn add_table(&mut self, prefix: &str, table: &DeTable<'_>, place: &FilePlace<'_>) {
        for (name, value) in table {
            let key = format!("{prefix}{}", name.get_ref());
            let origin = place.origin(Some(name.span().start));
            let inside = format!("{key}.");
            let is_table = KEYS.iter().any(|known| known.name.starts_with(&inside));
            if keys::find(&key).is_some() {
                self.settings.insert(key, Setting { written: written(value), origin });
            } else if let (true, DeValue::Table(inner)) = (is_table, value.get_ref()) {
                self.add_table(&inside, inner, place);
            } else if is_table {
                let known = known_names(&inside);
                self.fault(&key, origin, format!("must be a table with {known}, not {}", value.get_ref().type_str()));
            } else {
                let known = known_names(prefix);
                self.fault(&key, origin, format!("is not a setting; known here are {known}"));
            }
        }
    }

    /// Variables that are set to nothing count as not set: that is how container files leave them out.
    fn add_environment(&mut self, environment: &Environment) {
        for key in KEYS {
            let found = key.variables.iter().find_map(|name| Some((*name, value_of(environment, name)?)));
            if let Some((name, value)) = found {
                self.set_text(key.name, value, Origin::Variable(name.to_owned()));
            }
        }
        let ours = environment.keys().filter(|name| name.starts_with("MNETIFI_") && !keys::is_other_variable(name));
        for name in ours {
            if !KEYS.iter().any(|key| key.variables.contains(&name.as_str())) {
                let known: Vec<&str> = KEYS.iter().filter_map(|key| key.variables.first().copied()).collect();
                let problem = format!("is not a setting; known are {}", known.join(", "));
                self.fault(name, Origin::Variable(name.clone()), problem);
            }
        }
    }
}

/// Whether a file has to be there.
enum Need {
    Required(Origin),
    IfPresent,
}

/// Turns positions in a file into lines.
struct FilePlace<'a> {
    path: &'a Path,
    text: &'a str,
}

impl FilePlace<'_> {
    fn origin(&self, position: Option<usize>) -> Origin {
        let before = position.and_then(|position| self.text.as_bytes().get(..position.min(self.text.len())));
        let line = before.map(|before| before.iter().filter(|byte| **byte == b'\n').count() + 1);
        Origin::File { path: self.path.to_owned(), line }
    }
}

fn value_of<'a>(environment: &'a Environment, name: &str) -> Option<&'a str> {
    environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

/// The settings directly in a table, for a message.
fn known_names(prefix: &str) -> String {
    let mut names: Vec<&str> =
        KEYS.iter().filter_map(|key| key.name.strip_prefix(prefix)).filter_map(|rest| rest.split('.').next()).collect();
    names.dedup();
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn written(value: &Spanned<DeValue<'_>>) -> Written {
    match value.get_ref() {
        DeValue::String(text) => Written::Text(text.clone().into_owned()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Written::Other("number of this size"), Written::Whole),
        DeValue::Array(values) => {
            let texts: Option<Vec<String>> =
                values.iter().map(|value| value.get_ref().as_str().map(str::to_owned)).collect();
            texts.map_or(Written::Other("list of anything but texts"), Written::List)
        }
        DeValue::Float(_) => Written::Other("broken number"),
        DeValue::Boolean(_) => Written::Other("boolean"),
        DeValue::Datetime(_) => Written::Other("date"),
        DeValue::Table(_) => Written::Other("table"),
    }
}
