//! An allocator that counts, so that a bench can say what a packet costs in allocations as well as in time.
#![allow(unsafe_code, reason = "a global allocator cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::Write;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, which counts for each thread. A bench makes it its `#[global_allocator]`.
#[derive(Debug)]
pub struct Counting;

fn note() {
    // A thread that is ending has no counter any more; what it allocates belongs to no bench.
    let _ = COUNT.try_with(|count| count.set(count.get() + 1));
}

// SAFETY: every call goes to `System` with the arguments it came with; counting touches no memory of the allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: the caller's promises about `layout` are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises about `pointer` and `layout` are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: the caller's promises about `layout` are passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note();
        // SAFETY: the caller's promises about all three are passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// How often this thread allocated in one run of `work`. Always 0 where [`Counting`] is not the global allocator.
pub fn of(work: impl FnOnce()) -> u64 {
    let before = COUNT.get();
    work();
    COUNT.get() - before
}

/// Says beside a measurement what it was hoped to be, and what one run of it allocates.
pub fn tell(question: &str, hoped: &str, mut work: impl FnMut()) {
    // The first run may fill a cache or a thread's own storage.
    work();
    let count = of(work);
    // A reader who went away is no reason to stop measuring.
    let _ = writeln!(std::io::stdout().lock(), "\n{question}: hoped for {hoped}; allocations per packet: {count}");
}
