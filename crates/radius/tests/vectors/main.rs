//! Runs every file of `vectors/`, both ways. The format is in `vectors/README.md`.

use std::path::Path;

mod cases;
mod packets;
mod statements;
mod values;

/// Every file and how many cases it has; a file or a case that gets lost shows here.
const FILES: [(&str, usize); 6] = [
    ("hiding.txt", 8),
    ("mschap.txt", 4),
    ("packets.txt", 13),
    ("rfc2865.txt", 3),
    ("rfc5997.txt", 4),
    ("vendors.txt", 6),
];

#[test]
fn every_vector_reads_as_its_words_and_writes_its_hex() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");

    for (file, expected) in FILES {
        let text = std::fs::read_to_string(folder.join(file)).expect(file);
        match cases::run(&text) {
            Ok(count) => assert_eq!(count, expected, "{file} has another number of cases"),
            Err(why) => panic!("vectors/{file}:{why}"),
        }
    }
}

#[test]
fn every_file_of_the_folder_is_run() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");

    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".txt"))
        .collect();
    found.sort();

    assert_eq!(found, FILES.map(|(file, _)| file));
}

#[test]
fn a_wrong_vector_is_noticed() {
    let good = "secret \"testing123\"\nauthenticator 000102030405060708090a0b0c0d0e0f\ncase x\n\
                user-password \"secretpw\" e58b6ab811890a6d104607240014828b\ncases 1\n";

    assert_eq!(cases::run(good), Ok(1));
    assert!(cases::run(&good.replace("828b", "828c")).is_err());
    assert!(cases::run(&good.replace("cases 1", "cases 2")).is_err());
    assert!(cases::run(&good.replace("user-password", "user-pasword")).is_err());
}
