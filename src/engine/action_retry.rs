//! When an action that failed is tried again: later each time, and not all at the same moment.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::model::Digest;

/// How long after the first failure; twice as long after each further one. Short, because most failures
/// that pass do so within seconds: a service that starts, a port that another program gives back.
const FIRST: SignedDuration = SignedDuration::from_secs(5);

/// The longest time between two tries. What needs somebody's hand is found mended within the hour; a
/// change of the manifests tries at once.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);

/// A failure that is longer ago than this is not the one before: the action was not wanted in between,
/// or nobody was there to try it.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(4);

/// When an action may be tried again that has failed so many times without a break, the last time at
/// `last`. The time is spread over the half of the whole, by what the action and the moment are: so
/// many actions that failed together do not come back together, and everybody who knows of the failure
/// knows the same time.
pub fn next_try(id: &str, failed: u32, last: Timestamp) -> Timestamp {
    let doublings = failed.saturating_sub(1).min(20);
    let whole = FIRST.checked_mul(1 << doublings).map_or(LONGEST, |it| it.min(LONGEST));
    let digest = Digest::of(format!("{id} {failed} {}", last.as_millisecond()).as_bytes());
    let [first, second, ..] = digest.as_bytes();
    let dice = f64::from(u16::from_be_bytes([*first, *second])) / f64::from(u16::MAX);
    let wait = SignedDuration::try_from_secs_f64(whole.as_secs_f64() * (0.5 + dice / 2.0));
    last.checked_add(wait.unwrap_or(whole)).unwrap_or(Timestamp::MAX)
}

/// The actions that failed, each with how often and when.
#[derive(Debug, Clone, Default)]
pub struct ActionRetries(BTreeMap<String, Failures>);

/// How an action failed, without a break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failures {
    /// What it would have done; none where nobody remembers.
    content: Option<Digest>,
    /// How many times.
    pub failed: u32,
    /// The last time.
    pub last: Timestamp,
    /// Why, the last time.
    pub why: String,
    /// When it may be tried again.
    pub due: Timestamp,
}

impl ActionRetries {
    /// An action has failed. `content` is what it would have done, where that is known.
    pub fn failed(&mut self, id: &str, content: Option<Digest>, at: Timestamp, why: String) {
        let before = self.0.get(id).filter(|it| {
            let same = it.content.is_none() || content.is_none() || it.content == content;
            same && at.duration_since(it.last) <= FORGOTTEN
        });
        let failed = before.map_or(0, |it| it.failed).saturating_add(1);
        let due = next_try(id, failed, at);
        self.0.insert(id.to_owned(), Failures { content, failed, last: at, why, due });
    }

    /// An action is done.
    pub fn done(&mut self, id: &str) {
        self.0.remove(id);
    }

    /// Why an action waits: it would do what has failed before, and it is not time yet.
    pub fn waits(&self, id: &str, content: Digest, now: Timestamp) -> Option<&Failures> {
        let failures = self.0.get(id)?;
        let same = failures.content.is_none_or(|it| it == content);
        // A clock that was put back must not make it wait for longer than it would have.
        (same && failures.last <= now && now < failures.due).then_some(failures)
    }

    /// All that have failed, by their identities.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Failures)> {
        self.0.iter().map(|(id, failures)| (id.as_str(), failures))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "ConfigureSsl:SoftwareUpdatePoint/one";

    fn after(start: Timestamp, seconds: i64) -> Timestamp {
        start + SignedDuration::from_secs(seconds)
    }

    /// Tries as soon as it may, in virtual time, and fails each time: the seconds between.
    fn pauses(tries: u32, id: &str) -> Vec<f64> {
        let mut retries = ActionRetries::default();
        let mut now = Timestamp::UNIX_EPOCH;
        let content = Digest::of(b"same");
        let mut pauses = Vec::new();
        for _ in 0..tries {
            retries.failed(id, Some(content), now, "no".to_owned());
            let due = retries.waits(id, content, now).unwrap().due;
            assert!(retries.waits(id, content, due).is_none(), "it is tried when it is due");
            pauses.push(due.duration_since(now).as_secs_f64());
            now = due;
        }
        pauses
    }

    #[test]
    fn the_time_between_tries_doubles_until_it_is_an_hour() {
        let whole = [5, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600].map(f64::from);
        for (pause, whole) in pauses(12, ID).into_iter().zip(whole) {
            assert!((whole / 2.0..=whole).contains(&pause), "{pause} of {whole}");
        }
        assert!(pauses(1_000, ID).into_iter().skip(10).all(|it| (1_800.0..=3_600.0).contains(&it)));
    }

    #[test]
    fn what_fails_together_does_not_come_back_together() {
        let firsts: Vec<f64> = (0..1_000).map(|it| pauses(4, &format!("{ID}{it}"))[3]).collect();
        let in_quarter = |number: u32| {
            let from = 20.0 + 5.0 * f64::from(number);
            firsts.iter().filter(|it| (from..from + 5.0).contains(*it)).count()
        };
        for quarter in 0..4 {
            assert!(
                (150..350).contains(&in_quarter(quarter)),
                "{quarter}: {}",
                in_quarter(quarter)
            );
        }
    }

    #[test]
    fn what_would_do_something_else_is_tried_at_once_and_counts_anew() {
        let (now, mut retries) = (Timestamp::UNIX_EPOCH, ActionRetries::default());
        let (one, other) = (Digest::of(b"one"), Digest::of(b"other"));
        for _ in 0..5 {
            retries.failed(ID, Some(one), now, "no".to_owned());
        }
        assert_eq!(retries.waits(ID, one, now).unwrap().failed, 5);
        assert!(retries.waits(ID, other, now).is_none());
        retries.failed(ID, Some(other), now, "no".to_owned());
        assert_eq!(retries.waits(ID, other, now).unwrap().failed, 1);
        retries.done(ID);
        assert_eq!(retries.all().count(), 0);
    }

    #[test]
    fn what_is_remembered_of_before_a_restart_counts_on() {
        let (now, mut retries) = (Timestamp::UNIX_EPOCH, ActionRetries::default());
        retries.failed(ID, None, now, "no".to_owned());
        let content = Digest::of(b"one");
        assert_eq!(retries.waits(ID, content, now).unwrap().failed, 1);
        retries.failed(ID, Some(content), after(now, 60), "no".to_owned());
        assert_eq!(retries.waits(ID, content, after(now, 60)).unwrap().failed, 2);
        // The same time for everybody who knows of the failure.
        let due = retries.waits(ID, content, after(now, 60)).unwrap().due;
        assert_eq!(due, next_try(ID, 2, after(now, 60)));
    }

    #[test]
    fn a_failure_of_long_ago_is_forgotten() {
        let (now, mut retries) = (Timestamp::UNIX_EPOCH, ActionRetries::default());
        let content = Digest::of(b"one");
        retries.failed(ID, Some(content), now, "no".to_owned());
        retries.failed(ID, Some(content), after(now, 4 * 3_600), "no".to_owned());
        assert_eq!(retries.all().next().unwrap().1.failed, 2);
        retries.failed(ID, Some(content), after(now, 8 * 3_600 + 1), "no".to_owned());
        assert_eq!(retries.all().next().unwrap().1.failed, 1);
        let before = after(now, -10);
        assert!(retries.waits(ID, content, before).is_none(), "a clock that was put back");
    }
}
