use std::sync::Mutex;

use domain::id::PlanId;

use super::*;

const NOW: Timestamp = at(1_000);

const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn mac(number: u8) -> Device {
    Device::from_key(&format!("02:00:00:00:00:{number:02X}"))
}

fn cap(devices: u16) -> DeviceCap {
    DeviceCap::new(devices).expect("a cap")
}

fn session(id: u8, device: u8) -> GrantedSession {
    GrantedSession {
        id: SessionId::from_bytes([id; 16]),
        nas: NasId::from_bytes([7; 16]),
        user_name: "house-12".into(),
        device: mac(device),
        service: AskedService::Hotspot,
        framed_ip: None,
        told: Told::plainly(PlanId::from_bytes([8; 16]), 1),
        interim_seconds: 300,
    }
}

fn seen(live: &HolderLive, device: u8) -> (Option<bool>, u16) {
    let seen = live.places_seen(&mac(device), NOW);
    (seen.own, seen.others)
}

fn leaver(id: u8, was_reported: bool) -> Leaver {
    Leaver { session: SessionId::from_bytes([id; 16]), started_at: NOW, was_reported }
}

#[test]
fn a_granted_session_is_handed_over_once() {
    let mut live = HolderLive::default();
    live.grant(session(1, 1), cap(1), NOW, at(1_060)).expect("free");

    let ours = |granted: &Granted| granted.session.id == SessionId::from_bytes([1; 16]);
    assert_eq!(live.claim(ours).map(|granted| granted.session), Some(session(1, 1)));
    assert_eq!(live.claim(ours), None);
    assert_eq!(seen(&live, 1), (Some(true), 0));
}

#[test]
fn a_newer_grant_of_a_device_replaces_an_older_one_and_a_stale_one_goes() {
    let mut live = HolderLive::default();
    live.grant(session(1, 1), cap(3), NOW, at(1_060)).expect("free");
    live.grant(session(2, 2), cap(3), NOW, at(1_060)).expect("free");

    live.grant(session(3, 1), cap(3), at(1_010), at(1_070)).expect("its own");
    let ids: Vec<_> = live.granted().iter().map(|granted| granted.session.id.bytes()[0]).collect();
    assert_eq!(ids, [2, 3]);

    live.grant(session(4, 3), cap(3), at(1_065), at(1_125)).expect("free");
    let ids: Vec<_> = live.granted().iter().map(|granted| granted.session.id.bytes()[0]).collect();
    assert_eq!(ids, [3, 4]);
}

#[test]
fn a_refused_device_leaves_no_trace() {
    let mut live = HolderLive::default();
    live.grant(session(1, 1), cap(1), NOW, at(1_060)).expect("free");

    assert_eq!(live.grant(session(2, 2), cap(1), NOW, at(1_060)), Err(Full));

    assert_eq!(live.granted().len(), 1);
    assert_eq!(seen(&live, 2), (None, 1));
}

#[test]
fn a_login_that_comes_to_nothing_leaves_the_place_to_the_session_that_lives() {
    let mut live = HolderLive::default();
    live.lives(&open(1, 1, NOW), Some(cap(1)), NOW);
    live.grant(session(2, 1), cap(1), NOW, at(1_060)).expect("its own");

    live.forget_unreported(at(1_060));
    assert_eq!((live.granted().len(), seen(&live, 1)), (0, (Some(true), 0)));

    live.ends(&leaver(1, true));
    assert_eq!(seen(&live, 1), (None, 0), "the Stop of the one that lived frees the place");
}

#[test]
fn what_is_online_is_not_idle() {
    let mut live = HolderLive::default();
    assert!(live.is_idle(NOW));

    live.lives(&open(1, 1, NOW), Some(cap(1)), NOW);
    assert!(!live.is_idle(at(5_000)), "its session has not ended");

    live.ends(&leaver(1, true));
    assert!(live.is_idle(NOW));
    live.grant(session(2, 1), cap(1), NOW, at(1_060)).expect("free");
    assert!(!live.is_idle(NOW));
    assert!(live.is_idle(at(1_060)));
}

#[test]
fn changed_places_are_given_to_be_saved_once() {
    let mut live = HolderLive::default();
    assert_eq!(live.take_unsaved_places(), None);
    live.grant(session(1, 1), cap(1), NOW, at(1_060)).expect("free");

    assert_eq!(live.take_unsaved_places().map(|places| places.len()), Some(1));
    assert_eq!(live.take_unsaved_places(), None);
}

#[test]
fn of_many_devices_that_ask_at_once_as_many_come_in_as_the_cap_says() {
    for devices in [1, 2, 5] {
        let live = Mutex::new(HolderLive::default());
        let admitted: usize = std::thread::scope(|scope| {
            let askers: Vec<_> = (0..8_u8)
                .map(|number| {
                    let live = &live;
                    scope.spawn(move || {
                        let asked = session(number, number);
                        live.lock().expect("sound").grant(asked, cap(devices), NOW, at(1_060)).is_ok()
                    })
                })
                .collect();
            askers.into_iter().filter_map(|asker| asker.join().ok()).filter(|admitted| *admitted).count()
        });

        assert_eq!(admitted, usize::from(devices));
    }
}

fn open(session: u8, device: u8, started_at: Timestamp) -> Open {
    Open {
        session: SessionId::from_bytes([session; 16]),
        device: mac(device),
        started_at,
        last_heard_at: started_at,
        lease_until: at(1_780),
    }
}

/// The router lost power, the device logged in again, and then we were killed: the second login is not remembered.
#[test]
fn a_place_is_its_devices_newest_sessions_though_nobody_remembers_the_login() {
    let mut live = HolderLive::default();
    live.lives(&open(1, 1, at(1_000)), Some(cap(1)), NOW);
    live.lives(&open(2, 1, at(1_005)), Some(cap(1)), NOW);
    // A late word of the older one changes nothing.
    live.lives(&open(1, 1, at(1_000)), Some(cap(1)), NOW);

    live.ends(&Leaver { started_at: at(1_005), ..leaver(2, true) });

    assert_eq!(live.lives(&open(3, 2, at(1_010)), Some(cap(1)), NOW), Renewed::TakenAgain, "the place is free");
}
