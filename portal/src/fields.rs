//! What a browser sent in a query or a form: names and values, each with a limit. All of it is a stranger's word.

/// Octets of a query or a form that are read.
pub const FORM_MAX_BYTES: usize = 8 * 1024;

/// Fields that are looked at; those after are as if they were not there.
const FIELDS_MAX: usize = 24;

/// The longest value; a longer one is as if it were not there.
const VALUE_MAX_BYTES: usize = 2_800;

/// The fields of one request.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `name=value&…`.
    pub fn read(encoded: &[u8]) -> Self {
        let encoded = encoded.get(..FORM_MAX_BYTES).unwrap_or(encoded);
        let fields = form_urlencoded::parse(encoded).take(FIELDS_MAX);
        Self(fields.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// The first value of that name that is not empty, in at most so many octets and without control characters.
    pub fn get(&self, name: &str, max: usize) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(field, value)| field == name && !value.is_empty())?;
        let fits = value.len() <= max.min(VALUE_MAX_BYTES) && !value.chars().any(char::is_control);
        fits.then_some(value.as_str())
    }

    /// Whether there is a field of that name, whatever it says.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(field, value)| field == name && !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_or_unprintable_is_not_there() {
        let fields = Fields::read(b"a=&a=one+two&b=%00x&long=123456789&c=%C3%A9");

        assert_eq!((fields.get("a", 20), fields.get("b", 20), fields.get("c", 2)), (Some("one two"), None, Some("é")));
        assert_eq!((fields.get("long", 8), fields.get("long", 9)), (None, Some("123456789")));
        assert!(fields.has("b") && !fields.has("d"));
    }

    #[test]
    fn a_flood_of_fields_is_cut() {
        let many: String = (0..1_000).map(|n| format!("f{n}=1&")).collect();
        let fields = Fields::read(many.as_bytes());

        assert!(fields.has("f23") && !fields.has("f24"));
    }
}
