//! Updates of local publishers: where their files are (SYNC-10).

use uuid::Uuid;

use super::absolute::absolute;
use crate::model::{DeclaredLocalUpdate, LocalUpdate, LocalUpdateSpec, Name, Resource};

pub(super) fn local_update(
    name: &Name,
    resource: &Resource<LocalUpdateSpec>,
) -> DeclaredLocalUpdate {
    let mut spec = resource.spec.clone();
    for file in &mut spec.files {
        file.path = absolute(&resource.directory, &file.path);
    }
    in_order(&mut spec.prerequisites);
    in_order(&mut spec.supersedes);
    DeclaredLocalUpdate {
        update: LocalUpdate { name: name.clone(), spec, keep: resource.metadata.kept() },
        suspended: resource.metadata.suspended(),
    }
}

/// Lists whose order means nothing are compared in one order, and without repetitions.
fn in_order(ids: &mut Vec<Uuid>) {
    ids.sort_unstable();
    ids.dedup();
}
