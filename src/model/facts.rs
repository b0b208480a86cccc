//! The part of what was observed that a plan depends on. Site systems also tell of things that
//! change by themselves, such as status messages and how far a transfer has come: a saved plan
//! must not go stale by those.

use std::{borrow::Cow, collections::BTreeMap};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    CatalogVersion, ClientPolicy, Digest, DistributionPointSettings, FoundPorts, Known, Libraries,
    Listener, LocalUpdateState, Name, Observed, ObservedPoint, ObservedSystem, PackageFilesState,
    PackageId, PackageOrigin, PackageState, SiteServerState, SiteSystemSettings,
    SynchronizationRecord, TakenSource, UpdatePointSettings, UpdatePointState, WsusVersion,
};

/// What a plan depends on of what was observed: as long as this is the same, so is what has to be
/// done (apart from what becomes due by the time).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Facts<'a> {
    /// The site systems that are there, by name; `None` for one that could not be asked, whatever
    /// the reason.
    pub site_systems: BTreeMap<Name, Option<SiteSystemFacts<'a>>>,
    /// What the content libraries of the distribution points hold.
    pub libraries: Cow<'a, Libraries>,
    /// What was found on ports of roles, where it is not what shall be there.
    #[serde(default, skip_serializing_if = "no_ports")]
    pub ports: Cow<'a, FoundPorts>,
}

fn no_ports(ports: &FoundPorts) -> bool {
    ports.is_empty()
}

/// What a plan depends on of a site system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SiteSystemFacts<'a> {
    /// What it was told of itself.
    pub settings: Cow<'a, SiteSystemSettings>,
    /// Whether Headwater installed the administration console.
    pub administration_console: bool,
    /// The site server's part, on a site server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site_server: Option<SiteServerFacts<'a>>,
    /// The version of the update services, where they are installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_services: Option<WsusVersion>,
    /// The software update point, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_point: Option<UpdatePointFacts<'a>>,
    /// The distribution point, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distribution_point: Option<DistributionPointFacts<'a>>,
}

/// What a plan depends on of a site server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SiteServerFacts<'a> {
    /// The version of what the site database holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog_version: Option<CatalogVersion>,
    /// The version of the active point's catalog that a synchronization by hand has seen (SYNC-3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<CatalogVersion>,
    /// The policy its clients were given last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_policy: Option<Cow<'a, ClientPolicy>>,
    /// The catalog version that clients were last told to scan for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced: Option<CatalogVersion>,
    /// Whether the port of its management point is open, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub management_point_listens: Option<bool>,
    /// The packages of the site's own content library.
    pub packages: BTreeMap<PackageId, PackageFacts>,
    /// What those of them were made of that the site makes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub made_of: BTreeMap<PackageId, MadeOf>,
}

/// What a package was made of by its site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MadeOf {
    /// Files of updates: the digest of the list of them.
    Updates(Option<Digest>),
    /// The offline catalog, produced at that time.
    LegacyCatalog(Option<Timestamp>),
}

impl MadeOf {
    /// What the plan needs to know of where a package was taken from.
    fn of(origin: &PackageOrigin) -> Option<Self> {
        match &origin.source {
            TakenSource::Path(_) => None,
            TakenSource::Updates(taken) => Some(Self::Updates(taken.files)),
            TakenSource::LegacyCatalog(produced) => Some(Self::LegacyCatalog(produced.at)),
        }
    }
}

/// What a plan depends on of a package in a site's own content library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PackageFacts {
    /// The source version.
    pub version: u32,
    /// The digest of the package's list of files.
    pub digest: Digest,
    /// How many files are missing or damaged.
    pub damaged: u64,
}

/// What a plan depends on of a software update point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdatePointFacts<'a> {
    /// The name of its document.
    pub name: Name,
    /// The settings in effect.
    pub settings: Cow<'a, UpdatePointSettings>,
    /// Whether its ports are open.
    pub listens: bool,
    /// The version of its catalog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog_version: Option<CatalogVersion>,
    /// How many revisions its catalog holds.
    pub revisions: u64,
    /// Its last successful synchronization or import: schedules count from its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_synchronization: Option<Cow<'a, SynchronizationRecord>>,
    /// With `source: Import`: the digest of the file as it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_file: Option<Digest>,
    /// The updates of local publishers that it has published (SYNC-10).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub local_updates: BTreeMap<Uuid, LocalUpdateFacts>,
    /// Whether its upstream server lists revisions that could not be read or had.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub set_aside: bool,
    /// The files of updates that packages of its site are made of.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub packages: BTreeMap<PackageId, PackageFilesFacts>,
}

/// What a plan depends on of the files of updates of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PackageFilesFacts {
    /// The digest of the list of them.
    pub digest: Digest,
    /// Whether there are any.
    pub any: bool,
    /// Whether all are there.
    pub whole: bool,
    /// Whether the catalog has changed since they were looked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outdated: bool,
    /// Why they cannot be looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hindrance: Option<String>,
}

/// What a plan depends on of an update that was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocalUpdateFacts {
    /// The digest of what was declared.
    pub declared: Digest,
    /// The number of the last revision.
    pub revision: i32,
    /// Whether that says that the update has expired.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub expired: bool,
}

/// What a plan depends on of a distribution point, apart from its content library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DistributionPointFacts<'a> {
    /// The name of its document.
    pub name: Name,
    /// The settings in effect.
    pub settings: Cow<'a, DistributionPointSettings>,
    /// Whether its port is open.
    pub listens: bool,
    /// The packages that it is pulling, ascending: how far it has come is no fact.
    pub pulling: Vec<PackageId>,
    /// The packages on demand that a client has asked for, ascending: when is no fact.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requested: Vec<PackageId>,
}

impl<'a> Facts<'a> {
    /// The facts of what was observed.
    pub fn of(observed: &'a Observed) -> Self {
        let Observed { site_systems, libraries, ports } = observed;
        let facts = |(name, known): (&Name, &'a Known<ObservedSystem>)| match known {
            // What is not there need not be said to be absent.
            Known::Absent => None,
            Known::Unknown(_) => Some((name.clone(), None)),
            Known::Present(state) => Some((name.clone(), Some(SiteSystemFacts::of(state)))),
        };
        Self {
            site_systems: site_systems.iter().filter_map(facts).collect(),
            libraries: Cow::Borrowed(libraries),
            ports: Cow::Borrowed(ports),
        }
    }

    /// The identity of the facts: the digest of their JSON form, which is not kept.
    pub fn digest(&self) -> Digest {
        Digest::of_json(self)
    }
}

impl<'a> SiteSystemFacts<'a> {
    fn of(state: &'a ObservedSystem) -> Self {
        let ObservedSystem {
            settings,
            listens_on: _,
            administration_console,
            site_server,
            update_services,
            update_point,
            distribution_point,
            since: _,
        } = state;
        Self {
            settings: Cow::Borrowed(settings),
            administration_console: *administration_console,
            site_server: site_server.as_ref().map(SiteServerFacts::of),
            update_services: update_services.as_ref().map(|services| services.version),
            update_point: update_point.as_ref().map(UpdatePointFacts::of),
            distribution_point: distribution_point.as_ref().map(DistributionPointFacts::of),
        }
    }
}

impl<'a> SiteServerFacts<'a> {
    fn of(state: &'a SiteServerState) -> Self {
        let SiteServerState {
            catalog_version,
            revisions: _,
            waiting: _,
            seen,
            client_policy,
            announced,
            management_point,
            packages,
            package_origins,
            validated: _,
            status_messages: _,
        } = state;
        Self {
            catalog_version: *catalog_version,
            seen: *seen,
            client_policy: client_policy.as_ref().map(Cow::Borrowed),
            announced: *announced,
            management_point_listens: management_point.as_ref().map(|it| it.closed().is_none()),
            packages: packages.iter().map(|(id, it)| (id.clone(), PackageFacts::of(it))).collect(),
            made_of: package_origins
                .iter()
                .filter_map(|(id, origin)| Some((id.clone(), MadeOf::of(origin)?)))
                .collect(),
        }
    }
}

impl PackageFacts {
    fn of(state: &PackageState) -> Self {
        let PackageState { version, digest, files: _, bytes: _, damaged, sources: _ } = state;
        Self { version: *version, digest: *digest, damaged: *damaged }
    }
}

impl<'a> UpdatePointFacts<'a> {
    fn of(state: &'a UpdatePointState) -> Self {
        let UpdatePointState {
            name,
            settings,
            listener: _,
            https: _,
            catalog_version,
            revisions,
            last_synchronization,
            import_file,
            local_updates,
            set_aside,
            packages,
            // For people only.
            downstream_servers: _,
            content: _,
        } = state;
        Self {
            name: name.clone(),
            settings: Cow::Borrowed(settings),
            listens: state.closed().is_none(),
            catalog_version: *catalog_version,
            revisions: *revisions,
            last_synchronization: last_synchronization.as_ref().map(Cow::Borrowed),
            import_file: import_file.as_ref().map(|file| file.digest),
            local_updates: local_updates.iter().map(|(id, it)| (*id, it.into())).collect(),
            set_aside: *set_aside > 0,
            packages: packages.iter().map(|(id, it)| (id.clone(), it.into())).collect(),
        }
    }
}

impl From<&PackageFilesState> for PackageFilesFacts {
    fn from(state: &PackageFilesState) -> Self {
        let PackageFilesState { digest, files, bytes: _, missing, outdated, hindrance } = state;
        Self {
            digest: *digest,
            any: *files > 0,
            whole: *missing == 0,
            outdated: *outdated,
            hindrance: hindrance.clone(),
        }
    }
}

impl From<&LocalUpdateState> for LocalUpdateFacts {
    fn from(state: &LocalUpdateState) -> Self {
        let LocalUpdateState { declared, revision, expired } = state;
        let declared = Digest::of_json(&declared.in_any_checkout());
        Self { declared, revision: *revision, expired: *expired }
    }
}

impl<'a> DistributionPointFacts<'a> {
    fn of(state: &'a ObservedPoint) -> Self {
        let ObservedPoint {
            name,
            settings,
            listener,
            packages: _,
            pull_jobs,
            validated: _,
            on_demand,
            unique_clients: _,
        } = state;
        let requested = on_demand.iter().filter(|(_, it)| it.requested.is_some());
        Self {
            name: name.clone(),
            settings: Cow::Borrowed(settings),
            listens: matches!(listener, Listener::Open(_)),
            pulling: pull_jobs.keys().cloned().collect(),
            requested: requested.map(|(package, _)| package.clone()).collect(),
        }
    }
}
