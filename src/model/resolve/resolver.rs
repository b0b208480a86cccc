//! From documents to their meaning: [`Hierarchy::resolve`].

use std::{collections::BTreeMap, path::PathBuf};

use super::{
    local_update::local_update,
    maintenance_window::maintenance_window,
    package::PointSets,
    unresolved::{Resolved, Unresolved, unresolved},
    update_point::{let_in_those_below, let_them_store_for_packages},
};
use crate::model::{
    Address, Declared, Hierarchy, Kind, ManagementPointSettings, Name, Ports, Resource, Site,
    SiteCode, SiteServerSettings, SiteSpec, SiteSystem, SiteSystemSettings, SiteSystemSpec,
    UpdatePointRole,
};

impl Hierarchy {
    /// Follows every reference and fills in every default.
    ///
    /// # Errors
    ///
    /// The first reference that leads nowhere.
    pub fn resolve(declared: &Declared) -> Result<Self, Unresolved> {
        let documents = Resolver::new(declared)?;
        let mut sites = BTreeMap::new();
        let mut served = BTreeMap::new();
        for (name, resource) in &declared.sites {
            let site = documents.site(name, resource)?;
            served
                .entry(&resource.spec.site_server)
                .or_insert_with(|| (site.settings.clone(), resource.metadata.kept()));
            sites.insert(resource.spec.site_code.clone(), site);
        }
        know_children(&mut sites);
        let mut site_systems = BTreeMap::new();
        for (name, resource) in &declared.site_systems {
            site_systems.insert(name.clone(), documents.site_system(name, resource, &served)?);
        }
        let mut update_points = BTreeMap::new();
        for (name, resource) in &declared.software_update_points {
            update_points.insert(name.clone(), documents.update_point(name, resource)?);
        }
        let_in_those_below(&mut update_points);
        let mut distribution_points = BTreeMap::new();
        for (name, resource) in &declared.distribution_points {
            distribution_points.insert(name.clone(), documents.distribution_point(name, resource)?);
        }
        let mut sets = PointSets::new(declared)?;
        let mut packages = BTreeMap::new();
        for (name, resource) in &declared.packages {
            packages.insert(name.clone(), sets.package(name, resource, &sites)?);
        }
        let_them_store_for_packages(&mut update_points, &packages, &sites);
        let updates = declared.local_updates.iter();
        let local_updates =
            updates.map(|(name, resource)| (name.clone(), local_update(name, resource))).collect();
        let windows = declared.maintenance_windows.iter();
        let maintenance_windows = windows
            .map(|(name, it)| Ok((name.clone(), maintenance_window(&documents, name, it)?)))
            .collect::<Resolved<_>>()?;
        Ok(Self {
            sites,
            site_systems,
            update_points,
            distribution_points,
            packages,
            local_updates,
            maintenance_windows,
        })
    }
}

pub(super) struct Resolver<'a> {
    pub(super) declared: &'a Declared,
    /// The directory that all manifests are in.
    pub(super) root: Option<PathBuf>,
    /// The software update points by site and role; of several the first one, which only a
    /// hierarchy that breaks SUP-4 has.
    points: BTreeMap<(&'a Name, UpdatePointRole), &'a Name>,
    /// How many sites are above each.
    depths: BTreeMap<&'a Name, usize>,
}

impl<'a> Resolver<'a> {
    fn new(declared: &'a Declared) -> Resolved<Self> {
        let mut points = BTreeMap::new();
        for (name, resource) in &declared.software_update_points {
            points.entry((&resource.spec.site, resource.spec.role)).or_insert(name);
        }
        Ok(Self { declared, root: declared.root(), points, depths: depths(declared)? })
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
            depth: self.depths.get(name).copied().unwrap_or_default(),
            site_server: self.system(Kind::Site, name, "spec.siteServer", &spec.site_server)?.0,
            settings: SiteServerSettings {
                name: name.clone(),
                r#type: spec.r#type,
                parent: parent.clone(),
                mode: spec.mode,
                version: spec.version,
                forest: spec.forest.clone(),
                enhanced_http: spec.enhanced_http,
                distribution: spec.software_distribution.distribution_points.clone(),
                transfers: spec.software_distribution.pull_distribution_points.clone(),
                legacy_catalog: spec.legacy_catalog.clone(),
                management_point: self.management_point(name, spec)?,
            },
            parent,
            children: Vec::new(),
            synchronization: spec.synchronization,
            active_point: self.point(name, UpdatePointRole::Active).cloned(),
            internet_based_point: self.point(name, UpdatePointRole::InternetBased).cloned(),
            distribution: spec.software_distribution.distribution_points.clone(),
            transfers: spec.software_distribution.pull_distribution_points.clone(),
            agent: spec.client_agent.software_updates.clone(),
            suspended: resource.metadata.suspended(),
        })
    }

    fn management_point(
        &self,
        name: &Name,
        spec: &SiteSpec,
    ) -> Resolved<Option<ManagementPointSettings>> {
        let Some(declared) = &spec.management_point else { return Ok(None) };
        let field = "spec.managementPoint.ports";
        let named = declared.ports.as_ref();
        Ok(Some(ManagementPointSettings {
            protocol: ManagementPointSettings::protocol_in(spec.mode),
            ports: self.ports_in(Kind::Site, name, field, named, Ports::DEFAULT)?,
            certificate: declared.certificate.clone(),
        }))
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
            kubernetes: spec.kubernetes.clone().unwrap_or_default(),
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
        self.ports_in(kind, name, "spec.ports", settings, default)
    }

    fn ports_in(
        &self,
        kind: Kind,
        name: &Name,
        field: &str,
        settings: Option<&Name>,
        default: Ports,
    ) -> Resolved<Ports> {
        let Some(settings) = settings else { return Ok(default) };
        let declared = self.declared.port_settings.get(settings).ok_or_else(|| {
            let what = format!("names port settings `{settings}`, which no document declares");
            unresolved(kind, name, field, what)
        })?;
        Ok(declared.spec.ports())
    }
}

/// How many sites are above each; each is climbed from once. A parent that leads back to the site
/// itself is an error.
fn depths(declared: &Declared) -> Resolved<BTreeMap<&Name, usize>> {
    let mut depths = BTreeMap::new();
    for start in declared.sites.keys() {
        let mut climbed = Vec::new();
        let mut next = Some(start);
        let mut depth = 0;
        while let Some((name, site)) = next.and_then(|name| declared.sites.get_key_value(name)) {
            if let Some(known) = depths.get(name) {
                depth = *known + 1_usize;
                break;
            }
            climbed.push(name);
            if climbed.len() > declared.sites.len() {
                return Err(unresolved(
                    Kind::Site,
                    start,
                    "spec.parent",
                    "leads round in a circle",
                ));
            }
            next = site.spec.parent.as_ref();
        }
        depths.extend(climbed.into_iter().rev().zip(depth..));
    }
    Ok(depths)
}

/// Tells every site of those below it, by code.
fn know_children(sites: &mut BTreeMap<SiteCode, Site>) {
    let parents = sites.iter().map(|(code, site)| (code.clone(), site.parent.clone()));
    for (code, parent) in parents.collect::<Vec<_>>() {
        if let Some(parent) = parent.and_then(|parent| sites.get_mut(&parent)) {
            parent.children.push(code);
        }
    }
}
