//! SYNC-1: where a software update point may synchronize from.

use std::{borrow::Cow, cell::LazyCell, collections::BTreeMap};

use super::{
    Problem, Rule, Severity,
    declaration::Declaration,
    linked::{Site, UpdatePoint},
};
use crate::model::{Name, ServerUrl, SourceType, UpdatePointRole};

pub(super) const RULE: Rule = Rule {
    id: "SYNC-1",
    severity: Severity::Error,
    summary: "the active point of the top site synchronizes with Microsoft Update, another WSUS or \
              an export file; every other one with its parent's active point, and an \
              Internet-based one with the active point of its site",
    why: "Update metadata enters at the top and flows down, never the other way round. A point \
          that took it from elsewhere would never agree with its parent.",
    wrong: "\
kind: SoftwareUpdatePoint
metadata: {name: ams-active}    # site `ams` has a parent
spec: {site: ams, role: Active, source: {type: MicrosoftUpdate}}
",
    right: "\
kind: SoftwareUpdatePoint
metadata: {name: ams-active}
spec: {site: ams, role: Active, source: {type: ParentSite}}
",
};

/// The update points by the host that they are reached at.
type Hosts<'d, 'a> = BTreeMap<Cow<'a, str>, &'d UpdatePoint<'a>>;

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    let hosts = LazyCell::new(|| hosts(declaration));
    for point in &declaration.update_points {
        problems.extend(url(declaration, point, &hosts));
        let Some(site) = declaration.site(point.site) else { continue };
        problems.extend(place(point, site).or_else(|| upstream(declaration, point, site)));
    }
}

/// Whether the type of a source fits the place of the point.
fn place(point: &UpdatePoint<'_>, site: &Site<'_>) -> Option<Problem> {
    let document = point.document;
    let written = document.spec().source.as_ref()?.r#type;
    let parent = &site.document.spec().parent;
    let (fits, place, default) = match (document.spec().role, parent) {
        (UpdatePointRole::InternetBased, _) => (
            written == SourceType::ActiveUpdatePoint,
            "is an Internet-based point",
            "`ActiveUpdatePoint`",
        ),
        (UpdatePointRole::Active, Some(_)) => {
            (written == SourceType::ParentSite, "belongs to a site below another", "`ParentSite`")
        }
        (UpdatePointRole::Active, None) => (
            matches!(written, SourceType::MicrosoftUpdate | SourceType::UpstreamServer),
            "is the active point of the top site",
            "`MicrosoftUpdate` or `UpstreamServer`",
        ),
    };
    // SYNC-7: any point may be filled by hand.
    if fits || matches!(written, SourceType::Import | SourceType::None) {
        return None;
    }
    let name = document.name;
    let message = format!("`{name}` {place} and cannot have the source `{written:?}`");
    let problem = document.value(&RULE, "spec.source.type", message);
    let problem = match document.spec().role {
        UpdatePointRole::InternetBased => problem.related(document.place("spec.role"), "its role"),
        UpdatePointRole::Active if parent.is_some() => {
            problem.related(site.document.place("spec.parent"), "the parent of its site")
        }
        UpdatePointRole::Active => {
            problem.related(site.document.place("metadata.name"), "the top site")
        }
    };
    Some(problem.help(format!("write {default}, `Import` or `None`")))
}

/// Whether the point that this one synchronizes from exists.
fn upstream(
    declaration: &Declaration<'_>,
    point: &UpdatePoint<'_>,
    site: &Site<'_>,
) -> Option<Problem> {
    let document = point.document;
    let spec = document.spec();
    let written = spec.source.as_ref().map(|source| source.r#type);
    let path = if written.is_some() { "spec.source.type" } else { "spec.site" };
    let from: &Name = match (spec.role, &site.document.spec().parent, written) {
        (UpdatePointRole::Active, Some(parent), None | Some(SourceType::ParentSite)) => parent,
        (UpdatePointRole::InternetBased, _, Some(SourceType::ActiveUpdatePoint)) => &spec.site,
        // Without a source an Internet-based point needs an active one too, but SUP-4 says so.
        _ => return None,
    };
    if declaration.active_point(from).is_some() || declaration.unread.any_update_point(from) {
        return None;
    }
    // A parent that does not exist is told by REFERENCE.
    let above = match spec.role {
        UpdatePointRole::Active => declaration.site(site.parent)?,
        UpdatePointRole::InternetBased => site,
    };
    let message = format!(
        "`{}` synchronizes from the active software update point of site `{from}`, which has none",
        document.name
    );
    let place = above.document.place("metadata.name");
    Some(
        document
            .value(&RULE, path, message)
            .related(place, "the site without an active point")
            .help(format!("declare a point with `site: {from}` and `role: Active`")),
    )
}

fn hosts<'d, 'a>(declaration: &'d Declaration<'a>) -> Hosts<'d, 'a> {
    let mut hosts = Hosts::new();
    for point in &declaration.update_points {
        if let Some(system) = declaration.system(point.system) {
            hosts.entry(system.document.spec().address.folded()).or_insert(point);
        }
    }
    hosts
}

/// `url` is there exactly when the source is a server, and leads out of this hierarchy.
fn url<'d, 'a>(
    declaration: &'d Declaration<'a>,
    point: &UpdatePoint<'_>,
    hosts: &LazyCell<Hosts<'d, 'a>, impl FnOnce() -> Hosts<'d, 'a>>,
) -> Option<Problem> {
    let document = point.document;
    let source = document.spec().source.as_ref()?;
    let wanted = SourceType::UpstreamServer;
    let Some(written) = &source.url else {
        return (source.r#type == wanted).then(|| {
            let message = "source `UpstreamServer` needs `url`: the address of the server";
            let help = "add `url`, such as `url: http://wsus.contoso.example:8530`";
            document.key(&RULE, "spec.source", message).help(help)
        });
    };
    if source.r#type != wanted {
        let message = format!("source `{:?}` has no `url`", source.r#type);
        return Some(
            document
                .key(&RULE, "spec.source.url", message)
                .related(document.place("spec.source.type"), "the source")
                .help("remove it, or write `type: UpstreamServer`"),
        );
    }
    let Some(server) = ServerUrl::parse(written) else {
        let message = format!("`{written}` is not the address of a server");
        let help = "write scheme, host and port, such as `http://wsus.contoso.example:8530`";
        return Some(document.value(&RULE, "spec.source.url", message).help(help));
    };
    let own = *hosts.get(&server.host)?;
    let message = if own.document.name == document.name {
        format!("`{}` would synchronize from itself", document.name)
    } else {
        format!(
            "`{}` would synchronize from `{}`, which belongs to this hierarchy",
            document.name, own.document.name
        )
    };
    let system = declaration.system(own.system)?.document;
    Some(
        document
            .value(&RULE, "spec.source.url", message)
            .related(system.place("spec.address"), "the site system with that address")
            .help("name a server outside of this hierarchy: metadata flows down only"),
    )
}
