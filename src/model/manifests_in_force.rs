//! Which commit's manifests the controller goes by: what it remembers over a restart, and what
//! `headwater status` tells.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{GitSource, InvalidText, text::Parsed};

/// The identity of a commit: 40 hexadecimal digits (SHA-1) or 64 (SHA-256).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String", extend("pattern" = "^([0-9a-f]{40}|[0-9a-f]{64})$"))]
pub struct CommitId(String);

/// The manifests of a git repository that are in force, and why it is not its newest commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ManifestsInForce {
    /// Where they come from.
    pub source: GitSource,
    /// The commit in force; none: there was no good one yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<CommitInForce>,
    /// The newest commit, if it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<RefusedCommit>,
    /// Why nobody knows whether there is a newer commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreachable: Option<UnreachableSource>,
}

/// A commit that is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommitInForce {
    /// Which one.
    pub id: CommitId,
    /// Since when.
    pub since: Timestamp,
}

/// A commit that was refused whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefusedCommit {
    /// Which one.
    pub id: CommitId,
    /// When it was refused for this reason for the first time.
    pub at: Timestamp,
    /// Why, for people.
    pub why: String,
}

/// A source that cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnreachableSource {
    /// Since when.
    pub since: Timestamp,
    /// Why, for people.
    pub why: String,
}

impl ManifestsInForce {
    /// Nothing is known of this source yet.
    pub const fn nothing_of(source: GitSource) -> Self {
        Self { source, commit: None, refused: None, unreachable: None }
    }
}

impl CommitId {
    /// All digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl FromStr for CommitId {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let digit = |it: u8| it.is_ascii_digit() || (b'a'..=b'f').contains(&it);
        if matches!(text.len(), 40 | 64) && text.bytes().all(digit) {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidText {
            text: text.chars().take(64).collect(),
            what: "commit",
            rule: "write its 40 or 64 hexadecimal digits",
        })
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for CommitId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CommitId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Parsed::from(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_all_digits_are_a_commit() {
        let id: CommitId = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
        assert_eq!(id.short(), "0123456789ab");
        for text in ["", "abc", "-123456789abcdef0123456789abcdef01234567", &"A".repeat(40)] {
            assert!(text.parse::<CommitId>().is_err(), "{text}");
        }
    }
}
