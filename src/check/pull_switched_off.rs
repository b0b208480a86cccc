//! PDP-4: pull is switched on and off, and its settings stay.

use super::{Problem, Rule, Severity, declaration::Declaration};
use crate::model::DistributionPointType;

pub(super) const RULE: Rule = Rule {
    id: "PDP-4",
    severity: Severity::Info,
    summary: "a pull distribution point whose pull is switched off is a standard one",
    why: "The site server manages its transfers and sends it its content, however many others do \
          the same. Its sources are kept, so that one word switches pull on again.",
    wrong: "\
kind: DistributionPoint
metadata: {name: lis-dp}
spec: {pull: {enabled: false, sources: [{distributionPoint: ams-dp1}]}}
",
    right: "\
kind: DistributionPoint
metadata: {name: lis-dp}
spec: {pull: {enabled: true, sources: [{distributionPoint: ams-dp1}]}}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for point in &declaration.distribution_points {
        let document = point.document;
        let spec = document.spec();
        let off = spec.pull.as_ref().is_some_and(|pull| !pull.enabled);
        // A prestaged one gets nothing from the site server either (PDP-9).
        if !off || spec.prestaged {
            continue;
        }
        let message = format!(
            "`{}` does not pull: the site server sends it its content, and its sources are kept \
             but not used",
            document.name
        );
        let system = declaration.system(point.system);
        // What PDP-8 does not let pull.
        let help = if spec.r#type == DistributionPointType::CloudManagementGateway {
            "remove `pull`: a gateway can only be a source"
        } else if system.is_some_and(|system| declaration.serves(system).is_some()) {
            "remove `pull`: nothing pulls on a site server"
        } else {
            "write `enabled: true` when it shall pull, or remove `pull`"
        };
        problems.push(document.value(&RULE, "spec.pull.enabled", message).help(help));
    }
}
