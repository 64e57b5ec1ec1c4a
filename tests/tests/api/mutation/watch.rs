//! What an answer must never be: a fault of the server, or anything that is another ISP's.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Mutex;

use ::tests::api::Answer;
use ::tests::furnished::{MARK, OTHER_MARK, PLATFORM_MARK};

use super::maker::Known;

/// Ids of each side that are kept to be asked for again; more would only be more of the same.
const IDS_MAX: usize = 4_000;

/// Faults that are told one by one.
const FAULTS_MAX: usize = 12;

/// Whose somebody is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Side {
    /// Of the first ISP.
    Isp,
    /// Of the other.
    Other,
    /// Of the platform, which sees all ISPs.
    Platform,
    /// Nobody's.
    Nobody,
}

impl Side {
    /// What its people write.
    pub(super) const fn mark(self) -> &'static str {
        match self {
            Self::Isp => MARK,
            Self::Other => OTHER_MARK,
            Self::Platform => PLATFORM_MARK,
            Self::Nobody => "nobody",
        }
    }

    /// What must not be told to it. ISPs are told by the platform why it was in their place.
    const fn hidden(self) -> &'static [&'static str] {
        match self {
            Self::Isp => &[OTHER_MARK],
            Self::Other => &[MARK],
            Self::Platform => &[],
            Self::Nobody => &[MARK, OTHER_MARK, PLATFORM_MARK],
        }
    }
}

/// What has been seen so far.
#[derive(Debug, Default)]
struct Seen {
    ids: HashMap<String, Side>,
    /// Ids that a side wrote into a row of its own, and was let: where they come back it is its own word.
    written: HashSet<(Side, String)>,
    /// People of the platform: whoever's place they act in is told who they are.
    of_platform: HashSet<String>,
    of_isp: Vec<String>,
    of_other: Vec<String>,
    by_path: HashMap<(Side, String), String>,
    answers: BTreeMap<String, BTreeMap<u16, u64>>,
    faults: BTreeMap<String, (u64, String)>,
    foreign_asked: u64,
}

/// Watches answers, and remembers whose each id is.
#[derive(Debug, Default)]
pub(super) struct Watch(Mutex<Seen>);

/// Every id that stands in a text.
fn ids_in(text: &str) -> impl Iterator<Item = &str> {
    let is_id = |at: &usize| {
        text.as_bytes().get(*at..*at + 36).is_some_and(|octets| {
            octets.iter().enumerate().all(|(place, octet)| match place {
                8 | 13 | 18 | 23 => *octet == b'-',
                _ => octet.is_ascii_digit() || (b'a'..=b'f').contains(octet),
            })
        })
    };
    let dashes = text.match_indices('-').map(|(at, _)| at).filter(|at| *at >= 8).map(|at| at - 8);
    dashes.filter(is_id).filter_map(|at| text.get(at..at + 36))
}

impl Watch {
    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// An id is known to be of that side.
    pub(super) fn knows(&self, side: Side, before: Option<&str>, id: &str) {
        let mut seen = self.seen();
        if let Some(before) = before {
            seen.by_path.insert((side, before.to_owned()), id.to_owned());
        }
        if seen.ids.insert(id.to_owned(), side).is_some() {
            return;
        }
        match side {
            Side::Isp if seen.of_isp.len() < IDS_MAX => seen.of_isp.push(id.to_owned()),
            Side::Other if seen.of_other.len() < IDS_MAX => seen.of_other.push(id.to_owned()),
            Side::Isp | Side::Other | Side::Platform | Side::Nobody => {}
        }
    }

    /// Somebody is one of the platform's people.
    pub(super) fn is_of_platform(&self, id: &str) {
        self.seen().of_platform.insert(id.to_owned());
    }

    /// What somebody of that side knows to write now.
    pub(super) fn known_to(&self, side: Side) -> Known {
        let seen = self.seen();
        let (own, foreign) = match side {
            Side::Other => (seen.of_other.clone(), seen.of_isp.clone()),
            Side::Isp | Side::Platform | Side::Nobody => (seen.of_isp.clone(), seen.of_other.clone()),
        };
        let of = if side == Side::Other { Side::Other } else { Side::Isp };
        let by_path = seen
            .by_path
            .iter()
            .filter(|((of_side, _), _)| *of_side == of)
            .map(|((_, at), id)| (at.clone(), id.clone()));
        Known { mark: side.mark().to_owned(), own, foreign, by_path: by_path.collect() }
    }

    /// Looks at an answer to somebody of that side.
    pub(super) fn look(&self, name: &str, side: Side, request: &str, answer: &Answer) {
        let text = answer.text();
        let headers: Vec<String> = answer.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let all = format!("{}\n{text}", headers.join("\n"));
        let asked = request.to_lowercase();
        let mut seen = self.seen();
        *seen.answers.entry(name.to_owned()).or_default().entry(answer.status).or_default() += 1;
        if answer.status >= 500 {
            seen.fault(format!("{name} answers {}", answer.status), request, &all);
        }
        for mark in side.hidden() {
            if all.to_lowercase().contains(mark) && !asked.contains(mark) {
                seen.fault(format!("{name} tells {mark} to {side:?}"), request, &all);
            }
        }
        let good = (200..300).contains(&answer.status);
        if good && !request.starts_with("GET ") {
            // Whoever of the platform is in an ISP's place writes in its rows.
            let sides = if side == Side::Platform { vec![Side::Isp, Side::Other] } else { vec![side] };
            for side in sides {
                seen.written.extend(ids_in(&asked).map(|id| (side, id.to_owned())));
            }
        }
        if side == Side::Platform {
            return;
        }
        let mut fresh = Vec::new();
        for id in ids_in(&all) {
            // Which of the servers answered is told to everybody.
            let of_server = all.contains(&format!("answered by node {id}"));
            let echoed = of_server
                || seen.of_platform.contains(id)
                || asked.contains(id)
                || seen.written.contains(&(side, id.to_owned()));
            match seen.ids.get(id).copied() {
                Some(of) if of != side && !echoed => {
                    let at = all.find(id).unwrap_or_default();
                    let around: String = all.chars().skip(at.saturating_sub(700)).take(1_000).collect();
                    let told = format!("{id} in: {around}");
                    seen.fault(format!("{name} tells an id of {of:?} to {side:?}"), request, &told);
                }
                None if !echoed && good && side != Side::Nobody => {
                    fresh.push(id.to_owned());
                }
                Some(_) | None => {}
            }
        }
        drop(seen);
        let made = answer.header("location").and_then(|at| at.rsplit_once('/'));
        for id in fresh {
            let before = made.filter(|(_, made)| **made == *id).map(|(before, _)| before);
            self.knows(side, before, &id);
        }
    }

    /// Notes that a request had another's id in it.
    pub(super) fn notes_foreign(&self, side: Side, request: &str) {
        let mut seen = self.seen();
        let foreign = ids_in(request).any(|id| seen.ids.get(id).is_some_and(|of| *of != side));
        seen.foreign_asked += u64::from(foreign);
    }

    /// Something else that must not be.
    pub(super) fn fault(&self, what: String, request: &str) {
        self.seen().fault(what, request, "");
    }

    /// What went wrong, each kind once with how often.
    pub(super) fn faults(&self) -> Vec<String> {
        let seen = self.seen();
        seen.faults.iter().map(|(what, (times, first))| format!("{times} times: {what}\n{first}")).collect()
    }

    /// How often requests had another's id in them.
    pub(super) fn foreign_asked(&self) -> u64 {
        self.seen().foreign_asked
    }

    /// How often each operation was answered with each status.
    pub(super) fn answers(&self) -> BTreeMap<String, BTreeMap<u16, u64>> {
        self.seen().answers.clone()
    }
}

impl Seen {
    fn fault(&mut self, what: String, request: &str, answer: &str) {
        let told = self.faults.len();
        let short = |text: &str| text.chars().take(1_500).collect::<String>();
        match self.faults.get_mut(&what) {
            Some((times, _)) => *times += 1,
            None if told < FAULTS_MAX => {
                self.faults.insert(what, (1, format!("asked: {}\nanswered: {}", short(request), short(answer))));
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0193a1b2-0000-7000-8000-00000000000a";

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn a_leak_and_a_fault_are_seen_and_what_one_has_sent_oneself_is_no_leak() {
        let watch = Watch::default();
        watch.knows(Side::Other, None, ID);

        watch.look("one", Side::Isp, &format!("GET /v1/plans/{ID}"), &answer(404, &format!("no {ID}")));
        assert_eq!(watch.faults().len(), 0, "{:?}", watch.faults());
        watch.look("two", Side::Isp, "GET /v1/plans", &answer(200, &format!("[\"{ID}\"]")));
        watch.look("three", Side::Isp, "GET /v1/plans", &answer(200, &format!("Mary {}", OTHER_MARK.to_uppercase())));
        watch.look("four", Side::Isp, "GET /v1/plans", &answer(503, ""));
        watch.look("five", Side::Platform, "GET /v1/plans", &answer(200, &format!("{ID} {OTHER_MARK}")));
        assert_eq!(watch.faults().len(), 3, "{:?}", watch.faults());
    }

    #[test]
    fn what_the_platform_writes_into_an_isps_rows_may_be_read_there() {
        let watch = Watch::default();
        watch.knows(Side::Other, None, ID);

        watch.look("one", Side::Platform, &format!("PATCH /v1/settings {ID}"), &answer(200, ""));
        watch.look("two", Side::Isp, "GET /v1/audit", &answer(200, ID));

        assert_eq!(watch.faults().len(), 0, "{:?}", watch.faults());
    }

    #[test]
    fn who_of_the_platform_was_there_may_be_told_to_every_isp() {
        let watch = Watch::default();
        watch.is_of_platform(ID);

        watch.look("one", Side::Isp, "GET /v1/audit", &answer(200, ID));
        watch.look("two", Side::Other, "GET /v1/audit", &answer(200, ID));

        assert_eq!(watch.faults().len(), 0, "{:?}", watch.faults());
    }

    #[test]
    fn whose_an_id_is_is_learnt_from_good_answers() {
        let watch = Watch::default();

        watch.look("one", Side::Isp, "POST /v1/plans", &answer(201, &format!("{{\"id\":\"{ID}\"}}")));
        assert_eq!(watch.known_to(Side::Isp).own, [ID]);
        assert_eq!(watch.known_to(Side::Other).foreign, [ID]);
        watch.look("two", Side::Other, "GET /v1/plans", &answer(200, ID));
        assert_eq!(watch.faults().len(), 1);
    }
}
