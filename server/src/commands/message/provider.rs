//! A provider of text messages as a JSON file has it: the same as the API's.

use anyhow::anyhow;
use domain::messages::provider::{BodyKind, HttpMethod, HttpTerms, PhoneForm, Success};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    name: String,
    value: String,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SuccessFile {
    statuses: Vec<u16>,
    verdict_at: Vec<String>,
    good: Vec<String>,
    hopeless: Vec<String>,
    text: Option<String>,
    reference_at: Option<String>,
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProviderFile {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Header>,
    body_kind: Option<String>,
    body: Option<String>,
    phone_form: String,
    #[serde(default)]
    success: SuccessFile,
}

impl ProviderFile {
    pub(super) fn of(terms: &HttpTerms) -> Self {
        let Success { statuses, verdict_at, good, hopeless, text, reference_at } = terms.success.clone();
        let header = |(name, value): &(String, String)| Header { name: name.clone(), value: value.clone() };
        Self {
            method: terms.method.code().to_owned(),
            url: terms.url.clone(),
            headers: terms.headers.iter().map(header).collect(),
            body_kind: terms.body.as_ref().map(|(kind, _)| kind.code().to_owned()),
            body: terms.body.as_ref().map(|(_, body)| body.clone()),
            phone_form: terms.phone_form.code().to_owned(),
            success: SuccessFile { statuses, verdict_at, good, hopeless, text, reference_at },
        }
    }

    pub(super) fn terms(self) -> anyhow::Result<HttpTerms> {
        let unknown = |what: &str, text: &str| anyhow!("`{}` is no {what}", text.escape_debug());
        let body = match (self.body_kind, self.body) {
            (Some(kind), Some(body)) => {
                Some((BodyKind::from_code(&kind).ok_or_else(|| unknown("body_kind: write json or form", &kind))?, body))
            }
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => anyhow::bail!("`body` and `body_kind` go together"),
        };
        let SuccessFile { statuses, verdict_at, good, hopeless, text, reference_at } = self.success;
        Ok(HttpTerms {
            method: HttpMethod::from_code(&self.method)
                .ok_or_else(|| unknown("method: write GET, POST or PUT", &self.method))?,
            url: self.url,
            headers: self.headers.into_iter().map(|header| (header.name, header.value)).collect(),
            body,
            phone_form: PhoneForm::from_code(&self.phone_form)
                .ok_or_else(|| unknown("phone_form: write plus, international, national or bare", &self.phone_form))?,
            success: Success { statuses, verdict_at, good, hopeless, text, reference_at },
        })
    }
}

#[cfg(test)]
mod tests {
    use domain::messages::provider::Terms;
    use policy::messages::requests;

    use super::*;

    #[test]
    fn the_documented_providers_can_be_asked() {
        let document = include_str!("../../../../docs/messages.md");
        let examples: Vec<&str> =
            document.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();

        assert_eq!(examples.len(), 3);
        for example in examples {
            let file: ProviderFile = serde_json::from_str(example).expect(example);
            let terms = file.terms().expect(example);
            assert_eq!(requests::faults(&Terms::Http(Box::new(terms.clone()))), [], "{example}");
            let again: ProviderFile =
                serde_json::from_str(&serde_json::to_string(&ProviderFile::of(&terms)).expect("written"))
                    .expect("read");
            assert_eq!(again.terms().expect("good"), terms);
        }
    }

    #[test]
    fn what_is_not_known_is_named() {
        let bad = r#"{"method": "FETCH", "url": "https://a.b/", "phone_form": "plus"}"#;
        let file: ProviderFile = serde_json::from_str(bad).expect("read");

        assert_eq!(file.terms().expect_err("refused").to_string(), "`FETCH` is no method: write GET, POST or PUT");
    }
}
