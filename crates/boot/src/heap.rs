//! How much of the memory that was given back the allocator keeps for itself.
#![cfg_attr(
    target_env = "gnu",
    expect(unsafe_code, reason = "mallopt has no safe interface; the block states its proof")
)]

/// Keeps the process as small as what it holds. To be called first thing, before there are threads.
///
/// The C library's allocator gives each thread a heap of its own and keeps what large buffers leave there, more with
/// every buffer: under load that was as much again as everything we hold. Two heaps are enough, for a login allocates
/// nothing; large buffers go back when they are freed.
pub fn keep_small() {
    #[cfg(target_env = "gnu")]
    for (what, value) in
        [(libc::M_ARENA_MAX, 2), (libc::M_MMAP_THRESHOLD, 256 * 1_024), (libc::M_TRIM_THRESHOLD, 1_024 * 1_024)]
    {
        // SAFETY: mallopt sets a number of the allocator under the allocator's own lock and touches no memory of ours.
        // A number that it does not know changes nothing.
        unsafe { libc::mallopt(what, value) };
    }
}

#[cfg(all(test, target_env = "gnu"))]
mod tests {
    use std::fs;

    use super::*;

    fn resident_pages() -> u64 {
        let said = fs::read_to_string("/proc/self/statm").expect("Linux");
        said.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).expect("a number")
    }

    #[test]
    fn what_large_buffers_leave_goes_back_also_from_other_threads() {
        const MEBIBYTE: usize = 1_024 * 1_024;
        keep_small();
        let before = resident_pages();

        let used = std::thread::spawn(|| {
            let buffers: Vec<Vec<u8>> = (0..128).map(|_| vec![1; MEBIBYTE / 2]).collect();
            let used = resident_pages();
            drop(buffers);
            used
        });

        let used = used.join().expect("it does not panic");
        let kept = resident_pages().saturating_sub(before);
        assert!(used > before + 10_000 && kept < 2_000, "{before} pages before, {used} then, {kept} more are kept");
    }
}
