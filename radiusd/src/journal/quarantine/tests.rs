//! The quarantine: found, put back, thrown away, and full.

use domain::access::usage::NasRestart;
use domain::id::Id;
use tempfile::TempDir;

use super::*;

fn place() -> (TempDir, Quarantine) {
    let place = tempfile::tempdir().expect("a directory");
    let quarantine = Quarantine::open(place.path(), Gauge::default()).expect("opened");
    (place, quarantine)
}

fn payload(number: u8) -> Vec<u8> {
    let restart = NasRestart {
        tenant: Id::from_bytes([number; 16]),
        nas: Id::from_bytes([2; 16]),
        at: Timestamp::from_seconds(number.into()),
    };
    record::encode(&Record::Restart(restart)).expect("short")
}

#[test]
fn what_is_kept_is_listed_with_what_it_says_and_why() {
    let (place, quarantine) = place();
    quarantine.keep(7, &payload(3), "the row makes no sense").expect("kept");
    quarantine.keep(4, b"nonsense", &"é".repeat(REASON_MAX)).expect("kept");
    quarantine.keep_rest(9, b"torn").expect("kept");

    let all = list(place.path(), 10).expect("listed");

    assert_eq!(all.iter().map(|kept| kept.number).collect::<Vec<_>>(), [4, 7, 9]);
    assert_eq!((all[0].said.is_none(), all[0].why.len()), (true, REASON_MAX));
    let said = all[1].said.as_ref().expect("a record");
    assert_eq!((said.kind, said.at, said.tenant), ("restart", Timestamp::from_seconds(3), Id::from_bytes([3; 16])));
    assert_eq!((all[1].why.as_str(), all[1].is_requeued), ("the row makes no sense", false));
    assert_eq!((all[2].said.is_none(), all[2].octets), (true, 4));
    assert_eq!(quarantine.count.get(), 3);
    assert_eq!(list(place.path(), 2).expect("listed").len(), 2);
    assert_eq!(quarantine.next(), 10);
}

#[test]
fn what_is_put_back_is_found_once_and_forgotten() {
    let (place, quarantine) = place();
    quarantine.keep(7, &payload(3), "").expect("kept");

    assert!(requeue(place.path(), 7).expect("moved"));
    assert!(!requeue(place.path(), 7).expect("looked"), "it is not there any more");
    assert!(list(place.path(), 10).expect("listed")[0].is_requeued);
    let found = quarantine.requeued(10).expect("found");
    assert_eq!(found.iter().map(|(_, payload)| payload.clone()).collect::<Vec<_>>(), [payload(3)]);
    quarantine.was_requeued(&found[0].0).expect("forgotten");

    assert!(quarantine.requeued(10).expect("found").is_empty());
    assert!(list(place.path(), 10).expect("listed").is_empty());
    assert_eq!(quarantine.next(), 8, "its number is not given again");
}

#[test]
fn what_is_no_record_is_not_tried_again_and_not_lost() {
    let (place, quarantine) = place();
    quarantine.keep(7, b"nonsense", "").expect("kept");
    requeue(place.path(), 7).expect("moved");

    assert!(quarantine.requeued(10).expect("looked").is_empty());

    assert!(!list(place.path(), 10).expect("listed")[0].is_requeued);
}

#[test]
fn what_is_discarded_is_gone() {
    let (place, quarantine) = place();
    quarantine.keep(7, &payload(3), "").expect("kept");
    quarantine.keep_rest(8, b"torn").expect("kept");

    assert!(discard(place.path(), 7).expect("gone") && discard(place.path(), 8).expect("gone"));
    assert!(!discard(place.path(), 7).expect("looked"));

    quarantine.count().expect("counted");
    assert_eq!(quarantine.count.get(), 0);
}

#[test]
fn a_full_quarantine_takes_nothing_more_until_there_is_room() {
    let (place, quarantine) = place();
    quarantine.keep(1, &payload(1), "").expect("kept");
    quarantine.there().files = KEPT_MAX;

    let full = quarantine.keep(2, &payload(2), "").expect_err("full");
    quarantine.keep(1, &payload(1), "again").expect("the same one again");
    discard(place.path(), 1).expect("gone");
    quarantine.count().expect("counted");

    assert_eq!(full.kind(), ErrorKind::StorageFull);
    assert!(full.to_string().contains("mnetifi journal list"), "{full}");
    quarantine.keep(2, &payload(2), "").expect("there is room again");
}

#[test]
fn pieces_of_damaged_files_are_bounded_by_their_size() {
    let (_place, quarantine) = place();
    quarantine.there().damaged_octets = DAMAGED_MAX - 3;

    let too_much = quarantine.keep_rest(1, b"torn").expect_err("full");

    assert_eq!(too_much.kind(), ErrorKind::StorageFull);
    quarantine.keep(2, &payload(2), "").expect("records have room of their own");
}
