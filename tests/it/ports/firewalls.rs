//! Firewalls let in what flows need, and nothing else.

use std::collections::BTreeSet;

use headwater::{
    model::Placement,
    ports::{
        Direction, FirewallRule, Party, PortRange, PortSet, Transport, flows, flows_where,
        host_rules,
    },
    view::{ports_network_policies, ports_nftables, ports_windows_firewall},
};

use super::hierarchies::{ALL, hierarchy};

/// Single ports that one peer may reach over one transport; of the dynamic ones the ends, because
/// thousands in between would tell nothing more.
fn unfolded(rules: &[FirewallRule]) -> BTreeSet<(String, Transport, u16)> {
    let ends = |port: &u16| !(49_160..65_530).contains(port);
    let ports = |set: &PortSet| -> Vec<u16> {
        set.ranges()
            .iter()
            .flat_map(|&PortRange { first, last }| first..=last)
            .filter(ends)
            .collect()
    };
    rules
        .iter()
        .flat_map(|rule| {
            let (peer, transport) = (rule.peer.to_string(), rule.transport);
            ports(&rule.ports).into_iter().map(move |port| (peer.clone(), transport, port))
        })
        .collect()
}

#[test]
fn rules_are_exactly_the_flows_and_as_few_as_can_be() {
    for path in ALL {
        let hierarchy = hierarchy(path);
        let all = flows(&hierarchy);
        let hosts = host_rules(&hierarchy, &all);
        assert!(hosts.keys().eq(hierarchy.site_systems.keys()), "{path}");
        for (name, rules) in &hosts {
            let host = Party::SiteSystem(name.clone());
            for (inbound, rules) in [(true, &rules.inbound), (false, &rules.outbound)] {
                let wanted: Vec<FirewallRule> = all
                    .iter()
                    .filter(|flow| {
                        host == if inbound { flow.to.clone() } else { flow.from.clone() }
                    })
                    .map(|flow| FirewallRule {
                        peer: if inbound { flow.from.clone() } else { flow.to.clone() },
                        transport: flow.transport,
                        ports: flow.ports.clone(),
                        requirements: Vec::new(),
                    })
                    .collect();
                assert_eq!(unfolded(rules), unfolded(&wanted), "{path} {name}");
                let peers: BTreeSet<_> =
                    rules.iter().map(|rule| (rule.peer.clone(), rule.transport)).collect();
                assert_eq!(peers.len(), rules.len(), "{path} {name}: one rule for each peer");
            }
        }
    }
}

#[test]
fn several_hosts_sleep_until_they_are_woken() {
    let contoso = hierarchy("examples/contoso");
    let mut hosts = host_rules(&contoso, &flows(&contoso));
    let all = ports_nftables(&contoso, &hosts, Direction::In);
    assert_eq!(all.matches("flags dormant").count(), contoso.site_systems.len());
    hosts.retain(|name, _| name.as_str() == "cen-wsus");
    let one = ports_nftables(&contoso, &hosts, Direction::In);
    assert!(!one.contains("dormant"), "{one}");
    assert!(one.contains("policy drop"), "{one}");
}

#[test]
fn what_is_open_to_anybody_needs_no_second_rule() {
    let native = hierarchy("tests/ports/native-ssl.yaml");
    let mut hosts = host_rules(&native, &flows(&native));
    hosts.retain(|name, _| name.as_str() == "nat-inet");
    let text = ports_nftables(&native, &hosts, Direction::In);
    let rules: Vec<&str> = text.lines().filter(|line| line.contains("853")).collect();
    // Internet clients come from anywhere, so the site server needs its other ports only.
    assert_eq!(rules.len(), 1, "{text}");
    assert!(rules[0].trim_start().starts_with("tcp dport 8530-8531 accept"), "{text}");
}

#[test]
fn names_that_mean_something_to_yaml_stay_names() {
    let mut contoso = hierarchy("examples/contoso");
    for (new, old) in [("null", "cen-srv"), ("8530", "cen-wsus"), ("true", "cen-inet")] {
        let (old, new): (headwater::model::Name, _) = (old.parse().unwrap(), new.parse().unwrap());
        let system = contoso.site_systems.remove(&old).unwrap();
        contoso.site_systems.insert(new, system);
    }
    let hosts = host_rules(&contoso, &flows_where(&contoso, Placement::Kubernetes));
    let text = ports_network_policies(&contoso, &hosts, Direction::In);
    for name in ["null", "8530", "true"] {
        let quoted = format!("headwater.dev/site-system: \"{name}\"\n");
        assert!(text.contains(&quoted), "{name}");
        assert!(!text.contains(&format!("site-system: {name}\n")), "{name}");
    }
    for document in text.split("---\n").skip(1) {
        let value: serde_json::Value = serde_yaml::from_str(document).unwrap();
        assert!(value["metadata"]["name"].is_string(), "{document}");
        let labels = &value["spec"]["podSelector"]["matchLabels"];
        assert!(labels["headwater.dev/site-system"].is_string(), "{document}");
    }
}

#[test]
fn a_pod_that_nobody_knows_the_agent_of_is_reached_at_the_usual_admin_port() {
    let contoso = hierarchy("examples/contoso");
    let admin = |placement| {
        let flows = flows_where(&contoso, placement);
        let to_agents = flows.iter().filter(|flow| flow.from == Party::Controller);
        to_agents.map(|flow| flow.ports.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(admin(Placement::Embedded), [""; 0]);
    assert_eq!(admin(Placement::Kubernetes), vec!["8550"; contoso.site_systems.len()]);
}

#[test]
fn a_script_resolves_before_it_removes() {
    let contoso = hierarchy("examples/contoso");
    let hosts = host_rules(&contoso, &flows(&contoso));
    let script = ports_windows_firewall(&contoso, &hosts, Direction::Both);
    let at = |text: &str| script.find(text).unwrap_or_else(|| panic!("{text} in {script}"));
    assert!(at("Resolve-Peer '") < at("Remove-NetFirewallRule"));
    assert!(at("Remove-NetFirewallRule") < at("New-NetFirewallRule"));
    for name in contoso.site_systems.keys() {
        assert_eq!(script.matches(&format!("\n    '{name}' {{\n")).count(), 1, "{name}");
    }
}

#[test]
fn a_computer_that_boots_from_the_network_is_let_in_and_answered() {
    let mut mixed = hierarchy("tests/ports/mixed.yaml");
    mixed.site_systems.values_mut().for_each(|it| it.placement = Some(Placement::Kubernetes));
    let mut hosts = host_rules(&mixed, &flows_where(&mixed, Placement::Kubernetes));
    hosts.retain(|name, _| ["mix-dp1", "mix-dp2"].contains(&name.as_str()));
    for (name, rules) in &hosts {
        assert_eq!(rules.boots.is_empty(), name.as_str() == "mix-dp2", "only where PXE is enabled");
    }
    let nftables = ports_nftables(&mixed, &hosts, Direction::Both);
    let windows = ports_windows_firewall(&mixed, &hosts, Direction::Both);
    let policies = ports_network_policies(&mixed, &hosts, Direction::Both);
    for (text, rules) in [
        (
            &nftables,
            &[
                "ip saddr 0.0.0.0 udp dport 67 accept",
                "udp sport 67 udp dport 68 accept",
                "ip daddr @clients_MIX_v4 udp sport 1024-65535 udp dport 1024-65535 accept",
                "ip6 daddr @clients_MIX_v6 udp sport 1024-65535 udp dport 1024-65535 accept",
            ][..],
        ),
        (
            &windows,
            &[
                "DisplayName = 'UDP 67 from computers without an address'",
                "DisplayName = 'UDP 68 to computers without an address'",
                "DisplayName = 'UDP 1024-65535 to clients of MIX'",
            ],
        ),
        (
            &policies,
            &["cidr: \"0.0.0.0/32\"", "cidr: \"255.255.255.255/32\"", "port: 68\n", "port: 1024\n"],
        ),
    ] {
        for rule in rules {
            assert_eq!(text.matches(rule).count(), 1, "{rule} in {text}");
        }
    }
    // In one direction the rules of that one only, and every set that they name.
    let inward = ports_nftables(&mixed, &hosts, Direction::In);
    assert!(inward.contains("saddr 0.0.0.0") && !inward.contains("dport 68"), "{inward}");
    let outward = ports_nftables(&mixed, &hosts, Direction::Out);
    assert!(outward.contains("dport 68") && !outward.contains("addr 0.0.0.0"), "{outward}");
    assert!(outward.contains("set clients_MIX_v4 {"), "{outward}");
}

#[test]
fn a_policy_is_written_for_pods_only() {
    let mut contoso = hierarchy("examples/contoso");
    for system in contoso.site_systems.values_mut().take(2) {
        system.placement = Some(Placement::Remote);
    }
    let hosts = host_rules(&contoso, &flows_where(&contoso, Placement::Kubernetes));
    let text = ports_network_policies(&contoso, &hosts, Direction::In);
    let names: Vec<&str> =
        contoso.site_systems.keys().map(headwater::model::Name::as_str).collect();
    let [first, second, ..] = names[..] else { panic!("{names:?}") };
    let told = format!("# Not here, because a policy selects pods only: {first}, {second}\n---\n");
    assert!(text.starts_with(&told), "{text}");
    assert_eq!(text.matches("kind: NetworkPolicy").count(), names.len() - 2);
}
