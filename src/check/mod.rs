//! What is wrong with a hierarchy: one rule per file, with its ID, the why and an example. Pure:
//! documents in, problems out.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

// What rules are, and what they look at.
mod applicability;
mod applicability_elements;
mod content;
mod content_ways;
mod cycle;
mod declaration;
mod document;
mod linked;
mod problem;
mod ranges;
mod rule;
mod rules;
mod schedules;
mod spelling;
mod tables;
#[cfg(test)]
mod tests;
mod unread;

// The rules, in the order of the domain.
mod limits;
mod site_identity;
mod site_systems;
mod site_tree;

mod active_point_missing;
mod administration_console;
mod ports;
mod secured_channel;
mod selection;
mod top_level_settings;
mod update_point_computer;
mod update_point_roles;
mod wsus;

mod import;
mod local_update;
mod local_update_files;
mod made_packages;
mod synchronization_request;
mod synchronization_source;

mod content_protocol;
mod port_clash;
mod reach;
mod scenarios;

mod content_destination;
mod package_transfer;
mod point_settings;
mod prestaged;
mod pull_place;
mod pull_sources;
mod pull_switched_off;
mod source_access;
mod source_priority;
mod unused_limits;

mod maintenance_window;

mod agents;
mod annotations;
mod choices;
mod duplicates;
mod kubernetes;
mod notification;
mod references;

pub use applicability::{RuleProblem, rule_problem};
pub use duplicates::DUPLICATE;
pub use problem::{Place, PlaceKind, Problem, Severity};
pub use rule::{Rule, SCHEMA, SYNTAX};
pub use rules::{RULES, check, check_beside, rule};
pub use spelling::closest;
pub use unread::{Meant, Unread};
