//! SUP-4: which software update points a site may have, and which clients they accept.

use super::{
    Problem, Rule, Severity,
    declaration::Declaration,
    linked::{Site, UpdatePoint},
};
use crate::model::{ClientConnections, Name, SiteMode, UpdatePointRole};

pub(super) const RULE: Rule = Rule {
    id: "SUP-4",
    severity: Severity::Error,
    summary: "a site has at most one active software update point and, in native mode, at most one \
              Internet-based one besides it; only one of them accepts Internet clients",
    why: "Clients of a site know one update point, and those on the Internet one more. Clients on \
          the Internet prove who they are by certificates, which only native mode has.",
    wrong: "\
kind: SoftwareUpdatePoint    # and `cen` is in mixed mode
metadata: {name: cen-internet}
spec: {site: cen, siteSystem: cen-inet, role: InternetBased}
",
    right: "\
kind: Site
metadata: {name: cen}
spec: {mode: Native}
---
kind: SoftwareUpdatePoint
metadata: {name: cen-internet}
spec: {site: cen, siteSystem: cen-inet, role: InternetBased}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for (site_name, points) in declaration.points_of_sites() {
        let first_of =
            |role| points.iter().find(|point| point.document.spec().role == role).copied();
        let active = first_of(UpdatePointRole::Active);
        let internet_based = first_of(UpdatePointRole::InternetBased);
        for point in &points {
            let role = point.document.spec().role;
            let first = match role {
                UpdatePointRole::Active => active,
                UpdatePointRole::InternetBased => internet_based,
            };
            let second_to = first.filter(|first| first.document.name != point.document.name);
            if let Some(first) = second_to {
                problems.push(second(point, site_name, first));
                continue;
            }
            let site = declaration.site(point.site);
            if role == UpdatePointRole::InternetBased {
                let unread = declaration.unread.any_update_point(site_name);
                problems.extend(besides(point, site_name, site, active.is_none() && !unread));
            }
            let besides = internet_based.filter(|_| role == UpdatePointRole::Active);
            problems.extend(connections(point, site, besides));
        }
    }
}

fn second(point: &UpdatePoint<'_>, site: &Name, first: &UpdatePoint<'_>) -> Problem {
    let first = first.document;
    let what = match first.spec().role {
        UpdatePointRole::Active => "an active software update point",
        UpdatePointRole::InternetBased => "an Internet-based software update point",
    };
    let message = format!("site `{site}` has {what} already: `{}`", first.name);
    point
        .document
        .value(&RULE, "spec.role", message)
        .related(first.place("spec.role"), "the first one")
        .help("remove one of the two")
}

/// An Internet-based point stands in a native-mode site, besides an active one.
fn besides(
    point: &UpdatePoint<'_>,
    site_name: &Name,
    site: Option<&Site<'_>>,
    active_missing: bool,
) -> Option<Problem> {
    let wrong = |message: String| point.document.value(&RULE, "spec.role", message);
    if let Some(site) = site.filter(|site| site.document.spec().mode == SiteMode::Mixed) {
        let message = format!(
            "site `{site_name}` is in mixed mode and cannot have an Internet-based software update \
             point"
        );
        return Some(
            wrong(message)
                .related(site.document.place("spec.mode"), "the mode of the site")
                .help("remove the point, or write `mode: Native` in the site"),
        );
    }
    active_missing.then(|| {
        let problem = wrong(format!(
            "site `{site_name}` has no active software update point beside which the \
             Internet-based one could stand"
        ));
        let problem = problem.help("declare a point with `role: Active` first");
        match site {
            Some(site) => problem.related(site.document.place("metadata.name"), "the site"),
            None => problem,
        }
    })
}

/// Which clients a point may accept; `internet_based` is the one that stands beside an active one.
fn connections(
    point: &UpdatePoint<'_>,
    site: Option<&Site<'_>>,
    internet_based: Option<&UpdatePoint<'_>>,
) -> Option<Problem> {
    let document = point.document;
    let name = document.name;
    let spec = document.spec();
    let written = spec.client_connections?;
    let wrong = |message: String, help: &str| {
        document
            .value(&RULE, "spec.clientConnections", message)
            .help(format!("write {help}, or leave it out"))
    };
    let mixed = site.filter(|site| site.document.spec().mode == SiteMode::Mixed);
    match (spec.role, written) {
        (UpdatePointRole::Active, ClientConnections::Intranet)
        | (UpdatePointRole::InternetBased, ClientConnections::Internet) => None,
        (UpdatePointRole::InternetBased, _) => {
            let message = format!(
                "Internet-based software update point `{name}` accepts Internet clients only"
            );
            let problem = wrong(message, "`Internet`");
            Some(problem.related(document.place("spec.role"), "its role"))
        }
        (UpdatePointRole::Active, ClientConnections::Internet) if mixed.is_none() => {
            let message = format!(
                "active software update point `{name}` shuts out the clients on the intranet"
            );
            let help = match internet_based {
                Some(_) => "`Intranet`",
                None => "`Intranet` or `IntranetAndInternet`",
            };
            Some(wrong(message, help).related(document.place("spec.role"), "its role"))
        }
        (UpdatePointRole::Active, _) => {
            if let Some(site) = mixed {
                let message = format!(
                    "site `{}` is in mixed mode and accepts no Internet clients",
                    spec.site
                );
                let place = site.document.place("spec.mode");
                return Some(wrong(message, "`Intranet`").related(place, "the mode of the site"));
            }
            let internet_based = internet_based?.document;
            let message = format!(
                "site `{}` has an Internet-based software update point, so the active one accepts \
                 intranet clients only",
                spec.site
            );
            let place = internet_based.place("spec.role");
            Some(wrong(message, "`Intranet`").related(place, "the Internet-based one"))
        }
    }
}
