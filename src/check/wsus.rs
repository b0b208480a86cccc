//! SUP-2: a software update point needs WSUS on its computer, new enough for its site.

use super::{Problem, Rule, Severity, declaration::Declaration};

pub(super) const RULE: Rule = Rule {
    id: "SUP-2",
    severity: Severity::Error,
    summary: "a software update point is on a site system with WSUS 3.0 or newer; from 2007 SP1 on \
              with WSUS 3.0 SP1 or newer",
    why: "The point is a face of WSUS: without it there is nothing that could synchronize, and an \
          older one does not understand what the site tells it.",
    wrong: "\
kind: SiteSystem
metadata: {name: ams-srv}    # carries the update point of a site at 2403
spec: {software: {wsus: \"3.0\"}}
",
    right: "\
kind: SiteSystem
metadata: {name: ams-srv}
spec: {software: {wsus: \"10.0\"}}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for point in &declaration.update_points {
        let Some(system) = declaration.system(point.system) else { continue };
        let Some(site) = declaration.site(point.site) else { continue };
        let system = system.document;
        let version = site.document.spec().version;
        let oldest = version.oldest_wsus();
        let (message, place, related) = match system.spec().software.wsus {
            None => (
                format!(
                    "site system `{}` has no WSUS, which `{}` needs",
                    system.name, point.document.name
                ),
                system.key_place("spec"),
                "the site system says nothing of WSUS",
            ),
            Some(wsus) if wsus < oldest => (
                format!(
                    "site system `{}` has WSUS {wsus}, but site `{}` at {version} needs WSUS \
                     {oldest} or newer",
                    system.name, site.document.name,
                ),
                system.place("spec.software.wsus"),
                "the version of WSUS",
            ),
            Some(_) => continue,
        };
        problems.push(
            point.document.value(&RULE, "spec.siteSystem", message).related(place, related).help(
                format!("write `software: {{wsus: \"10.0\"}}` in site system `{}`", system.name),
            ),
        );
    }
}
