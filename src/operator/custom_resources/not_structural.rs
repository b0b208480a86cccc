//! Why a type cannot be a custom resource.

/// Why the schema of a type cannot be that of a custom resource, or a rule not part of it. Each is a
/// mistake in this program, found by whoever makes the definitions anew.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotStructural {
    /// A structural schema has no references, so a type that holds itself has no end.
    #[error("`{path}` holds its own type, and a structural schema has no references")]
    Recursive {
        /// The field.
        path: String,
    },
    /// A reference leads nowhere.
    #[error("`{path}` refers to `{to}`, which is not defined")]
    Undefined {
        /// The field.
        path: String,
        /// What it refers to.
        to: String,
    },
    /// A keyword that nobody has thought of.
    #[error("`{path}` has the keyword `{keyword}`: say in `structural.rs` what becomes of it")]
    Unknown {
        /// The field.
        path: String,
        /// The keyword.
        keyword: String,
    },
    /// Kubernetes wants a type everywhere.
    #[error("`{path}` has no type")]
    Untyped {
        /// The field.
        path: String,
    },
    /// A rule or a bound is about a field that there is not.
    #[error("a rule is about `{path}`, which is no field: change it in `custom_resources/rules`")]
    NoField {
        /// The field.
        path: String,
    },
}
