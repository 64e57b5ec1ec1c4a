//! The tables of [`crate::lookup`], sorted here so that nothing is sorted at run time.

use super::layout;
use super::names::constant;
use crate::parse::{AttributeLine, VendorLine, Vocabulary};

/// The whole file.
pub(super) fn written(vocabulary: &Vocabulary) -> String {
    let mut attributes: Vec<&AttributeLine> =
        vocabulary.sources().iter().flat_map(|source| &source.attributes).collect();
    attributes.sort_by_key(|attribute| (attribute.vendor, attribute.number));

    let mut text = String::from("//! The tables of `lookup`: vendors, attributes and named values, sorted.\n//!\n");
    text.push_str("//! Written by `cargo run -p dictionaries --example generate` from `text`: edit that instead.\n\n");
    text.push_str("use crate::kind::Kind;\nuse crate::lookup::{Definition, Value, Vendor};\n");
    text.push_str(&vendors(vocabulary));
    text.push_str(&definitions(vocabulary, &attributes));
    text.push_str(&names(&attributes));
    for attribute in &attributes {
        text.push_str(&values(vocabulary, attribute));
    }
    text
}

fn vendors(vocabulary: &Vocabulary) -> String {
    let mut vendors: Vec<&VendorLine> =
        vocabulary.sources().iter().filter_map(|source| source.vendor.as_ref()).collect();
    vendors.sort_by_key(|vendor| vendor.number);
    let items: Vec<String> = vendors
        .iter()
        .map(|vendor| {
            let fields = [format!("name: \"{}\"", vendor.name), format!("number: {}", vendor.number)];
            layout::item("Vendor", &fields)
        })
        .collect();
    let head = format!("pub(crate) static VENDORS: [Vendor; {}] =", items.len());
    format!("\n/// By number.\n{}", layout::list(&head, &items))
}

fn definitions(vocabulary: &Vocabulary, attributes: &[&AttributeLine]) -> String {
    let items: Vec<String> = attributes.iter().map(|attribute| definition(vocabulary, attribute)).collect();
    let head = format!("pub(crate) static DEFINITIONS: [Definition; {}] =", items.len());
    format!("\n/// By vendor and number.\n{}", layout::list(&head, &items))
}

fn definition(vocabulary: &Vocabulary, attribute: &AttributeLine) -> String {
    let named = !vocabulary.values(&attribute.name).is_empty();
    let values = if named { format!("values: &{}", constant(&attribute.name)) } else { "values: &[]".to_owned() };
    let fields = [
        format!("name: \"{}\"", attribute.name),
        format!("vendor: {}", attribute.vendor),
        format!("number: {}", attribute.number),
        format!("kind: Kind::{}", attribute.kind.name()),
        values,
    ];
    layout::item("Definition", &fields)
}

fn names(attributes: &[&AttributeLine]) -> String {
    let mut names: Vec<(String, usize)> =
        attributes.iter().enumerate().map(|(index, attribute)| (attribute.name.to_ascii_lowercase(), index)).collect();
    names.sort();
    let items: Vec<String> = names.iter().map(|(name, index)| format!("(\"{name}\", &DEFINITIONS[{index}])")).collect();
    let head = format!("pub(crate) static BY_NAME: [(&str, &Definition); {}] =", items.len());
    format!("\n/// By name in small letters.\n{}", layout::list(&head, &items))
}

fn values(vocabulary: &Vocabulary, attribute: &AttributeLine) -> String {
    let items: Vec<String> = vocabulary
        .values(&attribute.name)
        .iter()
        .map(|value| layout::item("Value", &[format!("name: \"{}\"", value.name), format!("number: {}", value.number)]))
        .collect();
    if items.is_empty() {
        return String::new();
    }
    let head = format!("static {}: [Value; {}] =", constant(&attribute.name), items.len());
    format!("\n{}", layout::list(&head, &items))
}
