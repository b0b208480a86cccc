//! SUP-4: which software update points a site may have, and which clients they accept.

use super::{
    Problem, Rule, Severity,
    documents::{Documents, Point, Subject, place_of},
};
use crate::model::{
    ClientConnections, FieldPath, Kind, Name, Resource, SiteMode, SiteSpec, UpdatePointRole,
};

pub(super) const RULE: Rule = Rule {
    id: "SUP-4",
    severity: Severity::Error,
    summary: "a site has at most one active software update point and, in native mode, at most one \
              Internet-based one besides it; only one of them accepts Internet clients",
    why: "Clients of a site know one update point, and those on the Internet one more. Clients on \
          the Internet prove who they are by certificates, which only native mode has.",
    example: "kind: SoftwareUpdatePoint\nspec: {role: InternetBased}   # in a mixed-mode site",
};

pub(super) fn check(documents: &Documents<'_>, problems: &mut Vec<Problem>) {
    for (site_name, points) in documents.points_by_site() {
        let first_of = |role| points.iter().find(|(_, point)| point.spec.role == role).copied();
        let active = first_of(UpdatePointRole::Active);
        let internet_based = first_of(UpdatePointRole::InternetBased);
        let site = documents.site(site_name);
        for (name, point) in points {
            let subject = Subject::new(Kind::SoftwareUpdatePoint, name, point);
            let first = match point.spec.role {
                UpdatePointRole::Active => active,
                UpdatePointRole::InternetBased => internet_based,
            };
            if let Some(first) = first.filter(|first| first.0 != *name) {
                problems.push(second(subject, site_name, first));
                continue;
            }
            let internet_based =
                internet_based.filter(|_| point.spec.role == UpdatePointRole::Active);
            if point.spec.role == UpdatePointRole::InternetBased {
                let missing = active.is_none() && !documents.any_unread(Kind::SoftwareUpdatePoint);
                problems.extend(besides(subject, site_name, site, missing));
            }
            let mode = site.map(|site| site.spec.mode);
            problems.extend(connections(subject, (*name, *point), mode, internet_based));
        }
    }
}

fn second(subject: Subject<'_>, site: &Name, first: Point<'_>) -> Problem {
    let what = match first.1.spec.role {
        UpdatePointRole::Active => "an active software update point",
        UpdatePointRole::InternetBased => "an Internet-based software update point",
    };
    let message = format!("site `{site}` has {what} already: `{}`", first.0);
    subject
        .value(&RULE, FieldPath::new("spec.role"), message)
        .related(place_of(first.1, "spec.role"), "the first one")
        .help("remove one of the two")
}

/// An Internet-based point stands in a native-mode site, besides an active one.
fn besides(
    subject: Subject<'_>,
    site_name: &Name,
    site: Option<&Resource<SiteSpec>>,
    active_missing: bool,
) -> Option<Problem> {
    let role = FieldPath::new("spec.role");
    if let Some(site) = site.filter(|site| site.spec.mode == SiteMode::Mixed) {
        let message = format!(
            "site `{site_name}` is in mixed mode and cannot have an Internet-based software update \
             point"
        );
        return Some(
            subject
                .value(&RULE, role, message)
                .related(place_of(site, "spec.mode"), "the mode of the site")
                .help("remove the point, or write `mode: Native` in the site"),
        );
    }
    active_missing.then(|| {
        let message = format!(
            "site `{site_name}` has no active software update point beside which the \
             Internet-based one could stand"
        );
        subject.value(&RULE, role, message).help("declare a point with `role: Active` first")
    })
}

/// Which clients a point may accept; `internet_based` is the one that stands beside an active one.
fn connections(
    subject: Subject<'_>,
    (name, point): Point<'_>,
    mode: Option<SiteMode>,
    internet_based: Option<Point<'_>>,
) -> Option<Problem> {
    let written = point.spec.client_connections?;
    let wrong = |message: String, help: &str| {
        Some(
            subject
                .value(&RULE, FieldPath::new("spec.clientConnections"), message)
                .help(format!("write {help}, or leave it out")),
        )
    };
    match (point.spec.role, written) {
        (UpdatePointRole::Active, ClientConnections::Intranet)
        | (UpdatePointRole::InternetBased, ClientConnections::Internet) => None,
        (UpdatePointRole::InternetBased, _) => wrong(
            format!("Internet-based software update point `{name}` accepts Internet clients only"),
            "`Internet`",
        ),
        (UpdatePointRole::Active, _) if mode == Some(SiteMode::Mixed) => wrong(
            format!("site `{}` is in mixed mode and accepts no Internet clients", point.spec.site),
            "`Intranet`",
        ),
        (UpdatePointRole::Active, _) if internet_based.is_some() => wrong(
            format!(
                "site `{}` has an Internet-based software update point, so the active one accepts \
                 intranet clients only",
                point.spec.site
            ),
            "`Intranet`",
        )
        .map(|problem| match internet_based {
            Some((_, point)) => {
                problem.related(place_of(point, "spec.role"), "the Internet-based one")
            }
            None => problem,
        }),
        (UpdatePointRole::Active, ClientConnections::Internet) => wrong(
            format!("active software update point `{name}` shuts out the clients on the intranet"),
            "`Intranet` or `IntranetAndInternet`",
        ),
        (UpdatePointRole::Active, ClientConnections::IntranetAndInternet) => None,
    }
}
