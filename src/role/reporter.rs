//! How a role tells whoever asked for some work how far it is.

use tokio::sync::mpsc;

use crate::wire::agent::{AgentEvent, Progress, ProgressUnit};

/// Passes progress on to the one who asked for the work. Nobody waits for it: progress that comes
/// faster than it is read is dropped, because the next one says more.
#[derive(Debug, Clone, Default)]
pub struct Reporter(Option<mpsc::Sender<AgentEvent>>);

impl Reporter {
    /// Reports into a channel.
    pub fn new(events: mpsc::Sender<AgentEvent>) -> Self {
        Self(Some(events))
    }

    /// Reports to nobody.
    pub fn silent() -> Self {
        Self(None)
    }

    /// So much of so much is done.
    pub fn progress(&self, done: u64, total: u64, unit: ProgressUnit) {
        tracing::trace!(done, total, ?unit, "progress");
        self.send(AgentEvent::Progress(Progress { done, total, unit }));
    }

    /// Nothing can be done before this time.
    pub fn waiting(&self, until: jiff::Timestamp, why: impl Into<String>) {
        self.send(AgentEvent::Waiting { until, why: why.into() });
    }

    /// Whether somebody may still hear of it.
    pub fn is_heard(&self) -> bool {
        self.0.as_ref().is_none_or(|events| !events.is_closed())
    }

    fn send(&self, event: AgentEvent) {
        if let Some(events) = &self.0 {
            // A full channel drops the event, a closed one means that nobody asks any more.
            let _ = events.try_send(event);
        }
    }
}
