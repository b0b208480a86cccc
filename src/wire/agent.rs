//! The admin protocol: what a controller or another site system asks of an agent, and the events
//! that come back, one JSON value a line, until the last one says how it ended.
//!
//! `POST /v1/commands` takes an [`AgentCommand`] and answers a stream of [`AgentEvent`]s;
//! `GET /v1/state` answers a [`SiteSystemState`](crate::model::SiteSystemState), `GET /v1/agent` an
//! [`AgentIdentity`], `GET /v1/transfers` a [`TransfersReport`], `GET /v1/site-server/packages/<ID>` a
//! [`PackageState`], or null.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    exchange::{ExportForm, ExportedParts, ExportedUpdates, ImportedUpdates, ReceivedUpdates},
    updates::CatalogFindings,
};
use crate::model::{
    CatalogVersion, ClientPolicy, ContentFacts, Digest, DistributionPointSettings, LocalUpdate,
    Name, Pacing, PackageId, PackageOrigin, PackageState, PullJob, ServerCertificate, SiteCode,
    SiteSystemSettings, StatusMessage, UpdateIdentity, UpdatePointSettings, ValidationFindings,
    WsusVersion,
};

/// Who an agent is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentIdentity {
    /// The name of its site system.
    pub name: Name,
    /// The version of Headwater that it is of.
    pub version: String,
}

/// The transfers of a distribution point, without all the rest that its agent reports: it may be
/// asked for every second.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransfersReport {
    /// The name of the distribution point.
    pub name: Name,
    /// Its site.
    pub site: SiteCode,
    /// Transfers that have not finished, by package.
    pub pull_jobs: BTreeMap<PackageId, PullJob>,
}

/// Something an agent can be told to do. Every command may be repeated: an agent that is already
/// as asked answers that it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum AgentCommand {
    /// Be this site system.
    ConfigureSiteSystem(SiteSystemSettings),
    /// Be no site system any more: forget all roles and all data.
    RemoveSiteSystem,
    /// Install update services of this version (SUP-2): an empty catalog.
    InstallUpdateServices(WsusVersion),
    /// Install the administration console, so that the site server reaches remote update services
    /// (SUP-3).
    InstallAdministrationConsole,
    /// Be this software update point, with these settings.
    ConfigureUpdatePoint {
        /// The name of its document.
        name: Name,
        /// Its effective settings.
        settings: Box<UpdatePointSettings>,
    },
    /// Require a secured channel for the five virtual roots (SUP-6): a software update point of that name
    /// does so from now on, with the other settings that it has; where there is none yet, what these
    /// settings need for it is tried.
    ConfigureSsl {
        /// The name of the point's document.
        name: Name,
        /// Its effective settings, of which only those of SSL are taken.
        settings: Box<UpdatePointSettings>,
    },
    /// Stop being a software update point; the catalog stays.
    RemoveUpdatePoint,
    /// Remove update services and their catalog.
    UninstallUpdateServices,
    /// Import the update point's export file (SYNC-7).
    ImportUpdates,
    /// Write all that the update point's catalog holds into a file (SYNC-7), which is asked for then.
    ExportUpdates {
        /// The form of the file.
        form: ExportForm,
        /// What goes into it beside the catalog.
        #[serde(default, skip_serializing_if = "ExportedParts::is_empty")]
        with: ExportedParts,
    },
    /// Import a file that was sent (SYNC-7). It is gone then: repeated, this is refused.
    ImportReceived(Box<ReceivedUpdates>),
    /// Synchronize the update point with its upstream server (SYNC-4, SYNC-5).
    SynchronizeUpdatePoint,
    /// Take what its upstream server has stored so far, while that one still synchronizes. A
    /// synchronization follows.
    SynchronizeAhead,
    /// Publish an update of a local publisher, unless its last revision says the same (SYNC-10).
    PublishLocalUpdate(Box<LocalUpdate>),
    /// Publish a revision of a local publisher's update that says that it has expired (SYNC-10).
    ExpireLocalUpdate {
        /// The update.
        update_id: Uuid,
    },
    /// Check the update point's catalog.
    CheckCatalog {
        /// Whether to fetch again what is damaged.
        repair: bool,
    },
    /// Copy changed metadata from the active point's catalog into the site database (SYNC-4).
    CopyToSiteDatabase {
        /// The admin address of the agent that carries the active point.
        from: String,
        /// Whether only updates that are new are copied: a synchronization by hand (SYNC-3).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        only_new: bool,
    },
    /// Take replicated metadata from the parent site's database (SYNC-5).
    ReplicateSiteDatabase {
        /// The admin address of the parent's site server.
        from: String,
    },
    /// Keep these status messages with the site.
    RecordStatusMessages(Vec<StatusMessage>),
    /// Publish this policy to the clients of the site and tell them to scan (SYNC-9).
    PublishClientPolicy {
        /// The policy.
        policy: ClientPolicy,
        /// The catalog to scan for.
        announced: Option<CatalogVersion>,
    },
    /// Be this distribution point, with these settings.
    ConfigureDistributionPoint {
        /// The name of its document.
        name: Name,
        /// Its effective settings.
        settings: Box<DistributionPointSettings>,
    },
    /// Stop being a distribution point, and remove its content.
    RemoveDistributionPoint,
    /// Take a package's source into the site's content library, as this version.
    TakePackageSource {
        /// The package.
        package: PackageId,
        /// Its source version.
        version: u32,
        /// What is taken in, and what else is kept beside the content.
        origin: PackageOrigin,
        /// The digest that its list of files must have; absent: whatever the directory holds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<Digest>,
        /// The admin address of the agent that carries the active update point of the site: what is not
        /// a directory comes from there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
    },
    /// Send a package from the site's content library to a standard distribution point (PDP-1).
    SendPackage {
        /// The package.
        package: PackageId,
        /// Its source version.
        version: u32,
        /// The admin address of the agent that carries the distribution point.
        to: String,
        /// When and how fast it may be sent; absent: now, as fast as it goes. An agent that does not
        /// know limits refuses the command instead of passing over them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pacing: Option<Box<Pacing>>,
    },
    /// Notify a pull distribution point that it shall pull a package (PDP-5); done once the job is
    /// accepted.
    PullPackage {
        /// The package.
        package: PackageId,
        /// Its source version.
        version: u32,
        /// The digest of its list of files.
        digest: Digest,
    },
    /// Follow the transfer of a package until it is available (PDP-5).
    FollowPull {
        /// The package.
        package: PackageId,
    },
    /// Let a distribution point with on-demand distribution fetch a package when a client first asks for
    /// it (PDP-3).
    OfferPackage {
        /// The package.
        package: PackageId,
        /// What it may fetch.
        content: ContentFacts,
    },
    /// Take that back; what it holds or pulls by then stays.
    WithdrawPackage {
        /// The package.
        package: PackageId,
    },
    /// Remove a package from the distribution point.
    RemovePackage {
        /// The package.
        package: PackageId,
    },
    /// Hash content again, and put aside what is damaged (PDP-15).
    ValidateContent {
        /// Whose content.
        library: ContentLibrary,
        /// The packages; none: all.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        packages: BTreeSet<PackageId>,
        /// At most so many bytes a second; absent: as fast as it goes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bytes_per_second: Option<u64>,
    },
    /// Remove a package from the site's content library: what [`AgentCommand::TakePackageSource`]
    /// took in.
    RemovePackageSource {
        /// The package.
        package: PackageId,
    },
}

/// A content library of a site system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ContentLibrary {
    /// That of its distribution point.
    DistributionPoint,
    /// That of its site server: what packages were taken in.
    SiteServer,
}

/// What an agent says while and after it carries out a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AgentEvent {
    /// Work goes on.
    Progress(Progress),
    /// Nothing can be done before this time.
    Waiting {
        /// When it goes on.
        until: jiff::Timestamp,
        /// Why it waits.
        why: String,
    },
    /// It is done. The last event.
    Done(AgentOutcome),
    /// It failed; the text says what happened and what to do. The last event.
    Failed(String),
}

/// How far some work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// How much is done.
    pub done: u64,
    /// How much there is in all; 0 while that is not known.
    pub total: u64,
    /// Of what.
    pub unit: ProgressUnit,
}

/// What progress is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ProgressUnit {
    /// Revisions of updates.
    Updates,
    /// Bytes of content.
    Bytes,
}

/// How a command ended well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AgentOutcome {
    /// As asked.
    Done,
    /// The catalog or the site database is up to date.
    Synchronized {
        /// What it holds now.
        catalog_version: Option<CatalogVersion>,
        /// How many revisions were new.
        new_revisions: u64,
        /// How many could not be read or had.
        #[serde(default)]
        set_aside: u64,
    },
    /// A secured channel can be had: with which certificate.
    Secured(ServerCertificate),
    /// An export was written.
    Exported(ExportedUpdates),
    /// A file was imported.
    Imported(ImportedUpdates),
    /// An update of a local publisher is published.
    Published {
        /// The number of its last revision.
        revision: i32,
    },
    /// The package is available.
    Package(PackageState),
    /// Content was validated: what was found.
    Validated(ValidationFindings),
    /// The catalog was checked: what was found.
    CatalogChecked(CatalogFindings),
    /// Nothing more can be done before this time: tell again then. Only an answer to commands that
    /// bring limits.
    Waits {
        /// When it can go on.
        until: jiff::Timestamp,
        /// Why it waits.
        why: String,
    },
    /// The pull distribution point takes no more transfers now (PDP-14, message 8211). To a
    /// controller that does not know this answer yet, the notification has failed.
    AtCapacity {
        /// How many it has.
        active: usize,
    },
}

/// A revision as one catalog or site database tells another (SYNC-4): what the site needs to know
/// of it, without the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RevisionRecord {
    /// Its place in the sender's order of changes: ask for what comes after the last one.
    pub change: i64,
    /// The identity.
    pub identity: UpdateIdentity,
    /// The type, as the document says it: `Software`, `Driver`, `Category`, `Detectoid`.
    pub update_type: String,
    /// The category type of a category: `Product`, say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category_type: Option<String>,
    /// Whether it has expired.
    pub expired: bool,
    /// The title.
    pub title: String,
    /// Categories it belongs to, as identifiers of updates.
    pub categories: Vec<Uuid>,
}

/// A page of revisions: `GET /v1/update-point/revisions?after=N` and
/// `GET /v1/site-database/revisions?after=N`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RevisionPage {
    /// Identifies the sender's order of changes: another one, and `after` starts at 0 again.
    pub catalog: Uuid,
    /// In the order of changes, at most [`RevisionPage::LIMIT`].
    pub revisions: Vec<RevisionRecord>,
    /// Whether more follow.
    pub more: bool,
    /// The version of what the sender holds now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<CatalogVersion>,
}

impl RevisionPage {
    /// The most revisions of one page: about 300 kilobytes.
    pub const LIMIT: usize = 1_000;
}
