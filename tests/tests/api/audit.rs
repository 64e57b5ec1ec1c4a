//! The audit, as an ISP sees it: searched, taken home, and verified.

use domain::people::role::{Preset, RoleName};
use domain::people::staff::Zoned;
use domain::time::Span;
use ports::Clock as _;
use serde_json::{Value, json};
use tests::api::{Answer, Api, Client};
use tests::world::World;

fn verbs(answer: &Answer) -> Vec<String> {
    let items = answer.json()["items"].as_array().cloned().unwrap_or_default();
    items.iter().filter_map(|item| item["verb"].as_str().map(str::to_owned)).collect()
}

/// Three deeds, five minutes apart; answers with the branch that two of them are about.
async fn three_deeds(world: &World, client: &Client) -> anyhow::Result<String> {
    let branch = client.post("/v1/branches", json!({ "name": "Kitale" })).await?.is(201)?;
    let branch = branch.json()["id"].as_str().unwrap_or_default().to_owned();
    world.clock.passes(Span::seconds(300));
    client.patch(&format!("/v1/branches/{branch}"), json!({ "name": "Eldoret" })).await?.is(200)?;
    world.clock.passes(Span::seconds(300));
    client.post("/v1/zones", json!({ "name": "=HYPERLINK(\"x\")" })).await?.is(201)?;
    Ok(branch)
}

#[tokio::test]
async fn the_audit_is_searched_by_who_what_when_and_text_within_its_own_isp() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let (ours, theirs) = (api.owner(&world, &world.isp).await?, api.owner(&world, &world.other).await?);
    let begun = world.clock.now();
    let branch = three_deeds(&world, &ours).await?;
    let me = ours.get("/v1/me").await?.json()["name"].as_str().unwrap_or_default().replace(' ', "%20");
    let instant = |seconds| begun.plus(Span::seconds(seconds)).to_string();

    let cases = [
        (format!("thing={branch}"), vec!["rename_branch", "add_branch"]),
        ("verb=add_zone".to_owned(), vec!["add_zone"]),
        (format!("actor={me}&verb=add_branch"), vec!["add_branch"]),
        ("actor=Nobody".to_owned(), vec![]),
        (format!("from={}", instant(150)), vec!["add_zone", "rename_branch"]),
        (format!("from={}&to={}", instant(150), instant(450)), vec!["rename_branch"]),
        ("q=ELDORET".to_owned(), vec!["rename_branch"]),
        (format!("q=kitale&thing={branch}"), vec!["rename_branch", "add_branch"]),
        ("q=nothing+like+it".to_owned(), vec![]),
    ];
    for (query, wanted) in cases {
        let listed = ours.get(&format!("/v1/audit?{query}")).await?.is(200)?;
        assert_eq!(verbs(&listed), wanted, "{query}");
        assert_eq!(verbs(&theirs.get(&format!("/v1/audit?{query}")).await?.is(200)?), Vec::<String>::new(), "{query}");
    }
    let first = ours.get("/v1/audit?limit=1&q=_branch").await?.is(200)?;
    let next = first.json()["next"].as_str().expect("more follow").to_owned();
    let second = ours.get(&format!("/v1/audit?limit=1&q=_branch&after={next}")).await?.is(200)?;
    assert_eq!((verbs(&first), verbs(&second)), (vec!["rename_branch".into()], vec!["add_branch".into()]));
    assert_eq!(second.json()["next"], Value::Null);
    let told = &first.json()["items"][0];
    let change = json!([{ "what": "name", "before": "Kitale", "after": "Eldoret" }]);
    assert_eq!(
        (&told["changes"], &told["thing_name"], &told["from"]),
        (&change, &json!("Eldoret"), &json!("127.0.0.1"))
    );
    for wrong in ["verb=dance", "thing=7", "from=yesterday", "who=anna"] {
        assert_eq!(ours.get(&format!("/v1/audit?{wrong}")).await?.status, 400, "{wrong}");
    }
    Ok(())
}

#[tokio::test]
async fn the_audit_is_taken_home_whole_and_without_formulas() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let (ours, theirs) = (api.owner(&world, &world.isp).await?, api.owner(&world, &world.other).await?);
    let billing = api.signed_in(&world, &world.isp, RoleName::Preset(Preset::Billing), Zoned::All).await?;
    three_deeds(&world, &ours).await?;
    let billing_sees = billing.get("/v1/audit").await?.status;

    let table = ours.get("/v1/audit/export").await?.is(200)?;
    let workbook = ours.get("/v1/audit/export?format=xlsx&verb=add_zone").await?.is(200)?;

    assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8"));
    let text = table.text();
    assert!(text.starts_with("\u{feff}at,actor,impersonator,from,verb,"), "{text}");
    assert!(text.contains("name: Kitale → Eldoret") && text.contains("'=HYPERLINK"), "{text}");
    assert_eq!(&workbook.body[..2], b"PK");
    assert_eq!(theirs.get("/v1/audit/export").await?.is(200)?.text().lines().count(), 2, "their own router alone");
    assert_eq!((billing_sees, billing.get("/v1/audit/export").await?.status), (200, 403));
    Ok(())
}

#[tokio::test]
async fn an_entry_that_was_changed_or_taken_out_is_told() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let (ours, theirs) = (api.owner(&world, &world.isp).await?, api.owner(&world, &world.other).await?);
    three_deeds(&world, &ours).await?;
    let whole = ours.get("/v1/audit/verify").await?.is(200)?.json();
    let head = whole["head"].as_str().unwrap_or_default();
    assert_eq!((&whole["is_whole"], &whole["fault"], head.len()), (&json!(true), &Value::Null, 64), "{whole}");
    assert_eq!(whole["entries"], 4, "the router of the ISP, and three deeds: {whole}");

    // Whoever owns the database can do this, and not unseen.
    let mut admin = world.database.admin().await;
    for sql in [
        "alter table audit disable trigger user",
        "update audit set after = jsonb_build_object('name', 'Nairobi') where verb = 'rename_branch'",
    ] {
        sqlx::query(sql).execute(&mut admin).await?;
    }
    let broken = ours.get("/v1/audit/verify").await?.is(200)?.json();
    let fault = broken["fault"].as_str().unwrap_or_default();
    sqlx::query("delete from audit where verb = 'add_zone'").execute(&mut admin).await?;
    sqlx::query("update audit set after = jsonb_build_object('name', 'Eldoret') where verb = 'rename_branch'")
        .execute(&mut admin)
        .await?;
    let cut = ours.get("/v1/audit/verify").await?.is(200)?.json();

    assert!(broken["is_whole"] == false && fault.contains("was changed after it was written"), "{broken}");
    assert!(cut["fault"].as_str().is_some_and(|fault| fault.contains("are gone")), "{cut}");
    assert_eq!(theirs.get("/v1/audit/verify").await?.json()["is_whole"], true);
    Ok(())
}
