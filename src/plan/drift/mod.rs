//! What there is to say of drift once the actions are known: which field is not as wanted, what it
//! is, where that was read, and since when.

mod content;
mod found;
mod roles;
mod site_systems;
mod synchronization;

pub(super) use found::Drift;
