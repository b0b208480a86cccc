//! PDP-8: what may pull, and from what.

use super::{
    Problem, Rule, Severity,
    documents::{Documents, Subject, in_order, place_of},
};
use crate::model::{DistributionPointSpec, DistributionPointType, FieldPath, Kind, Resource};

pub(super) const RULE: Rule = Rule {
    id: "PDP-8",
    severity: Severity::Error,
    summary: "no pull distribution point on a site server; a cloud management gateway does not \
              pull, and only who reaches the Internet pulls from it",
    why: "A site server holds the content that others pull, so it would pull from itself. A \
          gateway is filled by the site and stands on the Internet.",
    example: "kind: DistributionPoint\nspec: {type: CloudManagementGateway, pull: {sources: []}}",
};

pub(super) fn check(documents: &Documents<'_>, problems: &mut Vec<Problem>) {
    for (name, point) in in_order(&documents.declared.distribution_points) {
        let subject = Subject::new(Kind::DistributionPoint, name, point);
        if point.spec.pull.as_ref().is_some_and(|pull| pull.enabled) {
            problems.extend(site_server(documents, subject, point));
            problems.extend(gateway(subject, point));
            from_gateways(documents, subject, point, problems);
        }
    }
}

fn site_server(
    documents: &Documents<'_>,
    subject: Subject<'_>,
    point: &Resource<DistributionPointSpec>,
) -> Option<Problem> {
    let system = &point.spec.site_system;
    let site = documents.served_by(system)?;
    let message = format!(
        "`{}` is on `{system}`, the site server of site `{site}`, and cannot be a pull \
         distribution point",
        subject.name
    );
    let problem = subject
        .key(&RULE, FieldPath::new("spec.pull"), message)
        .help("remove `pull`, or move the point to another site system of the site");
    Some(match documents.site(site) {
        Some(site) => problem.related(place_of(site, "spec.siteServer"), "the site server"),
        None => problem,
    })
}

fn gateway(subject: Subject<'_>, point: &Resource<DistributionPointSpec>) -> Option<Problem> {
    (point.spec.r#type == DistributionPointType::CloudManagementGateway).then(|| {
        let message = format!(
            "`{}` is a cloud management gateway and cannot be a pull distribution point",
            subject.name
        );
        subject
            .key(&RULE, FieldPath::new("spec.pull"), message)
            .help("remove `pull`: a gateway can only be a source")
    })
}

fn from_gateways(
    documents: &Documents<'_>,
    subject: Subject<'_>,
    point: &Resource<DistributionPointSpec>,
    problems: &mut Vec<Problem>,
) {
    let Some(system) = documents.system(&point.spec.site_system) else { return };
    let Some(pull) = point.spec.pull.as_ref().filter(|_| !system.spec.internet_access) else {
        return;
    };
    for (index, source) in pull.sources.iter().enumerate() {
        let name = &source.distribution_point;
        let gateway =
            documents.declared.distribution_points.get(name).filter(|source| {
                source.spec.r#type == DistributionPointType::CloudManagementGateway
            });
        let Some(gateway) = gateway else { continue };
        let path = FieldPath::new("spec.pull.sources").index(index).key("distributionPoint");
        let message = format!(
            "source `{name}` is a cloud management gateway, but site system `{}` does not reach \
             the Internet",
            point.spec.site_system
        );
        problems.push(
            subject
                .value(&RULE, path, message)
                .related(place_of(gateway, "spec.type"), "the gateway")
                .help(format!(
                    "write `internetAccess: true` in site system `{}`, or remove this source",
                    point.spec.site_system
                )),
        );
    }
}
