//! Subdomains that no ISP may have: the platform's own, and those that people would take for it.

/// Names of services, of the platform, and of what people trust. Sorted.
const RESERVED: &[&str] = &[
    "about",
    "abuse",
    "account",
    "accounts",
    "admin",
    "administrator",
    "api",
    "app",
    "apps",
    "assets",
    "auth",
    "autoconfig",
    "autodiscover",
    "backup",
    "beta",
    "billing",
    "blog",
    "captive",
    "cdn",
    "chat",
    "console",
    "contact",
    "dashboard",
    "db",
    "demo",
    "dev",
    "dns",
    "docs",
    "download",
    "email",
    "files",
    "ftp",
    "git",
    "graphql",
    "health",
    "help",
    "hostmaster",
    "hotspot",
    "imap",
    "info",
    "internal",
    "invoice",
    "invoices",
    "isp",
    "legal",
    "localhost",
    "login",
    "logout",
    "mail",
    "manage",
    "metrics",
    "mnetifi",
    "monitor",
    "mpesa",
    "mx",
    "news",
    "ns",
    "ns1",
    "ns2",
    "ns3",
    "oauth",
    "owner",
    "pay",
    "payment",
    "payments",
    "platform",
    "pop",
    "portal",
    "postmaster",
    "private",
    "proxy",
    "public",
    "radius",
    "register",
    "root",
    "safaricom",
    "sales",
    "secure",
    "security",
    "server",
    "shop",
    "sign-in",
    "sign-up",
    "signin",
    "signup",
    "smtp",
    "ssh",
    "sso",
    "staff",
    "staging",
    "static",
    "status",
    "store",
    "support",
    "system",
    "team",
    "test",
    "tls",
    "vpn",
    "webhook",
    "webhooks",
    "webmail",
    "wifi",
    "wpad",
    "ws",
    "www",
    "www1",
    "www2",
];

/// Fewest characters of a subdomain that an ISP may choose.
pub const LENGTH_MIN: usize = 3;

/// Whether an ISP may not have it: it is on the list, too short, or looks like an encoded name in another script.
pub fn is_reserved(slug: &str) -> bool {
    slug.len() < LENGTH_MIN || slug.starts_with("xn--") || RESERVED.binary_search(&slug).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_so_that_it_is_found_in() {
        assert!(RESERVED.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn an_isp_has_a_name_of_its_own() {
        for taken in ["www", "api", "platform", "admin", "mpesa", "ab", "xn--80ak6aa92e"] {
            assert!(is_reserved(taken), "{taken}");
        }
        for free in ["savanna", "rift-net", "api-savanna", "abc"] {
            assert!(!is_reserved(free), "{free}");
        }
    }
}
