//! What a router has to say, request by request.

use benches::request::{self, Event, Exchange, Login, Method};
use benches::subscriber::{Subscriber, Text};
use radius::{PACKET_MAX, Secret, WriteError};

use crate::random::Random;

/// Class, as an accept gave it; empty when there was none.
pub(crate) type Class = Box<[u8]>;

/// One request, and what follows from its answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Story {
    pub(crate) subscriber: Subscriber,
    pub(crate) step: Step,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// May this subscriber come online?
    Login(Method),
    /// A session's record, which is followed by the next one.
    Record {
        event: Event,
        /// Distinguishes the session from others of this run.
        session: u32,
    },
}

/// What stories are told with.
#[derive(Debug)]
pub(crate) struct Cast<'a> {
    pub(crate) secret: &'a Secret,
    /// Distinguishes this run's sessions from those of others.
    pub(crate) run: Run,
    /// Each subscriber's exchange, where logins are by MS-CHAPv2.
    pub(crate) exchanges: Vec<Prepared>,
    /// Each session's Class, counted from 1.
    pub(crate) classes: Vec<Class>,
}

/// An exchange of MS-CHAPv2, and what the server owes for it.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    exchange: Exchange,
    pub(crate) success: [u8; 43],
}

/// What the ids of a run's sessions begin with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run(u32);

impl Run {
    /// RouterOS begins with the service and a digit that counts its restarts. It stays the same here, for a router that
    /// has restarted has no sessions left.
    pub(crate) fn new(random: &mut Random) -> Self {
        let [a, b, c, ..] = random.next().to_be_bytes();
        Self(u32::from_be_bytes([0x81, a, b, c]))
    }

    /// The prefix.
    pub(crate) fn text(self) -> Text {
        Text::of(format_args!("{:08x}", self.0))
    }

    fn session(self, number: u32) -> Text {
        Text::of(format_args!("{:08x}{number:08x}", self.0))
    }
}

impl Cast<'_> {
    /// Writes a story's request.
    pub(crate) fn write<'b>(
        &self,
        story: &Story,
        buffer: &'b mut [u8; PACKET_MAX],
        id: u8,
        random: &mut Random,
    ) -> Result<&'b [u8], WriteError> {
        let who = story.subscriber;
        match story.step {
            Step::Login(method) => {
                let (name, password, calling_station) = (who.name(), who.password(), who.calling_station());
                let login = Login { name: &name, password: &password, calling_station: &calling_station, method };
                match self.prepared(who) {
                    Some(Prepared { exchange, .. }) if method == Method::MsChapV2 => {
                        request::login_by(buffer, id, &login, exchange, &random.nonce().authenticator, self.secret)
                    }
                    _ => request::login(buffer, id, &login, &random.nonce(), self.secret),
                }
            }
            Step::Record { event, session } => {
                let class = (session as usize).checked_sub(1).and_then(|at| self.classes.get(at));
                let class = class.map(|class| &**class).unwrap_or_default();
                request::record(buffer, id, event, who, &self.run.session(session), class, self.secret)
            }
        }
    }

    /// A subscriber's exchange.
    pub(crate) fn prepared(&self, who: Subscriber) -> Option<&Prepared> {
        self.exchanges.get(who.0 as usize)
    }
}

/// Makes every subscriber's exchange of MS-CHAPv2. What a device does once in a login would keep a generator on the same
/// cores from asking.
pub(crate) fn prepare(users: u32, random: &mut Random) -> Vec<Prepared> {
    let one = |number| {
        let who = Subscriber(number);
        let (name, password) = (who.name(), who.password());
        let login = Login { name: &name, password: &password, calling_station: "", method: Method::MsChapV2 };
        let exchange = Exchange::new(1, &login, &random.nonce());
        let success = exchange.success(&login).expect("invariant: an exchange is made with its own password");
        Prepared { exchange, success }
    };
    (0..users).map(one).collect()
}

impl Story {
    /// What the router says next of the same session; nothing, when it has ended.
    pub(crate) fn next(self, interims: u32) -> Option<Self> {
        let Step::Record { event, session } = self.step else { return None };
        let told = match event {
            Event::Start => 0,
            Event::Interim(number) => number,
            Event::Stop(_) => return None,
        };
        let event = if told < interims { Event::Interim(told + 1) } else { Event::Stop(told) };
        Some(Self { subscriber: self.subscriber, step: Step::Record { event, session } })
    }
}

/// All subscribers, one after the other, in an order that jumps through the whole crowd.
#[derive(Debug)]
pub(crate) struct Crowd {
    users: u32,
    next: u64,
    stride: u64,
}

impl Crowd {
    pub(crate) fn new(users: u32, random: &mut Random) -> Self {
        let users_wide = u64::from(users);
        let mut stride = random.next() % users_wide;
        // Without a common divisor, nobody comes twice before everybody came once.
        while common_divisor(stride, users_wide) != 1 {
            stride += 1;
        }
        Self { users, next: random.next() % users_wide, stride }
    }

    pub(crate) fn next(&mut self) -> Subscriber {
        let now = self.next;
        self.next = (now + self.stride) % u64::from(self.users);
        Subscriber(u32::try_from(now).unwrap_or(0))
    }
}

fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Where new stories come from.
#[derive(Debug)]
pub(crate) enum Source {
    /// Logins without end.
    Logins(Crowd, Method),
    /// Sessions that were granted; ends when each has begun.
    Granted(std::vec::IntoIter<Subscriber>, u32),
    /// Sessions that nobody granted, as many as are left.
    Strangers(Crowd, u32, u32),
}

impl Source {
    pub(crate) fn next(&mut self) -> Option<Story> {
        match self {
            Self::Logins(crowd, method) => Some(Story { subscriber: crowd.next(), step: Step::Login(*method) }),
            Self::Granted(granted, session) => Some(start(granted.next()?, session)),
            Self::Strangers(crowd, left, session) => {
                *left = left.checked_sub(1)?;
                Some(start(crowd.next(), session))
            }
        }
    }
}

fn start(subscriber: Subscriber, session: &mut u32) -> Story {
    *session += 1;
    Story { subscriber, step: Step::Record { event: Event::Start, session: *session } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_comes_once_before_anybody_comes_twice() {
        for (users, seed) in [(1, 1), (2, 2), (10, 3), (1_000, 4), (1_024, 5)] {
            let mut crowd = Crowd::new(users, &mut Random::new(seed));

            let mut seen: Vec<u32> = (0..users).map(|_| crowd.next().0).collect();

            seen.sort_unstable();
            assert_eq!(seen, (0..users).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_session_starts_reports_and_stops() {
        let step = Step::Record { event: Event::Start, session: 1 };
        let mut story = Some(Story { subscriber: Subscriber(1), step });
        let mut told = Vec::new();

        while let Some(now) = story {
            let Step::Record { event, .. } = now.step else { panic!("not a record") };
            told.push(event);
            story = now.next(2);
        }

        assert_eq!(told, [Event::Start, Event::Interim(1), Event::Interim(2), Event::Stop(2)]);
    }

    #[test]
    fn every_session_of_every_run_looks_like_one_router_that_did_not_restart() {
        let mut random = Random::new(1);
        let (one, other) = (Run::new(&mut random), Run::new(&mut random));

        assert_ne!(&*one.text(), &*other.text());
        assert!(one.session(1).starts_with(&*one.text()) && one.session(1).starts_with("81"));
        assert_eq!(one.session(u32::MAX).len(), 16);
    }
}
