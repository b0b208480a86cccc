//! What is there but not wanted any more: removed last and in reverse (REC-4). What could not be
//! asked is never removed, and nothing that something else still uses.

mod content;
mod roles;
mod site_systems;
mod there;

pub(super) use roles::KEPT;
