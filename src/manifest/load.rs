//! Texts to documents.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    path::Path,
    sync::Arc,
};

use super::{
    document::{Outcome, Spec, read},
    identity::digest,
    source_map::SourceMap,
    source_text::{LARGEST_FILE, MOST_DOCUMENTS, MOST_PROBLEMS, SourceText},
    split::split,
};
use crate::{
    check::{DUPLICATE, Place, PlaceKind, Problem, SYNTAX},
    model::{Declared, Digest, DocumentId, FieldPath, Kind, Metadata, Name, Resource, ResourceId},
};

/// What was read.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The documents that could be read.
    pub declared: Declared,
    /// What is wrong with the others, in the order of documents. The rules of `check` have not
    /// been applied.
    pub problems: Vec<Problem>,
    /// The documents that are there but could not be read, as far as it can be told what they
    /// are; for [`check_beside`](crate::check::check_beside).
    pub unread: BTreeSet<ResourceId>,
    /// The way back from a place to file, line and column.
    pub source_map: SourceMap,
    /// SHA-256 over what was declared, without positions and directories.
    pub digest: Digest,
}

/// Reads documents from texts, in their order. Nothing stops it: what is wrong is among the
/// problems, and the rest is read all the same.
pub fn load(texts: Vec<SourceText>) -> Loaded {
    let mut reading = Reading::default();
    for text in texts {
        if !reading.text(text) {
            break;
        }
    }
    let Reading { declared, problems, unread, source_map } = reading;
    let digest = digest(&declared);
    Loaded { declared, problems, unread, source_map, digest }
}

#[derive(Default)]
struct Reading {
    declared: Declared,
    problems: Vec<Problem>,
    unread: BTreeSet<ResourceId>,
    source_map: SourceMap,
}

impl Reading {
    /// Reads a text; `false` when there is too much of it to go on.
    fn text(&mut self, source: SourceText) -> bool {
        let SourceText { name, directory, text } = source;
        if text.len() > LARGEST_FILE {
            let file = self.source_map.add_file(name, String::new());
            self.stop(file, "the file is larger than 64 MiB", "divide it");
            return true;
        }
        let documents = split(&text);
        let file = self.source_map.add_file(name, text);
        for bytes in documents {
            if self.source_map.documents() == MOST_DOCUMENTS {
                self.stop(file, "there are more than 1,000,000 documents", "give fewer files");
                return false;
            }
            if self.problems.len() >= MOST_PROBLEMS {
                self.stop(file, "there are too many problems to go on", "mend those above first");
                return false;
            }
            let text = Arc::clone(self.source_map.text(file));
            let document = self.source_map.add_document(file, bytes.clone());
            match read(text.get(bytes).unwrap_or_default(), document) {
                Outcome::Nothing => {}
                Outcome::Read(metadata, spec) => self.add(document, &directory, metadata, spec),
                Outcome::Broken(problems, resource) => {
                    self.problems.extend(problems);
                    self.unread.extend(resource);
                }
            }
        }
        true
    }

    fn stop(&mut self, file: usize, what: &str, help: &str) {
        let document = self.source_map.add_document(file, 0..0);
        let place = Place { document, path: FieldPath::default(), on: PlaceKind::Byte(0) };
        self.problems.push(SYNTAX.problem(None, place, what).help(help));
    }

    fn add(&mut self, document: DocumentId, directory: &Arc<Path>, metadata: Metadata, spec: Spec) {
        let declared = &mut self.declared;
        macro_rules! insert {
            ($kind:ident, $field:ident, $spec:expr) => {{
                let directory = Arc::clone(directory);
                let resource = Resource { document, directory, metadata, spec: $spec };
                insert(Kind::$kind, &mut declared.$field, resource)
            }};
        }
        let problem = match spec {
            Spec::Site(spec) => insert!(Site, sites, *spec),
            Spec::SiteSystem(spec) => insert!(SiteSystem, site_systems, *spec),
            Spec::PortSettings(spec) => insert!(PortSettings, port_settings, spec),
            Spec::SoftwareUpdatePoint(spec) => {
                insert!(SoftwareUpdatePoint, software_update_points, *spec)
            }
            Spec::DistributionPoint(spec) => {
                insert!(DistributionPoint, distribution_points, *spec)
            }
            Spec::DistributionPointGroup(spec) => {
                insert!(DistributionPointGroup, distribution_point_groups, spec)
            }
            Spec::Package(spec) => insert!(Package, packages, *spec),
        };
        self.problems.extend(problem);
    }
}

/// Adds a resource, unless its name is taken.
fn insert<S>(
    kind: Kind,
    resources: &mut BTreeMap<Name, Resource<S>>,
    resource: Resource<S>,
) -> Option<Problem> {
    let name = FieldPath::new("metadata.name");
    match resources.entry(resource.metadata.name.clone()) {
        Entry::Vacant(free) => {
            free.insert(resource);
            None
        }
        Entry::Occupied(taken) => {
            let id = ResourceId::new(kind, taken.key());
            let message = format!("{} `{}` is declared twice", kind.words(), taken.key());
            let place = Place::value(resource.document, name.clone());
            let first = Place::value(taken.get().document, name);
            Some(
                DUPLICATE
                    .problem(Some(id), place, message)
                    .related(first, "the first declaration")
                    .help("remove one of the two, or give it another name"),
            )
        }
    }
}
