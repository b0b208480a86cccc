//! Transfers that finished while nobody followed them: the job was cancelled (PDP-6), waited for its
//! next poll, or the controller was not there. What the pull distribution points report still counts.

use std::sync::Arc;

use crate::{
    blocking::{Interrupted, blocking},
    clock,
    engine::{TransferCommand, TransferEvent},
    error_text::with_causes,
    model::{
        Hierarchy, Observed, SiteCode, StatusMessage, StatusMessageId, TransferNote, TransferPhase,
    },
    observe::Agents,
    store::{Journal, StoreError},
    wire::agent::AgentCommand,
};

use super::{Machines, machines::TransferKey};

/// The noted transfer jobs cannot be gone through.
#[derive(Debug, thiserror::Error)]
enum NotesError {
    #[error(transparent)]
    Journal(#[from] StoreError),
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// Takes late reports.
pub struct LateReports<'a> {
    /// What is wanted.
    pub hierarchy: &'a Hierarchy,
    /// What the site systems report.
    pub observed: &'a Observed,
    /// Their agents.
    pub agents: &'a Arc<Agents>,
    /// The engine's machines.
    pub machines: &'a Machines,
    /// Where jobs are noted.
    pub journal: &'a Arc<Journal>,
}

impl LateReports<'_> {
    /// Goes through the noted jobs: those whose content has arrived are finished, with their status
    /// messages (8210, 2330); those that nobody wants any more are forgotten. What cannot be done now
    /// is done the next time.
    pub async fn take(&self) {
        let journal = self.journal.clone();
        let notes = blocking(move || Ok::<_, NotesError>(journal.transfers()?)).await;
        let notes = match notes {
            Ok(notes) => notes,
            Err(error) => {
                tracing::error!(error = %with_causes(&error), "failed to read the transfer jobs");
                return;
            }
        };
        for note in notes {
            let over = if self.has_arrived(&note) {
                // What was sent has been told by the one who sent it.
                note.phase == TransferPhase::Sending || self.finish(&note).await
            } else {
                !self.is_wanted(&note)
            };
            if over {
                self.forget(note).await;
            }
        }
    }

    fn has_arrived(&self, note: &TransferNote) -> bool {
        let Some((system, _)) = self.observed.distribution_point(&note.point) else { return false };
        let held = self.observed.libraries.held(system, &note.package);
        held.is_some_and(|(facts, lacks)| lacks == 0 && facts.digest == note.digest)
    }

    fn is_wanted(&self, note: &TransferNote) -> bool {
        let mut packages = self.hierarchy.packages.values();
        let package = packages.find(|package| package.id == note.package);
        let point = self.hierarchy.distribution_points.get(&note.point);
        let pulled = note.phase != TransferPhase::Sending;
        point.is_some_and(|point| point.settings.pulls() == pulled)
            && package.is_some_and(|package| {
                package.version == note.version && package.distribute_to.contains(&note.point)
            })
    }

    /// Answers whether the job's messages are kept.
    async fn finish(&self, note: &TransferNote) -> bool {
        let key: TransferKey = (note.package.clone(), note.version, note.point.clone());
        let settings = self.hierarchy.sites.get(&note.site).map(|site| site.transfers.clone());
        let now = clock::now();
        let finished = TransferEvent::Finished;
        let commands = self.machines.transfer(&key, &settings.unwrap_or_default(), finished, now);
        let messages = commands.into_iter().filter_map(|command| match command {
            TransferCommand::Message(id, text) => Some((id, text)),
            _ => None,
        });
        let messages: Vec<_> = messages.map(|(id, text)| message(note, id, &text)).collect();
        match self.record(&note.site, messages).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(site = %note.site, error, "status messages could not be kept yet");
                false
            }
        }
    }

    async fn record(&self, site: &SiteCode, messages: Vec<StatusMessage>) -> Result<(), String> {
        let Some(site) = self.hierarchy.sites.get(site) else { return Ok(()) };
        let agent = self.agents.get(&site.site_server).map_err(|error| with_causes(&error))?;
        let command = AgentCommand::RecordStatusMessages(messages);
        agent.command(&command, |_| {}).await.map(drop).map_err(|error| with_causes(&error))
    }

    async fn forget(&self, note: TransferNote) {
        let journal = self.journal.clone();
        let forgotten = blocking(move || {
            Ok::<_, NotesError>(journal.forget_transfer(&note.package, &note.point)?)
        });
        if let Err(error) = forgotten.await {
            tracing::error!(error = %with_causes(&error), "failed to forget a transfer job");
        }
    }
}

fn message(note: &TransferNote, id: StatusMessageId, text: &str) -> StatusMessage {
    let TransferNote { package, point, site, .. } = note;
    tracing::info!(%id, %site, %package, %point, "{text}");
    StatusMessage {
        id,
        at: clock::now(),
        site: site.clone(),
        subject: point.to_string(),
        text: format!("package {package}: {text}"),
    }
}
