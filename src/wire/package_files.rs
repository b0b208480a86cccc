//! The files of updates that a package is made of, as the update point of its site tells its site server:
//! `GET /v1/update-point/packages/<ID>`.

use serde::{Deserialize, Serialize};

use super::update_content::{ContentName, ListedContent, UpdateContent};
use crate::model::{Digest, Hashing};

/// The files of updates of a package, as they are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PackageFiles {
    /// All of them, in the order of their names.
    pub files: Vec<ListedContent>,
    /// How many of them are not there yet.
    #[serde(default)]
    pub missing: u64,
    /// Whether the catalog has changed since they were looked for.
    #[serde(default)]
    pub outdated: bool,
    /// Why they cannot be looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hindrance: Option<String>,
}

/// Where a file of an update lies in a package: as below `/Content`.
pub fn path_in_package(name: &ContentName) -> String {
    format!("{}/{name}", name.folder())
}

/// The digest of a list of files, in the order of their names: another one, and they are others.
pub fn digest_of<'a>(files: impl IntoIterator<Item = &'a UpdateContent>) -> Digest {
    let mut hashing = Hashing::default();
    for UpdateContent { name, sha256, size } in files {
        let sha256 = sha256.map_or_else(|| "-".to_owned(), |it| it.to_string());
        hashing.update(format!("{name} {size} {sha256}\n").as_bytes());
    }
    hashing.digest()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::update_content::Sha1;

    fn file(number: u8, size: u64, sha256: Option<u8>) -> UpdateContent {
        UpdateContent {
            name: ContentName::new(Sha1::from_slice(&[number; 20]).unwrap(), "update.CAB"),
            sha256: sha256.map(|it| Digest::from_bytes([it; 32])),
            size,
        }
    }

    #[test]
    fn a_file_lies_as_below_content() {
        let file = file(0xA5, 7, None);
        assert_eq!(path_in_package(&file.name), format!("A5/{}", file.name));
    }

    #[test]
    fn other_files_have_another_digest() {
        let of = |files: &[UpdateContent]| digest_of(files);
        let one = of(&[file(1, 7, Some(3))]);
        assert_eq!(one, of(&[file(1, 7, Some(3))]));
        for others in [
            vec![],
            vec![file(2, 7, Some(3))],
            vec![file(1, 8, Some(3))],
            vec![file(1, 7, Some(4))],
            vec![file(1, 7, None)],
            vec![file(1, 7, Some(3)), file(2, 7, None)],
        ] {
            assert_ne!(one, of(&others));
        }
    }
}
