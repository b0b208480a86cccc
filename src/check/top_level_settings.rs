//! SUP-8: what only the point at the top decides.

use super::{Problem, Rule, Severity, declaration::Declaration, linked::UpdatePoint};
use crate::model::{Selection, UpdatePointRole};

pub(super) const RULE: Rule = Rule {
    id: "SUP-8",
    severity: Severity::Error,
    summary: "schedule, classifications, products and publishers are settings of the active point \
              of the top site; a site's own are the languages of its update files",
    why: "Every point below has what its upstream has. One that chose for itself would never agree \
          with its parent, and would synchronize again and again.",
    wrong: "\
kind: SoftwareUpdatePoint
metadata: {name: ams-active}    # site `ams` has a parent
spec: {site: ams, role: Active, products: [Windows 11]}
",
    right: "\
kind: SoftwareUpdatePoint
metadata: {name: cen-active}
spec: {site: cen, role: Active, products: [Windows 11]}
---
kind: SoftwareUpdatePoint
metadata: {name: ams-active}
spec: {site: ams, role: Active, languages: [en, nl]}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for point in &declaration.update_points {
        if is_below(declaration, point) == Some(true) {
            settings(declaration, point, problems);
        }
    }
}

/// Whether a point has another one of this hierarchy above it; unknown where its site is.
pub(super) fn is_below(declaration: &Declaration<'_>, point: &UpdatePoint<'_>) -> Option<bool> {
    let site = declaration.site(point.site)?;
    let role = point.document.spec().role;
    Some(role == UpdatePointRole::InternetBased || site.document.spec().parent.is_some())
}

fn settings(declaration: &Declaration<'_>, point: &UpdatePoint<'_>, problems: &mut Vec<Problem>) {
    let document = point.document;
    let spec = document.spec();
    let top = declaration.top_point().map(|top| top.document);
    let choice = "it would never agree with its upstream";
    let unused = "it is not used here";
    for (key, written, what) in [
        ("schedule", spec.schedule.is_some(), unused),
        ("classifications", !spec.classifications.is_empty(), choice),
        ("products", !spec.products.is_empty(), choice),
        ("selection", spec.selection != Selection::Exact, unused),
        ("publishers", !spec.publishers.is_empty(), unused),
    ] {
        if !written {
            continue;
        }
        let path = format!("spec.{key}");
        let message = format!(
            "`{key}` is a setting of the top-level point, and `{}` is not it: {what}",
            document.name
        );
        let problem = document.key(&RULE, path.as_str(), message);
        problems.push(match top {
            Some(top) => problem
                .related(top.place("metadata.name"), "the top-level point")
                .help(format!("remove it, or write it in `{}`", top.name)),
            None => problem.help("remove it"),
        });
    }
}
