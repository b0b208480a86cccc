//! The bare typed parse: `serde_yaml` into the types of the documents, and nothing else.

use headwater::model::{
    DistributionPointGroupSpec, DistributionPointSpec, Kind, LocalUpdateSpec,
    MaintenanceWindowSpec, Metadata, NotificationSpec, PackageSpec, PortSettingsSpec, SiteSpec,
    SiteSystemSpec, SoftwareUpdatePointSpec,
};
use serde::Deserialize;

/// A document as the types have it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "it is only read")]
pub(crate) struct Of<Spec> {
    api_version: String,
    kind: Kind,
    metadata: Metadata,
    spec: Spec,
}

/// A document of any kind.
#[expect(dead_code, reason = "it is only read")]
pub(crate) enum Typed {
    Site(Box<Of<SiteSpec>>),
    SiteSystem(Box<Of<SiteSystemSpec>>),
    PortSettings(Box<Of<PortSettingsSpec>>),
    SoftwareUpdatePoint(Box<Of<SoftwareUpdatePointSpec>>),
    DistributionPoint(Box<Of<DistributionPointSpec>>),
    DistributionPointGroup(Box<Of<DistributionPointGroupSpec>>),
    Package(Box<Of<PackageSpec>>),
    LocalUpdate(Box<Of<LocalUpdateSpec>>),
    Notification(Box<Of<NotificationSpec>>),
    MaintenanceWindow(Box<Of<MaintenanceWindowSpec>>),
}

/// The kind of a document, which is told beforehand: finding it is not part of the parse.
pub(crate) fn kind(text: &str) -> Kind {
    let written = text.lines().find_map(|line| line.strip_prefix("kind: ")).unwrap();
    Kind::ALL.into_iter().find(|kind| kind.as_str() == written).unwrap()
}

pub(crate) fn typed(kind: Kind, text: &str) -> Typed {
    match kind {
        Kind::Site => Typed::Site(serde_yaml::from_str(text).unwrap()),
        Kind::SiteSystem => Typed::SiteSystem(serde_yaml::from_str(text).unwrap()),
        Kind::PortSettings => Typed::PortSettings(serde_yaml::from_str(text).unwrap()),
        Kind::SoftwareUpdatePoint => {
            Typed::SoftwareUpdatePoint(serde_yaml::from_str(text).unwrap())
        }
        Kind::DistributionPoint => Typed::DistributionPoint(serde_yaml::from_str(text).unwrap()),
        Kind::DistributionPointGroup => {
            Typed::DistributionPointGroup(serde_yaml::from_str(text).unwrap())
        }
        Kind::Package => Typed::Package(serde_yaml::from_str(text).unwrap()),
        Kind::LocalUpdate => Typed::LocalUpdate(serde_yaml::from_str(text).unwrap()),
        Kind::Notification => Typed::Notification(serde_yaml::from_str(text).unwrap()),
        Kind::MaintenanceWindow => Typed::MaintenanceWindow(serde_yaml::from_str(text).unwrap()),
    }
}
