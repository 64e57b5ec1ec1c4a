//! Ties a child's life to ours: the one place here that needs `unsafe`.
#![expect(unsafe_code, reason = "asking the kernel for a death signal has no safe wrapper that runs in the child")]

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// The signal a child gets when we are gone.
#[derive(Clone, Copy, Debug)]
pub(super) enum DeathSignal {
    /// SIGINT: PostgreSQL closes its connections, writes a checkpoint and ends.
    Interrupt,
    /// SIGKILL: for programs whose work is thrown away when it is not finished.
    Kill,
}

/// Makes the kernel signal the child when *the thread that spawns it* ends, which it does when our process ends, even
/// by SIGKILL. So spawn on a thread that outlives the child.
pub(super) fn tie_to_us(command: &mut Command, signal: DeathSignal) {
    let number = match signal {
        DeathSignal::Interrupt => libc::SIGINT,
        DeathSignal::Kill => libc::SIGKILL,
    };
    let we = std::process::id();
    let tie = move || {
        // SAFETY: prctl with PR_SET_PDEATHSIG takes plain numbers and touches no memory of ours.
        if unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, number) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // We may have died before the request was made; then nobody would ever send the signal.
        // SAFETY: getppid has no arguments, always succeeds and touches no memory.
        if u32::try_from(unsafe { libc::getppid() }) != Ok(we) {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
        Ok(())
    };
    // SAFETY: the closure runs between fork and exec, where only async-signal-safe calls are allowed: prctl and getppid
    // are bare system calls, and the errors are made from numbers without allocating.
    unsafe {
        command.pre_exec(tie);
    }
}
