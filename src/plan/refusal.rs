//! What is not planned at all, because it was hardly meant.

use crate::model::{Hierarchy, Known, Name, Observed};

/// The manifests declare nothing, and something is there: more often a wrong path or an empty file
/// than the wish to take a whole hierarchy down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the manifests declare no site system at all, but {there} there, first `{first}`, and a plan \
     would remove everything: look whether the paths are right; to end the hierarchy, keep the top \
     site until the others are gone, then stop its agent and delete the data directory",
    there = if *.count == 1 { "one is".to_owned() } else { format!("{} are", .count) }
)]
pub struct NothingDeclared {
    /// How many site systems there are, whether they answer or not.
    pub count: usize,
    /// The first of them.
    pub first: Name,
}

/// Refuses an empty desired state. Whoever plans for somebody asks this before.
///
/// # Errors
///
/// No site system is declared, and there are some.
pub fn refuse_nothing(hierarchy: &Hierarchy, observed: &Observed) -> Result<(), NothingDeclared> {
    // Everything else stands on a site system: without one there is nothing.
    if !hierarchy.site_systems.is_empty() {
        return Ok(());
    }
    let mut there =
        observed.site_systems.iter().filter(|(_, known)| !matches!(known, Known::Absent));
    match there.next() {
        None => Ok(()),
        Some((first, _)) => Err(NothingDeclared { count: 1 + there.count(), first: first.clone() }),
    }
}
