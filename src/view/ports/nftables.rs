//! Rules for nftables: a table for each host.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    model::{Hierarchy, Name},
    ports::{Direction, FirewallRule, HostRules, Party, PortSet, TFTP_DATA, Transport},
    view::plain::{add, plain},
};

use super::peer::{PRIVATE_V4, PRIVATE_V6, Whereabouts, whereabouts, word};

/// Rules for these hosts. One host: a file for that computer, which takes effect when it is loaded.
/// Several: their tables one after the other, each dormant, so that a file that is loaded on the
/// wrong computer does nothing.
///
/// Names are not resolved: rules would keep the addresses of the day, or those that a forged answer
/// gave. Each name has a set to be filled in, which matches nothing until it is.
pub fn ports_nftables(
    hierarchy: &Hierarchy,
    hosts: &BTreeMap<Name, HostRules>,
    direction: Direction,
) -> String {
    let mut text = String::new();
    for (name, rules) in hosts {
        if !text.is_empty() {
            text.push('\n');
        }
        let table = Table { hierarchy, name, direction, dormant: hosts.len() > 1 };
        table.write(rules, &mut text);
    }
    text
}

struct Table<'a> {
    hierarchy: &'a Hierarchy,
    name: &'a Name,
    direction: Direction,
    dormant: bool,
}

const FAMILIES: [(&str, &str, &str); 2] = [("v4", "ipv4_addr", "ip"), ("v6", "ipv6_addr", "ip6")];

impl Table<'_> {
    fn write(&self, rules: &HostRules, text: &mut String) {
        let (name, table) =
            (self.name, format!("headwater_{}", self.name.as_str().replace('-', "_")));
        let system = self.hierarchy.site_systems.get(name);
        let address = system.map_or("-", |it| it.settings.address.as_str());
        let site = system.map_or("-", |it| it.site.as_str());
        add(text, format_args!("# {name} ({address}), site {site}\n"));
        if self.dormant {
            add(
                text,
                format_args!(
                    "# Dormant: once it is loaded, `nft add table inet {table}` wakes it, on that \
                     computer\n# and on no other.\n"
                ),
            );
        }
        text.push_str(
            "# Loading it again replaces it. A set without elements matches nothing: fill it in.\n",
        );
        add(text, format_args!("table inet {table}\ndelete table inet {table}\n\n"));
        add(text, format_args!("table inet {table} {{\n"));
        if self.dormant {
            text.push_str("\tflags dormant\n\n");
        }
        self.sets(rules, text);
        if self.direction.inbound() {
            self.inbound(rules, text);
        }
        if self.direction.outbound() {
            if self.direction.inbound() {
                text.push('\n');
            }
            self.outbound(rules, text);
        }
        text.push_str("}\n");
    }

    fn sets(&self, rules: &HostRules, text: &mut String) {
        if self.direction.inbound() {
            text.push_str("\t# Networks from which this computer is administered over SSH.\n");
            for (family, kind, _) in FAMILIES {
                add(
                    text,
                    format_args!(
                        "\tset administrators_{family} {{ type {kind}; flags interval; }}\n"
                    ),
                );
            }
            text.push('\n');
        }
        let wanted = [
            (self.direction.inbound(), &rules.inbound),
            (self.direction.outbound(), &rules.outbound),
        ];
        let peers: BTreeSet<&Party> = wanted
            .into_iter()
            .filter(|(wanted, _)| *wanted)
            .flat_map(|(_, rules)| rules)
            .map(|rule| &rule.peer)
            .chain(rules.boots.iter().filter(|_| self.direction.outbound()))
            .collect();
        for peer in peers {
            self.set(peer, text);
        }
    }

    fn set(&self, peer: &Party, text: &mut String) {
        let whereabouts = whereabouts(self.hierarchy, peer);
        let shown = peer.to_string();
        let shown = plain(&shown);
        match &whereabouts {
            Whereabouts::Anywhere => return,
            Whereabouts::Literal(_) => add(text, format_args!("\t# {shown}\n")),
            Whereabouts::Named(name) => {
                add(text, format_args!("\t# {shown}: fill in the addresses of {}\n", plain(name)));
            }
            Whereabouts::Intranet => {
                add(text, format_args!("\t# {shown}: all private addresses; fewer are better\n"));
            }
            Whereabouts::Unknown => {
                add(text, format_args!("\t# {shown}: fill in its addresses\n"));
            }
        }
        for ((family, kind, _), elements) in FAMILIES.into_iter().zip(elements(&whereabouts)) {
            let Some(elements) = elements else { continue };
            let set = format!("set {}_{family} {{ type {kind}; flags interval;", word(peer));
            if elements.is_empty() {
                add(text, format_args!("\t{set} }}\n"));
            } else {
                add(text, format_args!("\t{set} elements = {{ {} }}; }}\n", elements.join(", ")));
            }
        }
        text.push('\n');
    }

    fn inbound(&self, rules: &HostRules, text: &mut String) {
        text.push_str(
            "\tchain inbound {\n\
             \t\ttype filter hook input priority filter; policy drop;\n\
             \t\tct state established,related accept\n\
             \t\tiif \"lo\" accept\n\
             \t\tmeta l4proto { icmp, ipv6-icmp } accept\n\
             \t\tip6 saddr fe80::/10 udp dport 546 accept comment \"DHCPv6\"\n\
             \t\tip saddr @administrators_v4 tcp dport 22 accept\n\
             \t\tip6 saddr @administrators_v6 tcp dport 22 accept\n",
        );
        if !rules.boots.is_empty() {
            text.push_str(
                "\t\tip saddr 0.0.0.0 udp dport 67 accept comment \"PDP-3: has no address yet\"\n",
            );
        }
        self.rules(&rules.inbound, "saddr", text);
        text.push_str("\t}\n");
    }

    fn outbound(&self, rules: &HostRules, text: &mut String) {
        text.push_str(
            "\tchain outbound {\n\
             \t\ttype filter hook output priority filter; policy drop;\n\
             \t\tct state established,related accept\n\
             \t\toif \"lo\" accept\n\
             \t\tmeta l4proto { icmp, ipv6-icmp } accept\n\
             \t\tudp dport { 53, 67, 123, 547 } accept comment \"names, addresses, time\"\n\
             \t\ttcp dport 53 accept comment \"names\"\n",
        );
        if !rules.boots.is_empty() {
            text.push_str(
                "\t\tudp sport 67 udp dport 68 accept comment \"PDP-3: answers of DHCP\"\n",
            );
        }
        for peer in &rules.boots {
            let (set, whereabouts) = (word(peer), whereabouts(self.hierarchy, peer));
            for ((family, _, header), elements) in FAMILIES.into_iter().zip(elements(&whereabouts))
            {
                if elements.is_some() {
                    add(
                        text,
                        format_args!(
                            "\t\t{header} daddr @{set}_{family} udp sport {TFTP_DATA} \
                             udp dport {TFTP_DATA} accept comment \"PDP-3: data of TFTP\"\n"
                        ),
                    );
                }
            }
        }
        self.rules(&rules.outbound, "daddr", text);
        text.push_str("\t}\n");
    }

    fn rules(&self, rules: &[FirewallRule], end: &str, text: &mut String) {
        // What is open to anybody needs no further rule.
        let mut open: BTreeMap<Transport, PortSet> = BTreeMap::new();
        for rule in rules {
            if whereabouts(self.hierarchy, &rule.peer) == Whereabouts::Anywhere {
                open.entry(rule.transport).or_default().extend(&rule.ports);
            }
        }
        for rule in rules {
            let transport = match rule.transport {
                Transport::Tcp => "tcp",
                Transport::Udp => "udp",
            };
            let comment = format!("accept comment \"{}\"", rule.requirements.join(", "));
            let whereabouts = whereabouts(self.hierarchy, &rule.peer);
            if whereabouts == Whereabouts::Anywhere {
                let ports = matched(&rule.ports);
                add(text, format_args!("\t\t{transport} dport {ports} {comment}\n"));
                continue;
            }
            let ports = match open.get(&rule.transport) {
                Some(open) => rule.ports.without(open),
                None => rule.ports.clone(),
            };
            if ports.ranges().is_empty() {
                continue;
            }
            let (ports, set) = (matched(&ports), word(&rule.peer));
            for ((family, _, header), elements) in FAMILIES.into_iter().zip(elements(&whereabouts))
            {
                if elements.is_some() {
                    let match_peer = format!("{header} {end} @{set}_{family}");
                    add(
                        text,
                        format_args!("\t\t{match_peer} {transport} dport {ports} {comment}\n"),
                    );
                }
            }
        }
    }
}

/// The elements of the sets of both families; none where a family cannot occur.
fn elements(whereabouts: &Whereabouts<'_>) -> [Option<Vec<String>>; 2] {
    let texts = |all: &[&str]| Some(all.iter().map(|it| (*it).to_owned()).collect());
    match whereabouts {
        Whereabouts::Literal(ip) if ip.is_ipv4() => [Some(vec![ip.to_string()]), None],
        Whereabouts::Literal(ip) => [None, Some(vec![ip.to_string()])],
        Whereabouts::Intranet => [texts(&PRIVATE_V4), texts(&PRIVATE_V6)],
        Whereabouts::Named(_) | Whereabouts::Unknown => [Some(Vec::new()), Some(Vec::new())],
        Whereabouts::Anywhere => [None, None],
    }
}

fn matched(ports: &PortSet) -> String {
    match ports.ranges() {
        [one] => one.to_string(),
        _ => format!("{{ {ports} }}"),
    }
}
