//! Every deed that is done over HTTP stands in the audit, under the verb that the table of routes names.

use std::collections::BTreeSet;

use actions::people::by::By;
use actions::people::invite::{Joining, NewStaff, invite};
use admin_api::routes::Audit;
use anyhow::Context as _;
use credentials::totp;
use domain::id::StaffId;
use domain::people::role::{Preset, RoleName};
use domain::people::staff::Zoned;
use domain::platform::audit::Verb;
use domain::secret::Secret;
use domain::time::Span;
use serde_json::{Value, json};
use store::people::staff;
use store::platform::audit;
use tests::api::{Answer, Client};
use tests::furnished::Furnished;
use tests::world::{Isp, World};

use super::samples::{samples, send};
use super::{before_id, routes, with_ids};

/// Routes about people's own signing in, which [`what_people_do_about_themselves_is_told`] goes through in turn.
pub(super) const IN_TURN: &[&str] = &[
    "DELETE /v1/me/sessions/{id}",
    "POST /v1/invitations",
    "POST /v1/me/password",
    "POST /v1/me/sessions/end-others",
    "POST /v1/me/stop-impersonating",
    "POST /v1/me/totp/confirm",
    "POST /v1/me/totp/recovery-codes",
    "POST /v1/me/totp/remove",
    "POST /v1/password-reset",
    "POST /v1/password-resets",
    "POST /v1/platform/impersonations",
    "POST /v1/sign-in",
    "POST /v1/sign-out",
    "POST /v1/staff/demand-totp",
    "POST /v1/staff/{id}/remove-totp",
    "POST /v1/staff/{id}/sign-out",
];

/// Routes for whoever has no ISP yet; `sign_up.rs` sees them told.
const BEFORE_THERE_IS_AN_ISP: &[&str] = &["POST /v1/sign-up", "POST /v1/sign-up/resend", "POST /v1/sign-up/verify"];

/// Routes of the platform's own people; `platform.rs` sees them told, there and at the ISP.
const OF_THE_PLATFORM: &[&str] = &[
    "PATCH /v1/platform/settings",
    "POST /v1/platform/jobs/{id}/retry",
    "POST /v1/platform/tenants",
    "POST /v1/platform/tenants/{id}/grace",
    "POST /v1/platform/tenants/{id}/lock",
    "POST /v1/platform/tenants/{id}/paid-until",
    "POST /v1/platform/tenants/{id}/tier",
    "POST /v1/platform/tenants/{id}/trial",
    "POST /v1/platform/tenants/{id}/unlock",
    "PUT /v1/platform/tiers/{tier}",
];

/// How often each verb stands in an ISP's audit.
async fn told(world: &World, isp: &Isp, verb: &str) -> anyhow::Result<usize> {
    let mut tx = world.store.tenant(&isp.scope).await?;
    let search = audit::Search { verb: Verb::from_code(verb), ..audit::Search::default() };
    anyhow::ensure!(search.verb.is_some(), "there is no verb {verb}");
    let entries = audit::search(&mut tx, &search, tests::first_page()).await?.rows;
    Ok(entries.len())
}

#[tokio::test]
async fn what_an_owner_does_is_told_under_the_verb_of_its_route() -> anyhow::Result<()> {
    let furnished = Furnished::open().await?;
    let (world, ours) = (&furnished.world, &furnished.isp);
    let table = routes();

    for sample in samples(ours) {
        let (_, route) = table.iter().find(|(name, _)| name == sample.route).expect("a sample of a route there is");
        let path = before_id(&route.path)
            .map_or(route.path.clone(), |before| with_ids(&route.path, ours.id(sample.whose.unwrap_or(before)), ours));
        let verb = match route.audit {
            Audit::Tells(verb) => Some(verb),
            Audit::Silent(_) | Audit::Reads => None,
        };
        let before = match verb {
            Some(verb) => told(world, &world.isp, verb).await?,
            None => 0,
        };

        let answer = send(&ours.owner, route.method.as_str(), &path, sample.body.as_ref()).await?;

        let said = format!("{}: {} {}", sample.route, answer.status, answer.text());
        assert!((200..300).contains(&answer.status), "{said}");
        if let Some(verb) = verb {
            assert!(told(world, &world.isp, verb).await? > before, "not told as {verb}: {said}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn no_route_that_is_told_is_left_out() -> anyhow::Result<()> {
    let furnished = Furnished::open().await?;
    let sampled: BTreeSet<&str> = samples(&furnished.isp).iter().map(|sample| sample.route).collect();
    let in_turn: BTreeSet<&str> = [IN_TURN, BEFORE_THERE_IS_AN_ISP, OF_THE_PLATFORM].concat().into_iter().collect();

    let table = routes();
    let told: BTreeSet<&str> = table
        .iter()
        .filter(|(_, route)| matches!(route.audit, Audit::Tells(_)))
        .map(|(name, _)| name.as_str())
        .collect();

    let left_out: Vec<_> = told.iter().filter(|name| !sampled.contains(**name) && !in_turn.contains(**name)).collect();
    assert!(left_out.is_empty(), "put a request for these into tests/tests/api/walk/samples.rs: {left_out:#?}");
    let gone: Vec<_> = in_turn.difference(&told).collect();
    assert!(gone.is_empty(), "these are no routes that are told: {gone:#?}");
    let twice: Vec<_> = in_turn.intersection(&sampled).collect();
    assert!(twice.is_empty(), "these have samples: {twice:#?}");
    Ok(())
}

const PASSWORD: &str = "maembe saba mtoni";
const ANOTHER: &str = "tumbili wanne msituni";

/// Somebody of the first ISP with a password, going through all that is about themselves.
struct Person<'a> {
    furnished: &'a Furnished,
    id: StaffId,
    email: String,
    /// The routes that have been gone through.
    done: BTreeSet<&'static str>,
}

impl<'a> Person<'a> {
    async fn joins(furnished: &'a Furnished) -> anyhow::Result<Self> {
        let (world, email) = (&furnished.world, "carol@people.test".to_owned());
        let new = NewStaff {
            email: email.parse()?,
            user_name: "carol".parse()?,
            name: "Carol".parse()?,
            phone: None,
            id_number: None,
            role: RoleName::Preset(Preset::Support),
            zones: Zoned::All,
        };
        let joining = Joining::With(Secret::new(PASSWORD.to_owned()));
        let joined =
            invite(&world.store, &world.isp.scope, &By::operator(false), new, joining, world.context()).await?;
        Ok(Self { furnished, id: joined.staff.id, email, done: BTreeSet::new() })
    }

    /// Asks, and sees the deed told under the verb of its route.
    async fn does(&mut self, client: &Client, route: &'static str, id: &str, body: Value) -> anyhow::Result<Answer> {
        let world = &self.furnished.world;
        let table = routes();
        let (_, row) = table.iter().find(|(name, _)| name == route).expect("a route there is");
        let Audit::Tells(verb) = row.audit else { anyhow::bail!("{route} is not told") };
        let before = told(world, &world.isp, verb).await?;
        let body = (!body.is_null()).then_some(body);

        let answer = client.send(row.method.as_str(), &with_ids(&row.path, id, &self.furnished.isp), body).await?;

        let said = format!("{route}: {} {}", answer.status, answer.text());
        assert!((200..300).contains(&answer.status), "{said}");
        assert!(told(world, &world.isp, verb).await? > before, "not told as {verb}: {said}");
        self.done.insert(route);
        Ok(answer)
    }

    async fn signs_in(&mut self, password: &str) -> anyhow::Result<(Client, String)> {
        let nobody = self.furnished.api.nobody();
        let body = json!({ "login": self.email, "password": password });
        let answer = self.does(&nobody, "POST /v1/sign-in", "", body).await?;
        let cookie = answer.header("set-cookie").and_then(|set| set.split(';').next()).expect("a cookie").to_owned();
        let session = answer.json()["session"].as_str().expect("a session").to_owned();
        Ok((nobody.with("cookie", &cookie), session))
    }

    /// The code that a telephone shows now; each is good once, so time passes.
    async fn code(&self) -> anyhow::Result<String> {
        let world = &self.furnished.world;
        world.clock.passes(Span::seconds(31));
        let mut tx = world.store.tenant(&world.isp.scope).await?;
        let kept = staff::proofs(&mut tx, self.id).await?.and_then(|proofs| proofs.totp).expect("set up");
        Ok(totp::code(&kept.secret, world.context().now()))
    }

    /// The code in the last letter to an address.
    async fn letter(&self, to: &str) -> anyhow::Result<String> {
        self.furnished.world.queue().step().await?;
        let letters = self.furnished.world.mail.letters();
        let code = |link: String| link.split('#').nth(1).map(str::to_owned);
        let to_them = letters.iter().rev().filter(|letter| letter.to == to);
        to_them.filter_map(|letter| code(letter.word("http")?)).next().context("no letter with a code")
    }
}

#[tokio::test]
async fn what_people_do_about_themselves_is_told() -> anyhow::Result<()> {
    let furnished = Furnished::open().await?;
    let (owner, nobody) = (&furnished.isp.owner, furnished.api.nobody());
    let mut carol = Person::joins(&furnished).await?;
    let id = carol.id.to_string();

    let (one, _) = carol.signs_in(PASSWORD).await?;
    let (_, other) = carol.signs_in(PASSWORD).await?;
    carol.does(&one, "DELETE /v1/me/sessions/{id}", &other, Value::Null).await?;
    carol.signs_in(PASSWORD).await?;
    carol.does(&one, "POST /v1/me/sessions/end-others", "", Value::Null).await?;
    let changed = json!({ "password": PASSWORD, "new_password": ANOTHER });
    carol.does(&one, "POST /v1/me/password", "", changed).await?;

    one.post("/v1/me/totp", json!({ "password": ANOTHER })).await?.is(200)?;
    let code = carol.code().await?;
    carol.does(&one, "POST /v1/me/totp/confirm", "", json!({ "code": code })).await?;
    let code = carol.code().await?;
    carol.does(&one, "POST /v1/me/totp/recovery-codes", "", json!({ "code": code })).await?;
    let code = carol.code().await?;
    let remove = json!({ "password": ANOTHER, "code": code });
    carol.does(&one, "POST /v1/me/totp/remove", "", remove).await?;
    one.post("/v1/me/totp", json!({ "password": ANOTHER })).await?.is(200)?;
    let code = carol.code().await?;
    one.post("/v1/me/totp/confirm", json!({ "code": code })).await?.is(200)?;
    carol.does(owner, "POST /v1/staff/{id}/remove-totp", &id, Value::Null).await?;
    let (one, _) = carol.signs_in(ANOTHER).await?;
    carol.does(owner, "POST /v1/staff/{id}/sign-out", &id, Value::Null).await?;
    assert_eq!(one.get("/v1/me").await?.status, 401);

    let login = json!({ "login": carol.email });
    carol.does(&nobody, "POST /v1/password-reset", "", login).await?;
    let code = carol.letter("carol@people.test").await?;
    carol.does(&nobody, "POST /v1/password-resets", "", json!({ "code": code, "password": PASSWORD })).await?;
    let (one, _) = carol.signs_in(PASSWORD).await?;
    carol.does(&one, "POST /v1/sign-out", "", Value::Null).await?;
    let code = carol.letter(&format!("ben@{}.test", furnished.isp.mark)).await?;
    carol.does(&nobody, "POST /v1/invitations", "", json!({ "code": code, "password": PASSWORD })).await?;

    let visitor = furnished.of_platform(Preset::PlatformSupport).await?;
    let visit = json!({ "tenant": furnished.world.isp.tenant.id.to_string(), "reason": "a call about a router" });
    carol.does(&visitor, "POST /v1/platform/impersonations", "", visit).await?;
    carol.does(&visitor, "POST /v1/me/stop-impersonating", "", Value::Null).await?;
    carol.does(owner, "POST /v1/staff/demand-totp", "", json!({ "demanded": true })).await?;

    assert_eq!(carol.done, IN_TURN.iter().copied().collect());
    Ok(())
}
