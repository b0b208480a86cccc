//! REFERENCE: every name that is written leads to a document.

use std::collections::BTreeSet;

use super::{
    Problem, Rule, Severity, closest,
    declaration::Declaration,
    document::{Document, OfKind},
    pull_sources::source,
};
use crate::model::{FieldPath, Kind, Name, ResourceId};

pub(super) const RULE: Rule = Rule {
    id: "REFERENCE",
    severity: Severity::Error,
    summary: "a reference is the `metadata.name` of a document of the right kind, and a package ID \
              begins with a site code",
    why: "What is referred to has to be known before anything is carried out: a plan does not guess.",
    wrong: "\
kind: Package
metadata: {name: office}
spec: {distributeTo: {groups: [amsterdan]}}
",
    right: "\
kind: Package
metadata: {name: office}
spec: {distributeTo: {groups: [amsterdam]}}
",
};

/// How many names are compared to find those that were meant, beside those that stand near: as
/// many as take a few milliseconds. Nobody reads more suggestions before mending the first.
const COMPARISONS: usize = 20_000;

struct References<'d, 'a, 'p> {
    declaration: &'d Declaration<'a>,
    comparisons: usize,
    problems: &'p mut Vec<Problem>,
}

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    let mut references = References { declaration, comparisons: COMPARISONS, problems };
    references.sites_and_systems();
    references.points();
    references.content();
    references.notifications();
    references.windows();
}

impl References<'_, '_, '_> {
    fn sites_and_systems(&mut self) {
        for site in &self.declaration.sites {
            let document = site.document;
            let spec = document.spec();
            if let (Some(parent), None) = (&spec.parent, site.parent) {
                self.missing(document, "spec.parent", Kind::Site, parent);
            }
            if site.server.is_none() {
                self.missing(document, "spec.siteServer", Kind::SiteSystem, &spec.site_server);
            }
            let point = spec.management_point.as_ref();
            if let (Some(ports), None) = (point.and_then(|it| it.ports.as_ref()), site.ports) {
                self.missing(document, "spec.managementPoint.ports", Kind::PortSettings, ports);
            }
        }
        for system in &self.declaration.site_systems {
            if system.site.is_none() {
                let document = system.document;
                self.missing(document, "spec.site", Kind::Site, &document.spec().site);
            }
        }
    }

    fn points(&mut self) {
        for point in &self.declaration.update_points {
            let document = point.document;
            let spec = document.spec();
            if point.site.is_none() {
                self.missing(document, "spec.site", Kind::Site, &spec.site);
            }
            if point.system.is_none() {
                self.missing(document, "spec.siteSystem", Kind::SiteSystem, &spec.site_system);
            }
            if let (Some(ports), None) = (&spec.ports, point.ports) {
                self.missing(document, "spec.ports", Kind::PortSettings, ports);
            }
        }
        for point in &self.declaration.distribution_points {
            let document = point.document;
            let spec = document.spec();
            if point.site.is_none() {
                self.missing(document, "spec.site", Kind::Site, &spec.site);
            }
            if point.system.is_none() {
                self.missing(document, "spec.siteSystem", Kind::SiteSystem, &spec.site_system);
            }
            if let (Some(ports), None) = (&spec.ports, point.ports) {
                self.missing(document, "spec.ports", Kind::PortSettings, ports);
            }
            let written = spec.pull.iter().flat_map(|pull| &pull.sources);
            for (index, (written, link)) in written.zip(&point.sources).enumerate() {
                if link.is_none() {
                    let name = &written.distribution_point;
                    self.missing(document, source(index), Kind::DistributionPoint, name);
                }
            }
        }
    }

    fn content(&mut self) {
        for group in &self.declaration.groups {
            let document = group.document;
            let members = &document.spec().members;
            self.all(document, "spec.members", Kind::DistributionPoint, members, &group.members);
        }
        let codes: BTreeSet<&str> = self
            .declaration
            .sites
            .iter()
            .map(|site| site.document.spec().site_code.as_str())
            .collect();
        for package in &self.declaration.packages {
            let document = package.document;
            let spec = document.spec();
            let owner = spec.package_id.site_code();
            if !codes.contains(owner) && !self.declaration.unread.any(Kind::Site) {
                let message = format!(
                    "package ID `{}` begins with `{owner}`, which is not the code of a site",
                    spec.package_id
                );
                let problem = document.value(&RULE, "spec.packageId", message);
                self.problems.push(
                    problem.help("begin it with the site code of the site that has the source"),
                );
            }
            let to = &spec.distribute_to;
            let path = "spec.distributeTo.distributionPoints";
            let points = &to.distribution_points;
            self.all(document, path, Kind::DistributionPoint, points, &package.points);
            let path = "spec.distributeTo.groups";
            let kind = Kind::DistributionPointGroup;
            self.all(document, path, kind, &to.groups, &package.groups);
        }
    }

    fn notifications(&mut self) {
        for document in self.declaration.notifications.iter() {
            self.sites(document, &document.spec().sites);
        }
    }

    fn windows(&mut self) {
        for document in self.declaration.windows.iter() {
            self.sites(document, &document.spec().sites);
        }
    }

    fn sites<Spec: OfKind>(&mut self, document: Document<'_, Spec>, sites: &[Name]) {
        for (index, site) in sites.iter().enumerate() {
            let path = FieldPath::new("spec.sites").index(index);
            self.missing(document, path, Kind::Site, site);
        }
    }

    fn all<Spec: OfKind>(
        &mut self,
        document: Document<'_, Spec>,
        path: &str,
        kind: Kind,
        names: &[Name],
        links: &[Option<usize>],
    ) {
        for (index, (name, link)) in names.iter().zip(links).enumerate() {
            if link.is_none() {
                self.missing(document, FieldPath::new(path).index(index), kind, name);
            }
        }
    }

    /// A name that leads to no document that was read; one that was not is taken for granted.
    fn missing<Spec: OfKind>(
        &mut self,
        document: Document<'_, Spec>,
        path: impl Into<FieldPath>,
        kind: Kind,
        to: &Name,
    ) {
        if self.declaration.exists(kind, to) {
            return;
        }
        let words = kind.words();
        let plural = kind == Kind::PortSettings;
        let verb = if plural { "are" } else { "is" };
        let message = format!("{words} `{to}` {verb} not declared");
        let problem = document.value(&RULE, path, message);
        let other = Kind::ALL.into_iter().find(|other| self.declaration.exists(*other, to));
        let similar = self.similar(kind, to);
        let help = match (similar, other) {
            (Some(similar), _) => format!("did you mean `{similar}`?"),
            (None, Some(other)) => {
                let article = if plural { "" } else { "a " };
                format!("name {article}{words} here; there is `{}`", ResourceId::new(other, to))
            }
            (None, None) => format!("declare a document with `kind: {kind}` and `name: {to}`"),
        };
        self.problems.push(problem.help(help));
    }
    /// The name that was probably meant. Most slips leave the beginning of a name as it is.
    fn similar(&mut self, kind: Kind, to: &Name) -> Option<String> {
        let near = self.declaration.names_near(kind, to);
        let found = closest(to.as_str(), near.into_iter().map(Name::as_str));
        if found.is_some() || self.comparisons == 0 {
            return found.map(ToOwned::to_owned);
        }
        let comparisons = &mut self.comparisons;
        let names = self.declaration.declared.names(kind);
        let names = names.inspect(|_| *comparisons = comparisons.saturating_sub(1));
        closest(to.as_str(), names.map(Name::as_str)).map(ToOwned::to_owned)
    }
}
