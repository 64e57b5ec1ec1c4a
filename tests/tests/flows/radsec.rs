//! Routers that ask over TLS (RadSec).

use std::time::Duration as StdDuration;

use actions::network::issue_certificate::IssuedToRouter;
use actions::network::revoke_certificates;
use dictionaries::rfc2865;
use dictionaries::rfc2866::acct_status_type::{START, STOP};
use domain::access::attempt::Device;
use domain::access::facts::Holder;
use domain::sales::plan::{DeviceCap, PlanService};
use domain::time::Span;
use ports::Clock;
use radius::{PACKET_MAX, Place, Secret, Writer};
use rustls::version;
use store::access::sessions::{self, Filter};
use store::access::slots;
use store::network::certificates::Which;
use store::sales::vouchers;
use tests::client::Report;
use tests::radsec::{Connection, Dial, Shows};
use tests::world::{World, hour, month};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const PHONE: &str = "02:00:00:00:00:0A";
const YEAR: Span = Span::seconds(365 * 86_400);

/// A World over TLS, with a certificate for the story's router that the server knows already.
async fn world() -> (World, IssuedToRouter) {
    let world = World::open_over_tls().await.expect("a world");
    let issued = world.certifies(&world.isp, YEAR).await.expect("issued");
    dial(&world, &issued).connects_in_the_end().await.expect("connected");
    (world, issued)
}

fn dial<'a>(world: &World, issued: &'a IssuedToRouter) -> Dial<'a> {
    Dial::with(world.tls.expect("over TLS"), issued)
}

async fn connect(world: &World, issued: &IssuedToRouter) -> Connection {
    dial(world, issued).connects().await.expect("connected")
}

/// What a stop tells of a session that this login began.
fn report<'a>(status: u32, user: &'a str, class: &'a [u8]) -> Report<'a> {
    Report { status, session: "81000001", user, mac: PHONE, class, in_octets: 5_000, out_octets: 70_000, seconds: 60 }
}

#[tokio::test]
async fn a_login_and_its_reports_go_through_one_connection_in_the_certificates_name() {
    let (world, ours) = world().await;
    let theirs = world.certifies(&world.other, YEAR).await.expect("issued");
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, &["Sunrise77"]).await.expect("printed");
    let mut other = dial(&world, &theirs).connects_in_the_end().await.expect("connected");
    let mut router = connect(&world, &ours).await;

    let refused = other.asks("Sunrise77", "", PHONE).await.expect("asked").expect("an answer");
    let accepted = router.asks("Sunrise77", "", PHONE).await.expect("asked").expect("an answer");
    let class = accepted.class();
    for status in [START, STOP] {
        router.reports(&report(status, "Sunrise77", &class)).await.expect("reported").expect("an answer");
    }
    world.drained().await;

    assert!(!refused.is_accept() && refused.sentence().contains("not found"), "another provider's certificate");
    assert!(accepted.is_accept());
    assert_eq!(accepted.session_timeout(), Some(3_600));
    let mut tx = world.store.tenant(&world.isp.scope).await.expect("begins");
    let filter = Filter { online_only: false, user_name: None };
    let all = sessions::list(&mut tx, &filter, tests::first_page()).await.expect("listed").rows;
    let ended: Vec<_> =
        all.iter().map(|one| (one.session.counted.out_octets, one.session.ended_at.is_some())).collect();
    assert_eq!(ended, [(70_000, true)]);
}

#[tokio::test]
async fn a_hundred_requests_at_once_are_all_answered_on_their_connection() {
    let (world, issued) = world().await;
    let plan = world.sells(&world.isp, month(), "home", PlanService::Pppoe).await.expect("sold");
    for house in 0..10 {
        world.connects(&world.isp, &plan, &format!("house-{house}"), "karibu").await.expect("connected");
    }
    let mut router = connect(&world, &issued).await;

    let mut expected = Vec::new();
    for number in 0..100_usize {
        let (user, mac) = (format!("house-{}", number % 10), format!("02:00:00:00:01:{:02X}", number % 10));
        let password = if number < 50 { "karibu" } else { "guess" };
        let id = router.sends_login((&user, password, &mac)).await.expect("sent");
        expected.push((id, number < 50));
    }
    let mut heard = Vec::new();
    while heard.len() < expected.len() {
        let (id, reply) = router.hears().await.expect("heard").expect("open");
        heard.push((id, reply.is_accept()));
    }

    heard.sort_unstable();
    expected.sort_unstable();
    assert_eq!(heard, expected);
}

#[tokio::test]
async fn tls_1_2_is_spoken_too_and_nothing_older() {
    let (world, issued) = world().await;

    let spoken = Dial { version: &version::TLS12, ..dial(&world, &issued) }.connects().await;

    assert!(spoken.is_ok(), "{spoken:?}");
}

#[tokio::test]
async fn only_a_certificate_of_our_authority_that_is_in_force_opens() {
    let (world, issued) = world().await;
    let elsewhere = World::open_over_tls().await.expect("a world");
    let foreign = elsewhere.certifies(&elsewhere.isp, YEAR).await.expect("issued");
    let short = world.certifies(&world.isp, Span::seconds(3_600)).await.expect("issued");
    let mut until_it_ends = dial(&world, &short).connects_in_the_end().await.expect("connected");
    // Signed by our authority and noted nowhere: as if somebody had stolen the authority's key.
    let mut unnoted = world.certifies(&world.isp, YEAR).await.expect("issued");
    sqlx::query("delete from radsec_certificates where fingerprint = $1")
        .bind(&unnoted.certificate.fingerprint.0[..])
        .execute(&mut world.database.admin().await)
        .await
        .expect("deleted");
    unnoted.authority.clone_from(&issued.authority);
    let ours = dial(&world, &issued);

    world.clock.passes(Span::seconds(3_601));
    let closed = until_it_ends.hears().await.expect("heard");
    for (refused, why) in [
        (Dial { shows: Shows::Nothing, ..ours }, "no certificate"),
        (Dial { shows: Shows::Certificate(&foreign), ..ours }, "another authority"),
        (Dial { shows: Shows::Certificate(&short), ..ours }, "ended"),
        (Dial { shows: Shows::Certificate(&unnoted), ..ours }, "unknown"),
        (Dial { shows: Shows::Nothing, version: &version::TLS12, ..ours }, "no certificate, TLS 1.2"),
    ] {
        assert!(refused.connects().await.is_err(), "{why}");
    }

    assert!(closed.is_none(), "a connection outlives its certificate");
    assert!(ours.connects().await.is_ok(), "and the good one still opens");
}

#[tokio::test]
async fn a_certificate_that_is_taken_back_closes_its_connections_and_opens_no_more() {
    let (world, issued) = world().await;
    let another = world.certifies(&world.isp, YEAR).await.expect("issued");
    let mut lasting = dial(&world, &another).connects_in_the_end().await.expect("connected");
    let mut ending = connect(&world, &issued).await;

    let which = Which::WithSerial(issued.certificate.serial);
    let revoked = revoke_certificates::revoke_certificates(&world.store, &world.isp.scope, which, world.context());
    assert_eq!(revoked.await.expect("revoked").certificates.len(), 1);
    let closed = ending.hears().await;
    let again = dial(&world, &issued).connects().await;
    let other = lasting.asks("nobody", "nothing", PHONE).await.expect("asked");

    assert!(matches!(closed, Ok(None)), "{closed:?}");
    assert!(again.is_err(), "it opens again");
    assert!(other.is_some(), "the router's other certificate still stands");
}

#[tokio::test]
async fn strangers_that_say_nothing_or_nonsense_keep_no_router_out() {
    let (world, issued) = world().await;
    let to = world.tls.expect("over TLS");
    let mut silent = Vec::new();
    for _ in 0..14 {
        silent.push(TcpStream::connect(to).await.expect("connected"));
    }
    let mut slow = connect(&world, &issued).await;
    slow.sends_octets(&[1, 1]).await.expect("sent");

    for _ in 0..5 {
        let mut babbling = TcpStream::connect(to).await.expect("connected");
        babbling.write_all(b"GET / HTTP/1.1\r\n\r\n").await.expect("sent");
        let mut said = Vec::new();
        // An alert, or nothing; then the end.
        drop(babbling.read_to_end(&mut said).await);
        assert!(said.len() < 32, "{said:?}");
    }
    let mut router = connect(&world, &issued).await;
    let answered = router.asks("nobody", "nothing", PHONE).await.expect("asked");

    assert!(answered.is_some());
}

#[tokio::test]
async fn what_is_not_radius_ends_its_connection_alone() {
    let (world, issued) = world().await;
    let secret = Secret::new(b"not-radsec");
    let mut buffer = [0; PACKET_MAX];
    let forged = Writer::accounting_request(&mut buffer, 9, Place::Absent).finish(&secret).to_vec();
    let mut buffer = [0; PACKET_MAX];
    let mut writer = Writer::access_request(&mut buffer, 9, &[7; 16], Place::First);
    writer.put(rfc2865::USER_NAME, "house-12").expect("fits");
    let wrongly_signed = writer.finish(&secret).to_vec();
    let mut standing = connect(&world, &issued).await;

    for nonsense in [&[1, 9, 0, 19][..], &[1, 9, 0xff, 0xff], &[4, 9, 0, 22, 0, 0], &forged, &wrongly_signed] {
        let mut connection = connect(&world, &issued).await;
        let mut octets = nonsense.to_vec();
        octets.resize(octets.len().max(22), 0);
        connection.sends_octets(&octets).await.expect("sent");
        assert!(connection.hears().await.expect("heard").is_none(), "{nonsense:?}");
    }

    assert!(standing.asks("nobody", "nothing", PHONE).await.expect("asked").is_some());
}

#[tokio::test]
async fn a_request_need_not_be_signed_and_its_proxy_state_comes_back() {
    let (world, issued) = world().await;
    let mut router = connect(&world, &issued).await;
    let secret = Secret::new(radius::radsec::SECRET);
    let mut buffer = [0; PACKET_MAX];
    let id = router.next_id();
    let mut writer = Writer::access_request(&mut buffer, id, &[7; 16], Place::Absent);
    writer.put(rfc2865::USER_NAME, "nobody").expect("fits");
    writer.put_hidden(rfc2865::USER_PASSWORD, b"nothing", &secret).expect("fits");
    writer.put(rfc2865::PROXY_STATE, &[1, 2, 3][..]).expect("fits");
    let request = writer.finish(&secret).to_vec();

    router.sends(id, request).await.expect("sent");
    let (_, reply) = router.hears().await.expect("heard").expect("open");

    assert_eq!(reply.packet().get(rfc2865::PROXY_STATE), Some(&[1, 2, 3][..]));
}

#[tokio::test]
async fn a_login_that_was_taken_in_is_answered_before_the_connection_closes() {
    let (mut world, issued) = world().await;
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
    world.prints(&world.isp, &plan, &["Sunrise77"]).await.expect("printed");
    let mut slow = world.store.tenant(&world.isp.scope).await.expect("begun");
    let code = "Sunrise77".parse().expect("good");
    let voucher = vouchers::find_by_code(&mut slow, &code).await.expect("looked up").expect("there").id;
    let (now, session) = (world.clock.now(), world.context().new_id());
    let (holder, until) = (Holder::Voucher(voucher), now.plus(Span::seconds(1)));
    slots::take(&mut slow, holder, &Device::Unnamed, DeviceCap::ONE, session, now, until).await.expect("locked");
    let mut router = connect(&world, &issued).await;
    let id = router.sends_login(("Sunrise77", "", PHONE)).await.expect("sent");
    // What was sent later is answered: so the login has been taken in.
    let between = router.asks_whether_it_is_there().await.expect("asked");

    let stopped = tokio::time::timeout(StdDuration::from_millis(300), world.stops()).await;
    drop(slow);
    let answered = router.hears().await.expect("heard");
    let closed = router.hears().await.expect("heard");

    assert!(between.is_some() && stopped.is_err(), "it stopped while a login was waiting");
    assert!(answered.is_some_and(|(answered, reply)| answered == id && reply.is_accept()));
    assert!(closed.is_none());
}
