//! What network policies let through: the rules of a host, with peers as a policy can name them.

use std::collections::BTreeMap;

use crate::{
    model::{Hierarchy, Name},
    ports::{FirewallRule, Party, PortSet, Transport},
};

use super::peer::{PRIVATE_V4, PRIVATE_V6, Whereabouts, may_be_pod, whereabouts};

/// Who may be at the other end of a connection, as a policy can say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyPeer {
    /// The pods of a site system.
    SiteSystem(Name),
    /// The pods that plan and apply.
    Controller,
    /// A block of addresses.
    Block(String),
}

/// What peers with the same ports may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRule<'a> {
    /// What carries it.
    pub transport: Transport,
    /// The ports of whoever listens.
    pub ports: &'a PortSet,
    /// The peers, each with the rule that it comes from.
    pub peers: Vec<(&'a FirewallRule, Vec<PolicyPeer>)>,
}

/// The rules of one direction as policies have them, and those that none can say, because no manifest tells
/// the IP address of their peer.
pub fn policy_rules<'a>(
    hierarchy: &Hierarchy,
    rules: &'a [FirewallRule],
) -> (Vec<PolicyRule<'a>>, Vec<&'a FirewallRule>) {
    let mut merged: BTreeMap<(Transport, &PortSet), Vec<&FirewallRule>> = BTreeMap::new();
    for rule in rules {
        merged.entry((rule.transport, &rule.ports)).or_default().push(rule);
    }
    let (mut said, mut unknown) = (Vec::new(), Vec::new());
    for ((transport, ports), rules) in merged {
        let mut peers = Vec::with_capacity(rules.len());
        for rule in rules {
            match policy_peers(hierarchy, &rule.peer) {
                Some(found) => peers.push((rule, found)),
                None => unknown.push(rule),
            }
        }
        if !peers.is_empty() {
            said.push(PolicyRule { transport, ports, peers });
        }
    }
    (said, unknown)
}

/// A party as pods or as blocks of addresses; `None` for a computer without a known address.
pub(super) fn policy_peers(hierarchy: &Hierarchy, party: &Party) -> Option<Vec<PolicyPeer>> {
    if let Party::SiteSystem(name) = party
        && may_be_pod(hierarchy, party)
    {
        return Some(vec![PolicyPeer::SiteSystem(name.clone())]);
    }
    if *party == Party::Controller {
        return Some(vec![PolicyPeer::Controller]);
    }
    let block = |cidr: &str| PolicyPeer::Block(cidr.to_owned());
    Some(match whereabouts(hierarchy, party) {
        Whereabouts::Literal(ip) => {
            vec![PolicyPeer::Block(format!("{ip}/{}", if ip.is_ipv4() { 32 } else { 128 }))]
        }
        Whereabouts::Intranet => PRIVATE_V4.iter().chain(&PRIVATE_V6).map(|it| block(it)).collect(),
        Whereabouts::Anywhere => ["0.0.0.0/0", "::/0"].map(block).into(),
        Whereabouts::Named(_) | Whereabouts::Unknown => return None,
    })
}
