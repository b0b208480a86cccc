//! The ports of a hierarchy (PORT-1..5): who talks to whom and why, what each computer therefore has
//! to let in, and what has to answer on the ports of its roles. Pure.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod admin;
mod content;
mod derive;
mod difference;
mod firewall;
mod flow;
mod port_set;
mod roles;
mod scenario;
mod site_links;
mod update_points;
mod wanted;

pub use derive::{flows, flows_where};
pub use difference::{Difference, differences, warnings};
pub use firewall::{Direction, FirewallRule, HostRules, TFTP_DATA, host_rules};
pub use flow::{Application, Flow, Network, Party, Transport};
pub use port_set::{DYNAMIC, PortRange, PortSet};
pub use roles::{RolePort, admin_port, role_ports};
pub use scenario::Scenario;
pub use wanted::{
    HTTP_ROOTS, SECURED_ROOTS, WantedListeners, wanted_of_content, wanted_of_updates,
};
