//! The network policy of a site system: who may open connections to it, and to whom it may open some. The
//! derived flows (PORT-5) say so, as `headwater ports --output networkpolicy` does; but an agent in a pod is no
//! Windows computer, so only those ports count on which an agent or a role listens.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    names::{SITE_SYSTEM, SITE_SYSTEMS, object_name, selector},
    wanted::{Child, Children, Hosted, agent_port},
};
use crate::{
    model::Name,
    ports::{FirewallRule, Party, PortRange, PortSet, Transport},
    view::{PolicyPeer, policy_rules},
};

pub(super) fn network_policy(all: &Children<'_>, hosted: Hosted<'_>) -> Child {
    let listening = listening(all, hosted.name);
    let (mut inbound, mut outbound) = (Vec::new(), Vec::new());
    if let Some(rules) = all.rules(hosted.name) {
        let let_in = rules.inbound.iter();
        inbound.extend(let_in.filter_map(|rule| on_these(rule, &listening)));
        outbound.extend(rules.outbound.iter().filter_map(|rule| match &rule.peer {
            Party::SiteSystem(peer) => on_these(rule, &self::listening(all, peer)),
            // It is a database of Windows, and an agent has its own.
            Party::SiteDatabase(_) => None,
            _ => Some(rule.clone()),
        }));
    }
    let mut egress = vec![json!({
        "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
    })];
    egress.extend(rules(all, &outbound, "to"));
    let spec = json!({
        "podSelector": selector(hosted.name),
        "policyTypes": ["Ingress", "Egress"],
        "ingress": rules(all, &inbound, "from"),
        "egress": egress,
    });
    let kind = ("networking.k8s.io/v1", "NetworkPolicy");
    all.child(hosted, kind, object_name(hosted.name), json!({"spec": spec}))
}

/// The ports on which a site system listens: those of its roles and the admin port of its agent.
fn listening(all: &Children<'_>, name: &Name) -> PortSet {
    let mut ports = PortSet::default();
    for role in all.roles(name) {
        ports.insert(PortRange::one(role.port.get()));
    }
    if let Some(system) = all.hierarchy.site_systems.get(name) {
        ports.insert(PortRange::one(agent_port(system).get()));
    }
    ports
}

/// What of a rule is on these ports.
fn on_these(rule: &FirewallRule, ports: &PortSet) -> Option<FirewallRule> {
    let others = rule.ports.without(ports);
    let ports = rule.ports.without(&others);
    let listens = rule.transport == Transport::Tcp && !ports.ranges().is_empty();
    listens.then(|| FirewallRule { ports, ..rule.clone() })
}

/// Rules for one direction. Some ports are open to everybody: those of clients, because behind load balancers and
/// nodes they have any address, and those of computers that are known by name only, which a policy cannot
/// say: closed, the hierarchy would be cut in two. Both ask for nothing less than before: content is for
/// everybody, and who has no certificate gets nowhere at an admin port.
fn rules(all: &Children<'_>, rules: &[FirewallRule], end: &str) -> Vec<Value> {
    let is_of_clients = |rule: &&FirewallRule| matches!(rule.peer, Party::Clients { .. });
    let (_, unknown) = policy_rules(all.hierarchy, rules);
    let mut open: BTreeMap<Transport, PortSet> = BTreeMap::new();
    for rule in rules.iter().filter(is_of_clients).chain(unknown) {
        open.entry(rule.transport).or_default().extend(&rule.ports);
    }
    let closed: Vec<FirewallRule> = rules
        .iter()
        .filter_map(|rule| {
            let ports = match open.get(&rule.transport) {
                Some(open) => rule.ports.without(open),
                None => rule.ports.clone(),
            };
            (!ports.ranges().is_empty()).then(|| FirewallRule { ports, ..rule.clone() })
        })
        .collect();
    let mut wanted: Vec<Value> =
        open.iter().map(|(transport, open)| json!({"ports": ports(*transport, open)})).collect();
    let (closed, _) = policy_rules(all.hierarchy, &closed);
    for rule in closed {
        let peers = rule.peers.iter().flat_map(|(_, peers)| peers);
        let peers: Vec<Value> = peers.map(|peer| of_peer(all, peer)).collect();
        wanted.push(json!({end: peers, "ports": ports(rule.transport, rule.ports)}));
    }
    wanted
}

fn ports(transport: Transport, ports: &PortSet) -> Vec<Value> {
    let all = ports.ranges().iter().map(|range| {
        let mut port = json!({"protocol": transport.as_str(), "port": range.first});
        if range.last > range.first {
            port["endPort"] = json!(range.last);
        }
        port
    });
    all.collect()
}

fn of_peer(all: &Children<'_>, peer: &PolicyPeer) -> Value {
    match peer {
        PolicyPeer::SiteSystem(name) => json!({
            "podSelector": {
                "matchLabels": {"app.kubernetes.io/name": SITE_SYSTEMS, SITE_SYSTEM: name},
            },
        }),
        // The operator may have a namespace of its own.
        PolicyPeer::Controller => json!({
            "namespaceSelector": {
                "matchLabels": {"kubernetes.io/metadata.name": all.hosting.operator_namespace},
            },
            "podSelector": {
                "matchLabels": {
                    "app.kubernetes.io/name": "headwater",
                    "app.kubernetes.io/component": "operator",
                },
            },
        }),
        PolicyPeer::Block(cidr) => json!({"ipBlock": {"cidr": cidr}}),
    }
}
