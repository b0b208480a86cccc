//! What is wrong with a hierarchy: one rule per file, with its ID, the why and an example. Pure:
//! documents in, problems out.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod annotations;
mod choices;
mod cycle;
mod documents;
mod own_site;
mod package_id;
mod ports;
mod problem;
mod pull_place;
mod pull_sources;
mod references;
mod rule;
mod rules;
mod site_identity;
mod site_tree;
mod spelling;
mod synchronization_source;
#[cfg(test)]
mod tests;
mod update_point_roles;
mod wsus;

pub use problem::{Place, PlaceKind, Problem, Severity};
pub use rule::{DUPLICATE, Rule, SCHEMA, SYNTAX};
pub use rules::{RULES, check, check_beside};
pub use spelling::closest;
