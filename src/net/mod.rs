//! The network: how names become addresses, HTTP clients, and ports that open and close.

mod addresses;
mod client;
mod listener;

pub use addresses::{AddressTaken, Addresses};
pub use client::{ClientError, client};
pub use listener::{ListenError, OpenPort};
