//! Hierarchies for tests, as documents.

use std::{collections::BTreeMap, fmt::Write, path::Path, sync::Arc};

use super::{Outcome, Policy, Scenario, Simulation, read_scenario, simulate};
use crate::{
    manifest::{SourceText, load},
    model::Hierarchy,
};

/// What documents declare.
pub(super) fn hierarchy(text: &str) -> Hierarchy {
    let directory = Arc::from(Path::new("/manifests"));
    let text = SourceText { name: "test".to_owned(), directory, text: text.to_owned() };
    let loaded = load(vec![text]);
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    Hierarchy::resolve(&loaded.declared).unwrap()
}

/// Documents, one after the other.
#[derive(Debug, Default)]
pub(super) struct Documents(String);

impl Documents {
    pub(super) fn add(&mut self, kind: &str, name: &str, spec: &str) -> &mut Self {
        let head = "---\napiVersion: headwater.dev/v1alpha1\nkind: ";
        writeln!(self.0, "{head}{kind}\nmetadata: {{name: {name}}}\nspec: {{{spec}}}").unwrap();
        self
    }

    /// A site with a site server, below another one or at the top.
    pub(super) fn site(&mut self, code: &str, parent: Option<&str>, more: &str) -> &mut Self {
        let name = code.to_lowercase();
        let below = parent.map_or_else(
            || "type: Primary".to_owned(),
            |parent| format!("type: Secondary, parent: {}", parent.to_lowercase()),
        );
        let spec = format!(
            "siteCode: {code}, {below}, mode: Mixed, version: \"2403\", siteServer: {name}-srv{more}"
        );
        self.add("Site", &name, &spec);
        let spec =
            format!("site: {name}, address: {name}-srv.example, software: {{wsus: \"10.0\"}}");
        self.add("SiteSystem", &format!("{name}-srv"), &spec)
    }

    /// A distribution point on a computer of its own.
    pub(super) fn point(&mut self, site: &str, name: &str, more: &str) -> &mut Self {
        let site = site.to_lowercase();
        self.add("SiteSystem", name, &format!("site: {site}, address: {name}.example"));
        self.add("DistributionPoint", name, &format!("site: {site}, siteSystem: {name}{more}"))
    }

    /// One that pulls from these, by falling priority.
    pub(super) fn pull(
        &mut self,
        site: &str,
        name: &str,
        sources: &[&str],
        more: &str,
    ) -> &mut Self {
        let sources: Vec<String> = sources
            .iter()
            .zip(1..)
            .map(|(it, priority)| format!("{{distributionPoint: {it}, priority: {priority}}}"))
            .collect();
        let sources = sources.join(", ");
        self.point(site, name, &format!(", pull: {{sources: [{sources}]{more}}}"))
    }

    pub(super) fn package(&mut self, id: &str, to: &[&str]) -> &mut Self {
        let name = id.to_lowercase();
        let spec = format!(
            "packageId: {id}, source: {{path: content}}, distributeTo: {{distributionPoints: [{}]}}",
            to.join(", ")
        );
        self.add("Package", &name, &spec)
    }

    pub(super) fn hierarchy(&self) -> Hierarchy {
        hierarchy(&self.0)
    }
}

/// Two sites: `first` is sent to, `middle` pulls from it and cuts through, and `last`, in the other
/// site, pulls from `middle` and else from `first`.
pub(super) fn chain() -> Hierarchy {
    let mut documents = Documents::default();
    documents.site("ONE", None, "").site("TWO", Some("ONE"), "");
    documents.add("SoftwareUpdatePoint", "one-sup", "site: one, siteSystem: one-srv, role: Active");
    documents.add("SoftwareUpdatePoint", "two-sup", "site: two, siteSystem: two-srv, role: Active");
    documents.point("ONE", "first", "");
    documents.pull("ONE", "middle", &["first"], ", cutThrough: true");
    documents.pull("TWO", "last", &["middle", "first"], "");
    documents.package("ONE00001", &["first", "middle", "last"]);
    documents.hierarchy()
}

/// What comes of it.
pub(super) fn run(hierarchy: &Hierarchy, scenario: &str) -> Outcome {
    under(hierarchy, scenario, Policy::AsDeclared, 7)
}

/// What comes of it under a policy, by a seed.
pub(super) fn under(hierarchy: &Hierarchy, scenario: &str, policy: Policy, seed: u64) -> Outcome {
    let scenario: Scenario = read_scenario(scenario).unwrap();
    let sources = &BTreeMap::new();
    let simulation =
        Simulation { hierarchy, observation: None, scenario: &scenario, sources, days: None, seed };
    simulate(simulation, policy)
}
