//! PDP-9: prestaged content overrides pull.

use super::{Problem, Rule, Severity, declaration::Declaration, linked::DistributionPoint};

pub(super) const RULE: Rule = Rule {
    id: "PDP-9",
    severity: Severity::Info,
    summary: "a distribution point for prestaged content waits for it: it pulls nothing and gets \
              nothing from the site server",
    why: "Its content is carried there by hand, because its line is too thin for it. Whatever else \
          is written is kept, and takes effect when `prestaged` is gone.",
    wrong: "\
kind: DistributionPoint
metadata: {name: lis-dp}
spec: {prestaged: true, pull: {sources: [{distributionPoint: ams-dp1}]}}
",
    right: "\
kind: DistributionPoint
metadata: {name: lis-dp}
spec: {pull: {sources: [{distributionPoint: ams-dp1}]}}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for point in &declaration.distribution_points {
        if point.document.spec().prestaged {
            overridden(point, problems);
        } else {
            problems.extend(only_prestaged_sources(declaration, point));
        }
    }
}

fn overridden(point: &DistributionPoint<'_>, problems: &mut Vec<Problem>) {
    let document = point.document;
    let name = document.name;
    let spec = document.spec();
    for (key, written, what) in [
        ("pull", spec.pull_enabled(), "it pulls nothing"),
        ("onDemand", spec.on_demand, "it fetches nothing when a client asks"),
    ] {
        if !written {
            continue;
        }
        let path = format!("spec.{key}");
        let message = format!(
            "`{name}` waits for prestaged content: {what} and gets nothing from the site server; \
             `{key}` is kept but not used"
        );
        problems.push(
            document
                .key(&RULE, path.as_str(), message)
                .related(document.place("spec.prestaged"), "prestaged content")
                .help(format!("remove `prestaged` when `{key}` shall take effect")),
        );
    }
}

fn only_prestaged_sources(
    declaration: &Declaration<'_>,
    point: &DistributionPoint<'_>,
) -> Option<Problem> {
    let document = point.document;
    document.spec().pull.as_ref().filter(|pull| pull.enabled)?;
    let first = declaration.distribution_point(*point.sources.first()?)?;
    let waits = |source: &Option<usize>| {
        let source = declaration.distribution_point(*source);
        source.is_some_and(|source| source.document.spec().prestaged)
    };
    if !point.sources.iter().all(waits) {
        return None;
    }
    let message = format!(
        "every source of `{}` waits for prestaged content: it can pull only what was carried there \
         by hand",
        document.name
    );
    Some(
        document
            .key(&RULE, "spec.pull.sources", message)
            .related(first.document.place("spec.prestaged"), "a source that waits")
            .help("name a source that is not prestaged, if content shall come by itself"),
    )
}
