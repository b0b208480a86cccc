//! Flows as a diagram: sites with their computers, and lines for who talks to whom.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    model::{Hierarchy, SiteCode, SiteType},
    ports::{Application, Flow, Party},
    view::{
        counted,
        diagram::{
            Arrangement, Diagram, Direction, Edge, EdgeStyle, Group, Line, Node, NodeId, Shape,
            Stroke, Tone,
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

/// With more sites than that, each is drawn as one row, and those that have none below them share a
/// card: twenty are a drawing of some thousand pixels already.
const MOST_SITES: usize = 20;
/// So many sites below one site are drawn one by one all the same.
const FEW: usize = 2;

const BRIEF: &str = "Of so many sites only what they speak with others is shown, and those below one \
                     site that have none below them are drawn together: `--site CODE` shows one of \
                     them";

/// Flows as a diagram, to be written as Mermaid or SVG; `about` is the site that they were chosen
/// for, if they were.
pub fn ports_diagram(hierarchy: &Hierarchy, flows: &[Flow], about: Option<&SiteCode>) -> Diagram {
    let parties: BTreeSet<&Party> = flows.iter().flat_map(|flow| [&flow.from, &flow.to]).collect();
    let occurring: BTreeSet<&SiteCode> =
        parties.iter().filter_map(|party| site_of(hierarchy, party)).collect();
    let title = format!("Flows of {}", counted(hierarchy.sites.len(), "site"));
    let mut diagram = Diagram::new(&title, Arrangement::Cards, Direction::Right);
    diagram.describe(&format!(
        "Who opens connections to whom: {} between {} parties",
        counted(flows.len(), "flow"),
        parties.len(),
    ));
    let brief = occurring.len() > MOST_SITES;
    let cards = cards(hierarchy, &occurring, about.filter(|_| brief), brief);
    let mut groups = BTreeMap::new();
    for sites in &cards {
        let Some(group) = group(hierarchy, sites) else { continue };
        let group = diagram.add_group(group);
        groups.extend(sites.iter().map(|site| (*site, group)));
    }
    let mut nodes = BTreeMap::new();
    if brief {
        for sites in cards.iter().filter(|sites| about.is_none_or(|it| sites[..] != [it])) {
            let theirs = |party: &&&Party| {
                site_of(hierarchy, party).is_some_and(|site| sites.contains(&site))
            };
            let theirs: Vec<_> = parties.iter().filter(theirs).copied().collect();
            let (Some(group), Some(first)) = (groups.get(sites[0]), sites.first()) else {
                continue;
            };
            let node = diagram.add_node(all_of(first, &theirs).inside(*group));
            nodes.extend(theirs.into_iter().map(|party| (party, node)));
        }
    }
    // By site, the outermost last: those that come first are drawn first.
    for party in &parties {
        if nodes.contains_key(party) {
            continue;
        }
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
    if brief {
        diagram.note(&format!("{BRIEF}."));
    }
    diagram
}

/// The sites of each card, from the top down.
fn cards<'a>(
    hierarchy: &'a Hierarchy,
    occurring: &BTreeSet<&SiteCode>,
    about: Option<&SiteCode>,
    brief: bool,
) -> Vec<Vec<&'a SiteCode>> {
    let parents: BTreeSet<&SiteCode> =
        hierarchy.sites.values().filter_map(|site| site.parent.as_ref()).collect();
    let mut together: BTreeMap<&SiteCode, Vec<&SiteCode>> = BTreeMap::new();
    let mut cards = Vec::new();
    let mut sites = hierarchy.sites_top_down();
    sites.retain(|(code, _)| occurring.contains(code));
    for (code, site) in sites {
        match &site.parent {
            Some(parent) if brief && about != Some(code) && !parents.contains(code) => {
                together.entry(parent).or_default().push(code);
            }
            _ => cards.push(vec![code]),
        }
    }
    for sites in together.into_values() {
        if sites.len() > FEW {
            cards.push(sites);
        } else {
            cards.extend(sites.into_iter().map(|code| vec![code]));
        }
    }
    cards
}

fn group(hierarchy: &Hierarchy, sites: &[&SiteCode]) -> Option<Group> {
    let (first, last) = (sites.first()?, sites.last()?);
    if sites.len() > 1 {
        let group = Group::new(format!("site_{first}+"), &counted(sites.len(), "site"));
        return Some(group.detail(&format!("{first} … {last}")));
    }
    let site = hierarchy.sites.get(*first)?;
    let what = match site.settings.r#type {
        SiteType::Central => "central site",
        SiteType::Primary => "primary site",
        SiteType::Secondary => "secondary site",
    };
    let mode = format!("{:?} mode", site.settings.mode);
    let group = Group::new(format!("site_{first}"), first.as_str());
    Some(group.detail(&format!("{what}, {}", mode.to_lowercase())))
}

/// All parties of some sites as one.
fn all_of(first: &SiteCode, parties: &[&Party]) -> Node {
    let computers = parties.iter().filter(|it| matches!(it, Party::SiteSystem(_))).count();
    let with = |is: fn(&Party) -> bool| parties.iter().any(|party| is(party));
    let mut others = Vec::new();
    if with(|party| matches!(party, Party::Clients { .. })) {
        others.push("clients");
    }
    if with(|party| matches!(party, Party::SiteDatabase(_))) {
        others.push("site database");
    }
    let node = Node::new(format!("all_of_{first}"), Shape::Stack);
    let node = node.line(Line::title(&counted(computers, "computer")));
    if others.is_empty() { node } else { node.line(Line::text(&others.join(", "))) }
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
        // Within what is drawn as one.
        if from == to {
            continue;
        }
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
