//! What each computer has to let in, and what it has to be let out to: the flows, seen from one
//! host, with the ports of each peer put together.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Hierarchy, Name};

use super::{Application, Flow, Party, PortRange, PortSet, Transport};

/// Which way the connections go that rules are wanted for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Direction {
    /// Those that others open to the host.
    #[default]
    In,
    /// Those that the host opens to others.
    Out,
    /// Both.
    Both,
}

impl Direction {
    /// Whether rules for connections to the host are wanted.
    pub const fn inbound(self) -> bool {
        matches!(self, Self::In | Self::Both)
    }

    /// Whether rules for connections from the host are wanted.
    pub const fn outbound(self) -> bool {
        matches!(self, Self::Out | Self::Both)
    }
}

/// What one peer may do: one rule for all its ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirewallRule {
    /// Who is at the other end.
    pub peer: Party,
    /// What carries it.
    pub transport: Transport,
    /// The ports of whoever listens.
    pub ports: PortSet,
    /// The requirements that ask for it, ascending.
    pub requirements: Vec<&'static str>,
}

/// The rules of one host: as few as can be, one for each peer and transport.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostRules {
    /// Connections that others open to it.
    pub inbound: Vec<FirewallRule>,
    /// Connections that it opens to others.
    pub outbound: Vec<FirewallRule>,
    /// The clients that boot from the network by it: they have no address when they ask, and what
    /// they are sent does not come from the port that they asked.
    pub boots: BTreeSet<Party>,
}

/// Where TFTP sends a file: from a new port of the host to the one that the client has asked from,
/// both chosen by their systems among those that no service has.
pub const TFTP_DATA: PortRange = PortRange { first: 1024, last: 65535 };

/// The rules of every site system, also of those that nobody connects to: nothing is let in there.
pub fn host_rules(hierarchy: &Hierarchy, flows: &[Flow]) -> BTreeMap<Name, HostRules> {
    let mut merged: BTreeMap<&Name, [Merging<'_>; 2]> =
        hierarchy.site_systems.keys().map(|name| (name, Default::default())).collect();
    let mut boots: BTreeMap<&Name, BTreeSet<Party>> = BTreeMap::new();
    for flow in flows {
        if let (Party::SiteSystem(host), Application::Pxe) = (&flow.to, flow.application) {
            boots.entry(host).or_default().insert(flow.from.clone());
        }
        for (host, peer, way) in [(&flow.to, &flow.from, 0), (&flow.from, &flow.to, 1)] {
            let Party::SiteSystem(host) = host else { continue };
            let Some(rules) = merged.get_mut(host) else { continue };
            let (ports, requirements) = rules[way].entry((peer, flow.transport)).or_default();
            ports.extend(&flow.ports);
            requirements.extend(&flow.requirements);
        }
    }
    merged
        .into_iter()
        .map(|(name, [inbound, outbound])| {
            let boots = boots.remove(name).unwrap_or_default();
            (name.clone(), HostRules { inbound: rules(inbound), outbound: rules(outbound), boots })
        })
        .collect()
}

fn rules(merging: Merging<'_>) -> Vec<FirewallRule> {
    let mut rules = Vec::with_capacity(merging.len());
    for ((peer, transport), (ports, requirements)) in merging {
        let requirements = requirements.into_iter().collect();
        rules.push(FirewallRule { peer: peer.clone(), transport, ports, requirements });
    }
    rules
}

/// The ports of each peer so far, and the requirements that ask for them.
type Merging<'a> = BTreeMap<(&'a Party, Transport), (PortSet, BTreeSet<&'static str>)>;
