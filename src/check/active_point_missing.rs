//! SUP-1: a site has an active software update point, where its parent has one.

use super::{Problem, Rule, Severity, declaration::Declaration, linked::Site};
use crate::model::SiteType;

pub(super) const RULE: Rule = Rule {
    id: "SUP-1",
    severity: Severity::Warning,
    summary: "a primary site has an active software update point where its parent has one, unless \
              its software updates client agent is switched off",
    why: "It is a required component: without it no compliance data is shown at the site and no \
          update is deployed there. A secondary site may do without one of its own.",
    wrong: "\
kind: Site
metadata: {name: sea}
spec: {siteCode: SEA, type: Primary, parent: cen, mode: Mixed, version: \"2403\", siteServer: sea-srv}
---
kind: SiteSystem
metadata: {name: sea-srv}
spec: {site: sea, address: sea-srv.contoso.example, software: {wsus: \"10.0\"}}
",
    right: "\
kind: Site
metadata: {name: sea}
spec: {siteCode: SEA, type: Primary, parent: cen, mode: Mixed, version: \"2403\", siteServer: sea-srv}
---
kind: SiteSystem
metadata: {name: sea-srv}
spec: {site: sea, address: sea-srv.contoso.example, software: {wsus: \"10.0\"}}
---
kind: SoftwareUpdatePoint
metadata: {name: sea-active}
spec: {site: sea, siteSystem: sea-srv, role: Active}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for site in &declaration.sites {
        problems.extend(missing(declaration, site));
    }
}

fn missing(declaration: &Declaration<'_>, site: &Site<'_>) -> Option<Problem> {
    let document = site.document;
    let name = document.name;
    let parent = declaration.site(site.parent)?.document.name;
    let above = declaration.active_point(parent)?;
    let wanted = document.spec().client_agent.software_updates.enabled;
    // One that could not be read is not missing.
    let unread = declaration.unread.any_update_point(name);
    if !wanted || unread || declaration.active_point(name).is_some() {
        return None;
    }
    let secondary = document.spec().r#type == SiteType::Secondary;
    let message = if secondary {
        format!(
            "secondary site `{name}` has no active software update point: its clients use that of \
             its parent `{parent}`"
        )
    } else {
        format!(
            "site `{name}` has no active software update point, but its parent `{parent}` has one"
        )
    };
    let problem = document
        .value(&RULE, "metadata.name", message)
        .related(above.document.place("metadata.name"), "the active point of the parent")
        .help(format!("declare a point with `site: {name}` and `role: Active`"));
    Some(if secondary { problem.info() } else { problem })
}
