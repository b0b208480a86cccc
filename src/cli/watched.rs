//! Manifests that are looked at again and again, wherever they are.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::{
    ExitCode, Failure, Printer,
    file_watch::FileWatch,
    followed::Followed,
    kept::{InForce, Kept},
    telling::Listeners,
};
use crate::{engine::notifications::Occurrence, view::plain};

/// Manifests that are looked at again and again.
pub(super) enum Watched {
    /// Files and directories.
    Paths(Box<Paths>),
    /// A git repository.
    Git(Box<Followed>),
}

/// Files and directories.
pub(super) struct Paths {
    kept: Kept,
    watch: FileWatch,
    /// What hears of what is wrong with them.
    listeners: Listeners,
    /// Why they are refused, if they are.
    refused: Option<String>,
    /// Why changes are not seen at once, if they are not.
    unwatched: Option<String>,
    /// Why they cannot be read, if they cannot.
    unreadable: Option<String>,
    pace: Pace,
}

/// When files are looked at next.
#[derive(Debug)]
struct Pace {
    pause: Duration,
    /// When it is time, whatever has changed.
    time: Instant,
    /// When something has changed that nobody has looked at: for the first time, and the last time.
    changed: Option<(Instant, Instant)>,
}

/// Once so long nothing has changed any more, it is looked at: whoever writes one file mostly writes
/// others too.
const QUIET: Duration = Duration::from_millis(100);
/// But after so long in any case.
const RESTLESS: Duration = Duration::from_secs(1);

impl Watched {
    /// Files and directories that were read just now.
    pub(super) fn paths(kept: Kept, pause: Duration, listeners: Listeners) -> Self {
        // At once, when it is known what is to be watched: something may have changed meanwhile.
        let pace = Pace { pause, time: Instant::now(), changed: None };
        Self::Paths(Box::new(Paths {
            kept,
            watch: FileWatch::default(),
            listeners,
            refused: None,
            unwatched: None,
            unreadable: None,
            pace,
        }))
    }

    /// Waits until other manifests are in force. It may be given up at any time, and asked again.
    ///
    /// # Errors
    ///
    /// What is wrong with manifests cannot be told, or nobody looks at them any more.
    pub(super) async fn changed(&mut self, printer: &mut Printer) -> Result<InForce, Failure> {
        match self {
            Self::Paths(paths) => paths.changed(printer).await,
            Self::Git(followed) => followed.changed(printer).await,
        }
    }
}

/// Manifests are broken.
pub(super) fn last_good(failure: &Failure) -> String {
    let why = failure.to_string();
    format!("{}; the last good manifests hold\n", plain(&why))
}

impl Paths {
    async fn changed(&mut self, printer: &mut Printer) -> Result<InForce, Failure> {
        loop {
            // Nothing below waits, so that nothing is lost when this is given up.
            tokio::select! {
                () = self.watch.changed() => self.pace.has_changed(Instant::now()),
                () = sleep_until(self.pace.due()) => {
                    if let Some(wanted) = self.look(printer)? {
                        return Ok(wanted);
                    }
                }
            }
        }
    }

    fn look(&mut self, printer: &mut Printer) -> Result<Option<InForce>, Failure> {
        self.pace.looked(Instant::now());
        let looked = self.kept.look(printer);
        self.watch(printer)?;
        let failure = match looked {
            Ok(wanted) => {
                self.unreadable = None;
                if wanted.is_some() {
                    self.refused = None;
                }
                self.hear();
                if let Some(wanted) = &wanted {
                    self.listeners.in_force(wanted);
                }
                return Ok(wanted);
            }
            Err(failure) => failure,
        };
        let why = failure.to_string();
        // What is not valid is told for each change, and what is not there once.
        if self.unreadable.as_ref() != Some(&why) {
            printer.message(&last_good(&failure))?;
        }
        if failure.code == ExitCode::Usage {
            self.unreadable = Some(why);
        } else {
            (self.unreadable, self.refused) = (None, Some(why));
        }
        self.hear();
        Ok(None)
    }

    fn hear(&self) {
        let refused = self.refused.clone().map(|why| (None, why));
        let unreachable = self.unreadable.clone();
        self.listeners.notifier.hear(Occurrence::Source { refused, unreachable });
    }

    /// Watches the places that the last look has found.
    fn watch(&mut self, printer: &mut Printer) -> Result<(), Failure> {
        match self.watch.watch(self.kept.places()) {
            Ok(true) => {
                // Before that, nobody has seen what has changed since the look.
                self.pace.has_changed(Instant::now());
                self.unwatched = None;
            }
            Ok(false) => {}
            Err(error) => {
                let why = error.to_string();
                if self.unwatched.as_ref() != Some(&why) {
                    printer.message(&format!(
                        "changes of files are not seen at once, only every {} s: the system does not watch \
                         the directories: {why} (`fs.inotify.max_user_watches`, \
                         `fs.inotify.max_user_instances`)\n",
                        self.pace.pause.as_secs()
                    ))?;
                    self.unwatched = Some(why);
                }
            }
        }
        Ok(())
    }
}

impl Pace {
    /// When to look.
    fn due(&self) -> Instant {
        let changed = self.changed.map(|(first, last)| (first + RESTLESS).min(last + QUIET));
        changed.map_or(self.time, |changed| changed.min(self.time))
    }

    fn has_changed(&mut self, now: Instant) {
        let first = self.changed.map_or(now, |(first, _)| first);
        self.changed = Some((first, now));
    }

    fn looked(&mut self, now: Instant) {
        (self.time, self.changed) = (now + self.pause, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_looked_at_once_they_are_quiet_and_when_it_is_time() {
        let begun = Instant::now();
        let at = |milliseconds| begun + Duration::from_millis(milliseconds);
        let pause = Duration::from_secs(30);
        let mut pace = Pace { pause, time: begun, changed: None };
        assert_eq!(pace.due(), begun);
        pace.looked(begun);
        assert_eq!(pace.due(), at(30_000));
        pace.has_changed(at(1_000));
        assert_eq!(pace.due(), at(1_100));
        pace.has_changed(at(1_090));
        assert_eq!(pace.due(), at(1_190));
        for milliseconds in (1_090..5_000).step_by(50) {
            pace.has_changed(at(milliseconds));
        }
        assert_eq!(pace.due(), at(2_000), "somebody who never rests");
        pace.looked(at(5_000));
        assert_eq!(pace.due(), at(35_000));
        pace.has_changed(at(34_990));
        assert_eq!(pace.due(), at(35_000));
    }
}
