//! What can be wrong with an update document.

use crate::wire::xml::{ForbiddenCharacter, XmlError};

/// Why a text is not an update document that can be indexed, stored and sent on.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DocumentError {
    /// Not XML, or XML that is refused.
    #[error("update document cannot be read")]
    Xml(#[from] XmlError),
    /// A character that could not be sent to another server.
    #[error("update document cannot be sent on")]
    Forbidden(#[from] ForbiddenCharacter),
    /// The root is something else.
    #[error("root element is `{found}`, not `Update` of the update namespace")]
    NotAnUpdate {
        /// Local name of the root.
        found: String,
    },
    /// Something that every update has is absent.
    #[error("update document has no {what}")]
    Missing {
        /// What is absent.
        what: &'static str,
    },
    /// A value that cannot be understood.
    #[error("{what} is `{value}`, which is not understood")]
    Invalid {
        /// Element and attribute.
        what: &'static str,
        /// The value, shortened.
        value: String,
    },
}

impl DocumentError {
    pub(super) fn invalid(what: &'static str, value: &str) -> Self {
        Self::Invalid { what, value: value.chars().take(80).collect() }
    }
}
