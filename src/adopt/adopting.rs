//! From observed state to documents.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use crate::model::{
    Declared, DocumentId, Kind, Metadata, Name, Observed, PRUNE, Resource, ResourceId, SiteCode,
};

/// Documents that describe what was observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    /// The documents. Paths in them are absolute.
    pub declared: Declared,
    /// What they do not say, or say by guessing.
    pub notes: Vec<AdoptionNote>,
    /// Which of them describe what was not seen: they were taken over from other documents.
    pub taken_over: BTreeSet<ResourceId>,
}

/// Something that documents cannot say of what was observed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AdoptionNote {
    /// The resource it is about.
    pub resource: ResourceId,
    /// What is not as it should be, and what to do.
    pub message: String,
}

/// What is known beside what was observed.
#[derive(Debug, Clone, Copy)]
pub struct Beside<'a> {
    /// The admin addresses of agents on computers of their own.
    pub remote: &'a BTreeMap<Name, String>,
    /// Documents that tell of what was not seen: site systems that could not be asked, and roles
    /// that are suspended and that others refer to.
    pub documents: Option<&'a Declared>,
}

/// Describes what was observed as documents. A plan for them has nothing to do, apart from what the
/// notes tell.
///
/// What no site system reports is not in them: labels and most annotations, and whatever of a package
/// was written after its source was taken in. No plan depends on these.
pub fn adopt(observed: &Observed, beside: Beside<'_>) -> Adopted {
    let mut adopting = Adopting::new(observed);
    adopting.sites();
    adopting.site_systems(beside.remote);
    adopting.roles();
    if let Some(documents) = beside.documents {
        adopting.beside(documents);
    }
    adopting.leave_dangling_out();
    adopting.packages();
    adopting.local_updates();
    let Adopting { declared, mut notes, taken_over, .. } = adopting;
    notes.sort();
    Adopted { declared, notes, taken_over }
}

pub(super) struct Adopting<'a> {
    pub(super) observed: &'a Observed,
    pub(super) declared: Declared,
    notes: Vec<AdoptionNote>,
    pub(super) taken_over: BTreeSet<ResourceId>,
    /// The names of the sites by their codes.
    pub(super) site_names: BTreeMap<&'a SiteCode, Name>,
    documents: u32,
    directory: Arc<Path>,
}

impl<'a> Adopting<'a> {
    fn new(observed: &'a Observed) -> Self {
        Self {
            observed,
            declared: Declared::default(),
            notes: Vec::new(),
            taken_over: BTreeSet::new(),
            site_names: BTreeMap::new(),
            documents: 0,
            // Nothing in what is adopted is relative.
            directory: Arc::from(Path::new("/")),
        }
    }

    pub(super) fn resource<Spec>(&mut self, name: &Name, spec: Spec) -> Resource<Spec> {
        let document = DocumentId(self.documents);
        self.documents = self.documents.saturating_add(1);
        let metadata =
            Metadata { name: name.clone(), labels: BTreeMap::new(), annotations: BTreeMap::new() };
        Resource { document, directory: Arc::clone(&self.directory), metadata, spec }
    }

    pub(super) fn note(&mut self, kind: Kind, name: &Name, message: impl Into<String>) {
        let resource = ResourceId::new(kind, name);
        self.notes.push(AdoptionNote { resource, message: message.into() });
    }

    /// The name of a site; for one whose site server was not seen, its code as a name.
    pub(super) fn site_name(&self, code: &SiteCode) -> Name {
        match self.site_names.get(code) {
            Some(name) => name.clone(),
            None => code_as_name(code),
        }
    }
}

/// Has a resource stay when its document is gone, if it was told to.
pub(super) fn stay(metadata: &mut Metadata, keep: bool) {
    if keep {
        metadata.annotations.insert(PRUNE.to_owned(), "disabled".to_owned());
    }
}

/// A site code in lower case, which is a valid name.
#[expect(clippy::expect_used, reason = "three of a-z and 0-9 are a DNS label")]
fn code_as_name(code: &SiteCode) -> Name {
    code.as_str().to_ascii_lowercase().parse().expect("a site code in lower case is a name")
}
