//! PDP-2: where a pull distribution point takes its content from.

use std::collections::BTreeMap;

use super::{
    Problem, Rule, Severity,
    cycle::{Graph, SHOWN, any_cycle, cycles, shown},
    declaration::Declaration,
    document::Document,
};
use crate::model::{DistributionPointSpec, FieldPath, Name, Resource};

pub(super) const RULE: Rule = Rule {
    id: "PDP-2",
    severity: Severity::Error,
    summary: "a pull distribution point has one or more sources, itself not among them, and nobody \
              pulls in a circle",
    why: "It takes content from its sources and from nowhere else. In a circle everyone waits for \
          the next one, forever.",
    wrong: "\
kind: DistributionPoint
metadata: {name: ams-dp1}
spec: {pull: {sources: [{distributionPoint: ams-dp2}]}}
---
kind: DistributionPoint
metadata: {name: ams-dp2}
spec: {pull: {sources: [{distributionPoint: ams-dp1}]}}
",
    right: "\
kind: DistributionPoint
metadata: {name: ams-dp1}
spec: {site: ams, siteSystem: ams-dp1}    # a standard one
---
kind: DistributionPoint
metadata: {name: ams-dp2}
spec: {pull: {sources: [{distributionPoint: ams-dp1}]}}
",
};

/// The name of a source.
pub(super) fn source(index: usize) -> FieldPath {
    FieldPath::new("spec.pull.sources").index(index).key("distributionPoint")
}

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for point in &declaration.distribution_points {
        let document = point.document;
        let name = document.name;
        let Some(pull) = &document.spec().pull else { continue };
        if pull.sources.is_empty() && pull.enabled {
            let message = format!("pull distribution point `{name}` has no source");
            problems.push(
                document
                    .key(&RULE, "spec.pull.sources", message)
                    .help("name at least one distribution point, or write `enabled: false`"),
            );
        }
        for (index, listed) in pull.sources.iter().enumerate() {
            if listed.distribution_point != *name {
                continue;
            }
            let message = format!("distribution point `{name}` is its own source");
            problems.push(
                document
                    .value(&RULE, source(index), message)
                    .related(document.place("metadata.name"), "its own name")
                    .help(if pull.sources.len() == 1 {
                        "name another distribution point here: content has to come from there"
                    } else {
                        "remove this source: content has to come from another one"
                    }),
            );
        }
    }
    circles(declaration, problems);
}

fn circles(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    // Switched off (PDP-4) or prestaged (PDP-9) it pulls nothing, so nothing goes round.
    let all = &declaration.distribution_points;
    let links = |number: usize| {
        let point = &all[number];
        let sources = if point.document.spec().pulls() { point.sources.as_slice() } else { &[] };
        sources.iter().flatten().copied()
    };
    if !any_cycle(all.len(), links) {
        return;
    }
    let mut graph = Graph::new();
    for point in all {
        let spec = point.document.spec();
        if let Some(pull) = spec.pull.as_ref().filter(|_| spec.pulls()) {
            let sources = pull.sources.iter().map(|source| &source.distribution_point);
            graph.insert(point.document.name, sources.collect());
        }
    }
    let points = &declaration.declared.distribution_points;
    for cycle in cycles(&graph, |name| points.get(name).map(|point| point.document)) {
        problems.extend(circle(points, &cycle));
    }
}

fn circle(
    points: &BTreeMap<Name, Resource<DistributionPointSpec>>,
    cycle: &[&Name],
) -> Option<Problem> {
    let mut steps = cycle.iter().zip(cycle.iter().cycle().skip(1)).filter_map(|(name, next)| {
        let (name, resource) = points.get_key_value(*name)?;
        let document = Document { name, resource };
        let sources = &document.spec().pull.as_ref()?.sources;
        let index = sources.iter().position(|source| source.distribution_point == **next)?;
        Some((document, source(index), *next))
    });
    let (first, path, _) = steps.next()?;
    let message = format!(
        "distribution point `{}` pulls from itself in a circle: {}",
        first.name,
        shown(cycle)
    );
    let mut problem = first.value(&RULE, path, message).help(
        "remove one of these sources: content has to come from a standard distribution point",
    );
    for (step, path, next) in steps.take(SHOWN) {
        let what = format!("`{}` pulls from `{next}`", step.name);
        problem = problem.related(step.place(path), what);
    }
    Some(problem)
}
