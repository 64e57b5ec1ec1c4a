//! The journal against crashes, a full disk and a damaged one.

use domain::access::usage::NasRestart;
use domain::id::Id;
use domain::time::Timestamp;
use tempfile::TempDir;

use super::*;

const ROOMY: u64 = 64 * 1024 * 1024;

const NOW: Timestamp = Timestamp::from_seconds(1_000);

fn place() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

fn open(place: &TempDir, bytes_max: u64) -> Journal {
    Journal::open(place.path(), bytes_max, Gauges::default(), Id::from_bytes([5; 16])).expect("opened")
}

fn payload(number: u8) -> Vec<u8> {
    let restart = NasRestart {
        tenant: Id::from_bytes([number; 16]),
        nas: Id::from_bytes([2; 16]),
        at: Timestamp::from_micros(1),
    };
    record::encode(&Record::Restart(restart)).expect("short")
}

fn append(journal: &Journal, numbers: impl IntoIterator<Item = u8>) {
    let payloads: Vec<_> = numbers.into_iter().map(payload).collect();
    journal.append(&payloads.iter().map(Vec::as_slice).collect::<Vec<_>>(), NOW).expect("appended");
}

/// The numbers of all records that wait.
fn waiting(journal: &Journal) -> Vec<u8> {
    let (mut cursor, mut numbers) = (Cursor::default(), Vec::new());
    loop {
        let (entries, next) = journal.read(cursor, 3).expect("read");
        if entries.is_empty() {
            return numbers;
        }
        for entry in entries {
            match entry.content.expect("readable") {
                Record::Restart(restart) => numbers.push(restart.tenant.bytes()[0]),
                Record::Usage(_) => panic!("none was written"),
            }
        }
        cursor = next;
    }
}

fn files(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(directory)
        .expect("listed")
        .map(|entry| entry.expect("listed").path())
        .filter(|path| path.extension().is_some_and(|known| known == extension))
        .collect();
    found.sort();
    found
}

#[test]
fn what_was_appended_is_there_after_a_restart() {
    let place = place();
    let journal = open(&place, ROOMY);
    append(&journal, 0..5);
    append(&journal, 5..9);
    drop(journal);

    let journal = open(&place, ROOMY);
    append(&journal, 9..11);

    assert_eq!(waiting(&journal), (0..11).collect::<Vec<_>>());
    assert_eq!(journal.gauges.waiting.get(), 11);
}

#[test]
fn a_torn_tail_is_cut_and_costs_nothing_before_it() {
    let place = place();
    append(&open(&place, ROOMY), 0..3);
    let segment = files(place.path(), "segment").remove(0);
    let whole = fs::metadata(&segment).expect("there").len();
    File::options().write(true).open(&segment).expect("opened").set_len(whole - 5).expect("torn");

    let journal = open(&place, ROOMY);
    append(&journal, [7]);

    assert_eq!(waiting(&journal), [0, 1, 7]);
    drop(journal);
    assert_eq!(waiting(&open(&place, ROOMY)), [0, 1, 7], "the cut is for good");
    assert_eq!(files(&place.path().join("quarantine"), "rest").len(), 1);
}

#[test]
fn drained_records_do_not_come_back_and_their_segments_go() {
    let place = place();
    let journal = open(&place, ROOMY);
    append(&journal, 0..4);
    journal.drained(3).expect("noted");
    drop(journal);

    let journal = open(&place, ROOMY);
    assert_eq!(waiting(&journal), [3]);
    append(&journal, [9]);
    journal.drained(5).expect("noted");

    assert_eq!(waiting(&journal), [] as [u8; 0]);
    assert_eq!(journal.gauges.waiting.get(), 0);
    assert_eq!(files(place.path(), "segment").len(), 1, "only the one that grows");
    drop(journal);
    let journal = open(&place, ROOMY);
    assert_eq!(files(place.path(), "segment").len(), 0);
    append(&journal, [10]);
    assert_eq!(waiting(&journal), [10], "numbers are not given twice");
}

#[test]
fn a_lost_position_means_that_all_is_drained_again() {
    let place = place();
    let journal = open(&place, ROOMY);
    append(&journal, 0..4);
    journal.drained(3).expect("noted");
    drop(journal);
    fs::write(place.path().join("position"), b"nonsense").expect("written");

    assert_eq!(waiting(&open(&place, ROOMY)), [0, 1, 2, 3]);
}

#[test]
fn a_full_journal_takes_nothing_until_it_is_drained() {
    let place = place();
    let journal = open(&place, 4_096);
    let mut taken = 0;
    let full = loop {
        match journal.append(&[&payload(taken)], NOW) {
            Ok(()) => taken += 1,
            Err(why) => break why,
        }
    };
    let filled = journal.gauges.bytes.get();
    let before = waiting(&journal);

    journal.drained(u64::from(taken)).expect("noted");
    append(&journal, [200]);

    assert!(matches!(full, AppendError::Full), "{full}");
    assert!((3_900..=4_096).contains(&filled), "{filled}");
    assert_eq!(before, (0..taken).collect::<Vec<_>>());
    assert!(journal.gauges.bytes.get() < 2_048, "{}", journal.gauges.bytes.get());
    assert_eq!(waiting(&journal), [200]);
}

#[test]
fn a_disk_that_refuses_takes_nothing_and_is_tried_again() {
    let place = place();
    let journal = open(&place, 4_096);
    append(&journal, [1]);
    let away = place.path().with_extension("away");
    fs::rename(place.path(), &away).expect("moved");
    // The segment that grows is open still; the next one cannot be made.
    let refused = loop {
        if let Err(why) = journal.append(&[&payload(2)], NOW) {
            break why;
        }
    };
    fs::rename(&away, place.path()).expect("moved back");
    let before = waiting(&journal).len();

    append(&journal, [3]);

    assert!(matches!(refused, AppendError::Disk(_)), "{refused}");
    let after = waiting(&journal);
    assert_eq!((after.len(), after.last()), (before + 1, Some(&3)));
}

#[test]
fn a_segment_that_is_damaged_in_the_middle_is_set_aside_and_the_next_is_read() {
    let place = place();
    append(&open(&place, ROOMY), 0..4);
    let journal = open(&place, ROOMY);
    append(&journal, [8]);
    let segment = files(place.path(), "segment").remove(0);
    let mut octets = fs::read(&segment).expect("read");
    let second = frame::first(&octets).expect("whole").length;
    octets[second + 12] ^= 1;
    fs::write(&segment, octets).expect("damaged");

    assert_eq!(waiting(&journal), [0, 8]);
    assert_eq!(files(&place.path().join("quarantine"), "rest").len(), 1);
}

#[test]
fn one_journal_is_held_by_one_alone() {
    let place = place();
    let _journal = open(&place, ROOMY);

    let second = Journal::open(place.path(), ROOMY, Gauges::default(), Id::from_bytes([5; 16]));

    assert!(matches!(second, Err(JournalError::Held(_))));
}

#[test]
fn the_oldest_record_is_as_old_as_it_is_also_after_a_restart() {
    let place = place();
    let journal = open(&place, ROOMY);
    assert_eq!(journal.oldest_at(), None);
    for (number, seconds) in [(0, 1_000), (1, 1_060), (2, 1_120)] {
        journal.append(&[&payload(number)], Timestamp::from_seconds(seconds)).expect("appended");
    }

    assert_eq!(journal.oldest_at(), Some(NOW));
    journal.drained(1).expect("noted");
    assert_eq!(journal.oldest_at(), Some(Timestamp::from_seconds(1_060)));
    drop(journal);

    let journal = open(&place, ROOMY);
    assert_eq!(journal.oldest_at(), Some(Timestamp::from_micros(1)), "what the record itself says");
    journal.drained(3).expect("noted");
    assert_eq!(journal.oldest_at(), None);
}

#[test]
fn a_disk_without_room_takes_nothing_and_the_next_group_is_taken_when_there_is_room() {
    let place = place();
    let journal = open(&place, ROOMY);
    // The next segment's place leads to a device that is always full.
    std::os::unix::fs::symlink("/dev/full", place.path().join(format!("{:020}.segment", 0))).expect("linked");

    let refused = journal.append(&[&payload(1)], NOW);
    append(&journal, [2]);

    assert!(matches!(&refused, Err(AppendError::Disk(why)) if why.kind() == ErrorKind::StorageFull), "{refused:?}");
    assert_eq!((waiting(&journal), journal.gauges.waiting.get()), (vec![2], 1));
    drop(journal);
    assert_eq!(waiting(&open(&place, ROOMY)), [2]);
}

/// How many syncs of the disk fail from now on. One test alone uses it.
static SYNCS_FAIL: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);

/// A disk whose syncs fail, and that has kept what was written all the same.
#[derive(Debug)]
struct Failing(Box<dyn disk::Growing>);

impl disk::Growing for Failing {
    fn write_all(&mut self, octets: &[u8]) -> io::Result<()> {
        self.0.write_all(octets)
    }

    fn sync_data(&self) -> io::Result<()> {
        if SYNCS_FAIL.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
            return Err(io::Error::from_raw_os_error(5));
        }
        self.0.sync_data()
    }

    fn set_len(&self, _octets: u64) -> io::Result<()> {
        Err(io::Error::from_raw_os_error(5))
    }
}

#[test]
fn a_sync_that_fails_takes_nothing_and_its_file_is_never_written_again() {
    let place = place();
    let failing = |place: &Path| disk::begin(place).map(|file| Box::new(Failing(file)) as Box<dyn disk::Growing>);
    let fresh = Id::from_bytes([5; 16]);
    let journal = Journal::open_on(failing, place.path(), ROOMY, Gauges::default(), fresh).expect("opened");
    append(&journal, [1]);
    SYNCS_FAIL.store(2, Ordering::SeqCst);

    let refused = [2, 3].map(|number| journal.append(&[&payload(number)], NOW));
    append(&journal, [4]);

    assert!(refused.iter().all(|one| matches!(one, Err(AppendError::Disk(_)))), "{refused:?}");
    assert_eq!(waiting(&journal), [1, 4], "what was not synced is nobody's");
    assert_eq!(files(place.path(), "segment").len(), 2, "after a failed sync nobody knows what a file holds");
    drop(journal);
    // What the disk has kept of the failed group may come to light; its router repeats it, and it counts once.
    let after = waiting(&open(&place, ROOMY));
    assert_eq!((after.first(), after.last()), (Some(&1), Some(&4)));
}
