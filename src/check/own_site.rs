//! TOP-3: a role sits on a site system of its own site.

use super::{
    Problem, Rule, Severity,
    documents::{Documents, Subject, in_order, place_of},
};
use crate::model::{FieldPath, Kind, Name};

pub(super) const RULE: Rule = Rule {
    id: "TOP-3",
    severity: Severity::Error,
    summary: "a role is created on a site system of its own site",
    why: "A site server manages the roles of its own site only. A role on another site's computer \
          would have two masters.",
    example: "kind: DistributionPoint\nspec: {site: ams, siteSystem: sea-srv}",
};

pub(super) fn check(documents: &Documents<'_>, problems: &mut Vec<Problem>) {
    for (name, point) in in_order(&documents.declared.software_update_points) {
        let subject = Subject::new(Kind::SoftwareUpdatePoint, name, point);
        problems.extend(role(documents, subject, &point.spec.site, &point.spec.site_system));
    }
    for (name, point) in in_order(&documents.declared.distribution_points) {
        let subject = Subject::new(Kind::DistributionPoint, name, point);
        problems.extend(role(documents, subject, &point.spec.site, &point.spec.site_system));
    }
}

fn role(
    documents: &Documents<'_>,
    subject: Subject<'_>,
    site: &Name,
    system_name: &Name,
) -> Option<Problem> {
    let system = documents.system(system_name)?;
    let owner = &system.spec.site;
    if owner == site {
        return None;
    }
    let message = format!(
        "{} `{}` belongs to site `{site}`, but site system `{system_name}` to site `{owner}`",
        subject.kind.words(),
        subject.name,
    );
    Some(
        subject
            .value(&RULE, FieldPath::new("spec.siteSystem"), message)
            .related(place_of(system, "spec.site"), "the site of the site system")
            .help(format!("name a site system whose `site` is `{site}`")),
    )
}
