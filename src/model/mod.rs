//! The nouns: names that are valid once made, the seven kinds, the resolved hierarchy and what
//! site systems report of themselves. Pure: no I/O, no clock, nothing asynchronous.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod declared;
mod digest;
mod distribution_point;
mod field_path;
mod hierarchy;
mod interval;
mod observed;
mod package;
mod port;
mod port_settings;
mod resolve;
mod resource;
mod settings;
mod site;
mod site_system;
mod software_update_point;
mod status_message;
mod text;
mod update;
mod version;

pub use declared::Declared;
pub use digest::{Digest, DigestError};
pub use distribution_point::{
    Certificate, ContentProtocol, ContentValidation, DistributionPointGroupSpec,
    DistributionPointSpec, DistributionPointType, HourlyRate, Multicast, OpenHours, PullSource,
    PullSpec, Pulse, Pxe, RateLimit, SecretHolder, SecretReference, Weekday,
};
pub use field_path::{FieldPath, Segment};
pub use hierarchy::{DistributionPoint, Hierarchy, Package, Site, SiteSystem, UpdatePoint};
pub use interval::Interval;
pub use observed::{
    DistributionPointState, FileFacts, Known, Listener, Observed, PackageState, PullJob,
    PullJobState, SiteServerState, SiteSystemState, SynchronizationRecord, UpdatePointState,
    UpdateServicesState,
};
pub use package::{DistributeTo, PackageSource, PackageSpec, Priority};
pub use port::{Port, Ports, WebSite};
pub use port_settings::PortSettingsSpec;
pub use resolve::Unresolved;
pub use resource::{
    API_VERSION, DocumentId, Kind, Metadata, PRUNE, Resource, ResourceId, SUSPEND,
    SYNC_REQUESTED_AT,
};
pub use settings::{
    ClientPolicy, DistributionPointSettings, PullSettings, PullSourceSettings, SiteServerSettings,
    SiteSystemSettings, UpdatePointSettings, UpstreamSettings,
};
pub use site::{
    ClientAgent, LegacyCatalog, SiteMode, SiteSpec, SiteType, SoftwareDistribution,
    SoftwareUpdatesAgent, TransferSettings,
};
pub use site_system::{AgentEndpoint, Placement, SiteSystemSpec, Software};
pub use software_update_point::{
    ClientConnections, Schedule, Selection, SoftwareUpdatePointSpec, SourceType,
    SynchronizationSource, UpdatePointRole,
};
pub use status_message::{StatusMessage, StatusMessageId};
pub use text::{Address, InvalidText, Name, PackageId, SiteCode};
pub use update::{CatalogVersion, UpdateIdentity};
pub use version::{SiteVersion, WsusVersion};
