//! SUP-7: the two web sites and their ports.

use super::{Problem, Rule, Severity, declaration::Declaration, document::Document};
use crate::model::{PortSettingsSpec, Ports, WebSite};

pub(super) const RULE: Rule = Rule {
    id: "SUP-7",
    severity: Severity::Error,
    summary: "if HTTP is 80, HTTPS is 443; otherwise HTTPS is HTTP + 1; 80 and 443 are the default \
              web site",
    why: "Clients and downstream servers are told one port and derive the other from it, so a pair \
          that breaks the rule is half unreachable.",
    wrong: "\
kind: PortSettings
metadata: {name: update-services}
spec: {webSite: Custom, http: 8530, https: 8443}
",
    right: "\
kind: PortSettings
metadata: {name: update-services}
spec: {webSite: Custom, http: 8530, https: 8531}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for document in declaration.port_settings.iter() {
        problems.extend(pair(document).or_else(|| web_site(document)));
    }
}

fn pair(document: Document<'_, PortSettingsSpec>) -> Option<Problem> {
    let ports = document.spec().ports();
    let Some(https) = Ports::https_for(ports.http) else {
        let message = format!("HTTP port {} leaves no port for HTTPS", ports.http);
        let help = "write a port below 65535: HTTPS is HTTP + 1";
        return Some(document.value(&RULE, "spec.http", message).help(help));
    };
    if ports.https == https {
        return None;
    }
    let message = format!("HTTPS port {} does not belong to HTTP port {}", ports.https, ports.http);
    let rule = if ports.http == Ports::DEFAULT.http {
        "when HTTP is 80, HTTPS is 443"
    } else {
        "HTTPS is HTTP + 1"
    };
    let problem = document.value(&RULE, "spec.https", message);
    let problem = match document.spec().http {
        Some(_) => problem.related(document.place("spec.http"), "the HTTP port"),
        None => problem,
    };
    Some(problem.help(format!("write `https: {https}`: {rule}")))
}

/// Whether the ports are those of the web site that is named.
fn web_site(document: Document<'_, PortSettingsSpec>) -> Option<Problem> {
    let ports = document.spec().ports();
    let default = ports.http == Ports::DEFAULT.http;
    let (message, help) = match ports.web_site {
        WebSite::Default if !default => (
            format!("the default web site listens on 80 and 443, not on {}", ports.http),
            "write `webSite: Custom`",
        ),
        WebSite::Custom if default => (
            "80 and 443 are the ports of the default web site".to_owned(),
            "write `webSite: Default`, or a port of its own such as `http: 8530`",
        ),
        WebSite::Default | WebSite::Custom => return None,
    };
    let problem = document.value(&RULE, "spec.webSite", message).warning();
    Some(problem.related(document.place("spec.http"), "the HTTP port").help(help))
}
