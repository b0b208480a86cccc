//! PORT-1: SSL along the line on which update metadata flows down.

use super::{
    Problem, Rule, Severity,
    declaration::Declaration,
    linked::{Site, UpdatePoint},
    secured_channel::ssl_place,
};
use crate::model::{SiteMode, SourceType, UpdatePointRole};

pub(super) const RULE: Rule = Rule {
    id: "PORT-1",
    severity: Severity::Warning,
    summary: "there are three scenarios: mixed mode without SSL, mixed mode with SSL, native mode \
              with SSL; a point with SSL does not synchronize from one without, nor the other way round",
    why: "What a point with SSL tells its clients is only as trustworthy as the way on which it \
          came: over plain HTTP from the parent, anybody in between can change it. The other way \
          round, clients below are told over plain HTTP what came over a secured channel.",
    wrong: "\
kind: SoftwareUpdatePoint
metadata: {name: cen-active}
spec: {site: cen, role: Active, ssl: false}
---
kind: SoftwareUpdatePoint
metadata: {name: ams-active}    # below cen-active
spec: {site: ams, role: Active, ssl: true}
",
    right: "\
kind: SoftwareUpdatePoint
metadata: {name: cen-active}
spec: {site: cen, role: Active, ssl: true}
---
kind: SoftwareUpdatePoint
metadata: {name: ams-active}
spec: {site: ams, role: Active, ssl: true}
---
kind: SoftwareUpdatePoint
metadata: {name: lis-active}    # below ams-active
spec: {site: lis, role: Active, ssl: true}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for point in &declaration.update_points {
        problems.extend(unlike_the_parent(declaration, point));
    }
}

fn unlike_the_parent(declaration: &Declaration<'_>, point: &UpdatePoint<'_>) -> Option<Problem> {
    let document = point.document;
    let spec = document.spec();
    let source = spec.source.as_ref().map_or(SourceType::ParentSite, |source| source.r#type);
    if spec.role != UpdatePointRole::Active || source != SourceType::ParentSite {
        return None;
    }
    let site = declaration.site(point.site)?;
    let parent = declaration.site(site.parent)?;
    let above = declaration.active_point(parent.document.name)?;
    let name = above.document.name;
    let (message, help) = match (point.ssl?, above.ssl?) {
        (true, false) => (
            format!(
                "`{}` uses SSL, but synchronizes over plain HTTP: its parent's point `{name}` uses \
                 none",
                document.name
            ),
            format!("write `ssl: true` in `{name}` too"),
        ),
        (false, true) => (
            format!(
                "`{}` uses no SSL, but synchronizes from its parent's point `{name}`, which does: \
                 its own clients get over plain HTTP what came over a secured channel",
                document.name
            ),
            "write `ssl: true` here too, if the clients of this site can use it".to_owned(),
        ),
        _ => return None,
    };
    let problem = document
        .value(&RULE, ssl_place(point), message)
        .related(above.document.place(ssl_place(above)), "the point of the parent")
        .help(help);
    // A mixed-mode site below a native-mode one is a usual step on the way to native mode.
    let mode = |site: &Site<'_>| site.document.spec().mode;
    let step = (mode(parent), mode(site)) == (SiteMode::Native, SiteMode::Mixed);
    Some(if step && point.ssl == Some(false) { problem.info() } else { problem })
}
