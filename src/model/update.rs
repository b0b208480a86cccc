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

/// What a catalog holds, as one value that can be compared across sites (SYNC-12): the sum of the
/// digests of the identities of all its revisions, so that a revision more or less is one addition
/// or subtraction, however many there are. Texts do not enter it, because servers legitimately
/// differ in line ends (protocol §0.1).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct CatalogVersion(Digest);

impl CatalogVersion {
    /// The version of a catalog that holds exactly these revisions, in any order, none of them twice.
    pub fn of(identities: impl IntoIterator<Item = UpdateIdentity>) -> Self {
        identities.into_iter().fold(Self::of_nothing(), Self::with)
    }

    /// The version of a catalog that holds nothing.
    pub const fn of_nothing() -> Self {
        Self(Digest::from_bytes([0; 32]))
    }

    /// The version that was kept as these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Digest::from_bytes(bytes))
    }

    /// The bytes to keep it as.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The version with one revision more, which was not there.
    #[must_use]
    pub fn with(self, identity: UpdateIdentity) -> Self {
        self.sum(identity, added)
    }

    /// The version with one revision less, which was there.
    #[must_use]
    pub fn without(self, identity: UpdateIdentity) -> Self {
        self.sum(identity, subtracted)
    }

    /// Sums modulo 2²⁵⁶, as four words, the lowest first.
    fn sum(self, identity: UpdateIdentity, word: impl Fn(u64, u64, bool) -> (u64, bool)) -> Self {
        let mut bytes = [0; 20];
        bytes[..16].copy_from_slice(identity.update_id.as_bytes());
        bytes[16..].copy_from_slice(&identity.revision.to_be_bytes());
        let other = Digest::of(&bytes);
        let mut sum = *self.as_bytes();
        let (words, _) = sum.as_chunks_mut::<8>();
        let (others, _) = other.as_bytes().as_chunks::<8>();
        let mut carry = false;
        for (ours, theirs) in words.iter_mut().zip(others) {
            let (value, next) = word(u64::from_le_bytes(*ours), u64::from_le_bytes(*theirs), carry);
            *ours = value.to_le_bytes();
            carry = next;
        }
        Self::from_bytes(sum)
    }

    /// The first eight hexadecimal digits: what tables show.
    pub fn short(&self) -> String {
        self.0.short()
    }
}

impl fmt::Display for CatalogVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The sum with what is carried in, and whether something is carried out.
fn added(one: u64, other: u64, carry: bool) -> (u64, bool) {
    let (sum, first) = one.overflowing_add(other);
    let (sum, second) = sum.overflowing_add(carry.into());
    (sum, first || second)
}

/// The difference with what was borrowed, and whether something has to be borrowed.
fn subtracted(one: u64, other: u64, borrow: bool) -> (u64, bool) {
    let (difference, first) = one.overflowing_sub(other);
    let (difference, second) = difference.overflowing_sub(borrow.into());
    (difference, first || second)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn identity(number: u128) -> UpdateIdentity {
        UpdateIdentity { update_id: Uuid::from_u128(number), revision: 1 }
    }

    #[test]
    fn revisions_of_one_update_count_apart() {
        let second = UpdateIdentity { revision: 2, ..identity(1) };
        let one = CatalogVersion::of([identity(1)]);
        assert_ne!(one, CatalogVersion::of([second]));
        assert_ne!(one, CatalogVersion::of([identity(1), second]));
        assert_ne!(one, CatalogVersion::of_nothing());
    }

    proptest! {
        #[test]
        fn the_order_does_not_count_and_what_is_taken_out_leaves_no_trace(
            mut numbers in proptest::collection::hash_set(any::<u128>(), 0..20),
            gone in any::<u128>(),
        ) {
            numbers.remove(&gone);
            let forwards: Vec<_> = numbers.iter().copied().map(identity).collect();
            let backwards = forwards.iter().rev().copied();
            let version = CatalogVersion::of(forwards.clone());
            prop_assert_eq!(version, CatalogVersion::of(backwards));
            prop_assert_eq!(version.with(identity(gone)).without(identity(gone)), version);
            prop_assert_ne!(version.with(identity(gone)), version);
        }
    }
}
