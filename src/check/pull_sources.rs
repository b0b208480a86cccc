//! PDP-2: where a pull distribution point takes its content from.

use std::collections::BTreeMap;

use super::{
    Problem, Rule, Severity,
    cycle::{Graph, cycles, shown},
    documents::{Documents, Subject, in_order},
};
use crate::{
    check::Place,
    model::{DistributionPointSpec, FieldPath, Kind, Name, PullSpec, Resource},
};

pub(super) const RULE: Rule = Rule {
    id: "PDP-2",
    severity: Severity::Error,
    summary: "a pull distribution point has one or more sources, each once, and nobody pulls in a \
              circle",
    why: "It takes content from its sources and from nowhere else. In a circle everyone waits for \
          the next one, forever.",
    example: "kind: DistributionPoint\nmetadata: {name: a}\nspec: {pull: {sources: \
              [{distributionPoint: a}]}}",
};

pub(super) fn check(documents: &Documents<'_>, problems: &mut Vec<Problem>) {
    let points = &documents.declared.distribution_points;
    let mut graph = Graph::new();
    for (name, point) in in_order(points) {
        let Some(pull) = &point.spec.pull else { continue };
        let subject = Subject::new(Kind::DistributionPoint, name, point);
        if pull.sources.is_empty() && pull.enabled {
            let message = format!("pull distribution point `{name}` has no source");
            problems.push(
                subject
                    .key(&RULE, FieldPath::new("spec.pull.sources"), message)
                    .help("name at least one distribution point, or write `enabled: false`"),
            );
        }
        each_once(subject, pull, problems);
        // Switched off (PDP-4) or prestaged (PDP-9) it pulls nothing, so nothing goes round.
        if pull.enabled && !point.spec.prestaged {
            let sources = pull.sources.iter().map(|source| &source.distribution_point);
            graph.insert(name, sources.collect());
        }
    }
    for cycle in cycles(&graph, |name| points.get(name).map(|point| point.document)) {
        problems.extend(circle(points, &cycle));
    }
}

fn source(index: usize) -> FieldPath {
    FieldPath::new("spec.pull.sources").index(index).key("distributionPoint")
}

fn each_once(subject: Subject<'_>, pull: &PullSpec, problems: &mut Vec<Problem>) {
    let mut listed = BTreeMap::new();
    for (index, name) in pull.sources.iter().map(|source| &source.distribution_point).enumerate() {
        if name == subject.name {
            let message = format!("distribution point `{name}` is its own source");
            problems.push(subject.value(&RULE, source(index), message).help("remove this source"));
        } else if let Some(first) = listed.get(name) {
            let message = format!("source `{name}` is listed twice");
            problems.push(
                subject
                    .value(&RULE, source(index), message)
                    .related(Place::value(subject.document, source(*first)), "the first time")
                    .help("keep the one with the priority that is meant"),
            );
        } else {
            listed.insert(name, index);
        }
    }
}

fn circle(
    points: &BTreeMap<Name, Resource<DistributionPointSpec>>,
    cycle: &[&Name],
) -> Option<Problem> {
    let mut steps = cycle.iter().zip(cycle.iter().cycle().skip(1)).filter_map(|(name, next)| {
        let (name, point) = points.get_key_value(*name)?;
        let sources = &point.spec.pull.as_ref()?.sources;
        let index = sources.iter().position(|source| source.distribution_point == **next)?;
        Some((Subject::new(Kind::DistributionPoint, name, point), source(index), *next))
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
    for (step, path, next) in steps {
        let what = format!("`{}` pulls from `{next}`", step.name);
        problem = problem.related(Place::value(step.document, path), what);
    }
    Some(problem)
}
