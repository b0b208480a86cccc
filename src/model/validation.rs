//! What a content validation that somebody asked for has found (PDP-15).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PackageId;

/// What is wrong with a file of a content library.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum FileDamage {
    /// Its bytes are others, or cannot be read; it was put aside, into the quarantine of the library.
    Damaged,
    /// It is not there, or has another size.
    Missing,
}

/// A file of a package that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DamagedFile {
    /// The package.
    pub package: PackageId,
    /// Its path within the package.
    pub path: String,
    /// Its size in bytes, as it should be.
    pub bytes: u64,
    /// What is wrong with it.
    pub damage: FileDamage,
}

/// What a validation has found. Files are those of the library, where each content is stored once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValidationFindings {
    /// How many files were hashed.
    pub files: u64,
    /// How many bytes they have.
    pub bytes: u64,
    /// How many of them were damaged, and put aside.
    pub damaged: u64,
    /// How many files were not there to be hashed.
    pub missing: u64,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
    /// What is damaged or missing, by package and path: at most [`ValidationFindings::NAMED`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named: Vec<DamagedFile>,
    /// How many more there are.
    #[serde(default)]
    pub unnamed: u64,
}

impl ValidationFindings {
    /// The most files that are named: who loses more than that loses a disk.
    pub const NAMED: usize = 10_000;

    /// Whether every file is there, and what it should be.
    pub fn is_whole(&self) -> bool {
        self.damaged == 0 && self.missing == 0
    }

    /// One more file was hashed.
    pub fn hashed(&mut self, bytes: u64) {
        self.files = self.files.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Names a file, or counts it if there are too many.
    pub fn name(&mut self, file: DamagedFile) {
        if self.named.len() < Self::NAMED {
            self.named.push(file);
        } else {
            self.unnamed = self.unnamed.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_files_are_named_than_a_line_holds() {
        let mut findings = ValidationFindings::default();
        for number in 0..=ValidationFindings::NAMED {
            findings.name(DamagedFile {
                package: "CEN00001".parse().unwrap(),
                path: format!("{number}"),
                bytes: 1,
                damage: FileDamage::Missing,
            });
        }
        assert_eq!((findings.named.len(), findings.unnamed), (ValidationFindings::NAMED, 1));
    }
}
