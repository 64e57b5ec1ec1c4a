//! What the crowd was told, held against what the database holds.

use std::collections::HashMap;
use std::fmt;

use domain::id::TenantId;

use super::ledger::Ledger;
use crate::books::{self, Kept, Used};
use crate::database::Database;

/// How many faults are told one by one.
const TOLD_MAX: usize = 20;

/// The end of a story.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Sessions that were reported and answered.
    pub sessions: usize,
    /// Answered reports that are not in the database, or only in part.
    pub lost: u64,
    /// Reports that were counted more than once.
    pub doubled: u64,
    /// Cards that carried a device too many.
    pub wrong_caps: u64,
    /// Everything that went wrong, as sentences.
    pub faults: Vec<String>,
}

impl Verdict {
    /// Compares. The journal must have been drained.
    pub async fn on(ledger: &Ledger, database: &Database, tenant: TenantId) -> anyhow::Result<Self> {
        let kept = books::sessions(database, tenant).await?;
        let used = books::used(database, tenant).await?;
        Ok(Self::of(ledger, &kept, &used))
    }

    fn of(ledger: &Ledger, kept: &[Kept], used: &[Used]) -> Self {
        let mut verdict = Self { wrong_caps: ledger.wrong_caps(), faults: ledger.faults(), ..Self::default() };
        let mut by_id: HashMap<&str, Vec<&Kept>> = HashMap::new();
        for session in kept {
            if let Some(id) = &session.acct_session_id {
                by_id.entry(id).or_default().push(session);
            }
        }
        for (id, story) in ledger.sessions() {
            let all = by_id.get(id.as_str()).map(Vec::as_slice).unwrap_or_default();
            let Some(answered) = story.answered else { continue };
            verdict.sessions += 1;
            let [one] = all else {
                if all.is_empty() {
                    verdict.lose(format!("session {id} was answered and is not there"));
                } else {
                    verdict.double(format!("session {id} is there {} times", all.len()));
                }
                continue;
            };
            let octets = u64::try_from(one.in_octets).unwrap_or(0);
            if octets < answered {
                verdict.lose(format!("session {id}: {answered} octets were answered, {octets} are there"));
            } else if octets > story.sent || one.out_octets != one.in_octets * 2 {
                verdict.double(format!("session {id}: {} octets were reported, {octets} are there", story.sent));
            }
            if one.holder.is_none() {
                verdict.lose(format!("session {id} belongs to nobody"));
            }
        }
        verdict.hold_usage(kept, used);
        verdict
    }

    /// What each holder has used is the sum over its sessions.
    fn hold_usage(&mut self, kept: &[Kept], used: &[Used]) {
        let mut sums: HashMap<[u8; 16], (i64, i64)> = HashMap::new();
        for session in kept {
            if let Some(holder) = session.holder {
                let sum = sums.entry(holder).or_default();
                *sum = (sum.0 + session.in_octets, sum.1 + session.out_octets);
            }
        }
        for one in used {
            let sum = sums.remove(&one.holder).unwrap_or_default();
            let is = (one.in_octets, one.out_octets);
            if is > sum {
                self.double(format!("a holder has used {is:?} and its sessions {sum:?}"));
            } else if is < sum {
                self.lose(format!("a holder has used {is:?} and its sessions {sum:?}"));
            }
        }
        for sum in sums.into_values().filter(|sum| *sum != (0, 0)) {
            self.lose(format!("a holder has used nothing and its sessions {sum:?}"));
        }
    }

    fn lose(&mut self, what: String) {
        self.lost += 1;
        self.faults.push(what);
    }

    fn double(&mut self, what: String) {
        self.doubled += 1;
        self.faults.push(what);
    }

    /// Whether nothing went wrong.
    pub fn is_good(&self) -> bool {
        self.faults.is_empty()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sessions, lost, doubled, wrong_caps, faults } = self;
        write!(f, "{sessions} sessions: lost {lost}, double {doubled}, wrong caps {wrong_caps}")?;
        for fault in faults.iter().take(TOLD_MAX) {
            write!(f, "\n  {fault}")?;
        }
        if faults.len() > TOLD_MAX {
            write!(f, "\n  and {} more", faults.len() - TOLD_MAX)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(id: &str, octets: i64) -> Kept {
        Kept {
            holder: Some([1; 16]),
            acct_session_id: Some(id.to_owned()),
            device: "-".to_owned(),
            in_octets: octets,
            out_octets: octets * 2,
            has_ended: true,
        }
    }

    fn used(octets: i64) -> Used {
        Used { holder: [1; 16], in_octets: octets, out_octets: octets * 2 }
    }

    fn ledger() -> (Ledger, String) {
        let ledger = Ledger::default();
        let id = ledger.new_session();
        ledger.sends(&id, 700);
        ledger.is_answered(&id, 500, None);
        (ledger, id)
    }

    #[test]
    fn what_was_answered_and_what_was_sent_are_the_bounds() {
        let (ledger, id) = ledger();

        for octets in [500, 700] {
            assert!(Verdict::of(&ledger, &[kept(&id, octets)], &[used(octets)]).is_good());
        }
        for (sessions, total, lost, doubled) in [
            (vec![], vec![], 1, 0),
            (vec![kept(&id, 499)], vec![used(499)], 1, 0),
            (vec![kept(&id, 701)], vec![used(701)], 0, 1),
            (vec![kept(&id, 500), kept(&id, 0)], vec![used(500)], 0, 1),
            (vec![kept(&id, 500)], vec![used(501)], 0, 1),
            (vec![kept(&id, 500)], vec![used(499)], 1, 0),
            (vec![kept(&id, 500)], vec![], 1, 0),
        ] {
            let verdict = Verdict::of(&ledger, &sessions, &total);
            assert_eq!((verdict.lost, verdict.doubled), (lost, doubled), "{verdict}");
            assert!(!verdict.is_good());
        }
    }
}
