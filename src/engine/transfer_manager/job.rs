//! The state machine of one transfer job.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};

use crate::model::{StatusMessageId, TransferPhase, TransferSettings};

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
    /// It has refused it, because it has as many transfers as it takes ([`CAPACITY`](super::CAPACITY)); the text
    /// says how many. That counts as a failed notification (PDP-14, message 8211).
    AtCapacity(String),
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
    Message(StatusMessageId, Cow<'static, str>),
    /// Come back with [`TransferEvent::TimeReached`] at this time; the text says what is waited
    /// for.
    SetTimer(Timestamp, Cow<'static, str>),
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
    timer: Option<Timer>,
}

/// When a job wants to be woken, and how long it meant to wait.
#[derive(Debug, Clone, Copy)]
struct Timer {
    due: Timestamp,
    after: SignedDuration,
}

impl TransferJob {
    /// A job under the settings of the pull distribution point's site.
    pub fn new(settings: TransferSettings) -> Self {
        Self { settings, phase: Phase::New, timer: None }
    }

    /// When it wants to be woken.
    pub fn due(&self) -> Option<Timestamp> {
        self.timer.map(|timer| timer.due)
    }

    /// How far it is, with the notifications that failed or the polls that were made; `None` before
    /// it began and after it finished.
    pub fn standing(&self) -> Option<(TransferPhase, u32)> {
        match self.phase {
            Phase::New | Phase::Finished => None,
            Phase::Looking => Some((TransferPhase::Looking, 0)),
            Phase::Notifying { failed } => Some((TransferPhase::Notifying, failed)),
            Phase::Pulling { polls } => Some((TransferPhase::Pulling, polls)),
            Phase::Cancelled => Some((TransferPhase::Cancelled, 0)),
        }
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
                let text = "a transfer job was made";
                vec![
                    TransferCommand::Message(StatusMessageId::TransferJobMade, text.into()),
                    TransferCommand::Look,
                ]
            }
            (TransferEvent::Looked { available: true }, Phase::Looking) => {
                self.phase = Phase::Notifying { failed: 0 };
                vec![TransferCommand::Notify]
            }
            (TransferEvent::Looked { available: false }, Phase::Looking) => {
                let text = "no source has the content yet";
                let mut commands = vec![TransferCommand::Message(
                    StatusMessageId::NoSourceHasContent,
                    text.into(),
                )];
                commands.extend(self.timer(now, LOOK_AGAIN, text.into()));
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
                self.not_notified(failed, &why, now)
            }
            (TransferEvent::AtCapacity(why), Phase::Notifying { failed }) => {
                let message =
                    TransferCommand::Message(StatusMessageId::PullAtCapacity, why.clone().into());
                let mut commands = vec![message];
                commands.extend(self.not_notified(failed, &why, now));
                commands
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

    /// Whether the time has come. A clock that has been put back makes nobody wait longer than was
    /// meant: then the wait begins anew.
    fn is_due(&mut self, now: Timestamp) -> bool {
        let Some(timer) = &mut self.timer else { return false };
        if timer.due <= now {
            self.timer = None;
            return true;
        }
        if let Ok(latest) = now.checked_add(timer.after) {
            timer.due = timer.due.min(latest);
        }
        false
    }

    fn timer(
        &mut self,
        now: Timestamp,
        after: SignedDuration,
        text: Cow<'static, str>,
    ) -> Vec<TransferCommand> {
        // Past the end of representable time a timer never rings, which is what happens then.
        self.timer = now.checked_add(after).ok().map(|due| Timer { due, after });
        self.due().map(|due| TransferCommand::SetTimer(due, text)).into_iter().collect()
    }

    fn not_notified(&mut self, failed: u32, why: &str, now: Timestamp) -> Vec<TransferCommand> {
        if failed >= self.settings.retries {
            return self.cancel(format!(
                "the pull distribution point was not notified in {} tries: {why}",
                u64::from(failed) + 1
            ));
        }
        self.phase = Phase::Notifying { failed: failed + 1 };
        let text = format!("the pull distribution point was not notified: {why}");
        self.timer(now, self.settings.retry_delay.duration(), text.into())
    }

    fn next_poll(&mut self, now: Timestamp) -> Vec<TransferCommand> {
        let text = "the pull distribution point is pulling";
        self.timer(now, self.settings.poll_delay.duration(), text.into())
    }

    fn cancel(&mut self, why: String) -> Vec<TransferCommand> {
        self.phase = Phase::Cancelled;
        self.timer = None;
        vec![TransferCommand::Cancelled(why)]
    }

    fn finish(&mut self) -> Vec<TransferCommand> {
        self.phase = Phase::Finished;
        self.timer = None;
        vec![
            TransferCommand::Message(
                StatusMessageId::PullFinished,
                "the pull distribution point has finished".into(),
            ),
            TransferCommand::Message(
                StatusMessageId::ContentOnDistributionPoint,
                "the content is on the distribution point".into(),
            ),
            TransferCommand::Complete,
        ]
    }
}
