//! PDP-1: content reaches clients from distribution points, each on a computer of its own.

use super::{Problem, Rule, Severity, declaration::Declaration, linked::Site};
use crate::model::{FieldPath, Interval};

pub(super) const RULE: Rule = Rule {
    id: "PDP-1",
    severity: Severity::Error,
    summary: "a site system carries one distribution point, and a package goes to at least one of \
              them",
    why: "To a standard distribution point the site server pushes content, a pull distribution \
          point downloads it: either way into the one content library that a computer has. A \
          package that goes nowhere stays on the site server.",
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
