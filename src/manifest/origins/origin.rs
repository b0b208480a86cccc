//! Where one value comes from.

use std::borrow::Cow;

use crate::{
    check::Place,
    model::{DocumentId, FieldPath, ResourceId},
};

/// Where a wanted value comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The resource whose document it is.
    pub resource: ResourceId,
    /// The field: where the value stands, or would if somebody had written it.
    pub place: Place,
    /// How the value comes from there.
    pub basis: Basis,
}

/// How a wanted value comes from a field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// It stands there. Where nothing is written, it is the default that the text explains.
    Field(Cow<'static, str>),
    /// It stands nowhere, but follows from what is there, or from the lack of it, as the text
    /// explains.
    Follows(Cow<'static, str>),
}

impl Origin {
    /// The same place, for something else that follows from it.
    pub(super) fn because(self, why: &'static str) -> Self {
        Self { basis: Basis::Follows(why.into()), ..self }
    }
}

/// A document that origins lie in.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) resource: ResourceId,
    pub(super) id: DocumentId,
}

impl Document {
    /// A field that has to be written.
    pub(super) fn required(&self, field: FieldPath) -> Origin {
        self.field(field, "it has to be written")
    }

    /// A field that need not be written, and then means that there is none.
    pub(super) fn optional(&self, field: FieldPath) -> Origin {
        self.field(field, "nothing is written there")
    }

    /// A field, and what it means if it is not written.
    pub(super) fn field(&self, field: FieldPath, default: impl Into<Cow<'static, str>>) -> Origin {
        self.origin(field, Basis::Field(default.into()))
    }

    /// A field that a value follows from.
    pub(super) fn follows(&self, field: FieldPath, why: impl Into<Cow<'static, str>>) -> Origin {
        self.origin(field, Basis::Follows(why.into()))
    }

    fn origin(&self, field: FieldPath, basis: Basis) -> Origin {
        Origin { resource: self.resource.clone(), place: Place::value(self.id, field), basis }
    }
}

/// The path `spec.` and then these keys.
pub(super) fn spec(keys: &str) -> FieldPath {
    FieldPath::new("spec").key(keys)
}
