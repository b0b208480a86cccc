//! Manifests that are looked at again and again, wherever they are.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::{
    ExitCode, Failure, Printer,
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
    /// What hears of what is wrong with them.
    listeners: Listeners,
    /// Why they are refused, if they are.
    refused: Option<String>,
    pause: Duration,
    /// When they are looked at next.
    due: Instant,
}

impl Watched {
    /// Files and directories that were read just now.
    pub(super) fn paths(kept: Kept, pause: Duration, listeners: Listeners) -> Self {
        let due = Instant::now() + pause;
        Self::Paths(Box::new(Paths { kept, listeners, refused: None, pause, due }))
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
            sleep_until(self.due).await;
            self.due = Instant::now() + self.pause;
            match self.kept.look(printer) {
                Ok(None) => self.hear(None),
                Ok(Some(wanted)) => {
                    self.refused = None;
                    self.hear(None);
                    self.listeners.in_force(&wanted);
                    return Ok(wanted);
                }
                Err(failure) => {
                    let why = failure.to_string();
                    if failure.code == ExitCode::Usage {
                        self.hear(Some(why.clone()));
                    } else {
                        self.refused = Some(why.clone());
                        self.hear(None);
                    }
                    printer.message(&last_good(&failure))?;
                }
            }
        }
    }

    fn hear(&self, unreachable: Option<String>) {
        let refused = self.refused.clone().map(|why| (None, why));
        self.listeners.notifier.hear(Occurrence::Source { refused, unreachable });
    }
}
