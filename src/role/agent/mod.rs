//! The agent of a site system: what it knows of itself, the roles it hosts, and the admin port
//! through which it is told and asked.

mod admin_port;
mod admission;
mod agent_state;
mod commands;
mod exchange;
mod identity;
mod management_point;
mod packages;
mod prestaged;
mod update_points;

pub use admin_port::AdminPort;
pub(in crate::role) use admin_port::authorize;
pub use admission::SecuredPort;
pub use agent_state::{Agent, AgentOptions};
pub use commands::CommandError;
pub use identity::IdentityError;
