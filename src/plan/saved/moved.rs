//! What has moved since a plan was made: in manifests and in what was observed.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde::Serialize;
use serde_json::{Value, json};

use super::PlannedDocument;
use crate::model::{
    ContentFacts, Facts, FieldPath, FoundPorts, Kind, Name, PackageId, Placed, PlacementChange,
    ResourceId, SiteSystemFacts, common_directory,
};

/// The directories that all documents are in, before and now.
type Roots = (Option<PathBuf>, Option<PathBuf>);

/// Something that is not any more as it was when a plan was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// What has moved.
    pub place: MovedPlace,
    /// What it was; `null` where there was nothing.
    pub before: Value,
    /// What it is; `null` where there is nothing.
    pub after: Value,
}

/// Where something has moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MovedPlace {
    /// A field of a manifest; the empty path is the document itself.
    Manifest {
        /// The resource.
        resource: ResourceId,
        /// The field.
        path: FieldPath,
    },
    /// Something that a site system reports; the empty path is the site system itself.
    SiteSystem {
        /// The site system.
        name: Name,
        /// The field.
        path: FieldPath,
    },
    /// What answers on the ports of a role.
    Ports {
        /// The software update point or distribution point.
        role: ResourceId,
        /// The field.
        path: FieldPath,
    },
    /// A package in the content libraries of distribution points.
    Libraries {
        /// The package.
        package: PackageId,
        /// The site systems with the distribution points, ascending.
        site_systems: Vec<Name>,
    },
}

/// What has moved between the documents that a plan was made of and those that there are. In another
/// checkout they are the same: there a directory counts by where it is among those of the others.
pub fn moved_documents(before: &[PlannedDocument], after: &[PlannedDocument]) -> Vec<Moved> {
    let roots = (root(before), root(after));
    let (before, after) = (by_resource(before), by_resource(after));
    let all: BTreeSet<&ResourceId> = before.keys().chain(after.keys()).collect();
    let mut moved = Vec::new();
    for resource in all {
        let place = |path| MovedPlace::Manifest { resource: resource.clone(), path };
        match (before.get(resource), after.get(resource)) {
            (Some(one), Some(other)) if same(one, other, &roots) => {}
            (Some(one), Some(other)) => {
                let now = in_place(other, one, &roots);
                differ(&value(one), &value(&now), &place, &mut moved);
            }
            (one, other) => moved.push(Moved {
                place: place(FieldPath::default()),
                before: one.map_or(Value::Null, |_| json!("declared")),
                after: other.map_or(Value::Null, |_| json!("declared")),
            }),
        }
    }
    moved
}

/// The directory that all others are in, of which documents say that paths refer to them.
fn root(documents: &[PlannedDocument]) -> Option<PathBuf> {
    common_directory(documents.iter().filter_map(|it| it.directory.as_deref()).map(Path::new))
}

fn same(one: &PlannedDocument, other: &PlannedDocument, roots: &Roots) -> bool {
    one == other || *one == in_place(other, one, roots)
}

/// A document as it is now, with the directory that it had before if that is the same place of
/// another checkout.
fn in_place(now: &PlannedDocument, before: &PlannedDocument, roots: &Roots) -> PlannedDocument {
    let mut now = now.clone();
    let below = |document: &PlannedDocument, root: &Option<PathBuf>| {
        let directory = Path::new(document.directory.as_deref()?);
        directory.strip_prefix(root.as_deref()?).ok().map(Path::to_owned)
    };
    let place = below(before, &roots.0);
    if place.is_some() && place == below(&now, &roots.1) {
        now.directory.clone_from(&before.directory);
    }
    now
}

fn by_resource(documents: &[PlannedDocument]) -> BTreeMap<ResourceId, &PlannedDocument> {
    documents.iter().map(|document| (document.resource(), document)).collect()
}

/// What has moved between the facts that a plan was made of and those that there are.
pub fn moved_facts(before: &Facts<'_>, after: &Facts<'_>) -> Vec<Moved> {
    let mut moved = Vec::new();
    let names: BTreeSet<&Name> =
        before.site_systems.keys().chain(after.site_systems.keys()).collect();
    // Whose libraries need not be told of: the whole site system came, went or fell silent.
    let mut whole = BTreeSet::new();
    for name in names {
        let place = |path| MovedPlace::SiteSystem { name: name.clone(), path };
        let (one, other) = (before.site_systems.get(name), after.site_systems.get(name));
        match (one, other) {
            (one, other) if one == other => {}
            (Some(Some(one)), Some(Some(other))) => {
                differ(&value(one), &value(other), &place, &mut moved);
            }
            (one, other) => {
                whole.insert(name);
                moved.push(Moved {
                    place: place(FieldPath::default()),
                    before: presence(one),
                    after: presence(other),
                });
            }
        }
    }
    moved.extend(moved_libraries(before, after, &whole));
    moved_ports(&before.ports, &after.ports, &mut moved);
    moved
}

/// A role that was looked at only once says nothing: whether its port is open, and on which one,
/// is among what its site system reports.
fn moved_ports(before: &FoundPorts, after: &FoundPorts, moved: &mut Vec<Moved>) {
    for (kind, before, after) in [
        (Kind::SoftwareUpdatePoint, &before.update_points, &after.update_points),
        (Kind::DistributionPoint, &before.distribution_points, &after.distribution_points),
    ] {
        for (name, one) in before {
            let Some(other) = after.get(name).filter(|other| *other != one) else { continue };
            let role = ResourceId::new(kind, name);
            let place = |path| MovedPlace::Ports { role: role.clone(), path };
            differ(&value(one), &value(other), &place, moved);
        }
    }
}

/// Distribution points that changed alike are told of together.
fn moved_libraries(
    before: &Facts<'_>,
    after: &Facts<'_>,
    whole: &BTreeSet<&Name>,
) -> impl Iterator<Item = Moved> {
    type Had = Option<Placed>;
    let mut alike: BTreeMap<(PackageId, Had, Had), Vec<Name>> = BTreeMap::new();
    for change in after.libraries.changes_since(&before.libraries) {
        let PlacementChange { package, site_system, before, after } = change;
        if !whole.contains(site_system) {
            let key = (package.clone(), before, after);
            alike.entry(key).or_default().push(site_system.clone());
        }
    }
    alike.into_iter().map(|((package, before, after), site_systems)| Moved {
        place: MovedPlace::Libraries { package, site_systems },
        before: placed(before),
        after: placed(after),
    })
}

fn placed(placed: Option<Placed>) -> Value {
    match placed {
        None => Value::Null,
        Some(Placed::Held(ContentFacts { version, digest, .. }, damaged)) => {
            json!({ "version": version, "digest": digest, "damaged": damaged })
        }
        Some(Placed::OnDemand(ContentFacts { version, digest, .. })) => {
            json!({ "version": version, "digest": digest, "onDemand": true })
        }
    }
}

fn presence(system: Option<&Option<SiteSystemFacts<'_>>>) -> Value {
    match system {
        None => Value::Null,
        Some(None) => json!("cannot be asked"),
        Some(Some(_)) => json!("there"),
    }
}

fn value(of: &impl Serialize) -> Value {
    // Names, numbers and texts: nothing of it can fail.
    serde_json::to_value(of).unwrap_or_default()
}

/// The fields in which two values differ. Lists are compared as a whole, unless they are as long
/// and hold mappings: then which of them differs is told.
fn differ(
    before: &Value,
    after: &Value,
    place: &impl Fn(FieldPath) -> MovedPlace,
    moved: &mut Vec<Moved>,
) {
    fields(FieldPath::default(), before, after, &mut |path, before, after| {
        moved.push(Moved { place: place(path), before: before.clone(), after: after.clone() });
    });
}

/// Calls itself no deeper than the types are.
fn fields(
    path: FieldPath,
    before: &Value,
    after: &Value,
    differs: &mut impl FnMut(FieldPath, &Value, &Value),
) {
    match (before, after) {
        _ if before == after => {}
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                let inner = path.clone().literal_key(key);
                fields(inner, &before[key.as_str()], &after[key.as_str()], differs);
            }
        }
        (Value::Array(one), Value::Array(other))
            if one.len() == other.len() && one.iter().chain(other).all(Value::is_object) =>
        {
            for (index, (before, after)) in one.iter().zip(other).enumerate() {
                fields(path.clone().index(index), before, after, differs);
            }
        }
        _ => differs(path, before, after),
    }
}
