//! Files put together: every resource once, what is wrong in the order of documents.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    path::Path,
    sync::Arc,
};

use super::{
    document::{Outcome, Read, Spec, read},
    file::ReadFile,
    identity::of_all,
    load::Loaded,
    source_map::SourceMap,
    source_text::{MOST_DOCUMENTS, MOST_PROBLEMS},
};
use crate::{
    check::{DUPLICATE, Meant, Place, PlaceKind, Problem, SYNTAX, Unread},
    model::{Declared, DocumentId, FieldPath, Kind, Name, Resource, ResourceId},
};

/// Puts files together. What is declared moves out of them.
pub(super) fn assemble(files: &mut [ReadFile]) -> Loaded {
    let mut assembly = Assembly::default();
    for file in &mut *files {
        if !assembly.file(file) {
            break;
        }
    }
    let Assembly { declared, problems, unread, source_map } = assembly;
    let digest_of = |document| {
        let (file, number) = source_map.number(document)?;
        match files.get(file)?.documents.get(number)?.outcome {
            Some(Outcome::Declared(digest)) => Some(digest),
            _ => None,
        }
    };
    let digest = of_all(declared.documents().filter_map(digest_of));
    Loaded { declared, problems, unread, source_map, digest }
}

/// Gives what is declared back to the files, so that they can be put together differently.
pub(super) fn take_apart(loaded: Loaded, files: &mut [ReadFile]) {
    let Loaded { declared, source_map, .. } = loaded;
    let Declared {
        sites,
        site_systems,
        port_settings,
        software_update_points,
        distribution_points,
        distribution_point_groups,
        packages,
        local_updates,
        notifications,
        maintenance_windows,
    } = declared;
    macro_rules! give_back {
        ($kind:ident, $resources:ident) => {
            for resource in $resources.into_values() {
                let Resource { document, metadata, spec, .. } = resource;
                let Some((file, number)) = source_map.number(document) else { continue };
                let its = files.get_mut(file).and_then(|file| file.documents.get_mut(number));
                if let Some(it) = its
                    && let Some(Outcome::Declared(digest)) = it.outcome
                {
                    let spec = Spec::$kind(Box::new(spec));
                    it.outcome = Some(Outcome::Read(Read { metadata, spec, digest }));
                }
            }
        };
    }
    give_back!(Site, sites);
    give_back!(SiteSystem, site_systems);
    give_back!(PortSettings, port_settings);
    give_back!(SoftwareUpdatePoint, software_update_points);
    give_back!(DistributionPoint, distribution_points);
    give_back!(DistributionPointGroup, distribution_point_groups);
    give_back!(Package, packages);
    give_back!(LocalUpdate, local_updates);
    give_back!(Notification, notifications);
    give_back!(MaintenanceWindow, maintenance_windows);
}

#[derive(Default)]
struct Assembly {
    declared: Declared,
    problems: Vec<Problem>,
    unread: Unread,
    source_map: SourceMap,
}

impl Assembly {
    /// Adds a file; `false` when there is too much of it to go on.
    fn file(&mut self, file: &mut ReadFile) -> bool {
        let number = self.source_map.add_file(Arc::clone(&file.name), Arc::clone(&file.text));
        if let Some((why, help)) = &file.refused {
            self.stop(number, why, help);
            return true;
        }
        for it in 0..file.documents.len() {
            if self.source_map.documents() >= MOST_DOCUMENTS {
                self.stop(number, "there are more than 1,000,000 documents", "give fewer files");
                return false;
            }
            if self.problems.len() >= MOST_PROBLEMS {
                self.stop(number, "there are too many problems to go on", "mend those above first");
                return false;
            }
            let outcome = match file.documents[it].outcome.take() {
                Some(outcome) => outcome,
                None => read(file.document_text(it)),
            };
            let its = &mut file.documents[it];
            let document = self.source_map.add_document(number, &its.cut);
            its.outcome = Some(self.document(document, &file.directory, outcome));
        }
        true
    }

    fn stop(&mut self, file: usize, what: &str, help: &str) {
        let document = self.source_map.add_beginning(file);
        let place = Place { document, path: FieldPath::default(), on: PlaceKind::Byte(0) };
        self.problems.push(SYNTAX.problem(None, place, what).help(help));
        // Whatever is in it was not read.
        self.unread.insert(&Meant::default());
    }

    /// Adds a document; what is left of it stays with its file.
    fn document(
        &mut self,
        document: DocumentId,
        directory: &Arc<Path>,
        outcome: Outcome,
    ) -> Outcome {
        match outcome {
            Outcome::Read(read) => self.declare(document, directory, read),
            Outcome::Broken(problems, meant) => {
                self.problems.extend(problems.iter().map(|problem| placed(problem, document)));
                self.unread.insert(&meant);
                Outcome::Broken(problems, meant)
            }
            Outcome::Nothing | Outcome::Declared(_) => outcome,
        }
    }

    fn declare(&mut self, document: DocumentId, directory: &Arc<Path>, read: Read) -> Outcome {
        let Read { metadata, spec, digest } = read;
        macro_rules! insert {
            ($kind:ident, $field:ident, $spec:expr) => {{
                let directory = Arc::clone(directory);
                let resource = Resource { document, directory, metadata, spec: *$spec };
                match insert(&mut self.declared.$field, resource) {
                    Ok(()) => Outcome::Declared(digest),
                    Err((resource, first)) => {
                        let problem = twice(Kind::$kind, &resource.metadata.name, document, first);
                        self.problems.push(problem);
                        let Resource { metadata, spec, .. } = resource;
                        Outcome::Read(Read { metadata, spec: Spec::$kind(Box::new(spec)), digest })
                    }
                }
            }};
        }
        match spec {
            Spec::Site(spec) => insert!(Site, sites, spec),
            Spec::SiteSystem(spec) => insert!(SiteSystem, site_systems, spec),
            Spec::PortSettings(spec) => insert!(PortSettings, port_settings, spec),
            Spec::SoftwareUpdatePoint(spec) => {
                insert!(SoftwareUpdatePoint, software_update_points, spec)
            }
            Spec::DistributionPoint(spec) => insert!(DistributionPoint, distribution_points, spec),
            Spec::DistributionPointGroup(spec) => {
                insert!(DistributionPointGroup, distribution_point_groups, spec)
            }
            Spec::Package(spec) => insert!(Package, packages, spec),
            Spec::LocalUpdate(spec) => insert!(LocalUpdate, local_updates, spec),
            Spec::Notification(spec) => insert!(Notification, notifications, spec),
            Spec::MaintenanceWindow(spec) => insert!(MaintenanceWindow, maintenance_windows, spec),
        }
    }
}

/// Adds a resource, unless its name is taken: then it comes back, with the document that has it.
fn insert<S>(
    resources: &mut BTreeMap<Name, Resource<S>>,
    resource: Resource<S>,
) -> Result<(), (Resource<S>, DocumentId)> {
    match resources.entry(resource.metadata.name.clone()) {
        Entry::Vacant(free) => {
            free.insert(resource);
            Ok(())
        }
        Entry::Occupied(taken) => Err((resource, taken.get().document)),
    }
}

fn twice(kind: Kind, name: &Name, document: DocumentId, first: DocumentId) -> Problem {
    let path = FieldPath::new("metadata.name");
    let message = format!("{} `{name}` is declared twice", kind.words());
    DUPLICATE
        .problem(Some(ResourceId::new(kind, name)), Place::value(document, path.clone()), message)
        .related(Place::value(first, path), "the first declaration")
        .help("remove one of the two, or give it another name")
}

/// A problem of a document that was read by itself, where it stands among all.
fn placed(problem: &Problem, document: DocumentId) -> Problem {
    let mut problem = problem.clone();
    problem.place.document = document;
    for (place, _) in &mut problem.related {
        place.document = document;
    }
    problem
}
