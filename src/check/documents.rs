//! The documents as rules look at them: looked up once, so that no rule searches.

use std::collections::{BTreeMap, BTreeSet};

use super::{Place, Problem, Rule};
use crate::model::{
    Declared, DocumentId, FieldPath, Kind, Name, Resource, ResourceId, SiteSpec, SiteSystemSpec,
    SoftwareUpdatePointSpec, UpdatePointRole,
};

pub(super) type Point<'a> = (&'a Name, &'a Resource<SoftwareUpdatePointSpec>);

/// All documents, with the lookups that several rules need.
pub(super) struct Documents<'a> {
    pub(super) declared: &'a Declared,
    /// Documents that exist but could not be read.
    unread: &'a BTreeSet<ResourceId>,
    /// The update points of each site, in the order of documents.
    points: BTreeMap<&'a Name, Vec<Point<'a>>>,
    /// The sites by site server.
    served: BTreeMap<&'a Name, &'a Name>,
}

impl<'a> Documents<'a> {
    pub(super) fn new(declared: &'a Declared, unread: &'a BTreeSet<ResourceId>) -> Self {
        let mut points = BTreeMap::<_, Vec<Point<'a>>>::new();
        for point in in_order(&declared.software_update_points) {
            points.entry(&point.1.spec.site).or_default().push(point);
        }
        let served =
            declared.sites.iter().map(|(name, site)| (&site.spec.site_server, name)).collect();
        Self { declared, unread, points, served }
    }

    pub(super) fn site(&self, name: &Name) -> Option<&'a Resource<SiteSpec>> {
        self.declared.sites.get(name)
    }

    pub(super) fn system(&self, name: &Name) -> Option<&'a Resource<SiteSystemSpec>> {
        self.declared.site_systems.get(name)
    }

    /// The update points of a site, by site, in the order of documents within each.
    pub(super) fn points_by_site(&self) -> impl Iterator<Item = (&'a Name, &[Point<'a>])> {
        self.points.iter().map(|(site, points)| (*site, points.as_slice()))
    }

    /// The active update point of a site.
    pub(super) fn active_point(&self, site: &Name) -> Option<Point<'a>> {
        let points = self.points.get(site)?;
        points.iter().find(|(_, point)| point.spec.role == UpdatePointRole::Active).copied()
    }

    /// The site whose site server a site system is.
    pub(super) fn served_by(&self, system: &Name) -> Option<&'a Name> {
        self.served.get(system).copied()
    }

    /// Whether a document of that kind and name exists, read or not.
    pub(super) fn exists(&self, kind: Kind, name: &Name) -> bool {
        let declared = self.declared;
        let read = match kind {
            Kind::Site => declared.sites.contains_key(name),
            Kind::SiteSystem => declared.site_systems.contains_key(name),
            Kind::PortSettings => declared.port_settings.contains_key(name),
            Kind::SoftwareUpdatePoint => declared.software_update_points.contains_key(name),
            Kind::DistributionPoint => declared.distribution_points.contains_key(name),
            Kind::DistributionPointGroup => declared.distribution_point_groups.contains_key(name),
            Kind::Package => declared.packages.contains_key(name),
        };
        read || self.unread.contains(&ResourceId::new(kind, name))
    }

    /// Whether some document of that kind could not be read: then nothing can be said to be
    /// missing among them.
    pub(super) fn any_unread(&self, kind: Kind) -> bool {
        self.unread.iter().any(|resource| resource.kind == kind)
    }
}

/// Resources in the order in which they were written.
pub(super) fn in_order<Spec>(
    resources: &BTreeMap<Name, Resource<Spec>>,
) -> Vec<(&Name, &Resource<Spec>)> {
    let mut resources: Vec<_> = resources.iter().collect();
    resources.sort_by_key(|(_, resource)| resource.document);
    resources
}

/// The document that a problem is in.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) kind: Kind,
    pub(super) name: &'a Name,
    pub(super) document: DocumentId,
}

impl<'a> Subject<'a> {
    pub(super) fn new<Spec>(kind: Kind, name: &'a Name, resource: &Resource<Spec>) -> Self {
        Self { kind, name, document: resource.document }
    }

    /// A problem with the value at a path.
    pub(super) fn value(&self, rule: &Rule, path: FieldPath, message: String) -> Problem {
        let resource = ResourceId::new(self.kind, self.name);
        rule.problem(Some(resource), Place::value(self.document, path), message)
    }

    /// A problem with the key at a path, or with what it holds as a whole.
    pub(super) fn key(&self, rule: &Rule, path: FieldPath, message: String) -> Problem {
        let resource = ResourceId::new(self.kind, self.name);
        rule.problem(Some(resource), Place::key(self.document, path), message)
    }
}

/// The value at a path of a document.
pub(super) fn place_of<Spec>(resource: &Resource<Spec>, path: &str) -> Place {
    Place::value(resource.document, FieldPath::new(path))
}
