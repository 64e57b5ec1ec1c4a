//! Connections and what surrounds every request: TLS, limits, headers, ends.

use std::time::Duration;

use certificates::{Authority, pem};
use domain::network::certificate::Serial;
use domain::time::Span;
use serde_json::json;
use tests::api::{Api, get_over_tls};
use tests::world::World;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::test]
async fn every_answer_has_the_headers_that_browsers_heed() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;

    for path in ["/healthz", "/v1/docs", "/v1/routers", "/nowhere"] {
        let answer = api.nobody().get(path).await?;

        for header in ["x-content-type-options", "x-frame-options", "content-security-policy", "referrer-policy"] {
            assert!(answer.header(header).is_some(), "{path} has no {header}");
        }
        assert!(answer.header("strict-transport-security").is_none(), "plain HTTP promises no TLS");
        assert_eq!(answer.header("request-id").map(str::len), Some(16));
    }
    Ok(())
}

#[tokio::test]
async fn what_is_not_there_or_cannot_be_read_is_a_problem() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let owner = api.owner(&world, &world.isp).await?;

    let nowhere = owner.get("/v1/nothing").await?;
    let method = owner.send("PUT", "/v1/routers", Some(json!({}))).await?;
    let text = owner.send_octets("POST", "/v1/routers", Some("text/plain"), b"name=a").await?;
    let broken = owner.send_octets("POST", "/v1/routers", Some("application/json"), b"{").await?;
    let long = vec![b' '; 1024 * 1024 + 1];
    let long = owner.send_octets("POST", "/v1/routers", Some("application/json"), &long).await?;

    let told = [nowhere, method.clone(), text, broken, long].map(|answer| (answer.status, answer.code()));
    let expected =
        [(404, "not_found"), (405, "method_not_allowed"), (415, "not_json"), (400, "malformed"), (413, "too_large")];
    assert_eq!(told, expected.map(|(status, code)| (status, code.to_owned())));
    assert!(method.header("allow").is_some_and(|allow| allow.contains("GET") && allow.contains("POST")));
    Ok(())
}

#[tokio::test]
async fn while_the_database_is_away_the_answer_is_503_and_comes_soon() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let owner = api.owner(&world, &world.isp).await?;
    owner.get("/v1/routers").await?.is(200)?;
    world.database.goes_away().await;

    let began = std::time::Duration::from_millis(ports::Clock::monotonic_ms(&*world.clock));
    let answer = owner.get("/v1/routers").await?;
    let took = Duration::from_millis(ports::Clock::monotonic_ms(&*world.clock)).saturating_sub(began);

    assert_eq!((answer.status, answer.code().as_str()), (503, "database_away"));
    assert!(answer.header("retry-after").is_some());
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert_eq!(api.nobody().get("/healthz").await?.status, 200);
    world.database.comes_back().await;
    Ok(())
}

#[tokio::test]
async fn who_says_nothing_is_hung_up_on() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open_with(&world, |settings| settings.limits.head = Duration::from_millis(200)).await?;
    let mut silent = TcpStream::connect(api.address).await?;
    let mut slow = TcpStream::connect(api.address).await?;
    slow.write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\n").await?;

    for stream in [&mut silent, &mut slow] {
        let mut octets = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut octets)).await;
        assert!(ended.is_ok(), "a caller who says nothing is waited for");
    }
    Ok(())
}

#[tokio::test]
async fn one_address_does_not_take_all_connections() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open_with(&world, |settings| settings.limits.connections_of_address = 2).await?;
    let _one = TcpStream::connect(api.address).await?;
    let _two = TcpStream::connect(api.address).await?;
    tokio::time::sleep(Duration::from_millis(50)).await;

    let third = api.nobody().get("/healthz").await;

    assert!(third.is_err(), "{third:?}");
    Ok(())
}

#[tokio::test]
async fn with_a_certificate_it_speaks_tls_and_stops_kindly() -> anyhow::Result<()> {
    let world = World::open().await?;
    let folder = tempfile::tempdir()?;
    let (certificate, key) = (folder.path().join("api.pem"), folder.path().join("api.key"));
    let (now, later) = (world.context().now(), world.context().now().plus(Span::minutes(60)));
    let authority = Authority::found("tests", Serial::from_octets([1; 16]), now, later)?;
    let issued = authority.issue_to_server(&["api.test".to_owned()], Serial::from_octets([2; 16]), now, later)?;
    std::fs::write(&certificate, pem::certificate(&issued.certificate))?;
    std::fs::write(&key, pem::private_key(issued.key.expose()).expose())?;
    let files = web::TlsFiles { certificate, key };
    let mut api = Api::open_with(&world, |settings| settings.tls = Some(files)).await?;

    let answer = get_over_tls(api.address, "api.test", authority.certificate(), "/healthz").await?;

    assert_eq!(answer.status, 200);
    assert!(answer.header("strict-transport-security").is_some(), "{:?}", answer.headers);
    api.stops().await
}
