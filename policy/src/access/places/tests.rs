use super::*;

const NOW: Timestamp = at(1_000);

const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn device(name: u8) -> Device {
    Device::Caller(char::from(name).to_string())
}

fn session(number: u8) -> SessionId {
    SessionId::from_bytes([number; 16])
}

fn cap(devices: u16) -> DeviceCap {
    DeviceCap::new(devices).expect("a cap")
}

fn place(number: u16, name: u8, lease_seconds: i64) -> Place {
    Place { number, device: device(name), session: session(name), lease_until: at(lease_seconds) }
}

fn take(places: &mut Places, name: u8, devices: u16) -> Option<u16> {
    places.take(&device(name), cap(devices), session(99), NOW, at(1_060))
}

#[test]
fn a_device_gets_its_own_place_again() {
    let mut places = Places::new([place(1, b'a', 2_000), place(2, b'b', 500)]);

    assert_eq!(take(&mut places, b'a', 2), Some(1));
    assert_eq!(take(&mut places, b'b', 2), Some(2));
    assert_eq!(places.all().len(), 2);
    assert!(places.all().iter().all(|place| place.session == session(99)));
}

#[test]
fn a_login_that_comes_to_nothing_does_not_shorten_a_lease() {
    let mut places = Places::new([place(1, b'a', 2_000)]);

    take(&mut places, b'a', 1);

    assert_eq!(places.all()[0].lease_until, at(2_000));
}

#[test]
fn a_new_device_gets_the_lowest_place_whose_lease_is_over() {
    let mut places = Places::new([place(1, b'a', 2_000), place(2, b'b', 500), place(3, b'c', 500)]);

    assert_eq!(take(&mut places, b'd', 3), Some(2));
    assert_eq!(places.seen(&device(b'b'), NOW), PlacesSeen { own: None, others: 2, is_blocked: false });
}

#[test]
fn nobody_new_comes_while_the_cap_is_full_whatever_the_numbers_are() {
    let mut places = Places::new([place(2, b'b', 2_000), place(3, b'c', 2_000)]);

    assert_eq!(take(&mut places, b'd', 2), None);
    assert_eq!(take(&mut places, b'd', 3), Some(1));
}

#[test]
fn a_device_whose_lease_is_over_comes_back_only_where_there_is_room() {
    let mut places = Places::new([place(1, b'a', 2_000), place(2, b'b', 500)]);

    assert_eq!(places.seen(&device(b'b'), NOW), PlacesSeen { own: Some(false), others: 1, is_blocked: false });
    assert_eq!(take(&mut places, b'b', 1), None);
    assert_eq!(take(&mut places, b'b', 2), Some(2));
}

#[test]
fn the_largest_cap_is_filled_to_its_last_place() {
    let mut places = Places::default();
    for number in 1..=DeviceCap::MAX {
        let device = Device::Caller(number.to_string());
        assert_eq!(places.take(&device, cap(DeviceCap::MAX), session(1), NOW, at(2_000)), Some(number));
    }

    assert_eq!(take(&mut places, b'x', DeviceCap::MAX), None);
}

#[test]
fn a_session_that_lives_renews_its_lease_and_never_shortens_it() {
    let mut places = Places::new([place(1, b'a', 1_100)]);

    assert_eq!(places.renew(&device(b'a'), session(b'a'), at(1_700), None, NOW), Renewed::Kept);
    assert_eq!(places.renew(&device(b'a'), session(b'a'), at(1_200), None, NOW), Renewed::Kept);

    assert_eq!(places.all()[0].lease_until, at(1_700));
}

#[test]
fn a_place_that_was_taken_for_a_newer_session_stays_with_it() {
    let mut places = Places::new([place(1, b'a', 1_100)]);
    take(&mut places, b'a', 1);

    places.renew(&device(b'a'), session(b'a'), at(1_700), Some(cap(1)), NOW);

    assert_eq!((places.all()[0].session, places.all()[0].lease_until), (session(99), at(1_700)));
}

#[test]
fn a_session_whose_place_was_given_away_takes_a_free_one_or_is_placeless() {
    let mut places = Places::new([place(1, b'a', 2_000)]);

    assert_eq!(places.renew(&device(b'b'), session(2), at(1_700), Some(cap(1)), NOW), Renewed::Placeless);
    assert_eq!(places.renew(&device(b'b'), session(2), at(1_700), None, NOW), Renewed::Placeless);
    assert_eq!(places.renew(&device(b'b'), session(2), at(1_700), Some(cap(2)), NOW), Renewed::TakenAgain);

    assert_eq!(places.device_of(session(2)), Some(&device(b'b')));
}

fn leaver(number: u8, started: i64, was_reported: bool) -> Leaver {
    Leaver { session: session(number), started_at: at(started), was_reported }
}

fn heir(number: u8, heard: i64, lease: i64) -> Heir {
    Heir { session: session(number), last_heard_at: at(heard), lease_until: at(lease) }
}

#[test]
fn the_end_of_a_session_frees_its_place_and_no_other() {
    let mut places = Places::new([place(1, b'a', 2_000), place(2, b'b', 2_000)]);

    assert!(!places.release(&leaver(7, 0, true), []), "a session that has no place");
    assert!(places.release(&leaver(b'a', 0, true), []));

    assert_eq!(places, Places::new([place(2, b'b', 2_000)]));
}

#[test]
fn a_place_goes_to_the_devices_other_session_on_its_lease() {
    let mut places = Places::new([place(1, b'a', 2_000)]);

    places.release(&leaver(b'a', 900, true), [heir(3, 950, 1_300), heir(4, 990, 1_500)]);

    assert_eq!((places.all()[0].session, places.all()[0].lease_until), (session(4), at(1_500)));
}

#[test]
fn a_session_that_was_reported_ends_those_not_heard_of_since_it_began() {
    let silent = heir(3, 400, 1_300);
    let (mut reported, mut unreported) = (Places::new([place(1, b'a', 9_000)]), Places::new([place(1, b'a', 9_000)]));

    reported.release(&leaver(b'a', 900, true), [silent]);
    unreported.release(&leaver(b'a', 900, false), [silent]);

    assert!(reported.is_empty());
    assert_eq!(unreported.all()[0].session, session(3), "a login that came to nothing says nothing");
}

#[test]
fn the_newest_gets_the_place_of_the_device_that_was_heard_of_longest_ago() {
    let mut places = Places::new([place(1, b'a', 1_900), place(2, b'b', 1_700), place(3, b'c', 1_060)]);
    // The third was let in a moment ago, so its lease is the shortest.
    let heard_at = |one: SessionId| (one != session(b'c')).then(|| at(if one == session(b'b') { 700 } else { 900 }));
    let heard_at = |one| heard_at(one).or(Some(at(1_000)));

    let gone = places.take_from_oldest(&device(b'd'), session(b'd'), NOW, at(1_060), heard_at).expect("somebody");

    assert_eq!((gone.number, gone.session), (2, session(b'b')));
    assert_eq!(places.seen(&device(b'd'), NOW), PlacesSeen { own: Some(true), others: 2, is_blocked: false });
    assert_eq!(places.seen(&device(b'b'), NOW).own, None);
    assert_eq!(take(&mut places, b'b', 3), None, "all places are taken again");
}

#[test]
fn a_place_whose_lease_is_over_is_not_a_second_one_of_the_newest() {
    let mut places = Places::new([place(1, b'a', 2_000), place(2, b'b', 500)]);

    places.take_from_oldest(&device(b'b'), session(b'b'), NOW, at(1_060), |_| None).expect("somebody");

    assert_eq!(places.all().iter().filter(|place| place.device == device(b'b')).count(), 1);
    assert!(!places.all().iter().any(|place| place.device == device(b'a')));
}
