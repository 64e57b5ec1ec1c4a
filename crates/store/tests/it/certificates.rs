//! Certificates of routers, and the authority.

use domain::network::certificate::{Certificate, Fingerprint, Serial};
use domain::secret::SecretBytes;
use store::network::certificates::{self, KeptAuthority, Which};
use store::network::nas;
use store::{Page, StoreError};

use crate::scene::{Isp, NOW, Scene, id, in_seconds};

pub(crate) fn certificate(isp: &Isp, octet: u8) -> Certificate {
    Certificate {
        id: id(),
        tenant: isp.tenant.id,
        nas: isp.nas.id,
        serial: Serial::of_chance([octet; 16]),
        fingerprint: Fingerprint([octet; 32]),
        issued_at: NOW,
        expires_at: in_seconds(86_400),
        revoked_at: None,
    }
}

fn authority(name: &str) -> KeptAuthority {
    KeptAuthority {
        name: name.to_owned(),
        certificate: vec![0x30, 0x01],
        key: SecretBytes::new(b"the key of the authority".to_vec()),
        expires_at: in_seconds(20),
    }
}

async fn issue(scene: &Scene, isp: &Isp, octets: &[u8]) -> Vec<Certificate> {
    let mut tx = scene.store.tenant(&isp.scope).await.expect("begins");
    let issued: Vec<_> = octets.iter().map(|octet| certificate(isp, *octet)).collect();
    for one in &issued {
        certificates::add(&mut tx, one).await.expect("added");
    }
    tx.commit().await.expect("commits");
    issued
}

async fn in_force(scene: &Scene) -> Vec<Certificate> {
    let mut system = scene.store.system().await.expect("begins");
    certificates::not_revoked(&mut system).await.expect("reads")
}

#[tokio::test]
async fn the_authority_is_founded_once_and_its_key_is_sealed() {
    let scene = Scene::open().await;
    let mut system = scene.store.system().await.expect("begins");

    let before = certificates::authority(&mut system).await.expect("reads");
    let first = certificates::keep_authority(&mut system, &authority("first")).await.expect("kept");
    let second = certificates::keep_authority(&mut system, &authority("second")).await.expect("asked");
    let kept = certificates::authority(&mut system).await.expect("reads").expect("there");
    system.commit().await.expect("commits");

    assert!(before.is_none() && first && !second);
    assert_eq!((kept.name.as_str(), kept.expires_at), ("first", in_seconds(20)));
    assert_eq!(kept.certificate, [0x30, 0x01]);
    assert_eq!(kept.key.expose(), b"the key of the authority");
    let sealed: Vec<u8> = sqlx::query_scalar("select key_sealed from radsec_authority")
        .fetch_one(&mut scene.database.admin().await)
        .await
        .expect("read");
    assert!(!sealed.windows(9).any(|part| part == b"authority"));
}

#[tokio::test]
async fn another_master_key_does_not_open_the_authority() {
    let scene = Scene::open().await;
    let mut system = scene.store.system().await.expect("begins");
    certificates::keep_authority(&mut system, &authority("ours")).await.expect("kept");
    system.commit().await.expect("commits");
    let stranger = scene.database.store_with(store::Keyring::new([9; 32], |_| {}));

    let mut system = stranger.system().await.expect("begins");
    let opened = certificates::authority(&mut system).await;

    assert!(matches!(opened, Err(StoreError::WrongMasterKey)), "{opened:?}");
}

#[tokio::test]
async fn a_routers_certificates_are_taken_back_together_or_by_serial_and_once() {
    let scene = Scene::open().await;
    let ours = issue(&scene, &scene.ours, &[1, 2, 3]).await;
    let theirs = issue(&scene, &scene.theirs, &[1, 4]).await;
    let revoke = async |which| {
        let mut tx = scene.tx().await;
        let revoked = certificates::revoke(&mut tx, which, in_seconds(5)).await.expect("revoked");
        tx.commit().await.expect("commits");
        revoked
    };

    let one = revoke(Which::WithSerial(ours[0].serial)).await;
    let again = revoke(Which::WithSerial(ours[0].serial)).await;
    let after_one = in_force(&scene).await;
    let rest = revoke(Which::OfRouter(scene.ours.nas.id)).await;
    let after_all = in_force(&scene).await;

    assert_eq!(one, [Certificate { revoked_at: Some(in_seconds(5)), ..ours[0].clone() }]);
    assert_eq!(again, []);
    assert_eq!(after_one.len(), 4, "the other tenant has the same serial and keeps its own: {after_one:?}");
    assert_eq!(rest.len(), 2);
    assert_eq!(after_all, theirs);
}

#[tokio::test]
async fn certificates_are_listed_in_pages_and_go_with_their_router() {
    let scene = Scene::open().await;
    let ours = issue(&scene, &scene.ours, &[1, 2, 3]).await;
    let theirs = issue(&scene, &scene.theirs, &[4]).await;
    let mut tx = scene.tx().await;

    let first = certificates::list(&mut tx, Page::first(2)).await.expect("lists");
    let second = certificates::list(&mut tx, Page::after(first.next.expect("more"), 2)).await.expect("lists");
    sqlx::query("delete from nas where id = $1")
        .bind(scene.ours.nas.id.uuid())
        .execute(&mut scene.database.admin().await)
        .await
        .expect("deleted");

    assert_eq!([first.rows, second.rows].concat(), ours);
    assert_eq!(in_force(&scene).await, theirs);
    assert_eq!(nas::find(&mut tx, scene.ours.nas.id).await.expect("looks"), None);
}

#[tokio::test]
async fn the_fingerprint_of_all_certificates_changes_with_each_change() {
    let scene = Scene::open().await;
    let fingerprint = async || {
        let mut system = scene.store.system().await.expect("begins");
        certificates::certificates_fingerprint(&mut system).await.expect("reads")
    };
    let mut seen = vec![fingerprint().await];

    let issued = issue(&scene, &scene.ours, &[1]).await;
    seen.push(fingerprint().await);
    issue(&scene, &scene.theirs, &[2]).await;
    seen.push(fingerprint().await);
    let mut tx = scene.tx().await;
    certificates::revoke(&mut tx, Which::WithSerial(issued[0].serial), NOW).await.expect("revoked");
    tx.commit().await.expect("commits");
    seen.push(fingerprint().await);
    let mut system = scene.store.system().await.expect("begins");
    certificates::keep_authority(&mut system, &authority("ours")).await.expect("kept");
    system.commit().await.expect("commits");
    seen.push(fingerprint().await);

    assert!(seen.windows(2).all(|pair| pair[0] != pair[1]), "{seen:?}");
    assert_eq!(fingerprint().await, *seen.last().expect("some"));
}
