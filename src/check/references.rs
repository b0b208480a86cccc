//! REFERENCE: every name that is written leads to a document.

use super::{
    Problem, Rule, Severity, closest,
    documents::{Documents, Subject, in_order},
};
use crate::model::{FieldPath, Kind, Name, ResourceId};

pub(super) const RULE: Rule = Rule {
    id: "REFERENCE",
    severity: Severity::Error,
    summary: "a reference is the `metadata.name` of a document of the right kind, and a package ID \
              begins with a site code",
    why: "What is referred to has to be known before anything is carried out: a plan does not guess.",
    example: "kind: SoftwareUpdatePoint\nspec: {site: cem}   # cen",
};

/// For how many broken references a similar name is looked for: each takes a walk over all names,
/// and nobody reads more of them before mending the first.
const SUGGESTIONS: usize = 100;

struct References<'a, 'p> {
    documents: &'p Documents<'a>,
    suggestions: usize,
    problems: &'p mut Vec<Problem>,
}

pub(super) fn check(documents: &Documents<'_>, problems: &mut Vec<Problem>) {
    let mut references = References { documents, suggestions: SUGGESTIONS, problems };
    references.sites_and_systems();
    references.points();
    references.content();
}

impl References<'_, '_> {
    fn sites_and_systems(&mut self) {
        let declared = self.documents.declared;
        for (name, site) in in_order(&declared.sites) {
            let subject = Subject::new(Kind::Site, name, site);
            if let Some(parent) = &site.spec.parent {
                self.one(subject, "spec.parent", Kind::Site, parent);
            }
            self.one(subject, "spec.siteServer", Kind::SiteSystem, &site.spec.site_server);
        }
        for (name, system) in in_order(&declared.site_systems) {
            let subject = Subject::new(Kind::SiteSystem, name, system);
            self.one(subject, "spec.site", Kind::Site, &system.spec.site);
        }
    }

    fn points(&mut self) {
        let declared = self.documents.declared;
        for (name, point) in in_order(&declared.software_update_points) {
            let subject = Subject::new(Kind::SoftwareUpdatePoint, name, point);
            self.one(subject, "spec.site", Kind::Site, &point.spec.site);
            self.one(subject, "spec.siteSystem", Kind::SiteSystem, &point.spec.site_system);
            if let Some(ports) = &point.spec.ports {
                self.one(subject, "spec.ports", Kind::PortSettings, ports);
            }
        }
        for (name, point) in in_order(&declared.distribution_points) {
            let subject = Subject::new(Kind::DistributionPoint, name, point);
            self.one(subject, "spec.site", Kind::Site, &point.spec.site);
            self.one(subject, "spec.siteSystem", Kind::SiteSystem, &point.spec.site_system);
            if let Some(ports) = &point.spec.ports {
                self.one(subject, "spec.ports", Kind::PortSettings, ports);
            }
            let sources = point.spec.pull.iter().flat_map(|pull| &pull.sources);
            for (index, source) in sources.enumerate() {
                let path =
                    FieldPath::new("spec.pull.sources").index(index).key("distributionPoint");
                self.reference(subject, path, Kind::DistributionPoint, &source.distribution_point);
            }
        }
    }

    fn content(&mut self) {
        let declared = self.documents.declared;
        for (name, group) in in_order(&declared.distribution_point_groups) {
            let subject = Subject::new(Kind::DistributionPointGroup, name, group);
            self.all(subject, "spec.members", Kind::DistributionPoint, &group.spec.members);
        }
        let codes: std::collections::BTreeSet<&str> =
            declared.sites.values().map(|site| site.spec.site_code.as_str()).collect();
        for (name, package) in in_order(&declared.packages) {
            let subject = Subject::new(Kind::Package, name, package);
            let owner = package.spec.package_id.site_code();
            if !codes.contains(owner) && !self.documents.any_unread(Kind::Site) {
                let message = format!(
                    "package ID `{}` begins with `{owner}`, which is not the code of a site",
                    package.spec.package_id
                );
                let problem = subject.value(&RULE, FieldPath::new("spec.packageId"), message);
                self.problems.push(
                    problem.help("begin it with the site code of the site that has the source"),
                );
            }
            let to = &package.spec.distribute_to;
            let points = "spec.distributeTo.distributionPoints";
            self.all(subject, points, Kind::DistributionPoint, &to.distribution_points);
            let groups = "spec.distributeTo.groups";
            self.all(subject, groups, Kind::DistributionPointGroup, &to.groups);
        }
    }

    fn one(&mut self, subject: Subject<'_>, path: &str, kind: Kind, to: &Name) {
        self.reference(subject, FieldPath::new(path), kind, to);
    }

    fn all(&mut self, subject: Subject<'_>, path: &str, kind: Kind, to: &[Name]) {
        for (index, name) in to.iter().enumerate() {
            self.reference(subject, FieldPath::new(path).index(index), kind, name);
        }
    }

    fn reference(&mut self, subject: Subject<'_>, path: FieldPath, kind: Kind, to: &Name) {
        if self.documents.exists(kind, to) {
            return;
        }
        let words = kind.words();
        let message = format!("{words} `{to}` is not declared");
        let problem = subject.value(&RULE, path, message);
        let other = Kind::ALL.into_iter().find(|other| self.documents.exists(*other, to));
        let similar = if self.suggestions > 0 {
            self.suggestions -= 1;
            closest(to.as_str(), self.documents.declared.names(kind).map(Name::as_str))
        } else {
            None
        };
        let help = match (similar, other) {
            (Some(similar), _) => format!("did you mean `{similar}`?"),
            (None, Some(other)) => {
                format!("`{}` is declared; a {words} is needed here", ResourceId::new(other, to))
            }
            (None, None) => format!("declare a document with `kind: {kind}` and `name: {to}`"),
        };
        self.problems.push(problem.help(help));
    }
}
