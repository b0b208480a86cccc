//! PDP-5: what Package Transfer Manager is told to do can be done.

use super::{
    Problem, Rule, Severity,
    content_ways::Ways,
    declaration::Declaration,
    linked::{DistributionPoint, Package, Site},
};
use crate::model::{FieldPath, Interval};

pub(super) const RULE: Rule = Rule {
    id: "PDP-5",
    severity: Severity::Error,
    summary: "a package for a pull distribution point is given to one of its sources too, and \
              Package Transfer Manager has retries and polls left",
    why: "Before it tells a pull distribution point to download, Package Transfer Manager waits \
          until one of the sources has the content, and looks again every 20 minutes. If none of \
          them is ever given it, that goes on for ever.",
    wrong: "\
kind: Package
metadata: {name: forms}
spec: {packageId: CEN00002, source: {path: forms}, distributeTo: {distributionPoints: [lis-dp]}}
---
kind: DistributionPoint
metadata: {name: lis-dp}
spec: {pull: {sources: [{distributionPoint: ams-dp2}]}}
---
kind: DistributionPoint
metadata: {name: ams-dp2}
spec: {pull: {sources: [{distributionPoint: ams-dp1}]}}
",
    right: "\
kind: Package
metadata: {name: forms}
spec:
  packageId: CEN00002
  source: {path: forms}
  distributeTo: {distributionPoints: [lis-dp, ams-dp2, ams-dp1]}
---
kind: DistributionPoint
metadata: {name: lis-dp}
spec: {pull: {sources: [{distributionPoint: ams-dp2}]}}
---
kind: DistributionPoint
metadata: {name: ams-dp2}
spec: {pull: {sources: [{distributionPoint: ams-dp1}]}}
",
};

/// How many points of a way are shown.
const SHOWN: usize = 8;

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for site in &declaration.sites {
        settings(site, problems);
    }
    let mut ways = Ways::new(declaration);
    for (number, point) in declaration.distribution_points.iter().enumerate() {
        problems.extend(never_arrives(declaration, &mut ways, number, point));
    }
}

fn settings(site: &Site<'_>, problems: &mut Vec<Problem>) {
    let settings = &site.document.spec().software_distribution.pull_distribution_points;
    let nothing = Interval::seconds(0);
    for (key, wrong, message, help) in [
        (
            "retries",
            settings.retries == 0,
            "with 0 retries, a job is cancelled when its first notification fails",
            "write how often a notification is repeated; the default is 30",
        ),
        (
            "retryDelay",
            settings.retries > 0 && settings.retry_delay == nothing,
            "without a delay, all retries follow at once",
            "write a span of time; the default is 20m",
        ),
        (
            "statusPolls",
            settings.status_polls == 0,
            "with 0 polls, a job is cancelled while it downloads",
            "write how often the status is asked for; the default is 72",
        ),
        (
            "pollDelay",
            settings.status_polls > 0 && settings.poll_delay == nothing,
            "without a delay, all polls follow at once",
            "write a span of time; the default is 60m",
        ),
        (
            "pullsPerSource",
            settings.pulls_per_source == 0,
            "no source serves less than one pull distribution point at a time",
            "write how many pull from one source at a time; the default is 50",
        ),
    ] {
        if wrong {
            let path = FieldPath::new("spec.softwareDistribution.pullDistributionPoints").key(key);
            problems.push(site.document.value(&RULE, path, message).warning().help(help));
        }
    }
}

/// Whether a point is given a package that none of its sources is given. A source that is given it
/// but cannot get it itself is told where that begins.
fn never_arrives<'d>(
    declaration: &'d Declaration<'_>,
    ways: &mut Ways<'d, '_>,
    number: usize,
    point: &DistributionPoint<'_>,
) -> Option<Problem> {
    let content = &declaration.content;
    // What is not known may have anything.
    if !point.document.spec().pulls() || point.sources.contains(&None) {
        return None;
    }
    let sources: Vec<usize> =
        point.sources.iter().flatten().copied().filter(|source| *source != number).collect();
    // One that fetches packages on demand fetches those that it is given, and no others (PDP-3).
    let given = content.given(number);
    let has_all =
        |source: &usize| content.same(number, *source) || given.is_subset(content.given(*source));
    // A point without sources is told by PDP-2.
    if sources.is_empty() || sources.iter().any(has_all) {
        return None;
    }
    let mut missing = given - content.unknown();
    for source in &sources {
        missing -= content.given(*source);
    }
    let package = missing.min()?;
    let declared = declaration.packages.get(usize::try_from(package).ok()?)?;
    let way = ways.way(number, package);
    let name = |number: &usize| declaration.distribution_points[*number].document.name;
    let shown: Vec<&str> = way.iter().take(SHOWN).map(|it| name(it).as_str()).collect();
    let more = if way.len() > SHOWN { " <- …" } else { "" };
    let lacking: Vec<String> = way
        .iter()
        .skip(1)
        .filter(|it| !content.given(**it).contains(package))
        .take(SHOWN)
        .map(|it| format!("`{}`", name(it)))
        .collect();
    let others = missing.len() - 1;
    let which = declared.document.name;
    let (what, it, rest) = match others {
        0 => (format!("package `{which}` never reaches"), "it", ""),
        _ => (
            format!("package `{which}` and {others} more never reach"),
            "them",
            ", and see to the others in the same way",
        ),
    };
    let document = point.document;
    let message = format!(
        "{what} `{}`: none of its sources is given {it} (`{}{more}`)",
        document.name,
        shown.join(" <- "),
    );
    let problem = document.key(&RULE, "spec.pull.sources", message);
    let problem = match listing(declaration, declared, number) {
        Some(path) => problem.related(
            declared.document.place(path),
            format!("`{which}` is distributed to `{}` here", document.name),
        ),
        None => problem,
    };
    Some(problem.help(format!(
        "add {} to `distributeTo` of package `{which}`{rest}",
        lacking.join(" and ")
    )))
}

/// Where a package names a distribution point or a group with it.
fn listing(
    declaration: &Declaration<'_>,
    package: &Package<'_>,
    point: usize,
) -> Option<FieldPath> {
    let path = |key: &str, index| FieldPath::new("spec.distributeTo").key(key).index(index);
    if let Some(index) = package.points.iter().position(|it| *it == Some(point)) {
        return Some(path("distributionPoints", index));
    }
    let has_it = |group: &Option<usize>| {
        let group = group.and_then(|group| declaration.groups.get(group));
        group.is_some_and(|group| group.members.contains(&Some(point)))
    };
    Some(path("groups", package.groups.iter().position(has_it)?))
}
