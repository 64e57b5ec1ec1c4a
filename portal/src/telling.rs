//! How things are told to people: times, speeds, prices, and why not.

use domain::money::Money;
use domain::rate::{Bps, Bytes, RateLimit};
use domain::refusal::Refusal;
use domain::time::{Duration, Timestamp, Zone};

use crate::said::AtRouter;
use crate::words::{Fill, Words};

/// Says things in one language.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Teller<'a> {
    words: &'a Words,
    language: &'a str,
}

impl<'a> Teller<'a> {
    pub(crate) const fn new(words: &'a Words, language: &'a str) -> Self {
        Self { words, language }
    }

    /// A sentence.
    pub(crate) fn say(&self, key: &str) -> String {
        self.words.say(self.language, key, &[])
    }

    /// A sentence with something in it.
    pub(crate) fn fill(&self, key: &str, name: &str, value: &str) -> String {
        self.words.say(self.language, key, &[(name, Fill::Text(value))])
    }

    /// So many of something.
    pub(crate) fn count(&self, key: &str, n: u64) -> String {
        self.words.say(self.language, key, &[("n", Fill::Number(n))])
    }

    /// How long something lasts that is sold.
    pub(crate) fn duration(&self, duration: Duration) -> String {
        let (key, n) = match duration {
            Duration::Minutes(minutes) if minutes % 60 == 0 => ("hours", minutes / 60),
            Duration::Minutes(minutes) => ("minutes", minutes),
            Duration::Days(days) if days % 7 == 0 => ("weeks", days / 7),
            Duration::Days(days) => ("days", days),
            Duration::Months(months) => ("months", months),
        };
        self.count(key, u64::from(n))
    }

    /// Time that is left, in its two largest parts.
    pub(crate) fn left(&self, now: Timestamp, until: Timestamp) -> String {
        let minutes = now.whole_seconds_until(until).div_ceil(60);
        let (days, hours, rest) = (minutes / 1_440, minutes % 1_440 / 60, minutes % 60);
        let parts: Vec<String> = [("days", days), ("hours", hours), ("minutes", rest)]
            .into_iter()
            .filter(|(_, n)| *n > 0)
            .take(2)
            .map(|(key, n)| self.count(key, n))
            .collect();
        if parts.is_empty() { self.count("minutes", 0) } else { parts.join(" ") }
    }

    /// A moment with the day's name: `Saturday 21/11, 14:05`.
    pub(crate) fn moment(&self, at: Timestamp, zone: &Zone) -> String {
        const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        let day = DAYS.get(usize::from(at.wall_clock(zone).weekday)).copied().unwrap_or("monday");
        let text = at.in_zone(zone);
        let part = |from, to| text.get(from..to).unwrap_or_default();
        format!("{} {}/{}, {}", self.say(day), part(8, 10), part(5, 7), part(11, 16))
    }

    /// A speed, as the faster direction has it.
    pub(crate) fn speed(&self, rate: Option<&RateLimit>) -> String {
        match rate {
            None => self.say("speed-unlimited"),
            Some(limit) => self.fill("speed", "speed", &bits(limit.rate.down.max(limit.rate.up))),
        }
    }

    /// How many places of a device cap are taken.
    pub(crate) fn taken(&self, taken: u16, cap: u16) -> String {
        let (taken, cap) = (Fill::Number(u64::from(taken)), Fill::Number(u64::from(cap)));
        self.words.say(self.language, "devices-of", &[("taken", taken), ("cap", cap)])
    }

    /// Why not.
    pub(crate) fn refusal(&self, refusal: Refusal) -> String {
        self.say(&format!("refusal-{}", refusal.code().replace('_', "-")))
    }

    /// What went wrong at the router.
    pub(crate) fn at_router(&self, said: AtRouter) -> String {
        match said {
            AtRouter::Refused(refusal) => self.refusal(refusal),
            AtRouter::NoAnswer => self.say("router-no-answer"),
            AtRouter::TooManyDevices => self.refusal(Refusal::AlreadyInUse),
            AtRouter::Busy => self.say("router-busy"),
            AtRouter::Other => self.say("router-other"),
        }
    }
}

/// `KES 50`, and `KES 10.50` where there are cents.
pub(crate) fn price(price: Money) -> String {
    let text = price.to_string();
    text.strip_suffix(".00").map_or_else(|| text.clone(), ToOwned::to_owned)
}

/// `5 Mbit/s`, as people say it.
fn bits(bps: Bps) -> String {
    let kilo = bps.get() / 1_000;
    if kilo >= 1_000 { tenths(bps.get(), 1_000_000, "Mbps") } else { format!("{kilo} kbps") }
}

/// `1.5 GB`.
pub(crate) fn data(bytes: Bytes) -> String {
    let octets = bytes.get();
    if octets >= 1_000_000_000 {
        tenths(octets, 1_000_000_000, "GB")
    } else {
        format!("{} MB", octets.div_ceil(1_000_000))
    }
}

fn tenths(value: u64, unit: u64, name: &str) -> String {
    let tenths = value / (unit / 10);
    if tenths.is_multiple_of(10) {
        format!("{} {name}", tenths / 10)
    } else {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::money::Currency;

    #[test]
    fn people_read_prices_data_and_times_as_they_say_them() {
        let kes = Currency::from_code("KES").expect("a currency");
        let words = Words::ours();
        let (en, sw) = (Teller::new(&words, "en"), Teller::new(&words, "sw"));
        let at = |text: &str| text.parse::<Timestamp>().expect("an instant");

        assert_eq!(
            (price(Money::from_minor(5_000, kes)), price(Money::from_minor(1_050, kes))),
            ("KES 50".into(), "KES 10.50".into())
        );
        assert_eq!((data(Bytes::new(1_500_000_000)), data(Bytes::new(12_345_678))), ("1.5 GB".into(), "13 MB".into()));
        assert_eq!((bits(Bps::new(5_000_000)), bits(Bps::new(512_000))), ("5 Mbps".into(), "512 kbps".into()));
        assert_eq!(en.duration(Duration::Minutes(60)), "1 hour");
        assert_eq!(sw.duration(Duration::Days(7)), "wiki 1");
        assert_eq!(en.left(at("2026-11-21T10:00:00Z"), at("2026-11-22T11:30:00Z")), "1 day 1 hour");
        assert_eq!(en.left(at("2026-11-21T10:00:00Z"), at("2026-11-21T10:00:30Z")), "1 minute");
        let zone = Zone::named("Africa/Nairobi").expect("a zone");
        assert_eq!(en.moment(at("2026-11-21T11:05:00Z"), &zone), "Saturday 21/11, 14:05");
        assert_eq!(sw.moment(at("2026-11-21T11:05:00Z"), &zone), "Jumamosi 21/11, 14:05");
    }
}
