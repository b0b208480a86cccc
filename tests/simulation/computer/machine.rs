//! What is below the program: its clock and its disk.

use std::path::Path;

use crate::network::Crash;

/// Whose step it is that is done now on this thread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// How far the computer's clock is before that of the simulation, in milliseconds.
    pub(crate) clock_offset: i64,
    /// It is only the end of something that lived there before a crash: what it does to the disk must
    /// have no effect.
    pub(crate) over: bool,
}

/// The clock and the disk of one computer.
pub(crate) trait Machine: Send + Sync + 'static {
    /// From now on something of this computer runs. May be said again before [`Machine::leave`].
    fn enter(&self, step: Step);

    /// From now on nothing of this computer runs.
    fn leave(&self);

    /// All that was written below a directory is durable from now on.
    fn synced_below(&self, directory: &Path);

    /// What ran there has ended, in the middle of whatever it did. Nothing of it has been dropped yet.
    fn crash(&self, how: Crash);
}
