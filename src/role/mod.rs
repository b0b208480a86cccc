//! What runs: the agent of a site system and the roles that it hosts, the host of an embedded
//! hierarchy, and the controller.

mod admitting;
pub mod agent;
mod answering;
pub mod controller;
pub mod distribution_point;
pub mod host;
pub mod management_point;
pub mod package_library;
mod port;
mod reporter;
pub mod site_server;
pub mod update_point;
mod validating;
mod web_port;

pub use reporter::Reporter;
pub use web_port::{Surroundings, WebPortError};
