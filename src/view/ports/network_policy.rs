//! Network policies for Kubernetes: one for each site system.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    model::{Hierarchy, Name},
    ports::{Direction, FirewallRule, HostRules, Party, TFTP_DATA},
    view::plain::{add, plain},
};

use super::{
    peer::may_be_pod,
    policy::{PolicyPeer, policy_peers, policy_rules},
};

/// The label of the pods of a site system.
const SITE_SYSTEM: &str = "headwater.dev/site-system";
/// The label of the pod that plans and applies.
const COMPONENT: &str = "headwater.dev/component";

/// A policy for each of these hosts that may be a pod, whose pods are labelled
/// `headwater.dev/site-system: NAME`. What no rule lets through is denied.
pub fn ports_network_policies(
    hierarchy: &Hierarchy,
    hosts: &BTreeMap<Name, HostRules>,
    direction: Direction,
) -> String {
    let mut text = String::new();
    let is_pod = |name: &Name| may_be_pod(hierarchy, &Party::SiteSystem(name.clone()));
    let others: Vec<&str> = hosts.keys().filter(|name| !is_pod(name)).map(Name::as_str).collect();
    if !others.is_empty() {
        add(
            &mut text,
            format_args!("# Not here, because a policy selects pods only: {}\n", others.join(", ")),
        );
    }
    for (name, rules) in hosts.iter().filter(|(name, _)| is_pod(name)) {
        let site = hierarchy.site_systems.get(name).map_or("-", |it| it.site.as_str());
        // What comes from a manifest stands in quotation marks: `null` and `8530` are names too.
        add(
            &mut text,
            format_args!(
                "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  \
                 name: \"headwater-{name}\"\n  labels:\n    \
                 app.kubernetes.io/managed-by: headwater\n    headwater.dev/site: \"{site}\"\n\
                 spec:\n  podSelector:\n    matchLabels:\n      {SITE_SYSTEM}: \"{name}\"\n  \
                 policyTypes:\n"
            ),
        );
        for (wanted, word) in [(direction.inbound(), "Ingress"), (direction.outbound(), "Egress")] {
            if wanted {
                add(&mut text, format_args!("    - {word}\n"));
            }
        }
        if direction.inbound() {
            let (rest, left_out) = rules_text(hierarchy, &rules.inbound, "from");
            let boots = if rules.boots.is_empty() { "" } else { BOOTS_IN };
            // An empty list: nothing is let in.
            let list = if rest.is_empty() && boots.is_empty() { " []" } else { "" };
            add(&mut text, format_args!("  ingress:{list}\n{left_out}{rest}{boots}"));
        }
        if direction.outbound() {
            let (rest, left_out) = rules_text(hierarchy, &rules.outbound, "to");
            add(&mut text, format_args!("  egress:\n{NAME_SERVICE}{left_out}{rest}"));
            boots_out(hierarchy, &rules.boots, &mut text);
        }
    }
    text
}

const NAME_SERVICE: &str = "    # Names are resolved.\n    - ports:\n        - protocol: UDP\n          \
                            port: 53\n        - protocol: TCP\n          port: 53\n";

/// A computer that boots from the network has no address when it asks.
const BOOTS_IN: &str = "    - from:\n        # computers without an address (PDP-3)\n        \
                        - ipBlock:\n            cidr: \"0.0.0.0/32\"\n      ports:\n        \
                        - protocol: UDP\n          port: 67\n";

/// What computers are sent that boot from the network: answers of DHCP, to everybody as long as they
/// have no address, and data of TFTP.
fn boots_out(hierarchy: &Hierarchy, boots: &BTreeSet<Party>, text: &mut String) {
    if boots.is_empty() {
        return;
    }
    let peers = boots.iter().filter_map(|peer| policy_peers(hierarchy, peer)).flatten();
    let peers: String = peers.map(|peer| peer_text(&peer)).collect();
    add(
        text,
        format_args!(
            "    - to:\n        # computers that boot (PDP-3)\n        \
             - ipBlock:\n            cidr: \"255.255.255.255/32\"\n{peers}      ports:\n        \
             - protocol: UDP\n          port: 68\n    \
             - to:\n        # computers that boot (PDP-3)\n{peers}      ports:\n        \
             - protocol: UDP\n          port: {}\n          endPort: {}\n",
            TFTP_DATA.first, TFTP_DATA.last
        ),
    );
}

/// Rules for one direction, where peers with the same ports share one, and a comment on each peer
/// that is left out.
fn rules_text(hierarchy: &Hierarchy, rules: &[FirewallRule], end: &str) -> (String, String) {
    let mut text = String::new();
    let (rules, left_out) = policy_rules(hierarchy, rules);
    for rule in rules {
        add(&mut text, format_args!("    - {end}:\n"));
        for (rule, peers) in &rule.peers {
            let peers: String = peers.iter().map(peer_text).collect();
            add(&mut text, format_args!("        # {}\n{peers}", requirement(rule)));
        }
        text += "      ports:\n";
        for range in rule.ports.ranges() {
            let (transport, first) = (rule.transport.as_str(), range.first);
            add(
                &mut text,
                format_args!("        - protocol: {transport}\n          port: {first}\n"),
            );
            if range.last > range.first {
                add(&mut text, format_args!("          endPort: {}\n", range.last));
            }
        }
    }
    (text, left_out.into_iter().map(unknown).collect())
}

fn requirement(rule: &FirewallRule) -> String {
    let peer = rule.peer.to_string();
    format!("{} ({})", plain(&peer), rule.requirements.join(", "))
}

/// What a policy cannot say, for whoever can.
fn unknown(rule: &FirewallRule) -> String {
    format!(
        "    # Not here, because no manifest tells its IP address: {} on {} {}\n",
        requirement(rule),
        rule.transport.as_str(),
        rule.ports
    )
}

/// A peer as a selector or as a block of addresses.
fn peer_text(peer: &PolicyPeer) -> String {
    let selector = |label: &str, value: &str| {
        format!(
            "        - podSelector:\n            matchLabels:\n              {label}: \"{value}\"\n"
        )
    };
    match peer {
        PolicyPeer::SiteSystem(name) => selector(SITE_SYSTEM, name.as_str()),
        PolicyPeer::Controller => selector(COMPONENT, "controller"),
        PolicyPeer::Block(cidr) => {
            format!("        - ipBlock:\n            cidr: \"{cidr}\"\n")
        }
    }
}
