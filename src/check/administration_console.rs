//! SUP-3: a site server needs the WSUS administration console for a point on another computer.

use super::{Problem, Rule, Severity, declaration::Declaration};
use crate::model::UpdatePointRole;

pub(super) const RULE: Rule = Rule {
    id: "SUP-3",
    severity: Severity::Info,
    summary: "where the active software update point is not on the site server, the WSUS \
              administration console is on the site server",
    why: "The site server speaks to a remote WSUS through the classes that come with the console. \
          Where the manifests do not say that it is there, the plan installs it.",
    wrong: "\
kind: SoftwareUpdatePoint
metadata: {name: cen-active}
spec: {site: cen, siteSystem: cen-inet, role: Active}    # the site server is cen-srv
",
    right: "\
kind: SoftwareUpdatePoint
metadata: {name: cen-active}
spec: {site: cen, siteSystem: cen-inet, role: Active}
---
kind: SiteSystem
metadata: {name: cen-srv}
spec: {software: {wsusAdministrationConsole: true}}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for point in &declaration.update_points {
        let document = point.document;
        if document.spec().role != UpdatePointRole::Active {
            continue;
        }
        let Some(site) = declaration.site(point.site) else { continue };
        let Some(server) = declaration.system(site.server) else { continue };
        let here = declaration.system(point.system);
        let on_it = here.is_some_and(|system| system.computer == server.computer);
        let server = server.document;
        if on_it
            || document.spec().site_system == *server.name
            || server.spec().software.wsus_administration_console
        {
            continue;
        }
        let message = format!(
            "`{}` is not on the site server: the plan installs the WSUS administration console on \
             `{}`",
            document.name, server.name
        );
        problems.push(
            document
                .value(&RULE, "spec.siteSystem", message)
                .related(site.document.place("spec.siteServer"), "the site server")
                .help(format!(
                    "write `software: {{wsusAdministrationConsole: true}}` in site system `{}` if \
                     it is there already",
                    server.name
                )),
        );
    }
}
