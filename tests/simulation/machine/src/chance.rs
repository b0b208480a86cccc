//! Chance that is the same every time: what a thread gets that asks the system for random bytes.
//!
//! `std::hash::RandomState` asks once for each thread, so a simulation runs on a thread of its own,
//! which is seeded before anything else. The crate `getrandom` (and so UUIDs of version 4) looks
//! its function up by name while the program runs, and finds this one: linkers export a function of
//! an executable that a shared library has too.

use std::{
    cell::Cell,
    ffi::{c_int, c_uint, c_void},
};

use crate::system;

thread_local! {
    static SEEDED: Cell<Option<Generator>> = const { Cell::new(None) };
}

/// Random numbers from a seed (SplitMix64).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Generator(u64);

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// One of its own for what is called so, whatever others take.
    pub(crate) fn for_name(seed: u64, name: &[u8]) -> Self {
        // FNV-1a.
        let hash = name.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut mixed = Self(seed ^ hash);
        Self(mixed.next())
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(end);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// Whether it happens, of something that happens one in `count` times.
    pub(crate) fn one_in(&mut self, count: u64) -> bool {
        self.below(count.max(1)) == 0
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
    }
}

unsafe extern "C" {
    /// SQLite's own generator, which asks the system once for a process.
    fn sqlite3_randomness(length: c_int, bytes: *mut c_void);
}

/// From now on random bytes for this thread come from `seed`; with `None` from the system again.
///
/// SQLite's generator is one for the whole process, and begins anew here, with the next thread that
/// needs it.
pub fn seed(seed: Option<u64>) {
    SEEDED.set(seed.map(Generator::new));
    // SAFETY: a length of 0 is how SQLite is told to begin anew.
    unsafe { sqlite3_randomness(0, std::ptr::null_mut()) };
}

/// Random bytes, if this thread is seeded.
fn fill(bytes: &mut [u8]) -> bool {
    let seeded = SEEDED.get();
    if let Some(mut generator) = seeded {
        generator.fill(bytes);
        SEEDED.set(Some(generator));
    }
    seeded.is_some()
}

/// `/dev/urandom` for a thread that is seeded: SQLite reads it, 256 bytes in all.
pub(crate) fn device() -> Option<c_int> {
    let mut bytes = [0; 4096];
    fill(&mut bytes).then(|| system::in_memory(&bytes))
}

/// `getrandom(2)`.
///
/// # Safety
///
/// As of the function of this name in the C library.
#[unsafe(no_mangle)]
unsafe extern "C" fn getrandom(buffer: *mut c_void, length: usize, flags: c_uint) -> isize {
    if length > 0 && SEEDED.get().is_some() {
        // SAFETY: the caller gives a buffer of this length; it need not be initialized to be
        // written, and bytes of any value are bytes.
        let bytes = unsafe {
            std::ptr::write_bytes(buffer.cast::<u8>(), 0, length);
            std::slice::from_raw_parts_mut(buffer.cast::<u8>(), length)
        };
        fill(bytes);
        return isize::try_from(length).unwrap_or(isize::MAX);
    }
    // SAFETY: the caller's arguments as they are.
    system::result(unsafe { libc::syscall(libc::SYS_getrandom, buffer, length, flags) })
}
