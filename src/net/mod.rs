//! The network: how names become addresses, HTTP clients, and ports that open and close.

mod addresses;
mod admin_token;
mod agent_client;
mod client;
mod listener;

pub use addresses::{AddressTaken, Addresses};
pub use admin_token::AdminToken;
pub use agent_client::{AgentClient, AgentError};
pub use client::{ClientError, client};
pub use listener::{BoundPort, ListenError, OpenPort};
