//! Where a successor on another computer finds what is known of agents.

use std::{error::Error, fmt};

use futures::future::BoxFuture;

/// What is known of agents is not kept where a successor looks for it.
pub type NotKept = Box<dyn Error + Send + Sync>;

/// Keeps what is known of agents where a successor on another computer finds it, who has no part in the data
/// directory.
pub trait Keeper: fmt::Debug + Send + Sync {
    /// Keeps it. Nothing that depends on it happens before that has ended well.
    fn keep(&self, agents: Vec<u8>) -> BoxFuture<'_, Result<(), NotKept>>;

    /// Whether this is what was kept last.
    fn has(&self, agents: &[u8]) -> bool;
}
