//! The data directory of a hierarchy (`--data`): who may use it, and where things are in it.

use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use crate::{
    clock,
    model::{Digest, Name},
    net::{
        Addresses, AdminHttp, AdminToken, Certificates, CertificatesError, ClientError, Registry,
        RegistryError,
    },
    store,
};

/// The data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Something in it cannot be read or written.
    #[error("failed to use the data directory: {path}")]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The authority of the hierarchy, or the roots that it trusts.
    #[error("failed to use the certificates of the data directory")]
    Certificates(#[from] CertificatesError),
    /// What is known of agents on computers of their own.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// The data directory of a hierarchy.
#[derive(Debug, Clone)]
pub struct DataDirectory {
    path: PathBuf,
    token: AdminToken,
    certificates: Certificates,
    agents: Registry,
}

/// Holds a lock of the data directory until it is dropped or the process ends.
#[derive(Debug)]
pub struct DataLock(pub(super) File);

/// The lock of the one that hosts the hierarchy.
pub(super) const HOST_LOCK: &str = "host.lock";

impl DataDirectory {
    /// Opens the data directory, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// It can be neither used nor made.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| DataError::File { path, source }
        };
        std::fs::create_dir_all(path).map_err(failed(path))?;
        let path = path.canonicalize().map_err(failed(path))?;
        let token_path = path.join("admin-token");
        let token = AdminToken::open(&token_path).map_err(failed(&token_path))?;
        let systems = path.join("site-systems");
        std::fs::create_dir_all(&systems).map_err(failed(&systems))?;
        let certificates = Certificates::open(&path, None, clock::now())?;
        let agents = Registry::open(&path, &certificates)?;
        Ok(Self { path, token, certificates, agents })
    }

    /// What the site systems of this directory's hierarchy have for TLS.
    pub fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// The agents on computers of their own that the hierarchy has, had or waits for.
    pub fn agents(&self) -> &Registry {
        &self.agents
    }

    /// How the admin ports of the hierarchy are asked.
    ///
    /// # Errors
    ///
    /// The system refused to set a client up.
    pub fn http(&self, addresses: &Addresses) -> Result<AdminHttp, ClientError> {
        AdminHttp::of_controller(&self.token, addresses, &self.certificates, &self.agents)
    }

    /// The secret of the admin ports on this computer.
    pub fn token(&self) -> &AdminToken {
        &self.token
    }

    /// Loopback addresses for the site systems of this directory's hierarchy.
    pub fn addresses(&self) -> Addresses {
        Addresses::embedded(Digest::of(self.path.as_os_str().as_encoded_bytes()))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the site systems live.
    pub fn site_systems(&self) -> PathBuf {
        self.path.join("site-systems")
    }

    /// Where a site system lives.
    pub fn site_system(&self, name: &Name) -> PathBuf {
        self.site_systems().join(name.as_str())
    }

    /// The journal of what was applied.
    pub fn journal(&self) -> PathBuf {
        self.path.join("journal.db")
    }

    /// Which commit is in force, where manifests come out of git.
    pub fn controller(&self) -> PathBuf {
        self.path.join("controller.json")
    }

    /// What was told by notifications, and what is still to be delivered.
    pub fn notifications(&self) -> PathBuf {
        self.path.join("notifications.json")
    }

    /// Where the secrets of notifications are: no manifest leads to any other file.
    pub fn notification_secrets(&self) -> PathBuf {
        self.path.join("secrets").join("notifications")
    }

    /// What waits for approval, and what is approved.
    pub fn approvals(&self) -> PathBuf {
        self.path.join("approvals")
    }

    /// Where copies of git repositories are kept.
    pub fn sources(&self) -> PathBuf {
        self.path.join("sources")
    }

    /// Becomes the one process that hosts the hierarchy, or tells that another one is.
    ///
    /// # Errors
    ///
    /// The lock file cannot be made.
    pub fn try_host(&self) -> Result<Option<DataLock>, DataError> {
        let (path, file) = self.lock_file(HOST_LOCK)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(DataLock(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(DataError::File { path, source }),
        }
    }

    /// Becomes the one that plans and applies, and waits while another one does. Blocks the thread.
    ///
    /// # Errors
    ///
    /// The lock file cannot be made.
    pub fn reconcile(&self) -> Result<DataLock, DataError> {
        let (path, file) = self.lock_file("reconcile.lock")?;
        file.lock().map_err(|source| DataError::File { path, source })?;
        Ok(DataLock(file))
    }

    /// Whether somebody plans and applies right now.
    ///
    /// # Errors
    ///
    /// The lock file cannot be made.
    pub fn is_reconciling(&self) -> Result<bool, DataError> {
        let (path, file) = self.lock_file("reconcile.lock")?;
        match file.try_lock() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(source)) => Err(DataError::File { path, source }),
        }
    }

    fn lock_file(&self, name: &str) -> Result<(PathBuf, File), DataError> {
        let path = self.path.join(name);
        let file = File::options().create(true).append(true).open(&path);
        match file {
            Ok(file) => Ok((path, file)),
            Err(source) => Err(DataError::File { path, source }),
        }
    }

    /// The address of the hosting process, if it is one that stays (`headwater up`).
    pub fn long_staying_host(&self) -> Option<String> {
        let text = std::fs::read_to_string(self.host_file()).ok()?;
        Some(text.strip_prefix(LONG)?.trim().to_owned())
    }

    pub(super) fn write_host(&self, url: &str, stays: bool) -> Result<(), DataError> {
        let word = if stays { LONG } else { SHORT };
        let path = self.host_file();
        store::replace(&path, format!("{word}{url}\n").as_bytes())
            .map_err(|source| DataError::File { path, source })
    }

    /// Nobody answers where the last host did, whether it ended by itself or not.
    pub(super) fn forget_host(&self) -> Result<(), DataError> {
        let path = self.host_file();
        store::remove(&path).map_err(|source| DataError::File { path, source })
    }

    fn host_file(&self) -> PathBuf {
        self.path.join("host")
    }
}

/// What stands before the address of a host that stays.
const LONG: &str = "up ";
/// What stands before the address of a host that will end.
const SHORT: &str = "command ";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Journal;

    #[test]
    fn commands_that_are_the_first_at_the_same_time_all_find_their_way() {
        for _ in 0..20 {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("data");
            let start = std::sync::Barrier::new(8);
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        start.wait();
                        let data = DataDirectory::open(&path).unwrap();
                        Journal::open(&data.journal()).unwrap();
                    });
                }
            });
        }
    }
}
