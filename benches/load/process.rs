//! What processes of this machine have used, from `/proc`, and what this thread has.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use anyhow::Context;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// `/proc` counts CPU time in hundredths of a second on every Linux that we know.
const TICK: Duration = Duration::from_millis(10);

/// CPU time and memory at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    /// Since the processes began.
    pub(crate) cpu: Duration,
    /// What they hold in memory; pages that several share are counted once in all where `/proc` tells.
    pub(crate) memory_kib: u64,
}

/// CPU time of this thread since it began.
pub(crate) fn of_this_thread() -> anyhow::Result<Duration> {
    let used = getrusage(UsageWho::RUSAGE_THREAD).context("the CPU time of this thread")?;
    let micros = (used.user_time() + used.system_time()).num_microseconds();
    Ok(Duration::from_micros(u64::try_from(micros).unwrap_or(0)))
}

/// CPU time of all cores together since the machine began, idle and waiting times left out.
pub(crate) fn of_the_machine() -> anyhow::Result<Duration> {
    let text = fs::read_to_string("/proc/stat").context("/proc/stat")?;
    busy(&text).context("an unknown form of /proc/stat")
}

/// Reads user, nice and system, then skips idle and iowait, then reads irq, softirq and steal.
fn busy(text: &str) -> Option<Duration> {
    let mut fields = text.lines().next()?.strip_prefix("cpu ")?.split_ascii_whitespace();
    let ticks: Vec<u32> = fields.by_ref().take(8).map_while(|ticks| ticks.parse().ok()).collect();
    let [user, nice, system, _idle, _waiting, irq, softirq, steal] = ticks[..] else { return None };
    Some(TICK * (user + nice + system + irq + softirq + steal))
}

/// What one process has used, its children apart.
pub(crate) fn of_one(pid: u32) -> anyhow::Result<Used> {
    let stat = Stat::read(pid).with_context(|| format!("process {pid}"))?;
    Ok(Used { cpu: stat.own, memory_kib: line_of(pid, "status", "VmRSS:").unwrap_or(0) })
}

/// What processes and all that descend from them have used, those that have ended included.
pub(crate) fn of_families(pids: &[u32]) -> anyhow::Result<Used> {
    for pid in pids {
        Stat::read(*pid).with_context(|| format!("process {pid}"))?;
    }
    let everybody = everybody()?;
    let mut used = Used::default();
    for (pid, stat) in &everybody {
        if descends(*pid, pids, &everybody) {
            used.cpu += stat.own + stat.ended_children;
            used.memory_kib += line_of(*pid, "smaps_rollup", "Pss:").unwrap_or(0);
        }
    }
    Ok(used)
}

fn everybody() -> anyhow::Result<BTreeMap<u32, Stat>> {
    let mut everybody = BTreeMap::new();
    for entry in fs::read_dir("/proc").context("/proc")? {
        let name = entry.context("/proc")?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
        // One that ended between the list and the look is in its parent's account now.
        if let Ok(stat) = Stat::read(pid) {
            everybody.insert(pid, stat);
        }
    }
    Ok(everybody)
}

fn descends(pid: u32, from: &[u32], everybody: &BTreeMap<u32, Stat>) -> bool {
    let parents = std::iter::successors(Some(pid), |pid| everybody.get(pid).map(|stat| stat.parent));
    parents.take_while(|pid| *pid != 0).take(everybody.len() + 1).any(|pid| from.contains(&pid))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    own: Duration,
    ended_children: Duration,
}

impl Stat {
    fn read(pid: u32) -> anyhow::Result<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat"))?).context("an unknown form of /proc/PID/stat")
    }

    /// Reads the fields after the name, which may hold spaces and brackets of its own.
    fn parse(text: &str) -> Option<Self> {
        let (_, after_name) = text.rsplit_once(')')?;
        let fields: Vec<&str> = after_name.split_ascii_whitespace().collect();
        let ticks = |at: usize| fields.get(at)?.parse::<u32>().ok().map(|ticks| TICK * ticks);
        Some(Self {
            parent: fields.get(1)?.parse().ok()?,
            own: ticks(11)? + ticks(12)?,
            ended_children: ticks(13)? + ticks(14)?,
        })
    }
}

/// A number of a file like `/proc/PID/status`, in KiB.
fn line_of(pid: u32, file: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_and_brackets_moves_no_field() {
        let text = "42 (a (strange) name) S 7 42 42 0 -1 4194560 1 2 3 4 150 50 20 10 20 0 1 0 99 1 1";

        let stat = Stat::parse(text).unwrap();

        assert_eq!((stat.parent, stat.own, stat.ended_children), (7, TICK * 200, TICK * 30));
    }

    #[test]
    fn a_machine_that_rests_is_not_busy() {
        let text = "cpu  10 20 30 4000 5000 1 2 3 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n";

        assert_eq!(busy(text), Some(TICK * 66));
        assert!(of_the_machine().unwrap() > Duration::ZERO && of_this_thread().is_ok());
    }

    #[test]
    fn this_process_has_used_something_and_belongs_to_its_own_family() {
        let me = std::process::id();

        assert!(of_one(me).unwrap().memory_kib > 0);
        assert!(of_families(&[me]).unwrap().memory_kib > 0);
        assert!(of_one(u32::MAX).is_err());
    }
}
