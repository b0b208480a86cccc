//! All documents as people wrote them, indexed by kind and name; references are not followed yet.

use std::collections::BTreeMap;

use super::{
    DistributionPointGroupSpec, DistributionPointSpec, DocumentId, Kind, LocalUpdateSpec,
    MaintenanceWindowSpec, Name, NotificationSpec, PackageSpec, PortSettingsSpec, Resource,
    SiteSpec, SiteSystemSpec, SoftwareUpdatePointSpec,
};

/// All documents as written. Names are unique within each kind; what they refer to may be missing,
/// which is for the rules of `check` to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declared {
    /// `kind: Site`.
    pub sites: BTreeMap<Name, Resource<SiteSpec>>,
    /// `kind: SiteSystem`.
    pub site_systems: BTreeMap<Name, Resource<SiteSystemSpec>>,
    /// `kind: PortSettings`.
    pub port_settings: BTreeMap<Name, Resource<PortSettingsSpec>>,
    /// `kind: SoftwareUpdatePoint`.
    pub software_update_points: BTreeMap<Name, Resource<SoftwareUpdatePointSpec>>,
    /// `kind: DistributionPoint`.
    pub distribution_points: BTreeMap<Name, Resource<DistributionPointSpec>>,
    /// `kind: DistributionPointGroup`.
    pub distribution_point_groups: BTreeMap<Name, Resource<DistributionPointGroupSpec>>,
    /// `kind: Package`.
    pub packages: BTreeMap<Name, Resource<PackageSpec>>,
    /// `kind: LocalUpdate`.
    pub local_updates: BTreeMap<Name, Resource<LocalUpdateSpec>>,
    /// `kind: Notification`.
    pub notifications: BTreeMap<Name, Resource<NotificationSpec>>,
    /// `kind: MaintenanceWindow`.
    pub maintenance_windows: BTreeMap<Name, Resource<MaintenanceWindowSpec>>,
}

impl Declared {
    /// How many documents there are.
    pub fn len(&self) -> usize {
        Kind::ALL.into_iter().map(|kind| self.names(kind).count()).sum()
    }

    /// Whether there is no document at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All documents that a plan depends on, by kind and name: notifications are none of them.
    pub fn documents(&self) -> impl Iterator<Item = DocumentId> {
        fn of<Spec>(
            resources: &BTreeMap<Name, Resource<Spec>>,
        ) -> impl Iterator<Item = DocumentId> {
            resources.values().map(|resource| resource.document)
        }
        of(&self.sites)
            .chain(of(&self.site_systems))
            .chain(of(&self.port_settings))
            .chain(of(&self.software_update_points))
            .chain(of(&self.distribution_points))
            .chain(of(&self.distribution_point_groups))
            .chain(of(&self.packages))
            .chain(of(&self.local_updates))
            .chain(of(&self.maintenance_windows))
    }

    /// The names of all documents of a kind, in order.
    pub fn names(&self, kind: Kind) -> Box<dyn Iterator<Item = &Name> + '_> {
        match kind {
            Kind::Site => Box::new(self.sites.keys()),
            Kind::SiteSystem => Box::new(self.site_systems.keys()),
            Kind::PortSettings => Box::new(self.port_settings.keys()),
            Kind::SoftwareUpdatePoint => Box::new(self.software_update_points.keys()),
            Kind::DistributionPoint => Box::new(self.distribution_points.keys()),
            Kind::DistributionPointGroup => Box::new(self.distribution_point_groups.keys()),
            Kind::Package => Box::new(self.packages.keys()),
            Kind::LocalUpdate => Box::new(self.local_updates.keys()),
            Kind::Notification => Box::new(self.notifications.keys()),
            Kind::MaintenanceWindow => Box::new(self.maintenance_windows.keys()),
        }
    }
}
