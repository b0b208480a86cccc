//! PDP-1: content reaches clients from distribution points, each on a computer of its own, and the
//! site server can send it there.

use roaring::RoaringBitmap;

use super::{Problem, Rule, Severity, declaration::Declaration, linked::Site};
use crate::model::{FieldPath, Interval, Priority};

pub(super) const RULE: Rule = Rule {
    id: "PDP-1",
    severity: Severity::Error,
    summary: "a site system carries one distribution point, and a package goes to at least one of \
              them, in hours that are open to it",
    why: "To a standard distribution point the site server pushes content, a pull distribution \
          point downloads it: either way into the one content library that a computer has. A \
          package that goes nowhere stays on the site server, and so does one for which no hour is \
          open.",
    wrong: "\
kind: DistributionPoint
metadata: {name: ams-dp4}
spec: {site: ams, siteSystem: ams-dp1}    # where the point ams-dp1 is
",
    right: "\
kind: DistributionPoint
metadata: {name: ams-dp4}
spec: {site: ams, siteSystem: ams-srv}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for site in &declaration.sites {
        nothing_sent(site, problems);
    }
    let mut carried = vec![None; declaration.site_systems.len()];
    for point in &declaration.distribution_points {
        let Some(first) = point.system.and_then(|it| carried.get_mut(it)) else { continue };
        let document = point.document;
        if first.is_none() {
            *first = Some(document);
        }
        let Some(first) = first.filter(|first| first.name != document.name) else { continue };
        let system = &document.spec().site_system;
        let message = format!(
            "site system `{system}` carries distribution point `{}` already, and a computer has \
             one content library",
            first.name
        );
        problems.push(
            document
                .value(&RULE, "spec.siteSystem", message)
                .related(first.place("spec.siteSystem"), "the first point there")
                .help(format!("give `{}` a site system of its own", document.name)),
        );
    }
    never_open(declaration, problems);
    for package in &declaration.packages {
        if !package.points.is_empty() || !package.groups.is_empty() {
            continue;
        }
        let document = package.document;
        let message = format!(
            "package `{}` goes to no distribution point: it stays on the site server",
            document.name
        );
        problems.push(
            document
                .key(&RULE, "spec.distributeTo", message)
                .info()
                .help("name `distributionPoints` or `groups` when clients shall have it"),
        );
    }
}

/// Standard points whose hours are all for packages of a higher priority than one that they are given.
fn never_open(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    let below = |priority| {
        let packages = declaration.packages.iter().zip(0..);
        let lower = packages.filter(|(it, _)| it.document.spec().priority < priority);
        lower.map(|(_, number)| number).collect::<RoaringBitmap>()
    };
    let (below_medium, below_high) = (below(Priority::Medium), below(Priority::High));
    for (number, point) in declaration.distribution_points.iter().enumerate() {
        let spec = point.document.spec();
        let lowest = spec.schedule.iter().map(|hours| hours.minimum_priority).min();
        let never = match lowest.filter(|_| !spec.pulls() && !spec.prestaged) {
            Some(Priority::Medium) => &below_medium,
            Some(Priority::High) => &below_high,
            Some(Priority::Low) | None => continue,
        };
        let first = (declaration.content.given(number) & never).min();
        let first = first.and_then(|it| declaration.packages.get(usize::try_from(it).ok()?));
        let Some(package) = first else { continue };
        let (name, priority) = (package.document.name, package.document.spec().priority);
        let message = format!(
            "`{}` has no hours for packages of priority {priority:?}: `{name}` is never sent to it",
            point.document.name
        );
        problems.push(
            point
                .document
                .key(&RULE, "spec.schedule", message)
                .warning()
                .related(package.document.place("spec.priority"), "its priority")
                .help(format!(
                    "write hours with `minimumPriority: {priority:?}`, or give the package a higher \
                     `priority`"
                )),
        );
    }
}

/// Settings of Distribution Manager with which it would send nothing, or never rest.
fn nothing_sent(site: &Site<'_>, problems: &mut Vec<Problem>) {
    let settings = &site.document.spec().software_distribution.distribution_points;
    let value = |key| {
        let path = FieldPath::new("spec.softwareDistribution.distributionPoints").key(key);
        move |message| site.document.value(&RULE, path, message)
    };
    if settings.maximum_packages == 0 {
        let problem = value("maximumPackages")("with 0 packages at a time nothing is ever sent");
        problems.push(problem.help("write a number above 0; the default is 3"));
    }
    if settings.threads_per_package == 0 {
        let problem = value("threadsPerPackage")("without a thread no package is ever sent");
        problems.push(problem.help("write a number above 0; the default is 5"));
    }
    if settings.retries > 0 && settings.retry_delay == Interval::seconds(0) {
        let problem = value("retryDelay")("without a delay, all retries follow at once");
        problems.push(problem.warning().help("write a span of time; the default is 30m"));
    }
}
