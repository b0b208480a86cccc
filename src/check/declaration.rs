//! All documents as rules look at them: every reference followed once, so that no rule searches.

use std::collections::BTreeMap;

use super::{
    Unread,
    content::Content,
    document::Documents,
    linked::{DistributionPoint, Group, Package, Site, SiteSystem, UpdatePoint},
    tables::Tables,
};
use crate::model::{
    Declared, Kind, LocalUpdateSpec, MaintenanceWindowSpec, Name, NotificationSpec,
    PortSettingsSpec, Resource, SiteType, UpdatePointRole,
};

/// All documents that were read, each list in the order in which they were written.
pub(super) struct Declaration<'a> {
    pub(super) declared: &'a Declared,
    pub(super) unread: &'a Unread,
    pub(super) sites: Vec<Site<'a>>,
    pub(super) site_systems: Vec<SiteSystem<'a>>,
    pub(super) port_settings: Documents<'a, PortSettingsSpec>,
    pub(super) update_points: Vec<UpdatePoint<'a>>,
    pub(super) distribution_points: Vec<DistributionPoint<'a>>,
    pub(super) groups: Vec<Group<'a>>,
    pub(super) packages: Vec<Package<'a>>,
    pub(super) local_updates: Documents<'a, LocalUpdateSpec>,
    pub(super) notifications: Documents<'a, NotificationSpec>,
    pub(super) windows: Documents<'a, MaintenanceWindowSpec>,
    /// Which packages each distribution point is given.
    pub(super) content: Content,
    /// The site at the top, if there is one.
    pub(super) top: Option<usize>,
    /// The site that is served by each computer.
    servers: BTreeMap<usize, usize>,
    /// The numbers of the update points of each site, read or not.
    points_of_sites: BTreeMap<&'a Name, Vec<usize>>,
}

impl<'a> Declaration<'a> {
    pub(super) fn new(declared: &'a Declared, unread: &'a Unread) -> Self {
        let tables = Tables::new(declared);
        let sites = tables.sites();
        let site_systems = tables.site_systems(&sites);
        let update_points = tables.update_points();
        let distribution_points = tables.distribution_points();
        let (groups, packages) = (tables.groups(), tables.packages());
        let mut points_of_sites = BTreeMap::<_, Vec<usize>>::new();
        for (number, point) in update_points.iter().enumerate() {
            points_of_sites.entry(&point.document.spec().site).or_default().push(number);
        }
        Self {
            declared,
            unread,
            top: top(&sites),
            servers: servers(&site_systems),
            content: Content::new(distribution_points.len(), &groups, &packages),
            sites,
            site_systems,
            port_settings: tables.port_settings,
            update_points,
            distribution_points,
            groups,
            packages,
            local_updates: Documents::new(&declared.local_updates),
            notifications: Documents::new(&declared.notifications),
            windows: Documents::new(&declared.maintenance_windows),
            points_of_sites,
        }
    }

    pub(super) fn site(&self, link: Option<usize>) -> Option<&Site<'a>> {
        self.sites.get(link?)
    }

    pub(super) fn system(&self, link: Option<usize>) -> Option<&SiteSystem<'a>> {
        self.site_systems.get(link?)
    }

    /// The site whose server is on the computer of a site system, by whatever name.
    pub(super) fn serves(&self, system: &SiteSystem<'_>) -> Option<usize> {
        let of_computer = || self.servers.get(&system.computer).copied();
        system.serves.or_else(of_computer)
    }

    pub(super) fn distribution_point(&self, link: Option<usize>) -> Option<&DistributionPoint<'a>> {
        self.distribution_points.get(link?)
    }

    /// The update points of each site, by the name of the site, in the order of documents.
    pub(super) fn points_of_sites(
        &self,
    ) -> impl Iterator<Item = (&'a Name, Vec<&UpdatePoint<'a>>)> {
        self.points_of_sites.iter().map(|(site, points)| {
            (*site, points.iter().filter_map(|it| self.update_points.get(*it)).collect())
        })
    }

    /// The update point that a site has in a role; of several the first.
    pub(super) fn point_of(&self, site: &Name, role: UpdatePointRole) -> Option<&UpdatePoint<'a>> {
        let points = self.points_of_sites.get(site)?;
        let mut points = points.iter().filter_map(|it| self.update_points.get(*it));
        points.find(|point| point.document.spec().role == role)
    }

    /// The active update point of a site.
    pub(super) fn active_point(&self, site: &Name) -> Option<&UpdatePoint<'a>> {
        self.point_of(site, UpdatePointRole::Active)
    }

    /// The active update point of the top site.
    pub(super) fn top_point(&self) -> Option<&UpdatePoint<'a>> {
        self.active_point(self.site(self.top)?.document.name)
    }

    /// Documents of that kind whose names stand near a name, when all are sorted.
    pub(super) fn names_near(&self, kind: Kind, name: &Name) -> Vec<&'a Name> {
        let declared = self.declared;
        match kind {
            Kind::Site => near(&declared.sites, name),
            Kind::SiteSystem => near(&declared.site_systems, name),
            Kind::PortSettings => near(&declared.port_settings, name),
            Kind::SoftwareUpdatePoint => near(&declared.software_update_points, name),
            Kind::DistributionPoint => near(&declared.distribution_points, name),
            Kind::DistributionPointGroup => near(&declared.distribution_point_groups, name),
            Kind::Package => near(&declared.packages, name),
            Kind::LocalUpdate => near(&declared.local_updates, name),
            Kind::Notification => near(&declared.notifications, name),
            Kind::MaintenanceWindow => near(&declared.maintenance_windows, name),
        }
    }

    /// Whether a document of that kind and name exists, or may be one that was not read.
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
            Kind::LocalUpdate => declared.local_updates.contains_key(name),
            Kind::Notification => declared.notifications.contains_key(name),
            Kind::MaintenanceWindow => declared.maintenance_windows.contains_key(name),
        };
        read || self.unread.may_be(kind, name)
    }
}

fn servers(systems: &[SiteSystem<'_>]) -> BTreeMap<usize, usize> {
    let mut servers = BTreeMap::new();
    for system in systems {
        if let Some(site) = system.serves {
            servers.entry(system.computer).or_insert(site);
        }
    }
    servers
}

fn near<'a, Spec>(all: &'a BTreeMap<Name, Resource<Spec>>, name: &Name) -> Vec<&'a Name> {
    const ON_EACH_SIDE: usize = 16;
    let before = all.range::<Name, _>(..name).rev().take(ON_EACH_SIDE);
    let after = all.range::<Name, _>(name..).take(ON_EACH_SIDE);
    before.chain(after).map(|(name, _)| name).collect()
}

/// The central site is meant to be the top, wherever it is written; else the first without a parent.
fn top(sites: &[Site<'_>]) -> Option<usize> {
    let tops = sites.iter().enumerate().filter(|(_, it)| it.document.spec().parent.is_none());
    tops.min_by_key(|(_, it)| it.document.spec().r#type != SiteType::Central)
        .map(|(number, _)| number)
}
