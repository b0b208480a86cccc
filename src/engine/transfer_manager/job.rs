//! The state machine of one transfer job.

use jiff::{SignedDuration, Timestamp};

use crate::model::{StatusMessageId, TransferSettings};

/// How long Package Transfer Manager waits before it looks again whether a source has the content
/// (PDP-5).
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(20);

/// What happens to a transfer job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransferEvent {
    /// The package shall be on the pull distribution point.
    Distribute,
    /// The site knows whether one of its sources has the content.
    Looked {
        /// Whether one has.
        available: bool,
    },
    /// The pull distribution point has taken the notification.
    Notified,
    /// It has not; the text says why.
    NotificationFailed(String),
    /// It was asked for its status and is still busy, or did not answer.
    StillPulling,
    /// It has reported that it is done, or its status says so.
    Finished,
    /// Time has passed.
    TimeReached,
}

/// What a transfer job wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransferCommand {
    /// Look whether one of the sources has the content.
    Look,
    /// Notify the pull distribution point.
    Notify,
    /// Ask it for its status.
    Poll,
    /// Keep a status message.
    Message(StatusMessageId, String),
    /// Come back with [`TransferEvent::TimeReached`] at this time; the text says what is waited
    /// for.
    SetTimer(Timestamp, String),
    /// The content is there.
    Complete,
    /// The manager gives up; the text says why. The pull distribution point may go on (PDP-6).
    Cancelled(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    New,
    Looking,
    Notifying { failed: u32 },
    Pulling { polls: u32 },
    Cancelled,
    Finished,
}

/// One transfer job.
#[derive(Debug, Clone)]
pub struct TransferJob {
    settings: TransferSettings,
    phase: Phase,
    due: Option<Timestamp>,
}

impl TransferJob {
    /// A job under the settings of the pull distribution point's site.
    pub fn new(settings: TransferSettings) -> Self {
        Self { settings, phase: Phase::New, due: None }
    }

    /// When it wants to be woken.
    pub fn due(&self) -> Option<Timestamp> {
        self.due
    }

    /// Whether the manager has given up; the pull distribution point may still finish (PDP-6).
    pub fn cancelled(&self) -> bool {
        self.phase == Phase::Cancelled
    }

    /// Takes an event at a time and says what is to be done. Events that do not belong to what the
    /// job is doing change nothing.
    pub fn handle(&mut self, event: TransferEvent, now: Timestamp) -> Vec<TransferCommand> {
        match (event, self.phase.clone()) {
            (_, Phase::Finished) => Vec::new(),
            (TransferEvent::Finished, _) => self.finish(),
            (TransferEvent::Distribute, Phase::New | Phase::Cancelled) => {
                self.phase = Phase::Looking;
                let text = "a transfer job was made".to_owned();
                vec![
                    TransferCommand::Message(StatusMessageId::TransferJobMade, text),
                    TransferCommand::Look,
                ]
            }
            (TransferEvent::Looked { available: true }, Phase::Looking) => {
                self.phase = Phase::Notifying { failed: 0 };
                vec![TransferCommand::Notify]
            }
            (TransferEvent::Looked { available: false }, Phase::Looking) => {
                let text = "no source has the content yet".to_owned();
                let mut commands = vec![TransferCommand::Message(
                    StatusMessageId::NoSourceHasContent,
                    text.clone(),
                )];
                commands.extend(self.timer(now, LOOK_AGAIN, text));
                commands
            }
            (TransferEvent::TimeReached, Phase::Looking) if self.is_due(now) => {
                vec![TransferCommand::Look]
            }
            (TransferEvent::Notified, Phase::Notifying { .. }) => {
                self.phase = Phase::Pulling { polls: 0 };
                self.next_poll(now)
            }
            (TransferEvent::NotificationFailed(why), Phase::Notifying { failed }) => {
                if failed >= self.settings.retries {
                    return self.cancel(format!(
                        "the pull distribution point was not notified in {} tries: {why}",
                        u64::from(failed) + 1
                    ));
                }
                self.phase = Phase::Notifying { failed: failed + 1 };
                let text = format!("the pull distribution point was not notified: {why}");
                self.timer(now, self.settings.retry_delay.duration(), text)
            }
            (TransferEvent::TimeReached, Phase::Notifying { .. }) if self.is_due(now) => {
                vec![TransferCommand::Notify]
            }
            (TransferEvent::TimeReached, Phase::Pulling { polls }) if self.is_due(now) => {
                self.phase = Phase::Pulling { polls: polls.saturating_add(1) };
                vec![TransferCommand::Poll]
            }
            (TransferEvent::StillPulling, Phase::Pulling { polls }) => {
                if polls >= self.settings.status_polls {
                    return self.cancel(format!(
                        "the pull distribution point had not finished after {polls} polls; it \
                         goes on, and its report will still count"
                    ));
                }
                self.next_poll(now)
            }
            _ => Vec::new(),
        }
    }

    fn is_due(&mut self, now: Timestamp) -> bool {
        let due = self.due.is_some_and(|due| due <= now);
        if due {
            self.due = None;
        }
        due
    }

    fn timer(
        &mut self,
        now: Timestamp,
        after: SignedDuration,
        text: String,
    ) -> Vec<TransferCommand> {
        // Past the end of representable time a timer never rings, which is what happens then.
        self.due = now.checked_add(after).ok();
        self.due.map(|due| TransferCommand::SetTimer(due, text)).into_iter().collect()
    }

    fn next_poll(&mut self, now: Timestamp) -> Vec<TransferCommand> {
        let text = "the pull distribution point is pulling".to_owned();
        self.timer(now, self.settings.poll_delay.duration(), text)
    }

    fn cancel(&mut self, why: String) -> Vec<TransferCommand> {
        self.phase = Phase::Cancelled;
        self.due = None;
        vec![TransferCommand::Cancelled(why)]
    }

    fn finish(&mut self) -> Vec<TransferCommand> {
        self.phase = Phase::Finished;
        self.due = None;
        vec![
            TransferCommand::Message(
                StatusMessageId::PullFinished,
                "the pull distribution point has finished".to_owned(),
            ),
            TransferCommand::Message(
                StatusMessageId::ContentOnDistributionPoint,
                "the content is on the distribution point".to_owned(),
            ),
            TransferCommand::Complete,
        ]
    }
}
