//! What the site systems say they are (REC-2): the only thing a plan compares manifests with.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    CatalogVersion, ClientPolicy, ContentFacts, Digest, DistributionPointSettings, FoundPorts,
    Libraries, LocalUpdateState, ManagementPointState, Name, PackageFilesState, PackageId,
    PackageOrigin, PullJob, Since, SiteCode, SiteSystemSettings, StatusMessage, UpdateContentState,
    UpdatePointSettings, WsusVersion,
};

/// Something that was looked for: seen, seen not to be there, or not seen. *Unknown is not absent*:
/// nothing is removed or made because it could not be seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Known<T> {
    /// It is there, and this is what it says.
    Present(T),
    /// It is not there.
    Absent,
    /// It could not be asked; the text says why.
    Unknown(String),
}

impl<T> Known<T> {
    /// What was seen, if it was.
    pub fn present(&self) -> Option<&T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Absent | Self::Unknown(_) => None,
        }
    }
}

/// The state of all site systems, as they reported it, put together by an
/// [`ObservedBuilder`](super::ObservedBuilder). What the content libraries of thousands of
/// distribution points hold is kept by package, as sets; in writing too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Observed {
    /// By name of the site system. One that is neither declared nor found does not appear; one that
    /// does not appear is absent.
    pub site_systems: BTreeMap<Name, Known<ObservedSystem>>,
    /// What the content libraries of the distribution points hold.
    pub libraries: Libraries,
    /// What was found on ports of roles, by connecting to them, where it is not what shall be there.
    #[serde(default, skip_serializing_if = "FoundPorts::is_empty")]
    pub ports: FoundPorts,
}

/// What is kept of an agent's report: all but the packages of its distribution point, which are in
/// [`Observed::libraries`].
pub type ObservedSystem = SiteSystemState<LibrarySummary>;

/// What is kept of a distribution point's report.
pub type ObservedPoint = DistributionPointState<LibrarySummary>;

/// What an agent reports of its computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SiteSystemState<Library = PackagesById> {
    /// What it was told of itself.
    pub settings: SiteSystemSettings,
    /// The IP address on which its roles listen.
    pub listens_on: String,
    /// Whether the administration console was installed by Headwater (SUP-3).
    pub administration_console: bool,
    /// The site server's part, on a site server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_server: Option<SiteServerState>,
    /// The update services, where they are installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_services: Option<UpdateServicesState>,
    /// The software update point, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_point: Option<UpdatePointState>,
    /// The distribution point, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distribution_point: Option<DistributionPointState<Library>>,
    /// Since when it is so: for people only.
    #[serde(default, skip_serializing_if = "Since::is_empty")]
    pub since: Since,
}

/// What a site server reports of its site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SiteServerState {
    /// The version of what the site database holds; absent while it holds nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalog_version: Option<CatalogVersion>,
    /// How many revisions the site database holds.
    pub revisions: u64,
    /// How many revisions that have changed or expired wait for the next scheduled synchronization,
    /// because the last one was started by hand (SYNC-3).
    #[serde(default, skip_serializing_if = "super::pull_job::is_zero")]
    pub waiting: u64,
    /// The version that the active point's catalog had when they were left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<CatalogVersion>,
    /// The policy its clients were given last (SYNC-9).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_policy: Option<ClientPolicy>,
    /// The catalog version that clients were last told to scan for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub announced: Option<CatalogVersion>,
    /// The management point, where one was declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub management_point: Option<ManagementPointState>,
    /// Packages whose source has been taken into the site's content library.
    pub packages: BTreeMap<PackageId, PackageState>,
    /// Where these packages were taken from, as far as that was noted. A plan depends on which files of
    /// updates they are, and when an offline catalog was produced; who writes manifests for what is there,
    /// on all of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub package_origins: BTreeMap<PackageId, PackageOrigin>,
    /// What the last content validation of these packages has found (PDP-15); none if there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validated: Option<ValidationRecord>,
    /// The newest status messages, oldest first.
    pub status_messages: Vec<StatusMessage>,
}

/// The update services (WSUS) of a site system (SUP-2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateServicesState {
    /// Their version.
    pub version: WsusVersion,
}

/// What a software update point reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdatePointState {
    /// The name of its document.
    pub name: Name,
    /// The settings in effect.
    pub settings: UpdatePointSettings,
    /// Its HTTP port.
    pub listener: Listener,
    /// Its HTTPS port, with SSL (SUP-6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub https: Option<SecuredListener>,
    /// The version of its catalog; absent while it holds nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalog_version: Option<CatalogVersion>,
    /// How many revisions its catalog holds.
    pub revisions: u64,
    /// Its last successful synchronization or import.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_synchronization: Option<SynchronizationRecord>,
    /// With `source: Import`: the file as it is now; absent if it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import_file: Option<FileFacts>,
    /// The updates of local publishers that it has published (SYNC-10).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub local_updates: BTreeMap<Uuid, LocalUpdateState>,
    /// How many revisions its upstream server lists that could not be read or had.
    #[serde(default, skip_serializing_if = "super::pull_job::is_zero")]
    pub set_aside: u64,
    /// The servers that synchronize from it, or from one of these, as they have told: for people
    /// only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub downstream_servers: Vec<DownstreamServer>,
    /// The files of updates that it has, where it has any or wants some: for people only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<UpdateContentState>,
    /// The files of updates that packages of its site are made of.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub packages: BTreeMap<PackageId, PackageFilesState>,
}

/// A server that synchronizes from an update point, as it has told of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DownstreamServer {
    /// Its name: that of its document, or its full domain name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Whether it takes over approvals.
    pub replica: bool,
    /// When it synchronized last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_synchronization: Option<Timestamp>,
}

/// A successful synchronization or import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SynchronizationRecord {
    /// When it was complete.
    pub finished_at: Timestamp,
    /// Where the metadata came from: an address or a file.
    pub from: String,
    /// The digest of the imported file, after an import.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imported: Option<Digest>,
    /// How many revisions were new.
    pub new_revisions: u64,
}

/// What a file is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileFacts {
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// A port of a role, as it really is (PORT-5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Listener {
    /// Open on this address and port.
    Open(String),
    /// Not open; the text says why.
    Closed(String),
}

/// A port over TLS, as it really is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecuredListener {
    /// The port.
    pub listener: Listener,
    /// The certificate that it shows; absent while it is not open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<ServerCertificate>,
}

/// A certificate that a port shows: for whom it is, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerCertificate {
    /// The DNS names and IP addresses that it is valid for.
    pub names: Vec<String>,
    /// When it ends.
    pub not_after: Timestamp,
}

impl UpdatePointState {
    /// Why one of its ports is not open, if one is not: which one, and why.
    pub fn closed(&self) -> Option<(&'static str, &str)> {
        let https = self.https.as_ref().map(|https| ("HTTPS", &https.listener));
        let both = [Some(("HTTP", &self.listener)), https].into_iter().flatten();
        both.into_iter().find_map(|(port, listener)| match listener {
            Listener::Closed(why) => Some((port, why.as_str())),
            Listener::Open(_) => None,
        })
    }
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(address) => write!(f, "open on {address}"),
            Self::Closed(why) => write!(f, "closed: {why}"),
        }
    }
}

/// What a distribution point reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DistributionPointState<Library = PackagesById> {
    /// The name of its document.
    pub name: Name,
    /// The settings in effect.
    pub settings: DistributionPointSettings,
    /// Its HTTP port.
    pub listener: Listener,
    /// The packages of its content library.
    pub packages: Library,
    /// Transfers that have not finished, by package.
    pub pull_jobs: BTreeMap<PackageId, PullJob>,
    /// What the last content validation has found (PDP-15); none if there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validated: Option<ValidationRecord>,
    /// Packages of which it holds nothing, and which it may fetch when a client first asks (PDP-3). Of
    /// what is kept of a report only those that a client has asked for: all of them are in
    /// [`Observed::libraries`].
    #[serde(default = "BTreeMap::new", skip_serializing_if = "BTreeMap::is_empty")]
    pub on_demand: BTreeMap<PackageId, OnDemandPackage>,
    /// How many different clients asked for each package since it came (PDP-13): exact up to 255, and
    /// about 6 % off above. A pull distribution point is a client like any other.
    #[serde(default = "BTreeMap::new", skip_serializing_if = "BTreeMap::is_empty")]
    pub unique_clients: BTreeMap<PackageId, u64>,
}

/// A package that a distribution point may fetch when a client first asks for it (PDP-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OnDemandPackage {
    /// What it fetches then.
    pub content: ContentFacts,
    /// When a client first asked for it; absent if none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested: Option<Timestamp>,
}

/// What a content validation has found (PDP-15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ValidationRecord {
    /// When it was complete.
    pub finished_at: Timestamp,
    /// How many files were hashed.
    pub files: u64,
    /// How many bytes they have.
    pub bytes: u64,
    /// How many of them were damaged, and put aside.
    pub damaged: u64,
}

/// The packages of a content library, as its agent reports them.
pub type PackagesById = BTreeMap<PackageId, PackageState>;

/// The packages of a content library, counted. Which they are is in [`Observed::libraries`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LibrarySummary {
    /// How many it holds whole.
    pub whole: usize,
    /// How many it holds in part.
    pub damaged: usize,
    /// How many files they have.
    pub files: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// Where they came from, each once, ascending: distribution points or a site server.
    pub sources: Vec<String>,
}

/// A package in a content library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PackageState {
    /// The source version.
    pub version: u32,
    /// The digest of the package's list of files: equal digests, equal content.
    pub digest: Digest,
    /// How many files it has.
    pub files: u64,
    /// Their total size in bytes.
    pub bytes: u64,
    /// How many of them are missing from the library or have the wrong size.
    pub damaged: u64,
    /// Where the content came from: distribution points or a site server.
    pub sources: Vec<String>,
}

impl PackageState {
    /// Whether every file is there: only then is the content available.
    pub fn available(&self) -> bool {
        self.damaged == 0
    }
}

impl Observed {
    /// The site systems that answered, with their names.
    pub fn present(&self) -> impl Iterator<Item = (&Name, &ObservedSystem)> {
        self.site_systems.iter().filter_map(|(name, known)| Some((name, known.present()?)))
    }

    /// What the site server of a site reports.
    pub fn site_server(&self, site: &SiteCode) -> Option<&SiteServerState> {
        self.present().find_map(|(_, system)| {
            if system.settings.site == *site { system.site_server.as_ref() } else { None }
        })
    }

    /// The software update point of that name, and the site system that carries it.
    pub fn update_point(&self, name: &Name) -> Option<(&Name, &UpdatePointState)> {
        self.present().find_map(|(system, state)| {
            let point = state.update_point.as_ref()?;
            (point.name == *name).then_some((system, point))
        })
    }

    /// The distribution point of that name, and the site system that carries it.
    pub fn distribution_point(&self, name: &Name) -> Option<(&Name, &ObservedPoint)> {
        self.present().find_map(|(system, state)| {
            let point = state.distribution_point.as_ref()?;
            (point.name == *name).then_some((system, point))
        })
    }
}
