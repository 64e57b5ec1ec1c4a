//! An independent RADIUS client against our server: FreeRADIUS's `radclient`, and vectors of the RFCs.
//!
//! Nothing here uses our own encoder. Needs Debian's packages `freeradius-utils`, `radsecproxy` and `ppp`, which
//! `make test` installs.

mod ppp;
mod pppd;
mod radclient;
mod radsec;
mod radsecproxy;

use domain::sales::plan::PlanService;
use radclient::{Answer, ask};
use tests::world::{Isp, World, hour, month};

async fn world() -> World {
    furnish(World::open().await.expect("a world")).await
}

/// Two codes and two houses.
async fn furnish(world: World) -> World {
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, &["Sunrise77", "Sunset88"]).await.expect("printed");
    let home = world.sells(&world.isp, month(), "home", PlanService::Pppoe).await.expect("sold");
    world.connects(&world.isp, &home, "house-12", "karibu-nyumbani").await.expect("connected");
    world.connects(&world.isp, &home, "User", "clientPass").await.expect("connected");
    world
}

fn auth(isp: &Isp, attributes: &str) -> Answer {
    ask(isp.router.auth, "auth", isp.router.secret, attributes)
}

fn acct(isp: &Isp, attributes: &str) -> Answer {
    ask(isp.router.acct, "acct", isp.router.secret, attributes)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voucher_logs_in_by_pap_and_by_chap_with_and_without_its_code_as_password() {
    let world = world().await;

    for (user, password) in [
        ("Sunrise77", "User-Password = \"\""),
        ("Sunrise77", "User-Password = Sunrise77"),
        ("Sunset88", "CHAP-Password = Sunset88"),
        ("Sunset88", "CHAP-Password = \"\""),
        ("Sunrise77", "Message-Authenticator = 0x00, User-Password = \"\""),
    ] {
        let answer =
            auth(&world.isp, &format!("User-Name = {user}, {password}, Calling-Station-Id = 02:00:00:00:00:01"));
        assert_eq!(answer.code(), Some("Access-Accept"), "{user} {password}: {answer:?}");
        assert_eq!(answer.value("Mikrotik-Rate-Limit"), Some("2M/5M"), "{answer:?}");
        assert_eq!(answer.value("Session-Timeout"), Some("3600"), "{answer:?}");
        assert!(answer.value("Message-Authenticator").is_some(), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_logs_in_by_pap_chap_and_mschap() {
    let world = world().await;

    for password in
        ["User-Password = karibu-nyumbani", "CHAP-Password = karibu-nyumbani", "MS-CHAP-Password = karibu-nyumbani"]
    {
        let line = format!("User-Name = house-12, {password}, Service-Type = Framed-User, Framed-Protocol = PPP");
        let answer = auth(&world.isp, &line);
        assert_eq!(answer.code(), Some("Access-Accept"), "{password}: {answer:?}");
        assert_eq!(answer.value("Mikrotik-Rate-Limit"), Some("10M/20M"), "{answer:?}");
        assert_eq!(answer.value("Port-Limit"), None, "a PPP line has no Port-Limit: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mschapv2_answers_the_rfcs_own_vector() {
    let world = world().await;
    // RFC 2759 §9.2: user `User`, password `clientPass`, and the success string that must follow.
    let challenge = "5b5d7c7d7b3f2f3e3c2c602132262628";
    let peer = "21402324255e262a28295f2b3a337c7e";
    let response = "82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df";
    let success = "S=407A5589115FD0D6209F510FE9C04566932CDA56";

    let right = format!(
        "User-Name = User, MS-CHAP-Challenge = 0x{challenge}, MS-CHAP2-Response = 0x2a00{peer}0000000000000000{response}"
    );
    let wrong = right.replace(response, &"00".repeat(24));
    let accepted = auth(&world.isp, &right);
    let refused = auth(&world.isp, &wrong);

    assert_eq!(accepted.code(), Some("Access-Accept"), "{accepted:?}");
    let proof = accepted.value("MS-CHAP2-Success").expect("the server's proof").to_lowercase();
    assert_eq!(proof, format!("0x2a{}", hex::encode(success)), "{accepted:?}");
    assert_eq!(refused.code(), Some("Access-Reject"), "{refused:?}");
    assert!(refused.value("MS-CHAP-Error").is_some(), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_carry_their_sentences_in_reply_message() {
    let world = world().await;
    auth(&world.isp, "User-Name = Sunrise77, User-Password = \"\", Calling-Station-Id = 02:00:00:00:00:01");

    for (line, words) in [
        ("User-Name = house-12, User-Password = guess", "wrong password"),
        ("User-Name = nobody-here, User-Password = x", "not found"),
        ("User-Name = sunrise77, User-Password = \"\"", "capital and small letters"),
        (
            "User-Name = Sunrise77, User-Password = \"\", Calling-Station-Id = 02:00:00:00:00:02",
            "already in use on another device",
        ),
    ] {
        let answer = auth(&world.isp, line);
        assert_eq!(answer.code(), Some("Access-Reject"), "{line}: {answer:?}");
        let said = answer.value("Reply-Message").unwrap_or_default();
        assert!(said.contains(words), "{line}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_answered_with_silence() {
    let world = world().await;
    let line = "User-Name = house-12, User-Password = karibu-nyumbani, Message-Authenticator = 0x00";

    let signed = ask(world.isp.router.auth, "auth", "not-the-secret", line);
    let unsigned =
        ask(world.isp.router.auth, "auth", "not-the-secret", "User-Name = house-12, User-Password = karibu-nyumbani");
    let accounting =
        ask(world.isp.router.acct, "acct", "not-the-secret", "Acct-Status-Type = Start, Acct-Session-Id = x");

    assert_eq!((signed.code(), unsigned.code(), accounting.code()), (None, None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn accounting_is_answered_for_a_whole_session() {
    let world = world().await;

    for status in ["Start", "Interim-Update", "Stop", "Accounting-On", "Accounting-Off"] {
        let line = format!(
            "Acct-Status-Type = {status}, Acct-Session-Id = 81000001, User-Name = house-12, \
             Acct-Input-Octets = 10, Acct-Session-Time = 5"
        );
        let answer = acct(&world.isp, &line);
        assert_eq!(answer.code(), Some("Accounting-Response"), "{status}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn status_server_is_answered_on_both_ports() {
    let world = world().await;
    let line = "Message-Authenticator = 0x00";

    let on_auth = ask(world.isp.router.auth, "status", world.isp.router.secret, line);
    let on_acct = ask(world.isp.router.acct, "status", world.isp.router.secret, line);

    assert_eq!(on_auth.code(), Some("Access-Accept"), "{on_auth:?}");
    assert_eq!(on_acct.code(), Some("Accounting-Response"), "{on_acct:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_state_comes_back_only_to_a_signed_request() {
    let world = world().await;
    let line = "User-Name = house-12, User-Password = karibu-nyumbani, Proxy-State = 0x0102";

    let signed = auth(&world.isp, &format!("{line}, Message-Authenticator = 0x00"));
    let unsigned = auth(&world.isp, line);

    assert_eq!(signed.value("Proxy-State"), Some("0x0102"), "{signed:?}");
    assert_eq!(unsigned.code(), None, "{unsigned:?}");
}
