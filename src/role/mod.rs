//! What runs: the agent of a site system and the roles that it hosts.

mod reporter;

pub use reporter::Reporter;
