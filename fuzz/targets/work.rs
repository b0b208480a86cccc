//! How much is done, counted instead of timed: the same on every computer and every day. The
//! compiler calls this function at every branch of everything that is linked (`trace-pc`).
#![expect(unsafe_code, reason = "the compiler calls a function by its name")]

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

static WORK: AtomicU64 = AtomicU64::new(0);

/// Counts a branch. Functions of this name are not instrumented themselves.
#[unsafe(no_mangle)]
pub extern "C" fn __sanitizer_cov_trace_pc() {
    // Not `fetch_add`: there is one thread, and this is called a billion times.
    WORK.store(WORK.load(Relaxed).wrapping_add(1), Relaxed);
}

/// How many branches something takes.
pub fn work_of(run: impl FnOnce()) -> u64 {
    let before = WORK.load(Relaxed);
    run();
    WORK.load(Relaxed) - before
}
