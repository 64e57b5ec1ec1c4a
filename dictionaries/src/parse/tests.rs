//! What texts are read, and what is said about those that are not.

use super::*;

const HEAD: &str = "# RFC 0: A source\n";

fn read(body: &str) -> Result<Source, Refused> {
    parse("sample", &format!("{HEAD}{body}"))
}

fn refusal(body: &str) -> String {
    read(body).expect_err("the text is wrong").to_string()
}

fn kind_of(kind_and_flags: &str) -> Option<Kind> {
    read(&format!("ATTRIBUTE A 1 {kind_and_flags}\n")).ok().map(|source| source.attributes[0].kind)
}

fn gathered(bodies: &[&str]) -> Result<Vocabulary, String> {
    let sources = bodies
        .iter()
        .zip('a'..='z')
        .map(|(body, name)| parse(&name.to_string(), &format!("{HEAD}{body}")).expect("each line is right by itself"));
    gather(sources.collect()).map_err(|refused| refused.to_string())
}

#[test]
fn every_kind_of_line_is_read() {
    let source = read(
        "VENDOR Acme 0x10\nBEGIN-VENDOR Acme\nATTRIBUTE\tAcme-Mode\t7 integer # §2: how\nEND-VENDOR Acme\n\
         ATTRIBUTE Plain 8 string\n\nVALUE Acme-Mode Fast 0x0a\n",
    )
    .expect("the text is right");

    assert_eq!(source.title, "RFC 0: A source");
    assert_eq!(source.vendor, Some(VendorLine { name: "Acme".to_owned(), number: 16 }));
    let mode = &source.attributes[0];
    assert_eq!((mode.line, mode.vendor, mode.number, mode.kind), (4, 16, 7, Kind::Integer));
    assert_eq!(mode.note, "§2: how");
    assert_eq!((source.attributes[1].vendor, source.attributes[1].note.as_str()), (0, ""));
    assert_eq!((source.values[0].name.as_str(), source.values[0].number), ("Fast", 10));
}

#[test]
fn lines_may_end_as_on_windows() {
    let source = parse("sample", "# Title\r\nATTRIBUTE A 1 string # note\r\n").expect("the text is right");

    assert_eq!((source.title.as_str(), source.attributes[0].note.as_str()), ("Title", "note"));
}

#[test]
fn types_and_flags_come_to_a_kind() {
    assert_eq!(kind_of("ipv6prefix"), Some(Kind::Ipv6Prefix));
    assert_eq!(kind_of("string has_tag"), Some(Kind::TaggedText));
    assert_eq!(kind_of("integer has_tag"), Some(Kind::TaggedInteger));
    assert_eq!(kind_of("string encrypt=1"), Some(Kind::Hidden));
    assert_eq!(kind_of("octets encrypt=2"), Some(Kind::Salted));
    assert_eq!(kind_of("string has_tag,encrypt=2"), Some(Kind::Salted));
    assert_eq!(kind_of("string encrypt=3"), Some(Kind::Octets));
}

#[test]
fn flags_that_do_not_fit_their_type_are_refused() {
    for wrong in ["ipaddr has_tag", "integer encrypt=1", "string has_tag,encrypt=1", "date encrypt=2"] {
        assert_eq!(kind_of(wrong), None, "{wrong}");
    }
    for wrong in ["string encrypt=4", "string has_tag,has_tag", "string encrypt=1,encrypt=2", "string ,"] {
        assert_eq!(kind_of(wrong), None, "{wrong}");
    }
}

#[test]
fn a_refusal_names_file_line_and_what_is_wrong() {
    assert_eq!(refusal("\nATTRIBUTE A 1 strng\n"), "sample.dict:3: unknown type `strng`");
    assert_eq!(refusal("ATTRIBUTE A 0 string\n"), "sample.dict:2: `0` is not within 1..=255");
    assert_eq!(refusal("ATTRIBUTE A 256 string\n"), "sample.dict:2: `256` is not within 1..=255");
    assert_eq!(refusal("ATTRIBUTE A +1 string\n"), "sample.dict:2: `+1` is not a number");
    assert_eq!(refusal("ATTRIBUTE A\n"), "sample.dict:2: `ATTRIBUTE` cannot have 1 fields");
    assert_eq!(refusal("ATTRIBUTE \"A 1 string\n"), "sample.dict:2: `\"A` is not a name");
    assert_eq!(refusal("VALUE A B 4294967296\n"), "sample.dict:2: `4294967296` is not within 0..=4294967295");
    assert_eq!(refusal("attribute A 1 string\n"), "sample.dict:2: unknown word `attribute`");
    assert_eq!(refusal("VENDOR Acme 16777216\n"), "sample.dict:2: `16777216` is not within 1..=16777215");
}

#[test]
fn a_vendor_is_named_once_begun_and_ended() {
    assert_eq!(refusal("VENDOR A 1\nVENDOR B 2\n"), "sample.dict:3: a file may name one vendor");
    assert_eq!(refusal("BEGIN-VENDOR A\n"), "sample.dict:2: no VENDOR line names `A`");
    assert_eq!(refusal("VENDOR A 1\nEND-VENDOR A\n"), "sample.dict:3: not inside vendor `A`");
    assert_eq!(refusal("VENDOR A 1\nBEGIN-VENDOR A\n\n"), "sample.dict:4: vendor `A` is never ended");
    assert_eq!(refusal("VENDOR A 1\nBEGIN-VENDOR A\nBEGIN-VENDOR A\n"), "sample.dict:4: already inside vendor `A`");
}

#[test]
fn a_text_without_a_title_is_refused() {
    for text in ["", "\n", "#\n", "ATTRIBUTE A 1 string\n"] {
        assert_eq!(parse("sample", text).expect_err("no title").problem, Problem::NoTitle);
    }
}

#[test]
fn sizes_are_limited() {
    let long_name = "n".repeat(NAME_OCTETS_MAX + 1);
    let long_line = "#".repeat(LINE_OCTETS_MAX + 1);

    assert_eq!(refusal(&format!("ATTRIBUTE {long_name} 1 string\n")), "sample.dict:2: the name is too long: 65 octets");
    assert_eq!(refusal(&long_line), "sample.dict:2: the line is too long: 513 octets");
    assert_eq!(refusal(&"\n".repeat(TEXT_OCTETS_MAX)), "sample.dict:0: the text is too long: 262162 octets");
}

#[test]
fn names_and_numbers_stand_once_across_files() {
    assert_eq!(
        gathered(&["ATTRIBUTE One 1 string\n", "ATTRIBUTE ONE 2 string\n"]),
        Err("b.dict:2: the name `ONE` is taken".to_owned())
    );
    assert_eq!(
        gathered(&["ATTRIBUTE One 1 string\n", "ATTRIBUTE Two 1 string\n"]),
        Err("b.dict:2: the number is taken by `One`".to_owned())
    );
    assert_eq!(
        gathered(&["VENDOR Acme 9\n", "VENDOR Other 9\n"]),
        Err("b.dict:0: vendor `Other` or its number stands in another file".to_owned())
    );
    assert!(
        gathered(&["ATTRIBUTE One 1 string\n", "VENDOR A 9\nBEGIN-VENDOR A\nATTRIBUTE Two 1 string\nEND-VENDOR A\n"])
            .is_ok()
    );
}

#[test]
fn a_value_belongs_to_an_attribute_that_can_take_it() {
    assert_eq!(gathered(&["VALUE No B 1\n"]), Err("a.dict:2: no attribute is called `No`".to_owned()));
    assert_eq!(
        gathered(&["ATTRIBUTE A 1 string\nVALUE A B 1\n"]),
        Err("a.dict:3: `A` is not a number and takes no values".to_owned())
    );
    assert_eq!(
        gathered(&["ATTRIBUTE A 1 byte\nVALUE A B 256\n"]),
        Err("a.dict:3: `256` is not within 0..=255".to_owned())
    );
    assert_eq!(
        gathered(&["ATTRIBUTE A 1 integer\nVALUE A B 1\n", "VALUE A C 1\n"]),
        Err("b.dict:2: the name or number is taken by value `B`".to_owned())
    );
}

#[test]
fn values_come_from_every_file_and_by_number() {
    let vocabulary = gathered(&["VALUE A Late 9\n", "ATTRIBUTE A 1 integer\nVALUE A Early 2\n"]).expect("they agree");

    let names: Vec<&str> = vocabulary.values("A").iter().map(|value| value.name.as_str()).collect();
    assert_eq!(names, ["Early", "Late"]);
}

#[test]
fn no_text_makes_it_panic() {
    let text =
        "# T§\nVENDOR Acme 7\nBEGIN-VENDOR Acme\nATTRIBUTE Ä 1 string has_tag # §1\nVALUE A B 0x\nEND-VENDOR Acme\n";
    let awkward = ["", "\0", "#", "\n", "\r", "0x", "-1", "ß", "\u{2028}", "ATTRIBUTE", ",", "99999999999999999999"];

    for (cut, _) in text.char_indices() {
        for piece in awkward {
            let _ = parse("sample", &format!("{}{piece}{}", &text[..cut], &text[cut..]));
            let _ = parse("sample", &format!("{}{piece}", &text[..cut]));
        }
    }
}
