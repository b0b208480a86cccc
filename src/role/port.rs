//! The port of a role: open, or why not, and since when.

use jiff::Timestamp;

use crate::{clock, error_text::with_causes, model::Listener, net::OpenPort};

/// The port of a role, as it was found when it was last opened or closed.
#[derive(Debug)]
pub(in crate::role) struct RolePort {
    port: Result<OpenPort, String>,
    since: Timestamp,
}

impl RolePort {
    /// Open from now on.
    pub(in crate::role) fn open(port: OpenPort) -> Self {
        Self { port: Ok(port), since: clock::now() }
    }

    /// It could not be opened now.
    pub(in crate::role) fn failed(error: &dyn std::error::Error) -> Self {
        Self::closed(with_causes(error))
    }

    /// Closed from now on.
    pub(in crate::role) fn closed(why: impl Into<String>) -> Self {
        Self { port: Err(why.into()), since: clock::now() }
    }

    /// What is reported of it.
    pub(in crate::role) fn listener(&self) -> Listener {
        match &self.port {
            Ok(port) => Listener::Open(port.address().to_string()),
            Err(why) => Listener::Closed(why.clone()),
        }
    }

    /// Since when that is so: not longer than the agent runs.
    pub(in crate::role) fn since(&self) -> Timestamp {
        self.since
    }

    /// The number under which it is open.
    pub(in crate::role) fn number(&self) -> Option<u16> {
        self.port.as_ref().ok().map(|port| port.address().port())
    }

    /// Why it is not open, if it is not.
    pub(in crate::role) fn why_closed(&self) -> Option<&str> {
        self.port.as_ref().err().map(String::as_str)
    }

    /// Closes it.
    pub(in crate::role) async fn close(self) {
        if let Ok(port) = self.port {
            port.close().await;
        }
    }
}
