//! What the objects of a namespace want: the hierarchy that they are, or what is wrong with them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use super::{
    needs::Needs,
    objects::{Object, ObjectKey, Snapshot},
};
use crate::{
    check::{Problem, Severity, check_beside},
    manifest::{Loaded, SourceText, load},
    model::{
        DELETION_POLICY, Declared, Digest, Hierarchy, Kind, Name, NotificationSettings, Placement,
        ResourceId, without_secrets,
    },
};

/// The hierarchy that objects want.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// It.
    pub(super) hierarchy: Arc<Hierarchy>,
    /// The documents that say so.
    pub(super) declared: Arc<Declared>,
    /// Their digest.
    pub(super) digest: Digest,
    /// Who is told what is done.
    pub(super) notifications: BTreeMap<Name, NotificationSettings>,
    /// What is to go.
    pub(super) leaving: Leaving,
}

/// What somebody has deleted and nothing needs any more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Leaving {
    /// What is removed where it is.
    pub(super) removed: BTreeMap<ObjectKey, Removed>,
    /// What stays where it is, and is let go.
    pub(super) orphaned: BTreeSet<ObjectKey>,
    /// What is still needed, and by whom.
    pub(super) needed: BTreeMap<ObjectKey, String>,
    /// The admin addresses of agents that were declared, because what is there has to be removed.
    pub(super) agents: BTreeMap<Name, String>,
    /// Those of them that run in the cluster, or may.
    pub(super) hosted: BTreeSet<Name>,
}

/// What is removed where it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Removed {
    /// The resources by which a plan knows it.
    pub(super) known: BTreeSet<ResourceId>,
    /// The site systems that it may be on.
    pub(super) on: BTreeSet<Name>,
}

/// Why objects are not what is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    /// What is wrong with which objects, in words.
    pub(super) problems: BTreeMap<ObjectKey, String>,
    /// The first of these, for those that have no part in it.
    pub(super) first: String,
}

impl Wanted {
    /// What objects want. Relative paths in them begin at this directory of a site server.
    ///
    /// # Errors
    ///
    /// What is wrong with them.
    pub(super) fn of(snapshot: &Snapshot, content: &Path) -> Result<Self, Refused> {
        let all: Vec<Arc<Object>> = snapshot.objects.values().cloned().collect();
        let deleted: BTreeSet<ResourceId> =
            all.iter().filter(|it| it.deleted).filter_map(|it| it.key.resource()).collect();
        let mut leaving = Leaving::default();
        if deleted.is_empty() {
            return Self::read(&all, content, leaving);
        }
        let everything = loaded(&all, content);
        let kept: BTreeSet<ResourceId> =
            all.iter().filter(|it| !it.deleted).filter_map(|it| it.key.resource()).collect();
        let needed = Needs::of(&everything.declared).needed(&kept, &deleted);
        let mut declared = Vec::new();
        for object in all {
            let by = object.key.resource().and_then(|id| needed.get(&id));
            match by {
                Some(by) => {
                    leaving.needed.insert(object.key.clone(), by.to_string());
                    declared.push(object);
                }
                None if object.deleted => leaving.take(&object, &everything.declared),
                None => declared.push(object),
            }
        }
        Self::read(&declared, content, leaving)
    }

    fn read(objects: &[Arc<Object>], content: &Path, leaving: Leaving) -> Result<Self, Refused> {
        let loaded = loaded(objects, content);
        let problems = problems(&loaded);
        let mut wrong: BTreeMap<ObjectKey, String> = BTreeMap::new();
        for problem in problems.iter().filter(|it| it.severity == Severity::Error) {
            // Documents are numbered in the order of the objects: each is one.
            let Some(object) = objects.get(problem.place.document.index()) else { continue };
            let text = wrong.entry(object.key.clone()).or_default();
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&words(problem));
        }
        if let Some((key, why)) = wrong.first_key_value() {
            let first = format!("{key}: {}", why.lines().next().unwrap_or_default());
            return Err(Refused { first, problems: wrong });
        }
        let hierarchy = match Hierarchy::resolve(&loaded.declared) {
            Ok(hierarchy) => hierarchy,
            // The rules have said so before: nothing is left to resolve that they do not know.
            Err(error) => {
                return Err(Refused { problems: BTreeMap::new(), first: error.to_string() });
            }
        };
        let notifications = NotificationSettings::all(&loaded.declared, &hierarchy);
        Ok(Self {
            hierarchy: Arc::new(hierarchy),
            digest: loaded.digest,
            declared: Arc::new(loaded.declared),
            notifications,
            leaving,
        })
    }
}

impl Wanted {
    /// Says where the agents of those run whose object does not say.
    pub(super) fn placed(&mut self, placement: Placement) {
        if placement != Placement::Kubernetes {
            let mut hierarchy = Hierarchy::clone(&self.hierarchy);
            for system in hierarchy.site_systems.values_mut() {
                system.placement.get_or_insert(placement);
            }
            self.hierarchy = Arc::new(hierarchy);
        }
    }
}

/// A problem in words: where it is, what it is, and what to write instead.
pub(in crate::operator) fn words(problem: &Problem) -> String {
    let help = problem.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
    let Problem { rule, message, place, .. } = problem;
    without_secrets(&format!("[{rule}] {}: {message}{help}", place.path)).into_owned()
}

/// What is wrong with objects. Each is a document, numbered as it stands in the list.
pub(in crate::operator) fn checked(objects: &[Arc<Object>], content: &Path) -> Vec<Problem> {
    problems(&loaded(objects, content))
}

fn problems(loaded: &Loaded) -> Vec<Problem> {
    let mut problems = loaded.problems.clone();
    problems.extend(check_beside(&loaded.declared, &loaded.unread));
    problems
}

fn loaded(objects: &[Arc<Object>], content: &Path) -> Loaded {
    let directory: Arc<Path> = content.into();
    let texts = objects.iter().map(|object| SourceText {
        name: object.key.to_string(),
        directory: directory.clone(),
        text: object.document.to_string(),
    });
    load(texts.collect())
}

impl Leaving {
    fn take(&mut self, object: &Object, declared: &Declared) {
        let key = object.key.clone();
        let Some(id) = key.resource() else {
            self.orphaned.insert(key);
            return;
        };
        if !object.is_removed(declared) {
            self.orphaned.insert(key);
            return;
        }
        let mut known = BTreeSet::from([id.clone()]);
        let mut on = BTreeSet::new();
        match id.kind {
            Kind::Package => {
                // A plan knows one that is not declared by its ID.
                let package = declared.packages.get(&id.name);
                let name = package.map(|it| it.spec.package_id.as_str().to_ascii_lowercase());
                let name = name.and_then(|it| it.parse().ok());
                known.extend(name.map(|name| ResourceId { kind: Kind::Package, name }));
                let to = package.map(|it| &it.spec.distribute_to);
                let groups = to.iter().flat_map(|it| &it.groups);
                let groups = groups.filter_map(|it| declared.distribution_point_groups.get(it));
                let members = groups.flat_map(|it| &it.spec.members);
                let points = to.iter().flat_map(|it| &it.distribution_points).chain(members);
                let points = points.filter_map(|it| declared.distribution_points.get(it));
                on.extend(points.map(|it| it.spec.site_system.clone()));
            }
            Kind::SoftwareUpdatePoint => {
                // Update services go with the last point that needs them.
                let point = declared.software_update_points.get(&id.name);
                let system = point.map(|it| &it.spec.site_system);
                known.extend(system.map(|it| ResourceId::new(Kind::SiteSystem, it)));
                on.extend(system.cloned());
            }
            Kind::DistributionPoint => {
                let point = declared.distribution_points.get(&id.name);
                on.extend(point.map(|it| it.spec.site_system.clone()));
            }
            Kind::LocalUpdate => {
                let points = declared.software_update_points.values();
                on.extend(points.map(|it| it.spec.site_system.clone()));
            }
            Kind::SiteSystem => {
                on.insert(id.name.clone());
                let spec = declared.site_systems.get(&id.name).map(|it| &it.spec);
                if let Some(agent) = spec.and_then(|it| it.agent.as_ref()) {
                    self.agents.insert(id.name.clone(), agent.url.clone());
                }
                let placement = spec.map(|it| it.placement);
                if matches!(placement, Some(None | Some(Placement::Kubernetes))) {
                    self.hosted.insert(id.name.clone());
                }
            }
            _ => {}
        }
        self.removed.insert(key, Removed { known, on });
    }

    /// What a plan may remove: nothing else that is there and not declared.
    pub(super) fn removable(&self) -> BTreeSet<ResourceId> {
        self.removed.values().flat_map(|it| &it.known).cloned().collect()
    }
}

/// What stands for something at a site system.
pub(super) fn stands_for_something(kind: Kind) -> bool {
    match kind {
        Kind::SiteSystem
        | Kind::SoftwareUpdatePoint
        | Kind::DistributionPoint
        | Kind::Package
        | Kind::LocalUpdate => true,
        Kind::Site
        | Kind::PortSettings
        | Kind::DistributionPointGroup
        | Kind::Notification
        | Kind::MaintenanceWindow => false,
    }
}

/// What stays as long as something else needs it: that too which is nowhere by itself.
pub(super) fn may_be_needed(kind: Kind) -> bool {
    let named = matches!(kind, Kind::Site | Kind::PortSettings | Kind::DistributionPointGroup);
    named || stands_for_something(kind)
}

impl Object {
    /// Whether what it stands for is removed when it is deleted: as its annotation says, and without one,
    /// unless that is on a computer which Headwater does not run.
    fn is_removed(&self, declared: &Declared) -> bool {
        if !stands_for_something(self.key.kind) {
            return false;
        }
        if let Some(policy) = self.annotations.get(DELETION_POLICY) {
            return policy == "Delete";
        }
        let remote = |system: &Name| {
            let system = declared.site_systems.get(system);
            system.is_none_or(|it| it.spec.placement == Some(Placement::Remote))
        };
        let Some(ResourceId { kind, name }) = self.key.resource() else { return false };
        match kind {
            Kind::SiteSystem => !remote(&name),
            Kind::SoftwareUpdatePoint => declared
                .software_update_points
                .get(&name)
                .is_some_and(|it| !remote(&it.spec.site_system)),
            Kind::DistributionPoint => declared
                .distribution_points
                .get(&name)
                .is_some_and(|it| !remote(&it.spec.site_system)),
            // It may be anywhere.
            _ => !declared.site_systems.keys().any(remote),
        }
    }
}

impl ObjectKey {
    /// The resource that it is, if its name is one that documents may have.
    pub(super) fn resource(&self) -> Option<ResourceId> {
        Some(ResourceId { kind: self.kind, name: self.name.parse().ok()? })
    }
}

impl std::fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}
