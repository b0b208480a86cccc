//! TOP-1: the sites are a tree.

use super::{
    Problem, Rule, Severity,
    cycle::{Graph, SHOWN, any_cycle, cycles, shown},
    declaration::Declaration,
    document::Document,
    linked::Site,
};
use crate::model::SiteType;

pub(super) const RULE: Rule = Rule {
    id: "TOP-1",
    severity: Severity::Error,
    summary: "the sites are a tree: one top, a central site only there, secondary sites as leaves \
              below a primary",
    why: "Settings and update metadata flow from the top down. With two tops there are two \
          hierarchies, and in a circle nothing ever arrives.",
    wrong: "\
kind: Site
metadata: {name: ams}
spec: {type: Central, parent: cen}
",
    right: "\
kind: Site
metadata: {name: ams}
spec: {type: Primary, parent: cen}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for (number, site) in declaration.sites.iter().enumerate() {
        problems.extend(second_top(declaration, number, site));
        problems.extend(position(declaration, site));
    }
    circles(declaration, problems);
}

fn second_top(declaration: &Declaration<'_>, number: usize, site: &Site<'_>) -> Option<Problem> {
    let top = declaration.site(declaration.top.filter(|top| *top != number))?;
    let document = site.document;
    // A secondary site without a parent is told as such.
    if document.spec().parent.is_some() || document.spec().r#type == SiteType::Secondary {
        return None;
    }
    let top_name = top.document.name;
    let message =
        format!("site `{}` has no parent, but `{top_name}` is the top already", document.name);
    let help = match document.spec().r#type {
        SiteType::Central => format!("write `type: Primary` and `parent: {top_name}`"),
        SiteType::Primary | SiteType::Secondary => format!("write `parent: {top_name}`"),
    };
    Some(
        document
            .value(&RULE, "spec.type", message)
            .related(top.document.place("metadata.name"), "the top of the hierarchy")
            .help(help),
    )
}

/// Whether a site's type fits the place where it hangs.
fn position(declaration: &Declaration<'_>, site: &Site<'_>) -> Option<Problem> {
    let document = site.document;
    let name = document.name;
    let spec = document.spec();
    let Some(parent_name) = &spec.parent else {
        return (spec.r#type == SiteType::Secondary).then(|| {
            document
                .value(&RULE, "spec.type", format!("secondary site `{name}` has no parent"))
                .help("write the `parent`: a primary site")
        });
    };
    let parent = declaration.site(site.parent);
    let (message, help) = match (spec.r#type, parent.map(|it| it.document.spec().r#type)) {
        (SiteType::Central, _) => (
            format!("central site `{name}` has a parent, but is the top"),
            "remove `parent`, or write `type: Primary`",
        ),
        (below, Some(SiteType::Secondary)) => (
            format!("`{parent_name}` is a secondary site: nothing hangs below it"),
            match below {
                SiteType::Secondary => "name a primary site",
                _ => "name a primary site, or the central one",
            },
        ),
        (SiteType::Secondary, Some(SiteType::Central)) => (
            format!(
                "secondary site `{name}` hangs below the central site `{parent_name}`, not below a \
                 primary site"
            ),
            "name a primary site",
        ),
        _ => return None,
    };
    let problem = document.value(&RULE, "spec.parent", message).help(help);
    Some(match parent.filter(|parent| parent.document.name != name) {
        Some(parent) => problem.related(
            parent.document.place("spec.type"),
            format!("the parent `{parent_name}` is declared here"),
        ),
        None => problem,
    })
}

fn circles(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for site in &declaration.sites {
        let document = site.document;
        if document.spec().parent.as_ref() == Some(document.name) {
            let message = format!("site `{}` is its own parent", document.name);
            let problem = document.value(&RULE, "spec.parent", message);
            problems.push(problem.help("name another site, or remove `parent` from the top"));
        }
    }
    if !any_cycle(declaration.sites.len(), |number| declaration.sites[number].parent) {
        return;
    }
    let mut graph = Graph::new();
    for site in &declaration.sites {
        graph.insert(site.document.name, site.document.spec().parent.iter().collect());
    }
    let sites = &declaration.declared.sites;
    for cycle in cycles(&graph, |name| sites.get(name).map(|site| site.document)) {
        let mut members = cycle.iter().filter_map(|name| {
            let (name, resource) = sites.get_key_value(*name)?;
            Some(Document { name, resource })
        });
        let Some(first) = members.next() else { continue };
        let message =
            format!("the parents of site `{}` lead in a circle: {}", first.name, shown(&cycle));
        let mut problem = first
            .value(&RULE, "spec.parent", message)
            .help("remove the `parent` of the one that is the top of the hierarchy");
        for member in members.take(SHOWN) {
            let what = format!("the parent of `{}`", member.name);
            problem = problem.related(member.place("spec.parent"), what);
        }
        problems.push(problem);
    }
}
