//! What sets work in motion, and the manifests that it is for.

use std::sync::Arc;

use crate::model::{CommitId, Declared, RunCause, RunCommand, Trigger};

use super::Removals;

/// What sets work in motion, and the manifests that it is for: the journal keeps both with the run.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The command.
    pub command: RunCommand,
    /// Who.
    pub trigger: Trigger,
    /// The commit that the manifests came from, where they came out of git.
    pub commit: Option<CommitId>,
    /// The manifests; none for work on a hierarchy as it is.
    pub manifests: Option<Arc<Declared>>,
}

impl Origin {
    /// Somebody who looks on has typed a command; the manifests come from files, if there are any.
    pub const fn person(command: RunCommand, manifests: Option<Arc<Declared>>) -> Self {
        Self { command, trigger: Trigger::Person, commit: None, manifests }
    }

    /// As the journal tells of it.
    pub(super) fn cause(&self, removals: Removals) -> RunCause {
        let Self { command, trigger, commit, manifests: _ } = self;
        let prune = removals == Removals::Confirmed;
        RunCause { command: *command, trigger: *trigger, prune, commit: commit.clone() }
    }
}
