//! Where the manifests say what is wanted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ResourceId;

/// Where a wanted value stands in the manifests; or, where nobody wrote it, what it follows from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Written {
    /// The resource whose document it is: not always the one that has the setting.
    pub resource: ResourceId,
    /// The field of that document.
    pub field: String,
    /// The file, as it is shown.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// If the value itself stands nowhere: why it is wanted all the same, as what comes after
    /// "because". Then file, line and column are those of what it follows from, or of the nearest
    /// thing around the field that is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}
