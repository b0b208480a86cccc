//! SUP-2: a software update point needs WSUS on its computer, new enough for its site.

use super::{
    Problem, Rule, Severity,
    documents::{Documents, Subject, in_order, place_of},
};
use crate::model::{FieldPath, Kind};

pub(super) const RULE: Rule = Rule {
    id: "SUP-2",
    severity: Severity::Error,
    summary: "a software update point is on a site system with WSUS 3.0 or newer; from 2007 SP1 on \
              with WSUS 3.0 SP1 or newer",
    why: "The point is a face of WSUS: without it there is nothing that could synchronize, and an \
          older one does not understand what the site tells it.",
    example: "kind: SiteSystem\nspec: {software: {wsus: \"3.0\"}}   # of a site at 2403",
};

pub(super) fn check(documents: &Documents<'_>, problems: &mut Vec<Problem>) {
    for (name, point) in in_order(&documents.declared.software_update_points) {
        let Some(system) = documents.system(&point.spec.site_system) else { continue };
        let Some(site) = documents.site(&point.spec.site) else { continue };
        let oldest = site.spec.version.oldest_wsus();
        let system_name = &point.spec.site_system;
        let (message, place, related) = match system.spec.software.wsus {
            None => (
                format!("site system `{system_name}` has no WSUS, which `{name}` needs"),
                "spec",
                "the site system says nothing of WSUS",
            ),
            Some(wsus) if wsus < oldest => (
                format!(
                    "site system `{system_name}` has WSUS {wsus}, but site `{}` at {} needs WSUS \
                     {oldest} or newer",
                    point.spec.site, site.spec.version,
                ),
                "spec.software.wsus",
                "the version of WSUS",
            ),
            Some(_) => continue,
        };
        let mut related_place = place_of(system, place);
        if place == "spec" {
            related_place.on = super::PlaceKind::Key;
        }
        problems.push(
            Subject::new(Kind::SoftwareUpdatePoint, name, point)
                .value(&RULE, FieldPath::new("spec.siteSystem"), message)
                .related(related_place, related)
                .help("write `software: {wsus: \"10.0\"}` in the site system"),
        );
    }
}
