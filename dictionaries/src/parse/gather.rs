//! All sources together: what lines of different files say about each other.

use super::{AttributeLine, Problem, Refused, Source, ValueLine};
use crate::kind::Kind;
use std::collections::BTreeMap;

/// Sources that agree with each other, in the order of their names.
///
/// Every name and number stands once, and every value belongs to an attribute that can take it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    sources: Vec<Source>,
}

impl Vocabulary {
    /// The sources, in the order of their names.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The attribute of that name and the source it stands in. Letter case matters here: a text spells it right.
    pub fn attribute(&self, name: &str) -> Option<(&Source, &AttributeLine)> {
        self.sources.iter().find_map(|source| {
            source.attributes.iter().find(|attribute| attribute.name == name).map(|attribute| (source, attribute))
        })
    }

    /// Every value of that attribute, from whichever source, by number.
    pub fn values(&self, attribute: &str) -> Vec<&ValueLine> {
        let mut values: Vec<&ValueLine> = self
            .sources
            .iter()
            .flat_map(|source| &source.values)
            .filter(|value| value.attribute == attribute)
            .collect();
        values.sort_by_key(|value| value.number);
        values
    }
}

/// Puts sources together. Refuses the first line that contradicts another.
pub fn gather(mut sources: Vec<Source>) -> Result<Vocabulary, Refused> {
    sources.sort_by(|left, right| left.name.cmp(&right.name));
    check_vendors(&sources)?;
    check_attributes(&sources)?;
    let vocabulary = Vocabulary { sources };
    check_values(&vocabulary)?;
    Ok(vocabulary)
}

fn refused(source: &Source, line: usize, problem: Problem) -> Refused {
    Refused { file: format!("{}.dict", source.name), line, problem }
}

fn check_vendors(sources: &[Source]) -> Result<(), Refused> {
    let mut names = BTreeMap::new();
    let mut numbers = BTreeMap::new();
    for source in sources {
        let Some(vendor) = &source.vendor else { continue };
        let name_taken = names.insert(vendor.name.to_ascii_lowercase(), ()).is_some();
        if name_taken || numbers.insert(vendor.number, ()).is_some() {
            return Err(refused(source, 0, Problem::VendorTaken(vendor.name.clone())));
        }
    }
    Ok(())
}

fn check_attributes(sources: &[Source]) -> Result<(), Refused> {
    let mut names = BTreeMap::new();
    let mut numbers = BTreeMap::new();
    for source in sources {
        for attribute in &source.attributes {
            if names.insert(attribute.name.to_ascii_lowercase(), ()).is_some() {
                return Err(refused(source, attribute.line, Problem::NameTaken(attribute.name.clone())));
            }
            if let Some(by) = numbers.insert((attribute.vendor, attribute.number), &attribute.name) {
                return Err(refused(source, attribute.line, Problem::NumberTaken { by: by.clone() }));
            }
        }
    }
    Ok(())
}

fn check_values(vocabulary: &Vocabulary) -> Result<(), Refused> {
    let mut names = BTreeMap::new();
    let mut numbers = BTreeMap::new();
    for source in vocabulary.sources() {
        for value in &source.values {
            check_value(vocabulary, value).map_err(|problem| refused(source, value.line, problem))?;
            let of = &value.attribute;
            let by_name = names.insert((of, value.name.to_ascii_lowercase()), &value.name);
            if let Some(by) = by_name.or_else(|| numbers.insert((of, value.number), &value.name)) {
                return Err(refused(source, value.line, Problem::ValueTaken { by: by.clone() }));
            }
        }
    }
    Ok(())
}

fn check_value(vocabulary: &Vocabulary, value: &ValueLine) -> Result<(), Problem> {
    let Some((_, attribute)) = vocabulary.attribute(&value.attribute) else {
        return Err(Problem::UnknownAttribute(value.attribute.clone()));
    };
    match most(attribute.kind) {
        None => Err(Problem::TakesNoValues(attribute.name.clone())),
        Some(most) if value.number > most => {
            Err(Problem::OutOfRange { number: value.number.to_string(), least: 0, most })
        }
        Some(_) => Ok(()),
    }
}

/// The highest value a name can be given to; `None` for kinds that are not plain numbers.
fn most(kind: Kind) -> Option<u32> {
    match kind {
        Kind::Byte => Some(u8::MAX.into()),
        Kind::Short => Some(u16::MAX.into()),
        Kind::TaggedInteger => Some(0x00FF_FFFF),
        Kind::Integer | Kind::Integer64 => Some(u32::MAX),
        Kind::Text
        | Kind::Octets
        | Kind::Ipv4
        | Kind::Ipv6
        | Kind::Ipv6Prefix
        | Kind::Ipv4Prefix
        | Kind::InterfaceId
        | Kind::Date
        | Kind::TaggedText
        | Kind::Hidden
        | Kind::Salted => None,
    }
}
