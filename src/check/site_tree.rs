//! TOP-1: the sites are a tree.

use super::{
    Problem, Rule, Severity,
    cycle::{Graph, cycles, shown},
    documents::{Documents, Subject, in_order, place_of},
};
use crate::model::{FieldPath, Kind, Name, Resource, SiteSpec, SiteType};

pub(super) const RULE: Rule = Rule {
    id: "TOP-1",
    severity: Severity::Error,
    summary: "the sites are a tree: one top, a central site only there, secondary sites as leaves \
              below a primary",
    why: "Settings and update metadata flow from the top down. With two tops there are two \
          hierarchies, and in a circle nothing ever arrives.",
    example: "kind: Site\nmetadata: {name: ams}\nspec: {type: Central, parent: sea}",
};

pub(super) fn check(documents: &Documents<'_>, problems: &mut Vec<Problem>) {
    let sites = in_order(&documents.declared.sites);
    one_top(&sites, problems);
    for (name, site) in &sites {
        problems.extend(position(documents, name, site));
    }
    circles(documents, problems);
}

fn one_top(sites: &[(&Name, &Resource<SiteSpec>)], problems: &mut Vec<Problem>) {
    let tops: Vec<_> = sites.iter().filter(|(_, site)| site.spec.parent.is_none()).collect();
    // The central site is meant to be the top, wherever it is written.
    let Some((top, top_site)) =
        tops.iter().min_by_key(|(_, site)| site.spec.r#type != SiteType::Central)
    else {
        return;
    };
    for (name, site) in tops.iter().filter(|(name, _)| name != top) {
        let subject = Subject::new(Kind::Site, name, site);
        let message = format!("site `{name}` has no parent, but `{top}` is the top already");
        let problem = subject
            .value(&RULE, FieldPath::new("spec.type"), message)
            .related(place_of(top_site, "metadata.name"), "the top of the hierarchy");
        problems.push(match site.spec.r#type {
            SiteType::Central => problem.help("a hierarchy has one central site"),
            SiteType::Primary => problem.help(format!("write `parent: {top}`")),
            SiteType::Secondary => problem.help("write the `parent`: a primary site"),
        });
    }
}

/// Whether a site's type fits the place where it hangs.
fn position(documents: &Documents<'_>, name: &Name, site: &Resource<SiteSpec>) -> Option<Problem> {
    let subject = Subject::new(Kind::Site, name, site);
    let wrong =
        |path: &str, message: String| Some(subject.value(&RULE, FieldPath::new(path), message));
    let Some(parent_name) = &site.spec.parent else {
        return if site.spec.r#type == SiteType::Secondary {
            let message = format!("secondary site `{name}` has no parent");
            wrong("spec.type", message)
                .map(|problem| problem.help("write the `parent`: a primary site"))
        } else {
            None
        };
    };
    let parent = documents.site(parent_name);
    match (site.spec.r#type, parent.map(|parent| parent.spec.r#type)) {
        (SiteType::Central, _) => {
            let message = format!("central site `{name}` has a parent, but is the top");
            wrong("spec.parent", message)
                .map(|problem| problem.help("remove `parent`, or write `type: Primary`"))
        }
        (_, Some(SiteType::Secondary)) => {
            let message = format!("`{parent_name}` is a secondary site: nothing hangs below it");
            wrong("spec.parent", message)
        }
        (SiteType::Secondary, Some(SiteType::Central)) => {
            let message = format!(
                "secondary site `{name}` hangs below the central site `{parent_name}`, not below a \
                 primary site"
            );
            wrong("spec.parent", message)
        }
        _ => None,
    }
    .map(|problem| match parent {
        Some(parent) if parent_name != name => problem
            .related(place_of(parent, "spec.type"), format!("`{parent_name}` is declared here")),
        _ => problem,
    })
}

fn circles(documents: &Documents<'_>, problems: &mut Vec<Problem>) {
    let sites = &documents.declared.sites;
    let mut graph = Graph::new();
    for (name, site) in sites {
        if site.spec.parent.as_ref() == Some(name) {
            let message = format!("site `{name}` is its own parent");
            let subject = Subject::new(Kind::Site, name, site);
            problems.push(subject.value(&RULE, FieldPath::new("spec.parent"), message));
        }
        graph.insert(name, site.spec.parent.iter().collect());
    }
    for cycle in cycles(&graph, |name| sites.get(name).map(|site| site.document)) {
        let mut members = cycle.iter().filter_map(|name| sites.get_key_value(*name));
        let Some((name, site)) = members.next() else { continue };
        let message = format!("the parents of site `{name}` lead in a circle: {}", shown(&cycle));
        let mut problem = Subject::new(Kind::Site, name, site)
            .value(&RULE, FieldPath::new("spec.parent"), message)
            .help("the top of the hierarchy has no `parent`");
        for (name, site) in members {
            let place = place_of(site, "spec.parent");
            problem = problem.related(place, format!("the parent of `{name}`"));
        }
        problems.push(problem);
    }
}
