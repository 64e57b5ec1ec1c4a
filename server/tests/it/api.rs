//! The API in the demo and in a server.

use std::path::Path;
use std::time::Duration;

use certificates::{Authority, pem};
use domain::network::certificate::Serial;
use domain::time::Span;
use ports::Clock as _;
use tests::api::{Client, get_over_tls};
use tests::free::free_addresses;

use crate::machine::Machine;

/// How often it is looked whether a new certificate is taken; the server looks every five seconds.
const LOOKS_MAX: u32 = 300;

/// The first of the demo's lines that begins so.
fn line<'a>(said: &'a str, beginning: &str) -> &'a str {
    said.lines().map(str::trim).find(|line| line.starts_with(beginning)).expect("the demo says it")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demos_owner_signs_in_with_the_lines_that_the_demo_shows() {
    let machine = Machine::new();
    let demo = machine.demo();

    let signing_in = line(&demo.said, "curl -c");
    let (url, body) = (signing_in.rsplit(' ').next().expect("a url"), signing_in.split('\'').nth(3).expect("a body"));
    let (address, path) = url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("a url");
    let nobody = Client::of(address.parse().expect("an address"));
    let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
    let answer = nobody.post(&format!("/{path}"), body.clone()).await.expect("asked").is(200).expect("let in");
    let cookie = answer.header("set-cookie").and_then(|all| all.split(';').next()).expect("a cookie");
    let owner = nobody.clone().with("cookie", cookie);
    // A shell takes a bare ? for a pattern of file names.
    let asking = line(&demo.said, "curl -b").rsplit(' ').next().expect("a url");
    let asking = asking.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).expect("quoted");
    let asked = asking.strip_prefix(&format!("http://{address}")).expect("the same server");

    let vouchers = owner.get(asked).await.expect("asked").is(200).expect("allowed").json();
    assert_eq!(vouchers["items"].as_array().map(Vec::len), Some(2), "{vouchers}");
    assert_eq!(nobody.get(asked).await.expect("asked").status, 401);
    let file = machine.data().join("demo-owner.password");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).expect("kept").permissions());
    assert_eq!(mode & 0o777, 0o600, "nobody else reads the password");

    // The operator ends one of their sessions, and no other.
    let lasting = machine.json(&["staff", "sessions", "owner@demo.example"]);
    let first = lasting[0]["id"].as_str().expect("an id").to_owned();
    let again = nobody.post(&format!("/{path}"), body).await.expect("asked").is(200).expect("let in");
    let cookie = again.header("set-cookie").and_then(|all| all.split(';').next()).expect("a cookie");
    let second = nobody.clone().with("cookie", cookie);
    machine.json(&["staff", "sign-out", "owner@demo.example", "--session", &first]);
    assert_eq!(owner.get(asked).await.expect("asked").status, 401);
    assert_eq!(second.get(asked).await.expect("asked").status, 200);
    let gone = machine.runs(&["staff", "sign-out", "owner@demo.example", "--session", &first]);
    assert!(String::from_utf8_lossy(&gone.stderr).contains("staff sessions owner@demo.example"), "{gone:?}");
    let said = line(&demo.said, "Its owner is").to_owned();
    assert!(demo.interrupt());

    // Run again, it says the same; and without its file, how to get in.
    let demo = machine.demo();
    assert_eq!(line(&demo.said, "Its owner is"), said);
    assert!(demo.interrupt());
    std::fs::remove_file(&file).expect("removed");
    let demo = machine.demo();
    assert!(demo.said.contains("staff reset-password owner@demo.example"), "{}", demo.said);
    let code = machine.json(&["staff", "reset-password", "owner@demo.example"]);
    assert!(code["code"].is_string(), "{code}");
    assert!(demo.interrupt());
}

/// A certificate for the server, with its key, in files; the authority that it is from.
fn certificate(files: (&Path, &Path), number: u8) -> Authority {
    let now = boot::clock::SystemClock.now();
    let later = now.plus(Span::minutes(60));
    let authority = Authority::found("tests", Serial::from_octets([number; 16]), now, later).expect("founded");
    let names = ["api.test".to_owned()];
    let issued = authority.issue_to_server(&names, Serial::from_octets([number + 1; 16]), now, later).expect("issued");
    std::fs::write(files.0, pem::certificate(&issued.certificate)).expect("written");
    std::fs::write(files.1, pem::private_key(issued.key.expose()).expose()).expect("written");
    authority
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_speaks_tls_takes_a_new_certificate_while_it_runs_and_stops_cleanly() {
    let machine = Machine::new();
    let folder = tempfile::tempdir().expect("a directory");
    let (chain, key) = (folder.path().join("api.pem"), folder.path().join("api.key"));
    let [listen] = free_addresses().expect("a free port");
    let first = certificate((&chain, &key), 1);
    let server = machine.serves_api(listen, &chain, &key);
    let healthy = async |authority: &Authority| {
        get_over_tls(listen, "api.test", authority.certificate(), "/healthz").await.is_ok_and(|one| one.status == 200)
    };

    assert!(healthy(&first).await);
    let second = certificate((&chain, &key), 3);
    let mut looks = 0;
    while !healthy(&second).await {
        looks += 1;
        assert!(looks < LOOKS_MAX, "the new certificate is not taken");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    assert!(!healthy(&first).await, "the old certificate is not shown any more");
    assert!(server.interrupt(), "a clean end");
    assert_eq!(machine.processes(), [] as [String; 0]);
}
