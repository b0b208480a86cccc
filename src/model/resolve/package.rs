//! Packages: who owns them, and the distribution points that shall hold them, groups unfolded.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    absolute::absolute,
    unresolved::{Resolved, Unresolved, unresolved},
};
use crate::model::{
    CONTENT, Declared, Digest, DistributeTo, FieldPath, Kind, Name, NumberSet, Package,
    PackageSpec, PointSet, Resource, ResourceId, Site, SiteCode, UpdateSelection,
    point_set::number,
};

/// Sets of distribution points while packages are resolved. Each group is looked up once, and so is
/// each combination of groups: thousands of packages go to the same few of them.
pub(super) struct PointSets<'a> {
    /// All distribution points, ascending: the sets count in it.
    names: Arc<[Name]>,
    groups: BTreeMap<&'a Name, NumberSet>,
    combinations: BTreeMap<&'a DistributeTo, PointSet>,
}

impl<'a> PointSets<'a> {
    /// The groups, resolved.
    pub(super) fn new(declared: &'a Declared) -> Resolved<Self> {
        let names: Arc<[Name]> = declared.distribution_points.keys().cloned().collect();
        let mut groups = BTreeMap::new();
        for (name, group) in &declared.distribution_point_groups {
            let resource = || ResourceId::new(Kind::DistributionPointGroup, name);
            let members = numbers(&names, &group.spec.members, "spec.members", resource)?;
            groups.insert(name, members);
        }
        Ok(Self { names, groups, combinations: BTreeMap::new() })
    }

    pub(super) fn package(
        &mut self,
        name: &Name,
        resource: &'a Resource<PackageSpec>,
        sites: &BTreeMap<SiteCode, Site>,
    ) -> Resolved<Package> {
        let kind = Kind::Package;
        let spec = &resource.spec;
        let owner = spec.package_id.site_code();
        let site = owner.parse().ok().and_then(|code: SiteCode| sites.get_key_value(&code));
        let (site, _) = site.ok_or_else(|| {
            let what = format!("begins with `{owner}`, which is not the code of a site");
            unresolved(kind, name, "spec.packageId", what)
        })?;
        let mut source = spec.source.clone();
        source.path = source.path.map(|path| absolute(&resource.directory, &path));
        source.updates = source.updates.as_ref().map(UpdateSelection::in_order);
        Ok(Package {
            id: spec.package_id.clone(),
            site: site.clone(),
            display_name: spec.display_name.clone(),
            version: spec.source_version,
            source,
            written_path: spec.source.path.clone(),
            content: content(name, resource)?,
            distribute_to: self.of_package(name, &spec.distribute_to)?,
            priority: spec.priority,
            suspended: resource.metadata.suspended(),
        })
    }

    fn of_package(&mut self, name: &Name, to: &'a DistributeTo) -> Resolved<PointSet> {
        if let Some(known) = self.combinations.get(to) {
            return Ok(known.clone());
        }
        let resource = || ResourceId::new(Kind::Package, name);
        let field = "spec.distributeTo.distributionPoints";
        let mut members = numbers(&self.names, &to.distribution_points, field, resource)?;
        for group in &to.groups {
            let group = self.groups.get(group).ok_or_else(|| {
                let what = format!("names `{group}`, which no document declares");
                unresolved(Kind::Package, name, "spec.distributeTo.groups", what)
            })?;
            members.add(group);
        }
        let set = PointSet::new(&self.names, members);
        self.combinations.insert(to, set.clone());
        Ok(set)
    }
}

fn content(name: &Name, resource: &Resource<PackageSpec>) -> Resolved<Option<Digest>> {
    let Some(text) = resource.metadata.annotations.get(CONTENT) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| Unresolved {
        resource: ResourceId::new(Kind::Package, name),
        field: FieldPath::new("metadata.annotations").literal_key(CONTENT),
        what: format!("is `{text}`, which is not a digest"),
    })
}

fn numbers(
    names: &[Name],
    points: &[Name],
    field: &str,
    resource: impl Fn() -> ResourceId,
) -> Resolved<NumberSet> {
    let number = |point: &Name| {
        number(names, point).ok_or_else(|| Unresolved {
            resource: resource(),
            field: FieldPath::new(field),
            what: format!("names `{point}`, which no document declares"),
        })
    };
    points.iter().map(number).collect()
}
