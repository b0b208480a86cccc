//! PDP-7: each source of a pull distribution point has one priority.

use std::collections::BTreeMap;

use super::{Problem, Rule, Severity, declaration::Declaration, pull_sources::source};

pub(super) const RULE: Rule = Rule {
    id: "PDP-7",
    severity: Severity::Warning,
    summary: "each source of a pull distribution point is listed once, with one priority",
    why: "The lowest number is tried first, at random among equals. A source that is listed twice \
          has two numbers, or is chosen twice as often as its equals.",
    wrong: "\
kind: DistributionPoint
metadata: {name: lis-dp}
spec:
  pull:
    sources:
      - {distributionPoint: ams-dp1, priority: 1}
      - {distributionPoint: ams-dp1, priority: 2}
",
    right: "\
kind: DistributionPoint
metadata: {name: lis-dp}
spec:
  pull:
    sources:
      - {distributionPoint: ams-dp1, priority: 1}
      - {distributionPoint: ams-dp2, priority: 2}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for point in &declaration.distribution_points {
        let document = point.document;
        let Some(pull) = document.spec().pull.as_ref().filter(|pull| pull.sources.len() > 1) else {
            continue;
        };
        let mut listed = BTreeMap::new();
        for (index, listing) in pull.sources.iter().enumerate() {
            let name = &listing.distribution_point;
            let first = *listed.entry(name).or_insert(index);
            // That a point is its own source is told by PDP-2, each time.
            if first == index || name == document.name {
                continue;
            }
            problems.push(
                document
                    .value(&RULE, source(index), format!("source `{name}` is listed twice"))
                    .related(document.place(source(first)), "the first time")
                    .help("keep the one with the priority that is meant"),
            );
        }
    }
}
