//! The nouns: names that are valid once made, the kinds of document, the resolved hierarchy and what
//! site systems report of themselves. Pure: no I/O, no clock, nothing asynchronous.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod action_kind;
mod declared;
mod digest;
mod distribution_point;
mod facts;
mod field_path;
mod format_version;
mod found_ports;
mod git_proxy;
mod git_source;
mod hierarchy;
mod holder;
mod interval;
mod kubernetes;
mod kubernetes_text;
mod libraries;
mod local_publishing;
mod local_update;
mod maintenance_window;
mod management_point;
mod manifest_root;
mod manifest_source;
mod manifests_in_force;
mod notification;
mod notification_settings;
mod notification_text;
mod number_set;
mod observation;
mod observed;
mod observed_builder;
mod package;
mod package_origin;
mod placement_change;
mod point_set;
mod port;
mod port_settings;
mod pull_job;
mod resolve;
mod resource;
mod run_record;
mod schedule;
mod server_url;
mod settings;
mod since;
mod site;
mod site_system;
mod software_update_point;
mod status_message;
mod synchronization;
mod text;
mod transfer_note;
mod unsupported;
mod update;
mod update_content;
mod url_secrets;
mod validation;
mod version;
mod written;

pub use action_kind::ActionKind;
pub use declared::Declared;
pub use digest::{Digest, DigestError, Hashing};
pub use distribution_point::{
    Certificate, ClientCertificates, ContentProtocol, ContentValidation,
    DistributionPointGroupSpec, DistributionPointSpec, DistributionPointType, HourlyRate,
    Multicast, OpenHours, PullSelection, PullSource, PullSpec, Pulse, Pxe, RateLimit, SecretHolder,
    SecretReference, Weekday,
};
pub use facts::{
    DistributionPointFacts, Facts, LocalUpdateFacts, PackageFacts, SiteServerFacts,
    SiteSystemFacts, UpdatePointFacts,
};
pub use field_path::{FieldPath, Segment};
pub use format_version::{FormatVersion, UnknownFormat};
pub use found_ports::{
    CertificateFacts, FoundPorts, PortAnswer, PortFacts, PortFinding, RootAnswer, RootFinding,
    TlsFacts, Validity,
};
pub use git_proxy::{GitProxy, InvalidProxy};
pub use git_source::{GitScheme, GitSource};
pub use hierarchy::{
    DeclaredLocalUpdate, DistributionPoint, Hierarchy, Package, Site, SiteSystem, UpdatePoint,
};
pub use holder::{HeldBy, Holder};
pub use interval::Interval;
pub use kubernetes::{
    KubernetesAmounts, KubernetesResources, KubernetesSpec, KubernetesStorage, ServiceType,
};
pub use kubernetes_text::{LabelKey, LabelValue, Quantity, StorageClassName, billionths};
pub use libraries::{Content, ContentFacts, InvalidLibraries, Libraries};
pub use local_publishing::{
    LocalUpdate, LocalUpdateState, classification_id, classification_titles, company_id, product_id,
};
pub use local_update::{
    Applicability, InstallCommand, InstallationImpact, LocalUpdateFile, LocalUpdateSpec,
    MsrcSeverity, RebootBehavior, Sha256,
};
pub use maintenance_window::{
    ClosedSite, MaintenanceWindow, MaintenanceWindowSpec, WindowHours, WindowState, WindowsNow,
};
pub use management_point::{
    ManagementPoint, ManagementPointSettings, ManagementPointState, ServedPolicy,
};
pub use manifest_root::common_directory;
pub use manifest_source::{InvalidSource, ManifestSource};
pub use manifests_in_force::{
    CommitId, CommitInForce, ManifestsInForce, RefusedCommit, UnreachableSource,
};
pub use notification::{
    CommitStatus, CommitStatusProvider, Destination, Email, EventKind, EventSeverity, MailSecurity,
    NotificationSpec, Slack, Webhook,
};
pub use notification_settings::NotificationSettings;
pub use notification_text::{CodeRepository, MailAddress, SecretFile, WebUrl};
pub use number_set::{InvalidNumbers, NumberSet};
pub use observation::{Observation, ObservationError};
pub use observed::{
    DistributionPointState, DownstreamServer, FileFacts, Known, LibrarySummary, Listener, Observed,
    ObservedPoint, ObservedSystem, OnDemandPackage, PackageState, PackagesById, SecuredListener,
    ServerCertificate, SiteServerState, SiteSystemState, SynchronizationRecord, UpdatePointState,
    UpdateServicesState, ValidationRecord,
};
pub use observed_builder::ObservedBuilder;
pub use package::{DistributeTo, PackageSource, PackageSpec, Priority};
pub use package_origin::{PackageOrigin, ProducedCatalog, TakenSource, TakenUpdates};
pub use placement_change::{Placed, PlacementChange};
pub use point_set::PointSet;
pub use port::{Port, Ports, WebSite};
pub use port_settings::PortSettingsSpec;
pub use pull_job::{PullJob, PullJobState};
pub use resolve::Unresolved;
pub(crate) use resolve::absolute;
pub use resource::{
    API_VERSION, CONTENT, DELETION_POLICY, DocumentId, Kind, Metadata, PRUNE, Resource, ResourceId,
    SUSPEND, SYNC_REQUESTED_AT,
};
pub use run_record::{
    ActionCounts, ActionRecord, NoRun, RunCause, RunCommand, RunId, RunRecord, RunState, Trigger,
};
pub use schedule::{Schedule, time_zone, time_zones};
pub use server_url::ServerUrl;
pub use settings::{
    ClientPolicy, DistributionPointSettings, Pacing, PullSettings, PullSourceSettings,
    SiteServerSettings, SiteSystemSettings, UpdatePointSettings, UpstreamSettings,
};
pub use since::{RoleSince, Since};
pub use site::{
    ClientAgent, DistributionSettings, LegacyCatalog, SiteMode, SiteSpec, SiteType,
    SoftwareDistribution, SoftwareUpdatesAgent, SynchronizationOrder, TransferSettings,
};
pub use site_system::{AgentEndpoint, Placement, SiteSystemSpec, Software};
pub use software_update_point::{
    ClientConnections, Selection, SoftwareUpdatePointSpec, SourceType, SynchronizationSource,
    UpdatePointRole,
};
pub use status_message::{StatusMessage, StatusMessageId};
pub use synchronization::{
    PointSynchronization, SetAsideUpdate, SynchronizationCounts, SynchronizationProgress,
    SynchronizationRun, SynchronizationWait,
};
pub use text::{Address, Article, Forest, InvalidText, Name, PackageId, SiteCode, folded};
pub use transfer_note::{TransferNote, TransferPhase, UnknownPhase};
pub use unsupported::Unsupported;
pub use update::{CatalogVersion, UpdateIdentity};
pub use update_content::{
    ContentStore, FailedUpdateFile, PackageFilesState, UpdateContentSpec, UpdateContentState,
    UpdateSelection,
};
pub use url_secrets::{hide_secrets_in, with_secrets_masked, without_secrets};
pub use validation::{DamagedFile, FileDamage, ValidationFindings};
pub use version::{SiteVersion, WsusVersion};
pub use written::Written;
