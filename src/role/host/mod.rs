//! The host of an embedded hierarchy: one process that runs the agents of all its site systems,
//! each on a loopback address of its own.

mod data_directory;
mod holder;
mod host_port;
mod host_state;
mod inheritance;

pub use data_directory::{DataDirectory, DataError, DataLock};
pub use holder::this_process;
pub use host_state::{Host, HostError};
pub use inheritance::Inheritance;
