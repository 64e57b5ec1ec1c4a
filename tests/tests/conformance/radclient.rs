//! Runs `radclient` and reads what it prints.

use std::io::Write;
use std::net::SocketAddr;
use std::process::{Command, Stdio};

/// What came back, as `radclient` shows it.
#[derive(Debug)]
pub(crate) struct Answer {
    code: Option<String>,
    attributes: Vec<(String, String)>,
    /// All it printed, for a failed assertion.
    #[expect(dead_code, reason = "shown by Debug when an assertion fails")]
    printed: String,
}

impl Answer {
    /// The reply's name; `None` is silence, or a reply that its authenticator disproves.
    pub(crate) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The first value of an attribute, without quotes.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Sends one request with these attributes, tries once and waits two seconds.
pub(crate) fn ask(to: SocketAddr, command: &str, secret: &str, attributes: &str) -> Answer {
    let mut child = Command::new("radclient")
        .args(["-x", "-r", "1", "-t", "2", &to.to_string(), command, secret])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("radclient is installed (Debian's package freeradius-utils; `make test` installs it)");
    let mut stdin = child.stdin.take().expect("piped");
    writeln!(stdin, "{attributes}").expect("written");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    read(printed)
}

fn read(printed: String) -> Answer {
    let mut code = None;
    let mut attributes = Vec::new();
    for line in printed.lines() {
        if let Some(received) = line.strip_prefix("Received ") {
            code = received.split_whitespace().next().map(ToOwned::to_owned);
            attributes.clear();
        } else if let Some((name, value)) = line.strip_prefix('\t').and_then(|line| line.split_once(" = ")) {
            attributes.push((name.to_owned(), value.trim_matches('"').to_owned()));
        }
    }
    Answer { code, attributes, printed }
}
