//! The queries about staff, and what proves who they are.

use domain::id::{ImpersonationId, KeyId, RoleId, SignInId, StaffId};
use domain::people::key::Key;
use domain::people::role::{Preset, Role, RoleName};
use domain::people::staff::{Staff, StaffState};
use domain::secret::SecretBytes;
use domain::time::Span;
use store::people::impersonations::{self, Impersonation};
use store::people::sign_ins::{self, Acting, NewSignIn};
use store::people::staff::{self, StaffFilter};
use store::people::tokens::{self, NewToken, Purpose};
use store::people::{keys, roles};
use store::{Page, TenantTx};

use super::Walk;
use crate::people::{a_key, a_person, a_role, a_stay};
use crate::scene::{Isp, NOW, id, in_seconds};

const IDLE: Span = Span::minutes(20);

/// What they have of people.
pub(super) struct Theirs {
    staff: Staff,
    role: Role,
    key: Key,
    stay: NewSignIn,
    visit: Impersonation,
}

/// Adds people of theirs.
pub(super) async fn fill(tx: &mut TenantTx, theirs: &Isp) -> Theirs {
    let role = a_role("their role");
    roles::add(tx, &role).await.expect("added");
    let person = Staff { role: RoleName::Own(role.id), ..a_person("theirs", Preset::Owner) };
    staff::add(tx, &person).await.expect("added");
    staff::add(tx, &a_person("boss", Preset::Owner)).await.expect("added");
    staff::set_password(tx, person.id, &"their hash ".repeat(6)).await.expect("set");
    staff::set_totp(tx, person.id, &SecretBytes::new(b"their secret".to_vec())).await.expect("set");
    tokens::set_recovery(tx, person.id, &[[5; 32]]).await.expect("set");
    tokens::make(tx, &token(person.id, [6; 32])).await.expect("made");
    let stay = a_stay(person.id, [7; 32]);
    sign_ins::begin(tx, &stay).await.expect("begun");
    let key = a_key("their key");
    keys::add(tx, &key, &[8; 32]).await.expect("added");
    let visit = Impersonation {
        id: id::<domain::id::kind::Impersonation>() as ImpersonationId,
        tenant: theirs.tenant_id(),
        by: id(),
        by_name: "Platform Anna".to_owned(),
        reason: "a router does not answer".to_owned(),
        begun_at: NOW,
        until: in_seconds(600),
        ended_at: None,
    };
    impersonations::begin(tx, &visit).await.expect("begun");
    Theirs { staff: person, role, key, stay, visit }
}

fn token(staff: StaffId, hash: [u8; 32]) -> NewToken {
    let purpose = Purpose::Reset;
    NewToken { id: id(), staff, purpose, hash, made_at: NOW, expires_at: in_seconds(600) }
}

/// Asks each as our tenant for what is theirs.
pub(super) async fn walk(walk: &mut Walk<'_>, theirs: &Theirs) {
    people(walk, theirs).await;
    proofs(walk, theirs.staff.id).await;
    stays(walk, theirs.staff.id, theirs.stay.id).await;
    roles_and_keys(walk, theirs.role.id, theirs.key.id).await;

    case_of!(walk, "people::impersonations::end_run_out", |tx| {
        !impersonations::end_run_out(tx, theirs.visit.id, in_seconds(1_000)).await?
    });
    case_of!(walk, "people::impersonations::begin", |tx| {
        // Under their id: it becomes a row of ours.
        impersonations::begin(tx, &theirs.visit).await?;
        true
    });
    case_of!(walk, "people::impersonations::end", |tx| {
        let other = id::<domain::id::kind::Impersonation>();
        !impersonations::end(tx, other, NOW).await?
    });
    case_of!(walk, "people::impersonations::list", |tx| {
        let ours = tx.tenant();
        impersonations::list(tx, Page::first(10)).await?.rows.iter().all(|visit| visit.tenant == ours)
    });
}

async fn people(walk: &mut Walk<'_>, theirs: &Theirs) {
    let person = &theirs.staff;
    case_of!(walk, "people::staff::find", |tx| staff::find(tx, person.id).await?.is_none());
    case_of!(walk, "people::staff::lock", |tx| staff::lock(tx, person.id).await?.is_none());
    case_of!(walk, "people::staff::by_user_name", |tx| staff::by_user_name(tx, &person.user_name).await?.is_none());
    case_of!(walk, "people::staff::list", |tx| {
        let by_role = StaffFilter { role: Some(person.role), ..StaffFilter::default() };
        let by_text = StaffFilter { text: Some("theirs".to_owned()), ..StaffFilter::default() };
        let mut nothing = true;
        for filter in [StaffFilter::default(), by_role, by_text] {
            nothing &= staff::list(tx, &filter, Page::first(10)).await?.rows.is_empty();
        }
        nothing
    });
    case_of!(walk, "people::staff::count_with", |tx| staff::count_with(tx, Preset::Owner).await? == 0);
    case_of!(walk, "people::staff::lock_active_with", |tx| {
        staff::lock_active_with(tx, Preset::Owner).await?.is_empty()
    });
    case_of!(walk, "people::staff::add", |tx| {
        // Nobody works for two: their address is taken.
        staff::add(tx, &Staff { role: RoleName::Preset(Preset::Owner), ..person.clone() }).await?;
        false
    });
    case_of!(walk, "people::staff::change", |tx| {
        staff::change(tx, &Staff { role: RoleName::Preset(Preset::Owner), ..person.clone() }).await?;
        false
    });
    case_of!(walk, "people::staff::set_state", |tx| {
        staff::set_state(tx, person.id, StaffState::Deactivated).await?;
        false
    });
}

async fn proofs(walk: &mut Walk<'_>, person: StaffId) {
    case_of!(walk, "people::staff::proofs::proofs", |tx| staff::proofs(tx, person).await?.is_none());
    case_of!(walk, "people::staff::proofs::set_password", |tx| {
        staff::set_password(tx, person, &"our hash ".repeat(8)).await?;
        false
    });
    case_of!(walk, "people::staff::proofs::set_totp", |tx| {
        !staff::set_totp(tx, person, &SecretBytes::new(b"our secret".to_vec())).await?
    });
    case_of!(walk, "people::staff::proofs::confirm_totp", |tx| {
        staff::confirm_totp(tx, person, 1, NOW).await?;
        false
    });
    case_of!(walk, "people::staff::proofs::note_totp_step", |tx| {
        staff::note_totp_step(tx, person, 1).await?;
        false
    });
    case_of!(walk, "people::staff::proofs::clear_totp", |tx| {
        staff::clear_totp(tx, person).await?;
        false
    });
    case_of!(walk, "people::staff::proofs::note_signed_in", |tx| {
        staff::note_signed_in(tx, person, NOW).await?;
        false
    });
    case_of!(walk, "people::tokens::make", |tx| {
        tokens::make(tx, &token(person, [9; 32])).await?;
        false
    });
    case_of!(walk, "people::tokens::use_up", |tx| {
        tokens::use_up(tx, Purpose::Reset, &[6; 32], NOW).await?.is_none()
    });
    case_of!(walk, "people::tokens::drop_all", |tx| {
        tokens::drop_all(tx, person).await?;
        true
    });
    case_of!(walk, "people::tokens::set_recovery", |tx| {
        tokens::set_recovery(tx, person, &[[9; 32]]).await?;
        false
    });
    case_of!(walk, "people::tokens::use_recovery", |tx| !tokens::use_recovery(tx, person, &[5; 32], NOW).await?);
    case_of!(walk, "people::tokens::recovery_left", |tx| tokens::recovery_left(tx, person).await? == 0);
}

async fn stays(walk: &mut Walk<'_>, person: StaffId, stay: SignInId) {
    case_of!(walk, "people::sign_ins::begin", |tx| {
        sign_ins::begin(tx, &a_stay(person, [9; 32])).await?;
        false
    });
    case_of!(walk, "people::sign_ins::live", |tx| sign_ins::live(tx, person, NOW, IDLE).await?.is_empty());
    case_of!(walk, "people::sign_ins::end", |tx| !sign_ins::end(tx, person, stay, NOW).await?);
    case_of!(walk, "people::sign_ins::end_all", |tx| sign_ins::end_all(tx, person, None, NOW).await? == 0);
    case_of!(walk, "people::sign_ins::note_proved_twice", |tx| {
        sign_ins::note_proved_twice(tx, person, stay).await?;
        true
    });
    case_of!(walk, "people::sign_ins::set_acting", |tx| {
        let acting = Acting { tenant: tx.tenant(), impersonation: id(), until: in_seconds(60) };
        sign_ins::set_acting(tx, person, stay, Some(acting)).await?;
        false
    });
    case_of!(walk, "people::sign_ins::stop_acting", |tx| {
        sign_ins::stop_acting(tx, person, id()).await?;
        true
    });
    case_of!(walk, "people::sign_ins::acting_in", |tx| sign_ins::acting_in(tx, person, NOW).await?.is_empty());
    case_of!(walk, "people::sign_ins::forget_old", |tx| {
        sign_ins::forget_old(tx, person, in_seconds(1_000_000)).await?;
        true
    });
}

async fn roles_and_keys(walk: &mut Walk<'_>, role: RoleId, key: KeyId) {
    case_of!(walk, "people::roles::add", |tx| {
        // Of the same name, which is free here.
        roles::add(tx, &a_role("their role")).await?;
        true
    });
    case_of!(walk, "people::roles::list", |tx| roles::list(tx).await?.iter().all(|one| one.id != role));
    case_of!(walk, "people::roles::lock", |tx| roles::lock(tx, role).await?.is_none());
    case_of!(walk, "people::roles::rights_of", |tx| roles::rights_of(tx, RoleName::Own(role)).await?.is_none());
    case_of!(walk, "people::roles::change", |tx| {
        roles::change(tx, &Role { id: role, ..a_role("ours") }).await?;
        false
    });
    case_of!(walk, "people::roles::remove", |tx| {
        roles::remove(tx, role).await?;
        false
    });
    case_of!(walk, "people::keys::add", |tx| {
        keys::add(tx, &a_key("our key"), &[8; 32]).await?;
        false
    });
    case_of!(walk, "people::keys::count", |tx| keys::count(tx, NOW).await? == 0);
    case_of!(walk, "people::keys::list", |tx| keys::list(tx, Page::first(10)).await?.rows.is_empty());
    case_of!(walk, "people::keys::find", |tx| keys::find(tx, key).await?.is_none());
    case_of!(walk, "people::keys::lock", |tx| keys::lock(tx, key).await?.is_none());
    case_of!(walk, "people::keys::rotate", |tx| {
        keys::rotate(tx, key, &[9; 32], NOW, NOW).await?;
        false
    });
    case_of!(walk, "people::keys::revoke", |tx| {
        keys::revoke(tx, key, NOW).await?;
        false
    });
}
