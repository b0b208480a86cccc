//! TOP-4: the documented sizes.

use super::{Problem, Rule, Severity, declaration::Declaration, linked::Site};
use crate::model::{DistributionPointType, SiteType};

pub(super) const RULE: Rule = Rule {
    id: "TOP-4",
    severity: Severity::Warning,
    summary: "25 primary sites below a central site, 250 secondary sites below a primary one, 250 \
              standard and 2,000 pull distribution points a site, 5,000 of a primary site with its \
              secondary sites, 10,000 packages on a distribution point",
    why: "These are the sizes that the product is documented and supported for. Headwater itself \
          goes on beyond them, other programs that work with the hierarchy may not.",
    wrong: "\
# 26 such sites, P01 to P26, each with its site server
kind: Site
metadata: {name: p01}
spec: {siteCode: P01, type: Primary, parent: cen, mode: Mixed, version: \"2403\", siteServer: p01}
---
# 26 such site systems
kind: SiteSystem
metadata: {name: p01}
spec: {site: p01, address: p01.contoso.example, software: {wsus: \"10.0\"}}
---
# 26 such points
kind: SoftwareUpdatePoint
metadata: {name: p01}
spec: {site: p01, siteSystem: p01, role: Active}
",
    right: "\
# 24 such sites below the central site, others below these
kind: Site
metadata: {name: p01}
spec: {siteCode: P01, type: Primary, parent: cen, mode: Mixed, version: \"2403\", siteServer: p01}
---
# 24 such site systems
kind: SiteSystem
metadata: {name: p01}
spec: {site: p01, address: p01.contoso.example, software: {wsus: \"10.0\"}}
---
# 24 such points
kind: SoftwareUpdatePoint
metadata: {name: p01}
spec: {site: p01, siteSystem: p01, role: Active}
",
};

const PRIMARY_SITES: usize = 25;
const SECONDARY_SITES: usize = 250;
const STANDARD_POINTS: usize = 250;
const PULL_POINTS: usize = 2_000;
const POINTS_OF_A_PRIMARY: usize = 5_000;
const PACKAGES: u32 = 10_000;

/// How many there are, and the first one too many.
#[derive(Clone, Copy, Default)]
struct Count {
    number: usize,
    too_many: Option<usize>,
}

impl Count {
    fn add(&mut self, which: usize, limit: usize) {
        self.number += 1;
        if self.number == limit + 1 {
            self.too_many = Some(which);
        }
    }
}

/// What is counted of a site.
#[derive(Clone, Copy, Default)]
struct Size {
    primary_sites: Count,
    secondary_sites: Count,
    standard_points: Count,
    pull_points: Count,
    /// Those of its secondary sites too.
    points: Count,
}

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    let mut sizes = vec![Size::default(); declaration.sites.len()];
    for (number, site) in declaration.sites.iter().enumerate() {
        let Some(above) = site.parent.and_then(|parent| sizes.get_mut(parent)) else { continue };
        match site.document.spec().r#type {
            SiteType::Central | SiteType::Primary => above.primary_sites.add(number, PRIMARY_SITES),
            SiteType::Secondary => above.secondary_sites.add(number, SECONDARY_SITES),
        }
    }
    for (number, point) in declaration.distribution_points.iter().enumerate() {
        let Some(site) = declaration.site(point.site) else { continue };
        if let Some(size) = point.site.and_then(|it| sizes.get_mut(it)) {
            if point.document.spec().pull_enabled() {
                size.pull_points.add(number, PULL_POINTS);
            } else if point.document.spec().r#type == DistributionPointType::Standard {
                size.standard_points.add(number, STANDARD_POINTS);
            }
        }
        let primary = match site.document.spec().r#type {
            SiteType::Secondary => site.parent,
            SiteType::Central | SiteType::Primary => point.site,
        };
        if let Some(size) = primary.and_then(|it| sizes.get_mut(it)) {
            size.points.add(number, POINTS_OF_A_PRIMARY);
        }
    }
    for (site, size) in declaration.sites.iter().zip(&sizes) {
        sites(declaration, site, size, problems);
        points(declaration, site, size, problems);
    }
    packages(declaration, problems);
}

fn sites(
    declaration: &Declaration<'_>,
    site: &Site<'_>,
    counts: &Size,
    problems: &mut Vec<Problem>,
) {
    let document = site.document;
    let central = document.spec().r#type == SiteType::Central;
    for (count, limit, what) in [
        (counts.primary_sites, PRIMARY_SITES, "primary sites"),
        (counts.secondary_sites, SECONDARY_SITES, "secondary sites"),
    ] {
        let Some(extra) = declaration.site(count.too_many) else { continue };
        if limit == PRIMARY_SITES && !central {
            continue;
        }
        let message = format!(
            "site `{}` has {} {what} below it; the documented limit is {limit}",
            document.name, count.number
        );
        problems.push(
            document
                .value(&RULE, "metadata.name", message)
                .related(extra.document.place("metadata.name"), "the first one too many")
                .help(format!("move some of the {what} below another site")),
        );
    }
}

fn points(
    declaration: &Declaration<'_>,
    site: &Site<'_>,
    counts: &Size,
    problems: &mut Vec<Problem>,
) {
    let name = site.document.name;
    for (count, limit, what, help) in [
        (
            counts.standard_points,
            STANDARD_POINTS,
            "standard distribution points",
            "let some of them pull from others, or move them to another site",
        ),
        (
            counts.pull_points,
            PULL_POINTS,
            "pull distribution points",
            "move some of them to another site",
        ),
        (
            counts.points,
            POINTS_OF_A_PRIMARY,
            "distribution points together with its secondary sites",
            "move some of them below another primary site",
        ),
    ] {
        let Some(extra) = declaration.distribution_point(count.too_many) else { continue };
        let message =
            format!("site `{name}` has {} {what}; the documented limit is {limit}", count.number);
        problems.push(
            site.document
                .value(&RULE, "metadata.name", message)
                .related(extra.document.place("metadata.name"), "the first one too many")
                .help(help),
        );
    }
}

fn packages(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for (number, point) in declaration.distribution_points.iter().enumerate() {
        let given = declaration.content.given(number);
        // The packages have the order of their documents.
        let extra = given.select(PACKAGES).and_then(|extra| usize::try_from(extra).ok());
        let Some(extra) = extra.and_then(|extra| declaration.packages.get(extra)) else { continue };
        let given = given.len();
        let message = format!(
            "distribution point `{}` is given {given} packages; the documented limit is {PACKAGES}",
            point.document.name
        );
        problems.push(
            point
                .document
                .value(&RULE, "metadata.name", message)
                .related(extra.document.place("metadata.name"), "the first one too many")
                .help("distribute to it only what its clients need"),
        );
    }
}
