//! Update metadata's identities: a revision of an update, and the version of a whole catalog.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Digest;

/// One revision of one update: the identity under which update points exchange documents
/// (protocol §1.3 `UpdateIdentity`). Identifiers compare without regard to case, being binary here.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct UpdateIdentity {
    /// The update's identifier, shared by all its revisions.
    pub update_id: Uuid,
    /// The revision number; never renumbered on the way down a hierarchy.
    pub revision: i32,
}

impl fmt::Display for UpdateIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.update_id, self.revision)
    }
}

/// What a catalog holds, as one value that can be compared across sites (SYNC-12): the digest of
/// the sorted identities of all its revisions. Texts do not enter it, because servers legitimately
/// differ in line ends (protocol §0.1).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct CatalogVersion(Digest);

impl CatalogVersion {
    /// The version of a catalog that holds exactly these revisions. They must come sorted and
    /// without repetition, as a catalog's index yields them.
    pub fn of(sorted: impl IntoIterator<Item = UpdateIdentity>) -> Self {
        let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        for identity in sorted {
            context.update(identity.update_id.as_bytes());
            context.update(&identity.revision.to_be_bytes());
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(context.finish().as_ref());
        Self(Digest::from_bytes(digest))
    }

    /// The first eight hexadecimal digits: what tables show.
    pub fn short(&self) -> String {
        let mut digits = self.0.to_hex();
        digits.truncate(8);
        digits
    }
}

impl fmt::Display for CatalogVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
