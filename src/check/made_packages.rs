//! SYNC-11: packages whose content the site makes, of the files of updates or as its offline catalog.

use std::collections::BTreeMap;

use super::{
    Problem, Rule, Severity, declaration::Declaration, document::Document, linked::Site, selection,
};
use crate::model::{FieldPath, Kind, PackageSpec, UpdateSelection};

pub(super) const RULE: Rule = Rule {
    id: "SYNC-11",
    severity: Severity::Error,
    summary: "a package that is made of updates, or of the offline catalog, is one of a site that has \
              an active software update point; the offline catalog is enabled there, and one package \
              distributes it",
    why: "The active point of the site that owns the package has its catalog, fetches the files of \
          updates, and writes the offline catalog for old inventory-tool clients, every seven days \
          unless the site says otherwise. Nobody else can, and what no package distributes nobody gets.",
    wrong: "\
kind: Site
metadata: {name: cen}
spec: {siteCode: CEN}
---
kind: Package
metadata: {name: offline-catalog}
spec: {packageId: CEN00007, source: {legacyCatalog: true}}
",
    right: "\
kind: Site
metadata: {name: cen}
spec: {siteCode: CEN, legacyCatalog: {enabled: true}}
---
kind: Package
metadata: {name: offline-catalog}
spec: {packageId: CEN00007, source: {legacyCatalog: true}}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    let sites: BTreeMap<&str, &Site<'_>> =
        declaration.sites.iter().map(|it| (it.document.spec().site_code.as_str(), it)).collect();
    let mut catalogs: BTreeMap<&str, Vec<Document<'_, PackageSpec>>> = BTreeMap::new();
    for package in &declaration.packages {
        let document = package.document;
        let PackageSpec { package_id, source, .. } = document.spec();
        let code = package_id.site_code();
        if let Some(updates) = &source.updates {
            selected(document, updates, problems);
        }
        if source.legacy_catalog {
            catalogs.entry(code).or_default().push(document);
        }
        let made = source.updates.is_some() || source.legacy_catalog;
        let Some(site) = sites.get(code).filter(|_| made) else { continue };
        problems.extend(without_point(declaration, document, site));
        if source.legacy_catalog {
            problems.extend(switched_off(document, site));
        }
    }
    for site in &declaration.sites {
        let code = site.document.spec().site_code.as_str();
        let catalogs = catalogs.get(code).map_or(&[][..], Vec::as_slice);
        problems.extend(one_package(declaration, site, catalogs));
    }
}

fn selected(
    document: Document<'_, PackageSpec>,
    updates: &UpdateSelection,
    problems: &mut Vec<Problem>,
) {
    let path = FieldPath::new("spec.source.updates");
    selection::titles(document, &path, updates, problems);
    if *updates == UpdateSelection::default() {
        let message = "the package would have the files of all updates: nothing is selected";
        let help = "write `classifications`, `products`, `kb` or `since`";
        problems.push(document.key(&selection::RULE, path, message).help(help));
    }
}

fn without_point(
    declaration: &Declaration<'_>,
    document: Document<'_, PackageSpec>,
    site: &Site<'_>,
) -> Option<Problem> {
    let name = site.document.name;
    // One that could not be read is not missing.
    if declaration.active_point(name).is_some() || declaration.unread.any_update_point(name) {
        return None;
    }
    let message = format!(
        "site `{name}`, which owns the package, has no active software update point to make it of"
    );
    let problem = document
        .key(&RULE, "spec.source", message)
        .related(site.document.place("spec.siteCode"), "the site")
        .help(format!("declare a point with `site: {name}` and `role: Active`, or write `path`"));
    Some(problem)
}

fn switched_off(document: Document<'_, PackageSpec>, site: &Site<'_>) -> Option<Problem> {
    if site.document.spec().legacy_catalog.enabled {
        return None;
    }
    let message = format!(
        "site `{}`, which owns the package, does not produce the offline catalog",
        site.document.name
    );
    let problem = document
        .value(&RULE, "spec.source.legacyCatalog", message)
        .related(site.document.place("spec.siteCode"), "the site")
        .help("write `legacyCatalog: {enabled: true}` at the site");
    Some(problem)
}

/// A site that produces the offline catalog has one package that distributes it.
fn one_package(
    declaration: &Declaration<'_>,
    site: &Site<'_>,
    packages: &[Document<'_, PackageSpec>],
) -> Option<Problem> {
    let document = site.document;
    let code = document.spec().site_code.as_str();
    if let [first, second, ..] = packages {
        let message = format!("the offline catalog of site {code} is in two packages");
        let problem = second
            .key(&RULE, "spec.source", message)
            .warning()
            .related(first.key_place("spec.source"), "the first one")
            .help("distribute one package to all who shall have it");
        return Some(problem);
    }
    let missing = document.spec().legacy_catalog.enabled
        && packages.is_empty()
        && !declaration.unread.any(Kind::Package);
    missing.then(|| {
        let message = "no package distributes the offline catalog of this site";
        document.key(&RULE, "spec.legacyCatalog", message).warning().help(
            "declare a package of the site with `source: {legacyCatalog: true}`, or disable it",
        )
    })
}
