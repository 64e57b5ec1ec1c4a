//! The languages of the pages: English and Swahili with the program, more from files beside the data.
//!
//! A sentence that a language does not have is said in English. Whoever adds a language copies `portal/words/en.ftl` to
//! `<data>/portal/words/<language>.ftl` and translates what stands right of each `=`.

use std::borrow::Cow;
use std::fs;
use std::path::Path;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use tracing::{info, warn};
use unic_langid::LanguageIdentifier;

/// The languages that come with the program, the first in which all is said that another does not say.
const OURS: [(&str, &str); 2] = [("en", include_str!("../words/en.ftl")), ("sw", include_str!("../words/sw.ftl"))];

/// Languages in all.
const LANGUAGES_MAX: usize = 16;

/// The largest file of a language.
const FILE_MAX_BYTES: u64 = 256 * 1024;

type Bundle = FluentBundle<FluentResource>;

/// One language.
struct Language {
    code: String,
    bundle: Bundle,
}

/// All languages.
pub struct Words(Vec<Language>);

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|language| &language.code)).finish()
    }
}

impl Words {
    /// Those that come with the program.
    pub fn ours() -> Self {
        let read = |(code, text): (&str, &str)| Language::read(code, text.to_owned()).ok();
        Self(OURS.into_iter().filter_map(read).collect())
    }

    /// Ours, and those of a directory. A file that cannot be used is told in the log and left out.
    pub fn with_those_of(directory: Option<&Path>) -> Self {
        let mut words = Self::ours();
        let mut files: Vec<_> = directory
            .and_then(|directory| fs::read_dir(directory).ok())
            .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())).collect())
            .unwrap_or_default();
        files.sort();
        for path in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "ftl")) {
            match words.take(path) {
                Ok(code) => info!("the portal speaks `{code}` by {}", path.display()),
                Err(why) => warn!("the portal leaves {} out: {why}", path.display()),
            }
        }
        words
    }

    fn take(&mut self, path: &Path) -> Result<String, String> {
        let code = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if fs::metadata(path).map_err(|error| error.to_string())?.len() > FILE_MAX_BYTES {
            return Err(format!("it is larger than {FILE_MAX_BYTES} octets"));
        }
        let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
        if self.0.len() >= LANGUAGES_MAX {
            return Err(format!("there are {LANGUAGES_MAX} languages already"));
        }
        match self.0.iter_mut().find(|known| known.code == code) {
            Some(known) => known.bundle.add_resource_overriding(resource(text)?),
            None => self.0.push(Language::read(code, text)?),
        }
        Ok(code.to_owned())
    }

    /// The codes of all languages.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|language| language.code.as_str())
    }

    /// The language with a code.
    pub fn known(&self, code: &str) -> Option<&str> {
        self.codes().find(|known| known.eq_ignore_ascii_case(code))
    }

    /// The first language that a browser asks for and we have; else English.
    pub fn first_of(&self, accepted: &str) -> &str {
        let mut asked: Vec<(&str, f32)> = accepted
            .split(',')
            .take(LANGUAGES_MAX)
            .map(|part| {
                let (range, weight) = part.split_once(';').unwrap_or((part, ""));
                let weight = weight.trim().strip_prefix("q=").map_or(Some(1.0), |q| q.trim().parse().ok());
                (range.trim().split('-').next().unwrap_or_default(), weight.unwrap_or(0.0))
            })
            .filter(|(_, weight)| *weight > 0.0)
            .collect();
        asked.sort_by(|one, other| other.1.total_cmp(&one.1));
        asked.iter().find_map(|(range, _)| self.known(range)).unwrap_or("en")
    }

    /// A sentence in a language.
    pub fn say(&self, language: &str, key: &str, fill: &[(&str, Fill<'_>)]) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in fill {
            match value {
                Fill::Text(text) => args.set(*name, Cow::Owned((*text).to_owned())),
                Fill::Number(number) => args.set(*name, *number),
            }
        }
        let chosen = self.0.iter().filter(|one| one.code == language).chain(self.0.first());
        chosen.into_iter().find_map(|one| one.say(key, &args)).unwrap_or_else(|| key.to_owned())
    }

    /// Whether a language itself says something.
    pub fn says(&self, language: &str, key: &str) -> bool {
        self.0.iter().any(|one| one.code == language && one.bundle.has_message(key))
    }
}

/// What is put into a sentence.
#[derive(Clone, Copy, Debug)]
pub enum Fill<'a> {
    /// A text.
    Text(&'a str),
    /// A number, which chooses between one and many.
    Number(u64),
}

fn resource(text: String) -> Result<FluentResource, String> {
    FluentResource::try_new(text).map_err(|(_, faults)| {
        faults.first().map_or_else(String::new, |fault| format!("at octet {}: {}", fault.pos.start, fault.kind))
    })
}

impl Language {
    fn read(code: &str, text: String) -> Result<Self, String> {
        let id: LanguageIdentifier = code.parse().map_err(|_| format!("`{code}` is no code of a language"))?;
        let mut bundle = Bundle::new_concurrent(vec![id]);
        bundle.set_use_isolating(false);
        bundle.add_resource(resource(text)?).map_err(|_| "it says something twice".to_owned())?;
        Ok(Self { code: code.to_owned(), bundle })
    }

    fn say(&self, key: &str, args: &FluentArgs<'_>) -> Option<String> {
        let pattern = self.bundle.get_message(key)?.value()?;
        let mut faults = Vec::new();
        Some(self.bundle.format_pattern(pattern, Some(args), &mut faults).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::refusal::Refusal;

    use super::*;

    fn keys(text: &str) -> BTreeSet<&str> {
        text.lines()
            .filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()))
            .filter_map(|line| line.split_once(" =").map(|(key, _)| key))
            .collect()
    }

    #[test]
    fn both_languages_say_everything() {
        let [(_, english), (_, swahili)] = OURS;

        assert!(keys(english).len() > 40);
        let missing: Vec<_> = keys(english).symmetric_difference(&keys(swahili)).copied().collect::<Vec<_>>();
        assert!(missing.is_empty(), "only one language says {missing:?}");
        assert_eq!(Words::ours().codes().collect::<Vec<_>>(), ["en", "sw"]);
    }

    #[test]
    fn every_refusal_is_said_in_swahili() {
        let words = Words::ours();

        for refusal in Refusal::ALL {
            let key = format!("refusal-{}", refusal.code().replace('_', "-"));
            assert!(words.says("sw", &key) && words.says("en", &key), "{key}");
        }
    }

    #[test]
    fn a_sentence_is_filled_and_counts() {
        let words = Words::ours();
        let hours = |language, n| words.say(language, "hours", &[("n", Fill::Number(n))]);

        assert_eq!((hours("en", 1), hours("en", 24)), ("1 hour".to_owned(), "24 hours".to_owned()));
        assert_eq!(hours("sw", 24), "saa 24");
        assert_eq!(hours("xx", 2), "2 hours");
        assert_eq!(words.say("en", "no-such-thing", &[]), "no-such-thing");
    }

    #[test]
    fn the_browser_chooses_among_those_that_we_have() {
        let words = Words::ours();

        assert_eq!(words.first_of("de-DE,sw;q=0.8,en;q=0.7"), "sw");
        assert_eq!(words.first_of("en-GB,sw;q=0.9"), "en");
        assert_eq!(words.first_of("sw;q=0,de"), "en");
        assert_eq!(words.first_of(""), "en");
    }

    #[test]
    fn a_file_beside_the_data_adds_a_language_and_one_that_is_broken_is_left_out() {
        let kept = tempfile::tempdir().expect("a directory");
        fs::write(kept.path().join("fr.ftl"), "language-name = Français\nhome-title = Bienvenue\n").expect("written");
        fs::write(kept.path().join("sw.ftl"), "home-title = Karibu sana\n").expect("written");
        fs::write(kept.path().join("de.ftl"), "this is no message").expect("written");
        fs::write(kept.path().join("notes.txt"), "nothing").expect("written");

        let words = Words::with_those_of(Some(kept.path()));

        assert_eq!(words.codes().collect::<Vec<_>>(), ["en", "sw", "fr"]);
        assert_eq!(words.say("fr", "home-title", &[]), "Bienvenue");
        assert_eq!(words.say("sw", "home-title", &[]), "Karibu sana");
        assert_eq!(words.say("sw", "language-name", &[]), "Kiswahili");
        assert_eq!(words.say("fr", "check-title", &[]), words.say("en", "check-title", &[]));
    }
}
