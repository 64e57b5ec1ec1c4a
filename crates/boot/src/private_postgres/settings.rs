//! PostgreSQL's settings for our work on this machine.

use std::fmt::Write as _;
use std::fs;

use crate::private_postgres::Durability;

/// One mebibyte.
const MIB: u64 = 1024 * 1024;
/// Less shared memory than this in /dev/shm makes parallel queries fail; containers have 64 MiB.
const SHARED_MEMORY_MIN_BYTES: u64 = 256 * MIB;

/// What the machine offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Machine {
    memory_bytes: u64,
    shared_memory_bytes: u64,
}

impl Machine {
    /// The machine we run on, or the container around us if that is smaller.
    pub(super) fn observe() -> Self {
        let memory = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total_memory(&text));
        let container = fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| text.trim().parse().ok());
        let shared = nix::sys::statvfs::statvfs("/dev/shm").ok();
        Self {
            memory_bytes: memory.unwrap_or(512 * MIB).min(container.unwrap_or(u64::MAX)),
            shared_memory_bytes: shared.map_or(0, |shared| shared.fragment_size().saturating_mul(shared.blocks())),
        }
    }
}

fn total_memory(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find(|line| line.starts_with("MemTotal:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// The text of our settings file.
pub(super) fn text(machine: Machine, durability: Durability) -> String {
    // We share the machine with the server itself, so an eighth, and never more than helps a working set like ours.
    let buffers_mib = match durability {
        Durability::Safe => (machine.memory_bytes / 8 / MIB).clamp(32, 2048),
        Durability::Test => 32,
    };
    let cache_mib = (machine.memory_bytes / 2 / MIB).max(buffers_mib);
    let mut text = String::from(
        "# Written by mnetifi at every start: changes here are lost. Put yours into local.conf beside it.\n",
    );
    let mut set = |name: &str, value: &str| {
        let _ = writeln!(text, "{name} = '{value}'");
    };
    set("max_connections", "100");
    set("shared_buffers", &format!("{buffers_mib}MB"));
    set("effective_cache_size", &format!("{cache_mib}MB"));
    set("work_mem", "8MB");
    set("maintenance_work_mem", if machine.memory_bytes < 1024 * MIB { "32MB" } else { "128MB" });
    set("random_page_cost", "1.1");
    set("jit", "off");
    set("max_wal_size", "4GB");
    set("min_wal_size", "80MB");
    set("checkpoint_timeout", "15min");
    set("wal_compression", "on");
    set("timezone", "UTC");
    set("log_timezone", "UTC");
    set("lc_messages", "C");
    set("log_line_prefix", "%m [%p] ");
    set("log_checkpoints", "off");
    // What a statement carried may be somebody's phone number or secret.
    set("log_parameter_max_length", "0");
    set("log_parameter_max_length_on_error", "0");
    set("idle_in_transaction_session_timeout", "5min");
    if machine.shared_memory_bytes < SHARED_MEMORY_MIN_BYTES {
        set("dynamic_shared_memory_type", "mmap");
    }
    if durability == Durability::Test {
        set("fsync", "off");
        set("synchronous_commit", "off");
        set("full_page_writes", "off");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const BIG: Machine = Machine { memory_bytes: 64 * 1024 * MIB, shared_memory_bytes: 32 * 1024 * MIB };
    const SMALL: Machine = Machine { memory_bytes: 512 * MIB, shared_memory_bytes: 64 * MIB };

    #[test]
    fn a_big_machine_gives_a_bounded_share() {
        let text = text(BIG, Durability::Safe);

        assert!(text.contains("shared_buffers = '2048MB'"), "{text}");
        assert!(!text.contains("dynamic_shared_memory_type"), "{text}");
        assert!(!text.contains("fsync"), "{text}");
    }

    #[test]
    fn a_small_container_gets_small_buffers_and_no_shared_memory_files() {
        let text = text(SMALL, Durability::Safe);

        assert!(text.contains("shared_buffers = '64MB'"), "{text}");
        assert!(text.contains("dynamic_shared_memory_type = 'mmap'"), "{text}");
    }

    #[test]
    fn only_tests_give_up_durability() {
        assert!(text(BIG, Durability::Test).contains("fsync = 'off'"));
    }

    #[test]
    fn the_memory_of_the_machine_is_read_in_bytes() {
        assert_eq!(total_memory("MemTotal:       1024 kB\nMemFree: 1 kB\n"), Some(MIB));
    }
}
