//! Asks the site systems what they are (REC-2): the only source of observed state.

mod agents;
mod look;

pub use agents::{Agents, ReachError};
pub use look::observe;
