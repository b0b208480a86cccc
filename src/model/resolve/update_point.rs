//! Software update points: effective settings and upstreams (SUP-4, SYNC-1).

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    absolute::absolute,
    resolver::Resolver,
    unresolved::{Resolved, unresolved},
};
use crate::model::{
    ClientConnections, ContentStore, FieldPath, Kind, Name, Package, Ports, Resource, ResourceId,
    SYNC_REQUESTED_AT, Site, SiteCode, SiteMode, SiteSpec, SiteType, SoftwareUpdatePointSpec,
    SourceType, SynchronizationSource, Unresolved, UpdateContentSpec, UpdatePoint, UpdatePointRole,
    UpdatePointSettings, UpdateSelection, UpstreamSettings, common_directory,
    update_content::in_order,
};

impl Resolver<'_> {
    pub(super) fn update_point(
        &self,
        name: &Name,
        resource: &Resource<SoftwareUpdatePointSpec>,
    ) -> Resolved<UpdatePoint> {
        let kind = Kind::SoftwareUpdatePoint;
        let spec = &resource.spec;
        let site = self.site_spec(kind, name, "spec.site", &spec.site)?;
        let (site_system, _) = self.system(kind, name, "spec.siteSystem", &spec.site_system)?;
        let client_connections = spec.client_connections.unwrap_or(match spec.role {
            UpdatePointRole::Active => ClientConnections::Intranet,
            UpdatePointRole::InternetBased => ClientConnections::Internet,
        });
        let sync_requested_at = match resource.metadata.annotations.get(SYNC_REQUESTED_AT) {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| Unresolved {
                resource: ResourceId::new(kind, name),
                field: FieldPath::new("metadata.annotations").literal_key(SYNC_REQUESTED_AT),
                what: format!("is `{text}`, which is not a time: write 2026-12-01T02:00:00Z"),
            })?),
        };
        let source = self.source(name, resource, site)?;
        Ok(UpdatePoint {
            site_system,
            settings: UpdatePointSettings {
                site: site.site_code.clone(),
                role: spec.role,
                ports: self.ports(kind, name, spec.ports.as_ref(), Ports::CUSTOM)?,
                ssl: self.ssl(spec, site),
                certificate: spec.certificate.clone(),
                client_certificates: spec.client_certificates,
                downstream_servers: spec.downstream_servers.as_deref().map(|listed| {
                    let itself = std::iter::once(name.to_string());
                    in_order(&listed.iter().cloned().chain(itself).collect::<Vec<_>>())
                }),
                client_connections,
                replica: source.r#type == SourceType::ParentSite
                    && site.r#type == SiteType::Secondary,
                source,
                schedule: spec.schedule.clone(),
                classifications: in_order(&spec.classifications),
                products: in_order(&spec.products),
                selection: spec.selection,
                languages: in_order(self.as_the_active_point(spec, |it| &it.languages)),
                publishers: in_order(&spec.publishers),
                content: spec.content.as_ref().map(content).unwrap_or_default(),
                packages: BTreeMap::new(),
                keep: resource.metadata.kept(),
            },
            file_in_checkout: self.file_in_checkout(resource),
            sync_requested_at,
            suspended: resource.metadata.suspended(),
        })
    }

    /// Whether a point uses SSL: an Internet-based one as the active one, unless it says otherwise
    /// (SUP-6).
    fn ssl(&self, spec: &SoftwareUpdatePointSpec, site: &SiteSpec) -> bool {
        let of_active = || self.active_beside(spec)?.ssl;
        spec.ssl.or_else(of_active).unwrap_or(site.mode == SiteMode::Native)
    }

    /// A list of a point; of an Internet-based one that has none, that of the active one (SUP-6).
    fn as_the_active_point<'b>(
        &'b self,
        spec: &'b SoftwareUpdatePointSpec,
        list: impl Fn(&'b SoftwareUpdatePointSpec) -> &'b [String],
    ) -> &'b [String] {
        match self.active_beside(spec) {
            Some(active) if list(spec).is_empty() => list(active),
            _ => list(spec),
        }
    }

    /// The active point of the site of an Internet-based one.
    fn active_beside(&self, spec: &SoftwareUpdatePointSpec) -> Option<&SoftwareUpdatePointSpec> {
        if spec.role != UpdatePointRole::InternetBased {
            return None;
        }
        let active = self.point(&spec.site, UpdatePointRole::Active)?;
        Some(&self.declared.software_update_points.get(active)?.spec)
    }

    /// Where the file of `source: Import` is below what holds it and the manifests.
    fn file_in_checkout(&self, resource: &Resource<SoftwareUpdatePointSpec>) -> Option<PathBuf> {
        let file = resource.spec.source.as_ref()?.file.as_deref()?;
        let file = PathBuf::from(absolute(&resource.directory, file));
        let relative = !Path::new(resource.spec.source.as_ref()?.file.as_deref()?).is_absolute();
        let holder = common_directory([self.root.as_deref()?, file.parent()?].into_iter())?;
        file.strip_prefix(holder).ok().filter(|_| relative).map(Path::to_owned)
    }

    fn source(
        &self,
        name: &Name,
        resource: &Resource<SoftwareUpdatePointSpec>,
        site: &SiteSpec,
    ) -> Resolved<UpstreamSettings> {
        let kind = Kind::SoftwareUpdatePoint;
        let spec = &resource.spec;
        let default = match (spec.role, &site.parent) {
            (UpdatePointRole::InternetBased, _) => SourceType::ActiveUpdatePoint,
            (UpdatePointRole::Active, Some(_)) => SourceType::ParentSite,
            (UpdatePointRole::Active, None) => SourceType::MicrosoftUpdate,
        };
        let source = spec.source.clone().unwrap_or(SynchronizationSource {
            r#type: default,
            url: None,
            file: None,
        });
        let upstream_site = match source.r#type {
            SourceType::ParentSite => Some(site.parent.as_ref().ok_or_else(|| {
                unresolved(kind, name, "spec.source.type", "is `ParentSite`, but the site has none")
            })?),
            SourceType::ActiveUpdatePoint => Some(&spec.site),
            _ => None,
        };
        let file = source.file.map(|file| absolute(&resource.directory, &file));
        let Some(upstream_site) = upstream_site else {
            return Ok(UpstreamSettings {
                r#type: source.r#type,
                update_point: None,
                url: source.url,
                file,
            });
        };
        let (upstream, upstream_spec) = self
            .point(upstream_site, UpdatePointRole::Active)
            .filter(|upstream| *upstream != name)
            .and_then(|upstream| {
                Some((upstream, &self.declared.software_update_points.get(upstream)?.spec))
            })
            .ok_or_else(|| {
                let what = format!(
                    "is {:?}, but site `{upstream_site}` has no active software update point",
                    source.r#type
                );
                unresolved(kind, name, "spec.source.type", what)
            })?;
        let (_, address) =
            self.system(kind, upstream, "spec.siteSystem", &upstream_spec.site_system)?;
        let above = self.site_spec(kind, upstream, "spec.site", &upstream_spec.site)?;
        let ports = self.ports(kind, upstream, upstream_spec.ports.as_ref(), Ports::CUSTOM)?;
        let ssl = self.ssl(upstream_spec, above);
        Ok(UpstreamSettings {
            r#type: source.r#type,
            update_point: Some(upstream.clone()),
            url: Some(ports.url(ssl, address)),
            file: None,
        })
    }
}

/// Lets the points of this hierarchy synchronize that are below those with a list of servers that may.
pub(super) fn let_in_those_below(points: &mut BTreeMap<Name, UpdatePoint>) {
    let below: Vec<_> = points
        .iter()
        .filter_map(|(name, it)| Some((it.settings.source.update_point.clone()?, name.clone())))
        .collect();
    for (upstream, name) in below {
        let upstream = points.get_mut(&upstream);
        if let Some(listed) = upstream.and_then(|it| it.settings.downstream_servers.as_mut()) {
            listed.push(name.to_string());
            *listed = in_order(listed);
        }
    }
}

/// Tells the active points of the sites which updates packages of theirs are made of.
pub(super) fn let_them_store_for_packages(
    points: &mut BTreeMap<Name, UpdatePoint>,
    packages: &BTreeMap<Name, Package>,
    sites: &BTreeMap<SiteCode, Site>,
) {
    for package in packages.values() {
        let Some(updates) = &package.source.updates else { continue };
        let active = sites.get(&package.site).and_then(|site| site.active_point.as_ref());
        if let Some(point) = active.and_then(|it| points.get_mut(it)) {
            point.settings.packages.insert(package.id.clone(), updates.clone());
        }
    }
}

/// What nothing follows from is left out, so that it is no difference.
fn content(spec: &UpdateContentSpec) -> UpdateContentSpec {
    let UpdateContentSpec { store, updates } = spec;
    let updates = updates.as_ref().filter(|_| *store != ContentStore::None);
    let updates = updates.map(UpdateSelection::in_order);
    let updates = updates.filter(|it| *it != UpdateSelection::default());
    UpdateContentSpec { store: *store, updates }
}
