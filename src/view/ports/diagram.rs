//! Flows as a diagram: sites with their computers, and lines for who talks to whom.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    model::{Hierarchy, SiteCode, SiteType},
    ports::{Application, Flow, Party},
    view::{
        counted,
        diagram::{
            Arrangement, Diagram, Direction, Edge, EdgeStyle, Group, GroupId, Line, Node, NodeId,
            Shape, Stroke, Tone,
        },
    },
};

use super::peer::word;

/// What lines are told apart by: what is spoken, in the order in which it is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Speech {
    Plain,
    Secured,
    Windows,
    Database,
    Datagrams,
}

const SPEECHES: [(Speech, EdgeStyle, &str); 5] = [
    (Speech::Plain, EdgeStyle::new(Tone::Blue, Stroke::Solid), "HTTP"),
    (Speech::Secured, EdgeStyle::new(Tone::Green, Stroke::Solid), "HTTPS"),
    (
        Speech::Windows,
        EdgeStyle::new(Tone::Neutral, Stroke::Dotted),
        "SMB 445, RPC 135 and dynamic ports; without arrow: in both directions",
    ),
    (Speech::Database, EdgeStyle::new(Tone::Violet, Stroke::Dashed), "SQL"),
    (Speech::Datagrams, EdgeStyle::new(Tone::Amber, Stroke::Dashed), "UDP: PXE, multicast"),
];

impl Speech {
    const fn of(application: Application) -> Self {
        match application {
            Application::Http => Self::Plain,
            Application::Https => Self::Secured,
            Application::Smb | Application::Rpc => Self::Windows,
            Application::Sql => Self::Database,
            Application::Pxe | Application::Multicast => Self::Datagrams,
        }
    }
}

/// Flows as a diagram, to be written as Mermaid or SVG.
pub fn ports_diagram(hierarchy: &Hierarchy, flows: &[Flow]) -> Diagram {
    let title = format!("Flows of {}", counted(hierarchy.sites.len(), "site"));
    let mut diagram = Diagram::new(&title, Arrangement::Cards, Direction::Right);
    let parties: BTreeSet<&Party> = flows.iter().flat_map(|flow| [&flow.from, &flow.to]).collect();
    diagram.describe(&format!(
        "Who opens connections to whom: {} between {} parties",
        counted(flows.len(), "flow"),
        parties.len(),
    ));
    let groups = groups(hierarchy, &parties, &mut diagram);
    let mut nodes = BTreeMap::new();
    // By site, the outermost last: those that come first are drawn first.
    for party in &parties {
        let node = node(hierarchy, party);
        let site = site_of(hierarchy, party).and_then(|site| groups.get(site).copied());
        let node = match site {
            Some(group) => node.inside(group),
            None => node,
        };
        nodes.insert(*party, diagram.add_node(node));
    }
    let occurring = edges(flows, &nodes, &mut diagram);
    for (speech, style, text) in SPEECHES {
        if occurring.contains(&speech) {
            diagram.explain_edge(style, None, text);
        }
    }
    diagram
}

fn groups<'a>(
    hierarchy: &'a Hierarchy,
    parties: &BTreeSet<&Party>,
    diagram: &mut Diagram,
) -> BTreeMap<&'a SiteCode, GroupId> {
    let occurring: BTreeSet<&SiteCode> =
        parties.iter().filter_map(|party| site_of(hierarchy, party)).collect();
    let mut groups = BTreeMap::new();
    for (code, site) in hierarchy.sites_top_down() {
        if occurring.contains(code) {
            let what = match site.settings.r#type {
                SiteType::Central => "central site",
                SiteType::Primary => "primary site",
                SiteType::Secondary => "secondary site",
            };
            let mode = format!("{:?} mode", site.settings.mode);
            let group = Group::new(format!("site_{code}"), code.as_str());
            let group = group.detail(&format!("{what}, {}", mode.to_lowercase()));
            groups.insert(code, diagram.add_group(group));
        }
    }
    groups
}

fn site_of<'a>(hierarchy: &'a Hierarchy, party: &'a Party) -> Option<&'a SiteCode> {
    match party {
        Party::SiteSystem(name) => Some(&hierarchy.site_systems.get(name)?.site),
        Party::Clients { site, .. } | Party::SiteDatabase(site) => Some(site),
        Party::UpstreamServer(_) | Party::MicrosoftUpdate | Party::Controller => None,
    }
}

fn node(hierarchy: &Hierarchy, party: &Party) -> Node {
    let key = word(party);
    match party {
        Party::SiteSystem(name) => {
            let node = Node::new(key, Shape::Server).line(Line::name(name.as_str()));
            match hierarchy.site_systems.get(name) {
                Some(system) => node.line(Line::text(system.settings.address.as_str())),
                None => node,
            }
        }
        Party::Clients { .. } => Node::new(key, Shape::Pill).line(Line::title(&party.to_string())),
        Party::SiteDatabase(_) => {
            Node::new(key, Shape::Cylinder).line(Line::title("site database"))
        }
        Party::UpstreamServer(_) | Party::MicrosoftUpdate | Party::Controller => {
            Node::new(key, Shape::Elsewhere).line(Line::title(&party.to_string()))
        }
    }
}

/// One line for all that two parties speak in one way; where both open connections in the same way,
/// one without an arrow.
fn edges(
    flows: &[Flow],
    nodes: &BTreeMap<&Party, NodeId>,
    diagram: &mut Diagram,
) -> BTreeSet<Speech> {
    let mut labels: BTreeMap<(NodeId, NodeId, Speech), Vec<String>> = BTreeMap::new();
    let mut order = Vec::new();
    for flow in flows {
        let (Some(&from), Some(&to)) = (nodes.get(&flow.from), nodes.get(&flow.to)) else {
            continue;
        };
        let speech = Speech::of(flow.application);
        let key = (from, to, speech);
        if !labels.contains_key(&key) {
            order.push(key);
        }
        let label = match flow.application {
            Application::Pxe => "PXE".to_owned(),
            _ => flow.ports.to_string(),
        };
        let all = labels.entry(key).or_default();
        if speech != Speech::Windows && !all.contains(&label) {
            all.push(label);
        }
    }
    let mut occurring = BTreeSet::new();
    for (from, to, speech) in order {
        let Some(own) = labels.get(&(from, to, speech)) else { continue };
        let both = labels.get(&(to, from, speech)).is_some_and(|other| other == own);
        if both && to < from {
            continue;
        }
        occurring.insert(speech);
        let Some((_, style, _)) = SPEECHES.iter().find(|(it, ..)| *it == speech) else { continue };
        let style = if both { style.plain() } else { *style };
        let edge = Edge::new(from, to, style);
        diagram.add_edge(if own.is_empty() { edge } else { edge.label(&own.join(", ")) });
    }
    occurring
}
