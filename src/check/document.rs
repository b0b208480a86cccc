//! One document as rules look at it, and all documents of a kind.

use std::{cell::Cell, collections::BTreeMap};

use super::{Place, Problem, Rule};
use crate::model::{
    DistributionPointGroupSpec, DistributionPointSpec, FieldPath, Kind, LocalUpdateSpec,
    MaintenanceWindowSpec, Name, NotificationSpec, PackageSpec, PortSettingsSpec, Resource,
    ResourceId, SiteSpec, SiteSystemSpec, SoftwareUpdatePointSpec,
};

/// The fields of a kind, which know the kind.
pub(super) trait OfKind {
    const KIND: Kind;
}

macro_rules! of_kind {
    ($($spec:ident: $kind:ident),*) => {$(
        impl OfKind for $spec {
            const KIND: Kind = Kind::$kind;
        }
    )*};
}

of_kind!(
    SiteSpec: Site,
    SiteSystemSpec: SiteSystem,
    PortSettingsSpec: PortSettings,
    SoftwareUpdatePointSpec: SoftwareUpdatePoint,
    DistributionPointSpec: DistributionPoint,
    DistributionPointGroupSpec: DistributionPointGroup,
    PackageSpec: Package,
    LocalUpdateSpec: LocalUpdate,
    NotificationSpec: Notification,
    MaintenanceWindowSpec: MaintenanceWindow
);

/// A document with its name.
pub(super) struct Document<'a, Spec> {
    pub(super) name: &'a Name,
    pub(super) resource: &'a Resource<Spec>,
}

impl<Spec> Clone for Document<'_, Spec> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Spec> Copy for Document<'_, Spec> {}

impl<'a, Spec: OfKind> Document<'a, Spec> {
    pub(super) fn spec(self) -> &'a Spec {
        &self.resource.spec
    }

    /// The value at a path.
    pub(super) fn place(self, path: impl Into<FieldPath>) -> Place {
        Place::value(self.resource.document, path.into())
    }

    /// The key at a path.
    pub(super) fn key_place(self, path: impl Into<FieldPath>) -> Place {
        Place::key(self.resource.document, path.into())
    }

    /// A problem with the value at a path.
    pub(super) fn value(
        self,
        rule: &Rule,
        path: impl Into<FieldPath>,
        message: impl Into<String>,
    ) -> Problem {
        rule.problem(Some(self.id()), self.place(path), message)
    }

    /// A problem with the key at a path, or with what it holds as a whole.
    pub(super) fn key(
        self,
        rule: &Rule,
        path: impl Into<FieldPath>,
        message: impl Into<String>,
    ) -> Problem {
        rule.problem(Some(self.id()), self.key_place(path), message)
    }

    fn id(self) -> ResourceId {
        ResourceId::new(Spec::KIND, self.name)
    }
}

/// All documents of a kind, in the order in which they were written, and found by name.
pub(super) struct Documents<'a, Spec> {
    all: Vec<Document<'a, Spec>>,
    /// By name, with the number in `all`.
    by_name: Vec<(&'a Name, usize)>,
    /// The place in `by_name` after the one that was found last: documents often refer to others
    /// in the order of their names.
    next: Cell<usize>,
}

impl<'a, Spec> Documents<'a, Spec> {
    pub(super) fn new(resources: &'a BTreeMap<Name, Resource<Spec>>) -> Self {
        let mut all: Vec<_> = resources
            .iter()
            .enumerate()
            .map(|(place, (name, resource))| (place, Document { name, resource }))
            .collect();
        all.sort_by_key(|(_, it)| it.resource.document);
        let mut by_name: Vec<_> = resources.keys().map(|name| (name, 0)).collect();
        for (number, (place, _)) in all.iter().enumerate() {
            by_name[*place].1 = number;
        }
        let all = all.into_iter().map(|(_, it)| it).collect();
        Self { all, by_name, next: Cell::new(0) }
    }

    /// The number of the document of that name.
    pub(super) fn find(&self, name: &Name) -> Option<usize> {
        let place = match self.by_name.get(self.next.get()) {
            Some((next, _)) if *next == name => self.next.get(),
            _ => self.by_name.binary_search_by_key(&name, |(name, _)| name).ok()?,
        };
        self.next.set(place + 1);
        Some(self.by_name[place].1)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Document<'a, Spec>> {
        self.all.iter().copied()
    }

    pub(super) fn get(&self, number: usize) -> Option<Document<'a, Spec>> {
        self.all.get(number).copied()
    }
}
