//! A plan and what it was made of, as one file.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{DocumentError, PlannedDocument};
use crate::{
    model::{
        Digest, Facts, FieldPath, FormatVersion, Name, ResourceId, UnknownFormat, Unresolved,
        without_secrets,
    },
    plan::{FORMAT_VERSION, Plan, ReadPlanError, read::consistent},
};

/// A plan, with everything that it was made of. As a file it is the plan's own JSON form with
/// `basis` beside it: who reads plans reads saved ones too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedPlan<'a> {
    /// The plan.
    pub plan: Plan,
    /// What it was made of.
    pub basis: Basis<'a>,
}

/// What a plan was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis<'a> {
    /// The time that schedules were compared with. It passes by itself: a plan does not go stale by
    /// it.
    pub planned_at: Timestamp,
    /// Where the documents were read, absolute, or `-` for standard input. None: they describe what
    /// was there, and no manifest says so.
    pub paths: Vec<String>,
    /// The documents.
    pub documents: Vec<PlannedDocument>,
    /// The admin addresses of the agents on computers of their own that were asked.
    pub remote: BTreeMap<Name, String>,
    /// What was observed, as far as a plan depends on it.
    pub facts: Facts<'a>,
}

/// A file is not a saved plan that this version carries out.
#[derive(Debug, thiserror::Error)]
pub enum SavedPlanError {
    /// It is not a plan.
    #[error("it is not a plan, or not a whole one")]
    NotUnderstood(#[from] serde_json::Error),
    /// Another version wrote it.
    #[error(transparent)]
    Format(#[from] UnknownFormat),
    /// It is a plan that was printed.
    #[error("it is a plan, but not what it was made of: `headwater plan --out FILE` saves both")]
    NoBasis,
    /// It is not as it was written.
    #[error("it was damaged or edited: its digest is {found}, and {written} was written")]
    Damaged {
        /// The digest that stands in it.
        written: Digest,
        /// The digest of what it holds.
        found: Digest,
    },
    /// It contradicts itself.
    #[error(transparent)]
    Inconsistent(#[from] ReadPlanError),
    /// A document in it.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// Its documents do not make a hierarchy.
    #[error(transparent)]
    Unresolved(#[from] Unresolved),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Versioned {
    format_version: String,
}

#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    plan: &'a Plan,
    basis: WrittenBasis<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenBasis<'a> {
    /// Of the plan and all that follows.
    digest: Digest,
    planned_at: &'a Timestamp,
    paths: &'a [String],
    documents: &'a [PlannedDocument],
    remote: &'a BTreeMap<Name, String>,
    facts: &'a Facts<'a>,
}

#[derive(Deserialize)]
struct Read {
    basis: Option<ReadBasis>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ReadBasis {
    digest: Digest,
    planned_at: Timestamp,
    paths: Vec<String>,
    documents: Vec<PlannedDocument>,
    remote: BTreeMap<Name, String>,
    facts: Facts<'static>,
}

impl SavedPlan<'_> {
    /// The version of the form: that of plans.
    pub const FORMAT_VERSION: FormatVersion = FORMAT_VERSION;

    /// The file's text.
    pub fn to_json(&self) -> String {
        let Basis { planned_at, paths, documents, remote, facts } = &self.basis;
        let digest = self.digest();
        let basis = WrittenBasis { digest, planned_at, paths, documents, remote, facts };
        let written = Written { plan: &self.plan, basis };
        // Names, numbers, texts and values that were JSON before: nothing of it can fail.
        let mut text = serde_json::to_string_pretty(&written).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The fields of documents that hide something in a URL: a password, say. The documents are
    /// what is applied, so they have it as it is.
    pub fn secrets(&self) -> Vec<(ResourceId, FieldPath)> {
        let mut found = Vec::new();
        for document in &self.basis.documents {
            each_text(&FieldPath::new("spec"), &document.spec, &mut |path, text| {
                if without_secrets(text) != text {
                    found.push((document.resource(), path.clone()));
                }
            });
        }
        found
    }

    fn digest(&self) -> Digest {
        let Basis { planned_at, paths, documents, remote, facts } = &self.basis;
        Digest::of_json(&(&self.plan, planned_at, paths, documents, remote, facts))
    }
}

impl SavedPlan<'static> {
    /// Reads what [`SavedPlan::to_json`] wrote.
    ///
    /// # Errors
    ///
    /// It is something else, is not as it was written, or is of a version that is not known.
    pub fn read(bytes: &[u8]) -> Result<Self, SavedPlanError> {
        // The version first: what a newer one has more of is no damage.
        let Versioned { format_version } = serde_json::from_slice(bytes)?;
        Self::FORMAT_VERSION.reads(&format_version)?;
        let plan = serde_json::from_slice(bytes)?;
        let Read { basis } = serde_json::from_slice(bytes)?;
        let ReadBasis { digest: written, planned_at, paths, documents, remote, facts } =
            basis.ok_or(SavedPlanError::NoBasis)?;
        let saved = Self { plan, basis: Basis { planned_at, paths, documents, remote, facts } };
        let found = saved.digest();
        if found != written {
            return Err(SavedPlanError::Damaged { written, found });
        }
        // Who edits a file may know how to make a digest.
        consistent(&saved.plan)?;
        Ok(saved)
    }
}

/// Calls itself no deeper than the types are.
fn each_text(path: &FieldPath, value: &Value, visit: &mut impl FnMut(&FieldPath, &str)) {
    match value {
        Value::String(text) => visit(path, text),
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                each_text(&path.clone().index(index), value, visit);
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                each_text(&path.clone().literal_key(key), value, visit);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
