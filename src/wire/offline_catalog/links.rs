//! What other updates say of an update: the catalog writes it at the one that is meant, by number.
//! All documents have to be seen before the first update can be written, so this is kept in
//! memory, in about a hundred bytes an update.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::{
    model::UpdateIdentity,
    wire::update_document::{CategoryType, UpdateIndex},
};

/// Of each update the latest revision, in the order in which the list has them.
pub fn latest_revisions(all: &[UpdateIdentity]) -> Vec<UpdateIdentity> {
    let mut sorted = all.to_vec();
    sorted.sort_unstable();
    let is_latest = |it: &UpdateIdentity| {
        let behind = sorted.partition_point(|other| other <= it);
        sorted.get(behind).is_none_or(|next| next.update_id != it.update_id)
    };
    all.iter().filter(|it| is_latest(it)).copied().collect()
}

/// Numbers of the revisions of a catalog, and how they are named by others.
#[derive(Debug, Default)]
pub struct OfflineLinks {
    /// The number of each update, by identifier.
    numbers: Vec<(Uuid, u32)>,
    /// Updates that others have as a prerequisite.
    required: BTreeSet<u32>,
    /// Who is bundled, and by whom.
    bundled_by: Vec<(u32, u32)>,
    /// Who is superseded, and by whom.
    superseded_by: Vec<(u32, u32)>,
    /// What each category is, and those that it belongs to.
    categories: BTreeMap<Uuid, (CategoryType, Vec<Uuid>)>,
}

impl OfflineLinks {
    /// Numbers these revisions from 1 in their order, one of each update. Those that are left out
    /// later leave a gap.
    pub fn new(revisions: &[UpdateIdentity]) -> Self {
        let mut numbers: Vec<_> = revisions.iter().map(|it| it.update_id).zip(1..).collect();
        numbers.sort_unstable();
        Self { numbers, ..Self::default() }
    }

    /// The `RevisionId` of an update.
    pub fn revision_id(&self, update_id: Uuid) -> Option<u32> {
        let at = self.numbers.binary_search_by_key(&update_id, |(id, _)| *id).ok()?;
        self.numbers.get(at).map(|(_, number)| *number)
    }

    /// Takes in what a document says of others. Bundles name one revision of what they install: here
    /// there is one of each update, which stands for it.
    pub fn add(&mut self, index: &UpdateIndex) {
        let Some(number) = self.revision_id(index.identity.update_id) else { return };
        for named in index.prerequisites.iter().flat_map(|it| &it.any_of) {
            self.required.extend(self.revision_id(*named));
        }
        for named in index.bundled.iter().flatten() {
            let named = self.revision_id(named.update_id);
            self.bundled_by.extend(named.map(|it| (it, number)));
        }
        for named in &index.superseded {
            let named = self.revision_id(*named);
            self.superseded_by.extend(named.map(|it| (it, number)));
        }
        if let Some(category_type) = index.category_type {
            let above = index.prerequisites.iter().filter(|it| it.is_category);
            let above = above.flat_map(|it| &it.any_of).copied().collect();
            self.categories.insert(index.identity.update_id, (category_type, above));
        }
    }

    /// Ends taking in: from here on it answers.
    pub fn complete(&mut self) {
        for links in [&mut self.bundled_by, &mut self.superseded_by] {
            links.sort_unstable();
            links.dedup();
        }
    }

    /// Whether no update has this one as a prerequisite.
    pub fn is_leaf(&self, number: u32) -> bool {
        !self.required.contains(&number)
    }

    /// The bundles that install this one.
    pub fn bundled_by(&self, number: u32) -> impl Iterator<Item = u32> {
        by(&self.bundled_by, number)
    }

    /// The updates that replace this one.
    pub fn superseded_by(&self, number: u32) -> impl Iterator<Item = u32> {
        by(&self.superseded_by, number)
    }

    /// These categories and those that they belong to, up to the company.
    pub fn with_those_above(&self, categories: &[Uuid]) -> BTreeSet<(CategoryType, Uuid)> {
        let (mut found, mut open) = (BTreeSet::new(), categories.to_vec());
        while let Some(id) = open.pop() {
            if let Some((category_type, above)) = self.categories.get(&id)
                && found.insert((*category_type, id))
            {
                open.extend(above);
            }
        }
        found
    }
}

fn by(links: &[(u32, u32)], number: u32) -> impl Iterator<Item = u32> {
    let from = links.partition_point(|(named, _)| *named < number);
    let links = links.get(from..).unwrap_or_default();
    links.iter().take_while(move |(named, _)| *named == number).map(|(_, by)| *by)
}
