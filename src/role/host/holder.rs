//! The lock of the data directory tells who holds it: the process that has it writes that into the file,
//! and touches it for as long as it lives.

use std::{
    io::{self, Write},
    sync::Weak,
    time::{Duration, SystemTime},
};

use jiff::Timestamp;

use super::{DataDirectory, DataError, DataLock, data_directory::HOST_LOCK};
use crate::{
    blocking::{Interrupted, blocking},
    clock,
    model::{HeldBy, Holder},
    store,
};

/// Longer than any holder that is written.
const LONGEST: u64 = 4 << 10;

/// The name of a computer, where it is longer than any system lets it be.
const LONGEST_NAME: usize = 255;

/// This process, as the holder of a data directory.
pub fn this_process(command: &str, stays: bool, reconciles: bool) -> Holder {
    let host = rustix::system::uname();
    let host = host.nodename().to_string_lossy().chars().take(LONGEST_NAME).collect();
    Holder {
        command: command.to_owned(),
        host,
        process_id: std::process::id(),
        since: clock::now(),
        stays,
        reconciles,
    }
}

impl DataDirectory {
    /// Who holds the data directory, or held it last; none if nobody has told. The lock itself says
    /// whether anybody holds it.
    ///
    /// # Errors
    ///
    /// The lock file cannot be read.
    pub fn held_by(&self) -> Result<Option<HeldBy>, DataError> {
        let path = self.path().join(HOST_LOCK);
        let read = || -> io::Result<Option<HeldBy>> {
            let Some(bytes) = store::read_bounded(&path, LONGEST)? else { return Ok(None) };
            let alive_at = std::fs::metadata(&path)?.modified()?;
            // Somebody may be writing it, or an earlier version, which wrote nothing, holds it.
            let holder = serde_json::from_slice(&bytes).ok();
            let alive_at = Timestamp::try_from(alive_at).unwrap_or(Timestamp::MIN);
            Ok(holder.map(|holder| HeldBy { holder, alive_at }))
        };
        read().map_err(|source| DataError::File { path: path.clone(), source })
    }
}

impl DataLock {
    /// Tells who holds it. It is held whether that can be told or not.
    pub(super) fn tell(&self, holder: &Holder) -> io::Result<()> {
        let text = serde_json::to_vec(holder).map_err(io::Error::from)?;
        self.0.set_len(0)?;
        (&self.0).write_all(&text)
    }

    fn beat(&self) -> io::Result<()> {
        self.0.set_modified(SystemTime::now())
    }
}

/// Gives signs of life for as long as a lock is held.
pub(super) async fn live(lock: Weak<DataLock>) {
    let every = Duration::try_from(HeldBy::BEAT).unwrap_or(Duration::from_secs(5));
    loop {
        tokio::time::sleep(every).await;
        let Some(lock) = lock.upgrade() else { return };
        let beaten = blocking(move || Ok::<_, Interrupted>(lock.beat())).await;
        if let Ok(Err(error)) = beaten {
            tracing::warn!(%error, "no sign of life can be given");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_tells_who_holds_it() {
        let directory = tempfile::tempdir().unwrap();
        let data = DataDirectory::open(directory.path()).unwrap();
        assert_eq!(data.held_by().unwrap(), None);
        let lock = data.try_host().unwrap().unwrap();
        assert_eq!(data.held_by().unwrap(), None, "it has not said so");
        let holder = this_process("controller", true, true);
        lock.tell(&holder).unwrap();
        let held = data.held_by().unwrap().unwrap();
        assert_eq!(held.holder, holder);
        assert_eq!(held.holder.process_id, std::process::id());
        assert!(!held.holder.host.is_empty());
        let before = SystemTime::UNIX_EPOCH;
        lock.0.set_modified(before).unwrap();
        assert_eq!(data.held_by().unwrap().unwrap().alive_at, Timestamp::UNIX_EPOCH);
        lock.beat().unwrap();
        assert!(data.held_by().unwrap().unwrap().alive_at > Timestamp::UNIX_EPOCH);
        // The next one says something shorter.
        drop(lock);
        let lock = data.try_host().unwrap().unwrap();
        lock.tell(&this_process("", false, false)).unwrap();
        assert_eq!(data.held_by().unwrap().unwrap().holder.command, "");
        std::fs::write(directory.path().join(HOST_LOCK), "{\"command\":").unwrap();
        assert_eq!(data.held_by().unwrap(), None);
    }
}
