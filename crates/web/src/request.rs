//! What is said of a request in the log and to Prometheus, and what becomes of a panic.

use std::any::Any;

use axum::http::Method;
use ports::Random;

/// What people quote to support, and the log has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trace(pub String);

impl Trace {
    /// A new one.
    pub fn new(random: &dyn Random) -> Self {
        let mut octets = [0; 8];
        random.fill(&mut octets);
        Self(hex::encode(octets))
    }
}

/// A method as a label: strangers may make up words.
pub fn known_method(method: &Method) -> &'static str {
    let known = [
        (Method::GET, "GET"),
        (Method::HEAD, "HEAD"),
        (Method::POST, "POST"),
        (Method::PATCH, "PATCH"),
        (Method::PUT, "PUT"),
        (Method::DELETE, "DELETE"),
        (Method::OPTIONS, "OPTIONS"),
    ];
    known.into_iter().find(|(one, _)| one == method).map_or("other", |(_, name)| name)
}

/// What a panic said. Our own sentences hold no secrets.
pub fn words_of(cause: &(dyn Any + Send)) -> &str {
    let owned = cause.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| cause.downcast_ref::<&str>().copied()).unwrap_or("it said nothing")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_that_a_stranger_made_up_is_no_label() {
        let made_up = Method::from_bytes(b"BREW").expect("a method");

        assert_eq!((known_method(&Method::POST), known_method(&made_up)), ("POST", "other"));
    }

    #[test]
    fn a_panic_is_told_in_its_own_words() {
        let owned: Box<dyn Any + Send> = Box::new("a cup is broken".to_owned());
        let borrowed: Box<dyn Any + Send> = Box::new("so is this");
        let other: Box<dyn Any + Send> = Box::new(7_u8);

        assert_eq!((words_of(&*owned), words_of(&*borrowed)), ("a cup is broken", "so is this"));
        assert_eq!(words_of(&*other), "it said nothing");
    }
}
