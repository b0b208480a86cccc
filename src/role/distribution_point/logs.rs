//! The two logs of a pull distribution point that administrators know (PDP-12): `PullDP.log` tells of
//! notifications, sources and packages, `DataTransferService.log` of every file. They stand beside the
//! structured log, below the point's directory, in the form that log viewers of the field read.
//!
//! Nobody waits for them: lines are queued and written by a thread of their own, and what comes faster
//! than it can be written is dropped, counted and told.

use std::{
    collections::VecDeque,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use super::log_line::{Severity, line};
use crate::{blocking::begun, clock};

/// How large a file becomes before it is renamed and a new one begun.
const LARGEST: u64 = 5 << 20;

/// How many lines may wait to be written.
const WAITING: usize = 8_192;

/// One of the two logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Log {
    /// `PullDP.log`.
    Pull,
    /// `DataTransferService.log`.
    Transfer,
}

impl Log {
    const ALL: [Self; 2] = [Self::Pull, Self::Transfer];

    const fn component(self) -> &'static str {
        match self {
            Self::Pull => "PullDP",
            Self::Transfer => "DataTransferService",
        }
    }
}

/// The logs of a distribution point. Clones write into the same files.
#[derive(Debug, Clone)]
pub(super) struct Logs(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    directory: PathBuf,
    largest: u64,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    lines: VecDeque<Waiting>,
    dropped: u64,
    /// Whether a thread is writing, or is about to.
    writing: bool,
}

#[derive(Debug)]
struct Waiting {
    log: Log,
    severity: Severity,
    at: Timestamp,
    text: String,
}

impl Logs {
    /// The logs in a directory, which is made with their first lines.
    pub(super) fn new(directory: PathBuf) -> Self {
        Self::of_size(directory, LARGEST)
    }

    fn of_size(directory: PathBuf, largest: u64) -> Self {
        Self(Arc::new(Shared { directory, largest, queue: Mutex::default() }))
    }

    /// Something went as it should.
    pub(super) fn info(&self, log: Log, text: String) {
        self.say(log, Severity::Info, text);
    }

    /// Something did not, and another way is tried.
    pub(super) fn warn(&self, log: Log, text: String) {
        self.say(log, Severity::Warning, text);
    }

    /// Something failed for good, or for want of somebody's help.
    pub(super) fn error(&self, log: Log, text: String) {
        self.say(log, Severity::Error, text);
    }

    fn say(&self, log: Log, severity: Severity, text: String) {
        let mut queue = self.0.queue();
        if queue.lines.len() >= WAITING {
            queue.dropped = queue.dropped.saturating_add(1);
            return;
        }
        queue.lines.push_back(Waiting { log, severity, at: clock::now(), text });
        if !queue.writing {
            queue.writing = true;
            let shared = Arc::clone(&self.0);
            drop(begun(move || shared.write()));
        }
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes until nothing waits any more.
    fn write(&self) {
        loop {
            let (mut lines, dropped) = {
                let mut queue = self.queue();
                if queue.lines.is_empty() && queue.dropped == 0 {
                    queue.writing = false;
                    return;
                }
                (std::mem::take(&mut queue.lines), std::mem::take(&mut queue.dropped))
            };
            if dropped > 0 {
                tracing::warn!(dropped, directory = %self.directory.display(), "log lines were dropped");
                let text =
                    format!("{dropped} lines were dropped: they came faster than they are written");
                let (log, severity) = (Log::Pull, Severity::Warning);
                lines.push_back(Waiting { log, severity, at: clock::now(), text });
            }
            for log in Log::ALL {
                let of_it = lines.iter().filter(|line| line.log == log);
                if let Err(error) = self.append(log, of_it) {
                    // There is no other place to tell of it.
                    tracing::warn!(%error, log = log.component(), "log lines are lost");
                }
            }
        }
    }

    fn append<'a>(&self, log: Log, lines: impl Iterator<Item = &'a Waiting>) -> io::Result<()> {
        let mut open: Option<(File, u64)> = None;
        let mut text = String::new();
        let path = self.directory.join(format!("{}.log", log.component()));
        for waiting in lines {
            let (mut file, mut size) = match open.take() {
                Some(open) => open,
                None => begin(&self.directory, &path)?,
            };
            let line = line(waiting.at, log.component(), waiting.severity, &waiting.text);
            let after = size.saturating_add(text.len() as u64).saturating_add(line.len() as u64);
            if after > self.largest && size.saturating_add(text.len() as u64) > 0 {
                file.write_all(text.as_bytes())?;
                text.clear();
                drop(file);
                fs::rename(&path, path.with_extension("lo_"))?;
                (file, size) = begin(&self.directory, &path)?;
            }
            text.push_str(&line);
            open = Some((file, size));
        }
        match open {
            Some((mut file, _)) => file.write_all(text.as_bytes()),
            None => Ok(()),
        }
    }
}

/// Opens a log to write at its end; its size.
fn begin(directory: &Path, path: &Path) -> io::Result<(File, u64)> {
    fs::create_dir_all(directory)?;
    let file = OpenOptions::new().append(true).create(true).open(path)?;
    let size = file.metadata()?.len();
    Ok((file, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn written(logs: &Logs) {
        while logs.0.queue().writing {
            tokio::task::yield_now().await;
        }
    }

    fn read(directory: &Path, name: &str) -> Vec<String> {
        let text = fs::read_to_string(directory.join(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    #[tokio::test]
    async fn lines_stand_in_their_order_and_in_their_file() {
        let directory = tempfile::tempdir().unwrap();
        let logs = Logs::new(directory.path().join("logs"));
        for number in 0..100 {
            logs.info(Log::Pull, format!("pull {number}"));
            logs.error(Log::Transfer, format!("transfer {number}"));
        }
        written(&logs).await;
        for (name, word) in [("PullDP.log", "pull"), ("DataTransferService.log", "transfer")] {
            let lines = read(&directory.path().join("logs"), name);
            assert_eq!(lines.len(), 100);
            for (number, line) in lines.iter().enumerate() {
                assert!(line.starts_with(&format!("<![LOG[{word} {number}]LOG]!>")), "{line}");
            }
        }
    }

    #[tokio::test]
    async fn a_full_file_is_renamed_and_the_older_one_goes() {
        let directory = tempfile::tempdir().unwrap();
        let logs = Logs::of_size(directory.path().to_owned(), 4_000);
        for number in 0..200 {
            logs.info(Log::Pull, format!("line {number}"));
            if number % 7 == 0 {
                written(&logs).await;
            }
        }
        written(&logs).await;
        let size = |name: &str| fs::metadata(directory.path().join(name)).unwrap().len();
        assert!(size("PullDP.log") <= 4_000 && size("PullDP.lo_") <= 4_000);
        let mut lines = read(directory.path(), "PullDP.lo_");
        lines.extend(read(directory.path(), "PullDP.log"));
        assert!(lines.last().unwrap().starts_with("<![LOG[line 199]"));
        let first = 200 - lines.len();
        assert!(lines[0].starts_with(&format!("<![LOG[line {first}]")), "none is missing between");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    }

    #[tokio::test]
    async fn what_comes_too_fast_is_dropped_and_told() {
        let directory = tempfile::tempdir().unwrap();
        let logs = Logs::new(directory.path().to_owned());
        // As if a thread were writing: nothing is taken out of the queue.
        logs.0.queue().writing = true;
        for number in 0..WAITING + 3 {
            logs.info(Log::Transfer, format!("line {number}"));
        }
        assert_eq!(logs.0.queue().dropped, 3);
        let shared = Arc::clone(&logs.0);
        begun(move || shared.write()).await.unwrap();
        assert_eq!(read(directory.path(), "DataTransferService.log").len(), WAITING);
        let told = read(directory.path(), "PullDP.log");
        assert!(told[0].starts_with("<![LOG[3 lines were dropped"), "{told:?}");
        assert!(!logs.0.queue().writing);
    }

    #[tokio::test]
    async fn a_directory_that_cannot_be_written_stops_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a file");
        fs::write(&file, "").unwrap();
        let logs = Logs::new(file);
        logs.info(Log::Pull, "lost".to_owned());
        written(&logs).await;
        assert!(logs.0.queue().lines.is_empty());
    }
}
