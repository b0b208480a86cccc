//! Many small files in one answer: what a pull distribution point asks another one for, so that
//! thousands of files do not cost thousands of requests.
//!
//! `POST /files` with a list of digests answers the bytes of these files one after the other; whoever
//! asks knows their sizes.

use serde::{Deserialize, Serialize};

use crate::model::Digest;

/// Where files are asked for together.
pub const PATH: &str = "/files";

/// The files that are asked for, in the order of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// Their digests.
    pub files: Vec<Digest>,
}

impl Bundle {
    /// The most files of one bundle.
    pub const MAX_FILES: usize = 256;
    /// The most bytes of one answer: it is in memory on both sides.
    pub const MAX_BYTES: u64 = 1 << 20;
    /// The most bytes of a request: a digest is written with 73 characters.
    pub const MAX_REQUEST: usize = Self::MAX_FILES * 80;

    /// Reads a request.
    ///
    /// # Errors
    ///
    /// It is not JSON of this shape, or asks for nothing or too much.
    pub fn decode(bytes: &[u8]) -> Result<Self, BundleError> {
        let bundle: Self = serde_json::from_slice(bytes)?;
        if bundle.files.is_empty() || bundle.files.len() > Self::MAX_FILES {
            return Err(BundleError::Files(bundle.files.len()));
        }
        Ok(bundle)
    }
}

/// Why a request for several files is not one.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Not JSON of this shape.
    #[error("failed to read the list of digests")]
    Json(#[from] serde_json::Error),
    /// No files, or too many.
    #[error("{0} files are asked for together: 1 to {max} are given", max = Bundle::MAX_FILES)]
    Files(usize),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_as_they_are_written() {
        let bundle = Bundle { files: vec![Digest::of(b"1"); Bundle::MAX_FILES] };
        let written = serde_json::to_vec(&bundle).unwrap();
        assert!(written.len() <= Bundle::MAX_REQUEST, "{}", written.len());
        assert_eq!(Bundle::decode(&written).unwrap(), bundle);
    }

    #[test]
    fn nothing_and_too_much_are_refused() {
        for files in [0, Bundle::MAX_FILES + 1] {
            let bundle = Bundle { files: vec![Digest::of(b"1"); files] };
            let refused = Bundle::decode(&serde_json::to_vec(&bundle).unwrap());
            assert!(matches!(refused, Err(BundleError::Files(count)) if count == files));
        }
        assert!(Bundle::decode(b"{\"files\":[\"../etc\"]}").is_err());
    }
}
