//! The roles of a site as rows of its card: software update points and distribution points, and
//! what of many alike becomes one row.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    ClientConnections, ContentProtocol, DistributionPoint, DistributionPointType, Name, SourceType,
    UpdatePoint, UpdatePointRole,
};

use super::super::{
    counted,
    diagram::{Line, Node, Shape, Tone},
};

/// Update metadata and what it runs through.
pub(super) const METADATA: Tone = Tone::Blue;
/// Content and what it runs through.
pub(super) const CONTENT: Tone = Tone::Amber;

/// A distribution point with its name.
pub(super) type Named<'a> = (&'a Name, &'a DistributionPoint);

/// A software update point as a row; in brief, its name and its ports.
pub(super) fn update_point_row(name: &Name, point: &UpdatePoint, brief: bool) -> Node {
    let role = match point.settings.role {
        UpdatePointRole::Active => "active update point",
        UpdatePointRole::InternetBased => "Internet-based update point",
    };
    let clients = match (point.settings.role, point.settings.client_connections) {
        (UpdatePointRole::Active, ClientConnections::Internet) => ", for Internet clients",
        (UpdatePointRole::Active, ClientConnections::IntranetAndInternet) => {
            ", for Internet clients too"
        }
        _ => "",
    };
    let mut node = Node::new(format!("SoftwareUpdatePoint/{name}"), Shape::Hexagon)
        .tone(METADATA)
        .line(Line::name(name.as_str()))
        .badge(&update_point_ports(point));
    if !brief {
        let words = format!("{role}{}{clients}", on(name, &point.site_system));
        node = node.line(Line::text(&words));
    }
    if let Some(source) = source_words(point) {
        node = node.line(Line::text(&source));
    }
    if point.suspended { node.line(Line::text("suspended")) } else { node }
}

/// The ports of a software update point; with SSL both are open (SUP-7).
pub(super) fn update_point_ports(point: &UpdatePoint) -> String {
    let ports = point.settings.ports;
    if point.settings.ssl {
        format!("SSL {}, HTTP {}", ports.https, ports.http)
    } else {
        format!("HTTP {}", ports.http)
    }
}

/// Where the metadata comes from, if it is not from a point of the hierarchy: that is a line.
fn source_words(point: &UpdatePoint) -> Option<String> {
    let source = &point.settings.source;
    if source.update_point.is_some() {
        return None;
    }
    Some(match source.r#type {
        SourceType::MicrosoftUpdate => "synchronizes with Microsoft Update".to_owned(),
        SourceType::UpstreamServer => match &source.url {
            Some(url) => format!("synchronizes with {url}"),
            None => "synchronizes with another server".to_owned(),
        },
        SourceType::Import => match source.file.as_deref().map(file_name) {
            Some(file) => format!("imports {file}"),
            None => "is filled by import".to_owned(),
        },
        SourceType::ParentSite | SourceType::ActiveUpdatePoint | SourceType::None => {
            "has no source".to_owned()
        }
    })
}

/// The last part of a path: where the manifests are is nobody's business in a drawing.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

fn on(name: &Name, site_system: &Name) -> String {
    if name == site_system { String::new() } else { format!(" on {site_system}") }
}

/// Some distribution points as a row: one, or many that are alike.
pub(super) fn points_row(points: &[Named<'_>], brief: bool) -> Option<Node> {
    let (name, first) = points.first()?;
    let [(name, point)] = points else {
        let last = points.last().map_or(*name, |(last, _)| last);
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, point) in points {
            *kinds.entry(kind_words(point)).or_default() += 1;
        }
        let mut node = Node::new(format!("DistributionPoint/{name}+"), Shape::Stack).tone(CONTENT);
        let alike = kinds.len() == 1;
        let title = match kinds.keys().next().filter(|_| alike) {
            Some(kind) => counted(points.len(), kind),
            None => counted(points.len(), "distribution point"),
        };
        node = node.line(Line::title(&title)).line(Line::name(&format!("{name} … {last}")));
        let ports = ports(first);
        if points.iter().all(|(_, point)| self::ports(point) == ports) {
            node = node.badge(&ports);
        }
        if !alike {
            let kinds: Vec<_> = kinds.iter().map(|(kind, count)| counted(*count, kind)).collect();
            node = node.line(Line::text(&kinds.join(", ")));
        }
        let sources = sources_words(first).filter(|_| !brief);
        let same = points.iter().all(|(_, point)| sources_words(point) == sources);
        return Some(match sources.filter(|_| same) {
            Some(sources) => node.line(Line::text(&sources)),
            None => node,
        });
    };
    let shape = if point.settings.pulls() { Shape::Fetching } else { Shape::Cylinder };
    let mut node = Node::new(format!("DistributionPoint/{name}"), shape)
        .tone(CONTENT)
        .line(Line::name(name.as_str()))
        .badge(&ports(point));
    if !brief {
        let words = format!("{}{}", kind_words(point), on(name, &point.site_system));
        node = node.line(Line::text(&words));
        if let Some(sources) = sources_words(point) {
            node = node.line(Line::text(&sources));
        }
    }
    Some(if point.suspended { node.line(Line::text("suspended")) } else { node })
}

fn ports(point: &DistributionPoint) -> String {
    let ports = point.settings.ports;
    match point.settings.protocol {
        ContentProtocol::Http => format!("HTTP {}", ports.http),
        ContentProtocol::Https => format!("HTTPS {}", ports.https),
    }
}

fn kind_words(point: &DistributionPoint) -> &'static str {
    let settings = &point.settings;
    match settings.r#type {
        DistributionPointType::CloudManagementGateway => "cloud management gateway",
        DistributionPointType::Standard if settings.prestaged => "prestaged distribution point",
        DistributionPointType::Standard if settings.pulls() => "pull distribution point",
        DistributionPointType::Standard => "standard distribution point",
    }
}

fn sources_words(point: &DistributionPoint) -> Option<String> {
    let pull = point.settings.pull.as_ref()?;
    let names =
        pull.sources.iter().map(|it| format!("{}\u{a0}({})", it.distribution_point, it.priority));
    let names = names.collect::<Vec<_>>().join(", ");
    Some(if point.settings.pulls() {
        format!("pulls from {names}")
    } else if point.settings.prestaged {
        format!("would pull from {names}, but is prestaged")
    } else {
        format!("could pull from {names}, but is switched off")
    })
}

/// What makes distribution points alike.
type Likeness<'a> = (&'static str, String, Vec<(u32, &'a Name)>);

/// Which distribution points share a row: none of them if there are few. Of many, the ones that
/// others pull from stay on their own as far as there is room, and the others come together with
/// those that are alike; what is alike to nobody comes last, together.
pub(super) fn shared_rows<'a>(
    points: Vec<Named<'a>>,
    pulled_by: &BTreeMap<&Name, usize>,
    most: usize,
    by_sources: bool,
) -> Vec<Vec<Named<'a>>> {
    if points.len() <= most {
        return points.into_iter().map(|point| vec![point]).collect();
    }
    let mut sources: Vec<_> =
        points.iter().filter(|(name, _)| pulled_by.contains_key(name)).collect();
    sources.sort_by_key(|(name, _)| (std::cmp::Reverse(pulled_by.get(name)), *name));
    let alone: BTreeSet<&Name> = if by_sources {
        sources.iter().take(most / 2).map(|(name, _)| *name).collect()
    } else {
        BTreeSet::new()
    };
    let mut rows = Vec::new();
    let mut alike: BTreeMap<Likeness<'_>, Vec<Named<'_>>> = BTreeMap::new();
    for (name, point) in points {
        if alone.contains(name) {
            rows.push(vec![(name, point)]);
            continue;
        }
        let pull = point.settings.pull.iter().filter(|_| by_sources);
        let sources = pull.flat_map(|it| &it.sources);
        let sources = sources.map(|it| (it.priority, &it.distribution_point)).collect();
        let likeness = (kind_words(point), ports(point), sources);
        alike.entry(likeness).or_default().push((name, point));
    }
    let mut alike: Vec<_> = alike.into_values().collect();
    // The sort is stable: what has as many members keeps the order of what makes it alike.
    alike.sort_by_key(|points| std::cmp::Reverse(points.len()));
    let room = most.saturating_sub(rows.len()).max(2) - 1;
    let mut others: Vec<_> = alike.split_off(room.min(alike.len())).into_iter().flatten().collect();
    others.sort_by_key(|(name, _)| *name);
    rows.extend(alike);
    rows.extend((!others.is_empty()).then_some(others));
    rows
}
