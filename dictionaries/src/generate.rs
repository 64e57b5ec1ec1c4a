//! Definitions → Rust source, laid out as `cargo fmt` would.
//!
//! One module per source with its typed constants, and one module of tables for [`crate::lookup`]. The result is
//! committed, so that a build needs no generator; a test compares it with what the texts say.
//! Gives text back and writes nothing: `examples/generate.rs` writes.

mod layout;
mod module;
mod names;
mod table;

use crate::parse::{Refused, Source, Vocabulary, gather, parse};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

/// The most files a folder of texts may hold.
pub const FILES_MAX: usize = 256;

/// One file of generated source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where it belongs, from the crate's `src`: `generated/rfc2865.rs`.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// Every generated file, for a vocabulary.
pub fn generate(vocabulary: &Vocabulary) -> Vec<File> {
    let sources = vocabulary.sources();
    let mut files: Vec<File> = sources
        .iter()
        .map(|source| File { path: format!("generated/{}.rs", source.name), text: module::written(vocabulary, source) })
        .collect();
    files.push(File { path: "generated/table.rs".to_owned(), text: table::written(vocabulary) });
    files.push(File { path: "generated.rs".to_owned(), text: list(sources) });
    files
}

/// Reads every `*.dict` of a folder and generates from them.
pub fn generate_from(folder: &Path) -> Result<Vec<File>, Failed> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(|why| Failed::Reading { path: folder.to_owned(), why })? {
        let path = entry.map_err(|why| Failed::Reading { path: folder.to_owned(), why })?.path();
        if path.extension().is_some_and(|ending| ending == "dict") {
            paths.push(path);
        }
    }
    if paths.len() > FILES_MAX {
        return Err(Failed::TooManyFiles { found: paths.len() });
    }
    paths.sort();

    let sources = paths.into_iter().map(read).collect::<Result<Vec<Source>, Failed>>()?;
    Ok(generate(&gather(sources)?))
}

fn read(path: PathBuf) -> Result<Source, Failed> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if !names::is_module_name(stem) {
        return Err(Failed::NotAModuleName { path });
    }
    match fs::read_to_string(&path) {
        Ok(text) => Ok(parse(stem, &text)?),
        Err(why) => Err(Failed::Reading { path, why }),
    }
}

/// The module that lists the others.
fn list(sources: &[Source]) -> String {
    let mut text = String::from("//! Typed constants, one module per source, and the tables of `lookup`.\n");
    text.push_str(
        "//!\n//! Written by `cargo run -p dictionaries --example generate` from `text`: edit that instead.\n\n",
    );
    for source in sources {
        text.push_str(&format!("pub mod {};\n", source.name));
    }
    text.push_str("\npub(crate) mod table;\n");
    text
}

/// Why nothing was generated.
#[derive(Debug)]
pub enum Failed {
    /// A file or folder could not be read.
    Reading {
        /// Which.
        path: PathBuf,
        /// What the operating system says.
        why: io::Error,
    },
    /// A file's name cannot name a Rust module, or names one that is there already.
    NotAModuleName {
        /// Which.
        path: PathBuf,
    },
    /// The folder holds more than `FILES_MAX` texts.
    TooManyFiles {
        /// How many it holds.
        found: usize,
    },
    /// A text was refused.
    Refused(Refused),
}

impl From<Refused> for Failed {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reading { path, .. } => write!(formatter, "cannot read `{}`", path.display()),
            Self::NotAModuleName { path } => write!(formatter, "`{}` cannot name a module", path.display()),
            Self::TooManyFiles { found } => write!(formatter, "{found} texts are more than {FILES_MAX}"),
            Self::Refused(refused) => refused.fmt(formatter),
        }
    }
}

impl Error for Failed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Reading { why, .. } => Some(why),
            Self::NotAModuleName { .. } | Self::TooManyFiles { .. } | Self::Refused(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
