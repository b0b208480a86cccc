//! SUP-6: SSL where native mode wants it, and the same at both points of a site.

use super::{Problem, Rule, Severity, declaration::Declaration, linked::UpdatePoint};
use crate::model::{SiteMode, UpdatePointRole};

pub(super) const RULE: Rule = Rule {
    id: "SUP-6",
    severity: Severity::Warning,
    summary: "in native mode, five virtual roots of WSUS require a secured channel, and the \
              Internet-based point is configured as the active one",
    why: "`ApiRemoting30`, `ClientWebService`, `DssAuthWebService`, `ServerSyncWebService` and \
          `SimpleAuthWebService` carry what clients and servers believe: over plain HTTP anybody \
          on the way can change it. The two points of a site synchronize with each other, so they \
          do it in the same way.",
    wrong: "\
kind: Site
metadata: {name: cen}
spec: {mode: Native}
---
kind: SoftwareUpdatePoint
metadata: {name: cen-active}
spec: {site: cen, role: Active, ssl: true}
---
kind: SoftwareUpdatePoint
metadata: {name: cen-internet}
spec: {site: cen, siteSystem: cen-inet, role: InternetBased, ssl: false}
",
    right: "\
kind: Site
metadata: {name: cen}
spec: {mode: Native}
---
kind: SoftwareUpdatePoint
metadata: {name: cen-active}
spec: {site: cen, role: Active, ssl: true}
---
kind: SoftwareUpdatePoint
metadata: {name: cen-internet}
spec: {site: cen, siteSystem: cen-inet, role: InternetBased, ssl: true}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for point in &declaration.update_points {
        problems.extend(unlike_the_active_one(declaration, point));
        problems.extend(plain_in_native_mode(declaration, point));
    }
}

fn unlike_the_active_one(
    declaration: &Declaration<'_>,
    point: &UpdatePoint<'_>,
) -> Option<Problem> {
    let document = point.document;
    if document.spec().role != UpdatePointRole::InternetBased {
        return None;
    }
    let active = declaration.active_point(&document.spec().site)?;
    let (own, other) = (point.ssl?, active.ssl?);
    if own == other {
        return None;
    }
    let uses = |ssl: bool| if ssl { "uses" } else { "does not use" };
    let message = format!(
        "Internet-based point `{}` {} SSL, but the active point `{}` {} it",
        document.name,
        uses(own),
        active.document.name,
        uses(other),
    );
    Some(
        document
            .value(&RULE, ssl_place(point), message)
            .related(active.document.place(ssl_place(active)), "the active point")
            .help(format!("write `ssl: {other}`, or change the active point")),
    )
}

/// Only told, not a warning: this version cannot carry SSL out, so that `ssl: false` is the only
/// way to have a native-mode site at all.
fn plain_in_native_mode(declaration: &Declaration<'_>, point: &UpdatePoint<'_>) -> Option<Problem> {
    let site = declaration.site(point.site)?.document;
    let document = point.document;
    if site.spec().mode != SiteMode::Native || document.spec().ssl != Some(false) {
        return None;
    }
    let message = format!(
        "site `{}` is in native mode, but `{}` does not use SSL: its five virtual roots answer \
         over plain HTTP",
        site.name, document.name
    );
    Some(
        document
            .value(&RULE, "spec.ssl", message)
            .info()
            .related(site.place("spec.mode"), "the mode of the site")
            .help("remove `ssl: false` when SSL can be carried out: native mode has it by default"),
    )
}

/// Where it is written whether a point uses SSL, or else what it is.
pub(super) fn ssl_place(point: &UpdatePoint<'_>) -> &'static str {
    if point.document.spec().ssl.is_some() { "spec.ssl" } else { "spec.role" }
}
