//! Writes the corpus of hostile packets as files of octets, for a fuzzer to begin from: `fuzz_seeds DIRECTORY`.

use std::path::PathBuf;

use anyhow::Context as _;

fn main() -> anyhow::Result<()> {
    let directory = PathBuf::from(std::env::args_os().nth(1).context("say which directory: fuzz_seeds DIRECTORY")?);
    std::fs::create_dir_all(&directory)?;
    for (number, case) in tests::hostile::corpus()?.iter().enumerate() {
        std::fs::write(directory.join(format!("hostile-{number}")), case.datagram(7, [9; 16], b"testing123"))?;
    }
    Ok(())
}
