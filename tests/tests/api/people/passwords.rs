//! Passwords by mail: forgotten ones, and those of whoever was invited.

use domain::people::role::Preset;
use domain::time::Span;
use serde_json::json;
use tests::api::{Answer, Client};

use crate::desk::{Desk, GOOD, HERE, OTHER, THERE};
use crate::shop::text;

const ANNA: &str = "anna@savanna.test";

async fn asks(who: &Client, login: &str) -> anyhow::Result<Answer> {
    who.post("/v1/password-reset", json!({ "login": login })).await?.is(202)
}

async fn chooses(desk: &Desk, code: &str, password: &str) -> anyhow::Result<Answer> {
    desk.nobody().post("/v1/password-resets", json!({ "code": code, "password": password })).await
}

#[tokio::test]
async fn a_forgotten_password_is_chosen_anew_once_and_all_sessions_end() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    desk.hires("anna", Preset::Owner).await?;
    let (at_home, at_work) = (desk.signs_in(ANNA, GOOD).await?, desk.signs_in(ANNA, GOOD).await?);

    asks(&desk.nobody(), ANNA).await?;
    let code = Desk::code_of(&desk.letter(ANNA, 1).await?, "reset-password")?;
    let weak = chooses(&desk, &code, "password123").await?;
    let done = chooses(&desk, &code, OTHER).await?;
    let twice = chooses(&desk, &code, "farasi watatu mjini").await?;

    assert_eq!((weak.status, weak.json()["errors"][0]["field"].as_str()), (422, Some("/password")));
    assert_eq!((done.status, done.text().as_str()), (204, ""));
    assert_eq!((twice.status, twice.json()["errors"][0]["field"].as_str()), (422, Some("/code")));
    assert_eq!((at_home.get("/v1/me").await?.status, at_work.get("/v1/me").await?.status), (401, 401));
    assert_eq!(desk.tries("isp.example", ANNA, GOOD).await?.status, 401);
    assert_eq!(desk.tries("isp.example", ANNA, OTHER).await?.status, 200);
    assert!(desk.letter(ANNA, 2).await?.contains("was changed"), "a letter tells of it");
    Ok(())
}

#[tokio::test]
async fn a_letter_is_good_for_thirty_minutes_and_the_next_one_replaces_it() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    desk.hires("anna", Preset::Owner).await?;
    let passes = |seconds| desk.world.clock.passes(Span::seconds(seconds));

    asks(&desk.nobody(), ANNA).await?;
    let first = Desk::code_of(&desk.letter(ANNA, 1).await?, "reset-password")?;
    passes(30 * 60);
    let late = chooses(&desk, &first, OTHER).await?;
    asks(&desk.nobody(), ANNA).await?;
    let second = Desk::code_of(&desk.letter(ANNA, 2).await?, "reset-password")?;
    asks(&desk.nobody(), ANNA).await?;
    let third = Desk::code_of(&desk.letter(ANNA, 3).await?, "reset-password")?;
    passes(30 * 60 - 1);
    let replaced = chooses(&desk, &second, OTHER).await?;
    let in_time = chooses(&desk, &third, OTHER).await?;

    assert_eq!((late.status, late.json()["errors"][0]["field"].as_str()), (422, Some("/code")));
    assert_eq!((replaced.status, in_time.status), (422, 204));
    Ok(())
}

#[tokio::test]
async fn nobody_learns_by_a_reset_which_addresses_there_are() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    desk.hires("anna", Preset::Owner).await?;
    desk.they_hire("rita", Preset::Owner).await?;

    let there_is = asks(&desk.nobody(), ANNA).await?;
    let there_is_not = asks(&desk.nobody(), "nobody@savanna.test").await?;
    let not_there = asks(&desk.at(THERE), ANNA).await?;
    let by_user_name_elsewhere = asks(&desk.at(THERE), "anna").await?;
    let no_address = asks(&desk.nobody(), "'; drop table staff; --").await?;

    for answer in [&there_is, &there_is_not, &not_there, &by_user_name_elsewhere, &no_address] {
        assert_eq!(answer.text(), "");
        let names = |answer: &Answer| answer.headers.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(names(answer), names(&there_is));
    }
    assert_eq!(desk.letters().await?, 1, "one person has a letter, and nobody else");
    asks(&desk.at(HERE), "anna").await?;
    assert!(desk.letter(ANNA, 2).await?.contains("asked for"));
    // Who asks and asks waits, whether there is such a login or not.
    for login in [ANNA, "nobody@savanna.test"] {
        let mut statuses = Vec::new();
        for _ in 0..6 {
            statuses.push(desk.nobody().post("/v1/password-reset", json!({ "login": login })).await?.status);
        }
        assert_eq!(statuses.last(), Some(&429), "{login}: {statuses:?}");
    }
    Ok(())
}

#[tokio::test]
async fn whoever_is_invited_joins_by_a_letter_and_may_be_let_go_and_taken_back() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    desk.hires("anna", Preset::Owner).await?;
    desk.they_hire("rita", Preset::Owner).await?;
    let (anna, rita) = (desk.signs_in(ANNA, GOOD).await?, desk.signs_in("rita@rift.test", GOOD).await?);
    let ben = json!({ "email": "ben@savanna.test", "user_name": "ben", "name": "Ben Otieno", "role": "support" });

    let invited = anna.post("/v1/staff", ben.clone()).await?.is(201)?;
    let place = invited.header("location").expect("a place").to_owned();
    let first = desk.letter("ben@savanna.test", 1).await?;
    anna.post(&format!("{place}/invite"), json!({})).await?.is(200)?;
    let second = desk.letter("ben@savanna.test", 2).await?;
    let join = async |letter: &str| {
        let body = json!({ "code": Desk::code_of(letter, "join")?, "password": GOOD });
        desk.nobody().post("/v1/invitations", body).await
    };
    let replaced = join(&first).await?;
    let joined = join(&second).await?;
    let again = join(&second).await?;
    let in_house = desk.signs_in("ben@savanna.test", GOOD).await?;

    assert!(first.contains("anna of savanna has invited you"), "{first}");
    assert_eq!(text(&invited.json(), "state"), "invited");
    assert_eq!((replaced.status, joined.status, again.status), (422, 204, 422));
    assert_eq!(in_house.get("/v1/me").await?.is(200)?.json()["name"], "Ben Otieno");
    let taken = anna.post("/v1/staff", ben.clone()).await?;
    assert_eq!((taken.status, taken.code().as_str()), (409, "conflict"));
    assert_eq!(rita.post("/v1/staff", ben).await?.status, 409, "an address works for one ISP");

    for verb in ["deactivate", "reactivate", "sign-out", "remove-totp", "invite"] {
        assert_eq!(rita.post(&format!("{place}/{verb}"), json!({})).await?.status, 404, "{verb}");
    }
    assert_eq!(rita.get(&place).await?.status, 404);
    anna.post(&format!("{place}/deactivate"), json!({})).await?.is(200)?;
    assert_eq!(in_house.get("/v1/me").await?.status, 401, "the session ends at once");
    assert_eq!(desk.tries(HERE, "ben", GOOD).await?.status, 401);
    anna.post(&format!("{place}/reactivate"), json!({})).await?.is(200)?;
    assert_eq!(desk.tries(HERE, "ben", GOOD).await?.status, 200);
    let me = anna.get("/v1/me").await?.is(200)?.json();
    let oneself = anna.post(&format!("/v1/staff/{}/deactivate", text(&me, "id")), json!({})).await?;
    assert_eq!((oneself.status, oneself.code().as_str()), (409, "conflict"));
    Ok(())
}

#[tokio::test]
async fn an_invitation_is_good_for_seven_days() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    desk.hires("anna", Preset::Owner).await?;
    let anna = desk.signs_in(ANNA, GOOD).await?;
    let ben = json!({ "email": "ben@savanna.test", "user_name": "ben", "name": "Ben Otieno", "role": "support" });
    anna.post("/v1/staff", ben).await?.is(201)?;
    let code = Desk::code_of(&desk.letter("ben@savanna.test", 1).await?, "join")?;

    desk.world.clock.passes(Span::minutes(7 * 24 * 60));
    let late = desk.nobody().post("/v1/invitations", json!({ "code": code, "password": GOOD })).await?;

    assert_eq!((late.status, late.json()["errors"][0]["field"].as_str()), (422, Some("/code")));
    assert_eq!(desk.tries(HERE, "ben", GOOD).await?.status, 401);
    Ok(())
}

#[tokio::test]
async fn ones_own_password_is_changed_by_the_one_before_and_other_sessions_end() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    desk.hires("anna", Preset::Owner).await?;
    let (here, elsewhere) = (desk.signs_in(ANNA, GOOD).await?, desk.signs_in(ANNA, GOOD).await?);
    let change = async |before: &str, after: &str| {
        here.post("/v1/me/password", json!({ "password": before, "new_password": after })).await
    };

    let wrong = change("not this one", OTHER).await?;
    let short = change(GOOD, "short").await?;
    let stolen = change(GOOD, "qwertyuiop").await?;
    let done = change(GOOD, OTHER).await?;

    assert_eq!((wrong.status, wrong.json()["errors"][0]["field"].as_str()), (422, Some("/password")));
    for refused in [short, stolen] {
        assert_eq!((refused.status, refused.json()["errors"][0]["field"].as_str()), (422, Some("/new_password")));
    }
    assert_eq!(done.status, 204);
    assert_eq!((here.get("/v1/me").await?.status, elsewhere.get("/v1/me").await?.status), (200, 401));
    assert!(desk.letter(ANNA, 1).await?.contains("was changed"));
    Ok(())
}
