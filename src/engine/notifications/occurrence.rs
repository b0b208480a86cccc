//! What the notifications hear of.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::{CommitId, Digest, EventKind, SiteCode, without_secrets};

/// The longest text that is told, in characters: who wants to know more looks.
const LONGEST_TEXT: usize = 500;

/// Which manifests are in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifests {
    /// The commit, where they come out of git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<CommitId>,
    /// The digest of what they declare.
    pub digest: Digest,
}

/// Something that the controller has done or found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Occurrence {
    /// These manifests are in force.
    InForce(Manifests),
    /// How it stands with where manifests come from.
    Source {
        /// The commit that is refused, where there is one, and why.
        refused: Option<(Option<CommitId>, String)>,
        /// Why nobody knows whether there are other manifests.
        unreachable: Option<String>,
    },
    /// A pass has ended.
    PassEnded(PassEnded),
}

/// How a pass has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassEnded {
    /// The manifests that it went by.
    pub manifests: Manifests,
    /// What it has found at its end; why it was not made, if it was not.
    pub look: Result<Look, String>,
}

/// What a pass has found at its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// Whether everything is as the manifests say.
    pub converged: bool,
    /// The actions of the pass that have changed settings of what is there.
    pub mended: Vec<String>,
    /// All actions that are still to be done.
    pub planned: BTreeSet<String>,
    /// What holds.
    pub conditions: Vec<Condition>,
}

/// Something that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// What it is.
    pub kind: EventKind,
    /// What it is about: an action, a resource, a site system. Kind and subject make it the same one.
    pub subject: String,
    /// The site that it belongs to, if it belongs to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteCode>,
    /// What there is to say of it.
    pub text: String,
}

impl Condition {
    /// A condition. What is too long is cut off, and URLs keep their secrets.
    pub fn new(kind: EventKind, subject: &str, site: Option<SiteCode>, text: &str) -> Self {
        Self { kind, subject: bounded(subject), site, text: bounded(text) }
    }

    pub(super) fn key(&self) -> String {
        format!("{} {}", self.kind.as_str(), self.subject)
    }
}

/// A text that may be told.
pub(super) fn bounded(text: &str) -> String {
    let text = without_secrets(text);
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}
