//! What is said when something was not done: `application/problem+json` (RFC 9457) with a code that programs can rely on.
//!
//! The codes are a closed list, each explained in `docs/api-problems.md`; a test holds that page. A problem never says
//! what the database said, nor anything of another provider.

use actions::platform::entitle::Unentitled;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use store::StoreError;
use tracing::error;
use utoipa::ToSchema;

/// What went wrong, for programs. Each has one status and one title for ever.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Code {
    /// The request cannot be read at all: not JSON, a bad query, a bad path.
    Malformed,
    /// A query parameter that there is not.
    UnknownParameter,
    /// Nobody is signed in, or not any more.
    SignIn,
    /// It came from another site's page.
    OtherSite,
    /// Signed in, without the right to do this.
    NotAllowed,
    /// The provider's account with the platform is locked.
    TenantLocked,
    /// The provider's tier does not hold any more of this.
    LimitReached,
    /// It is not there, or it is another provider's.
    NotFound,
    /// The path is there, and does not take this method.
    MethodNotAllowed,
    /// It stands against how things are.
    Conflict,
    /// The same request is being worked on.
    InProgress,
    /// It was changed since it was read.
    ChangedMeanwhile,
    /// The body is larger than is taken.
    TooLarge,
    /// The body is not JSON.
    NotJson,
    /// It can be read, and cannot be so.
    Invalid,
    /// The idempotency key came before, with another request.
    KeyReused,
    /// Too many requests.
    TooMany,
    /// It took longer than a request may.
    TooSlow,
    /// The database is away.
    DatabaseAway,
    /// Our mistake.
    Internal,
}

impl Code {
    /// All of them, in the order of the document.
    pub const ALL: [Self; 20] = [
        Self::Malformed,
        Self::UnknownParameter,
        Self::SignIn,
        Self::OtherSite,
        Self::NotAllowed,
        Self::TenantLocked,
        Self::LimitReached,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::InProgress,
        Self::ChangedMeanwhile,
        Self::TooLarge,
        Self::NotJson,
        Self::Invalid,
        Self::KeyReused,
        Self::TooMany,
        Self::TooSlow,
        Self::DatabaseAway,
        Self::Internal,
    ];

    /// As it is written in answers and in the document.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnknownParameter => "unknown_parameter",
            Self::SignIn => "sign_in",
            Self::OtherSite => "other_site",
            Self::NotAllowed => "not_allowed",
            Self::TenantLocked => "tenant_locked",
            Self::LimitReached => "limit_reached",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Conflict => "conflict",
            Self::InProgress => "in_progress",
            Self::ChangedMeanwhile => "changed_meanwhile",
            Self::TooLarge => "too_large",
            Self::NotJson => "not_json",
            Self::Invalid => "invalid",
            Self::KeyReused => "key_reused",
            Self::TooMany => "too_many",
            Self::TooSlow => "too_slow",
            Self::DatabaseAway => "database_away",
            Self::Internal => "internal",
        }
    }

    /// Its HTTP status.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Malformed | Self::UnknownParameter => StatusCode::BAD_REQUEST,
            Self::SignIn => StatusCode::UNAUTHORIZED,
            Self::TenantLocked | Self::LimitReached => StatusCode::PAYMENT_REQUIRED,
            Self::OtherSite | Self::NotAllowed => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict | Self::InProgress => StatusCode::CONFLICT,
            Self::ChangedMeanwhile => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid | Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::TooSlow | Self::DatabaseAway => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The same for people, in a few words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Malformed => "The request cannot be read",
            Self::UnknownParameter => "There is no such parameter",
            Self::SignIn => "Sign in first",
            Self::OtherSite => "This came from another site's page",
            Self::NotAllowed => "You may not do this",
            Self::TenantLocked => "The account is locked",
            Self::LimitReached => "The limit of your tier is reached",
            Self::NotFound => "It is not there",
            Self::MethodNotAllowed => "This cannot be done with it",
            Self::Conflict => "It stands against how things are",
            Self::InProgress => "The same request is being worked on",
            Self::ChangedMeanwhile => "It was changed meanwhile",
            Self::TooLarge => "The request is too large",
            Self::NotJson => "The body must be JSON",
            Self::Invalid => "It cannot be so",
            Self::KeyReused => "The idempotency key was used for another request",
            Self::TooMany => "Too many requests",
            Self::TooSlow => "It took too long",
            Self::DatabaseAway => "The database is away",
            Self::Internal => "This is our mistake",
        }
    }
}

/// What is wrong with one field of a request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct FieldFault {
    /// Where it stands in the body, as a JSON pointer (RFC 6901), or the name of a query parameter.
    #[schema(example = "/terms/rate")]
    pub field: String,
    /// What is wrong, for programs: `missing`, `unknown`, `wrong_type` or `invalid`.
    #[schema(example = "invalid")]
    pub code: FaultCode,
    /// The same for people, with what to write instead.
    pub detail: String,
}

/// What is wrong with a field, for programs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultCode {
    /// It must be there.
    Missing,
    /// There is no such field.
    Unknown,
    /// A text where a number should be, and the like.
    WrongType,
    /// Its value cannot be.
    Invalid,
}

/// Why something was not done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// For programs.
    pub code: Code,
    /// For people: what happened here, and what to do next.
    pub detail: String,
    /// The fields that are wrong.
    pub errors: Vec<FieldFault>,
    /// After how many seconds to try again.
    pub retry_after: Option<u32>,
}

impl Problem {
    /// A problem with a sentence for people.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// The same, to be tried again after so many seconds.
    #[must_use]
    pub fn after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// Nothing there by that id. The answer is the same for what is another provider's.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("there is no {what} with that id"))
    }

    /// One field that cannot be so.
    pub fn of_field(field: impl Into<String>, code: FaultCode, detail: impl Into<String>) -> Self {
        Self::of_fields(vec![FieldFault { field: field.into(), code, detail: detail.into() }])
    }

    /// Fields that cannot be so; at least one.
    pub fn of_fields(errors: Vec<FieldFault>) -> Self {
        let detail = match errors.as_slice() {
            [one] => format!("{}: {}", one.field, one.detail),
            many => format!("{} fields are wrong; `errors` names each", many.len()),
        };
        Self { errors, ..Self::new(Code::Invalid, detail) }
    }

    /// It was changed since the caller read it.
    pub fn changed_meanwhile() -> Self {
        Self::new(Code::ChangedMeanwhile, "read it again, and send the change with its new ETag")
    }

    /// Our mistake. What happened is in the log, found by the trace.
    pub fn internal() -> Self {
        Self::new(Code::Internal, "try again; if it stays so, tell support the trace")
    }

    /// Its body, once it is known which request it answers.
    pub fn body(&self, trace: &str) -> ProblemBody {
        ProblemBody {
            kind: format!("urn:mnetifi:problem:{}", self.code.text()),
            title: self.code.title().to_owned(),
            status: self.code.status().as_u16(),
            detail: self.detail.clone(),
            code: self.code.text().to_owned(),
            errors: self.errors.clone(),
            trace: trace.to_owned(),
        }
    }

    /// The whole answer. Whoever traces requests makes it of the [`Problem`] that a handler's answer carries.
    pub(crate) fn answer(&self, trace: &str) -> Response {
        let body = serde_json::to_vec(&self.body(trace)).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.code.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        let mut put = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        if let Some(seconds) = self.retry_after {
            put(header::RETRY_AFTER, &seconds.to_string());
        }
        if self.code == Code::SignIn {
            put(header::WWW_AUTHENTICATE, "Bearer");
        }
        response
    }
}

/// The body of each answer that is no success (RFC 9457).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// The kind of problem as a URI; it ends in the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:mnetifi:problem:invalid")]
    pub kind: String,
    /// The kind of problem, for people.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened here, and what to do next.
    pub detail: String,
    /// The kind of problem, for programs. The list is in `docs/api-problems.md`; it may grow.
    #[schema(example = "invalid")]
    pub code: String,
    /// The fields that are wrong; empty unless the code is `invalid` or `malformed`.
    pub errors: Vec<FieldFault>,
    /// What to tell support: the log has it too.
    #[schema(example = "6f1f2b0c9a7d4e11")]
    pub trace: String,
}

impl IntoResponse for Problem {
    /// Carries the problem to whoever knows the trace.
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(why: StoreError) -> Self {
        match why {
            StoreError::Unavailable { .. } => {
                tracing::warn!("the database is away: {why}");
                Self::new(Code::DatabaseAway, "try again in a few seconds; nothing was changed").after(2)
            }
            StoreError::Missing { what } => Self::new(Code::NotFound, format!("there is no {what} of that kind")),
            StoreError::Conflict { what } => Self::new(Code::Conflict, what),
            StoreError::Corrupt { .. }
            | StoreError::NewerDatabase { .. }
            | StoreError::NotMigrated
            | StoreError::ForeignMigration { .. }
            | StoreError::OldServer { .. }
            | StoreError::WrongMasterKey
            | StoreError::BadUrl
            | StoreError::Denied { .. }
            | StoreError::Bug { .. } => {
                error!("a request could not be answered: {why}");
                Self::internal()
            }
        }
    }
}

impl From<Unentitled> for Problem {
    fn from(why: Unentitled) -> Self {
        match why {
            Unentitled::Store(why) => why.into(),
            Unentitled::Over { .. } => Self::new(Code::LimitReached, why.to_string()),
        }
    }
}

/// Collects what is wrong with a request, field by field, so that all of it is told at once.
#[derive(Debug, Default)]
pub struct Faults(Vec<FieldFault>);

impl Faults {
    /// No faults yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a value, or notes why that field cannot be so.
    pub fn take<T, E: std::fmt::Display>(&mut self, field: &str, read: Result<T, E>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(why) => {
                self.note(field, why.to_string());
                None
            }
        }
    }

    /// Notes that a field cannot be so.
    pub fn note(&mut self, field: &str, detail: impl Into<String>) {
        self.0.push(FieldFault { field: field.to_owned(), code: FaultCode::Invalid, detail: detail.into() });
    }

    /// The problem that all faults make; what was taken is whole when there is none.
    pub fn none(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(Problem::of_fields(self.0)) }
    }

    /// Gives what was made of the fields, unless one of them was wrong.
    pub fn unless<T>(self, made: Option<T>) -> Result<T, Problem> {
        self.none()?;
        made.ok_or_else(Problem::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained_in_the_document_and_every_entry_is_a_code() {
        let document = include_str!("../../docs/api-problems.md");
        let rows: Vec<(&str, &str)> = document
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
            .filter_map(|(code, rest)| Some((code, rest.split(" |").next()?)))
            .collect();

        let codes: Vec<(&str, String)> =
            Code::ALL.iter().map(|code| (code.text(), code.status().as_u16().to_string())).collect();

        let codes: Vec<(&str, &str)> = codes.iter().map(|(code, status)| (*code, status.as_str())).collect();
        assert_eq!(rows, codes);
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let mut faults = Faults::new();
        let name: Option<u8> = faults.take("/name", "x".parse::<u8>());
        faults.take("/address", "1".parse::<u8>());
        faults.note("/signing", "is wrong");

        let problem = faults.unless(name).expect_err("two are wrong");

        let fields: Vec<&str> = problem.errors.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(fields, ["/name", "/signing"]);
    }

    #[test]
    fn what_the_database_said_stays_with_us() {
        let problem = Problem::from(StoreError::Bug { reason: "it answered 42883".to_owned() });

        assert_eq!(problem.code, Code::Internal);
        assert!(!problem.detail.contains("42883"));
    }
}
