//! Writes `src/generated.rs` and `src/generated/*.rs` from `text/*.dict`.
//!
//! Files of sources that are gone are removed. Refuses to write anything when a text is wrong.

use dictionaries::generate::generate_from;
use std::error::Error;
use std::fs;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = generate_from(&home.join("text")).map_err(|failed| failed.to_string())?;

    let folder = home.join("src/generated");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    for file in files {
        fs::write(home.join("src").join(&file.path), file.text)?;
    }
    Ok(())
}
