//! The documents of each kind, and how their references are followed.

use std::collections::BTreeMap;

use super::{
    document::Documents,
    linked::{DistributionPoint, Group, Package, Site, SiteSystem, UpdatePoint},
};
use crate::model::{
    Declared, DistributionPointGroupSpec, DistributionPointSpec, DistributionPointType, Name,
    PortSettingsSpec, Ports, SiteMode, SiteSpec, SiteSystemSpec, SoftwareUpdatePointSpec,
    UpdatePointRole,
};

/// The documents that others refer to, and all of them.
pub(super) struct Tables<'a> {
    declared: &'a Declared,
    sites: Documents<'a, SiteSpec>,
    site_systems: Documents<'a, SiteSystemSpec>,
    pub(super) port_settings: Documents<'a, PortSettingsSpec>,
    points: Documents<'a, DistributionPointSpec>,
    groups: Documents<'a, DistributionPointGroupSpec>,
}

impl<'a> Tables<'a> {
    pub(super) fn new(declared: &'a Declared) -> Self {
        Self {
            declared,
            sites: Documents::new(&declared.sites),
            site_systems: Documents::new(&declared.site_systems),
            port_settings: Documents::new(&declared.port_settings),
            points: Documents::new(&declared.distribution_points),
            groups: Documents::new(&declared.distribution_point_groups),
        }
    }

    pub(super) fn sites(&self) -> Vec<Site<'a>> {
        let sites = self.sites.iter().map(|document| Site {
            document,
            parent: document.spec().parent.as_ref().and_then(|it| self.sites.find(it)),
            server: self.site_systems.find(&document.spec().site_server),
            ports: self.management_point_ports(document.spec()),
        });
        sites.collect()
    }

    pub(super) fn site_systems(&self, sites: &[Site<'_>]) -> Vec<SiteSystem<'a>> {
        let systems = self.site_systems.iter().zip(computers(&self.site_systems));
        let mut systems: Vec<SiteSystem<'_>> = systems
            .map(|(document, computer)| SiteSystem {
                document,
                site: self.sites.find(&document.spec().site),
                serves: None,
                computer,
            })
            .collect();
        for (number, site) in sites.iter().enumerate() {
            if let Some(system) = site.server.and_then(|it| systems.get_mut(it)) {
                system.serves.get_or_insert(number);
            }
        }
        systems
    }

    pub(super) fn update_points(&self) -> Vec<UpdatePoint<'a>> {
        let points = Documents::new(&self.declared.software_update_points);
        let mut active: BTreeMap<&Name, &SoftwareUpdatePointSpec> = BTreeMap::new();
        for document in points.iter().filter(|it| it.spec().role == UpdatePointRole::Active) {
            active.entry(&document.spec().site).or_insert(document.spec());
        }
        let points = points.iter().map(|document| {
            let spec = document.spec();
            let site = self.sites.find(&spec.site);
            let beside = active
                .get(&spec.site)
                .filter(|_| spec.role == UpdatePointRole::InternetBased)
                .and_then(|active| active.ssl);
            UpdatePoint {
                document,
                site,
                system: self.site_systems.find(&spec.site_system),
                ports: self.ports(spec.ports.as_ref(), Ports::CUSTOM),
                ssl: spec.ssl.or(beside).or_else(|| Some(self.mode(site)? == SiteMode::Native)),
            }
        });
        points.collect()
    }

    pub(super) fn distribution_points(&self) -> Vec<DistributionPoint<'a>> {
        let points = self.points.iter().map(|document| {
            let spec = document.spec();
            let site = self.sites.find(&spec.site);
            let gateway = spec.r#type == DistributionPointType::CloudManagementGateway;
            // A gateway's does not depend on the mode.
            let mode = self.mode(site).or(gateway.then_some(SiteMode::Native));
            let sources = spec.pull.iter().flat_map(|pull| &pull.sources);
            DistributionPoint {
                document,
                site,
                system: self.site_systems.find(&spec.site_system),
                ports: self.ports(spec.ports.as_ref(), Ports::DEFAULT),
                protocol: spec.protocol.or_else(|| Some(spec.protocol_in(mode?))),
                sources: sources.map(|it| self.points.find(&it.distribution_point)).collect(),
            }
        });
        points.collect()
    }

    pub(super) fn groups(&self) -> Vec<Group<'a>> {
        let groups = self.groups.iter();
        groups
            .map(|document| Group { document, members: self.members(&document.spec().members) })
            .collect()
    }

    pub(super) fn packages(&self) -> Vec<Package<'a>> {
        let packages = Documents::new(&self.declared.packages);
        let packages = packages.iter().map(|document| {
            let to = &document.spec().distribute_to;
            Package {
                document,
                points: self.members(&to.distribution_points),
                groups: to.groups.iter().map(|name| self.groups.find(name)).collect(),
            }
        });
        packages.collect()
    }

    fn members(&self, names: &[Name]) -> Vec<Option<usize>> {
        names.iter().map(|name| self.points.find(name)).collect()
    }

    fn ports(&self, settings: Option<&Name>, default: Ports) -> Option<Ports> {
        let Some(name) = settings else { return Some(default) };
        Some(self.port_settings.get(self.port_settings.find(name)?)?.spec().ports())
    }

    /// The ports of the management point of a site that has one.
    fn management_point_ports(&self, site: &SiteSpec) -> Option<Ports> {
        self.ports(site.management_point.as_ref()?.ports.as_ref(), Ports::DEFAULT)
    }

    fn mode(&self, site: Option<usize>) -> Option<SiteMode> {
        Some(self.sites.get(site?)?.spec().mode)
    }
}

/// For each site system the number of its computer: that of the first with its address.
fn computers(systems: &Documents<'_, SiteSystemSpec>) -> Vec<usize> {
    let mut addresses: Vec<_> =
        systems.iter().map(|it| it.resource.spec.address.folded()).zip(0..).collect();
    addresses.sort();
    let mut computers: Vec<usize> = (0..addresses.len()).collect();
    for same in addresses.chunk_by(|(one, _), (other, _)| one == other) {
        for (_, number) in same {
            computers[*number] = same[0].1;
        }
    }
    computers
}
