//! Counts a file that is coming.

use std::sync::atomic::{AtomicU64, Ordering};

use super::job::Progress;

/// Counts a file that is coming; what it counted goes when the attempt ends.
pub(super) struct Counted<'a> {
    progress: &'a Progress,
    bytes: AtomicU64,
}

impl<'a> Counted<'a> {
    pub(super) fn new(progress: &'a Progress) -> Self {
        Self { progress, bytes: AtomicU64::new(0) }
    }

    pub(super) fn add(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.progress.coming.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Bytes have come from a source just now.
    pub(super) fn received(&self, bytes: u64) {
        self.add(bytes);
        self.progress.rate.add(bytes);
    }

    /// Bytes that were counted have to come again.
    pub(super) fn take_back(&self, bytes: u64) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.progress.coming.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(super) fn reset(&self) {
        let bytes = self.bytes.swap(0, Ordering::Relaxed);
        self.progress.coming.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(super) fn verified(&self, size: u64) {
        self.reset();
        self.progress.verified.fetch_add(size, Ordering::Relaxed);
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.reset();
    }
}
