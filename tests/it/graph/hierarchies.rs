//! Hierarchies of any size, as manifests.

use std::{fmt::Write, path::Path, sync::Arc};

use headwater::{
    check::{Severity, check},
    manifest::{SourceText, load},
    model::{Hierarchy, Observed},
    plan::{Inputs, Plan, plan},
};

/// How large a hierarchy is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    /// Primary sites below the central one.
    pub(super) primaries: usize,
    /// Secondary sites below each of them.
    pub(super) secondaries: usize,
    /// Distribution points of each site.
    pub(super) points: usize,
    /// What decides the rest.
    pub(super) seed: usize,
}

struct Writer {
    text: String,
    seed: usize,
}

impl Writer {
    fn document(&mut self, kind: &str, name: &str, spec: &str) {
        let head = "---\napiVersion: headwater.dev/v1alpha1\nkind:";
        writeln!(self.text, "{head} {kind}\nmetadata: {{name: {name}}}\nspec: {{{spec}}}").unwrap();
    }

    /// A number below another one; the next time, another.
    fn choose(&mut self, below: usize) -> usize {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_041);
        (self.seed >> 33) % below
    }

    /// A site with an update point, and points of which many pull from others of it, or from those
    /// of the site above it.
    fn site(&mut self, code: &str, kind: &str, parent: Option<&str>, points: usize) {
        let name = code.to_lowercase();
        let above = parent.map(str::to_lowercase);
        let parent = above.as_ref().map_or_else(String::new, |it| format!(", parent: {it}"));
        let site = format!(
            "siteCode: {code}, type: {kind}{parent}, mode: Mixed, version: \"2403\", siteServer: \
             {name}-srv"
        );
        self.document("Site", &name, &site);
        let wsus = ", software: {wsus: \"10.0\"}";
        self.system(&name, &format!("{name}-srv"), wsus);
        let source = if above.is_none() { ", source: {type: Import, file: x.cab}" } else { "" };
        let point = format!("site: {name}, siteSystem: {name}-srv, role: Active{source}");
        self.document("SoftwareUpdatePoint", &format!("{name}-active"), &point);
        for number in 0..points {
            let called = format!("{name}-dp{number}");
            self.system(&name, &called, "");
            let first = format!("{name}-dp0");
            let sources = match (self.choose(6), above.as_ref()) {
                (0..3, _) if number > 0 => vec![(first, 1)],
                (3, _) if number > 1 => vec![(first, 1), (format!("{name}-dp1"), 2)],
                (4, Some(above)) if self.choose(2) == 0 => vec![(format!("{above}-dp0"), 1)],
                _ => Vec::new(),
            };
            let source = |(name, priority): (String, u8)| {
                format!("{{distributionPoint: {name}, priority: {priority}}}")
            };
            let sources: Vec<_> = sources.into_iter().map(source).collect();
            let pull = match &sources[..] {
                [] => String::new(),
                sources => format!(", pull: {{sources: [{}]}}", sources.join(", ")),
            };
            self.document(
                "DistributionPoint",
                &called,
                &format!("site: {name}, siteSystem: {called}{pull}"),
            );
        }
    }

    fn system(&mut self, site: &str, name: &str, more: &str) {
        let spec = format!("site: {site}, address: {name}.contoso.example{more}");
        self.document("SiteSystem", name, &spec);
    }
}

/// The code of a site: `AAA`, `AAB` and so on, none with a C at its beginning, as `CEN` has.
fn code(number: usize) -> String {
    let letters = b"ABDEFGHIJKLMNOPQRSTUVWXYZC";
    let letter = |place: usize| char::from(letters[number / place % letters.len()]);
    assert!(number < 25 * 26 * 26, "so many codes there are not");
    [letter(26 * 26), letter(26), letter(1)].into_iter().collect()
}

/// A hierarchy, which is valid.
pub(super) fn hierarchy(extent: Extent) -> Hierarchy {
    let Extent { primaries, secondaries, points, seed } = extent;
    let mut writer = Writer { text: String::new(), seed };
    writer.site("CEN", "Central", None, points);
    let mut sites = 0;
    for _ in 0..primaries {
        let primary = code(sites);
        sites += 1;
        writer.site(&primary, "Primary", Some("CEN"), points);
        for _ in 0..secondaries {
            writer.site(&code(sites), "Secondary", Some(&primary), points);
            sites += 1;
        }
    }
    let directory = Arc::from(Path::new("/made"));
    let texts = vec![SourceText { name: "all".to_owned(), directory, text: writer.text }];
    let loaded = load(texts);
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let wrong = check(&loaded.declared);
    let wrong: Vec<_> = wrong.iter().filter(|it| it.severity == Severity::Error).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    Hierarchy::resolve(&loaded.declared).unwrap()
}

/// The plan that makes a hierarchy from nothing.
pub(super) fn first_plan(hierarchy: &Hierarchy) -> Plan {
    plan(Inputs {
        hierarchy,
        manifest_digest: headwater::model::Digest::of(b"made"),
        observed: &Observed::default(),
        now: "2026-12-01T00:00:00Z".parse().unwrap(),
    })
}
