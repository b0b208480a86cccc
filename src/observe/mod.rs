//! Asks the site systems what they are (REC-2): the only source of observed state.

mod agents;
mod identified;
mod look;
mod ports;
mod transfers;

pub use agents::{Agents, ReachError, Remote};
pub use identified::{Identified, identify};
pub use look::observe_into;
pub use ports::observe_ports;
pub use transfers::{Transfers, observe_transfers};

/// How many site systems are asked at the same time.
pub const AT_ONCE: usize = 64;
