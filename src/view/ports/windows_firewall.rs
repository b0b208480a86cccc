//! Rules for Windows Firewall: a PowerShell script.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    model::{Hierarchy, Name},
    ports::{Direction, FirewallRule, HostRules, Party, PortSet, TFTP_DATA, Transport},
    view::plain::{add, plain},
};

use super::peer::{PRIVATE_V4, PRIVATE_V6, Whereabouts, whereabouts};

/// A script that makes the rules of these hosts. One host: for that computer. Several: it is told
/// which one it runs on (`-SiteSystem NAME`).
///
/// All addresses are there before anything changes: declared names are resolved when the script
/// runs, and where nobody has said what the addresses are, it stops.
pub fn ports_windows_firewall(
    hierarchy: &Hierarchy,
    hosts: &BTreeMap<Name, HostRules>,
    direction: Direction,
) -> String {
    let mut text = String::new();
    let several = hosts.len() > 1;
    if several {
        text.push_str(
            "# Rules of Windows Firewall for the site systems of a hierarchy. Run as administrator, on each\n\
             # computer with its name: -SiteSystem NAME. Running it again replaces its rules.\n\
             param([Parameter(Mandatory)] [string] $SiteSystem)\n\n",
        );
    } else if let Some(name) = hosts.keys().next() {
        add(
            &mut text,
            format_args!(
                "# Rules of Windows Firewall for the site system {name}. Run there as administrator. Running it\n\
                 # again replaces its rules.\n\
                 $SiteSystem = {}\n\n",
                quoted(name.as_str())
            ),
        );
    }
    text.push_str("$ErrorActionPreference = 'Stop'\n\n");
    addresses(hierarchy, hosts, direction, &mut text);
    text.push_str(RESOLVE);
    text.push_str("$group = \"Headwater $SiteSystem\"\n$rules = switch ($SiteSystem) {\n");
    for (name, rules) in hosts {
        add(&mut text, format_args!("    {} {{\n", quoted(name.as_str())));
        if direction.inbound() {
            some(hierarchy, &rules.inbound, "Inbound", "LocalPort", &mut text);
            if !rules.boots.is_empty() {
                text.push_str(BOOTS_IN);
            }
        }
        if direction.outbound() {
            some(hierarchy, &rules.outbound, "Outbound", "RemotePort", &mut text);
            boots_out(&rules.boots, &mut text);
        }
        text.push_str("    }\n");
    }
    text.push_str("    default { throw \"there is no site system $SiteSystem\" }\n}\n");
    text.push_str(APPLY);
    text
}

/// PowerShell takes the declared names and lists apart; everything is resolved before anything is
/// changed.
const RESOLVE: &str = "\
function Resolve-Peer([string[]] $Names) {
    foreach ($name in $Names) {
        if (@($addresses[$name]).Count -eq 0) {
            throw \"fill in the addresses of $name at the top of this script\"
        }
        foreach ($address in $addresses[$name]) {
            $parsed = $null
            if ([System.Net.IPAddress]::TryParse(($address -split '/')[0], [ref] $parsed)) {
                $address
            } else {
                [System.Net.Dns]::GetHostAddresses($address) | ForEach-Object { $_.ToString() }
            }
        }
    }
}

";

const APPLY: &str = "
Get-NetFirewallRule -Group $group -ErrorAction SilentlyContinue | Remove-NetFirewallRule
foreach ($rule in $rules) {
    New-NetFirewallRule -Group $group -Action Allow -Profile Any @rule | Out-Null
}
";

/// The addresses of all peers that occur, to be looked through and filled in.
fn addresses(
    hierarchy: &Hierarchy,
    hosts: &BTreeMap<Name, HostRules>,
    direction: Direction,
    text: &mut String,
) {
    let mut peers: BTreeSet<&Party> = BTreeSet::new();
    for rules in hosts.values() {
        for (wanted, rules) in
            [(direction.inbound(), &rules.inbound), (direction.outbound(), &rules.outbound)]
        {
            peers.extend(rules.iter().filter(|_| wanted).map(|rule| &rule.peer));
        }
        peers.extend(rules.boots.iter().filter(|_| direction.outbound()));
    }
    text.push_str(
        "# Where everybody is. Names are resolved when the script runs: run it again when an address has\n\
         # changed. Clients on the intranet: all private addresses; fewer are better. Fill in what is empty.\n\
         $addresses = @{\n",
    );
    for peer in peers {
        let known: Vec<String> = match whereabouts(hierarchy, peer) {
            Whereabouts::Anywhere => continue,
            Whereabouts::Literal(ip) => vec![ip.to_string()],
            Whereabouts::Named(name) => vec![name.to_owned()],
            Whereabouts::Intranet => {
                PRIVATE_V4.iter().chain(&PRIVATE_V6).map(|it| (*it).to_owned()).collect()
            }
            Whereabouts::Unknown => Vec::new(),
        };
        let known: Vec<String> = known.iter().map(|it| quoted(it)).collect();
        let peer = quoted(&peer.to_string());
        add(text, format_args!("    {peer} = @({})\n", known.join(", ")));
    }
    text.push_str("}\n\n");
}

/// Rules for one direction: peers with the same ports share one.
fn some(
    hierarchy: &Hierarchy,
    rules: &[FirewallRule],
    direction: &str,
    ports_are: &str,
    text: &mut String,
) {
    let mut merged: BTreeMap<(Transport, &PortSet), Vec<&FirewallRule>> = BTreeMap::new();
    for rule in rules {
        merged.entry((rule.transport, &rule.ports)).or_default().push(rule);
    }
    for ((transport, ports), rules) in merged {
        let anywhere =
            rules.iter().any(|it| whereabouts(hierarchy, &it.peer) == Whereabouts::Anywhere);
        let peers: Vec<String> = rules.iter().map(|it| it.peer.to_string()).collect();
        let requirements: BTreeSet<&str> =
            rules.iter().flat_map(|it| it.requirements.iter().copied()).collect();
        let requirements: Vec<&str> = requirements.into_iter().collect();
        let remote = if anywhere {
            "'Any'".to_owned()
        } else {
            let peers: Vec<String> = peers.iter().map(|it| quoted(it)).collect();
            format!("@(Resolve-Peer {})", peers.join(", "))
        };
        let ranges: Vec<String> = ports.ranges().iter().map(|it| quoted(&it.to_string())).collect();
        let other = if direction == "Inbound" { "from" } else { "to" };
        let shown = format!("{} {ports} {other} {}", transport.as_str(), peers.join(", "));
        add(
            text,
            format_args!(
                "        @{{\n            DisplayName = {}\n            Description = {}\n            \
                 Direction = '{direction}'\n            Protocol = '{}'\n            \
                 {ports_are} = @({})\n            RemoteAddress = {remote}\n        }}\n",
                quoted(&shown),
                quoted(&requirements.join(", ")),
                transport.as_str(),
                ranges.join(", "),
            ),
        );
    }
}

/// A computer that boots from the network has no address when it asks, so that none can be named.
const BOOTS_IN: &str = "        @{
            DisplayName = 'UDP 67 from computers without an address'
            Description = 'PDP-3'
            Direction = 'Inbound'
            Protocol = 'UDP'
            LocalPort = @('67')
            RemotePort = @('68')
            RemoteAddress = 'Any'
        }
";

/// What computers are sent that boot from the network: answers of DHCP, to everybody as long as they
/// have no address, and data of TFTP.
fn boots_out(boots: &BTreeSet<Party>, text: &mut String) {
    if boots.is_empty() {
        return;
    }
    let peers: Vec<String> = boots.iter().map(ToString::to_string).collect();
    let shown = quoted(&format!("UDP {TFTP_DATA} to {}", peers.join(", ")));
    let peers: Vec<String> = peers.iter().map(|it| quoted(it)).collect();
    let clients = format!("@(Resolve-Peer {})", peers.join(", "));
    let tftp = TFTP_DATA.to_string();
    for (name, from, to, address) in [
        ("'UDP 68 to computers without an address'", "67", "68", "'Any'"),
        (&shown, &tftp, &tftp, &clients),
    ] {
        add(
            text,
            format_args!(
                "        @{{\n            DisplayName = {name}\n            Description = 'PDP-3'\n            \
                 Direction = 'Outbound'\n            Protocol = 'UDP'\n            \
                 LocalPort = @('{from}')\n            RemotePort = @('{to}')\n            \
                 RemoteAddress = {address}\n        }}\n"
            ),
        );
    }
}

/// A text that PowerShell takes as it is. It takes typographic quotation marks for straight ones, so
/// these are doubled too.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for letter in plain(text).chars() {
        if matches!(letter, '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}') {
            quoted.push(letter);
        }
        quoted.push(letter);
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_leaves_its_quotation_marks() {
        assert_eq!(quoted("cen-srv"), "'cen-srv'");
        assert_eq!(quoted("a'; rm x; '$(b)\u{2019}"), "'a''; rm x; ''$(b)\u{2019}\u{2019}'");
        assert_eq!(quoted("a\nb"), "'a\\u{a}b'");
    }
}
