//! The log: lines for people or JSON for machines, on standard error.
//!
//! Much of what we log was sent by strangers. In a line for people every control character is escaped, in messages and
//! in fields, so that nobody can break a line, forge one, or steer a terminal. JSON escapes by itself.

mod escaped_fields;

use std::io::{self, IsTerminal};

use thiserror::Error;
use tracing::Dispatch;
use tracing::subscriber::SetGlobalDefaultError;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::config::{Log, LogFormat};
use crate::telemetry::escaped_fields::EscapedFields;

/// Why there is no log.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// The rules are not understood. [`crate::config`] has checked them, so they came from elsewhere.
    #[error("could not understand the log filter: write it like `info,radiusd=debug`")]
    ReadingFilter(#[from] ParseError),
    /// There is a log already.
    #[error("could not begin the log: the process has one already")]
    Beginning(#[from] SetGlobalDefaultError),
}

/// Colours in lines for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Colours {
    On,
    Off,
}

/// Begins the log of this process, once. Colours appear on a terminal only.
pub fn begin(log: &Log) -> Result<(), TelemetryError> {
    let colours = if io::stderr().is_terminal() { Colours::On } else { Colours::Off };
    Ok(tracing::dispatcher::set_global_default(dispatch(log, colours, io::stderr)?)?)
}

fn dispatch<W>(log: &Log, colours: Colours, writer: W) -> Result<Dispatch, TelemetryError>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    // The driver's own lines repeat every statement, and its warnings what we tell in our own words.
    let rules = log.filter.clone().unwrap_or_else(|| format!("{},sqlx=error", log.level));
    let filter = EnvFilter::builder().parse(rules)?;
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let layer: Box<dyn Layer<Registry> + Send + Sync> = match log.format {
        LogFormat::Text => lines.fmt_fields(EscapedFields).with_ansi(colours == Colours::On).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    Ok(Dispatch::new(Registry::default().with(layer).with(filter)))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::{Level, info};

    use super::*;

    /// A writer that keeps what was written.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What a piece of code logs.
    fn logged(format: LogFormat, filter: Option<&str>, code: impl FnOnce()) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        let log = Log { level: Level::INFO, format, filter: filter.map(str::to_owned) };
        let dispatch = dispatch(&log, Colours::Off, move || writer.clone()).unwrap();
        tracing::dispatcher::with_default(&dispatch, code);
        String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
    }

    /// Everything a stranger might try: a new line, a colour, a bell, an eight-bit code, text that runs backwards.
    const HOSTILE: &str = "bob\nERROR forged\r\x1b[31mred\x07\u{9b}31m\u{202e}kcab\u{2028}";

    fn hostile_event() {
        let error = io::Error::other(HOSTILE);
        let _span = tracing::info_span!("span", user = %HOSTILE).entered();
        info!(user = %HOSTILE, shown = ?HOSTILE, plain = HOSTILE, error = &error as &dyn std::error::Error, "login of {HOSTILE}");
    }

    #[test]
    fn nothing_a_stranger_sends_breaks_a_line() {
        let text = logged(LogFormat::Text, None, hostile_event);

        assert_eq!(text.matches('\n').count(), 1, "{text:?}");
        assert!(text.ends_with('\n'));
        let strange = |letter: char| letter.is_control() || ('\u{2028}'..='\u{202e}').contains(&letter);
        assert!(!text.trim_end_matches('\n').contains(strange), "{text:?}");
        assert!(text.contains("login of bob\\nERROR forged\\r\\u{1b}[31mred"), "{text:?}");
    }

    #[test]
    fn a_line_of_json_stays_one_line() {
        let text = logged(LogFormat::Json, None, hostile_event);

        assert_eq!(text.matches('\n').count(), 1, "{text:?}");
        assert!(!text.contains(['\x1b', '\r']), "{text:?}");
        assert!(text.starts_with('{') && text.ends_with("}\n"), "{text:?}");
    }

    #[test]
    fn letters_of_all_languages_stay_as_they_are() {
        let text = logged(LogFormat::Text, None, || info!(name = %"Wanjikũ Ñandú 王", "hello"));

        assert!(text.contains("hello name=Wanjikũ Ñandú 王"), "{text:?}");
    }

    #[test]
    fn a_filter_replaces_the_level() {
        let text = logged(LogFormat::Text, Some("off"), || info!("hello"));

        assert_eq!(text, "");
    }
}
