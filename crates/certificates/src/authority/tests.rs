use std::sync::Arc;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);
const DAY: Span = Span::seconds(86_400);

fn serial(octet: u8) -> Serial {
    Serial::of_chance([octet; 16])
}

fn authority(octet: u8) -> Authority {
    Authority::found(&format!("authority {octet}"), serial(octet), NOW, NOW.plus(Span::seconds(20 * 86_400)))
        .expect("founded")
}

fn roots(authority: &Authority) -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(authority.certificate().to_vec())).expect("a root");
    Arc::new(roots)
}

fn at(time: Timestamp) -> UnixTime {
    let seconds = u64::try_from(time.as_seconds()).expect("after 1970");
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds))
}

fn is_believed(issued: &Issued, by: &Authority, now: Timestamp) -> bool {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots(by), provider).build().expect("built");
    let certificate = CertificateDer::from(issued.certificate.clone());
    verifier.verify_client_cert(&certificate, &[], at(now)).is_ok()
}

#[test]
fn a_routers_certificate_is_believed_from_its_authority_alone_and_while_it_lasts() {
    let (ours, theirs) = (authority(1), authority(2));

    let issued = ours.issue_to_router("tower-3", serial(3), NOW, NOW.plus(DAY)).expect("issued");

    assert!(is_believed(&issued, &ours, NOW));
    assert!(is_believed(&issued, &ours, NOW.minus(Span::minutes(60))), "a router's clock may be late");
    assert!(!is_believed(&issued, &ours, NOW.plus(DAY).plus(Span::seconds(1))));
    assert!(!is_believed(&issued, &theirs, NOW));
}

#[test]
fn an_authority_that_was_kept_signs_as_before() {
    let before = authority(1);
    let after = Authority::reopen(before.name.clone(), before.certificate().to_vec(), &before.key()).expect("opens");

    let issued = after.issue_to_router("tower-3", serial(3), NOW, NOW.plus(DAY)).expect("issued");

    assert!(is_believed(&issued, &before, NOW));
    assert!(matches!(
        Authority::reopen("x".to_owned(), Vec::new(), &SecretBytes::new(b"no key".to_vec())),
        Err(CertificateError::BadKey)
    ));
}

#[test]
fn our_servers_certificate_is_believed_under_each_of_its_names_and_no_routers_is() {
    let ours = authority(1);
    let names = ["192.0.2.10".to_owned(), "radius.example.net".to_owned(), "2001:db8::1".to_owned()];
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(roots(&ours), provider).build().expect("built");
    let believes = |issued: &Issued, name: &str| {
        let certificate = CertificateDer::from(issued.certificate.clone());
        let name = ServerName::try_from(name).expect("a name");
        verifier.verify_server_cert(&certificate, &[], &name, &[], at(NOW)).is_ok()
    };

    let server = ours.issue_to_server(&names, serial(3), NOW, NOW.plus(DAY)).expect("issued");
    let router = ours.issue_to_router("radius.example.net", serial(4), NOW, NOW.plus(DAY)).expect("issued");

    assert!(names.iter().all(|name| believes(&server, name)));
    assert!(!believes(&server, "other.example.net"));
    assert!(!believes(&router, "radius.example.net"));
    assert!(!is_believed(&server, &ours, NOW), "and ours does not pass for a router's");
}

#[test]
fn names_and_times_that_no_certificate_can_carry_are_refused() {
    let ours = authority(1);
    let issue = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        ours.issue_to_server(&names, serial(3), NOW, NOW.plus(DAY))
    };

    for names in [&["two words"][..], &["ümlaut.example"], &[""], &[]] {
        assert!(matches!(issue(names), Err(CertificateError::BadName { .. })), "{names:?}");
    }
    let early = ours.issue_to_router("tower-3", serial(3), Timestamp::from_seconds(-1), NOW);
    assert!(matches!(early, Err(CertificateError::BadTime)));
}

#[test]
fn what_is_secret_does_not_print() {
    let ours = authority(1);
    let issued = ours.issue_to_router("tower-3", serial(3), NOW, NOW.plus(DAY)).expect("issued");

    let printed = format!("{ours:?} {issued:?}");

    assert!(printed.contains("***") && !printed.contains(&format!("{:?}", issued.key.expose())));
}
