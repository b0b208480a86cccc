//! PORT-2: clients fetch content and policy by HTTP in mixed mode, by HTTPS in native mode.

use super::{
    Problem, Rule, Severity,
    declaration::Declaration,
    linked::{DistributionPoint, Site},
};
use crate::model::{ContentProtocol, DistributionPointType, SiteMode};

pub(super) const RULE: Rule = Rule {
    id: "PORT-2",
    severity: Severity::Warning,
    summary: "clients reach management points and distribution points by HTTP in mixed mode and by HTTPS in \
              native mode",
    why: "Clients of a mixed-mode site have no certificates with which they could open an HTTPS \
          connection, and those of a native-mode site do not trust plain HTTP. What is not written \
          follows the mode.",
    wrong: "\
kind: DistributionPoint
metadata: {name: lis-dp}    # site `lis` is in mixed mode
spec: {site: lis, protocol: HTTPS}
",
    right: "\
kind: DistributionPoint
metadata: {name: lis-dp}
spec: {site: lis, protocol: HTTP}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for point in &declaration.distribution_points {
        problems.extend(unlike_the_mode(declaration, point));
    }
    for site in &declaration.sites {
        problems.extend(unused_certificate(site));
    }
}

/// The management point of a mixed-mode site shows nobody a certificate.
fn unused_certificate(site: &Site<'_>) -> Option<Problem> {
    let document = site.document;
    document.spec().management_point.as_ref()?.certificate.as_ref()?;
    if document.spec().mode != SiteMode::Mixed {
        return None;
    }
    let message = format!(
        "site `{}` is in mixed mode: its management point serves over HTTP and uses no certificate",
        document.name
    );
    Some(
        document
            .key(&RULE, "spec.managementPoint.certificate", message)
            .info()
            .related(document.place("spec.mode"), "the mode of the site")
            .help("remove `certificate`, or write `mode: Native`"),
    )
}

fn unlike_the_mode(
    declaration: &Declaration<'_>,
    point: &DistributionPoint<'_>,
) -> Option<Problem> {
    let document = point.document;
    let written = document.spec().protocol?;
    let site = declaration.site(point.site)?.document;
    // A gateway has its own certificate, whatever the mode.
    if document.spec().r#type == DistributionPointType::CloudManagementGateway {
        return None;
    }
    let (message, help) = match (site.spec().mode, written) {
        (SiteMode::Mixed, ContentProtocol::Https) if !site.spec().enhanced_http => (
            format!(
                "site `{}` is in mixed mode: its clients cannot open HTTPS connections to `{}`",
                site.name, document.name
            ),
            "write `protocol: HTTP`, or `enhancedHttp: true` in the site",
        ),
        (SiteMode::Native, ContentProtocol::Http) => (
            format!(
                "site `{}` is in native mode, but `{}` serves its content over plain HTTP",
                site.name, document.name
            ),
            "remove `protocol`: native mode has HTTPS by default",
        ),
        _ => return None,
    };
    let problem = document
        .value(&RULE, "spec.protocol", message)
        .related(site.place("spec.mode"), "the mode of the site")
        .help(help);
    Some(if written == ContentProtocol::Http { problem.info() } else { problem })
}
