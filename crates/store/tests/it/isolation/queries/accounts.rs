//! The queries about what an ISP has with the platform, its settings, branches and zones, and sign-ups.

use domain::id::{BranchId, Id, ZoneId};
use domain::money::Currency;
use domain::phone::CallingCode;
use domain::platform::place::{Area, Branch};
use domain::platform::sign_up::SignUp;
use domain::platform::tier::Limit;
use domain::time::Zone;
use store::Page;
use store::platform::places::ZoneFilter;
use store::platform::sign_ups::{self, Proof};
use store::platform::{accounts, places, settings, tiers};

use super::Walk;
use crate::scene::{NOW, Scene, id, in_seconds};

const THEIR_BRANCH: BranchId = BranchId::from_bytes([0x21; 16]);
const THEIR_ZONE: ZoneId = ZoneId::from_bytes([0x22; 16]);
const THEIR_SIGN_UP: Id<SignUp> = Id::from_bytes([0x23; 16]);
const THEIR_TOKEN: [u8; 32] = [0x24; 32];

fn branch(name: &str) -> Branch {
    Branch { id: THEIR_BRANCH, name: name.parse().expect("good"), created_at: NOW, revision: 1 }
}

fn zone(name: &str) -> Area {
    Area { id: THEIR_ZONE, name: name.parse().expect("good"), branch: Some(THEIR_BRANCH), created_at: NOW, revision: 1 }
}

fn sign_up(slug: &str) -> (SignUp, Proof) {
    let sign_up = SignUp {
        id: THEIR_SIGN_UP,
        opens: id(),
        owner: id(),
        business: "Somebody".parse().expect("good"),
        slug: slug.parse().expect("good"),
        user_name: "anna".parse().expect("good"),
        email: format!("anna@{slug}.example").parse().expect("good"),
        zone: Zone::utc(),
        currency: Currency::KES,
        calling_code: CallingCode::kenya(),
        made_at: NOW,
        expires_at: in_seconds(60),
        mailed_at: NOW,
        mails: 1,
    };
    let password_hash = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21l$aGFzaGhhc2hoYXNo".to_owned();
    (sign_up, Proof { password_hash, token_hash: THEIR_TOKEN })
}

/// Gives them what is to be looked for.
pub(super) async fn set_up(scene: &Scene) {
    let mut tx = scene.their_tx().await;
    places::add_branch(&mut tx, &branch("Eldoret")).await.expect("added");
    places::add_zone(&mut tx, &zone("Eldoret East")).await.expect("added");
    let (sign_up, proof) = sign_up("theirs");
    sign_ups::add(&mut tx, &sign_up, &proof).await.expect("added");
    let mut account = accounts::find(&mut tx).await.expect("found");
    account.life.locked = Some((NOW, "theirs".to_owned()));
    account.tier = tiers::find(&mut tx, &"premium".parse().expect("good")).await.expect("found");
    accounts::put(&mut tx, &account).await.expect("put");
    tx.commit().await.expect("commits");
}

/// Asks each as our tenant for what is theirs.
pub(super) async fn walk(walk: &mut Walk<'_>) {
    let premium = "premium".parse().expect("good");

    case_of!(walk, "platform::tiers::list", |tx| tiers::list(tx, false).await?.len() == 3);
    case_of!(walk, "platform::tiers::find", |tx| tiers::find(tx, &premium).await?.is_some());
    case_of!(walk, "platform::accounts::find", |tx| {
        let account = accounts::find(tx).await?;
        account.life.locked.is_none() && account.tier.is_none()
    });
    case_of!(walk, "platform::accounts::lock", |tx| accounts::lock(tx).await?.life.locked.is_none());
    case_of!(walk, "platform::accounts::own_overview", |tx| accounts::own_overview(tx).await?.slug == "savanna");
    case_of!(walk, "platform::accounts::put", |tx| {
        let mut account = accounts::find(tx).await?;
        account.life.paid_until = Some(NOW);
        accounts::put(tx, &account).await?;
        accounts::find(tx).await?.life.paid_until == Some(NOW)
    });
    case_of!(walk, "platform::accounts::set_grace", |tx| {
        accounts::set_grace(tx, Some(9)).await?;
        true
    });
    let mut admin = walk.scene.database.admin().await;
    let mut of_ours = Vec::new();
    for table in ["staff", "subscribers", "nas"] {
        let count = format!("select count(*) from {table} where tenant_id = $1");
        let ours = walk.scene.ours.tenant_id().uuid();
        let count: i64 =
            sqlx::query_scalar(sqlx::AssertSqlSafe(count)).bind(ours).fetch_one(&mut admin).await.expect("counted");
        of_ours.push(u64::try_from(count).expect("not negative"));
    }
    case_of!(walk, "platform::accounts::count", |tx| {
        accounts::count(tx, Limit::Techs).await? <= of_ours[0]
            && accounts::count(tx, Limit::Customers).await? == of_ours[1]
            && accounts::count(tx, Limit::Routers).await? == of_ours[2]
            && accounts::count(tx, Limit::StorageGb).await? == 0
    });
    case_of!(walk, "platform::accounts::earlier", |tx| {
        let last = uuid::Uuid::max();
        accounts::earlier(tx, Limit::Techs, last).await? <= of_ours[0]
            && accounts::earlier(tx, Limit::Customers, last).await? == of_ours[1]
            && accounts::earlier(tx, Limit::Routers, last).await? == of_ours[2]
            && accounts::earlier(tx, Limit::StorageGb, last).await? == 0
    });
    case_of!(walk, "platform::accounts::hold", |tx| {
        accounts::hold(tx, Limit::Routers).await?;
        true
    });
    case_of!(walk, "platform::settings::find", |tx| settings::find(tx).await?.name.as_str() == "savanna Networks");
    case_of!(walk, "platform::settings::lock", |tx| settings::lock(tx).await?.name.as_str() == "savanna Networks");
    case_of!(walk, "platform::settings::put", |tx| {
        let mut ours = settings::find(tx).await?;
        ours.session_days = 100;
        settings::put(tx, &ours).await?;
        settings::find(tx).await?.session_days == 100
    });
    case_of!(walk, "platform::settings::of_platform", |tx| settings::of_platform(tx).await?.trial_hours == 24);

    case_of!(walk, "platform::places::find_branch", |tx| places::find_branch(tx, THEIR_BRANCH).await?.is_none());
    case_of!(walk, "platform::places::lock_branch", |tx| places::lock_branch(tx, THEIR_BRANCH).await?.is_none());
    case_of!(walk, "platform::places::list_branches", |tx| {
        places::list_branches(tx, None, Page::first(10)).await?.rows.is_empty()
    });
    case_of!(walk, "platform::places::count_branches", |tx| places::count_branches(tx).await? == 0);
    case_of!(walk, "platform::places::rename_branch", |tx| {
        places::rename_branch(tx, THEIR_BRANCH, &"Ours".parse().expect("good")).await?;
        false
    });
    case_of!(walk, "platform::places::remove_branch", |tx| {
        places::remove_branch(tx, THEIR_BRANCH).await?;
        false
    });
    case_of!(walk, "platform::places::add_zone", |tx| {
        // In their branch: it is not ours to point at.
        places::add_zone(tx, &zone("Ours")).await?;
        false
    });
    case_of!(walk, "platform::places::add_branch", |tx| {
        // Under their id: it becomes a branch of ours.
        places::add_branch(tx, &branch("Ours")).await?;
        places::remove_branch(tx, THEIR_BRANCH).await?;
        true
    });
    case_of!(walk, "platform::places::find_zone", |tx| places::find_zone(tx, THEIR_ZONE).await?.is_none());
    case_of!(walk, "platform::places::lock_zone", |tx| places::lock_zone(tx, THEIR_ZONE).await?.is_none());
    case_of!(walk, "platform::places::list_zones", |tx| {
        let of_theirs = ZoneFilter { among: Some(vec![THEIR_ZONE]), ..ZoneFilter::default() };
        places::list_zones(tx, &ZoneFilter::default(), Page::first(10)).await?.rows.is_empty()
            && places::list_zones(tx, &of_theirs, Page::first(10)).await?.rows.is_empty()
    });
    case_of!(walk, "platform::places::count_zones", |tx| places::count_zones(tx).await? == 0);
    case_of!(walk, "platform::places::change_zone", |tx| {
        places::change_zone(tx, &Area { branch: None, ..zone("Ours") }).await?;
        false
    });
    case_of!(walk, "platform::places::remove_zone", |tx| {
        places::remove_zone(tx, THEIR_ZONE).await?;
        false
    });
    case_of!(walk, "platform::places::names_in_zone", |tx| places::names_in_zone(tx, THEIR_ZONE).await?.is_empty());
    case_of!(walk, "platform::places::leave_zone", |tx| {
        places::leave_zone(tx, THEIR_ZONE).await?;
        true
    });
    case_of!(walk, "platform::places::customers_in_zone", |tx| {
        places::customers_in_zone(tx, THEIR_ZONE).await? == 0
    });

    let (theirs_again, proof) = sign_up("theirs");
    case_of!(walk, "platform::sign_ups::waiting", |tx| {
        sign_ups::waiting(tx, &theirs_again.email, NOW).await?.is_none()
    });
    case_of!(walk, "platform::sign_ups::by_token", |tx| sign_ups::by_token(tx, &THEIR_TOKEN, NOW).await?.is_none());
    case_of!(walk, "platform::sign_ups::mail_again", |tx| {
        sign_ups::mail_again(tx, THEIR_SIGN_UP, &[1; 32], NOW).await?;
        true
    });
    case_of!(walk, "platform::sign_ups::confirm", |tx| {
        sign_ups::confirm(tx, THEIR_SIGN_UP, NOW).await?;
        true
    });
    case_of!(walk, "platform::sign_ups::add", |tx| {
        // Of their address and under their id: theirs stays, and this one is ours.
        sign_ups::add(tx, &theirs_again, &proof).await?;
        sign_ups::waiting(tx, &theirs_again.email, NOW).await?.is_some()
    });
}
