//! Signing up over HTTP: a form, a letter, a code, an ISP. Letters are caught by a mail server of the story's own.

use domain::time::Span;
use serde_json::{Value, json};
use tests::api::{Answer, Api, Client};
use tests::world::World;

const ANNA: &str = "anna@kitale.example";
const PASSWORD: &str = "seven zebras at noon";
const DAY: Span = Span::seconds(24 * 3_600);

/// An API whose letters lead to a domain.
pub(crate) async fn on_a_domain(world: &World) -> anyhow::Result<Api> {
    Api::open_with(world, |settings| settings.domain = Some("isp.example".to_owned())).await
}

pub(crate) fn form(subdomain: &str, email: &str) -> Value {
    json!({
        "business": "Kitale Net", "subdomain": subdomain, "user_name": "anna", "email": email,
        "password": PASSWORD, "password_confirmation": PASSWORD,
    })
}

/// The code of the last letter to an address.
pub(crate) async fn code_to(world: &World, address: &str) -> anyhow::Result<String> {
    world.queue().step().await?;
    let letters = world.mail.letters();
    let letter = letters.iter().rev().find(|letter| letter.to == address);
    let link = letter.and_then(|letter| letter.word("https://isp.example/verify-email#"));
    let code = link.as_deref().and_then(|link| link.split('#').nth(1).map(str::to_owned));
    code.ok_or_else(|| anyhow::anyhow!("no letter to {address} with a code: {letters:?}"))
}

/// Signs in with a password, and goes on with the cookie of that session.
pub(crate) async fn signs_in(api: &Api, login: &str, password: &str) -> anyhow::Result<Client> {
    let answer = api.nobody().post("/v1/sign-in", json!({ "login": login, "password": password })).await?.is(200)?;
    let cookie = answer.header("set-cookie").and_then(|cookie| cookie.split(';').next()).unwrap_or_default();
    Ok(api.nobody().with("cookie", cookie))
}

async fn verifies(api: &Api, code: &str) -> anyhow::Result<Answer> {
    api.nobody().post("/v1/sign-up/verify", json!({ "code": code })).await
}

fn fields(answer: &Answer) -> Vec<String> {
    let errors = answer.json()["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().filter_map(|fault| fault["field"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn whoever_confirms_the_address_has_an_isp_on_trial_and_signs_in() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = on_a_domain(&world).await?;

    let asked = api.nobody().post("/v1/sign-up", form("kitale", ANNA)).await?.is(202)?;
    let early = api.nobody().post("/v1/sign-in", json!({ "login": ANNA, "password": PASSWORD })).await?;
    let code = code_to(&world, ANNA).await?;
    let opened = verifies(&api, &code).await?.is(200)?.json();
    let again = verifies(&api, &code).await?;
    let anna = signs_in(&api, ANNA, PASSWORD).await?;
    let on_her_host = json!({ "login": "anna", "password": PASSWORD });
    let by_name = api.nobody().with("host", "kitale.isp.example").post("/v1/sign-in", on_her_host.clone()).await?;
    let elsewhere = api.nobody().with("host", "savanna.isp.example").post("/v1/sign-in", on_her_host).await?;

    assert_eq!(asked.json(), json!({ "hours": 24 }));
    assert_eq!(early.status, 401, "nothing is open yet");
    assert_eq!((&opened["subdomain"], &opened["sign_in"]), (&json!("kitale"), &json!("https://kitale.isp.example")));
    assert_eq!((again.status, fields(&again)), (422, vec!["/code".to_owned()]), "a code works once");
    let me = anna.get("/v1/me").await?.is(200)?.json();
    assert_eq!((&me["tenant"], &me["email"]), (&opened["tenant"], &json!(ANNA)));
    assert_eq!(anna.get("/v1/settings").await?.is(200)?.json()["name"], "Kitale Net");
    let billing = anna.get("/v1/billing").await?.is(200)?.json();
    assert_eq!((&billing["state"], &billing["until"]), (&json!("trial"), &opened["trial_until"]));
    assert_eq!((by_name.status, elsewhere.status), (200, 401));
    assert_eq!(anna.get("/v1/routers").await?.json()["items"], json!([]), "nothing of others is seen");
    Ok(())
}

#[tokio::test]
async fn a_code_ends_after_a_day_and_another_letter_makes_the_first_one_useless() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = on_a_domain(&world).await?;
    api.nobody().post("/v1/sign-up", form("kitale", ANNA)).await?.is(202)?;
    let first = code_to(&world, ANNA).await?;
    let resend = async |email: &str| api.nobody().post("/v1/sign-up/resend", json!({ "email": email })).await;

    resend(ANNA).await?.is(202)?;
    assert_eq!(world.queue().step().await?, 0, "not twice within a minute");
    world.clock.passes(Span::seconds(61));
    resend(ANNA).await?.is(202)?;
    let second = code_to(&world, ANNA).await?;
    for _ in 0..9 {
        world.clock.passes(Span::seconds(61));
        resend(ANNA).await?.is(202)?;
        resend("nobody@kitale.example").await?.is(202)?;
        world.queue().step().await?;
    }
    let letters = world.mail.letters();
    let last = code_to(&world, ANNA).await?;

    assert_eq!(letters.len(), 5, "five letters, and none to whoever does not wait for one");
    assert_ne!(first, second);
    assert_eq!((verifies(&api, &first).await?.status, verifies(&api, &second).await?.status), (422, 422));
    world.clock.passes(DAY);
    assert_eq!(verifies(&api, &last).await?.status, 422, "a day is over");
    assert_eq!(verifies(&api, "0123456789abcdef0123456789abcdef").await?.status, 422);
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_signed_up_is_told_field_by_field() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = on_a_domain(&world).await?;
    let with = |changes: Value| {
        let mut form = form("kitale", ANNA);
        for (name, value) in changes.as_object().into_iter().flatten() {
            form[name] = value.clone();
        }
        form
    };

    let cases: [(Value, &[&str]); 6] = [
        (json!({ "password_confirmation": "another one, alas" }), &["/password_confirmation"]),
        (json!({ "password": "short", "password_confirmation": "short" }), &["/password"]),
        (json!({ "password": "password123", "password_confirmation": "password123" }), &["/password"]),
        (json!({ "email": "anna", "subdomain": "No Good" }), &["/subdomain", "/email"]),
        (json!({ "business": " ", "user_name": "7" }), &["/business", "/user_name"]),
        (
            json!({ "zone": "Mars", "currency": "shilling", "calling_code": "x" }),
            &["/zone", "/currency", "/calling_code"],
        ),
    ];
    for (changes, wanted) in cases {
        let refused = api.nobody().post("/v1/sign-up", with(changes.clone())).await?;
        assert_eq!((refused.status, fields(&refused)), (422, wanted.iter().map(|field| (*field).to_owned()).collect()));
        assert!(!refused.text().contains("another one, alas"), "a password is never said again");
    }
    for taken in ["www", "platform", "ab1-", "savanna", "rift"] {
        let refused = api.nobody().post("/v1/sign-up", form(taken, &format!("{taken}@kitale.example"))).await?;
        assert!([409, 422].contains(&refused.status), "{taken}: {}", refused.text());
    }
    assert_eq!(world.queue().step().await?, 0, "no letter goes out for any of them");
    Ok(())
}

#[tokio::test]
async fn an_address_with_an_account_learns_of_it_by_letter_alone() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = on_a_domain(&world).await?;
    let first = api.nobody().post("/v1/sign-up", form("kitale", ANNA)).await?.is(202)?;
    verifies(&api, &code_to(&world, ANNA).await?).await?.is(200)?;

    let second = api.nobody().post("/v1/sign-up", form("eldoret", ANNA)).await?;

    assert_eq!((second.status, second.text()), (first.status, first.text()), "whoever asks is told nothing");
    world.queue().step().await?;
    let letters = world.mail.letters();
    let last = letters.last().map(|letter| letter.text()).unwrap_or_default();
    assert!(last.contains("has an account already") && !last.contains('#'), "{last}");
    assert_eq!(signs_in(&api, ANNA, PASSWORD).await?.get("/v1/settings").await?.json()["name"], "Kitale Net");
    Ok(())
}

#[tokio::test]
async fn whoever_signs_up_too_often_is_told_how_long_to_wait() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = on_a_domain(&world).await?;

    let mut refused = None;
    for number in 0..8 {
        let answer = api.nobody().post("/v1/sign-up", form(&format!("kitale-{number}"), ANNA)).await?;
        if answer.status == 429 {
            refused = Some((number, answer));
            break;
        }
        answer.is(202)?;
    }
    let (number, refused) = refused.ok_or_else(|| anyhow::anyhow!("nobody is ever refused"))?;
    let seconds: i64 = refused.header("retry-after").unwrap_or_default().parse()?;

    assert!(number >= 3, "some tries are free");
    assert!(refused.text().contains(&format!("wait {seconds} seconds")), "{}", refused.text());
    world.clock.passes(Span::seconds(seconds));
    api.nobody().post("/v1/sign-up", form("kitale-late", ANNA)).await?.is(202)?;
    Ok(())
}
