//! Roles: those of an ISP's own, and that nobody gives what they have not.

use actions::platform::open_tenant::{NewTenant, open_tenant};
use domain::money::Currency;
use domain::people::role::Preset;
use domain::people::staff::Zoned;
use domain::phone::CallingCode;
use domain::time::Zone;
use serde_json::json;
use store::TenantScope;

use crate::desk::{Desk, GOOD};
use crate::shop::{all, text};

#[tokio::test]
async fn a_role_of_an_isps_own_is_made_given_changed_and_removed() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    desk.hires("anna", Preset::Owner).await?;
    let ben = desk.hires("ben", Preset::Support).await?;
    desk.they_hire("rita", Preset::Owner).await?;
    let (anna, rita) = (desk.signs_in("anna@savanna.test", GOOD).await?, desk.signs_in("rita@rift.test", GOOD).await?);
    let in_shop = desk.signs_in("ben@savanna.test", GOOD).await?;
    let shop = json!({ "name": "Shop", "permissions": ["vouchers:see", "vouchers:change"] });

    let made = anna.post("/v1/roles", shop.clone()).await?.is(201)?;
    let place = made.header("location").expect("a place").to_owned();
    let role = made.json()["id"].clone();
    let person = format!("/v1/staff/{}", ben.id);
    anna.patch(&person, json!({ "role": role })).await?.is(200)?;
    let (sells, connects) = (in_shop.get("/v1/vouchers").await?.status, in_shop.get("/v1/routers").await?.status);
    let wider = json!({ "name": "Shop", "permissions": ["vouchers:see", "routers:see"] });
    let stale = anna.clone().with("if-match", "\"0000000000000000\"");
    let stale = stale.send("PUT", &place, Some(wider.clone())).await?;
    let theirs = rita.send("PUT", &place, Some(wider.clone())).await?.status;
    anna.send("PUT", &place, Some(wider)).await?.is(200)?;
    let after = in_shop.get("/v1/routers").await?.status;
    let in_use = anna.delete(&place).await?;
    anna.patch(&person, json!({ "role": "support" })).await?.is(200)?;
    let (not_theirs, removed) = (rita.delete(&place).await?.status, anna.delete(&place).await?.status);

    assert_eq!((sells, connects, after), (200, 403, 200));
    assert_eq!((stale.status, theirs), (412, 404));
    assert_eq!((in_use.status, in_use.code().as_str()), (409, "conflict"));
    assert_eq!((not_theirs, removed), (404, 204));
    let listed = rita.get("/v1/roles").await?.is(200)?.json();
    assert_eq!(all(&listed, "id"), ["owner", "admin", "technician", "billing", "support"]);
    Ok(())
}

#[tokio::test]
async fn nobody_gives_what_they_have_not() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    let anna = desk.hires("anna", Preset::Owner).await?;
    desk.hires("carol", Preset::Admin).await?;
    let ben = desk.hires("ben", Preset::Support).await?;
    let rita = desk.they_hire("rita", Preset::Owner).await?;
    let carol = desk.signs_in("carol@savanna.test", GOOD).await?;
    let in_office = desk.signs_in("ben@savanna.test", GOOD).await?;
    let me = carol.get("/v1/me").await?.is(200)?.json();
    let owner = json!({ "email": "dan@savanna.test", "user_name": "dan", "name": "Dan", "role": "owner" });
    let technician = json!({ "email": "dan@savanna.test", "user_name": "dan", "name": "Dan", "role": "technician" });
    let platform = json!({ "email": "dan@savanna.test", "user_name": "dan", "name": "Dan", "role": "platform_owner" });

    for (what, answer) in [
        ("an owner", carol.post("/v1/staff", owner).await?),
        ("the platform's owner", carol.post("/v1/staff", platform).await?),
        ("more to others", carol.patch(&format!("/v1/staff/{}", ben.id), json!({ "role": "owner" })).await?),
        ("less to an owner", carol.patch(&format!("/v1/staff/{}", anna.id), json!({ "role": "support" })).await?),
        ("no owner", carol.post(&format!("/v1/staff/{}/deactivate", anna.id), json!({})).await?),
        ("a wide role", carol.post("/v1/roles", json!({ "name": "x", "permissions": ["billing:change"] })).await?),
        ("by support", in_office.post("/v1/roles", json!({ "name": "x", "permissions": [] })).await?),
    ] {
        assert_eq!((answer.status, answer.code().as_str()), (403, "not_allowed"), "{what}: {}", answer.text());
    }
    let to_oneself = carol.patch(&format!("/v1/staff/{}", text(&me, "id")), json!({ "role": "owner" })).await?;
    assert_eq!((to_oneself.status, to_oneself.code().as_str()), (409, "conflict"));
    let unknown_person = carol.post("/v1/staff", technician).await?;
    let fields = [&unknown_person.json()["errors"][0]["field"], &unknown_person.json()["errors"][1]["field"]]
        .map(|field| field.as_str().unwrap_or_default().to_owned());
    assert_eq!((unknown_person.status, fields), (422, ["/phone".to_owned(), "/id_number".to_owned()]));
    assert_eq!(carol.get(&format!("/v1/staff/{}", rita.id)).await?.status, 404);
    assert_eq!(carol.patch(&format!("/v1/staff/{}", rita.id), json!({ "name": "Rose" })).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn a_number_without_a_plus_is_one_of_the_isps_own_country() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    let new = NewTenant {
        slug: "nile".parse()?,
        name: "Nile Networks".to_owned(),
        zone: Zone::named("Africa/Kampala")?,
        currency: Currency::from_code("UGX")?,
        calling_code: CallingCode::parse("256").map_err(anyhow::Error::msg)?,
    };
    let tenant = open_tenant(&desk.world.store, new, desk.world.context()).await?;
    desk.adds(&TenantScope::of_operator(tenant.id), ("okello", "nile"), Preset::Owner, Zoned::All).await?;
    let okello = desk.signs_in("okello@nile.test", GOOD).await?;
    let tom = json!({ "email": "tom@nile.test", "user_name": "tom", "name": "Tom", "role": "technician",
        "phone": "0772 345 678", "id_number": "CM9081726" });

    let made = okello.post("/v1/staff", tom).await?.is(201)?;
    let place = made.header("location").expect("a place").to_owned();
    let changed = okello.patch(&place, json!({ "phone": "0772 345 679" })).await?.is(200)?.json();

    assert_eq!(text(&made.json(), "phone"), "+256772345678");
    assert_eq!(text(&changed, "phone"), "+256772345679");
    Ok(())
}
