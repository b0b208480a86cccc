//! PDP-8: what may pull, and from what.

use super::{
    Problem, Rule, Severity, declaration::Declaration, linked::DistributionPoint,
    pull_sources::source,
};
use crate::model::DistributionPointType;

pub(super) const RULE: Rule = Rule {
    id: "PDP-8",
    severity: Severity::Error,
    summary: "no pull distribution point on a site server; a cloud management gateway does not \
              pull, and only who reaches the Internet pulls from it",
    why: "A site server holds the content that others pull, so it would pull from itself. A \
          gateway is filled by the site and stands on the Internet.",
    wrong: "\
kind: DistributionPoint
metadata: {name: ams-dp2}
spec: {siteSystem: ams-srv, pull: {sources: [{distributionPoint: ams-dp1}]}}    # the site server
",
    right: "\
kind: DistributionPoint
metadata: {name: ams-dp2}
spec: {siteSystem: ams-dp2, pull: {sources: [{distributionPoint: ams-dp1}]}}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for point in &declaration.distribution_points {
        if point.document.spec().pull_enabled() {
            problems.extend(site_server(declaration, point));
            problems.extend(gateway(point));
            from_gateways(declaration, point, problems);
        }
    }
}

fn site_server(declaration: &Declaration<'_>, point: &DistributionPoint<'_>) -> Option<Problem> {
    let document = point.document;
    let system = declaration.system(point.system)?;
    let site = declaration.site(declaration.serves(system))?.document;
    let message = format!(
        "`{}` is on `{}`, the site server of site `{}`, and cannot be a pull distribution point",
        document.name, system.document.name, site.name
    );
    Some(
        document
            .key(&RULE, "spec.pull", message)
            .related(site.place("spec.siteServer"), "the site server")
            .help("remove `pull`, or move the point to another site system of the site"),
    )
}

fn gateway(point: &DistributionPoint<'_>) -> Option<Problem> {
    let document = point.document;
    (document.spec().r#type == DistributionPointType::CloudManagementGateway).then(|| {
        let message = format!(
            "`{}` is a cloud management gateway and cannot be a pull distribution point",
            document.name
        );
        document
            .key(&RULE, "spec.pull", message)
            .related(document.place("spec.type"), "its type")
            .help("remove `pull`: a gateway can only be a source")
    })
}

fn from_gateways(
    declaration: &Declaration<'_>,
    point: &DistributionPoint<'_>,
    problems: &mut Vec<Problem>,
) {
    let Some(system) = declaration.system(point.system) else { return };
    let system = system.document;
    if system.spec().internet_access {
        return;
    }
    for (index, link) in point.sources.iter().enumerate() {
        let Some(gateway) = declaration.distribution_point(*link) else { continue };
        let gateway = gateway.document;
        if gateway.spec().r#type != DistributionPointType::CloudManagementGateway {
            continue;
        }
        let message = format!(
            "source `{}` is a cloud management gateway, but site system `{}` does not reach the \
             Internet",
            gateway.name, system.name
        );
        problems.push(
            point
                .document
                .value(&RULE, source(index), message)
                .related(gateway.place("spec.type"), "the gateway")
                .help(format!(
                    "write `internetAccess: true` in site system `{}`, or remove this source",
                    system.name
                )),
        );
    }
}
