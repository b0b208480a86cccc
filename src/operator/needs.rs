//! What documents need of each other: an object that somebody has deleted stays wanted as long as one
//! that nobody has deleted names it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Declared, Kind, Name, ResourceId};

/// The references of all documents: who names whom.
#[derive(Debug, Default)]
pub(super) struct Needs {
    of: BTreeMap<ResourceId, BTreeSet<ResourceId>>,
}

impl Needs {
    /// Those of these documents.
    pub(super) fn of(declared: &Declared) -> Self {
        let mut needs = Self::default();
        needs.sites(declared);
        needs.roles(declared);
        needs.content(declared);
        let windows = declared.maintenance_windows.iter();
        let windows = windows.map(|(name, it)| (Kind::MaintenanceWindow, name, &it.spec.sites));
        let notifications = declared.notifications.iter();
        let told = notifications.map(|(name, it)| (Kind::Notification, name, &it.spec.sites));
        for (kind, name, sites) in windows.chain(told) {
            needs.add(kind, name, sites.iter().map(|site| (Kind::Site, site)));
        }
        needs
    }

    /// Of what is `left` those that one of the `kept` needs, or one of these in turn: who is needed, and
    /// by whom.
    pub(super) fn needed(
        &self,
        kept: &BTreeSet<ResourceId>,
        left: &BTreeSet<ResourceId>,
    ) -> BTreeMap<ResourceId, ResourceId> {
        let mut needed = BTreeMap::new();
        let mut open: Vec<&ResourceId> = kept.iter().collect();
        while let Some(by) = open.pop() {
            for needs in self.of.get(by).into_iter().flatten() {
                if left.contains(needs) && !needed.contains_key(needs) {
                    needed.insert(needs.clone(), by.clone());
                    open.push(needs);
                }
            }
        }
        needed
    }

    fn sites(&mut self, declared: &Declared) {
        for (name, site) in &declared.sites {
            let spec = &site.spec;
            let ports = spec.management_point.as_ref().and_then(|it| it.ports.as_ref());
            let parent = spec.parent.iter().map(|it| (Kind::Site, it));
            let ports = ports.into_iter().map(|it| (Kind::PortSettings, it));
            let server = [(Kind::SiteSystem, &spec.site_server)];
            self.add(Kind::Site, name, parent.chain(ports).chain(server));
        }
        for (name, system) in &declared.site_systems {
            self.add(Kind::SiteSystem, name, [(Kind::Site, &system.spec.site)]);
        }
    }

    fn roles(&mut self, declared: &Declared) {
        for (name, point) in &declared.software_update_points {
            let spec = &point.spec;
            let on = [(Kind::Site, &spec.site), (Kind::SiteSystem, &spec.site_system)];
            let ports = spec.ports.iter().map(|it| (Kind::PortSettings, it));
            self.add(Kind::SoftwareUpdatePoint, name, ports.chain(on));
        }
        for (name, point) in &declared.distribution_points {
            let spec = &point.spec;
            let on = [(Kind::Site, &spec.site), (Kind::SiteSystem, &spec.site_system)];
            let ports = spec.ports.iter().map(|it| (Kind::PortSettings, it));
            let sources = spec.pull.iter().flat_map(|pull| &pull.sources);
            let sources = sources.map(|it| (Kind::DistributionPoint, &it.distribution_point));
            self.add(Kind::DistributionPoint, name, ports.chain(on).chain(sources));
        }
    }

    fn content(&mut self, declared: &Declared) {
        let codes: BTreeMap<&str, &Name> = declared
            .sites
            .iter()
            .map(|(name, site)| (site.spec.site_code.as_str(), name))
            .collect();
        for (name, group) in &declared.distribution_point_groups {
            let members = group.spec.members.iter().map(|it| (Kind::DistributionPoint, it));
            self.add(Kind::DistributionPointGroup, name, members);
        }
        for (name, package) in &declared.packages {
            let to = &package.spec.distribute_to;
            let points = to.distribution_points.iter().map(|it| (Kind::DistributionPoint, it));
            let groups = to.groups.iter().map(|it| (Kind::DistributionPointGroup, it));
            let owner = codes.get(package.spec.package_id.site_code());
            let owner = owner.map(|site| (Kind::Site, *site));
            self.add(Kind::Package, name, points.chain(groups).chain(owner));
        }
    }

    fn add<'a>(&mut self, kind: Kind, name: &Name, to: impl IntoIterator<Item = (Kind, &'a Name)>) {
        let to = to.into_iter().map(|(kind, name)| ResourceId::new(kind, name));
        self.of.entry(ResourceId::new(kind, name)).or_default().extend(to);
    }
}
