//! A hierarchy as a diagram: a card for each site with its site server and its points, and the ways
//! of metadata and content between them.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    DistributionPoint, Hierarchy, Name, Site, SiteCode, SiteMode, SiteType, UpdatePoint,
};

use super::{
    super::{
        counted,
        diagram::{
            Arrangement, Diagram, Direction, Edge, EdgeStyle, Group, GroupId, Line, Node, NodeId,
            Shape, Stroke, Tone, mermaid, mermaid_if_drawn,
        },
    },
    points::{
        CONTENT, METADATA, Named, points_row, shared_rows, update_point_ports, update_point_row,
    },
    scope::{Most, Scope},
};

/// A site below another.
const BELOW: EdgeStyle = EdgeStyle::new(Tone::Neutral, Stroke::Solid).heavy().plain();
/// Update metadata, from the upstream point.
const SYNCHRONIZES: EdgeStyle = EdgeStyle::new(METADATA, Stroke::Dashed);
/// Content, from a source distribution point.
const PULLS: EdgeStyle = EdgeStyle::new(CONTENT, Stroke::Solid);

const BRIEF: &str = "Of so many sites only names, ports and sources are shown";
const TOGETHER: &str = ", and those below one site that have none below them are drawn together";
const MORE: &str = "`--site CODE` shows one of them with all that it has to do with";

/// A hierarchy as a diagram; with `about`, only that site and what it has to do with.
pub fn hierarchy_diagram(
    hierarchy: &Hierarchy,
    about: Option<&SiteCode>,
    direction: Direction,
) -> Diagram {
    drawn(hierarchy, direction, Scope::of(hierarchy, about, Most::OF_A_DRAWING))
}

/// A hierarchy in Mermaid, with no more in it than Mermaid draws, if that can be done.
pub fn hierarchy_mermaid(
    hierarchy: &Hierarchy,
    about: Option<&SiteCode>,
    direction: Direction,
) -> String {
    let diagram = |most| drawn(hierarchy, direction, Scope::of(hierarchy, about, most));
    let levels = [Most::OF_A_DRAWING, Most::TOGETHER, Most::LEAST];
    levels
        .into_iter()
        .find_map(|most| mermaid_if_drawn(&diagram(most)))
        .unwrap_or_else(|| mermaid(&diagram(Most::LEAST)))
}

fn drawn(hierarchy: &Hierarchy, direction: Direction, scope: Scope) -> Diagram {
    let about = scope.about.as_ref();
    let title = if let Some(site) = about {
        format!("Site {site} and what it has to do with")
    } else {
        let tops = hierarchy.sites.iter().filter(|(_, site)| site.parent.is_none());
        let tops: Vec<_> = tops.map(|(code, _)| code.to_string()).take(3).collect();
        format!("Hierarchy of {}", tops.join(", "))
    };
    let mut drawing = Drawing {
        hierarchy,
        diagram: Diagram::new(&title, Arrangement::Cards, direction),
        groups: BTreeMap::new(),
        update_points: BTreeMap::new(),
        points: BTreeMap::new(),
        together: false,
        scope,
    };
    drawing.describe();
    drawing.cards();
    drawing.edges();
    drawing.explain();
    drawing.diagram
}

struct Drawing<'a> {
    hierarchy: &'a Hierarchy,
    scope: Scope,
    diagram: Diagram,
    groups: BTreeMap<&'a SiteCode, GroupId>,
    update_points: BTreeMap<&'a Name, NodeId>,
    points: BTreeMap<&'a Name, NodeId>,
    /// Whether some points share a row.
    together: bool,
}

impl<'a> Drawing<'a> {
    fn describe(&mut self) {
        let points: Vec<_> = self.scoped_points().collect();
        let pull = points.iter().filter(|(_, point)| point.settings.pulls()).count();
        let sites = &self.scope.sites;
        let update_points = self.hierarchy.update_points.values();
        let update_points = update_points.filter(|it| sites.contains(&it.settings.site)).count();
        let systems = self.hierarchy.site_systems.values();
        let systems = systems.filter(|it| sites.contains(&it.site)).count();
        let text = format!(
            "{} with {}, {} and {}, of which {pull} pull.",
            counted(sites.len(), "site"),
            counted(systems, "site system"),
            counted(update_points, "software update point"),
            counted(points.len(), "distribution point"),
        );
        self.diagram.describe(&text);
    }

    fn scoped_points(&self) -> impl Iterator<Item = (&'a Name, &'a DistributionPoint)> + '_ {
        let points = self.hierarchy.distribution_points.iter();
        points.filter(|(name, _)| self.scope.points.contains(*name))
    }

    fn cards(&mut self) {
        let hierarchy = self.hierarchy;
        let mut update_points: BTreeMap<&SiteCode, Vec<_>> = BTreeMap::new();
        for (name, point) in &hierarchy.update_points {
            update_points.entry(&point.settings.site).or_default().push((name, point));
        }
        for points in update_points.values_mut() {
            points.sort_by_key(|(name, point)| (point.settings.role, *name));
        }
        let mut pulled_by: BTreeMap<&Name, usize> = BTreeMap::new();
        let mut points: BTreeMap<&SiteCode, Vec<_>> = BTreeMap::new();
        for (name, point) in self.scoped_points() {
            points.entry(&point.settings.site).or_default().push((name, point));
            for source in point.settings.pull.iter().flat_map(|pull| &pull.sources) {
                *pulled_by.entry(&source.distribution_point).or_default() += 1;
            }
        }
        let scope = self.scope.clone();
        for sites in scope.cards(hierarchy) {
            let [code] = sites[..] else {
                let sites = sites.iter().filter_map(|code| hierarchy.sites.get_key_value(*code));
                let sites: Vec<_> = sites.collect();
                self.card_of_many(&sites, &update_points, &points, &pulled_by);
                continue;
            };
            let Some((code, site)) = hierarchy.sites.get_key_value(code) else { continue };
            let mut card = site_card(code, site, scope.brief);
            if scope.about.as_ref() == Some(code) {
                card = card.heavy();
            }
            let group = self.diagram.add_group(card);
            self.groups.insert(code, group);
            if !scope.brief {
                let server = Node::new(format!("Site/{}/server", site.name), Shape::Server)
                    .line(Line::name(site.site_server.as_str()))
                    .line(Line::text("site server"));
                self.diagram.add_node(server.inside(group));
            }
            for (name, point) in update_points.remove(code).unwrap_or_default() {
                let node =
                    self.diagram.add_node(update_point_row(name, point, scope.brief).inside(group));
                self.update_points.insert(name, node);
            }
            let points = points.remove(code).unwrap_or_default();
            self.points(group, shared_rows(points, &pulled_by, scope.most_points, true));
        }
    }

    fn points(&mut self, group: GroupId, rows: Vec<Vec<Named<'a>>>) {
        for row in rows {
            if let Some(node) = points_row(&row, self.scope.brief) {
                self.together |= row.len() > 1;
                let node = self.diagram.add_node(node.inside(group));
                self.points.extend(row.iter().map(|(name, _)| (*name, node)));
            }
        }
    }

    /// Sites below the same site, none of which has others below it.
    fn card_of_many(
        &mut self,
        sites: &[(&'a SiteCode, &'a Site)],
        update_points: &BTreeMap<&'a SiteCode, Vec<(&'a Name, &'a UpdatePoint)>>,
        points: &BTreeMap<&'a SiteCode, Vec<Named<'a>>>,
        pulled_by: &BTreeMap<&Name, usize>,
    ) {
        let (Some((first, _)), Some((last, _))) = (sites.first(), sites.last()) else { return };
        let all_secondary = sites.iter().all(|(_, it)| it.settings.r#type == SiteType::Secondary);
        let words = if all_secondary { "Secondary sites" } else { "Sites" };
        let group = Group::new(format!("{first}+"), &counted(sites.len(), "site")).large();
        let group = group.detail(&format!("{words} {first} … {last}"));
        let group = self.diagram.add_group(group);
        self.groups.extend(sites.iter().map(|(code, _)| (*code, group)));
        let mut alike: BTreeMap<String, Vec<_>> = BTreeMap::new();
        let of_sites = sites.iter().filter_map(|(code, _)| update_points.get(*code)).flatten();
        for (name, point) in of_sites {
            alike.entry(update_point_ports(point)).or_default().push(*name);
        }
        for (ports, names) in alike {
            let (Some(first), Some(last)) = (names.first(), names.last()) else { continue };
            let node = Node::new(format!("SoftwareUpdatePoint/{first}+"), Shape::Stack)
                .tone(METADATA)
                .line(Line::title(&counted(names.len(), "software update point")))
                .line(Line::name(&format!("{first} … {last}")))
                .badge(&ports);
            let node = self.diagram.add_node(node.inside(group));
            self.update_points.extend(names.iter().map(|name| (*name, node)));
        }
        let of_sites = sites.iter().filter_map(|(code, _)| points.get(*code)).flatten();
        let rows = shared_rows(of_sites.copied().collect(), pulled_by, 1, false);
        self.points(group, rows);
    }

    fn edges(&mut self) {
        let hierarchy = self.hierarchy;
        let mut drawn = BTreeSet::new();
        for (code, site) in &hierarchy.sites {
            let above = site.parent.as_ref().and_then(|parent| self.groups.get(parent));
            if let (Some(above), Some(below)) = (above, self.groups.get(code))
                && drawn.insert(*below)
            {
                self.diagram.add_edge(Edge::new(*above, *below, BELOW));
            }
        }
        let mut drawn = BTreeSet::new();
        for (name, point) in &hierarchy.update_points {
            let upstream = hierarchy.upstream(point).and_then(|(it, _)| self.update_points.get(it));
            if let (Some(from), Some(to)) = (upstream, self.update_points.get(name))
                && drawn.insert((*from, *to))
            {
                self.diagram.add_edge(Edge::new(*from, *to, SYNCHRONIZES));
            }
        }
        // Rows of several points may have the same source with several priorities.
        let mut pulls: BTreeMap<(NodeId, NodeId), BTreeSet<u32>> = BTreeMap::new();
        for (name, point) in &hierarchy.distribution_points {
            let pull = point.settings.pull.iter().filter(|_| point.settings.pulls());
            for source in pull.flat_map(|pull| &pull.sources) {
                let from = self.points.get(&source.distribution_point);
                if let (Some(from), Some(to)) = (from, self.points.get(name))
                    && from != to
                {
                    pulls.entry((*from, *to)).or_default().insert(source.priority);
                }
            }
        }
        for ((from, to), priorities) in pulls {
            let priorities: Vec<_> = priorities.iter().map(ToString::to_string).collect();
            self.diagram.add_edge(Edge::new(from, to, PULLS).label(&priorities.join(", ")));
        }
    }

    fn explain(&mut self) {
        let diagram = &mut self.diagram;
        diagram.explain_edge(BELOW, None, "a site below another");
        diagram.explain_edge(SYNCHRONIZES, None, "update metadata: synchronizes with");
        diagram.explain_edge(PULLS, Some("1"), "content: pulled from, the lowest number first");
        if self.scope.brief {
            let together = if self.scope.together.is_empty() { "" } else { TOGETHER };
            diagram.note(&format!("{BRIEF}{together}: {MORE}."));
        } else {
            diagram.explain_node(Shape::Server, Tone::Neutral, false, "site server");
        }
        diagram.explain_node(Shape::Hexagon, METADATA, false, "software update point");
        diagram.explain_node(Shape::Cylinder, CONTENT, false, "distribution point");
        diagram.explain_node(Shape::Fetching, CONTENT, false, "pull distribution point");
        if self.together {
            diagram.explain_node(Shape::Stack, Tone::Neutral, false, "several that are alike");
        }
        diagram.explain_only_what_occurs();
    }
}

fn site_card(code: &SiteCode, site: &Site, brief: bool) -> Group {
    let (kind, tone) = match site.settings.r#type {
        SiteType::Central => ("Central site", Tone::Violet),
        SiteType::Primary => ("Primary site", Tone::Green),
        SiteType::Secondary => ("Secondary site", Tone::Neutral),
    };
    let mode = match site.settings.mode {
        SiteMode::Mixed => "mixed mode",
        SiteMode::Native => "native mode",
    };
    let group = Group::new(code.as_str(), code.as_str()).tone(tone);
    let group = if brief {
        group.large().detail(&format!("{kind}, {mode}")).detail(site.site_server.as_str())
    } else {
        group.detail(&format!("{kind} {}, {mode}, version {}", site.name, site.settings.version))
    };
    if site.suspended { group.detail("suspended") } else { group }
}
