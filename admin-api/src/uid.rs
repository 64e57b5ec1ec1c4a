//! Ids as bodies and queries have them: texts that are UUIDs.
//!
//! The document's maker knows the type by its name, so it has the name of what it holds.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An id in a body or a query.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Uuid(uuid::Uuid);

impl Uuid {
    /// The id itself.
    pub const fn get(self) -> uuid::Uuid {
        self.0
    }
}

impl From<uuid::Uuid> for Uuid {
    fn from(id: uuid::Uuid) -> Self {
        Self(id)
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Uuid {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Uuid {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let read = uuid::Uuid::parse_str(&text).map(Self);
        read.map_err(|_| serde::de::Error::custom("write an id, as 019ab0c2-7f6e-7d3a-9f00-2b7c1d5e8a44"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_text_that_is_a_uuid() {
        let id = Uuid::from(uuid::Uuid::from_bytes([7; 16]));
        let text = serde_json::to_string(&id).expect("written");

        assert_eq!(text, "\"07070707-0707-0707-0707-070707070707\"");
        assert_eq!(serde_json::from_str::<Uuid>(&text).expect("read"), id);
        assert!(serde_json::from_str::<Uuid>("\"7\"").is_err() && serde_json::from_str::<Uuid>("7").is_err());
    }
}
