//! What a router has to say, request by request.

use benches::request::{self, Event, Login, Method};
use benches::subscriber::Subscriber;
use radius::{PACKET_MAX, Secret, WriteError};

use crate::random::Random;

/// Class, as an accept gave it; empty when there was none.
pub(crate) type Class = Box<[u8]>;

/// One request, and what follows from its answer.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    pub(crate) subscriber: Subscriber,
    pub(crate) step: Step,
}

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// May this subscriber come online?
    Login(Method),
    /// A session's record, which is followed by the next one.
    Record {
        event: Event,
        /// Distinguishes the session from others of this run.
        session: u32,
        class: Class,
    },
}

impl Story {
    /// Writes the request.
    pub(crate) fn write<'b>(
        &self,
        buffer: &'b mut [u8; PACKET_MAX],
        id: u8,
        run: u32,
        random: &mut Random,
        secret: &Secret,
    ) -> Result<&'b [u8], WriteError> {
        match &self.step {
            Step::Login(method) => {
                let login = Login {
                    name: &self.subscriber.name(),
                    password: &self.subscriber.password(),
                    calling_station: &self.subscriber.calling_station(),
                    method: *method,
                };
                request::login(buffer, id, &login, &random.nonce(), secret)
            }
            Step::Record { event, session, class } => {
                let acct_session_id = format!("{run:08x}{session:08x}");
                request::record(buffer, id, *event, self.subscriber, &acct_session_id, class, secret)
            }
        }
    }

    /// What the router says next of the same session; nothing, when it has ended.
    pub(crate) fn next(self, interims: u32) -> Option<Self> {
        let Step::Record { event, session, class } = self.step else { return None };
        let told = match event {
            Event::Start => 0,
            Event::Interim(number) => number,
            Event::Stop(_) => return None,
        };
        let event = if told < interims { Event::Interim(told + 1) } else { Event::Stop(told) };
        Some(Self { subscriber: self.subscriber, step: Step::Record { event, session, class } })
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
    Granted(std::vec::IntoIter<(Subscriber, Class)>, u32),
    /// Sessions that nobody granted, without end.
    Strangers(Crowd, u32),
}

impl Source {
    pub(crate) fn next(&mut self) -> Option<Story> {
        match self {
            Self::Logins(crowd, method) => Some(Story { subscriber: crowd.next(), step: Step::Login(*method) }),
            Self::Granted(granted, session) => {
                let (subscriber, class) = granted.next()?;
                Some(start(subscriber, session, class))
            }
            Self::Strangers(crowd, session) => Some(start(crowd.next(), session, Class::default())),
        }
    }
}

fn start(subscriber: Subscriber, session: &mut u32, class: Class) -> Story {
    *session = session.wrapping_add(1);
    Story { subscriber, step: Step::Record { event: Event::Start, session: *session, class } }
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
        let step = Step::Record { event: Event::Start, session: 1, class: Class::default() };
        let mut story = Some(Story { subscriber: Subscriber(1), step });
        let mut told = Vec::new();

        while let Some(now) = story {
            let Step::Record { event, .. } = &now.step else { panic!("not a record") };
            told.push(*event);
            story = now.next(2);
        }

        assert_eq!(told, [Event::Start, Event::Interim(1), Event::Interim(2), Event::Stop(2)]);
    }
}
