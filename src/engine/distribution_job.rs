//! Distribution Manager's job of sending a package to one standard distribution point: tried again
//! after a failure, and cancelled when the retries are used up.

use jiff::Timestamp;

use crate::model::{DistributionSettings, StatusMessageId};

/// What happens to a distribution job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DistributionEvent {
    /// The package shall be on the distribution point.
    Distribute,
    /// It was sent, and is there.
    Sent,
    /// It was not; the text says why.
    Failed(String),
}

/// What a distribution job wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DistributionCommand {
    /// Send the package.
    Send,
    /// Keep a status message.
    Message(StatusMessageId, &'static str),
    /// Come back with [`DistributionEvent::Distribute`] at this time; the text says what is waited
    /// for.
    Wait(Timestamp, String),
    /// The content is there.
    Complete,
    /// The manager gives up; the text says why.
    Cancelled(String),
}

/// One package on its way to one standard distribution point. Hours in which the point is closed are
/// no failures, and no affair of the job.
#[derive(Debug, Clone)]
pub struct DistributionJob {
    settings: DistributionSettings,
    failed: u32,
    /// What it waits for after a failure, and why.
    waits: Option<(Timestamp, String)>,
}

impl DistributionJob {
    /// A job under the settings of the site that sends.
    pub fn new(settings: DistributionSettings) -> Self {
        Self { settings, failed: 0, waits: None }
    }

    /// Takes an event at a time and says what is to be done. A job that was cancelled begins anew
    /// when it is asked for again.
    pub fn handle(&mut self, event: DistributionEvent, now: Timestamp) -> Vec<DistributionCommand> {
        match event {
            DistributionEvent::Distribute => {
                if let Some((until, why)) = self.waits.clone().filter(|(until, _)| *until > now) {
                    return vec![DistributionCommand::Wait(until, why)];
                }
                self.waits = None;
                vec![DistributionCommand::Send]
            }
            DistributionEvent::Sent => {
                (self.failed, self.waits) = (0, None);
                vec![
                    DistributionCommand::Message(StatusMessageId::ContentSent, "was sent"),
                    DistributionCommand::Message(
                        StatusMessageId::ContentOnDistributionPoint,
                        "is on the distribution point",
                    ),
                    DistributionCommand::Complete,
                ]
            }
            DistributionEvent::Failed(why) => vec![self.failed(&why, now)],
        }
    }

    fn failed(&mut self, why: &str, now: Timestamp) -> DistributionCommand {
        let next = now.checked_add(self.settings.retry_delay.duration()).ok();
        let Some(until) = next.filter(|_| self.failed < self.settings.retries) else {
            let tries = u64::from(self.failed) + 1;
            (self.failed, self.waits) = (0, None);
            let tries = if tries == 1 { "1 try".to_owned() } else { format!("{tries} tries") };
            return DistributionCommand::Cancelled(format!(
                "the package was not sent in {tries}: {why}"
            ));
        };
        self.failed += 1;
        let (retry, retries) = (self.failed, self.settings.retries);
        let why = format!("retry {retry} of {retries} follows, because it was not sent: {why}");
        self.waits = Some((until, why.clone()));
        DistributionCommand::Wait(until, why)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::{DistributionCommand as C, DistributionEvent as E, *};

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    #[test]
    fn gives_up_after_100_more_tries_30_minutes_apart() {
        let mut job = DistributionJob::new(DistributionSettings::default());
        for minute in (0..100 * 30).step_by(30) {
            assert_eq!(job.handle(E::Distribute, at(minute)), [C::Send]);
            let waits = job.handle(E::Failed("no answer".into()), at(minute));
            let [C::Wait(until, why)] = &waits[..] else { panic!("{waits:?}") };
            assert_eq!(*until, at(minute + 30));
            assert!(why.ends_with("it was not sent: no answer"), "{why}");
            // Asked again too early, it says the same and tries nothing.
            assert_eq!(job.handle(E::Distribute, at(minute + 29)), waits);
        }
        assert_eq!(job.handle(E::Distribute, at(3_000)), [C::Send]);
        let last = job.handle(E::Failed("no answer".into()), at(3_000));
        let why = "the package was not sent in 101 tries: no answer".to_owned();
        assert_eq!(last, [C::Cancelled(why)]);
        assert_eq!(job.handle(E::Distribute, at(3_000)), [C::Send], "it begins anew");
    }

    #[test]
    fn what_was_sent_is_told_once_and_failures_are_forgotten() {
        let settings = DistributionSettings { retries: 1, ..DistributionSettings::default() };
        let mut job = DistributionJob::new(settings);
        for minute in [0, 60] {
            assert_eq!(job.handle(E::Distribute, at(minute)), [C::Send]);
            let waits = job.handle(E::Failed("no answer".into()), at(minute));
            assert!(matches!(&waits[..], [C::Wait(_, why)] if why.starts_with("retry 1 of 1 ")));
            assert_eq!(job.handle(E::Distribute, at(minute + 30)), [C::Send]);
            let sent = job.handle(E::Sent, at(minute + 31));
            let ids: Vec<_> = sent
                .iter()
                .filter_map(|command| match command {
                    C::Message(id, _) => Some(id.to_string()),
                    _ => None,
                })
                .collect();
            assert_eq!(ids, ["8200", "2330"]);
            assert_eq!(sent.last(), Some(&C::Complete));
        }
    }
}
