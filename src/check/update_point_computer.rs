//! SUP-5: every software update point has a computer of its own.

use super::{Problem, Rule, Severity, declaration::Declaration};

pub(super) const RULE: Rule = Rule {
    id: "SUP-5",
    severity: Severity::Error,
    summary: "the Internet-based software update point is on another computer than the active one: \
              a site system carries one",
    why: "Each point is set up step by step on a computer that is chosen for it: WSUS is installed \
          there, then the role is created, then its ports are verified. A computer has one WSUS, \
          with one database and one web site.",
    wrong: "\
kind: Site
metadata: {name: cen}
spec: {mode: Native}
---
kind: SoftwareUpdatePoint
metadata: {name: cen-internet}
spec: {site: cen, siteSystem: cen-srv, role: InternetBased}    # where cen-active is
",
    right: "\
kind: Site
metadata: {name: cen}
spec: {mode: Native}
---
kind: SoftwareUpdatePoint
metadata: {name: cen-internet}
spec: {site: cen, siteSystem: cen-inet, role: InternetBased}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    let mut carried = vec![None; declaration.site_systems.len()];
    for point in &declaration.update_points {
        let Some(first) = point.system.and_then(|it| carried.get_mut(it)) else { continue };
        let document = point.document;
        if first.is_none() {
            *first = Some(document);
        }
        let Some(first) = first.filter(|first| first.name != document.name) else { continue };
        let system = &document.spec().site_system;
        let message = format!(
            "site system `{system}` carries software update point `{}` already, and a computer has \
             one WSUS",
            first.name
        );
        problems.push(
            document
                .value(&RULE, "spec.siteSystem", message)
                .related(first.place("spec.siteSystem"), "the first point there")
                .help(format!("give `{}` a site system of its own", document.name)),
        );
    }
}
