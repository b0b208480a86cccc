//! PDP-10: schedules and rate limits of a pull distribution point are kept but not used.

use super::{Problem, Rule, Severity, declaration::Declaration};

pub(super) const RULE: Rule = Rule {
    id: "PDP-10",
    severity: Severity::Info,
    summary: "schedule and rate limit of a distribution point that pulls, or waits for prestaged \
              content, are kept, but not used until it does so no longer",
    why: "They rule what the site server sends, and it sends nothing to such a point.",
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

/// What a point does instead of being sent its content, whether it pulls or not.
const PRESTAGED: &str = "waits for prestaged content";

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for point in &declaration.distribution_points {
        let document = point.document;
        let spec = document.spec();
        let pulls = spec.pull_enabled();
        let sent = "is sent its content";
        let (what, until, instead) = match (spec.prestaged, pulls) {
            (true, true) => (PRESTAGED, "`prestaged` is gone and pull is switched off", sent),
            (true, false) => (PRESTAGED, "`prestaged` is gone", sent),
            (false, true) => ("pulls", "pull is switched off", "does not pull"),
            (false, false) => continue,
        };
        let (place, related) = if spec.prestaged {
            (document.place("spec.prestaged"), "prestaged content")
        } else {
            (document.key_place("spec.pull"), "it pulls")
        };
        for (key, written) in
            [("schedule", !spec.schedule.is_empty()), ("rateLimit", spec.rate_limit.is_some())]
        {
            if !written {
                continue;
            }
            let path = format!("spec.{key}");
            let message = format!(
                "`{}` {what}: its `{key}` is kept but not used until {until}",
                document.name
            );
            problems.push(
                document
                    .key(&RULE, path.as_str(), message)
                    .related(place.clone(), related)
                    .help(format!("remove `{key}`, or write it at a point that {instead}")),
            );
        }
    }
}
