use std::net::Ipv4Addr;

use dictionaries::{mikrotik, rfc2865, rfc2866, rfc2869};
use radius::{Code, PACKET_MAX, Packet, Place, Secret, Writer};

use super::*;
use crate::nas::people::{By, Credentials};
use crate::nas::settings::{Server, Since};
use crate::nas::view::{Happened, Outcome};

const SECRET: &[u8] = b"s";
const PHONE: Mac = Mac::from_octets([2, 0, 0, 0, 0, 1]);
const OTHER: Mac = Mac::from_octets([2, 0, 0, 0, 0, 2]);

/// A router whose server is the test.
struct Stage {
    machine: Machine,
    reports: Vec<Report>,
}

/// A report as the server reads it: status, octets up and down, seconds, cause.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Report {
    status: u32,
    moved: Moved,
    seconds: u32,
    cause: Option<u32>,
}

impl Stage {
    fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let here = ([127, 0, 0, 1], 1_812).into();
        let mut settings = Settings::new("tower", Ipv4Addr::new(127, 0, 0, 9), Server::new(here, here, "s"));
        change(&mut settings);
        Self { machine: Machine::new(settings), reports: Vec::new() }
    }

    /// Sends all that waits: reports are answered, logins by the closure, which writes an accept or says no.
    fn serves(&mut self, mut accept: impl FnMut(&mut Writer<'_>) -> bool) -> usize {
        let mut logins = 0;
        for job in self.machine.take(usize::MAX) {
            let mut buffer = [0; PACKET_MAX];
            let secret = Secret::new(SECRET);
            match (&job.request, job.purpose) {
                (Request::Login(login), Purpose::Login(number)) => {
                    let asked = login.write(&mut buffer, job.id, &secret).unwrap().to_vec();
                    let asked = Packet::parse(&asked).unwrap();
                    let (mut yes, mut no) = ([0; PACKET_MAX], [0; PACKET_MAX]);
                    let mut writer = Writer::reply(&mut yes, Code::AccessAccept, &asked);
                    let mut reply = Writer::reply(&mut no, Code::AccessReject, &asked);
                    reply.put(rfc2865::REPLY_MESSAGE, "expired. Ref ABC123").unwrap();
                    let says_yes = accept(&mut writer);
                    let answer = if says_yes { writer } else { reply }.finish(&secret).to_vec();
                    self.machine.login_answered(number, Some(&answer));
                    logins += 1;
                }
                (Request::Report(report), Purpose::Report(key, moved)) => {
                    let packet = Packet::parse(report.write(&mut buffer, job.id, &secret).unwrap()).unwrap();
                    let number = |attribute| packet.get(attribute).unwrap_or(0);
                    let joined = |low, high| u64::from(number(low)) | (u64::from(number(high)) << 32);
                    self.reports.push(Report {
                        status: number(rfc2866::ACCT_STATUS_TYPE),
                        moved: Moved::new(
                            joined(rfc2866::ACCT_INPUT_OCTETS, rfc2869::ACCT_INPUT_GIGAWORDS),
                            joined(rfc2866::ACCT_OUTPUT_OCTETS, rfc2869::ACCT_OUTPUT_GIGAWORDS),
                        ),
                        seconds: number(rfc2866::ACCT_SESSION_TIME),
                        cause: packet.get(rfc2866::ACCT_TERMINATE_CAUSE),
                    });
                    self.machine.report_answered(key, moved, true);
                }
                (request, purpose) => panic!("{request:?} for {purpose:?}"),
            }
        }
        logins
    }

    fn types(&mut self, mac: Mac, user: &str, accept: impl FnMut(&mut Writer<'_>) -> bool) -> LoginResult {
        let (teller, mut told) = oneshot::channel();
        let credentials = Credentials { user: user.to_owned(), password: String::new(), by: By::Chap };
        self.machine.log_in(mac, Service::Hotspot, credentials, Some(teller));
        self.serves(accept);
        told.try_recv().unwrap()
    }

    fn logs_in(&mut self, accept: impl FnMut(&mut Writer<'_>) -> bool) -> SessionKey {
        self.types(PHONE, "Sunrise77", accept).session().unwrap()
    }

    fn passes(&mut self, seconds: u64) {
        let goal_ms = self.machine.now_ms() + seconds * 1_000;
        while !self.machine.advance(goal_ms) {
            self.serves(|_| false);
        }
        self.serves(|_| false);
    }

    fn stops(&self) -> Vec<Report> {
        self.reports.iter().copied().filter(|report| report.status == 2).collect()
    }

    fn control(&mut self, is_disconnect: bool, write: impl FnOnce(&mut Writer<'_>)) -> Outcome {
        let mut buffer = [0; PACKET_MAX];
        let mut writer = match is_disconnect {
            true => Writer::disconnect_request(&mut buffer, 1, Place::Absent),
            false => Writer::coa_request(&mut buffer, 1, Place::Absent),
        };
        write(&mut writer);
        self.machine.obey(&Packet::parse(writer.finish(&Secret::new(SECRET))).unwrap())
    }
}

fn names(writer: &mut Writer<'_>) {
    writer.put(rfc2865::USER_NAME, "Sunrise77").unwrap();
    writer.put(rfc2865::FRAMED_IP_ADDRESS, Ipv4Addr::new(10, 5, 0, 2)).unwrap();
}

fn plainly(_: &mut Writer<'_>) -> bool {
    true
}

#[test]
fn a_session_reports_its_start_its_interims_and_its_end_with_what_it_moved() {
    let mut stage = Stage::with(|_| {});
    let session = stage.logs_in(|accept| {
        accept.put(rfc2869::ACCT_INTERIM_INTERVAL, 300).unwrap();
        accept.put(rfc2865::SESSION_TIMEOUT, 1_000).unwrap();
        true
    });
    stage.machine.wish(session, Moved::new(10, 20_000_000));

    stage.passes(2_000);

    let report = |status, seconds: u32, cause| Report {
        status,
        moved: Moved::new(u64::from(seconds) * 10, u64::from(seconds) * 20_000_000),
        seconds,
        cause,
    };
    assert_eq!(
        stage.reports,
        [
            report(1, 0, None),
            report(3, 300, None),
            report(3, 600, None),
            report(3, 900, None),
            report(2, 1_000, Some(5))
        ]
    );
    assert_eq!(stage.machine.answered(session), stage.machine.moved(session));
    assert_eq!(stage.machine.moved_by("Sunrise77"), Moved::new(10_000, 20_000_000_000));
}

#[test]
fn a_month_of_reports_waits_for_room_in_the_queue_and_loses_nothing() {
    let mut stage = Stage::with(|settings| settings.traffic = Moved::new(333, 70_001));
    stage.logs_in(|accept| accept.put(rfc2869::ACCT_INTERIM_INTERVAL, 60).is_ok());

    stage.passes(30 * 86_400);

    assert_eq!(stage.reports.len(), 1 + 30 * 1_440);
    assert_eq!(stage.reports.last().unwrap().moved, Moved::new(333 * 30 * 86_400, 70_001 * 30 * 86_400));
}

#[test]
fn what_is_silent_is_idle_and_what_is_used_up_ends() {
    let mut stage = Stage::with(|_| {});
    stage.logs_in(|accept| accept.put(rfc2865::IDLE_TIMEOUT, 60).is_ok());
    stage.passes(61);
    let session = stage.types(OTHER, "Sunset88", |accept| {
        accept.put(mikrotik::TOTAL_LIMIT, 0).unwrap();
        accept.put(mikrotik::TOTAL_LIMIT_GIGAWORDS, 1).is_ok()
    });
    stage.machine.wish(session.session().unwrap(), Moved::new(1, 1_000_000));

    stage.passes(10_000);

    let ends: Vec<_> = stage.stops().iter().map(|stop| stop.cause).collect();
    assert_eq!(ends, [Some(4), Some(10)]);
    let moved = stage.stops()[1].moved.total();
    assert!(((1 << 32)..(1 << 32) + 1_100).contains(&moved), "{moved}");
}

#[test]
fn a_coa_changes_what_it_names_and_a_disconnect_ends_the_session() {
    let mut stage = Stage::with(|settings| settings.quirks.session_timeout = Since::Told);
    let session = stage.logs_in(|accept| {
        accept.put(mikrotik::RATE_LIMIT, "2M/5M").unwrap();
        accept.put(rfc2865::SESSION_TIMEOUT, 3_600).is_ok()
    });
    stage.machine.wish(session, Moved::new(0, 10_000_000));
    stage.passes(600);

    let changed = stage.control(false, |coa| {
        names(coa);
        coa.put(mikrotik::RATE_LIMIT, "1M/1M").unwrap();
        coa.put(rfc2865::SESSION_TIMEOUT, 60).unwrap();
    });
    let online = stage.machine.online();
    stage.passes(30);
    let moved = stage.machine.moved(session);
    let ended = stage.control(true, names);
    let again = stage.control(true, names);
    stage.serves(plainly);

    assert_eq!((changed, ended, again), (Outcome::Ack, Outcome::Ack, Outcome::Nak(503)));
    assert_eq!((online[0].rate(), online[0].seconds_left, online[0].changes), ("1M/1M", Some(60), 1));
    assert_eq!(moved, Moved::new(0, 600 * 625_000 + 30 * 125_000));
    assert_eq!(stage.stops()[0].cause, Some(6));
}

#[test]
fn figures_of_a_coa_count_from_the_start_or_from_when_they_are_told() {
    for (since, left, ends_at) in [(Since::Start, 0, 600), (Since::Told, 60, 660)] {
        let mut stage = Stage::with(|settings| {
            settings.quirks.session_timeout = since;
            settings.quirks.limits = since;
        });
        stage.logs_in(plainly);
        stage.passes(600);

        stage.control(false, |coa| {
            names(coa);
            coa.put(rfc2865::SESSION_TIMEOUT, 60).unwrap();
        });
        let online = stage.machine.online();
        stage.passes(100);

        assert_eq!(online[0].seconds_left, Some(left), "{since:?}");
        assert_eq!((stage.stops()[0].cause, stage.stops()[0].seconds), (Some(5), ends_at), "{since:?}");
    }
}

#[test]
fn a_limit_of_a_coa_counts_what_moved_before_or_does_not() {
    for (since, ends_at) in [(Since::Start, 12), (Since::Told, 22)] {
        let mut stage = Stage::with(|settings| {
            settings.quirks.limits = since;
            settings.traffic = Moved::new(0, 1_000);
        });
        stage.logs_in(plainly);
        stage.passes(10);

        stage.control(false, |coa| {
            names(coa);
            coa.put(mikrotik::TOTAL_LIMIT, 12_000).unwrap();
        });
        stage.passes(100);

        assert_eq!((stage.stops()[0].cause, stage.stops()[0].seconds), (Some(10), ends_at), "{since:?}");
    }
}

#[test]
fn a_session_is_found_only_by_all_that_is_named_and_a_hotspots_only_with_its_address() {
    let mut stage = Stage::with(|_| {});
    stage.logs_in(plainly);
    let id = stage.machine.online()[0].acct_session_id.clone();
    assert_eq!(id, "80000001");

    for (found, write) in [
        (true, &(|coa: &mut Writer<'_>| coa.put(rfc2866::ACCT_SESSION_ID, &id)) as &dyn Fn(&mut Writer<'_>) -> _),
        (true, &|coa| coa.put(rfc2865::CALLING_STATION_ID, "02-00-00-00-00-01")),
        (true, &|coa| coa.put(rfc2865::NAS_IP_ADDRESS, [127, 0, 0, 9].into())),
        (false, &|coa| coa.put(rfc2866::ACCT_SESSION_ID, "80000002")),
        (false, &|coa| coa.put(rfc2865::CALLING_STATION_ID, "02-00-00-00-00-02")),
        (false, &|coa| coa.put(rfc2865::NAS_PORT, 3)),
    ] {
        let outcome = stage.control(false, |coa| {
            names(coa);
            write(coa).unwrap();
        });
        assert_eq!(outcome == Outcome::Ack, found, "{outcome:?}");
    }
    let without_address = stage.control(false, |coa| coa.put(rfc2865::USER_NAME, "Sunrise77").unwrap());
    let another_router = stage.control(false, |coa| {
        names(coa);
        coa.put(rfc2865::NAS_IP_ADDRESS, [127, 0, 0, 8].into()).unwrap();
    });
    let unreadable = stage.control(false, |coa| {
        names(coa);
        coa.put(mikrotik::RATE_LIMIT, "fast").unwrap();
    });
    let nobody = stage.control(true, |_| {});
    assert_eq!(
        [without_address, another_router, unreadable, nobody],
        [Outcome::Nak(503), Outcome::Nak(403), Outcome::Nak(407), Outcome::Nak(503)]
    );
}

#[test]
fn the_router_itself_refuses_what_is_too_much_for_it() {
    let mut stage = Stage::with(|settings| settings.licence = 2);
    let refused = |result: LoginResult| {
        let LoginResult::RefusedHere(why) = result else { panic!("{result:?}") };
        why
    };
    stage.logs_in(|accept| accept.put(rfc2865::PORT_LIMIT, 1).is_ok());

    let twice = refused(stage.types(PHONE, "Sunset88", plainly));
    let shared = refused(stage.types(OTHER, "Sunrise77", |accept| accept.put(rfc2865::PORT_LIMIT, 1).is_ok()));
    let room = stage.types(OTHER, "Sunrise77", |accept| accept.put(rfc2865::PORT_LIMIT, 2).is_ok());
    let full = refused(stage.types(Mac::from_octets([2, 0, 0, 0, 0, 3]), "Third99", plainly));

    assert_eq!((twice, shared), ("you are already logged in", "no more sessions are allowed for user"));
    assert!(room.is_online());
    assert_eq!(full, "session limit reached");
}

#[test]
fn a_phone_is_remembered_until_it_is_disconnected_and_then_tried_by_its_address_where_that_is_on() {
    let mut stage = Stage::with(|_| {});
    let session = stage.logs_in(plainly);
    stage.machine.lose(session);
    stage.serves(plainly);
    stage.machine.appear(PHONE, None);
    assert_eq!(stage.serves(plainly), 1, "the cookie logs it in");
    assert_eq!(stage.machine.online()[0].user, "Sunrise77");

    stage.control(true, names);
    stage.serves(plainly);
    stage.machine.appear(PHONE, None);
    assert_eq!(stage.serves(plainly), 0, "the cookie is gone");

    stage.machine.settings.mac_login = true;
    stage.machine.appear(PHONE, None);
    assert_eq!(stage.serves(plainly), 1);
    assert_eq!(stage.machine.online()[0].user, "02:00:00:00:00:01");
    let key = stage.machine.online()[0].session;
    stage.machine.end(key, cause::SESSION_TIMEOUT);
    stage.machine.advance(stage.machine.now_ms() + 5_000);
    assert_eq!(stage.serves(|_| false), 1, "it is still there, and tried at once");
    stage.machine.advance(stage.machine.now_ms() + 299_000);
    assert_eq!(stage.serves(|_| false), 0);
    stage.machine.advance(stage.machine.now_ms() + 2_000);
    assert_eq!(stage.serves(plainly), 1, "and again when the host was forgotten");
}

#[test]
fn a_house_dials_again_by_itself_and_waits_longer_each_time_in_vain() {
    let mut stage = Stage::with(|_| {});
    let house = Credentials { user: "house-12".to_owned(), password: "karibu".to_owned(), by: By::Pap };
    stage.machine.dial(PHONE, house, None);
    stage.serves(plainly);
    let key = stage.machine.online()[0].session;
    assert_eq!(stage.machine.online()[0].acct_session_id, "81000001");

    stage.machine.end(key, cause::ADMIN_RESET);
    let mut tries = Vec::new();
    for second in 0..200 {
        stage.machine.advance(second * 1_000);
        if stage.serves(|_| false) > 0 {
            tries.push(second);
        }
    }

    let waits: Vec<_> = tries.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(tries[0] <= 5 && waits.is_sorted() && waits.len() >= 4, "{tries:?}");
    assert!(waits.iter().all(|wait| *wait <= 91), "{waits:?}");
    stage.machine.leave(None);
    stage.machine.advance(1_000_000);
    assert_eq!(stage.serves(plainly), 0, "switched off, it dials no more");
}

#[test]
fn in_a_leap_time_waits_for_a_login_that_somebody_answers() {
    let mut stage = Stage::with(|_| {});
    let house = Credentials { user: "house-12".to_owned(), password: "karibu".to_owned(), by: By::Pap };
    stage.machine.dial(PHONE, house, None);
    stage.serves(plainly);
    let key = stage.machine.online()[0].session;
    stage.machine.lose(key);

    stage.machine.leap(3_600_000);
    assert!(!stage.machine.advance(3_600_000), "it dials within five seconds");
    assert!(stage.machine.now_ms() <= 5_000 && stage.machine.due_ms().is_none());
    stage.serves(plainly);
    assert!(stage.machine.advance(3_600_000));
    let since = stage.machine.online()[0].seconds;

    assert!(since >= 3_595, "{since}");
    let key = stage.machine.online()[0].session;
    stage.machine.lose(key);
    stage.machine.leap(7_200_000);
    assert!(!stage.machine.advance(7_200_000));
    let Some(Purpose::Login(number)) = stage.machine.take(usize::MAX).last().map(|job| job.purpose) else {
        panic!("it dials")
    };
    stage.machine.login_answered(number, None);
    assert!(stage.machine.advance(7_200_000), "nobody is waited for who does not answer");
}

#[test]
fn a_reboot_forgets_all_without_a_word_and_counts_anew() {
    let mut stage = Stage::with(|settings| settings.traffic = Moved::new(0, 1_000));
    let session = stage.logs_in(plainly);
    stage.passes(10);

    stage.machine.reboot();
    let (reports, forgets) = (stage.reports.len(), stage.machine.forgets());
    stage.passes(100);
    let again = stage.logs_in(plainly);

    assert!(forgets && !stage.machine.forgets());
    assert_eq!((reports, stage.stops().len()), (1, 0));
    let past = stage.machine.memory.past[&session].clone();
    assert_eq!((past.cause, past.moved), (None, Moved::new(0, 10_000)));
    assert_eq!(stage.machine.online()[0].acct_session_id, "80100001");
    assert_ne!(session, again);
    assert!(stage.machine.memory.events.iter().any(|event| event.what == Happened::Rebooted));
}

#[test]
fn a_refusal_is_told_with_its_sentence_and_its_reference() {
    let mut stage = Stage::with(|_| {});

    let refused = stage.types(PHONE, "Sunrise77", |_| false);

    let wanted = LoginResult::Refused { sentence: "expired".to_owned(), reference: "ABC123".to_owned() };
    assert_eq!(refused, wanted);
    assert_eq!(stage.machine.memory.tally.sentences["expired"], 1);
}
