//! All rules, and the function that applies them.

use std::collections::BTreeSet;

use super::{
    DUPLICATE, Problem, Rule, SCHEMA, SYNTAX, annotations, choices, documents::Documents, own_site,
    package_id, ports, pull_place, pull_sources, references, site_identity, site_tree,
    synchronization_source, update_point_roles, wsus,
};
use crate::model::{Declared, ResourceId};

/// All rules, by ID.
pub const RULES: [&Rule; 14] = [
    &DUPLICATE,
    &pull_sources::RULE,
    &pull_place::RULE,
    &references::RULE,
    &SCHEMA,
    &wsus::RULE,
    &update_point_roles::RULE,
    &ports::RULE,
    &synchronization_source::RULE,
    &annotations::SYNC_2,
    &SYNTAX,
    &site_tree::RULE,
    &site_identity::RULE,
    &own_site::RULE,
];

/// What is wrong with the documents, in their order. Without an error among the problems,
/// [`Hierarchy::resolve`](crate::model::Hierarchy::resolve) succeeds.
pub fn check(declared: &Declared) -> Vec<Problem> {
    check_beside(declared, &BTreeSet::new())
}

/// Like [`check`], where some documents could not be read: what is said of them elsewhere is taken
/// for granted, so that one broken document does not break all that refer to it.
pub fn check_beside(declared: &Declared, unread: &BTreeSet<ResourceId>) -> Vec<Problem> {
    let documents = Documents::new(declared, unread);
    let mut problems = Vec::new();
    references::check(&documents, &mut problems);
    site_tree::check(&documents, &mut problems);
    site_identity::check(&documents, &mut problems);
    own_site::check(&documents, &mut problems);
    wsus::check(&documents, &mut problems);
    update_point_roles::check(&documents, &mut problems);
    ports::check(&documents, &mut problems);
    synchronization_source::check(&documents, &mut problems);
    annotations::check(&documents, &mut problems);
    pull_sources::check(&documents, &mut problems);
    pull_place::check(&documents, &mut problems);
    package_id::check(&documents, &mut problems);
    choices::check(&documents, &mut problems);
    // Stable: within a document the order is that of the rules above.
    problems.sort_by_key(|problem| problem.place.document);
    problems
}
