//! SUP-7: the HTTPS port follows the HTTP port.

use super::{
    Problem, Rule, Severity,
    documents::{Documents, Subject, in_order},
};
use crate::model::{FieldPath, Kind, Ports};

pub(super) const RULE: Rule = Rule {
    id: "SUP-7",
    severity: Severity::Error,
    summary: "if HTTP is 80, HTTPS is 443; otherwise HTTPS is HTTP + 1",
    why: "Clients and downstream servers are told one port and derive the other from it, so a pair \
          that breaks the rule is half unreachable.",
    example: "kind: PortSettings\nspec: {webSite: Custom, http: 8530, https: 8443}",
};

pub(super) fn check(documents: &Documents<'_>, problems: &mut Vec<Problem>) {
    for (name, settings) in in_order(&documents.declared.port_settings) {
        let subject = Subject::new(Kind::PortSettings, name, settings);
        let ports = settings.spec.ports();
        let Some(https) = Ports::https_for(ports.http) else {
            let message = format!("HTTP port {} leaves no port for HTTPS", ports.http);
            problems.push(
                subject
                    .value(&RULE, FieldPath::new("spec.http"), message)
                    .help("use a port below 65535: HTTPS is HTTP + 1"),
            );
            continue;
        };
        if ports.https == https {
            continue;
        }
        let message =
            format!("HTTPS port {} does not belong to HTTP port {}", ports.https, ports.http);
        let rule = if ports.http == Ports::DEFAULT.http {
            "when HTTP is 80, HTTPS is 443"
        } else {
            "HTTPS is HTTP + 1"
        };
        problems.push(
            subject
                .value(&RULE, FieldPath::new("spec.https"), message)
                .help(format!("write `https: {https}`: {rule}")),
        );
    }
}
