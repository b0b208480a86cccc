//! From documents to their meaning: [`Hierarchy::resolve`].

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
};

use super::package::PointSets;
use crate::model::{
    Address, Declared, FieldPath, Hierarchy, Kind, Name, Ports, Resource, ResourceId, Site,
    SiteServerSettings, SiteSpec, SiteSystem, SiteSystemSettings, SiteSystemSpec, UpdatePointRole,
};

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

impl Hierarchy {
    /// Follows every reference and fills in every default.
    ///
    /// # Errors
    ///
    /// The first reference that leads nowhere.
    pub fn resolve(declared: &Declared) -> Result<Self, Unresolved> {
        let documents = Resolver::new(declared);
        let mut sites = BTreeMap::new();
        let mut served = BTreeMap::new();
        for (name, resource) in &declared.sites {
            let site = documents.site(name, resource)?;
            served
                .entry(&resource.spec.site_server)
                .or_insert_with(|| (site.settings.clone(), resource.metadata.kept()));
            sites.insert(resource.spec.site_code.clone(), site);
        }
        let mut site_systems = BTreeMap::new();
        for (name, resource) in &declared.site_systems {
            site_systems.insert(name.clone(), documents.site_system(name, resource, &served)?);
        }
        let mut update_points = BTreeMap::new();
        for (name, resource) in &declared.software_update_points {
            update_points.insert(name.clone(), documents.update_point(name, resource)?);
        }
        let mut distribution_points = BTreeMap::new();
        for (name, resource) in &declared.distribution_points {
            distribution_points.insert(name.clone(), documents.distribution_point(name, resource)?);
        }
        let mut sets = PointSets::new(declared)?;
        let mut packages = BTreeMap::new();
        for (name, resource) in &declared.packages {
            packages.insert(name.clone(), sets.package(name, resource, &sites)?);
        }
        Ok(Self { sites, site_systems, update_points, distribution_points, packages })
    }
}

pub(super) struct Resolver<'a> {
    pub(super) declared: &'a Declared,
    /// The software update points by site and role; of several the first one, which only a
    /// hierarchy that breaks SUP-4 has.
    points: BTreeMap<(&'a Name, UpdatePointRole), &'a Name>,
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

impl<'a> Resolver<'a> {
    fn new(declared: &'a Declared) -> Self {
        let mut points = BTreeMap::new();
        for (name, resource) in &declared.software_update_points {
            points.entry((&resource.spec.site, resource.spec.role)).or_insert(name);
        }
        Self { declared, points }
    }

    /// The software update point of a site in a role.
    pub(super) fn point(&self, site: &Name, role: UpdatePointRole) -> Option<&'a Name> {
        self.points.get(&(site, role)).copied()
    }

    fn site(&self, name: &Name, resource: &Resource<SiteSpec>) -> Resolved<Site> {
        let spec = &resource.spec;
        let parent = spec
            .parent
            .as_ref()
            .map(|parent| self.site_spec(Kind::Site, name, "spec.parent", parent))
            .transpose()?
            .map(|parent| parent.site_code.clone());
        Ok(Site {
            name: name.clone(),
            depth: self.depth(name)?,
            site_server: self.system(Kind::Site, name, "spec.siteServer", &spec.site_server)?.0,
            settings: SiteServerSettings {
                name: name.clone(),
                r#type: spec.r#type,
                parent: parent.clone(),
                mode: spec.mode,
                version: spec.version,
                forest: spec.forest.clone(),
                enhanced_http: spec.enhanced_http,
                transfers: spec.software_distribution.pull_distribution_points.clone(),
                legacy_catalog: spec.legacy_catalog.clone(),
            },
            parent,
            active_point: self.point(name, UpdatePointRole::Active).cloned(),
            internet_based_point: self.point(name, UpdatePointRole::InternetBased).cloned(),
            transfers: spec.software_distribution.pull_distribution_points.clone(),
            agent: spec.client_agent.software_updates.clone(),
            suspended: resource.metadata.suspended(),
        })
    }

    /// How many sites are above one; a parent that leads back to the site itself is an error.
    fn depth(&self, name: &Name) -> Resolved<usize> {
        let mut depth = 0;
        let mut current = name;
        while let Some(parent) =
            self.declared.sites.get(current).and_then(|site| site.spec.parent.as_ref())
        {
            depth += 1;
            if depth > self.declared.sites.len() {
                return Err(unresolved(Kind::Site, name, "spec.parent", "leads round in a circle"));
            }
            current = parent;
        }
        Ok(depth)
    }

    fn site_system(
        &self,
        name: &Name,
        resource: &Resource<SiteSystemSpec>,
        served: &BTreeMap<&Name, (SiteServerSettings, bool)>,
    ) -> Resolved<SiteSystem> {
        let spec = &resource.spec;
        let site = self.site_spec(Kind::SiteSystem, name, "spec.site", &spec.site)?;
        let (site_server, site_kept) = served.get(name).cloned().unzip();
        Ok(SiteSystem {
            site: site.site_code.clone(),
            settings: SiteSystemSettings {
                site: site.site_code.clone(),
                address: spec.address.clone(),
                software: spec.software.clone(),
                forest: spec.forest.as_ref().or(site.forest.as_ref()).cloned(),
                internet_access: spec.internet_access,
                site_server,
                // What there is of a site is its site server.
                keep: resource.metadata.kept() || site_kept == Some(true),
            },
            agent_url: spec.agent.as_ref().map(|agent| agent.url.clone()),
            placement: spec.placement,
            suspended: resource.metadata.suspended(),
        })
    }

    pub(super) fn site_spec(
        &self,
        kind: Kind,
        name: &Name,
        field: &str,
        to: &Name,
    ) -> Resolved<&SiteSpec> {
        let missing = || {
            unresolved(kind, name, field, format!("names site `{to}`, which no document declares"))
        };
        Ok(&self.declared.sites.get(to).ok_or_else(missing)?.spec)
    }

    pub(super) fn system(
        &self,
        kind: Kind,
        name: &Name,
        field: &str,
        to: &Name,
    ) -> Resolved<(Name, &Address)> {
        let system = self.declared.site_systems.get(to).ok_or_else(|| {
            let what = format!("names site system `{to}`, which no document declares");
            unresolved(kind, name, field, what)
        })?;
        Ok((to.clone(), &system.spec.address))
    }

    pub(super) fn ports(
        &self,
        kind: Kind,
        name: &Name,
        settings: Option<&Name>,
        default: Ports,
    ) -> Resolved<Ports> {
        let Some(settings) = settings else { return Ok(default) };
        let declared = self.declared.port_settings.get(settings).ok_or_else(|| {
            let what = format!("names port settings `{settings}`, which no document declares");
            unresolved(kind, name, "spec.ports", what)
        })?;
        Ok(declared.spec.ports())
    }
}

/// A path of a manifest as people would say it: from the root, and without `..` in the middle.
/// Taken apart as text, because looking at the disk is not for here: a `..` behind a symbolic link
/// leads to where it reads, not to where the link leads.
pub(crate) fn absolute(directory: &Path, path: &str) -> String {
    let mut whole = PathBuf::new();
    for part in directory.join(path).components() {
        match part {
            Component::ParentDir => {
                whole.pop();
            }
            Component::CurDir => {}
            part => whole.push(part),
        }
    }
    whole.display().to_string()
}
