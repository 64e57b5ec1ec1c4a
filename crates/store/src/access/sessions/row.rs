//! A session as its row has it.

use domain::access::attempt::{AskedService, Device};
use domain::access::session::{EndCause, Session, SessionState};
use domain::access::told::{Speed, Told};
use domain::access::usage::Counters;
use domain::id::{NasId, PlanId, SessionId};
use ipnet::IpNet;
use uuid::Uuid;

use super::StoredSession;
use crate::access::holder_of;
use crate::columns::{Instant, at, ipv4, uncounter};
use crate::error::StoreError;

pub(super) fn state_columns(state: SessionState) -> (&'static str, Option<&'static str>, Option<i64>) {
    match state {
        SessionState::Granted => ("granted", None, None),
        SessionState::Open => ("open", None, None),
        SessionState::Closed(cause) => {
            let number = match cause {
                EndCause::Reported(number) => Some(i64::from(number)),
                EndCause::NasRestarted | EndCause::LeaseEnded | EndCause::Cut | EndCause::RouterGone => None,
            };
            ("closed", Some(cause.code()), number)
        }
    }
}

pub(super) struct SessionRow {
    pub(super) id: Uuid,
    pub(super) nas_id: Uuid,
    pub(super) holder_kind: Option<String>,
    pub(super) holder_id: Option<Uuid>,
    pub(super) user_name: String,
    pub(super) device: String,
    pub(super) service: String,
    pub(super) acct_session_id: Option<String>,
    pub(super) framed_ip: Option<IpNet>,
    pub(super) plan_id: Option<Uuid>,
    pub(super) plan_revision: Option<i32>,
    pub(super) told_speed: i16,
    pub(super) told_until: Option<Instant>,
    pub(super) told_ip: Option<IpNet>,
    pub(super) told_data_since: Option<Instant>,
    pub(super) heard_from: Option<IpNet>,
    pub(super) interim_seconds: Option<i32>,
    pub(super) state: String,
    pub(super) end_code: Option<String>,
    pub(super) end_number: Option<i64>,
    pub(super) started_at: Instant,
    pub(super) last_heard_at: Instant,
    pub(super) ended_at: Option<Instant>,
    pub(super) lease_until: Instant,
    pub(super) counted_in_octets: i64,
    pub(super) counted_out_octets: i64,
    pub(super) counted_in_packets: i64,
    pub(super) counted_out_packets: i64,
    pub(super) counted_seconds: i64,
    pub(super) last_in_octets: i64,
    pub(super) last_out_octets: i64,
    pub(super) last_in_packets: i64,
    pub(super) last_out_packets: i64,
    pub(super) last_seconds: i64,
}

impl SessionRow {
    fn state(&self) -> Option<SessionState> {
        let number = self.end_number.map_or(Some(0), |number| u32::try_from(number).ok())?;
        Some(match (self.state.as_str(), self.end_code.as_deref()) {
            ("granted", None) => SessionState::Granted,
            ("open", None) => SessionState::Open,
            ("closed", Some("reported")) => SessionState::Closed(EndCause::Reported(number)),
            ("closed", Some("nas_restarted")) => SessionState::Closed(EndCause::NasRestarted),
            ("closed", Some("cut")) => SessionState::Closed(EndCause::Cut),
            ("closed", Some("router_gone")) => SessionState::Closed(EndCause::RouterGone),
            ("closed", Some("lease_ended")) => SessionState::Closed(EndCause::LeaseEnded),
            _ => return None,
        })
    }
}

impl TryFrom<SessionRow> for StoredSession {
    type Error = StoreError;
    fn try_from(row: SessionRow) -> Result<Self, StoreError> {
        let corrupt = || StoreError::corrupt("sessions", row.id);
        let number = |column: i32| u32::try_from(column).map_err(|_| corrupt());
        let told = match (row.plan_id, row.plan_revision) {
            (Some(plan), Some(revision)) => Some(Told {
                plan: PlanId::from_uuid(plan),
                revision: number(revision)?,
                speed: u8::try_from(row.told_speed).ok().and_then(Speed::from_number).ok_or_else(corrupt)?,
                until: at(row.told_until),
                framed_ip: ipv4(row.told_ip),
                data_since: at(row.told_data_since),
            }),
            _ => None,
        };
        Ok(Self {
            id: SessionId::from_uuid(row.id),
            nas: NasId::from_uuid(row.nas_id),
            holder: holder_of("sessions", row.id, row.holder_kind.as_deref(), row.holder_id)?,
            device: Device::from_key(&row.device),
            service: AskedService::from_code(&row.service),
            framed_ip: ipv4(row.framed_ip),
            told,
            from: row.heard_from.map(|from| from.addr()),
            interim_seconds: row.interim_seconds.map(number).transpose()?,
            lease_until: row.lease_until.0,
            session: Session {
                state: row.state().ok_or_else(corrupt)?,
                started_at: row.started_at.0,
                last_heard_at: row.last_heard_at.0,
                ended_at: at(row.ended_at),
                counted: Counters {
                    in_octets: uncounter(row.counted_in_octets),
                    out_octets: uncounter(row.counted_out_octets),
                    in_packets: uncounter(row.counted_in_packets),
                    out_packets: uncounter(row.counted_out_packets),
                    seconds: uncounter(row.counted_seconds),
                },
                last_reading: Counters {
                    in_octets: uncounter(row.last_in_octets),
                    out_octets: uncounter(row.last_out_octets),
                    in_packets: uncounter(row.last_in_packets),
                    out_packets: uncounter(row.last_out_packets),
                    seconds: uncounter(row.last_seconds),
                },
            },
            user_name: row.user_name,
            acct_session_id: row.acct_session_id,
        })
    }
}
