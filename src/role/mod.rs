//! What runs: the agent of a site system and the roles that it hosts.

mod blocking;
mod causes;
mod reporter;
pub mod site_server;
pub mod update_point;

pub use causes::with_causes;
pub use reporter::Reporter;
