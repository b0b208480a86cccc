//! What the documents mean: every reference followed, every default filled in, everything indexed.

use std::{collections::BTreeMap, path::PathBuf};

use super::{
    ClientPolicy, Digest, DistributionPointSettings, DistributionSettings, KubernetesSpec,
    LocalUpdate, MaintenanceWindow, Name, PackageId, PackageSource, Placement, PointSet, Priority,
    SiteCode, SiteServerSettings, SiteSystemSettings, SoftwareUpdatesAgent, SynchronizationOrder,
    TransferSettings, UpdatePointSettings, WsusVersion,
};

/// The wanted hierarchy. Made by [`Hierarchy::resolve`], so every name in it leads somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hierarchy {
    /// The sites by code.
    pub sites: BTreeMap<SiteCode, Site>,
    /// The site systems by name.
    pub site_systems: BTreeMap<Name, SiteSystem>,
    /// The software update points by name.
    pub update_points: BTreeMap<Name, UpdatePoint>,
    /// The distribution points by name.
    pub distribution_points: BTreeMap<Name, DistributionPoint>,
    /// The packages by name.
    pub packages: BTreeMap<Name, Package>,
    /// The updates of local publishers by name.
    pub local_updates: BTreeMap<Name, DeclaredLocalUpdate>,
    /// The maintenance windows by name.
    pub maintenance_windows: BTreeMap<Name, MaintenanceWindow>,
}

/// A site (TOP-1, TOP-2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The name of its document.
    pub name: Name,
    /// How far below the top it is; 0 is the top.
    pub depth: usize,
    /// The site above it.
    pub parent: Option<SiteCode>,
    /// The sites right below it, ascending.
    pub children: Vec<SiteCode>,
    /// The site system that is its site server.
    pub site_server: Name,
    /// What its site server is told.
    pub settings: SiteServerSettings,
    /// When its update point takes updates from its parent's.
    pub synchronization: SynchronizationOrder,
    /// Its active software update point.
    pub active_point: Option<Name>,
    /// Its active Internet-based software update point.
    pub internet_based_point: Option<Name>,
    /// How Distribution Manager sends its packages.
    pub distribution: DistributionSettings,
    /// How Package Transfer Manager treats its pull distribution points.
    pub transfers: TransferSettings,
    /// Properties of the software updates client agent.
    pub agent: SoftwareUpdatesAgent,
    /// Whether it is suspended.
    pub suspended: bool,
}

/// A site system (TOP-3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteSystem {
    /// The code of its site.
    pub site: SiteCode,
    /// What its agent is told.
    pub settings: SiteSystemSettings,
    /// The address of its agent's admin port, where one is declared.
    pub agent_url: Option<String>,
    /// Where its agent runs; absent: the driver decides.
    pub placement: Option<Placement>,
    /// What it is given where it runs as a pod. Not among its settings: the operator alone reads it, and a
    /// plan, which compares settings, does not see it change.
    pub kubernetes: KubernetesSpec,
    /// Whether it is suspended.
    pub suspended: bool,
}

impl SiteSystem {
    /// The version of WSUS to install where none is: the declared one, or the newest (SUP-2).
    pub fn wsus_to_install(&self) -> WsusVersion {
        self.settings.software.wsus.unwrap_or(WsusVersion::V10_0)
    }
}

/// A software update point (SUP-4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdatePoint {
    /// The site system that carries it.
    pub site_system: Name,
    /// Its effective settings.
    pub settings: UpdatePointSettings,
    /// Where `source.file` is below a directory that holds the manifests too: in another checkout of
    /// them it is there again. None where it is named by an absolute path.
    pub file_in_checkout: Option<PathBuf>,
    /// The time of the last request to run a synchronization by hand (SYNC-2).
    pub sync_requested_at: Option<jiff::Timestamp>,
    /// Whether it is suspended.
    pub suspended: bool,
}

/// A distribution point (PDP-1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistributionPoint {
    /// The site system that carries it.
    pub site_system: Name,
    /// Its effective settings.
    pub settings: DistributionPointSettings,
    /// Whether it is suspended.
    pub suspended: bool,
}

/// A package, and the distribution points that shall hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its ID.
    pub id: PackageId,
    /// The site that owns it: whose site server has the source.
    pub site: SiteCode,
    /// What people call it.
    pub display_name: Option<String>,
    /// The wanted source version.
    pub version: u32,
    /// Where the content comes from; a `path` is absolute.
    pub source: PackageSource,
    /// Its `path` as the document has it: the same in every checkout of the manifests.
    pub written_path: Option<String>,
    /// The digest that its list of files must have: on the way back to what it held.
    pub content: Option<Digest>,
    /// The distribution points that shall hold it, groups unfolded; shared by packages that go to
    /// the same ones.
    pub distribute_to: PointSet,
    /// Which packages go first.
    pub priority: Priority,
    /// Whether it is suspended.
    pub suspended: bool,
}

/// An update of a local publisher (SYNC-10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredLocalUpdate {
    /// What the point that publishes it is told.
    pub update: LocalUpdate,
    /// Whether it is suspended.
    pub suspended: bool,
}

impl Hierarchy {
    /// The point that publishes updates of local publishers (SYNC-10): the active one of the site at
    /// the top.
    pub fn publishing_point(&self) -> Option<(&SiteCode, &Site, &Name, &UpdatePoint)> {
        let (code, site) = self.sites.iter().find(|(_, site)| site.parent.is_none())?;
        let (name, point) = self.update_points.get_key_value(site.active_point.as_ref()?)?;
        Some((code, site, name, point))
    }

    /// The sites from the top down; within a level by code.
    pub fn sites_top_down(&self) -> Vec<(&SiteCode, &Site)> {
        let mut sites: Vec<_> = self.sites.iter().collect();
        sites.sort_by_key(|(code, site)| (site.depth, *code));
        sites
    }

    /// The sites directly below a site, by code.
    pub fn children<'a>(
        &'a self,
        of: &'a SiteCode,
    ) -> impl Iterator<Item = (&'a SiteCode, &'a Site)> + 'a {
        let site = self.sites.get(of).into_iter();
        site.flat_map(|site| &site.children).filter_map(|child| self.sites.get_key_value(child))
    }

    /// The admin addresses of the agents that run on computers of their own, or in pods.
    pub fn remote_agents(&self) -> BTreeMap<Name, String> {
        let systems = self.site_systems.iter();
        let apart = [Some(Placement::Remote), Some(Placement::Kubernetes)];
        let remote = systems.filter(|(_, it)| apart.contains(&it.placement));
        remote.filter_map(|(name, it)| Some((name.clone(), it.agent_url.clone()?))).collect()
    }

    /// The policy that a site's clients shall have (SYNC-9); none while the site has no active
    /// point.
    pub fn client_policy(&self, site: &Site) -> Option<ClientPolicy> {
        let active = site.active_point.as_ref()?;
        let internet_url = match &site.internet_based_point {
            Some(point) => self.update_point_url(point),
            None => self
                .update_points
                .get(active)
                .filter(|point| {
                    point.settings.client_connections
                        == super::ClientConnections::IntranetAndInternet
                })
                .and_then(|_| self.update_point_url(active)),
        };
        Some(ClientPolicy {
            update_point: active.clone(),
            url: self.update_point_url(active)?,
            internet_url,
            agent: site.agent.clone(),
        })
    }

    /// The address of a software update point: scheme, host as declared, port (PORT-3).
    pub fn update_point_url(&self, name: &Name) -> Option<String> {
        let point = self.update_points.get(name)?;
        let address = &self.site_systems.get(&point.site_system)?.settings.address;
        Some(point.settings.ports.url(point.settings.ssl, address))
    }

    /// The address of a distribution point: scheme, host as declared, port (PORT-2).
    pub fn distribution_point_url(&self, name: &Name) -> Option<String> {
        let point = self.distribution_points.get(name)?;
        let address = &self.site_systems.get(&point.site_system)?.settings.address;
        let secure = point.settings.protocol == super::ContentProtocol::Https;
        Some(point.settings.ports.url(secure, address))
    }

    /// The point that a software update point synchronizes from, where it is one of the hierarchy.
    pub fn upstream(&self, point: &UpdatePoint) -> Option<(&Name, &UpdatePoint)> {
        self.update_points.get_key_value(point.settings.source.update_point.as_ref()?)
    }
}
