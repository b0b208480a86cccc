//! What a rule found: what is wrong, where, and what to write instead.

use crate::model::{DocumentId, FieldPath, ResourceId};

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The hierarchy cannot be brought up.
    Error,
    /// It can, but probably not as meant.
    Warning,
    /// Good to know.
    Info,
}

impl Severity {
    /// The word for people and for JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// Which part of the text at a path is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlaceKind {
    /// The key.
    Key,
    /// The value.
    Value,
    /// The key where it stands for the second time in its mapping.
    RepeatedKey,
    /// A byte of the document, counted from its beginning: text that is not YAML has no paths.
    Byte(usize),
}

/// A place in what people wrote. It becomes file, line and column only when it is shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The document.
    pub document: DocumentId,
    /// The way into the document; where it ends early, the nearest parent that exists is shown.
    pub path: FieldPath,
    /// The part that is meant.
    pub on: PlaceKind,
}

impl Place {
    /// The key at a path.
    pub fn key(document: DocumentId, path: FieldPath) -> Self {
        Self { document, path, on: PlaceKind::Key }
    }

    /// The value at a path.
    pub fn value(document: DocumentId, path: FieldPath) -> Self {
        Self { document, path, on: PlaceKind::Value }
    }
}

/// Something that is wrong, or worth knowing, in what people wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// An ID of the domain (`PDP-2`), or `SYNTAX`, `SCHEMA`, `REFERENCE`, `DUPLICATE`, `WINDOW`.
    pub rule: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// Where it is wrong.
    pub place: Place,
    /// Other places that have to do with it, each with what it has to do with it.
    pub related: Vec<(Place, String)>,
    /// What to write instead.
    pub help: Option<String>,
    /// The resource whose document it is, as far as it is known.
    pub resource: Option<ResourceId>,
}

impl Problem {
    /// This problem as one with which the hierarchy comes up, though probably not as meant.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// This problem as something that is good to know.
    #[must_use]
    pub fn info(mut self) -> Self {
        self.severity = Severity::Info;
        self
    }

    /// This problem, with another place that has to do with it.
    #[must_use]
    pub fn related(mut self, place: Place, what: impl Into<String>) -> Self {
        self.related.push((place, what.into()));
        self
    }

    /// This problem, with what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
