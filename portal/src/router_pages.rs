//! The small pages that a hotspot's router shows itself, which do little but send the browser to the portal.
//!
//! RouterOS fills in what stands in `$(…)`; `-esc` variables are escaped for an address.

use askama::filters::{Escaper as _, Html};

/// The most octets of all pages of a router together.
pub const ALL_MAX_BYTES: usize = 20 * 1024;

/// The script that makes the proof of CHAP, which stands in the login page.
const MD5: &str = include_str!("../router-pages/md5.js");

/// The pages, as they are before the provider's own are filled in.
const PAGES: [(&str, &str); 9] = [
    ("login.html", include_str!("../router-pages/login.html")),
    ("alogin.html", include_str!("../router-pages/alogin.html")),
    ("status.html", include_str!("../router-pages/status.html")),
    ("logout.html", include_str!("../router-pages/logout.html")),
    ("redirect.html", include_str!("../router-pages/redirect.html")),
    ("rlogin.html", include_str!("../router-pages/rlogin.html")),
    ("error.html", include_str!("../router-pages/error.html")),
    ("api.json", include_str!("../router-pages/api.json")),
    ("errors.txt", include_str!("../router-pages/errors.txt")),
];

/// All pages of a router: their names, and what is in them. `base` is where the provider's portal is, as
/// `https://savanna.wifi.example`; `router` is the name that the router is registered under.
pub fn all(base: &str, router: &str, isp: &str) -> Vec<(&'static str, String)> {
    let isp = escaped(isp);
    let base = escaped(base.trim_end_matches('/'));
    let fill = |page: &str| {
        // The provider's name comes last: nothing in it is filled in.
        page.replace("[[md5]]", MD5.trim())
            .replace("[[router]]", router)
            .replace("[[base]]", &base)
            .replace("[[isp]]", &isp)
    };
    PAGES.iter().map(|(name, page)| (*name, fill(page))).collect()
}

/// As a page may hold it; without what RouterOS would fill in.
fn escaped(text: &str) -> String {
    let mut page = String::new();
    // Writing to a text does not fail.
    _ = Html.write_escaped_str(&mut page, text);
    page.replace('$', "&#36;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_whole_and_small_and_send_to_the_portal() {
        let pages = all("https://savanna.wifi.example/", "tower", "Savanna & Sons $(mac)");

        let total: usize = pages.iter().map(|(_, page)| page.len()).sum();
        assert!(total < ALL_MAX_BYTES, "{total} octets");
        let page = |name: &str| pages.iter().find(|(known, _)| *known == name).map(|(_, page)| page.clone());
        let login = page("login.html").expect("a page");
        assert!(login.contains("https://savanna.wifi.example/hs/tower?mac=$(mac-esc)&ip=$(ip-esc)&lo="), "{login}");
        assert!(login.contains("function md5") && login.contains("$(chap-challenge)"));
        assert!(page("alogin.html").expect("a page").contains("https://savanna.wifi.example/on/tower?mac="));
        for (name, page) in &pages {
            assert!(!page.contains("[[") && !page.contains("$(mac)"), "{name}: {page}");
            assert_eq!(page.matches("$(if ").count(), page.matches("$(endif)").count(), "{name}");
            assert!(!page.contains("Savanna & Sons"), "{name}");
        }
    }

    #[test]
    fn the_routers_words_are_those_that_the_portal_knows() {
        use crate::said::{AtRouter, at_router};
        use domain::refusal::Refusal;

        let pages = all("https://savanna.wifi.example", "tower", "Savanna");
        let errors = pages.iter().find(|(name, _)| *name == "errors.txt").map(|(_, page)| page.clone()).expect("there");
        let said = |key: &str| {
            let line = errors.lines().find(|line| line.starts_with(&format!("{key} ="))).expect("there");
            at_router(line.split_once(" = ").expect("a sentence").1)
        };

        assert_eq!(said("radius-timeout"), AtRouter::NoAnswer);
        assert_eq!(said("auth-in-progress"), AtRouter::Busy);
        assert_eq!(said("user-session-limit"), AtRouter::TooManyDevices);
        assert_eq!(said("uptime-limit"), AtRouter::Refused(Refusal::Expired));
        assert_eq!(said("traffic-limit"), AtRouter::Refused(Refusal::DataUsedUp));
        assert_eq!(said("invalid-username"), AtRouter::Refused(Refusal::Unknown));
    }
}
