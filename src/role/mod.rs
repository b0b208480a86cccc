//! What runs: the agent of a site system and the roles that it hosts.

pub mod distribution_point;
pub mod package_library;
mod reporter;
pub mod site_server;
pub mod update_point;

pub use causes::with_causes;
pub use reporter::Reporter;
