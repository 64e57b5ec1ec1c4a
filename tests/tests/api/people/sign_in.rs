//! Signing in: by which name and where, for how long, and how often somebody may try.

use domain::people::role::Preset;
use domain::time::Span;
use serde_json::json;

use crate::desk::{Desk, GOOD, HERE, THERE};

#[tokio::test]
async fn an_address_signs_in_anywhere_and_a_user_name_on_its_own_isps_host_alone() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    desk.hires("anna", Preset::Owner).await?;
    desk.they_hire("rita", Preset::Owner).await?;

    for (host, login, status) in [
        ("isp.example", "anna@savanna.test", 200),
        ("isp.example", " Anna@Savanna.TEST", 200),
        (HERE, "anna@savanna.test", 200),
        (HERE, "anna", 200),
        ("isp.example", "anna", 401),
        (THERE, "anna", 401),
        (THERE, "anna@savanna.test", 401),
        (HERE, "rita", 401),
        (HERE, "rita@rift.test", 401),
        ("nobody.isp.example", "anna", 404),
    ] {
        assert_eq!(desk.tries(host, login, GOOD).await?.status, status, "{login} at {host}");
    }
    let in_here = desk.stays(&desk.tries(HERE, "anna", GOOD).await?.is(200)?)?;
    let me = in_here.get("/v1/me").await?.is(200)?.json();
    assert_eq!(me["email"], "anna@savanna.test");
    assert_eq!(me["tenant"], desk.world.isp.tenant.id.to_string());
    assert_eq!(me["impersonation"], json!(null));
    Ok(())
}

#[tokio::test]
async fn whether_a_login_exists_is_not_told() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    desk.hires("anna", Preset::Owner).await?;
    desk.hires("ben", Preset::Support).await?;
    let anna = desk.signs_in("anna@savanna.test", GOOD).await?;
    let staff = anna.get("/v1/staff?q=ben").await?.is(200)?.json();
    let ben = staff["items"][0]["id"].as_str().expect("ben").to_owned();
    anna.post(&format!("/v1/staff/{ben}/deactivate"), json!({})).await?.is(200)?;

    let wrong = desk.tries("isp.example", "anna@savanna.test", "not this one").await?;
    let nobody = desk.tries("isp.example", "nobody@savanna.test", GOOD).await?;
    let gone = desk.tries("isp.example", "ben@savanna.test", GOOD).await?;

    let but_for_the_trace = |answer: &tests::api::Answer| {
        let mut problem = answer.json();
        problem["trace"] = json!(null);
        (answer.status, problem)
    };
    assert_eq!((wrong.status, wrong.code().as_str()), (401, "sign_in"));
    assert_eq!(but_for_the_trace(&nobody), but_for_the_trace(&wrong));
    assert_eq!(but_for_the_trace(&gone), but_for_the_trace(&wrong));
    assert!([wrong, nobody, gone].iter().all(|answer| answer.header("set-cookie").is_none()));
    Ok(())
}

#[tokio::test]
async fn the_cookie_is_out_of_scripts_reach_and_bound_to_tls_where_there_is_tls() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    desk.hires("anna", Preset::Owner).await?;
    let login = json!({ "login": "anna@savanna.test", "password": GOOD });

    let plain = desk.nobody().post("/v1/sign-in", login.clone()).await?.is(200)?;
    let behind_tls = desk.nobody().with("x-forwarded-proto", "https").with("x-forwarded-for", "203.0.113.1");
    let secure = behind_tls.post("/v1/sign-in", login).await?.is(200)?;

    let (plain, secure) = (plain.header("set-cookie").expect("set"), secure.header("set-cookie").expect("set"));
    assert!(plain.starts_with("mnetifi=") && !plain.contains("Secure"), "{plain}");
    assert!(secure.starts_with("__Host-mnetifi=") && secure.ends_with("; Secure"), "{secure}");
    for cookie in [plain, secure] {
        assert!(cookie.contains("; Path=/; HttpOnly; SameSite=Lax") && !cookie.contains("Domain"), "{cookie}");
    }
    // A cookie of plain HTTP is none over TLS: somebody on the way may have put it there.
    let moved = behind_tls.with("cookie", plain.split(';').next().expect("a pair"));
    assert_eq!(moved.get("/v1/me").await?.status, 401);
    Ok(())
}

#[tokio::test]
async fn a_session_lives_for_19_59_of_silence_and_has_ended_at_20_00() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    desk.hires("anna", Preset::Owner).await?;
    desk.they_hire("rita", Preset::Owner).await?;
    let (anna, rita) = (desk.signs_in("anna@savanna.test", GOOD).await?, desk.signs_in("rita@rift.test", GOOD).await?);
    let silent = |seconds| desk.world.clock.passes(Span::seconds(seconds));

    silent(19 * 60 + 59);
    let kept = anna.get("/v1/me").await?.status;
    silent(1);
    let twenty_minutes = rita.get("/v1/me").await?;
    silent(19 * 60 + 58);
    let kept_again = anna.get("/v1/me").await?.status;
    silent(20 * 60);
    let ended = anna.get("/v1/me").await?;
    let over = anna.get("/v1/me").await?.status;

    assert_eq!((kept, kept_again), (200, 200));
    assert_eq!((twenty_minutes.status, twenty_minutes.code().as_str()), (401, "sign_in"));
    assert_eq!((ended.status, over), (401, 401));
    Ok(())
}

#[tokio::test]
async fn who_fails_too_often_is_told_how_long_to_wait_in_words_and_for_programs() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    desk.hires("anna", Preset::Owner).await?;
    desk.they_hire("rita", Preset::Owner).await?;

    for login in ["anna@savanna.test", "nobody@savanna.test"] {
        for _ in 0..5 {
            assert_eq!(desk.tries("isp.example", login, "not this one").await?.status, 401, "{login}");
        }
        let told = desk.tries("isp.example", login, GOOD).await?;
        assert_eq!((told.status, told.code().as_str()), (429, "too_many"), "{login}");
        assert_eq!(told.header("retry-after"), Some("15"));
        assert!(told.json()["detail"].as_str().is_some_and(|said| said.contains("wait 15 seconds")), "{}", told.text());
    }
    assert_eq!(desk.tries("isp.example", "rita@rift.test", GOOD).await?.status, 200, "others do not wait");
    desk.world.clock.passes(Span::seconds(14));
    let nearly = desk.tries("isp.example", "anna@savanna.test", GOOD).await?;
    desk.world.clock.passes(Span::seconds(1));
    let wrong = desk.tries("isp.example", "anna@savanna.test", "nor this").await?;
    let longer = desk.tries("isp.example", "anna@savanna.test", GOOD).await?;
    desk.world.clock.passes(Span::seconds(30));
    let right = desk.tries("isp.example", "anna@savanna.test", GOOD).await?;

    assert_eq!((nearly.status, nearly.header("retry-after")), (429, Some("1")));
    assert_eq!((wrong.status, longer.status, longer.header("retry-after")), (401, 429, Some("30")));
    assert_eq!(right.status, 200);
    Ok(())
}

#[tokio::test]
async fn nobody_is_signed_in_by_another_sites_page_and_signing_out_ends_it() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    desk.hires("anna", Preset::Owner).await?;
    let login = json!({ "login": "anna@savanna.test", "password": GOOD });

    let forged = desk.nobody().with("sec-fetch-site", "cross-site").post("/v1/sign-in", login.clone()).await?;
    let form = login.to_string();
    let as_form = desk.nobody().send_octets("POST", "/v1/sign-in", Some("text/plain"), form.as_bytes()).await?;
    let anna = desk.signs_in("anna@savanna.test", GOOD).await?;
    let other_site = anna.clone().with("origin", "https://evil.example").post("/v1/sign-out", json!({})).await?;
    let still = anna.get("/v1/me").await?.status;
    let out = anna.post("/v1/sign-out", json!({})).await?;

    assert_eq!((forged.status, forged.code().as_str()), (403, "other_site"));
    assert_eq!((as_form.status, as_form.code().as_str()), (415, "not_json"));
    assert_eq!((other_site.status, still), (403, 200));
    assert_eq!((out.status, anna.get("/v1/me").await?.status), (204, 401));
    Ok(())
}
