//! The texts of messages that come with the program. An ISP may write its own.

use domain::messages::language::Language;
use domain::messages::template::{MessageKind, Template};

/// Languages that have texts of ours.
pub fn languages() -> [Language; 2] {
    [Language::english(), Language::swahili()]
}

/// Our text; English for a language of which there is none.
pub fn ours(kind: MessageKind, language: &Language) -> Template {
    let is_swahili = *language == Language::swahili();
    let text = match (kind, is_swahili) {
        (MessageKind::VoucherSold, false) => {
            "{brand}: your WiFi code is {code}. Plan {plan}, from {start} to {end}. Help: {contact}"
        }
        (MessageKind::VoucherSold, true) => {
            "{brand}: kodi yako ya WiFi ni {code}. Kifurushi {plan}, kuanzia {start} hadi {end}. Msaada: {contact}"
        }
        (MessageKind::LostCodes, false) => "{brand}: your WiFi codes: {codes}. Help: {contact}",
        (MessageKind::LostCodes, true) => "{brand}: kodi zako za WiFi: {codes}. Msaada: {contact}",
        (MessageKind::OneTimeCode, false) => "{brand}: {code} is your code for {minutes} minutes. Give it to nobody.",
        (MessageKind::OneTimeCode, true) => {
            "{brand}: {code} ni namba yako ya siri kwa dakika {minutes}. Usimpe mtu yeyote."
        }
        (MessageKind::Test, false) => "{brand}: this is a test, text messages work. Help: {contact}",
        (MessageKind::Test, true) => "{brand}: hili ni jaribio, ujumbe unafika. Msaada: {contact}",
    };
    let language = if is_swahili { Language::swahili() } else { Language::english() };
    Template { kind, language, text: text.to_owned(), changed_at: None }
}

/// Which text is said: the ISP's own in that language, or else ours in it, or else the same in the language that the ISP
/// has settled on, or else English.
pub fn chosen(kind: MessageKind, wanted: &Language, settled: &Language, own: &[Template]) -> Template {
    let in_language = |language: &Language| {
        let own = own.iter().find(|one| one.kind == kind && one.language == *language).cloned();
        own.or_else(|| languages().contains(language).then(|| ours(kind, language)))
    };
    in_language(wanted).or_else(|| in_language(settled)).unwrap_or_else(|| ours(kind, &Language::english()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::{parts, templates};

    #[test]
    fn our_texts_are_good_and_go_out_as_one_message() {
        for kind in MessageKind::ALL {
            for language in languages() {
                let ours = ours(kind, &language);

                assert_eq!(templates::check(kind, &ours.text), Ok(()), "{ours:?}");
                assert_eq!(ours.language, language);
                let sample = templates::sample(kind, &ours.text, &language);
                let parts = parts::parts(&sample);
                assert_eq!((parts.alphabet, parts.count), (parts::Alphabet::Gsm7, 1), "{sample}");
            }
        }
    }

    #[test]
    fn the_nearest_text_is_said() {
        let own = |language: &str, text: &str| Template {
            kind: MessageKind::Test,
            language: language.parse().expect("good"),
            text: text.to_owned(),
            changed_at: None,
        };
        let mine = [own("fr", "{brand}: essai"), own("sw", "{brand}: yetu")];
        let said = |wanted: &str, settled: &str| {
            chosen(MessageKind::Test, &wanted.parse().expect("good"), &settled.parse().expect("good"), &mine).text
        };

        assert_eq!(said("sw", "en"), "{brand}: yetu");
        assert_eq!(said("fr", "en"), "{brand}: essai");
        assert!(said("en", "sw").contains("this is a test"));
        assert_eq!(said("luo", "sw"), "{brand}: yetu");
        assert!(said("luo", "am").contains("this is a test"));
    }
}
