//! Where a successor on another computer finds what was told.

use std::fmt;

use futures::future::BoxFuture;

/// Keeps what was told where a successor on another computer finds it, who has no part in the data directory.
pub trait MemoryKeeper: fmt::Debug + Send + Sync {
    /// Keeps it, if that can be done; why it cannot is in the log. Nothing of it is told before.
    fn keep(&self, memory: Vec<u8>) -> BoxFuture<'_, ()>;
}
