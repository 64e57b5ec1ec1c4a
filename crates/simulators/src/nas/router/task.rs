//! The one task of a router: it lets time pass, sends what is to be sent, and hears answers and CoAs.

use std::net::SocketAddr;
use std::sync::Arc;

use radius::dedup::Verdict;
use radius::{Code, PACKET_MAX, Packet};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Inside, Shared};
use crate::nas::asking::ask;
use crate::nas::control::{answer, is_believed};
use crate::nas::machine::{Job, Purpose};
use crate::nas::view::{Control, Outcome};

/// CoAs that the line holds back at once.
const LATE_MAX: usize = 1_024;

/// An answer, or none.
type Answered = (Purpose, Option<Vec<u8>>);

/// A datagram and its sender.
type Heard = (Vec<u8>, SocketAddr);

/// What is to be done now.
struct Plan {
    jobs: Vec<Job>,
    forgets: bool,
    wake: Option<Instant>,
}

/// Serves a router until it is stopped.
pub(super) async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    let mut asking: JoinSet<Answered> = JoinSet::new();
    let (late, mut come) = mpsc::channel::<Heard>(LATE_MAX);
    let mut buffer = vec![0; PACKET_MAX];
    loop {
        let plan = plan(&shared, asking.len());
        if plan.forgets {
            asking.abort_all();
        }
        for Job { request, id, purpose } in plan.jobs {
            let route = shared.route.clone();
            asking.spawn(async move { (purpose, ask(request, id, route).await) });
        }
        let sleep = async {
            match plan.wake {
                Some(wake) => tokio::time::sleep_until(wake).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = shared.work.notified() => {}
            () = sleep => {}
            Some(done) = asking.join_next() => answered(&shared, done.ok()),
            Ok((length, from)) = shared.control.recv_from(&mut buffer) => {
                arrived(&shared, &late, &buffer[..length], from).await;
            }
            Some((datagram, from)) = come.recv() => heard(&shared, &datagram, from).await,
        }
    }
}

fn plan(shared: &Shared, under_way: usize) -> Plan {
    let mut inside = shared.now();
    let forgets = inside.machine.forgets();
    let under_way = if forgets { 0 } else { under_way };
    let free = inside.machine.settings.requests_max.saturating_sub(under_way);
    let jobs = inside.machine.take(free);
    inside.under_way = under_way + jobs.len();
    // Room in the queue may let time go on.
    let now_ms = inside.time.now_ms();
    inside.machine.advance(now_ms);
    let wake = inside.machine.due_ms().and_then(|due_ms| inside.time.instant(due_ms));
    drop(inside);
    shared.changed();
    Plan { jobs, forgets, wake }
}

/// `None` is a request that a reboot has cut short.
fn answered(shared: &Shared, done: Option<Answered>) {
    let mut inside = shared.now();
    match done {
        Some((Purpose::Login(number), answer)) => inside.machine.login_answered(number, answer.as_deref()),
        Some((Purpose::Report(key, moved), answer)) => {
            inside.machine.report_answered(key, moved, answer.is_some());
        }
        None => {}
    }
}

/// A datagram comes to the socket; the line decides what becomes of it.
async fn arrived(shared: &Arc<Shared>, late: &mpsc::Sender<Heard>, datagram: &[u8], from: SocketAddr) {
    for wait in shared.route.line.fate().into_iter().flatten() {
        if wait.is_zero() {
            heard(shared, datagram, from).await;
            continue;
        }
        if let Ok(permit) = late.clone().try_reserve_owned() {
            let datagram = datagram.to_vec();
            tokio::spawn(async move {
                tokio::time::sleep(wait).await;
                permit.send((datagram, from));
            });
        }
    }
}

async fn heard(shared: &Shared, datagram: &[u8], from: SocketAddr) {
    let answer = obey(shared, datagram, from);
    shared.changed();
    if let Some(answer) = answer {
        shared.route.line.send(&shared.control, &answer, from).await;
    }
}

/// Does what a datagram asks, once, and gives the answer.
fn obey(shared: &Shared, datagram: &[u8], from: SocketAddr) -> Option<Vec<u8>> {
    let mut inside = shared.now();
    let at = shared.started.elapsed();
    let request = Packet::parse(datagram).ok();
    let user = request.as_ref().and_then(|request| request.get(dictionaries::rfc2865::USER_NAME));
    let user = user.map(|user| String::from_utf8_lossy(user.as_bytes()).into_owned()).unwrap_or_default();
    let is_disconnect = request.as_ref().is_some_and(|request| request.code() == Code::DisconnectRequest);
    let (outcome, answer) = match &request {
        Some(request) => outcome(shared, &mut inside, request, from),
        None => (Outcome::Silence, None),
    };
    inside.machine.memory.control(Control { at, is_disconnect, user, outcome });
    answer
}

fn outcome(shared: &Shared, inside: &mut Inside, request: &Packet<'_>, from: SocketAddr) -> (Outcome, Option<Vec<u8>>) {
    let hears_strangers = inside.machine.settings.quirks.hears_strangers;
    let mut known = shared.route.servers.iter().filter(|one| hears_strangers || one.auth.ip() == from.ip());
    let Some(server) = known.find(|server| is_believed(request, &server.secret)) else {
        return (Outcome::Silence, None);
    };
    let now_ms = u64::try_from(shared.started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let ticket = match inside.dedup.see(from, request, now_ms) {
        Verdict::New(ticket) => ticket,
        Verdict::InProgress => return (Outcome::Repeated, None),
        Verdict::Replay(answer) => return (Outcome::Repeated, Some(answer.to_vec())),
    };
    let outcome = inside.machine.obey(request);
    let answer = answer(request, outcome, &server.secret);
    match &answer {
        Some(answer) => {
            inside.dedup.answer(ticket, answer);
        }
        None => inside.dedup.forget(ticket),
    }
    (outcome, answer)
}
