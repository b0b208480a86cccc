//! TOP-3: a site system is a computer, and its roles are those of its own site.

use super::{
    Problem, Rule, Severity,
    declaration::Declaration,
    document::{Document, OfKind},
};
use crate::model::Name;

pub(super) const RULE: Rule = Rule {
    id: "TOP-3",
    severity: Severity::Error,
    summary: "a role is created on a site system of its own site, and every site system is another \
              computer",
    why: "A site server manages the roles of its own site only. A role on another site's computer \
          would have two masters.",
    wrong: "\
kind: DistributionPoint
metadata: {name: ams-dp1}
spec: {site: ams, siteSystem: cen-inet}    # a computer of site `cen`
",
    right: "\
kind: DistributionPoint
metadata: {name: ams-dp1}
spec: {site: ams, siteSystem: ams-dp1}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for point in &declaration.update_points {
        let spec = point.document.spec();
        problems.extend(role(declaration, point.document, point.system, &spec.site));
    }
    for point in &declaration.distribution_points {
        let spec = point.document.spec();
        problems.extend(role(declaration, point.document, point.system, &spec.site));
    }
    for (number, system) in declaration.site_systems.iter().enumerate() {
        let Some(first) = declaration.system(Some(system.computer)) else { continue };
        if system.computer == number {
            continue;
        }
        let (document, first) = (system.document, first.document);
        let address = &document.spec().address;
        let message = format!("address `{address}` belongs to site system `{}` too", first.name);
        problems.push(
            document
                .value(&RULE, "spec.address", message)
                .warning()
                .related(first.place("spec.address"), "the first use of the address")
                .help(
                    "give every site system the address of its own computer, or put the roles on \
                     one site system",
                ),
        );
    }
}

fn role<Spec: OfKind>(
    declaration: &Declaration<'_>,
    document: Document<'_, Spec>,
    system: Option<usize>,
    site: &Name,
) -> Option<Problem> {
    let system = declaration.system(system)?.document;
    let owner = &system.spec().site;
    if owner == site {
        return None;
    }
    let message = format!(
        "{} `{}` belongs to site `{site}`, but site system `{}` to site `{owner}`",
        Spec::KIND.words(),
        document.name,
        system.name,
    );
    Some(
        document
            .value(&RULE, "spec.siteSystem", message)
            .related(system.place("spec.site"), "the site of the site system")
            .help(format!("name a site system whose `site` is `{site}`")),
    )
}
