//! Files that commands are given or asked to write, apart from manifests.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use super::{ExitCode, Failure};
use crate::store;

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

/// A file that is said about on the command line cannot be used.
pub(super) fn unusable(what: &str, path: &Path, error: io::Error) -> Failure {
    let error = anyhow::Error::from(error).context(format!("cannot {what} {}", path.display()));
    Failure::new(ExitCode::Usage, error)
}
