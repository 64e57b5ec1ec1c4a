//! What generated source looks like, and whether the committed files are what the texts say.

use super::*;

fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn generated(texts: &[(&str, &str)]) -> Vec<File> {
    let sources = texts.iter().map(|(name, text)| parse(name, text).expect("the text is right")).collect();
    generate(&gather(sources).expect("the texts agree"))
}

fn text_of<'files>(files: &'files [File], path: &str) -> &'files str {
    files.iter().find(|file| file.path == path).map(|file| file.text.as_str()).expect("the file is generated")
}

#[test]
fn the_committed_files_are_what_the_texts_say() {
    let files = generate_from(&home().join("text")).expect("the texts are right");

    for file in &files {
        let committed = fs::read_to_string(home().join("src").join(&file.path)).unwrap_or_default();
        assert!(committed == file.text, "`{}` is stale: run `make generate`", file.path);
    }
    let in_folder = fs::read_dir(home().join("src/generated")).expect("the folder is there").count();
    assert_eq!(in_folder, files.len() - 1, "src/generated holds files of sources that are gone: run `make generate`");
}

#[test]
fn a_vendor_s_attributes_lose_its_name_and_carry_its_number() {
    let files = generated(&[(
        "acme",
        "# Acme: a maker\nVENDOR Acme 9\nBEGIN-VENDOR Acme\nATTRIBUTE Acme-Mode 7 integer # how fast\nEND-VENDOR Acme\n\
         VALUE Acme-Mode 40-bit 1\n",
    )]);

    let text = text_of(&files, "generated/acme.rs");
    assert!(text.contains("pub const VENDOR: u32 = 9;"));
    assert!(text.contains("/// `Acme-Mode`, attribute 7 (Acme): how fast.\n"));
    assert!(text.contains("pub const MODE: Attribute<kind::Integer> = Attribute::new(VENDOR, 7, \"Acme-Mode\");"));
    assert!(text.contains("pub mod mode {\n"));
    assert!(text.contains("    pub const N40_BIT: u32 = 1;\n"));
}

#[test]
fn values_of_another_source_s_attribute_bring_it_along() {
    let files = generated(&[
        ("rfc1", "# RFC 1: First\nATTRIBUTE Cause 7 integer # §5.1\nVALUE Cause Lost 1\n"),
        ("rfc2", "# RFC 2: Second\nVALUE Cause Found 2\n"),
    ]);

    let text = text_of(&files, "generated/rfc2.rs");
    assert!(text.contains("pub use super::rfc1::CAUSE;\n"));
    assert!(text.contains("/// Values of `Cause`, those of RFC 1 included.\npub mod cause {\n"));
    assert!(text.contains("    pub use crate::generated::rfc1::cause::*;\n"));
    assert!(!text.contains("use crate::{Attribute, kind};"));
    assert!(text_of(&files, "generated/rfc1.rs").contains("/// `Cause`, attribute 7 (RFC 1 §5.1).\n"));
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let failed = generate_from(&home().join("nowhere")).expect_err("there is no such folder");

    assert!(failed.to_string().ends_with("nowhere`"), "{failed}");
}

#[test]
fn a_source_is_not_named_like_a_module_of_the_crate() {
    assert!(names::is_module_name("rfc2865"));
    for wrong in ["lookup", "table", "type", "RFC2865", "2865", "a-b", ""] {
        assert!(!names::is_module_name(wrong), "{wrong}");
    }
}
