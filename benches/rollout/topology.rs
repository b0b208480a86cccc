//! The hierarchy that is rolled out to, as documents: regions of pull distribution points, each with
//! its sources by priority.

use std::{fmt::Write, path::Path, sync::Arc};

use headwater::{
    manifest::{SourceText, load},
    model::Hierarchy,
};

/// How the points of a region pull.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Region {
    /// Each from its place in a tree; else from the point above that one, and so on.
    Tree,
    /// Each from its place in a tree; if that one is dead from those beside it, so that none of them
    /// gets more than one more; and else from the top.
    TreeWithDeputies,
    /// All from the first.
    Star,
}

/// How many there are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Topology {
    pub(crate) regions: usize,
    pub(crate) points: usize,
    pub(crate) fan_out: usize,
}

impl Topology {
    /// All points that pull.
    pub(crate) fn all(self) -> usize {
        self.regions * self.points
    }

    /// With so many packages, which go to all points.
    pub(crate) fn hierarchy(self, region: Region, packages: usize) -> Hierarchy {
        let mut text = String::new();
        site(&mut text, "top", None);
        point(&mut text, "top", "top", "");
        let mut members = vec!["top".to_owned()];
        for number in 0..self.regions {
            let code = format!("r{number:02}");
            site(&mut text, &code, Some("top"));
            for place in 0..self.points {
                let name = name(number, place);
                let sources = self.sources(region, number, place);
                let pull = format!(", pull: {{cutThrough: true, sources: [{sources}]}}");
                point(&mut text, &code, &name, &pull);
                members.push(name);
            }
        }
        document(
            &mut text,
            "DistributionPointGroup",
            "all",
            &format!("members: [{}]", members.join(", ")),
        );
        for number in 1..=packages {
            let spec = format!(
                "packageId: {}, source: {{path: content}}, distributeTo: {{groups: [all]}}",
                id(number)
            );
            document(&mut text, "Package", &format!("package-{number}"), &spec);
        }
        let directory = Arc::from(Path::new("/manifests"));
        let loaded = load(vec![SourceText { name: "rollout".to_owned(), directory, text }]);
        assert!(loaded.problems.is_empty(), "{:?}", loaded.problems.first());
        Hierarchy::resolve(&loaded.declared).unwrap()
    }

    fn sources(self, region: Region, number: usize, place: usize) -> String {
        let mut places = Vec::new();
        let mut at = place;
        while at > 0 && (region == Region::Tree || places.is_empty()) {
            at = if region == Region::Star { 0 } else { (at - 1) / self.fan_out };
            places.push(at);
        }
        if region == Region::TreeWithDeputies {
            for before in (1..=3).filter_map(|by| place.checked_sub(by)) {
                if !places.contains(&before) {
                    places.push(before);
                }
            }
        }
        let mut names: Vec<String> = places.iter().map(|place| name(number, *place)).collect();
        if region != Region::Star || place == 0 {
            names.push("top".to_owned());
        }
        let sources = names
            .iter()
            .zip(1..)
            .map(|(name, priority)| format!("{{distributionPoint: {name}, priority: {priority}}}"));
        sources.collect::<Vec<_>>().join(", ")
    }

    /// One point in twenty, others for each seed.
    pub(crate) fn dead(self, seed: usize) -> Vec<String> {
        let mut dead = Vec::new();
        let mut state = seed as u64;
        for number in 0..self.regions {
            for place in 0..self.points {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                if (state >> 33).is_multiple_of(20) {
                    dead.push(name(number, place));
                }
            }
        }
        dead
    }
}

fn name(region: usize, place: usize) -> String {
    format!("r{region:02}-{place:03}")
}

fn id(number: usize) -> String {
    format!("TOP{number:05}")
}

/// The dead ones, as part of a scenario.
pub(crate) fn down(dead: &[String]) -> String {
    let mut text =
        String::from("content: {TOP00001: 4GiB}\ndays: 1\nfaults:\n  siteSystemsDown:\n");
    for name in dead {
        writeln!(text, "    - {{siteSystem: {name}, from: 0s}}").unwrap();
    }
    text
}

/// When so many packages are released over 30 days, and how large they are: one after the other, of
/// 5 to 500 MB.
pub(crate) fn releases(packages: usize) -> String {
    let apart = 30 * 86_400 / packages;
    let mut text = String::from("content:\n");
    for number in 1..=packages {
        writeln!(text, "  {}: {}MB", id(number), 5 + number * 37 % 496).unwrap();
    }
    text += "releases:\n";
    for number in 1..=packages {
        writeln!(text, "  {}: {}s", id(number), (number - 1) * apart).unwrap();
    }
    text
}

fn site(text: &mut String, name: &str, parent: Option<&str>) {
    let below = parent.map_or_else(
        || "type: Primary".to_owned(),
        |parent| format!("type: Secondary, parent: {parent}"),
    );
    let code = name.to_uppercase();
    let server = format!("{name}-srv");
    let spec =
        format!("siteCode: {code}, {below}, mode: Mixed, version: \"2403\", siteServer: {server}");
    document(text, "Site", name, &spec);
    document(text, "SiteSystem", &server, &format!("site: {name}, address: {server}.example"));
}

fn point(text: &mut String, site: &str, name: &str, more: &str) {
    document(text, "SiteSystem", name, &format!("site: {site}, address: {name}.example"));
    let spec = format!("site: {site}, siteSystem: {name}{more}");
    document(text, "DistributionPoint", name, &spec);
}

fn document(text: &mut String, kind: &str, name: &str, spec: &str) {
    let head = "---\napiVersion: headwater.dev/v1alpha1\nkind: ";
    writeln!(text, "{head}{kind}\nmetadata: {{name: {name}}}\nspec: {{{spec}}}").unwrap();
}
