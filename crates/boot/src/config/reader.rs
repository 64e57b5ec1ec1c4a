//! Turns what was written into values of the right kind, and notes what cannot be turned.

use std::fmt::Display;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use crate::config::database_url::DatabaseUrl;
use crate::config::fault::{Fault, Origin};
use crate::config::layers::{Layers, Setting, Written};

/// Reads settings one after the other; a fault gives a stand-in, so that the next ones are looked at too.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) layers: Layers,
}

impl Reader {
    fn setting(&self, key: &str) -> Option<Setting> {
        self.layers.settings.get(key).cloned()
    }

    /// Where a setting came from.
    pub(super) fn origin(&self, key: &str) -> Origin {
        self.setting(key).map_or(Origin::Default, |setting| setting.origin)
    }

    /// Notes that a setting is wrong.
    pub(super) fn fault(&mut self, key: &str, problem: impl Into<String>) {
        let origin = self.origin(key);
        self.layers.faults.push(Fault { key: key.to_owned(), origin, problem: problem.into() });
    }

    /// A text that is not empty.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        match self.setting(key)?.written {
            Written::Text(text) if text.trim().is_empty() => self.fault(key, "is empty"),
            Written::Text(text) => return Some(text),
            Written::Whole(_) => self.fault(key, "must be a text in quotes, not a number"),
            Written::List(_) => self.fault(key, "must be one text, not a list"),
            Written::Other(kind) => self.fault(key, format!("must be a text in quotes, not a {kind}")),
        }
        None
    }

    /// A path.
    pub(super) fn path(&mut self, key: &str) -> Option<PathBuf> {
        let text = self.text(key)?;
        if text.contains('\0') {
            self.fault(key, "has a zero byte in it, which no path has");
            return None;
        }
        Some(PathBuf::from(text))
    }

    /// A whole number within bounds.
    pub(super) fn whole(&mut self, key: &str, bounds: RangeInclusive<u32>) -> Option<u32> {
        let number = match self.setting(key)?.written {
            Written::Whole(number) => number,
            Written::Text(text) => {
                let Ok(number) = text.trim().parse() else {
                    self.fault(key, format!("`{}` is not a whole number", text.escape_debug()));
                    return None;
                };
                number
            }
            Written::List(_) => {
                self.fault(key, "must be a whole number, not a list");
                return None;
            }
            Written::Other(kind) => {
                self.fault(key, format!("must be a whole number, not a {kind}"));
                return None;
            }
        };
        let fitting = u32::try_from(number).ok().filter(|number| bounds.contains(number));
        if fitting.is_none() {
            self.fault(key, format!("{number} is not between {} and {}", bounds.start(), bounds.end()));
        }
        fitting
    }

    /// One of some words.
    pub(super) fn choice<T: Copy>(&mut self, key: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let chosen = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if chosen.is_none() {
            let known: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            self.fault(key, format!("`{}` is not one of {}", text.escape_debug(), known.join(", ")));
        }
        chosen
    }

    /// One address with a port.
    pub(super) fn address(&mut self, key: &str) -> Option<SocketAddr> {
        let text = self.text(key)?;
        self.parse_address(key, &text)
    }

    /// An address without a port, which may be left out altogether.
    pub(super) fn ip_address(&mut self, key: &str) -> Option<IpAddr> {
        self.setting(key)?;
        let text = self.text(key)?;
        let address = text.parse().ok();
        if address.is_none() {
            self.fault(key, format!("`{}` is not an address", text.escape_debug()));
        }
        address
    }

    /// Addresses that may be left out altogether.
    pub(super) fn addresses_if_any(&mut self, key: &str) -> Vec<SocketAddr> {
        if self.setting(key).is_some() { self.addresses(key) } else { Vec::new() }
    }

    /// One text or several: a list in the file, commas elsewhere.
    pub(super) fn texts(&mut self, key: &str) -> Vec<String> {
        match self.setting(key).map(|setting| setting.written) {
            Some(Written::List(texts)) => texts,
            _ => self.text(key).map(|text| text.split(',').map(str::to_owned).collect()).unwrap_or_default(),
        }
    }

    /// Names or addresses of machines, without ports.
    pub(super) fn host_names(&mut self, key: &str) -> Vec<String> {
        let names: Vec<String> = self.texts(key).iter().map(|name| name.trim().to_owned()).collect();
        for name in &names {
            let letters =
                name.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_'));
            let is_name = (1..=253).contains(&name.len()) && letters;
            if !is_name && name.parse::<IpAddr>().is_err() {
                self.fault(key, format!("`{}` is neither an address nor a name of DNS", name.escape_debug()));
            }
        }
        names
    }

    /// One address or several: a list in the file, commas elsewhere.
    pub(super) fn addresses(&mut self, key: &str) -> Vec<SocketAddr> {
        let texts = self.texts(key);
        if texts.is_empty() && self.layers.faults.iter().all(|fault| fault.key != key) {
            self.fault(key, "names no address");
        }
        texts.iter().filter_map(|text| self.parse_address(key, text.trim())).collect()
    }

    fn parse_address(&mut self, key: &str, text: &str) -> Option<SocketAddr> {
        let parsed = text.parse().ok();
        if parsed.is_none() {
            let shown = text.escape_debug();
            let hint = if text.parse::<IpAddr>().is_ok() {
                "has no port"
            } else if text.parse::<u16>().is_ok() {
                "has no address, only a port"
            } else if text.starts_with("localhost") {
                "is a name, not an address: write 127.0.0.1"
            } else {
                "is not an address with a port"
            };
            self.fault(key, format!("`{shown}` {hint}"));
        }
        parsed
    }

    /// The database's URL, given itself or in a file. The value is never repeated: it holds a password.
    pub(super) fn database_url(&mut self) -> Option<DatabaseUrl> {
        let (direct, in_file) = ("database_url", "database_url_file");
        if self.setting(direct).is_some() && self.setting(in_file).is_some() {
            let other = self.origin(direct);
            self.fault(in_file, format!("is set, and so is `{direct}` ({other}): leave one of them out"));
            return None;
        }
        if let Some(path) = self.path(in_file) {
            return match fs::read_to_string(&path) {
                Ok(text) => self.parse_database_url(in_file, text.trim()),
                Err(error) => {
                    self.fault(in_file, format!("`{}` cannot be read ({error})", path.display()));
                    None
                }
            };
        }
        let text = self.text(direct)?;
        self.parse_database_url(direct, text.trim())
    }

    fn parse_database_url(&mut self, key: &str, text: &str) -> Option<DatabaseUrl> {
        DatabaseUrl::parse(text).map_err(|problem| self.fault(key, problem)).ok()
    }

    /// Notes addresses that cannot be bound together.
    pub(super) fn refuse_clashes<'a>(&mut self, addresses: impl Iterator<Item = (&'a str, SocketAddr)>) {
        let mut taken: Vec<(&str, SocketAddr)> = Vec::new();
        for (key, address) in addresses {
            if let Some((other_key, other)) = taken.iter().find(|(_, other)| clash(*other, address)) {
                let problem = clash_text(address, other_key, other);
                self.fault(key, problem);
            }
            taken.push((key, address));
        }
    }
}

fn clash_text(address: SocketAddr, other_key: &str, other: impl Display) -> String {
    format!("`{address}` clashes with `{other}` of `{other_key}`: give it another port")
}

/// Whether the kernel would refuse the second one. Port 0 means any free port, so it never clashes.
fn clash(one: SocketAddr, other: SocketAddr) -> bool {
    let same_place = one.ip() == other.ip()
        || (one.is_ipv4() == other.is_ipv4() && (one.ip().is_unspecified() || other.ip().is_unspecified()));
    one.port() != 0 && one.port() == other.port() && same_place
}
