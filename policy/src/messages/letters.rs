//! The texts of all letters, in one place: plain, short, in the name of the ISP, and each says what to do when it was
//! not asked for.
//!
//! A letter that lets somebody in holds a link and the code by itself, for those whose mail program breaks links. The
//! code stands behind `#`, which no server on the way is sent.

use domain::email::Email;
use domain::messages::letter::Letter;
use domain::secret::Secret;

/// Whose letter it is, and where its links lead.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// The ISP's name as people say it; the platform's for its own letters.
    pub name: &'a str,
    /// Where its people sign in, without a slash at the end: `https://savanna.isp.example`.
    pub base: &'a str,
}

impl Sender<'_> {
    fn letter(&self, to: &Email, subject: String, text: String) -> Letter {
        Letter { to: to.clone(), from_name: self.name.to_owned(), subject: one_line(&subject), text: Secret::new(text) }
    }

    fn link(&self, page: &str, code: &Secret<String>) -> String {
        format!("{}/{page}#{}", self.base, code.expose())
    }
}

/// To whoever signs up: prove that the address is yours. `hours`: how long the code is good.
pub fn verify_email(sender: Sender<'_>, to: &Email, business: &str, code: &Secret<String>, hours: u32) -> Letter {
    let (name, link, bare) = (sender.name, sender.link("verify-email", code), code.expose());
    let text = format!(
        "Hello,\n\n\
         {business} was signed up at {name} with this address. Open this link to confirm it:\n\n\
         {link}\n\n\
         If the link does not open, enter this code:\n\n\
         {bare}\n\n\
         It is good for {hours} hours. Then sign up again.\n\n\
         If this was not you, do nothing: without the confirmation there is no account.\n\n\
         {name}\n"
    );
    sender.letter(to, format!("Confirm your e-mail address for {business}"), text)
}

/// To whoever signs up with an address that has an account: nothing was opened.
pub fn has_account(sender: Sender<'_>, to: &Email, business: &str) -> Letter {
    let (name, base) = (sender.name, sender.base);
    let text = format!(
        "Hello,\n\n\
         somebody tried to sign up {business} at {name} with this address. It has an account already, so nothing was \
         opened.\n\n\
         If it was you, sign in at {base}, or have your password reset there.\n\n\
         If it was not you, do nothing.\n\n\
         {name}\n"
    );
    sender.letter(to, format!("You have an account at {name} already"), text)
}

/// To whoever is asked to join. `by`: who asks; `hours`: how long the code is good.
pub fn invitation(sender: Sender<'_>, to: &Email, person: &str, by: &str, code: &Secret<String>, hours: u32) -> Letter {
    let (name, link, bare) = (sender.name, sender.link("join", code), code.expose());
    let text = format!(
        "Hello {person},\n\n\
         {by} has invited you to work with {name}. Open this link to choose your password:\n\n\
         {link}\n\n\
         If the link does not open, enter this code:\n\n\
         {bare}\n\n\
         It is good for {hours} hours and works once. After that, ask {by} for another.\n\n\
         If you do not know {name}, do nothing.\n\n\
         {name}\n"
    );
    sender.letter(to, format!("Your invitation to {name}"), text)
}

/// To whoever has asked for another password. `minutes`: how long the code is good.
pub fn reset_password(sender: Sender<'_>, to: &Email, person: &str, code: &Secret<String>, minutes: u32) -> Letter {
    let (name, link, bare) = (sender.name, sender.link("reset-password", code), code.expose());
    let text = format!(
        "Hello {person},\n\n\
         a new password for your account at {name} was asked for. Open this link to choose one:\n\n\
         {link}\n\n\
         If the link does not open, enter this code:\n\n\
         {bare}\n\n\
         It is good for {minutes} minutes and works once.\n\n\
         If you did not ask, do nothing: your password stays as it is.\n\n\
         {name}\n"
    );
    sender.letter(to, format!("Choose a new password for {name}"), text)
}

/// To whoever has another password now, so that they know when it was not they.
pub fn password_changed(sender: Sender<'_>, to: &Email, person: &str) -> Letter {
    let (name, base) = (sender.name, sender.base);
    let text = format!(
        "Hello {person},\n\n\
         the password of your account at {name} was changed. All your other sessions have ended.\n\n\
         If it was not you, have it reset at {base} now, and tell your administrator.\n\n\
         {name}\n"
    );
    sender.letter(to, format!("Your password for {name} was changed"), text)
}

/// A subject is one line, whatever a business calls itself.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENDER: Sender<'_> = Sender { name: "Savanna Networks", base: "https://savanna.isp.example" };

    fn all() -> Vec<Letter> {
        let to = "anna@example.net".parse().expect("good");
        let code = Secret::new("c0de".to_owned());
        vec![
            verify_email(SENDER, &to, "Rift Net", &code, 24),
            has_account(SENDER, &to, "Rift Net"),
            invitation(SENDER, &to, "Anna", "Ben", &code, 72),
            reset_password(SENDER, &to, "Anna", &code, 30),
            password_changed(SENDER, &to, "Anna"),
        ]
    }

    #[test]
    fn each_letter_is_plain_short_and_in_the_name_of_the_isp() {
        for letter in all() {
            let text = letter.text.expose();

            assert_eq!(letter.from_name, "Savanna Networks");
            assert!(text.ends_with("Savanna Networks\n") && text.lines().count() <= 20, "{text}");
            assert!(text.contains("not you") || text.contains("do nothing"), "{text}");
            assert!(letter.subject.chars().count() <= 80 && !letter.subject.contains("c0de"), "{}", letter.subject);
        }
    }

    #[test]
    fn a_code_stands_in_the_link_behind_the_page_and_by_itself() {
        let letters = all();
        let with_code: Vec<&str> =
            letters.iter().map(|one| one.text.expose().as_str()).filter(|t| t.contains('#')).collect();

        assert_eq!(with_code.len(), 3);
        for text in with_code {
            assert!(text.contains("https://savanna.isp.example/") && text.contains("#c0de\n"), "{text}");
            assert!(text.lines().any(|line| line == "c0de"), "{text}");
        }
    }

    #[test]
    fn a_name_cannot_add_lines_to_a_subject() {
        let to = "anna@example.net".parse().expect("good");

        let letter = has_account(Sender { name: "A\r\nBcc: x@example.net", ..SENDER }, &to, "B");

        assert!(!letter.subject.contains(['\r', '\n']), "{:?}", letter.subject);
    }
}
