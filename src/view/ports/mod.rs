//! The flows of a hierarchy for people, programs and firewalls, and what was found on its ports.

mod check;
mod data;
mod diagram;
mod markdown;
mod network_policy;
mod nftables;
mod peer;
mod policy;
mod table;
mod windows_firewall;

pub use check::{PortsCheck, ports_check_json, ports_check_text};
pub use data::{ports_csv, ports_json};
pub use diagram::ports_diagram;
pub use markdown::ports_markdown;
pub use network_policy::ports_network_policies;
pub use nftables::ports_nftables;
pub use policy::{PolicyPeer, PolicyRule, policy_rules};
pub use table::ports_text;
pub use windows_firewall::ports_windows_firewall;
