//! `GET /v1/live`: what happens, while it happens, as server-sent events.
//!
//! Sessions that come online and end, routers that fall silent and answer again, exceptions that open and are resolved:
//! of each caller only what they may see. An event's id is a moment; a browser that lost its line sends the last one it
//! has (`Last-Event-ID`), and is told what happened since. **At least once**: around such a moment an event may come
//! twice, and it carries the id of what it is about.
//!
//! Each stream reads for itself, a little at a time, and waits while its reader does not read: nothing piles up here. It
//! ends after some minutes and the browser comes back, so that whoever is signed out does not go on reading; coming back
//! keeps no session alive.

mod places;

use std::collections::{HashSet, VecDeque};
use std::convert::Infallible;
use std::sync::LazyLock;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use domain::people::permission::{Act, Thing};
use domain::support::exception::{Exception, ExceptionKind};
use domain::time::{Span, Timestamp};
use futures_util::stream;
use serde::Serialize;
use store::StoreError;
use store::access::{online, sessions};
use store::support::exceptions;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::access::sessions::SessionView;
use crate::access::whose::Sight;
use crate::app::App;
use crate::door::Caller;
use crate::list::{Nothing, Query, wrong};
use crate::live::places::{Place, Places};
use crate::problem::{Code, Problem};
use crate::routes::Route;
use crate::support::exceptions::ExceptionView;
use crate::support::remedies::{self, Remedies};
use crate::uid::Uuid;

/// How often what is new is read.
const EVERY: Duration = Duration::from_secs(1);

/// How many glances pass between two that look far back, for what is told late: a session that nothing was heard of
/// ended when it was last heard of.
const GLANCES_BETWEEN: u32 = 15;

/// How far back a usual glance looks: rows are committed a little after the moments they tell of.
const NEAR: Span = Span::seconds(15);

/// How far back the others look.
const FAR: Span = Span::minutes(20);

/// How old the last event may be that somebody goes on from; past it everything must be read anew.
const RESUMED_MAX: Span = Span::minutes(60);

/// Things that are remembered as told, by one stream.
const TOLD_MAX: usize = 20_000;

/// Rows of one kind that one glance reads.
const ROWS_MAX: u16 = 500;

/// How long a stream lasts.
const LASTS: Duration = Duration::from_secs(300);

/// Streams at once, in all and of one provider.
const STREAMS_MAX: (usize, usize) = (200, 20);

/// Those that are taken.
static TAKEN: LazyLock<Places> = LazyLock::new(|| Places::new(STREAMS_MAX.0, STREAMS_MAX.1));

pub(crate) fn route() -> Route {
    Route::signed_in(routes!(live)).no_activity()
}

/// What happens, as data of one event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Happened {
    /// A session came online.
    SessionOnline {
        /// It.
        session: SessionView,
    },
    /// A session ended.
    SessionEnded {
        /// It.
        session: SessionView,
    },
    /// A router does not answer what it is asked.
    RouterSilent {
        /// Which.
        router: Uuid,
    },
    /// It answers again.
    RouterAnswers {
        /// Which.
        router: Uuid,
    },
    /// An exception was opened.
    ExceptionOpened {
        /// It.
        exception: ExceptionView,
    },
    /// An exception was resolved.
    ExceptionResolved {
        /// It.
        exception: ExceptionView,
    },
    /// Too much happened since, or it was too long ago: read the lists anew.
    Reload,
}

impl Happened {
    const fn name(&self) -> &'static str {
        match self {
            Self::SessionOnline { .. } => "session_online",
            Self::SessionEnded { .. } => "session_ended",
            Self::RouterSilent { .. } => "router_silent",
            Self::RouterAnswers { .. } => "router_answers",
            Self::ExceptionOpened { .. } => "exception_opened",
            Self::ExceptionResolved { .. } => "exception_resolved",
            Self::Reload => "reload",
        }
    }
}

/// Follow what happens
///
/// Server-sent events; the data of each is JSON with its `kind`. Send the id of the last event that you have as
/// `Last-Event-ID` to go on from there; browsers do so by themselves. The stream ends every few minutes: come back.
#[utoipa::path(
    get, path = "/v1/live", tag = "live", operation_id = "live",
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that you have.")),
    responses((status = 200, description = "Events, as long as you listen.", content_type = "text/event-stream",
        body = Happened)),
)]
async fn live(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let may_see_anything = [Thing::Sessions, Thing::Routers, Thing::Exceptions]
        .into_iter()
        .any(|thing| caller.permissions().allow(thing, Act::See));
    if !may_see_anything {
        caller.may(Thing::Sessions, Act::See)?;
    }
    let place = TAKEN.take(caller.tenant()).ok_or_else(|| {
        let most = STREAMS_MAX.1;
        Problem::new(Code::TooMany, format!("{most} streams of your provider are open already; close one")).after(10)
    })?;
    let now = app.now();
    let (from, reload) = begin(&headers, now)?;
    let until = app.clock().monotonic_ms().saturating_add(u64::try_from(LASTS.as_millis()).unwrap_or(u64::MAX));
    let mut first = VecDeque::from([Bytes::from_static(b"retry: 2000\n\n")]);
    if reload {
        first.push_back(event(now, &Happened::Reload));
    }
    let listener =
        Listener { app, caller, from, glances: 0, told: Told::default(), ready: first, until, _place: place };
    let events = stream::unfold(listener, async |mut listener| {
        let octets = listener.next().await?;
        Some((Ok::<_, Infallible>(octets), listener))
    });
    let mut response = Response::new(Body::from_stream(events));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // Proxies that gather answers would hold events back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// From which moment on events are told, and whether some are lost.
fn begin(headers: &HeaderMap, now: Timestamp) -> Result<(Timestamp, bool), Problem> {
    let Some(last) = headers.get("last-event-id") else { return Ok((now, false)) };
    let micros = last.to_str().ok().and_then(|text| text.parse::<i64>().ok());
    let last = micros.map(Timestamp::from_micros);
    let last = last.ok_or_else(|| wrong("Last-Event-ID", "send the id of an event as it came, or none"))?;
    let lost = last < now.minus(RESUMED_MAX);
    Ok((if lost || last > now { now } else { last }, lost))
}

/// One stream.
struct Listener {
    app: App,
    caller: Caller,
    /// What happened before this is not told.
    from: Timestamp,
    glances: u32,
    told: Told,
    /// Events that wait for the reader.
    ready: VecDeque<Bytes>,
    /// When it ends, by the monotonic clock.
    until: u64,
    _place: Place<'static>,
}

impl Listener {
    /// What comes next; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(octets) = self.ready.pop_front() {
                return Some(octets);
            }
            if self.app.clock().monotonic_ms() >= self.until {
                return None;
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = self.app.stopping().cancelled() => return None,
            }
            match self.glance().await {
                Ok(()) if self.ready.is_empty() && self.glances.is_multiple_of(GLANCES_BETWEEN) => {
                    // A comment now and then shows that the line still stands.
                    self.ready.push_back(Bytes::from_static(b": here\n\n"));
                }
                Ok(()) => {}
                Err(why) => {
                    tracing::debug!("a live stream waits for the database: {why}");
                    self.ready.push_back(Bytes::from_static(b": the database is away\n\n"));
                }
            }
        }
    }

    /// Looks what is new.
    async fn glance(&mut self) -> Result<(), StoreError> {
        let now = self.app.now();
        let back = if self.glances.is_multiple_of(GLANCES_BETWEEN) { FAR } else { NEAR };
        self.glances = self.glances.wrapping_add(1);
        // What ended far back is told only when it can have been noted since this stream began.
        let since = now.minus(back);
        let sees = |thing| self.caller.permissions().allow(thing, Act::See);
        let (of_sessions, of_routers, of_exceptions) =
            (sees(Thing::Sessions), sees(Thing::Routers), sees(Thing::Exceptions));
        let mut tx = self.app.store().tenant(&self.caller.scope()).await?;
        let mut events = Vec::new();
        if of_sessions {
            let begun = online::begun_since(&mut tx, since.max(self.from.minus(NEAR)), ROWS_MAX).await?;
            let ended = online::ended_since(&mut tx, since.max(self.from.minus(FAR)), ROWS_MAX).await?;
            let new: Vec<_> = begun.iter().chain(&ended).filter(|id| !self.told.knows(id.uuid())).copied().collect();
            let looked_at = sessions::by_ids(&mut tx, &new).await?;
            let holders: Vec<_> = looked_at.iter().map(|stored| stored.holder).collect();
            let sight = Sight::of(&mut tx, &self.caller, &holders).await?;
            for stored in looked_at {
                let id = stored.id.uuid();
                let has_ended = stored.session.ended_at.is_some();
                // What had ended before anybody listened is no news, unless it is far from certain that it was told.
                let is_news = stored.session.ended_at.is_none_or(|at| at >= self.from.minus(NEAR) || self.glances > 1);
                if !self.told.note(id, has_ended) || !is_news {
                    continue;
                }
                if !sight.sees(stored.service, stored.holder) {
                    continue;
                }
                let session = SessionView::of(&stored, now);
                events.push(if has_ended {
                    Happened::SessionEnded { session }
                } else {
                    Happened::SessionOnline { session }
                });
            }
        }
        if of_routers || of_exceptions {
            let met = exceptions::changed_since(&mut tx, since.max(self.from.minus(NEAR)), ROWS_MAX).await?;
            let holders: Vec<_> = met.iter().map(|exception| exception.holder).collect();
            let sight = Sight::of(&mut tx, &self.caller, &holders).await?;
            let remedies = Remedies::of(&mut tx, &met.iter().collect::<Vec<_>>()).await?;
            for exception in met {
                if sight.sees_trouble(exception.holder)
                    && remedies::may_see(&self.caller, exception.kind)
                    && self.told.note(exception.id.uuid(), exception.resolved.is_some())
                {
                    let shown = ExceptionView::of(&exception, remedies.for_one(&exception));
                    tell_of(&exception, shown, (of_routers, of_exceptions), &mut events);
                }
            }
        }
        drop(tx);
        self.ready.extend(events.iter().map(|one| event(now, one)));
        Ok(())
    }
}

fn tell_of(
    exception: &Exception,
    shown: ExceptionView,
    (of_routers, of_exceptions): (bool, bool),
    events: &mut Vec<Happened>,
) {
    let is_resolved = exception.resolved.is_some();
    if let (true, ExceptionKind::RouterSilent, Some(nas)) = (of_routers, exception.kind, exception.nas) {
        let router = nas.uuid().into();
        events.push(if is_resolved { Happened::RouterAnswers { router } } else { Happened::RouterSilent { router } });
    }
    if of_exceptions {
        let exception = shown;
        events.push(if is_resolved {
            Happened::ExceptionResolved { exception }
        } else {
            Happened::ExceptionOpened { exception }
        });
    }
}

/// One event as its line wants it.
fn event(at: Timestamp, happened: &Happened) -> Bytes {
    let data = serde_json::to_string(happened).unwrap_or_default();
    Bytes::from(format!("id: {}\nevent: {}\ndata: {data}\n\n", at.as_micros(), happened.name()))
}

/// What a stream has told, so that it is told once: what began, and what is over.
#[derive(Default)]
struct Told {
    begun: HashSet<uuid::Uuid>,
    over: HashSet<uuid::Uuid>,
    order: VecDeque<(uuid::Uuid, bool)>,
}

impl Told {
    /// Notes that something began or is over. Returns whether that is news.
    fn note(&mut self, id: uuid::Uuid, is_over: bool) -> bool {
        let is_news = if is_over { self.over.insert(id) } else { self.begun.insert(id) };
        if is_news {
            self.order.push_back((id, is_over));
        }
        while self.order.len() > TOLD_MAX {
            if let Some((oldest, was_over)) = self.order.pop_front() {
                if was_over {
                    self.over.remove(&oldest)
                } else {
                    self.begun.remove(&oldest)
                };
            }
        }
        is_news
    }

    /// Whether nothing more can be told of it.
    fn knows(&self, id: uuid::Uuid) -> bool {
        self.over.contains(&id)
    }
}

const _: () = assert!(STREAMS_MAX.0 > STREAMS_MAX.1, "one provider must not take all streams");

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);

    fn begun(last: Option<&str>) -> Result<(Timestamp, bool), Problem> {
        let mut headers = HeaderMap::new();
        if let Some(last) = last {
            headers.insert("last-event-id", last.parse().expect("a header"));
        }
        begin(&headers, NOW)
    }

    #[test]
    fn a_stream_goes_on_where_it_stopped_unless_that_is_too_long_ago() {
        let micros = |at: Timestamp| at.as_micros().to_string();
        let lately = NOW.minus(Span::minutes(5));
        let long_ago = NOW.minus(Span::minutes(61));

        assert_eq!(begun(None), Ok((NOW, false)));
        assert_eq!(begun(Some(&micros(lately))), Ok((lately, false)));
        assert_eq!(begun(Some(&micros(long_ago))), Ok((NOW, true)));
        assert_eq!(begun(Some(&micros(NOW.plus(Span::minutes(1))))), Ok((NOW, false)));
        assert!(begun(Some("yesterday")).is_err());
    }

    #[test]
    fn what_began_and_what_is_over_are_each_told_once() {
        let mut told = Told::default();
        let id = uuid::Uuid::from_bytes([1; 16]);

        assert!(told.note(id, false) && !told.note(id, false));
        assert!(told.note(id, true) && !told.note(id, true));
        assert!(told.knows(id));
    }

    #[test]
    fn what_is_remembered_has_a_most() {
        let mut told = Told::default();
        for number in 0..u128::try_from(TOLD_MAX).expect("small") + 10 {
            told.note(uuid::Uuid::from_u128(number), false);
        }

        assert_eq!((told.order.len(), told.begun.len()), (TOLD_MAX, TOLD_MAX));
    }

    #[test]
    fn an_event_is_one_block_of_lines() {
        let octets = event(NOW, &Happened::RouterSilent { router: uuid::Uuid::from_bytes([1; 16]).into() });

        let text = String::from_utf8(octets.to_vec()).expect("UTF-8");
        assert!(text.starts_with("id: 1795000000000000\nevent: router_silent\ndata: {\"kind\":\"router_silent\""));
        assert!(text.ends_with("}\n\n") && text.lines().count() == 4);
    }
}
