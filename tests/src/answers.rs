//! Answers to be recorded, made up: what the RADIUS role would record, through the real encoder.

use domain::access::attempt::{AskedService, Attempt, Device, Method};
use domain::access::decision::{AnsweredFrom, Decision, DecisionRecord, Proved, TraceCode};
use domain::access::facts::{Candidate, FoundBy, PlacesSeen, Right};
use domain::access::grant::Grant;
use domain::access::trail::{Detail, Finding, Meaning, Rule, Step};
use domain::access::usage::Recent;
use domain::id::{DecisionId, Id, NasId, NodeId, PlanId, SessionId, SubscriberId, TenantId};
use domain::people::subscriber::Standing;
use domain::rate::Bytes;
use domain::refusal::Refusal;
use domain::sales::plan::{Plan, PlanService};
use domain::secret::SecretBytes;
use domain::time::{Span, Timestamp};
use records::View;

use crate::world::month;

/// One answer to a subscriber.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Makes its trace code.
    pub bits: u32,
    /// Its id.
    pub id: DecisionId,
    /// The ISP.
    pub tenant: TenantId,
    /// When.
    pub at: Timestamp,
    /// The router.
    pub nas: NasId,
    /// User-Name.
    pub user: String,
    /// The subscriber.
    pub subscriber: SubscriberId,
    /// The device.
    pub device: Device,
    /// The session, when it is an accept.
    pub session: SessionId,
    /// Why not, when it is none.
    pub refusal: Option<Refusal>,
}

impl Answer {
    /// An accept, whose ids and trace code come from a number.
    pub fn new(number: u32, tenant: TenantId, nas: NasId, at: Timestamp) -> Self {
        Self {
            bits: number,
            id: id_of(1, number),
            tenant,
            at,
            nas,
            user: "house-12".to_owned(),
            subscriber: id_of(2, 12),
            device: Device::Unnamed,
            session: id_of(3, number),
            refusal: None,
        }
    }

    /// Lends its record.
    pub fn record<T>(&self, plan: &Plan, take: impl FnOnce(&DecisionRecord<'_>) -> T) -> T {
        let until = self.at.plus(Span::minutes(14 * 24 * 60));
        let right = Right::Subscriber {
            id: self.subscriber,
            standing: Standing::Active,
            until: Some(until),
            password: SecretBytes::new(b"karibu".to_vec()),
            framed_ip: None,
        };
        let candidates = [Candidate {
            right: &right,
            found_by: FoundBy::Username,
            plan,
            used: Bytes::new(u64::from(self.bits) * 4_099),
            recent: Recent::default(),
            places: PlacesSeen { own: Some(true), others: 0, is_blocked: false },
        }];
        let attempt = Attempt {
            user_name: self.user.as_bytes(),
            device: self.device.clone(),
            service: AskedService::Ppp,
            method: Method::Pap,
            framed_ip: None,
            called_station: None,
            nas_port_id: None,
            nas_identifier: None,
        };
        let terms = &plan.terms;
        let grant = Grant {
            session: self.session,
            holder: right.holder(),
            service: PlanService::Pppoe,
            seconds_left: Some(14 * 86_400),
            interim_seconds: 300,
            rate: terms.rate,
            device_cap: terms.device_cap,
            data_left: None,
            framed_ip: None,
            pool: None,
            address_list: None,
        };
        let mut trail = Vec::new();
        let passed = |rule, detail| Step { rule, finding: Finding::Passed, detail };
        trail.push(passed(Rule::Name, Detail::Meaning(Meaning::Subscriber)));
        trail.push(passed(Rule::Service, Detail::Meaning(Meaning::Line(PlanService::Pppoe))));
        let password = Detail::Meaning(Meaning::Shown(Method::Pap));
        if self.refusal.is_some() {
            trail.push(Step { rule: Rule::Password, finding: Finding::Refused, detail: password });
        } else {
            trail.push(passed(Rule::Password, password));
            trail.push(passed(Rule::Standing, Detail::Nothing));
            trail.push(passed(Rule::Time, Detail::Until(until)));
            trail.push(passed(Rule::DeviceCap, Detail::OwnPlace));
        }
        take(&DecisionRecord {
            id: self.id,
            trace: TraceCode::from_bits(self.bits),
            tenant: self.tenant,
            at: self.at,
            nas: self.nas,
            attempt: &attempt,
            candidates: &candidates,
            differs_only_in_case: false,
            proved: Proved { secrets: u32::from(self.refusal.is_none()), ..Proved::default() },
            restriction: None,
            answered_from: AnsweredFrom::Memory,
            policy_version: 1,
            trail: &trail,
            holder: Some(right.holder()),
            refusal: self.refusal,
            granted: self.refusal.is_none().then_some(&grant),
            first_use: None,
            took_micros: 40,
        })
    }

    /// Its record as it is written.
    pub fn octets(&self, plan: &Plan) -> Vec<u8> {
        let mut octets = Vec::with_capacity(records::RECORD_MAX);
        self.record(plan, |record| records::encode(record, &mut octets));
        octets
    }

    /// Its record as it will be read.
    ///
    /// # Panics
    /// When what was written is no record.
    pub fn decision(&self, node: NodeId) -> Decision {
        let octets = self.octets(&house_plan());
        View::first(&octets).and_then(|view| view.decision(node)).expect("a record reads back")
    }
}

/// The plan of all these answers.
pub fn house_plan() -> Plan {
    Plan {
        id: PlanId::from_bytes([9; 16]),
        revision: 1,
        name: "home-10".parse().expect("good"),
        service: PlanService::Pppoe,
        terms: month(),
    }
}

/// An id that is as hard to compress as a real one, and later numbers sort later.
pub fn id_of<Of>(kind: u8, number: u32) -> Id<Of> {
    let mut bytes = [kind; 16];
    bytes[1..5].copy_from_slice(&number.to_be_bytes());
    let stirred = (u64::from(number) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(kind);
    bytes[8..].copy_from_slice(&stirred.wrapping_mul(0xff51_afd7_ed55_8ccd).to_be_bytes());
    Id::from_bytes(bytes)
}
