//! Files that commands are given or asked to write, apart from manifests.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use super::{ExitCode, Failure};
use crate::{store, wire::updates_file::KeyError};

/// The largest observed state or saved plan: ten times that of ten thousand packages scattered over
/// five thousand distribution points.
const LARGEST: u64 = 1 << 30;

/// Reads a file, or standard input for `-`.
///
/// # Errors
///
/// It cannot be read or is too large ([`ExitCode::Usage`]).
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let bounded = |from: &mut dyn Read| {
        let mut bytes = Vec::new();
        from.take(LARGEST + 1).read_to_end(&mut bytes)?;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if length > LARGEST { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
    };
    let bytes = if path.as_os_str() == "-" {
        bounded(&mut io::stdin().lock())
    } else {
        File::open(path).and_then(|mut file| bounded(&mut file))
    };
    bytes.map_err(|error| unusable("read", path, error))
}

/// Writes a file that only its owner may read, whole or not at all.
///
/// # Errors
///
/// It cannot be written ([`ExitCode::Usage`]).
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    store::replace_private(path, bytes).map_err(|error| unusable("write", path, error))
}

/// Reads a key.
///
/// # Errors
///
/// It cannot be read, or is no key ([`ExitCode::Usage`]).
pub(super) fn read_key<K>(
    path: &Path,
    from_pem: impl Fn(&[u8]) -> Result<K, KeyError>,
) -> Result<K, Failure> {
    /// Ten times the longest.
    const LONGEST: u64 = 1 << 14;
    let bytes = store::read_bounded(path, LONGEST)
        .and_then(|it| it.ok_or_else(|| io::ErrorKind::NotFound.into()));
    let key = from_pem(&bytes.map_err(|error| unusable("read", path, error))?);
    key.map_err(|error| unusable("use", path, io::Error::other(error)))
}

/// A file that is said about on the command line cannot be used.
pub(super) fn unusable(what: &str, path: &Path, error: io::Error) -> Failure {
    let error = anyhow::Error::from(error).context(format!("cannot {what} {}", path.display()));
    Failure::new(ExitCode::Usage, error)
}

/// A file that takes its place only when it is whole.
pub(super) struct NewFile(PathBuf);

impl NewFile {
    pub(super) fn create(place: &Path) -> io::Result<(File, Self)> {
        let mut name = place.as_os_str().to_owned();
        name.push(".new");
        let path = PathBuf::from(name);
        let mut options = File::options();
        let file = options.read(true).write(true).create(true).truncate(true).open(&path)?;
        Ok((file, Self(path)))
    }

    pub(super) fn keep(self, file: &File, place: &Path) -> io::Result<()> {
        file.sync_all()?;
        fs::rename(&self.0, place)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // After it has taken its place there is nothing left.
        let _ = fs::remove_file(&self.0);
    }
}
