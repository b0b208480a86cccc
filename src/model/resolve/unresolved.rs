//! What is wrong where documents do not resolve.

use crate::model::{FieldPath, Kind, Name, ResourceId};

/// A reference that leads nowhere, or a tree that is none. A hierarchy without errors from `check`
/// always resolves; this says what was wrong if it was not checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{resource}: `{field}` {what}")]
pub struct Unresolved {
    /// The resource whose field it is.
    pub resource: ResourceId,
    /// The field.
    pub field: FieldPath,
    /// What is wrong with it.
    pub what: String,
}

pub(super) type Resolved<T> = Result<T, Unresolved>;

pub(super) fn unresolved(
    kind: Kind,
    name: &Name,
    field: &str,
    what: impl Into<String>,
) -> Unresolved {
    Unresolved {
        resource: ResourceId::new(kind, name),
        field: FieldPath::new(field),
        what: what.into(),
    }
}
