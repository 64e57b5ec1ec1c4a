//! RadSec with independent peers: `radclient` asks `radsecproxy`, which asks our server over TLS.

use std::time::Duration;

use actions::network::issue_certificate::IssuedToRouter;
use actions::network::revoke_certificates;
use domain::time::Span;
use store::access::sessions::{self, Filter};
use store::network::certificates::Which;
use tests::radsec::Dial;
use tests::world::World;

use crate::radclient::{Answer, ask};
use crate::radsecproxy::{Proxy, SECRET};

/// A World over TLS with what the other stories of this file have, and a certificate that the server knows.
async fn world() -> (World, IssuedToRouter) {
    let world = crate::furnish(World::open_over_tls().await.expect("a world")).await;
    let issued = world.certifies(&world.isp, Span::seconds(86_400)).await.expect("issued");
    let to = world.tls.expect("over TLS");
    Dial::with(to, &issued).connects_in_the_end().await.expect("connected");
    (world, issued)
}

/// Asks until there is an answer: the proxy connects when it starts, and drops what comes before.
async fn ask_in_the_end(proxy: &Proxy, command: &str, line: &str) -> Answer {
    let mut answer = ask(proxy.address, command, SECRET, line);
    for _ in 0..10 {
        if answer.code().is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        answer = ask(proxy.address, command, SECRET, line);
    }
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_and_accounting_go_through_radsecproxy() {
    let (world, issued) = world().await;
    let proxy = Proxy::start(world.tls.expect("over TLS"), &issued);

    for (password, code) in [
        ("User-Password = karibu-nyumbani", "Access-Accept"),
        ("CHAP-Password = karibu-nyumbani", "Access-Accept"),
        ("MS-CHAP-Password = karibu-nyumbani", "Access-Accept"),
        ("User-Password = guess", "Access-Reject"),
    ] {
        let line = format!("User-Name = house-12, {password}, Service-Type = Framed-User, Framed-Protocol = PPP");
        let answer = ask_in_the_end(&proxy, "auth", &line).await;
        assert_eq!(answer.code(), Some(code), "{password}: {answer:?} {}", proxy.log());
        if code == "Access-Accept" {
            assert_eq!(answer.value("Mikrotik-Rate-Limit"), Some("10M/20M"), "{answer:?}");
        }
    }
    for status in ["Start", "Interim-Update", "Stop"] {
        let line = format!(
            "Acct-Status-Type = {status}, Acct-Session-Id = 81000001, User-Name = house-12, \
             Acct-Input-Octets = 10, Acct-Session-Time = 5"
        );
        let answer = ask_in_the_end(&proxy, "acct", &line).await;
        assert_eq!(answer.code(), Some("Accounting-Response"), "{status}: {answer:?} {}", proxy.log());
    }
    world.drained().await;

    let mut tx = world.store.tenant(&world.isp.scope).await.expect("begins");
    let filter = Filter { online_only: false, user_name: Some("house-12".to_owned()) };
    let all = sessions::list(&mut tx, &filter, tests::first_page()).await.expect("listed").rows;
    assert!(
        all.iter().any(|one| one.acct_session_id.as_deref() == Some("81000001") && one.session.ended_at.is_some()),
        "{all:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_certificate_is_refused_to_radsecproxy() {
    let (world, issued) = world().await;
    let proxy = Proxy::start(world.tls.expect("over TLS"), &issued);
    let line = "User-Name = house-12, User-Password = karibu-nyumbani";
    let before = ask_in_the_end(&proxy, "auth", line).await;

    let which = Which::WithSerial(issued.certificate.serial);
    let scope = &world.isp.scope;
    revoke_certificates::revoke_certificates(&world.store, scope, which, world.context()).await.expect("revoked");
    // Until the server has closed the connection.
    let to = world.tls.expect("over TLS");
    for _ in 0..50 {
        if Dial::with(to, &issued).connects().await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let after = ask(proxy.address, "auth", SECRET, line);
    let restarted = Proxy::start(to, &issued);
    let after_restart = ask(restarted.address, "auth", SECRET, line);

    assert_eq!(before.code(), Some("Access-Accept"), "{before:?} {}", proxy.log());
    assert_eq!((after.code(), after_restart.code()), (None, None), "{after:?} {after_restart:?}");
    assert!(Dial::with(to, &issued).connects().await.is_err());
}
