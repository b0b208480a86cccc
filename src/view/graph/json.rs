//! The same graphs for programs: everything, nothing put together.

use serde::Serialize;

use crate::{
    model::{
        ClientConnections, ContentProtocol, DistributionPointType, Hierarchy, Name, Port,
        PullSourceSettings, ResourceId, SiteCode, SiteMode, SiteType, SiteVersion, SourceType,
        UpdatePointRole,
    },
    plan::{ActionId, ActionKind, Plan},
    view::json_text::json_text,
};

use super::{
    dependencies::{Dependencies, weight},
    scope::{Most, Scope},
};

/// The version of these forms: raised when a reader of the old one would misread it.
const FORMAT_VERSION: &str = "1.0";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HierarchyGraph<'a> {
    format_version: &'static str,
    sites: Vec<SiteNode<'a>>,
    update_points: Vec<UpdatePointNode<'a>>,
    distribution_points: Vec<DistributionPointNode<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SiteNode<'a> {
    code: &'a SiteCode,
    name: &'a Name,
    r#type: SiteType,
    parent: Option<&'a SiteCode>,
    mode: SiteMode,
    version: SiteVersion,
    site_server: &'a Name,
    suspended: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UpdatePointNode<'a> {
    name: &'a Name,
    site: &'a SiteCode,
    site_system: &'a Name,
    role: UpdatePointRole,
    http: Port,
    https: Port,
    ssl: bool,
    client_connections: ClientConnections,
    source: SourceType,
    upstream: Option<&'a Name>,
    suspended: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DistributionPointNode<'a> {
    name: &'a Name,
    site: &'a SiteCode,
    site_system: &'a Name,
    r#type: DistributionPointType,
    protocol: ContentProtocol,
    http: Port,
    https: Port,
    pulls: bool,
    prestaged: bool,
    sources: Vec<SourceNode<'a>>,
    suspended: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SourceNode<'a> {
    distribution_point: &'a Name,
    priority: u32,
}

/// A hierarchy as a graph, as JSON; with `about`, only that site and what it has to do with.
pub fn hierarchy_graph_json(hierarchy: &Hierarchy, about: Option<&SiteCode>) -> String {
    let scope = Scope::of(hierarchy, about, Most::OF_A_DRAWING);
    let sites = hierarchy.sites_top_down().into_iter();
    let sites =
        sites.filter(|(code, _)| scope.sites.contains(*code)).map(|(code, site)| SiteNode {
            code,
            name: &site.name,
            r#type: site.settings.r#type,
            parent: site.parent.as_ref(),
            mode: site.settings.mode,
            version: site.settings.version,
            site_server: &site.site_server,
            suspended: site.suspended,
        });
    let points = hierarchy.update_points.iter();
    let points = points.filter(|(_, point)| scope.sites.contains(&point.settings.site));
    let update_points = points.map(|(name, point)| UpdatePointNode {
        name,
        site: &point.settings.site,
        site_system: &point.site_system,
        role: point.settings.role,
        http: point.settings.ports.http,
        https: point.settings.ports.https,
        ssl: point.settings.ssl,
        client_connections: point.settings.client_connections,
        source: point.settings.source.r#type,
        upstream: point.settings.source.update_point.as_ref(),
        suspended: point.suspended,
    });
    let points = hierarchy.distribution_points.iter();
    let points = points.filter(|(name, _)| scope.points.contains(*name));
    let distribution_points = points.map(|(name, point)| DistributionPointNode {
        name,
        site: &point.settings.site,
        site_system: &point.site_system,
        r#type: point.settings.r#type,
        protocol: point.settings.protocol,
        http: point.settings.ports.http,
        https: point.settings.ports.https,
        pulls: point.settings.pulls(),
        prestaged: point.settings.prestaged,
        sources: point.settings.pull.iter().flat_map(|it| &it.sources).map(source).collect(),
        suspended: point.suspended,
    });
    json_text(&HierarchyGraph {
        format_version: FORMAT_VERSION,
        sites: sites.collect(),
        update_points: update_points.collect(),
        distribution_points: distribution_points.collect(),
    })
}

fn source(source: &PullSourceSettings) -> SourceNode<'_> {
    let PullSourceSettings { priority, distribution_point, url: _ } = source;
    SourceNode { distribution_point, priority: *priority }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlanGraph<'a> {
    format_version: &'static str,
    actions: Vec<ActionNode<'a>>,
    critical_path: PathNode<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ActionNode<'a> {
    id: &'a ActionId,
    kind: ActionKind,
    resource: &'a ResourceId,
    site: &'a SiteCode,
    weight: u64,
    /// Without what follows from the rest.
    after: Vec<&'a ActionId>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PathNode<'a> {
    actions: Vec<&'a ActionId>,
    weight: u64,
}

/// A plan as a graph, as JSON: each action with those that it has to wait for and that do not go
/// without saying, and the critical path. With `about`, only the actions of that site.
pub fn plan_graph_json(plan: &Plan, about: Option<&SiteCode>) -> String {
    let dependencies = Dependencies::of(plan);
    let path = dependencies.critical_path(|number| weight(plan.actions[number].kind));
    let id = |number: &usize| &plan.actions[*number].id;
    let actions = plan.actions.iter().zip(&dependencies.after);
    let actions = actions.filter(|(action, _)| about.is_none_or(|about| action.site == *about));
    let actions = actions.map(|(action, after)| ActionNode {
        id: &action.id,
        kind: action.kind,
        resource: &action.resource,
        site: &action.site,
        weight: weight(action.kind),
        after: after.iter().map(id).collect(),
    });
    json_text(&PlanGraph {
        format_version: FORMAT_VERSION,
        actions: actions.collect(),
        critical_path: PathNode {
            actions: path.actions.iter().map(id).collect(),
            weight: path.weight,
        },
    })
}
