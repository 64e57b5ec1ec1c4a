mod things;

use std::sync::Arc;

use domain::access::facts::Right;
use domain::access::usage::Recent;
use proptest::prelude::*;
use store::access::known::Name;
use store::{Keyring, OpenOptions};
use tempfile::TempDir;

use self::things::{habits, id, items, phone, plans, rights};
use super::book::Restored;
use super::*;
use crate::directory::book::{Book, Habits, NewRight};
use crate::live::holder::HolderLive;

const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);
/// Taken now, and the database was there a minute ago.
const TIMES: Times = Times { taken_at: NOW, known_at: NOW.minus(Span::seconds(60)) };
const DAY: Span = Span::minutes(24 * 60);

/// A store whose database is away, as it is when a snapshot is read.
fn store_with(master: u8) -> Store {
    let next = std::sync::atomic::AtomicU8::new(1);
    let keyring = Keyring::new([master; 32], move |octets| {
        octets.fill_with(|| next.fetch_add(1, std::sync::atomic::Ordering::Relaxed).wrapping_mul(37));
    });
    Store::open(OpenOptions::new("postgres://nobody@127.0.0.1:1/none", keyring)).expect("opens")
}

fn directory() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

fn seen(known: &KnownRight, recent: Option<Recent>) -> RightSeen<'_> {
    let KnownRight { right, name, plan, used_in, used_out, places, marks } = known;
    RightSeen { right, name, plan: *plan, used_in: *used_in, used_out: *used_out, recent, places, marks }
}

fn write(writer: &mut Writer, item: &Item) {
    match item {
        Item::Tenant { id, habits } => writer.tenant(*id, habits),
        Item::Plan(plan) => writer.plan(plan),
        Item::Right { tenant, right, recent } => writer.right(*tenant, seen(right, recent.as_deref().copied())),
        Item::Name { tenant, name, phone, meanings } => writer.name(*tenant, name, phone.as_ref(), meanings),
        Item::Router(nas, secret) => writer.router(nas, secret.expose()),
        Item::Heard { journal, next } => writer.heard(*journal, *next),
        Item::Session { tenant, session } => writer.session(*tenant, session),
    }
    .expect("writes");
}

/// Its debug form with what that hides.
fn shown(item: &Item) -> String {
    let secret = match item {
        Item::Right { right, .. } => match &right.right {
            Right::Voucher { code, .. } => code.expose().to_vec(),
            Right::Subscriber { password, .. } => password.expose().to_vec(),
        },
        Item::Router(_, secret) => secret.expose().to_vec(),
        Item::Tenant { .. } | Item::Plan(_) | Item::Name { .. } | Item::Heard { .. } | Item::Session { .. } => {
            Vec::new()
        }
    };
    let phones = match item {
        Item::Name { phone, .. } => phone.as_ref().map(|phone| phone.expose().to_owned()),
        Item::Right { right, .. } => match &right.name {
            Name::Code { bought_by } => bought_by.as_ref().map(|phone| phone.expose().to_owned()),
            Name::Username(_) => None,
        },
        Item::Tenant { .. } | Item::Plan(_) | Item::Router(..) | Item::Heard { .. } | Item::Session { .. } => None,
    };
    format!("{item:?} {} {phones:?}", secret.escape_ascii())
}

fn written(path: &Path, items: &[Item]) {
    let mut writer = Writer::create(path, &store_with(1), TIMES).expect("begins");
    items.iter().for_each(|item| write(&mut writer, item));
    assert_eq!(writer.finish().expect("finishes"), u64::try_from(items.len()).expect("few"));
}

fn read_all(path: &Path, store: &Store) -> Result<Vec<Item>, SnapshotError> {
    let mut reader = Reader::open(path, store, TIMES.known_at.plus(DAY), DAY)?.expect("there");
    let mut items = Vec::new();
    while let Some(item) = reader.read()? {
        items.push(item);
    }
    Ok(items)
}

#[tokio::test]
async fn everything_reads_back_as_it_was_written() {
    let directory = directory();
    let path = directory.path().join("kept/book.snapshot");
    // Several chunks.
    let items: Vec<Item> = (0..200).flat_map(|_| items()).collect();

    written(&path, &items);
    let found = read_all(&path, &store_with(1)).expect("reads");

    assert!(fs::metadata(&path).expect("there").len() > 2 * CHUNK as u64);
    assert_eq!(found.iter().map(shown).collect::<Vec<_>>(), items.iter().map(shown).collect::<Vec<_>>());
}

#[tokio::test]
async fn no_password_code_or_number_stands_on_the_disk_and_nobody_else_may_read_it() {
    let directory = directory();
    let path = directory.path().join("book.snapshot");
    written(&path, &items());

    let octets = fs::read(&path).expect("reads");

    for secret in [&b"SecretCode1"[..], b"a secret password", b"a shared secret", b"712345678", b"house", b"Nairobi"] {
        assert!(!octets.windows(secret.len()).any(|part| part == secret), "{}", secret.escape_ascii());
    }
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).expect("there").permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn what_was_cut_off_lengthened_or_changed_anywhere_is_refused() {
    let directory = directory();
    let (path, store) = (directory.path().join("book.snapshot"), store_with(1));
    written(&path, &items());
    let whole = fs::read(&path).expect("reads");
    let is_refused = |octets: &[u8]| {
        fs::write(&path, octets).expect("writes");
        read_all(&path, &store).is_err()
    };

    // Everywhere in the head and its key, and here and there in what is sealed.
    let places = || (0..128).chain((128..whole.len()).step_by(13)).chain(whole.len() - 20..whole.len());
    for length in places() {
        assert!(is_refused(&whole[..length]), "cut off at {length}");
    }
    for place in places() {
        let mut changed = whole.clone();
        changed[place] ^= 1;
        assert!(is_refused(&changed), "changed at {place}");
    }
    assert!(is_refused(&[&whole[..], b"x"].concat()));
    assert!(!is_refused(&whole));
}

#[tokio::test]
async fn chunks_that_change_places_are_refused_and_those_before_are_good() {
    let directory = directory();
    let (path, store) = (directory.path().join("book.snapshot"), store_with(1));
    let items: Vec<Item> = (0..300).flat_map(|_| items()).collect();
    written(&path, &items);
    let whole = fs::read(&path).expect("reads");
    let mut at = HEAD + usize::from(u16::from_le_bytes([whole[HEAD - 2], whole[HEAD - 1]]));
    let mut chunks = Vec::new();
    while at < whole.len() {
        let length = u32::from_le_bytes(whole[at..at + 4].try_into().expect("four")) & !LAST;
        let end = at + 4 + usize::try_from(length).expect("fits");
        chunks.push(at..end);
        at = end;
    }
    assert!(chunks.len() > 3);
    let swapped =
        [&whole[..chunks[1].start], &whole[chunks[2].clone()], &whole[chunks[1].clone()], &whole[chunks[3].start..]];
    fs::write(&path, swapped.concat()).expect("writes");

    let mut reader = Reader::open(&path, &store, NOW, DAY).expect("opens").expect("there");
    let mut good = 0;
    let error = loop {
        match reader.read() {
            Ok(Some(item)) => {
                assert_eq!(shown(&item), shown(&items[good]));
                good += 1;
            }
            Ok(None) => panic!("read to the end"),
            Err(error) => break error,
        }
    };

    assert!(good > 100);
    assert!(matches!(error, SnapshotError::Damaged { .. }), "{error:?}");
}

#[tokio::test]
async fn another_key_an_old_file_and_a_stranger_are_told_apart() {
    let directory = directory();
    let path = directory.path().join("book.snapshot");
    let store = store_with(1);

    assert!(Reader::open(&path, &store, NOW, DAY).expect("looks").is_none());
    written(&path, &items());
    let late = TIMES.known_at.plus(DAY).plus(Span::seconds(1));
    let old = Reader::open(&path, &store, late, DAY).expect_err("refused");
    let other_key = Reader::open(&path, &store_with(2), NOW, DAY).expect_err("refused");
    fs::write(&path, b"something else that is long enough").expect("writes");
    let stranger = Reader::open(&path, &store, NOW, DAY).expect_err("refused");
    // The form before this one, which knew no routers.
    fs::write(&path, [&MAGIC[..], &1u16.to_le_bytes(), &[0; 40]].concat()).expect("writes");
    let earlier = Reader::open(&path, &store, NOW, DAY).expect_err("refused");

    assert!(matches!(old, SnapshotError::TooOld { hours: 24, .. }), "{old:?}");
    assert!(matches!(other_key, SnapshotError::Key(StoreError::WrongMasterKey)), "{other_key:?}");
    assert!(matches!(stranger, SnapshotError::Foreign { .. }), "{stranger:?}");
    assert!(matches!(earlier, SnapshotError::OtherVersion { found: 1, .. }), "{earlier:?}");
}

#[tokio::test]
async fn one_that_was_not_finished_leaves_the_last_one() {
    let directory = directory();
    let path = directory.path().join("book.snapshot");
    written(&path, &items());

    let mut writer = Writer::create(&path, &store_with(1), TIMES).expect("begins");
    write(&mut writer, &items()[0]);
    drop(writer);

    assert_eq!(read_all(&path, &store_with(1)).expect("reads").len(), items().len());
}

fn record_of(item: &Item) -> Vec<u8> {
    let mut out = Vec::new();
    match item {
        Item::Tenant { id, habits } => record::put_tenant(&mut out, *id, habits),
        Item::Plan(plan) => record::put_plan(&mut out, plan),
        Item::Right { tenant, right, recent } => {
            record::put_right(&mut out, *tenant, seen(right, recent.as_deref().copied()))
        }
        Item::Name { tenant, name, phone, meanings } => {
            record::put_name(&mut out, *tenant, name, phone.as_ref(), meanings)
        }
        Item::Router(nas, secret) => record::put_router(&mut out, nas, secret.expose()),
        Item::Heard { journal, next } => record::put_heard(&mut out, *journal, *next),
        Item::Session { tenant, session } => record::put_session(&mut out, *tenant, session),
    }
    .expect("has a form");
    out
}

proptest! {
    #[test]
    fn any_octets_are_a_record_or_none(octets in prop::collection::vec(any::<u8>(), 0..400), kind in 0u8..9) {
        let octets: Vec<u8> = std::iter::once(kind).chain(octets).collect();

        if let Some(item) = record::read(&octets) {
            prop_assert!(record::read(&record_of(&item)).is_some());
        }
    }

    #[test]
    fn a_record_that_was_changed_is_another_or_none(
        which in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        octet in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let items = items();
        let mut octets = record_of(which.get(&items));
        let whole = octets.clone();
        *place.get_mut(&mut octets) = octet;
        if octets == whole {
            prop_assert!(record::read(&octets).is_some());
        } else {
            drop(record::read(&octets));
        }
        prop_assert!(record::read(&whole[..cut.index(whole.len())]).is_none());
    }
}

/// Fills a book with everything there is in `items`, with live state.
fn filled() -> Book {
    let book = Book::default();
    let tenant = book.put_tenant(id(0), habits());
    let plans: Vec<_> = plans().into_iter().map(|plan| book.put_plan(plan)).collect();
    let mut entries = Vec::new();
    for (known, plan) in rights().into_iter().zip(plans.iter().cycle()) {
        let KnownRight { right, name, used_in, used_out, places, marks, .. } = known;
        let live = HolderLive::loaded(places, used_in, used_out);
        entries.push(book.put_right(id(0), NewRight { right, plan: Arc::clone(plan), name, marks, live }));
    }
    let both = [(Arc::clone(&entries[0]), FoundBy::Code), (Arc::clone(&entries[7]), FoundBy::Username)];
    book.put_name(&tenant, b"SecretCode1", SmallVec::from_iter(both), None);
    let bought = [(Arc::clone(&entries[2]), FoundBy::Phone)];
    book.put_name(&tenant, b"0712 345 678", SmallVec::from_iter(bought), Some(phone()));
    book
}

/// What a book knows, as texts in an order of their own.
fn known(book: &Book) -> Vec<String> {
    let mut known = Vec::new();
    for entry in book.rights() {
        let (facts, live) = (entry.facts.load(), entry.live());
        let (plan, used) = (facts.plan.load(), live.used_each_way());
        known.push(format!(
            "{:?} {:?} {:?} {plan:?} {used:?} {:?}",
            facts.right,
            facts.name,
            entry.tenant,
            live.places()
        ));
        known.push(facts.exact_name().escape_ascii().to_string());
    }
    book.each_name(|tenant, name, entry| {
        let meanings: Vec<_> = entry.meanings.iter().map(|(right, found_by)| (right.holder, *found_by)).collect();
        known.push(format!("{tenant} {} {:?} {meanings:?}", name.escape_ascii(), entry.phone));
        Ok::<(), ()>(())
    })
    .expect("shows all");
    known.extend(book.tenants().iter().map(|tenant| format!("{} {:?}", tenant.id, tenant.habits.load())));
    known.sort();
    known
}

#[tokio::test]
async fn a_book_that_was_written_is_known_after_a_start_without_the_database() {
    let directory = directory();
    let (path, store) = (directory.path().join("book.snapshot"), store_with(1));
    let before = filled();

    let mut writer = Writer::create(&path, &store, TIMES).expect("begins");
    book::write(&before, &mut writer).expect("writes");
    writer.finish().expect("finishes");
    let after = Book::default();
    let mut restored = Restored::default();
    let mut reader = Reader::open(&path, &store, NOW, DAY).expect("opens").expect("there");
    book::read(&after, &mut reader, &mut restored).expect("reads");

    assert_eq!((restored.rights, restored.lost), (8, 0));
    assert_eq!(known(&after), known(&before));
    assert_eq!((after.len(), after.plans().len()), (2, 3));
    assert_eq!(after.spellings(id(0), &phone()), [Box::from(&b"0712 345 678"[..])]);
}

#[tokio::test]
async fn what_points_at_nothing_is_left_out_and_counted() {
    let directory = directory();
    let (path, store) = (directory.path().join("book.snapshot"), store_with(1));
    let mut writer = Writer::create(&path, &store, TIMES).expect("begins");
    items().iter().filter(|item| !matches!(item, Item::Plan(_))).for_each(|item| write(&mut writer, item));
    writer.finish().expect("finishes");

    let after = Book::default();
    let mut restored = Restored::default();
    let mut reader = Reader::open(&path, &store, NOW, DAY).expect("opens").expect("there");
    book::read(&after, &mut reader, &mut restored).expect("reads");

    assert_eq!((restored.rights, restored.lost), (0, 8 + 3));
    assert_eq!((restored.routers.len(), restored.sessions.len()), (2, 3));
    assert_eq!(restored.heard, Some((id(60), 12_345)));
    assert_eq!((after.len(), after.rights_count(), after.tenants().len()), (0, 0, 1));
}

#[tokio::test]
async fn what_is_in_the_book_already_is_newer_than_the_snapshot() {
    let directory = directory();
    let (path, store) = (directory.path().join("book.snapshot"), store_with(1));
    let book = filled();
    let mut writer = Writer::create(&path, &store, TIMES).expect("begins");
    book::write(&book, &mut writer).expect("writes");
    writer.finish().expect("finishes");
    let plan = Plan { revision: 99, ..plans().remove(0) };
    book.put_plan(plan);
    let before = known(&book);

    let mut reader = Reader::open(&path, &store, NOW, DAY).expect("opens").expect("there");
    book::read(&book, &mut reader, &mut Restored::default()).expect("reads");

    assert_eq!(known(&book), before);
}

#[tokio::test]
async fn a_node_can_start_with_a_snapshot_that_knows_routers() {
    let directory = directory();
    let (path, store) = (directory.path().join("book.snapshot"), store_with(1));

    assert_eq!(look(&path, &store, NOW, DAY).expect("looks"), None);
    written(&path, &[]);
    assert_eq!(look(&path, &store, NOW, DAY).expect("looks"), None);
    written(&path, &items());
    assert_eq!(look(&path, &store, NOW, DAY).expect("looks"), Some(TIMES));
    let whole = fs::read(&path).expect("reads");
    fs::write(&path, &whole[..whole.len() - 1]).expect("writes");
    assert!(matches!(look(&path, &store, NOW, DAY), Err(SnapshotError::Damaged { .. })));
}
