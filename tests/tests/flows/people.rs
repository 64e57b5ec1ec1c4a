//! Staff sign in, prove themselves, and deal with one another: with a clock that stands where the story puts it.

use std::net::IpAddr;

use actions::context::Context;
use actions::people::by::{By, Letterhead, PeopleError};
use actions::people::change_staff::{StaffChange, change_staff};
use actions::people::impersonate::{self, Visitor};
use actions::people::invite::{Joined, Joining, NewStaff, accept_invitation, invite, invite_again};
use actions::people::keys::{NewKey, make_key, revoke_key, rotate_key};
use actions::people::sign_in::{Entered, IDLE, SignIn, SigningIn, sign_in, sign_out};
use actions::people::standing::{deactivate, reactivate};
use actions::people::{change_password, demand_totp, end_stays, reset_password, roles, totp};
use actions::platform::open_platform::open_platform;
use actions::platform::open_tenant::{NewTenant, open_tenant};
use boot::random::OsRandom;
use credentials::token;
use domain::id::TenantId;
use domain::money::Currency;
use domain::people::permission::{Act, Permissions, Thing};
use domain::people::role::{Preset, Rights, RoleName, Services};
use domain::people::staff::{StaffState, Zoned};
use domain::phone::CallingCode;
use domain::secret::{Secret, SecretBytes};
use domain::time::{Span, Zone};
use policy::people::rights::{self, Beyond, Reach};
use store::people::sign_ins::{self, SignedIn};
use store::people::{keys, staff};
use store::platform::audit::{self, Search};
use store::platform::jobs;
use store::{Page, Store, TenantScope};
use tests::database::Database;
use tests::world::StoryClock;

const GOOD: &str = "maembe saba mtoni";
const OTHER: &str = "tumbili wanne msituni";

/// Two ISPs and the platform, each with an owner; all have the same password.
struct Story {
    store: Store,
    clock: StoryClock,
    isp: TenantScope,
    other: TenantScope,
    platform: TenantScope,
    owner: Joined,
    admin: Joined,
    _database: Database,
}

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn person(name: &str, at: &str, role: Preset) -> NewStaff {
    NewStaff {
        email: format!("{name}@{at}.example").parse().expect("good"),
        user_name: name.parse().expect("good"),
        name: format!("{name} Person").parse().expect("good"),
        phone: None,
        id_number: None,
        role: RoleName::Preset(role),
        zones: Zoned::All,
    }
}

fn head(tenant: TenantId) -> Letterhead {
    Letterhead { tenant, name: "Savanna".to_owned(), base: "https://savanna.example".to_owned() }
}

impl Story {
    async fn open() -> Self {
        let database = Database::fresh().await;
        let (store, clock) = (database.store(), StoryClock::standing());
        let mut scopes = Vec::new();
        for slug in ["savanna", "rift"] {
            let new = NewTenant {
                slug: slug.parse().expect("good"),
                name: slug.to_owned(),
                zone: Zone::utc(),
                currency: Currency::KES,
                calling_code: CallingCode::kenya(),
            };
            let tenant = open_tenant(&store, new, Context::new(&clock, &OsRandom)).await.expect("opened");
            scopes.push(TenantScope::of_operator(tenant.id));
        }
        let [isp, other] = scopes[..] else { unreachable!("two were opened") };
        let platform = open_platform(&store, Context::new(&clock, &OsRandom)).await.expect("opened");
        let platform = TenantScope::of_operator(platform);
        let context = Context::new(&clock, &OsRandom);
        let by = By::operator(false);
        let new = person("anna", "savanna", Preset::Owner);
        let owner = invite(&store, &isp, &by, new, Joining::With(secret(GOOD)), context).await.expect("added");
        let new = person("rita", "rift", Preset::Owner);
        invite(&store, &other, &by, new, Joining::With(secret(GOOD)), context).await.expect("added");
        let new = person("root", "platform", Preset::PlatformOwner);
        let by = By::operator(true);
        let admin = invite(&store, &platform, &by, new, Joining::With(secret(GOOD)), context).await.expect("added");
        Self { store, clock, isp, other, platform, owner, admin, _database: database }
    }

    fn context(&self) -> Context<'_> {
        Context::new(&self.clock, &OsRandom)
    }

    fn owner(&self) -> By {
        let given = rights::of_preset(Preset::Owner);
        By { given, zones: Zoned::All, staff: Some(self.owner.staff.id), is_platform: false }
    }

    async fn tries(&self, login: &str, password: &str, code: Option<&str>) -> Result<SignIn, PeopleError> {
        self.tries_from(login, password, code, [192, 0, 2, 7].into()).await
    }

    async fn tries_from(
        &self,
        login: &str,
        password: &str,
        code: Option<&str>,
        from: IpAddr,
    ) -> Result<SignIn, PeopleError> {
        let host = login.split_once('/').map(|_| self.isp.tenant());
        let bringing = SigningIn {
            login: login.trim_start_matches("here/").to_owned(),
            password: secret(password),
            code: code.map(str::to_owned),
            host,
            address: Some(from),
            agent: None,
        };
        sign_in(&self.store, bringing, self.context()).await
    }

    async fn enters(&self, login: &str, password: &str, code: Option<&str>) -> Entered {
        match self.tries(login, password, code).await.expect("asked") {
            SignIn::In(entered) => *entered,
            refused @ (SignIn::Wrong | SignIn::CodeNeeded | SignIn::WrongCode) => {
                unreachable!("{login} should be let in: {refused:?}")
            }
        }
    }

    async fn seen(&self, entered: &Entered) -> Option<SignedIn> {
        let hash = token::hash_of(entered.token.expose()).expect("a token");
        let mut tx = self.store.system().await.expect("begins");
        let seen = sign_ins::touch(&mut tx, &hash, self.context().now(), IDLE).await.expect("asked");
        tx.commit().await.expect("commits");
        seen
    }

    async fn verbs(&self, scope: &TenantScope) -> Vec<&'static str> {
        let mut tx = self.store.tenant(scope).await.expect("begins");
        let entries = audit::search(&mut tx, &Search::default(), Page::first(50)).await.expect("lists").rows;
        entries.iter().rev().map(|entry| entry.verb.code()).collect()
    }

    /// Sets codes up for somebody who is in, and returns the secret and the codes for a bad day.
    async fn enrols(&self, scope: &TenantScope, entered: &Entered) -> (SecretBytes, Vec<Secret<String>>) {
        let id = entered.staff.id;
        let terms = (secret(GOOD), "Savanna");
        let enrolment = totp::enrol(&self.store, scope, id, terms, self.context()).await.expect("made");
        let mut tx = self.store.tenant(scope).await.expect("begins");
        let kept = staff::proofs(&mut tx, id).await.expect("reads").and_then(|proofs| proofs.totp).expect("kept");
        assert_eq!(credentials::totp::text_of(&kept.secret), *enrolment.secret.expose());
        drop(tx);
        let code = credentials::totp::code(&kept.secret, self.context().now());
        let whose = (id, entered.id);
        let codes = totp::confirm(&self.store, scope, whose, &code, self.context()).await.expect("confirmed");
        (kept.secret, codes)
    }
}

fn is_refused(outcome: &Result<SignIn, PeopleError>) -> bool {
    matches!(outcome, Ok(SignIn::Wrong))
}

#[tokio::test]
async fn a_stay_ends_after_twenty_minutes_of_silence_and_when_it_is_left() {
    let story = Story::open().await;
    let entered = story.enters("anna@savanna.example", GOOD, None).await;

    story.clock.passes(Span::seconds(19 * 60 + 59));
    assert!(story.seen(&entered).await.is_some());
    story.clock.passes(Span::seconds(20 * 60 + 1));
    assert!(story.seen(&entered).await.is_none());

    let entered = story.enters("ANNA@savanna.example ", GOOD, None).await;
    let stay = story.seen(&entered).await.expect("there");
    assert_eq!((stay.tenant, stay.rights), (story.isp.tenant(), Rights::Preset(Preset::Owner)));
    sign_out(&story.store, &Visitor::from(&stay), story.context()).await.expect("left");
    assert!(story.seen(&entered).await.is_none());
    // The clock stands still between deeds, so only what was done counts.
    let mut verbs = story.verbs(&story.isp).await;
    verbs.sort_unstable();
    assert_eq!(verbs, ["end_sign_ins", "invite_staff", "sign_in", "sign_in"]);
}

#[tokio::test]
async fn a_user_name_is_known_on_its_own_isps_host_and_an_address_anywhere() {
    let story = Story::open().await;

    assert!(matches!(story.tries("here/anna", GOOD, None).await, Ok(SignIn::In(_))));
    assert!(is_refused(&story.tries("anna", GOOD, None).await));
    // Rita works for the other ISP: here she is nobody, by either name.
    assert!(is_refused(&story.tries("here/rita", GOOD, None).await));
    assert!(is_refused(&story.tries("here/rita@rift.example", GOOD, None).await));
    assert!(matches!(story.tries("rita@rift.example", GOOD, None).await, Ok(SignIn::In(_))));
}

#[tokio::test]
async fn who_guesses_waits_longer_each_time_whether_the_login_exists_or_not() {
    let story = Story::open().await;

    for login in ["anna@savanna.example", "nobody@savanna.example"] {
        for _ in 0..5 {
            assert!(is_refused(&story.tries(login, "not this one", None).await), "{login}");
        }
        let told = story.tries(login, GOOD, None).await;
        assert!(matches!(told, Err(PeopleError::Wait(15))), "{login}: {told:?}");
    }
    // Somebody else at the same place is not held up.
    assert!(matches!(story.tries("rita@rift.example", GOOD, None).await, Ok(SignIn::In(_))));

    story.clock.passes(Span::seconds(15));
    assert!(is_refused(&story.tries("anna@savanna.example", "not this one", None).await));
    assert!(matches!(story.tries("anna@savanna.example", GOOD, None).await, Err(PeopleError::Wait(30))));
    story.clock.passes(Span::seconds(30));
    assert!(matches!(story.tries("anna@savanna.example", GOOD, None).await, Ok(SignIn::In(_))));
    // And everything is forgiven.
    assert!(is_refused(&story.tries("anna@savanna.example", "not this one", None).await));
    assert!(matches!(story.tries("anna@savanna.example", GOOD, None).await, Ok(SignIn::In(_))));
}

#[tokio::test]
async fn one_address_that_guesses_at_many_logins_waits_too() {
    let story = Story::open().await;
    let from: IpAddr = "2001:db8:1:2::5".parse().expect("good");

    for number in 0..30 {
        let login = format!("nobody{number}@savanna.example");
        assert!(is_refused(&story.tries_from(&login, GOOD, None, from).await));
    }
    let neighbour: IpAddr = "2001:db8:1:2:ffff::9".parse().expect("good");
    let told = story.tries_from("anna@savanna.example", GOOD, None, neighbour).await;
    assert!(matches!(told, Err(PeopleError::Wait(15))), "{told:?}");
    assert!(matches!(story.tries("anna@savanna.example", GOOD, None).await, Ok(SignIn::In(_))));
}

#[tokio::test]
async fn a_code_is_asked_for_once_it_is_set_up_and_is_good_once() {
    let story = Story::open().await;
    let entered = story.enters("anna@savanna.example", GOOD, None).await;
    let (kept, bad_day) = story.enrols(&story.isp, &entered).await;
    assert!(story.seen(&entered).await.is_some_and(|stay| stay.proved_twice));
    let code = || credentials::totp::code(&kept, story.context().now());

    assert!(matches!(story.tries("anna@savanna.example", GOOD, None).await, Ok(SignIn::CodeNeeded)));
    // The code that set it up is used.
    assert!(matches!(story.tries("anna@savanna.example", GOOD, Some(&code())).await, Ok(SignIn::WrongCode)));
    story.clock.passes(Span::seconds(60));
    let fresh = code();
    assert!(story.enters("anna@savanna.example", GOOD, Some(&fresh)).await.proved_twice);
    assert!(matches!(story.tries("anna@savanna.example", GOOD, Some(&fresh)).await, Ok(SignIn::WrongCode)));

    assert_eq!(bad_day.len(), 10);
    let drawer = bad_day[0].expose().to_uppercase();
    assert!(story.enters("anna@savanna.example", GOOD, Some(&drawer)).await.proved_twice);
    assert!(matches!(story.tries("anna@savanna.example", GOOD, Some(&drawer)).await, Ok(SignIn::WrongCode)));
}

#[tokio::test]
async fn guesses_at_a_code_wait_as_guesses_at_a_password_do() {
    let story = Story::open().await;
    let entered = story.enters("anna@savanna.example", GOOD, None).await;
    story.enrols(&story.isp, &entered).await;

    for _ in 0..5 {
        // Whoever knows the password cannot begin anew by asking without a code.
        assert!(matches!(story.tries("anna@savanna.example", GOOD, None).await, Ok(SignIn::CodeNeeded)));
        assert!(matches!(story.tries("anna@savanna.example", GOOD, Some("000000")).await, Ok(SignIn::WrongCode)));
    }
    assert!(matches!(story.tries("anna@savanna.example", GOOD, None).await, Err(PeopleError::Wait(_))));
}

#[tokio::test]
async fn whoever_must_give_a_code_may_do_nothing_before() {
    let story = Story::open().await;
    let in_force = |stay: &SignedIn| {
        rights::in_force(&rights::Standing {
            rights: stay.rights,
            is_platform: stay.is_platform,
            proved_twice: stay.proved_twice,
            demanded: stay.demands_totp,
            impersonates: stay.acting.is_some(),
        })
    };
    let root = story.enters("root@platform.example", GOOD, None).await;
    let anna = story.enters("anna@savanna.example", GOOD, None).await;

    let stay = story.seen(&root).await.expect("there");
    assert!(in_force(&stay).given.permissions.is_empty() && in_force(&stay).lacks_second_proof);
    assert!(in_force(&story.seen(&anna).await.expect("there")).given.permissions.allow(Thing::Plans, Act::Make));
    demand_totp::demand_totp(&story.store, &story.isp, true, story.context()).await.expect("settled");
    assert!(in_force(&story.seen(&anna).await.expect("there")).given.permissions.is_empty());
    story.enrols(&story.isp, &anna).await;
    assert!(!in_force(&story.seen(&anna).await.expect("there")).lacks_second_proof);
}

#[tokio::test]
async fn who_is_invited_chooses_a_password_once() {
    let story = Story::open().await;
    let new = person("ben", "savanna", Preset::Support);
    let joined = invite(&story.store, &story.isp, &story.owner(), new, Joining::ByHand, story.context()).await;
    let joined = joined.expect("invited");
    let first = joined.code.expect("by hand");
    assert!(is_refused(&story.tries("ben@savanna.example", OTHER, None).await));
    let by = story.owner();
    let again = invite_again(&story.store, &story.isp, &by, joined.staff.id, Joining::ByHand, story.context());
    let second = again.await.expect("again").code.expect("by hand");
    let accepts = async |code: &Secret<String>, password: &str| {
        accept_invitation(&story.store, code.expose(), secret(password), story.context()).await
    };

    assert!(matches!(accepts(&first, OTHER).await, Err(PeopleError::WrongToken)));
    assert!(matches!(accepts(&second, "password2026").await, Err(PeopleError::Password(_))));
    assert!(matches!(accepts(&second, "ben person 1").await, Err(PeopleError::Password(_))));
    accepts(&second, OTHER).await.expect("a password that is not taken did not use it up");
    assert!(matches!(accepts(&second, OTHER).await, Err(PeopleError::WrongToken)));
    assert!(matches!(story.tries("ben@savanna.example", OTHER, None).await, Ok(SignIn::In(_))));
}

#[tokio::test]
async fn a_reset_is_good_for_thirty_minutes_and_once_and_ends_all_stays() {
    let story = Story::open().await;
    let anna = story.enters("anna@savanna.example", GOOD, None).await;
    let by = By::operator(false);
    let make = || reset_password::make_code(&story.store, &story.isp, &by, anna.staff.id, story.context());
    let reset = async |code: &Secret<String>| {
        let letterhead = async |tenant| Ok(head(tenant));
        reset_password::reset_password(&story.store, code.expose(), secret(OTHER), letterhead, story.context()).await
    };

    let late = make().await.expect("made");
    story.clock.passes(Span::minutes(30));
    assert!(matches!(reset(&late).await, Err(PeopleError::WrongToken)));
    let anna = story.enters("anna@savanna.example", GOOD, None).await;
    let code = make().await.expect("made");
    story.clock.passes(Span::seconds(29 * 60 + 59));
    reset(&code).await.expect("in time");
    assert!(matches!(reset(&code).await, Err(PeopleError::WrongToken)));
    assert!(story.seen(&anna).await.is_none());
    assert!(is_refused(&story.tries("anna@savanna.example", GOOD, None).await));
    assert!(matches!(story.tries("anna@savanna.example", OTHER, None).await, Ok(SignIn::In(_))));
}

#[tokio::test]
async fn asking_for_a_reset_tells_nothing_and_writes_to_who_is_there_alone() {
    let story = Story::open().await;
    let asks = async |login: &str| {
        let letterhead = async |tenant| Ok(head(tenant));
        reset_password::ask_reset(&story.store, (login, None), letterhead, story.context()).await
    };
    let letters = async || {
        let mut tx = story.store.tenant(&story.isp).await.expect("begins");
        jobs::list(&mut tx, true, Page::first(10)).await.expect("lists").rows.len()
    };

    asks("nobody@savanna.example").await.expect("nothing told");
    assert_eq!(letters().await, 0);
    asks("anna@savanna.example").await.expect("nothing told");
    assert_eq!(letters().await, 1);
    for _ in 0..4 {
        asks("anna@savanna.example").await.expect("nothing told");
    }
    // Nobody's letter box is filled, and whether there is one is not told by that either.
    assert!(matches!(asks("anna@savanna.example").await, Err(PeopleError::Wait(_))));
    for _ in 0..4 {
        asks("nobody@savanna.example").await.expect("nothing told");
    }
    assert!(matches!(asks("nobody@savanna.example").await, Err(PeopleError::Wait(_))));
}

#[tokio::test]
async fn another_password_ends_the_other_stays() {
    let story = Story::open().await;
    let (here, there) = (
        story.enters("anna@savanna.example", GOOD, None).await,
        story.enters("anna@savanna.example", GOOD, None).await,
    );
    let change = async |present: &str, wanted: &str| {
        let whose = (here.staff.id, here.id);
        let words = (secret(present), secret(wanted));
        change_password::change_password(&story.store, &story.isp, whose, words, &head(here.tenant), story.context())
            .await
    };

    assert!(matches!(change(OTHER, OTHER).await, Err(PeopleError::WrongPassword)));
    assert!(matches!(change(GOOD, "qwertyuiop").await, Err(PeopleError::Password(_))));
    change(GOOD, OTHER).await.expect("changed");
    assert!(story.seen(&here).await.is_some() && story.seen(&there).await.is_none());

    let third = story.enters("anna@savanna.example", OTHER, None).await;
    let own = (third.staff.id, third.id);
    assert_eq!(end_stays::end_others(&story.store, &story.isp, own, story.context()).await.expect("ended"), 1);
    assert!(story.seen(&here).await.is_none() && story.seen(&third).await.is_some());
}

#[tokio::test]
async fn somebody_is_deactivated_without_being_deleted_and_an_owner_stays() {
    let story = Story::open().await;
    let by = By::operator(false);
    let anna = story.enters("anna@savanna.example", GOOD, None).await;
    let leaves = async |id| deactivate(&story.store, &story.isp, &by, id, story.context()).await;

    assert!(matches!(leaves(anna.staff.id).await, Err(PeopleError::LastOwner)));
    // Whoever was invited and has not come yet runs nothing.
    let waits = person("waits", "savanna", Preset::Owner);
    invite(&story.store, &story.isp, &by, waits, Joining::ByHand, story.context()).await.expect("invited");
    assert!(matches!(leaves(anna.staff.id).await, Err(PeopleError::LastOwner)));
    let second = person("boss", "savanna", Preset::Owner);
    invite(&story.store, &story.isp, &by, second, Joining::With(secret(OTHER)), story.context()).await.expect("added");
    assert_eq!(leaves(anna.staff.id).await.expect("leaves").state, StaffState::Deactivated);
    assert!(story.seen(&anna).await.is_none());
    assert!(is_refused(&story.tries("anna@savanna.example", GOOD, None).await));
    let back = reactivate(&story.store, &story.isp, &by, anna.staff.id, story.context()).await.expect("comes back");
    assert_eq!(back.state, StaffState::Active);
    assert!(matches!(story.tries("anna@savanna.example", GOOD, None).await, Ok(SignIn::In(_))));
    // Of another ISP, she is nobody.
    let elsewhere = deactivate(&story.store, &story.other, &by, anna.staff.id, story.context()).await;
    assert!(matches!(elsewhere, Err(PeopleError::Nobody)));
}

#[tokio::test]
async fn nobody_gives_what_they_have_not_and_a_technician_is_known() {
    let story = Story::open().await;
    let given = rights::of_preset(Preset::Admin);
    let admin = By { given, zones: Zoned::All, staff: None, is_platform: false };
    let invites =
        async |new: NewStaff| invite(&story.store, &story.isp, &admin, new, Joining::ByHand, story.context()).await;

    let owner = invites(person("king", "savanna", Preset::Owner)).await;
    assert!(matches!(owner, Err(PeopleError::Beyond(Beyond::Permissions(_)))), "{owner:?}");
    let platform = invites(person("root2", "savanna", Preset::PlatformOwner)).await;
    assert!(matches!(platform, Err(PeopleError::Beyond(Beyond::OtherSide))), "{platform:?}");
    let bare = invites(person("tech", "savanna", Preset::Technician)).await;
    assert!(matches!(bare, Err(PeopleError::TechnicianLacks("phone number"))), "{bare:?}");
    let whole = NewStaff {
        phone: Some(domain::phone::Msisdn::parse(b"0712345678", &CallingCode::kenya()).expect("good")),
        id_number: Some("12345678".parse().expect("good")),
        ..person("tech", "savanna", Preset::Technician)
    };
    let tech = invites(whole).await.expect("invited").staff;
    let risen = StaffChange { role: Some(RoleName::Preset(Preset::Owner)), ..StaffChange::default() };
    let risen = change_staff(&story.store, &story.isp, &admin, tech.id, risen, |_| true, story.context()).await;
    assert!(matches!(risen, Err(PeopleError::Beyond(_))), "{risen:?}");
    let over = StaffChange { name: Some("Somebody Else".parse().expect("good")), ..StaffChange::default() };
    let anna = story.owner.staff.id;
    let over = change_staff(&story.store, &story.isp, &admin, anna, over, |_| true, story.context()).await;
    assert!(matches!(over, Err(PeopleError::Beyond(_))), "{over:?}");
    let stale =
        change_staff(&story.store, &story.isp, &admin, tech.id, StaffChange::default(), |_| false, story.context());
    assert!(matches!(stale.await, Err(PeopleError::Changed)));
}

#[tokio::test]
async fn a_role_of_ones_own_is_given_and_is_not_removed_while_somebody_has_it() {
    let story = Story::open().await;
    let by = story.owner();
    let terms =
        |name: &str, permissions| roles::RoleTerms { name: name.to_owned(), permissions, services: Services::All };
    let seeing = Permissions::on(Thing::Plans, &[Act::See]);
    let role = roles::make_role(&story.store, &story.isp, &by, terms("seers", seeing), story.context()).await;
    let role = role.expect("made");

    let greedy = terms("greedy", Permissions::on(Thing::Platform, &[Act::See]));
    let greedy = roles::make_role(&story.store, &story.isp, &by, greedy, story.context()).await;
    assert!(matches!(greedy, Err(PeopleError::Beyond(_))), "{greedy:?}");
    let new = NewStaff { role: RoleName::Own(role.id), ..person("eve", "savanna", Preset::Support) };
    invite(&story.store, &story.isp, &by, new.clone(), Joining::ByHand, story.context()).await.expect("invited");
    let elsewhere = NewStaff { email: "eve@rift.example".parse().expect("good"), ..new };
    let elsewhere = invite(&story.store, &story.other, &by, elsewhere, Joining::ByHand, story.context()).await;
    assert!(matches!(elsewhere, Err(PeopleError::NoSuchRole)), "{elsewhere:?}");
    let removed = roles::remove_role(&story.store, &story.isp, &by, role.id, story.context()).await;
    assert!(matches!(removed, Err(PeopleError::Store(store::StoreError::Conflict { .. }))), "{removed:?}");
}

#[tokio::test]
async fn a_key_is_rotated_without_a_gap_and_revoked_at_once() {
    let story = Story::open().await;
    let by = story.owner();
    let new = NewKey {
        name: "billing".to_owned(),
        permissions: Permissions::on(Thing::Vouchers, &[Act::See, Act::Make]),
        services: Services::All,
        zones: Zoned::All,
        expires_at: None,
    };
    let first = make_key(&story.store, &story.isp, &by, new.clone(), story.context()).await.expect("made");
    let used = async |secret: &Secret<String>| {
        let bare = secret.expose().strip_prefix(token::KEY_PREFIX).expect("a key");
        let hash = token::hash_of(bare).expect("a key");
        let mut tx = story.store.system().await.expect("begins");
        keys::touch(&mut tx, &hash, story.context().now()).await.expect("asked").map(|key| key.tenant)
    };

    let grace = Span::minutes(60);
    let second =
        rotate_key(&story.store, &story.isp, &by, (first.key.id, grace), story.context()).await.expect("rotated");
    assert_eq!(
        (used(&first.secret).await, used(&second.secret).await),
        (Some(story.isp.tenant()), Some(story.isp.tenant()))
    );
    story.clock.passes(grace);
    assert_eq!((used(&first.secret).await.is_some(), used(&second.secret).await.is_some()), (false, true));
    let elsewhere = revoke_key(&story.store, &story.other, &by, first.key.id, story.context()).await;
    assert!(matches!(elsewhere, Err(PeopleError::NoSuchKey)));
    revoke_key(&story.store, &story.isp, &by, first.key.id, story.context()).await.expect("revoked");
    assert!(used(&second.secret).await.is_none());
    let weak = By { given: rights::of_preset(Preset::Support), ..by };
    let beyond = make_key(&story.store, &story.isp, &weak, new, story.context()).await;
    assert!(matches!(beyond, Err(PeopleError::Beyond(Beyond::Permissions(_)))), "{beyond:?}");
    let reach = Reach { given: weak.given, zones: &weak.zones };
    assert!(rights::may_give(&reach, &reach).is_ok());
}

#[tokio::test]
async fn the_platform_acts_in_an_isps_place_with_a_code_and_a_reason_and_both_sides_know() {
    let story = Story::open().await;
    let root = story.enters("root@platform.example", GOOD, None).await;
    assert_eq!(root.staff.id, story.admin.staff.id);
    let begins = async |stay: &SignedIn, reason: &str| {
        let terms = (story.isp.tenant(), reason, 30);
        impersonate::begin(&story.store, &Visitor::from(stay), terms, story.context()).await
    };
    let stay = story.seen(&root).await.expect("there");
    assert!(matches!(begins(&stay, "their router is silent").await, Err(PeopleError::SecondProofFirst)));
    story.enrols(&story.platform, &root).await;
    let stay = story.seen(&root).await.expect("there");
    assert!(matches!(begins(&stay, "why not").await, Err(PeopleError::BadReason)));

    begins(&stay, "their router is silent").await.expect("begins");
    let acting = story.seen(&root).await.and_then(|stay| stay.acting).expect("acts");
    assert_eq!(acting.tenant, story.isp.tenant());
    assert!(story.verbs(&story.isp).await.contains(&"begin_impersonation"));
    assert!(story.verbs(&story.platform).await.contains(&"begin_impersonation"));

    story.clock.passes(Span::minutes(15));
    assert!(story.seen(&root).await.is_some_and(|stay| stay.acting.is_some()));
    story.clock.passes(Span::minutes(15));
    let after = story.seen(&root).await.expect("still signed in");
    assert_eq!(after.acting, None);
    begins(&after, "their router is silent again").await.expect("begins");
    let acting = story.seen(&root).await.expect("there");
    assert!(impersonate::end(&story.store, &Visitor::from(&acting), story.context()).await.expect("ends"));
    assert!(story.seen(&root).await.is_some_and(|stay| stay.acting.is_none()));
    assert!(story.verbs(&story.isp).await.contains(&"end_impersonation"));
    // An ISP's own people act in nobody's place.
    let anna = story.enters("anna@savanna.example", GOOD, None).await;
    story.enrols(&story.isp, &anna).await;
    let anna = story.seen(&anna).await.expect("there");
    let terms = (story.other.tenant(), "their router is silent", 30);
    let refused = impersonate::begin(&story.store, &Visitor::from(&anna), terms, story.context()).await;
    assert!(matches!(refused, Err(PeopleError::Standing(_))), "{refused:?}");
}
