//! PORT-4: a top-level point reaches its source, on the port that belongs to the scheme.

use super::{
    Problem, Rule, Severity, declaration::Declaration, linked::UpdatePoint,
    top_level_settings::is_below,
};
use crate::model::{Ports, ServerUrl, SourceType};

pub(super) const RULE: Rule = Rule {
    id: "PORT-4",
    severity: Severity::Warning,
    summary: "the top-level point reaches Microsoft Update on 80 and 443, or its upstream server \
              on that one's own HTTP or HTTPS port",
    why: "Without a way to its source it never synchronizes, and neither does anyone below it. A \
          computer is taken to reach the Internet only where its document says so.",
    wrong: "\
kind: SiteSystem
metadata: {name: cen-srv}    # carries the top-level point
spec: {internetAccess: false}
---
kind: SoftwareUpdatePoint
metadata: {name: cen-active}
spec: {site: cen, role: Active, source: {type: MicrosoftUpdate}}
",
    right: "\
kind: SiteSystem
metadata: {name: cen-srv}
spec: {internetAccess: true}
---
kind: SoftwareUpdatePoint
metadata: {name: cen-active}
spec: {site: cen, role: Active, source: {type: MicrosoftUpdate}}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for point in &declaration.update_points {
        if is_below(declaration, point) == Some(false) {
            problems.extend(internet(declaration, point));
            problems.extend(scheme(point));
        }
    }
}

fn internet(declaration: &Declaration<'_>, point: &UpdatePoint<'_>) -> Option<Problem> {
    let document = point.document;
    let source = &document.spec().source;
    let default = SourceType::MicrosoftUpdate;
    if source.as_ref().map_or(default, |source| source.r#type) != default {
        return None;
    }
    let system = declaration.system(point.system)?.document;
    if system.spec().internet_access {
        return None;
    }
    let message = format!(
        "`{}` synchronizes with Microsoft Update, but site system `{}` does not reach the Internet",
        document.name, system.name
    );
    let path = if source.is_some() { "spec.source.type" } else { "spec.siteSystem" };
    Some(
        document
            .value(&RULE, path, message)
            .related(system.key_place("spec.internetAccess"), "the site system of the point")
            .help(format!(
                "write `internetAccess: true` in site system `{}`, or another `source` here",
                system.name
            )),
    )
}

/// Whether the scheme of an upstream server is that of its port (SUP-7).
fn scheme(point: &UpdatePoint<'_>) -> Option<Problem> {
    let document = point.document;
    let source = document.spec().source.as_ref()?;
    let url = source.url.as_ref().filter(|_| source.r#type == SourceType::UpstreamServer)?;
    let server = ServerUrl::parse(url)?;
    let written = server.written_port?;
    let pairs = [Ports::CUSTOM, Ports::DEFAULT];
    let (right, scheme, port) = pairs.into_iter().find_map(|ports| {
        let (http, https) = (ports.http, ports.https);
        if server.secure && written == http {
            Some((https, "https", "HTTP"))
        } else if !server.secure && written == https {
            Some((http, "http", "HTTPS"))
        } else {
            None
        }
    })?;
    let message = format!("`{url}`: {written} is the {port} port of a WSUS");
    let other = if server.secure { "http" } else { "https" };
    Some(
        document
            .value(&RULE, "spec.source.url", message)
            .help(format!("write `{scheme}` with port {right}, or `{other}` with port {written}")),
    )
}
