//! A plan's terms in words: for people who look at a plan, and for the audit.

use std::fmt::Display;

use super::PlanTerms;
use crate::text::RouterName;

impl PlanTerms {
    /// Each term with its name, always the same ones in the same order. Equal words are equal terms.
    pub fn in_words(&self) -> Vec<(&'static str, String)> {
        fn or<Value: Display>(value: Option<Value>, none: &str) -> String {
            value.map_or_else(|| none.to_owned(), |value| value.to_string())
        }
        vec![
            ("rate", or(self.rate, "unlimited")),
            ("devices", self.device_cap.to_string()),
            ("duration", self.duration.to_string()),
            ("counts from", self.anchor.code().to_owned()),
            ("data cap", or(self.data_cap.map(|cap| cap.exactly()), "none")),
            ("pool", or(self.pool.as_ref().map(RouterName::as_str), "none")),
            ("address list", or(self.address_list.as_ref().map(RouterName::as_str), "none")),
            ("price", self.price.to_string()),
        ]
    }
}
