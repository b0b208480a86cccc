//! PDP-10: schedules and rate limits of a pull distribution point are kept but not used.

use super::{Problem, Rule, Severity, declaration::Declaration};

pub(super) const RULE: Rule = Rule {
    id: "PDP-10",
    severity: Severity::Info,
    summary: "schedule and rate limit of a pull distribution point are kept, but not used until \
              pull is switched off",
    why: "They rule what the site server sends, and it sends nothing to a point that pulls.",
    wrong: "\
kind: DistributionPoint
metadata: {name: ams-dp2}
spec:
  pull: {sources: [{distributionPoint: ams-dp1}]}
  schedule: [{from: 20, to: 24}]
",
    right: "\
kind: DistributionPoint
metadata: {name: ams-dp1}    # a standard one, to which the site server sends
spec:
  schedule: [{from: 20, to: 24}]
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for point in &declaration.distribution_points {
        let document = point.document;
        let spec = document.spec();
        if !spec.pull.as_ref().is_some_and(|pull| pull.enabled) {
            continue;
        }
        for (key, written) in
            [("schedule", !spec.schedule.is_empty()), ("rateLimit", spec.rate_limit.is_some())]
        {
            if !written {
                continue;
            }
            let path = format!("spec.{key}");
            let message = format!(
                "`{}` pulls: its `{key}` is kept but not used until pull is switched off",
                document.name
            );
            problems.push(
                document
                    .key(&RULE, path.as_str(), message)
                    .related(document.key_place("spec.pull"), "it pulls")
                    .help(format!("remove `{key}`, or write it at a source that does not pull")),
            );
        }
    }
}
