//! Names of attributes and values → names in Rust.

use crate::parse::VendorLine;

/// Modules of the crate's root; a source of the same name would be hidden behind them.
const ROOT_MODULES: [&str; 7] = ["attribute", "generate", "generated", "kind", "lookup", "parse", "table"];

/// Words of the language that look like module names.
const KEYWORDS: [&str; 11] =
    ["type", "match", "mod", "use", "static", "move", "loop", "return", "trait", "yield", "async"];

/// Whether a file's name can be the name of a generated module.
pub(super) fn is_module_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'_')
        && !ROOT_MODULES.contains(&name)
        && !KEYWORDS.contains(&name)
}

/// The name of a constant: `X.75-Synchronous` → `X_75_SYNCHRONOUS`, `802.1q` → `N802_1Q`.
pub(super) fn constant(name: &str) -> String {
    let mut constant = String::with_capacity(name.len() + 1);
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        constant.push('N');
    }
    for letter in name.chars() {
        constant.push(if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' });
    }
    constant
}

/// The name of a module of values: `Service-Type` → `service_type`.
pub(super) fn module(name: &str) -> String {
    let mut module = constant(name).to_ascii_lowercase();
    if KEYWORDS.contains(&module.as_str()) {
        module.push('_');
    }
    module
}

/// An attribute's name without its vendor's, which the module says already: `Mikrotik-Realm` → `Realm`.
pub(super) fn without_vendor<'name>(name: &'name str, vendor: Option<&VendorLine>) -> &'name str {
    let stripped = vendor.and_then(|vendor| name.strip_prefix(vendor.name.as_str())?.strip_prefix('-'));
    stripped.unwrap_or(name)
}
