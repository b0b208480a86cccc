//! All rules, and the function that applies them.

use super::{
    DUPLICATE, Problem, Rule, SCHEMA, SYNTAX, Unread, active_point_missing, administration_console,
    agents, annotations, choices, content_destination, content_protocol, declaration::Declaration,
    duplicates, import, kubernetes, limits, local_update, made_packages, maintenance_window,
    notification, package_transfer, point_settings, port_clash, ports, prestaged, pull_place,
    pull_sources, pull_switched_off, reach, references, scenarios, secured_channel, selection,
    site_identity, site_systems, site_tree, source_access, source_priority,
    synchronization_request, synchronization_source, top_level_settings, unused_limits,
    update_point_computer, update_point_roles, wsus,
};
use crate::model::Declared;

/// All rules, by ID, the numbers in it as numbers.
pub const RULES: [&Rule; 39] = [
    &DUPLICATE,
    &kubernetes::RULE,
    &notification::RULE,
    &content_destination::RULE,
    &pull_sources::RULE,
    &point_settings::RULE,
    &pull_switched_off::RULE,
    &package_transfer::RULE,
    &source_priority::RULE,
    &pull_place::RULE,
    &prestaged::RULE,
    &unused_limits::RULE,
    &source_access::RULE,
    &scenarios::RULE,
    &content_protocol::RULE,
    &port_clash::RULE,
    &reach::RULE,
    &references::RULE,
    &SCHEMA,
    &active_point_missing::RULE,
    &wsus::RULE,
    &administration_console::RULE,
    &update_point_roles::RULE,
    &update_point_computer::RULE,
    &secured_channel::RULE,
    &ports::RULE,
    &top_level_settings::RULE,
    &selection::RULE,
    &synchronization_source::RULE,
    &synchronization_request::RULE,
    &import::RULE,
    &local_update::RULE,
    &made_packages::RULE,
    &SYNTAX,
    &site_tree::RULE,
    &site_identity::RULE,
    &site_systems::RULE,
    &limits::RULE,
    &maintenance_window::RULE,
];

/// What each rule that looks at documents does, in the order in which its problems are told where
/// several belong to one document.
const CHECKS: [fn(&Declaration<'_>, &mut Vec<Problem>); 40] = [
    references::check,
    site_tree::check,
    site_identity::check,
    site_systems::check,
    limits::check,
    active_point_missing::check,
    wsus::check,
    administration_console::check,
    update_point_roles::check,
    update_point_computer::check,
    secured_channel::check,
    ports::check,
    top_level_settings::check,
    selection::check,
    synchronization_source::check,
    synchronization_request::check,
    import::check,
    local_update::check,
    made_packages::check,
    scenarios::check,
    content_protocol::check,
    port_clash::check,
    reach::check,
    content_destination::check,
    pull_sources::check,
    point_settings::check,
    pull_switched_off::check,
    package_transfer::check,
    source_priority::check,
    pull_place::check,
    prestaged::check,
    unused_limits::check,
    source_access::check,
    maintenance_window::check,
    duplicates::check,
    annotations::check,
    choices::check,
    agents::check,
    kubernetes::check,
    notification::check,
];

/// The rule of that ID, in any case.
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.into_iter().find(|rule| rule.id.eq_ignore_ascii_case(id))
}

/// What is wrong with the documents, in their order. Without an error among the problems,
/// [`Hierarchy::resolve`](crate::model::Hierarchy::resolve) succeeds.
pub fn check(declared: &Declared) -> Vec<Problem> {
    check_beside(declared, &Unread::default())
}

/// Like [`check`], where some documents could not be read: what is said of them elsewhere is taken
/// for granted, so that one broken document does not break all that refer to it.
pub fn check_beside(declared: &Declared, unread: &Unread) -> Vec<Problem> {
    let declaration = Declaration::new(declared, unread);
    let mut problems = Vec::new();
    for check in CHECKS {
        check(&declaration, &mut problems);
    }
    // Stable: within a document the order is that of the checks above.
    problems.sort_by_key(|problem| problem.place.document);
    problems
}
