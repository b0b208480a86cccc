//! A clock that stands where it was set: what a thread gets that asks the system for the time.
//!
//! `SystemTime::now`, `Instant::now` and SQLite's times come from here. Tokio's paused clock asks
//! for an `Instant` when it starts, and goes on by itself from there.

use std::{
    cell::Cell,
    ffi::{c_int, c_void},
};

#[derive(Debug, Clone, Copy)]
struct Times {
    real: u64,
    monotonic: u64,
}

thread_local! {
    static SET: Cell<Option<Times>> = const { Cell::new(None) };
}

const SECOND: u64 = 1_000_000_000;

/// From now on it is this time for this thread, until it is set again: nanoseconds since 1970, and
/// nanoseconds since the computer was started. Who sleeps on this thread (by a call that blocks)
/// wakes at once, and finds that much later.
pub fn set(realtime_nanos: u64, monotonic_nanos: u64) {
    SET.set(Some(Times { real: realtime_nanos, monotonic: monotonic_nanos }));
}

/// This thread has the real time again.
pub fn clear() {
    SET.set(None);
}

fn parts(nanos: u64) -> (i64, i64) {
    let signed = |value| i64::try_from(value).unwrap_or(i64::MAX);
    (signed(nanos / SECOND), signed(nanos % SECOND))
}

/// `clock_gettime(2)`.
///
/// # Safety
///
/// As of the function of this name in the C library.
#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(clock: libc::clockid_t, time: *mut libc::timespec) -> c_int {
    let simulated = SET.get().and_then(|times| match clock {
        libc::CLOCK_REALTIME | libc::CLOCK_REALTIME_COARSE => Some(times.real),
        libc::CLOCK_MONOTONIC
        | libc::CLOCK_MONOTONIC_RAW
        | libc::CLOCK_MONOTONIC_COARSE
        | libc::CLOCK_BOOTTIME => Some(times.monotonic),
        // What the processor was used is not simulated.
        _ => None,
    });
    if let Some(nanos) = simulated {
        let (tv_sec, tv_nsec) = parts(nanos);
        // SAFETY: the caller gives a place for the time.
        unsafe { time.write(libc::timespec { tv_sec, tv_nsec }) };
        return 0;
    }
    // SAFETY: the caller's arguments as they are.
    unsafe { small(libc::syscall(libc::SYS_clock_gettime, clock, time)) }
}

/// `gettimeofday(2)`: SQLite asks by this one.
///
/// # Safety
///
/// As of the function of this name in the C library.
#[unsafe(no_mangle)]
unsafe extern "C" fn gettimeofday(time: *mut libc::timeval, zone: *mut c_void) -> c_int {
    if let Some(times) = SET.get() {
        let (tv_sec, nanos) = parts(times.real);
        // SAFETY: the caller gives a place for the time.
        unsafe { time.write(libc::timeval { tv_sec, tv_usec: nanos / 1_000 }) };
        return 0;
    }
    // SAFETY: the caller's arguments as they are.
    unsafe { small(libc::syscall(libc::SYS_gettimeofday, time, zone)) }
}

/// `time(2)`.
///
/// # Safety
///
/// As of the function of this name in the C library.
#[unsafe(no_mangle)]
unsafe extern "C" fn time(place: *mut libc::time_t) -> libc::time_t {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the place is there, and the caller's is written only where it gave one.
    unsafe {
        clock_gettime(libc::CLOCK_REALTIME, &raw mut now);
        if !place.is_null() {
            place.write(now.tv_sec);
        }
    }
    now.tv_sec
}

/// `nanosleep(2)`: SQLite waits by this one for who has a file locked.
///
/// # Safety
///
/// As of the function of this name in the C library.
#[unsafe(no_mangle)]
unsafe extern "C" fn nanosleep(span: *const libc::timespec, rest: *mut libc::timespec) -> c_int {
    // SAFETY: the caller's argument as it is.
    if unsafe { slept(span) } {
        return 0;
    }
    // SAFETY: the caller's arguments as they are.
    unsafe { small(libc::syscall(libc::SYS_nanosleep, span, rest)) }
}

/// `clock_nanosleep(2)`.
///
/// # Safety
///
/// As of the function of this name in the C library.
#[unsafe(no_mangle)]
unsafe extern "C" fn clock_nanosleep(
    clock: libc::clockid_t,
    flags: c_int,
    span: *const libc::timespec,
    rest: *mut libc::timespec,
) -> c_int {
    // SAFETY: the caller's argument as it is.
    if flags == 0 && unsafe { slept(span) } {
        return 0;
    }
    // SAFETY: the caller's arguments as they are.
    let done = unsafe { libc::syscall(libc::SYS_clock_nanosleep, clock, flags, span, rest) };
    // This one answers with the error itself.
    if done == 0 { 0 } else { crate::system::errno() }
}

/// Lets the time of this thread go on until it is set again, so that who sleeps until a time reaches it.
/// Whether it has a time of its own.
///
/// # Safety
///
/// `span` is null or points to a span.
unsafe fn slept(span: *const libc::timespec) -> bool {
    let Some(times) = SET.get() else { return false };
    // SAFETY: as the caller promises.
    if let Some(span) = unsafe { span.as_ref() } {
        let part = |value: i64| u64::try_from(value).unwrap_or(0);
        let span = part(span.tv_sec).saturating_mul(SECOND).saturating_add(part(span.tv_nsec));
        let on = |time: u64| time.saturating_add(span);
        SET.set(Some(Times { real: on(times.real), monotonic: on(times.monotonic) }));
    }
    true
}

fn small(value: libc::c_long) -> c_int {
    c_int::try_from(value).unwrap_or(-1)
}
