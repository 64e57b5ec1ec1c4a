//! PPP logins and their reports as pppd's own RADIUS plugin makes them.
//!
//! pppd itself opens no line where the kernel has no PPP (no `/dev/ppp`), which is so on most build machines; its plugin
//! asks and reports all the same. It uses our MPPE keys only beside MS-MPPE-Encryption-Policy, which we do not send.

use store::access::sessions::{self, Filter};

use crate::pppd::Concentrator;

/// CHAP over `karibu-nyumbani` with identifier 7 and the challenge beside it (RFC 1994 §4.1).
const CHALLENGE: &str = "00112233445566778899aabbccddeeff";
const RESPONSE: &str = "ffab88f9ff6853ed933acdcf3a7e1e72";

#[tokio::test(flavor = "multi_thread")]
async fn pppds_plugin_logs_in_by_pap_and_chap_and_its_reports_are_counted() {
    let world = crate::world().await;
    let concentrator = Concentrator::of(&world.isp);

    let by_pap = concentrator.line(&["pap", "house-12", "karibu-nyumbani"]);
    let by_chap = concentrator.line(&["chap", "house-12", "7", CHALLENGE, RESPONSE]);
    let refused = concentrator.line(&["pap", "house-12", "guess"]);
    world.drained().await;

    for line in [&by_pap, &by_chap] {
        assert_eq!(line.value("accepted"), "1", "{line:?}");
        assert!(line.value("seconds").parse().is_ok_and(|seconds: u32| seconds > 27 * 86_400), "{line:?}");
        assert!(line.value("interim").parse().is_ok_and(|seconds: u32| (240..=360).contains(&seconds)), "{line:?}");
    }
    assert_eq!(refused.value("accepted"), "0", "{refused:?}");
    assert!(refused.value("message").contains("wrong password"), "{refused:?}");
    let mut tx = world.store.tenant(&world.isp.scope).await.expect("begins");
    let filter = Filter { online_only: false, user_name: Some("house-12".to_owned()) };
    let all = sessions::list(&mut tx, &filter, tests::first_page()).await.expect("listed").rows;
    let counted: Vec<_> = all
        .iter()
        .map(|one| (one.session.counted.in_octets, one.session.counted.out_octets, one.session.ended_at.is_some()))
        .collect();
    assert_eq!(counted, [(5_000, 90_000, true), (5_000, 90_000, true)], "each line once, to its last report");
}

#[tokio::test(flavor = "multi_thread")]
async fn pppds_plugin_takes_our_proof_and_our_keys_for_mschapv2() {
    let world = crate::world().await;
    let concentrator = Concentrator::of(&world.isp);

    // RFC 2759 §9.2; the key is the one of RFC 3079 §3.5.3, whose example is the same login.
    let line = concentrator.line(&[
        "mschap2",
        "User",
        "42",
        "5b5d7c7d7b3f2f3e3c2c602132262628",
        "21402324255e262a28295f2b3a337c7e000000000000000082309ecd8d708b5ea08faa3981cd83544233114a3d85d6df00",
    ]);

    assert_eq!(line.value("accepted"), "1", "{line:?}");
    assert_eq!(line.value("message"), "S=407A5589115FD0D6209F510FE9C04566932CDA56");
    assert_eq!(line.value("send-key"), "8b7cdc149b993a1ba118cb153f56dccb", "{line:?}");
    assert_ne!(line.value("recv-key"), "00000000000000000000000000000000", "{line:?}");
}
