//! Every output, as it is.

use headwater::{
    model::Placement,
    ports::{Direction, Flow, Network, Party, Scenario, flows, flows_where, host_rules},
    view::{
        diagram::{mermaid, svg},
        ports_csv, ports_diagram, ports_json, ports_markdown, ports_network_policies,
        ports_nftables, ports_text, ports_windows_firewall,
    },
};
use insta::assert_snapshot;

use super::hierarchies::{ALL, hierarchy};

#[test]
fn contoso_in_every_output() {
    let contoso = hierarchy("examples/contoso");
    let flows = flows(&contoso);
    assert_snapshot!("contoso-table", ports_text(&flows));
    assert_snapshot!("contoso-json", ports_json(&contoso, &flows));
    assert_snapshot!("contoso-csv", ports_csv(&flows));
    assert_snapshot!("contoso-markdown", ports_markdown(&flows));
    assert_snapshot!("contoso-mermaid", mermaid(&ports_diagram(&contoso, &flows, None)));
    assert_snapshot!("contoso-svg", svg(&ports_diagram(&contoso, &flows, None)));
    let hosts = host_rules(&contoso, &flows);
    assert_snapshot!("contoso-nftables", ports_nftables(&contoso, &hosts, Direction::In));
    let script = ports_windows_firewall(&contoso, &hosts, Direction::In);
    assert_snapshot!("contoso-windows-firewall", script);
    let hosts = host_rules(&contoso, &flows_where(&contoso, Placement::Kubernetes));
    let policies = ports_network_policies(&contoso, &hosts, Direction::In);
    assert_snapshot!("contoso-networkpolicy", policies);
}

#[test]
fn scenario_a_with_addresses() {
    let mut mixed = hierarchy("tests/ports/mixed.yaml");
    let flows = flows(&mixed);
    assert_snapshot!("mixed-table", ports_text(&flows));
    let mut hosts = host_rules(&mixed, &flows);
    hosts.retain(|name, _| name.as_str() == "mix-dp1");
    let both = Direction::Both;
    assert_snapshot!("mixed-nftables-of-one-host", ports_nftables(&mixed, &hosts, both));
    let script = ports_windows_firewall(&mixed, &hosts, both);
    assert_snapshot!("mixed-windows-firewall-of-one-host", script);
    let host = mixed.site_systems.iter_mut().find(|(name, _)| name.as_str() == "mix-dp1");
    host.unwrap().1.placement = Some(Placement::Kubernetes);
    let policies = ports_network_policies(&mixed, &hosts, both);
    assert_snapshot!("mixed-networkpolicy-of-one-host", policies);
}

#[test]
fn scenario_b() {
    assert_snapshot!(
        "mixed-ssl-table",
        ports_text(&flows(&hierarchy("tests/ports/mixed-ssl.yaml")))
    );
}

#[test]
fn scenario_c_with_an_internet_based_point() {
    let native = hierarchy("tests/ports/native-ssl.yaml");
    let flows = flows(&native);
    assert_snapshot!("native-ssl-table", ports_text(&flows));
    assert_snapshot!("native-ssl-markdown", ports_markdown(&flows));
    assert_snapshot!("native-ssl-mermaid", mermaid(&ports_diagram(&native, &flows, None)));
    let mut hosts = host_rules(&native, &flows);
    hosts.retain(|name, _| ["nat-inet", "nat-wsus"].contains(&name.as_str()));
    let rules = ports_nftables(&native, &hosts, Direction::Both);
    assert_snapshot!("native-ssl-nftables-of-update-points", rules);
    let policies = ports_network_policies(&native, &hosts, Direction::Both);
    assert_snapshot!("native-ssl-networkpolicy-of-update-points", policies);
}

#[test]
fn a_picture_shows_every_party_and_every_way_to_speak() {
    for path in ALL {
        let hierarchy = hierarchy(path);
        let flows = flows(&hierarchy);
        let picture = svg(&ports_diagram(&hierarchy, &flows, None));
        let text = mermaid(&ports_diagram(&hierarchy, &flows, None));
        for flow in &flows {
            for end in [&flow.from, &flow.to] {
                let shown = match end {
                    Party::SiteDatabase(_) => "site database".to_owned(),
                    // It may stand on two lines.
                    Party::UpstreamServer(host) => host.clone(),
                    end => end.to_string(),
                };
                assert!(picture.contains(&shown) && text.contains(&shown), "{path}: {shown}");
            }
        }
        let mut xml = quick_xml::Reader::from_str(&picture);
        while xml.read_event().unwrap() != quick_xml::events::Event::Eof {}
    }
}

/// From, to, ports, protocol.
fn texts(flow: &Flow) -> [String; 4] {
    let protocol = flow.application.as_str().to_owned();
    [flow.from.to_string(), flow.to.to_string(), flow.ports.to_string(), protocol]
}

#[test]
fn flows_are_there_once_and_lead_elsewhere() {
    for path in ALL {
        let hierarchy = hierarchy(path);
        let all = flows(&hierarchy);
        assert_eq!(all, flows(&hierarchy), "{path}");
        let mut seen: Vec<_> = all.iter().map(|flow| (texts(flow), flow.transport)).collect();
        seen.sort();
        let count = seen.len();
        seen.dedup();
        assert_eq!(seen.len(), count, "{path}");
        for flow in &all {
            assert_ne!(flow.from, flow.to, "{path}");
            assert!(!flow.reason.is_empty() && !flow.requirements.is_empty(), "{flow:?}");
            assert!(!flow.ports.ranges().is_empty(), "{flow:?}");
        }
    }
}

#[test]
fn scenarios_follow_mode_and_ssl() {
    let of = |path: &str| {
        let hierarchy = hierarchy(path);
        let site = hierarchy.sites.values().next().unwrap();
        Scenario::of(&hierarchy, site)
    };
    assert_eq!(of("tests/ports/mixed.yaml"), Some(Scenario::A));
    assert_eq!(of("tests/ports/mixed-ssl.yaml"), Some(Scenario::B));
    assert_eq!(of("tests/ports/native-ssl.yaml"), Some(Scenario::C));
    // Native mode without SSL is none that the documentation knows.
    let mut native = hierarchy("tests/ports/native-ssl.yaml");
    for point in native.update_points.values_mut() {
        point.settings.ssl = false;
    }
    assert_eq!(Scenario::of(&native, native.sites.values().next().unwrap()), None);
}

#[test]
fn a_pull_point_that_pulls_no_more_has_no_flow_to_its_sources() {
    let mut mixed = hierarchy("tests/ports/mixed.yaml");
    let pulls =
        |flows: &[Flow]| flows.iter().filter(|flow| flow.reason.contains("pulls content")).count();
    let pushed = |flows: &[Flow]| {
        flows.iter().any(|flow| flow.reason.contains("sends content to `mix-dp2`"))
    };
    let before = flows(&mixed);
    assert_eq!((pulls(&before), pushed(&before)), (1, false));
    let point = mixed.distribution_points.values_mut().find(|it| it.settings.pull.is_some());
    let settings = &mut point.unwrap().settings;
    settings.pull.as_mut().unwrap().enabled = false;
    let off = flows(&mixed);
    assert_eq!((pulls(&off), pushed(&off)), (0, true));
    // Prestaged content overrides both.
    for point in mixed.distribution_points.values_mut() {
        point.settings.prestaged = true;
        if let Some(pull) = &mut point.settings.pull {
            pull.enabled = true;
        }
    }
    let prestaged = flows(&mixed);
    assert_eq!((pulls(&prestaged), pushed(&prestaged)), (0, false));
}

#[test]
fn internet_clients_reach_what_accepts_them_and_nothing_else() {
    let native = hierarchy("tests/ports/native-ssl.yaml");
    let mixed = flows(&hierarchy("tests/ports/mixed-ssl.yaml"));
    let internet =
        |party: &Party| matches!(party, Party::Clients { network: Network::Internet, .. });
    let flows = flows(&native);
    let mut reached: Vec<String> = flows
        .iter()
        .filter(|flow| internet(&flow.from))
        .map(|flow| format!("{} {}", flow.to, flow.ports))
        .collect();
    reached.sort();
    let points = ["nat-cloud 443", "nat-dp1 443", "nat-dp2 443", "nat-inet 8530", "nat-inet 8531"];
    assert_eq!(reached, [&points[..], &["nat-srv 443"]].concat());
    assert!(!mixed.iter().any(|flow| internet(&flow.from)), "in mixed mode there are none");
}

#[test]
fn a_card_without_a_title_is_not_ruled_off_at_its_round_corners() {
    let mixed = hierarchy("tests/ports/mixed.yaml");
    let picture = svg(&ports_diagram(&mixed, &flows(&mixed), None));
    let lines: Vec<&str> = picture.lines().collect();
    let untitled: Vec<&str> = lines
        .windows(2)
        .filter(|two| two[0].starts_with("<rect class=\"card\"") && !two[1].contains("band"))
        .map(|two| two[0])
        .collect();
    assert_eq!(untitled.len(), 2, "Microsoft Update and the controller: {picture}");
    for card in untitled {
        let [_, _, _, x, _, y, ..] = card.split('"').collect::<Vec<_>>()[..] else { panic!() };
        let rule = format!("<path class=\"rule\" d=\"M{x} {y}H");
        assert!(!picture.contains(&rule), "{card}");
    }
}

#[test]
fn two_names_of_one_computer_are_one_computer() {
    let mut mixed = hierarchy("tests/ports/mixed.yaml");
    let server = mixed.site_systems.values().find(|it| it.settings.site_server.is_some());
    let address = server.unwrap().settings.address.clone();
    let before = flows(&mixed).len();
    let mut systems = mixed.site_systems.iter_mut();
    systems.find(|(name, _)| name.as_str() == "mix-wsus").unwrap().1.settings.address = address;
    // Site server to WSUS, file sharing and RPC stay on the computer.
    assert_eq!(flows(&mixed).len(), before - 3);
}
