//! What a distribution point says of the patches that make a file of another version of it: who has
//! that one gets a part of the bytes.
//!
//! `GET /patches/<digest>` answers a [`PatchList`], and `GET /patches/<digest>/<digest of the other one>`
//! the patch, with ranges.

use serde::{Deserialize, Serialize};

use crate::model::Digest;

/// The patches that make one file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatchList {
    /// In any order.
    pub patches: Vec<PatchEntry>,
}

/// One patch. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PatchEntry {
    /// The file that it begins with.
    pub from: Digest,
    /// The size of the patch.
    pub size: u64,
    /// The digest of its own bytes.
    pub digest: Digest,
    /// The size of what has to be read of the old file, unpacked.
    pub old_plain: u64,
    /// The size of what the patch makes of it.
    pub new_plain: u64,
    /// How much of that has to be packed again.
    pub deflated: u64,
}

impl PatchList {
    /// The most bytes of a list: a hundred patches, while there is one for each version before.
    pub const MAX_BYTES: u64 = 64 << 10;

    /// Its JSON.
    pub fn encode(&self) -> Vec<u8> {
        // Numbers and digests always can be written.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads a list.
    ///
    /// # Errors
    ///
    /// It is none.
    pub fn decode(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_back_and_may_say_more_one_day() {
        let [from, digest] = [Digest::of(b"old"), Digest::of(b"patch")];
        let entry = PatchEntry { from, size: 1, digest, old_plain: 2, new_plain: 3, deflated: 4 };
        let list = PatchList { patches: vec![entry] };
        assert_eq!(PatchList::decode(&list.encode()).unwrap(), list);
        let text = String::from_utf8(list.encode()).unwrap();
        let more = text.replacen('{', "{\"more\":1,", 2).replace("\"size\"", "\"one\":{},\"size\"");
        assert_eq!(PatchList::decode(more.as_bytes()).unwrap(), list);
        assert!(PatchList::decode(b"<html>").is_err());
    }
}
