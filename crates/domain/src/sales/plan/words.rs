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
        fn all<Value: Display>(values: &[Value]) -> String {
            let words: Vec<String> = values.iter().map(ToString::to_string).collect();
            if words.is_empty() { "none".to_owned() } else { words.join("; ") }
        }
        vec![
            ("rate", or(self.rate, "unlimited")),
            ("speed windows", all(&self.speed_windows)),
            ("fair use", all(&self.fair_use)),
            ("devices", self.device_cap.to_string()),
            ("one device more", self.when_full.code().to_owned()),
            ("duration", self.duration.to_string()),
            ("counts from", self.anchor.code().to_owned()),
            ("data cap", or(self.data_cap.map(|cap| cap.exactly()), "none")),
            ("data counts over", or(self.data_window, "its whole life")),
            ("pool", or(self.pool.as_ref().map(RouterName::as_str), "none")),
            ("address list", or(self.address_list.as_ref().map(RouterName::as_str), "none")),
            ("price", self.price.to_string()),
        ]
    }
}
