//! The address of a PostgreSQL elsewhere, with a password in it.

use std::fmt;

/// A `postgres://` URL. Prints without the password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Takes a URL of the right scheme; the rest is for the driver to understand.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.contains(|letter: char| letter.is_control() || letter == ' ') {
            return Err("has blanks or line ends in it");
        }
        let rest = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://"));
        match rest {
            Some(rest) if !rest.is_empty() => Ok(Self(text.to_owned())),
            _ => Err("does not begin with postgres://"),
        }
    }

    /// All of it, for the driver.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DatabaseUrl {
    /// Scheme, user, host and database; no password, and no parameters, which may hold one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("postgres", ""));
        // The last at-sign ends the password: one inside it may have been left unencoded. But one among the parameters
        // ends nothing, and then it cannot be told what is what.
        let (login, place) = rest.rsplit_once('@').map_or((None, rest), |(login, place)| (Some(login), place));
        if login.is_some_and(|login| login.contains(['?', '#'])) {
            return write!(f, "{scheme}://***");
        }
        let place = place.split(['?', '#']).next().unwrap_or_default();
        match login.map(|login| login.split_once(':').map_or((login, ""), |(user, _)| (user, ":***"))) {
            Some((user, password)) => write!(f, "{scheme}://{user}{password}@{place}"),
            None => write!(f, "{scheme}://{place}"),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_never_prints_its_password() {
        for url in [
            "postgres://app:s3cret@db/mnetifi",
            "postgres://app:s3cret@db/mnetifi?sslmode=require",
            "postgres://app:s3/cr@s3cret@db/mnetifi",
            "postgres://db/mnetifi?user=app&password=s3cret",
        ] {
            let url = DatabaseUrl::parse(url).unwrap();

            let shown = format!("{url} {url:?}");

            assert!(!shown.contains("s3"), "{shown}");
            assert!(shown.contains("db/mnetifi"), "{shown}");
        }
    }

    #[test]
    fn a_url_that_cannot_be_understood_prints_nothing() {
        let url = DatabaseUrl::parse("postgres://db/mnetifi?password=s3@cret").unwrap();

        assert_eq!(url.to_string(), "postgres://***");
    }

    #[test]
    fn the_driver_gets_all_of_it() {
        let url = DatabaseUrl::parse("postgresql://app:s3cret@db/mnetifi").unwrap();

        assert_eq!(url.expose(), "postgresql://app:s3cret@db/mnetifi");
    }

    #[test]
    fn another_scheme_is_refused() {
        assert!(DatabaseUrl::parse("mysql://db/mnetifi").is_err());
        assert!(DatabaseUrl::parse("postgres://").is_err());
    }
}
