//! The module of one source: its attributes, and its values.

use super::layout;
use super::names::{constant, module, without_vendor};
use crate::parse::{AttributeLine, Source, ValueLine, Vocabulary};

/// The whole file.
pub(super) fn written(vocabulary: &Vocabulary, source: &Source) -> String {
    let groups = value_groups(source);
    let mut text = head(source);
    text.push_str(&borrowed_attributes(vocabulary, source, &groups));
    if let Some(vendor) = &source.vendor {
        text.push_str(&format!("\n/// {}'s private enterprise number.\n", vendor.name));
        text.push_str(&format!("pub const VENDOR: u32 = {};\n", vendor.number));
    }
    for attribute in &source.attributes {
        text.push_str(&attribute_constant(source, attribute));
    }
    for name in groups {
        text.push_str(&value_module(vocabulary, source, name));
    }
    text
}

fn head(source: &Source) -> String {
    let uses = if source.attributes.is_empty() { "" } else { "\nuse crate::{Attribute, kind};\n" };
    format!(
        "//! {}.\n//!\n//! Written by `cargo run -p dictionaries --example generate` from `text/{}.dict`: \
         edit that instead.\n{uses}",
        source.title, source.name
    )
}

/// The attributes that a source gives values to, each once, in the order of the text.
fn value_groups(source: &Source) -> Vec<&str> {
    let mut groups: Vec<&str> = Vec::new();
    for value in &source.values {
        if !groups.contains(&value.attribute.as_str()) {
            groups.push(&value.attribute);
        }
    }
    groups
}

/// Attributes of other sources that this one gives values to: whoever reads this module finds both here.
fn borrowed_attributes(vocabulary: &Vocabulary, source: &Source, groups: &[&str]) -> String {
    let mut lines: Vec<String> = groups
        .iter()
        .filter_map(|name| vocabulary.attribute(name))
        .filter(|(owner, _)| owner.name != source.name)
        .map(|(owner, attribute)| {
            let short = without_vendor(&attribute.name, owner.vendor.as_ref());
            format!("pub use super::{}::{};\n", owner.name, constant(short))
        })
        .collect();
    lines.sort();
    if lines.is_empty() { String::new() } else { format!("\n{}", lines.concat()) }
}

fn attribute_constant(source: &Source, attribute: &AttributeLine) -> String {
    let short = constant(without_vendor(&attribute.name, source.vendor.as_ref()));
    let vendor = if attribute.vendor == 0 { "0" } else { "VENDOR" };
    let head = format!("pub const {short}: Attribute<kind::{}> =", attribute.kind.name());
    let tail = format!("Attribute::new({vendor}, {}, \"{}\")", attribute.number, attribute.name);
    format!("\n/// {}\n{}", attribute_words(source, attribute), layout::assignment(&head, &tail))
}

/// `` `User-Name`, attribute 1 (RFC 2865 §5.1). `` — a note is a section, words, or `section: words`.
fn attribute_words(source: &Source, attribute: &AttributeLine) -> String {
    let (section, words) = match attribute.note.strip_prefix('§') {
        Some(_) => attribute.note.split_once(": ").unwrap_or((&attribute.note, "")),
        None => ("", attribute.note.as_str()),
    };
    let reference = format!("{} {section}", reference(source));
    let (name, number) = (&attribute.name, attribute.number);
    let colon = if words.is_empty() { "" } else { ": " };
    format!("`{name}`, attribute {number} ({}){colon}{words}.", reference.trim_end())
}

/// The short name of a source: its title up to the colon.
fn reference(source: &Source) -> &str {
    source.title.split_once(':').map_or(source.title.as_str(), |(short, _)| short)
}

fn value_module(vocabulary: &Vocabulary, source: &Source, attribute: &str) -> String {
    let owner = vocabulary.attribute(attribute).map_or(source, |(owner, _)| owner);
    let name = module(without_vendor(attribute, owner.vendor.as_ref()));
    let borrows = owner.name != source.name && owner.values.iter().any(|value| value.attribute == attribute);
    let (also, line) = if borrows {
        let line = format!("    pub use crate::generated::{}::{name}::*;\n\n", owner.name);
        (format!(", those of {} included", reference(owner)), line)
    } else {
        Default::default()
    };
    let mut values: Vec<&ValueLine> = source.values.iter().filter(|value| value.attribute == attribute).collect();
    values.sort_by_key(|value| value.number);
    let constants: Vec<String> = values.into_iter().map(|value| value_constant(source, value)).collect();
    format!("\n/// Values of `{attribute}`{also}.\npub mod {name} {{\n{line}{}}}\n", constants.concat())
}

fn value_constant(source: &Source, value: &ValueLine) -> String {
    format!(
        "    /// `{}` of `{}`, {} ({}).\n    pub const {}: u32 = {};\n",
        value.name,
        value.attribute,
        value.number,
        reference(source),
        constant(&value.name),
        value.number
    )
}
