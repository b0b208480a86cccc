//! Versions of files that one release writes and another one reads.

use std::fmt;

/// The version of a file's form: the first number is raised when an older reader would misread it,
/// the second when there is more in it than an older reader knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FormatVersion {
    /// The first number.
    pub major: u16,
    /// The second number.
    pub minor: u16,
}

/// A file's form is not one that this version reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownFormat {
    /// A later version wrote it.
    #[error(
        "it has format version {found}, and this version of Headwater reads up to {known}: use the \
         version that wrote it, or a newer one"
    )]
    Newer {
        /// The version in the file.
        found: FormatVersion,
        /// The newest that is read.
        known: FormatVersion,
    },
    /// It is older than what is read.
    #[error("it has format version {found}, and this version of Headwater reads only {known}")]
    Older {
        /// The version in the file.
        found: FormatVersion,
        /// The one that is read.
        known: FormatVersion,
    },
    /// It is no version at all.
    #[error("its format version is not two numbers such as `{known}`")]
    NotAVersion {
        /// The newest that is read.
        known: FormatVersion,
    },
}

impl FormatVersion {
    /// Whether a file whose version is this text can be read by who knows this version.
    ///
    /// # Errors
    ///
    /// It is newer, of another major version, or no version.
    pub fn reads(self, text: &str) -> Result<(), UnknownFormat> {
        let numbers = text.split_once('.').and_then(|(major, minor)| {
            Some(Self { major: major.parse().ok()?, minor: minor.parse().ok()? })
        });
        match numbers {
            None => Err(UnknownFormat::NotAVersion { known: self }),
            Some(found) if found > self => Err(UnknownFormat::Newer { found, known: self }),
            Some(found) if found.major < self.major => {
                Err(UnknownFormat::Older { found, known: self })
            }
            Some(_) => Ok(()),
        }
    }
}

impl fmt::Display for FormatVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_versions_and_what_is_none_are_refused() {
        let known = FormatVersion { major: 2, minor: 1 };
        for read in ["2.0", "2.1"] {
            assert_eq!(known.reads(read), Ok(()), "{read}");
        }
        for newer in ["2.2", "3.0", "10.0"] {
            assert!(matches!(known.reads(newer), Err(UnknownFormat::Newer { .. })), "{newer}");
        }
        assert!(matches!(known.reads("1.9"), Err(UnknownFormat::Older { .. })));
        for none in ["", "2", "2.x", "2.1.0", "-1.0", "99999999.0"] {
            assert!(matches!(known.reads(none), Err(UnknownFormat::NotAVersion { .. })), "{none}");
        }
    }
}
