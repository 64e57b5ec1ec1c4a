//! Sends a browser to its router with a name to log in with.
//!
//! By a redirect, never by a form: browsers warn of forms that leave an encrypted page for one that is not. Where the
//! router wants CHAP, its own page makes the proof: it alone knows the challenge that holds at that moment.

use form_urlencoded::Serializer;

use crate::visit::Visit;

/// The address that logs a device in under a name, whose password is the name again. `None` when no way to the router
/// is known.
pub fn to_router(visit: &Visit, name: &str) -> Option<String> {
    let login = visit.login.as_ref()?.as_str();
    let mut query = Serializer::new(String::new());
    if visit.chap {
        query.append_pair("var", name);
    } else {
        query.append_pair("username", name).append_pair("password", name);
    }
    if let Some(wanted) = &visit.wanted {
        query.append_pair("dst", wanted);
    }
    Some(format!("{login}?{}", query.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::visit::RouterPage;

    fn visit(chap: bool) -> Visit {
        let login = RouterPage::parse("http://10.5.50.1/login", None, &[]);
        Visit { login, chap, wanted: Some("http://example.com/?a=b&c=d".to_owned()), ..Visit::default() }
    }

    #[test]
    fn a_router_with_pap_gets_the_name_and_one_with_chap_gets_it_for_its_own_page() {
        let pap = to_router(&visit(false), "aB3");
        let chap = to_router(&visit(true), "aB3");

        let dst = "dst=http%3A%2F%2Fexample.com%2F%3Fa%3Db%26c%3Dd";
        assert_eq!(pap, Some(format!("http://10.5.50.1/login?username=aB3&password=aB3&{dst}")));
        assert_eq!(chap, Some(format!("http://10.5.50.1/login?var=aB3&{dst}")));
        assert_eq!(to_router(&Visit::default(), "aB3"), None);
    }
}
