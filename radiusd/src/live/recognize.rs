//! A session of which a router spoke first, once the database was asked which one it is.

use actions::access::record_usage;
use actions::access::save_sessions::{Recognized, Stranger};
use domain::access::facts::Holder;
use domain::access::session::{EndCause, SessionState};
use domain::access::usage::{UsageKind, UsageRecord};
use domain::id::{SessionId, TenantId};
use policy::access::metering;
use store::access::sessions::StoredSession;

use crate::live::hear::{Heard, Hearing, tell_holder};
use crate::live::table::{Known, Table};

/// What the database is asked about a session.
pub(super) fn stranger(known: &Known) -> Stranger {
    let stored = &known.stored;
    let report = report_of(known.tenant, stored, stored.id);
    Stranger {
        id: stored.id,
        nas: stored.nas,
        key: (stored.acct_session_id.is_some() && !known.is_named_by_us).then(|| record_usage::report_key(&report)),
        user_name: stored.user_name.clone(),
        claimed: stored.holder,
    }
}

/// All that a session was told of, as one report about session `id`. Counters are cumulative, so nothing is lost.
pub(super) fn report_of(tenant: TenantId, stored: &StoredSession, id: SessionId) -> UsageRecord {
    let kind = match stored.session.state {
        SessionState::Granted => UsageKind::Start,
        SessionState::Open => UsageKind::Interim,
        SessionState::Closed(EndCause::Reported(number)) => UsageKind::Stop(number),
        SessionState::Closed(EndCause::NasRestarted | EndCause::LeaseEnded | EndCause::Cut | EndCause::RouterGone) => {
            UsageKind::Interim
        }
    };
    UsageRecord {
        tenant,
        nas: stored.nas,
        kind,
        session: Some(id),
        holder: stored.holder,
        acct_session_id: stored.acct_session_id.clone().unwrap_or_default(),
        user_name: stored.user_name.clone(),
        device: stored.device.clone(),
        service: stored.service,
        framed_ip: stored.framed_ip,
        from: stored.from,
        counters: stored.session.counted,
        has_counters: stored.session.counted.octets() > 0,
        at: stored.session.last_heard_at,
    }
}

impl Table {
    /// Takes in what the database knows of a session. Returns whether it is a new one.
    pub(super) fn recognize(
        &mut self,
        id: SessionId,
        recognized: Recognized,
        by: &Hearing<'_>,
        heard: &mut Heard,
    ) -> bool {
        let Some(known) = self.get(id).filter(|known| !known.is_confirmed) else { return false };
        let tenant = known.tenant;
        let report = report_of(tenant, &known.stored, id);
        // Memory may know better than the database how that session fared.
        let is_it = |session: &StoredSession| match self.get(session.id) {
            Some(other) if session.id != id => metering::may_be_about(&other.stored.session, &report),
            Some(_) | None => true,
        };
        let Recognized { session, holder } = recognized;
        match session.filter(is_it) {
            Some(session) => {
                self.join(id, session, by, heard);
                false
            }
            None => {
                self.accept(id, holder, by, heard);
                true
            }
        }
    }

    /// It is a new session: whose it is, the database has said.
    fn accept(&mut self, id: SessionId, holder: Option<Holder>, by: &Hearing<'_>, heard: &mut Heard) {
        let Some(known) = self.get_mut(id) else { return };
        known.is_confirmed = true;
        if known.stored.holder == holder {
            return;
        }
        let counted = (known.stored.session.counted.in_octets, known.stored.session.counted.out_octets);
        leave(known, by);
        known.stored.holder = holder;
        tell_holder(known, counted, by, heard);
    }

    /// It is a session that the database knows: what was told of it is told of that one.
    fn join(&mut self, id: SessionId, session: StoredSession, by: &Hearing<'_>, heard: &mut Heard) {
        let Some(stranger) = self.remove(id) else { return };
        let other = session.id;
        if self.get(other).is_none() {
            self.put(Known::new(stranger.tenant, session));
        }
        let holder = self.get(other).and_then(|known| known.stored.holder);
        if let Some(own) = stranger.stored.holder.filter(|own| Some(*own) == holder) {
            let counted = stranger.stored.session.counted;
            by.holders.with(stranger.tenant, own, &mut |live, _cap| {
                live.uncount(counted.in_octets, counted.out_octets);
                live.is_really(id, other);
            });
        } else {
            leave(&stranger, by);
        }
        let report = report_of(stranger.tenant, &stranger.stored, other);
        self.hear_of(other, &report, by, heard);
        if let Some(known) = self.get_mut(other)
            && known.stored.session.last_reading.seconds == stranger.stored.session.last_reading.seconds
        {
            // Its counters may have begun again since.
            known.stored.session.last_reading = stranger.stored.session.last_reading;
        }
        if let SessionState::Closed(
            cause @ (EndCause::NasRestarted | EndCause::LeaseEnded | EndCause::Cut | EndCause::RouterGone),
        ) = stranger.stored.session.state
        {
            let ended_at = stranger.stored.session.ended_at.unwrap_or(by.now);
            self.end(other, cause, ended_at, by, heard);
        }
    }
}

/// Takes a session from its holder, as if it had never been told of it.
fn leave(known: &Known, by: &Hearing<'_>) {
    let Some(holder) = known.stored.holder else { return };
    let counted = known.stored.session.counted;
    by.holders.with(known.tenant, holder, &mut |live, _cap| {
        live.uncount(counted.in_octets, counted.out_octets);
        live.ends(&known.leaver());
    });
}
