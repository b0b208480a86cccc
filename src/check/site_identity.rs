//! TOP-2: what a site is: its code, its site server, its version and its mode.

use std::collections::BTreeMap;

use super::{Problem, Rule, Severity, declaration::Declaration, linked::Site};
use crate::model::SiteType;

pub(super) const RULE: Rule = Rule {
    id: "TOP-2",
    severity: Severity::Error,
    summary: "a site code is unique in the hierarchy, a site server is a site system of its own \
              site, no site is newer than its parent, and a secondary site has its parent's mode",
    why: "The site code is the name of the site in package IDs and on the wire, and it never \
          changes: two sites of one code could not be told apart. A hierarchy is upgraded from the \
          top down, since a parent does not understand what a newer child sends.",
    wrong: "\
kind: Site
metadata: {name: ams}
spec: {siteCode: CEN}    # as the central site
",
    right: "\
kind: Site
metadata: {name: ams}
spec: {siteCode: AMS}
",
};

/// Names that Windows keeps for devices: no directory and no share can be called so.
const RESERVED: [&str; 4] = ["AUX", "CON", "NUL", "PRN"];

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    let mut codes = BTreeMap::new();
    for site in &declaration.sites {
        let document = site.document;
        let code = &document.spec().site_code;
        let first = *codes.entry(code).or_insert(document);
        if first.name != document.name {
            let message = format!("site code `{code}` belongs to site `{}` already", first.name);
            problems.push(
                document
                    .value(&RULE, "spec.siteCode", message)
                    .related(first.place("spec.siteCode"), "the first use of the code")
                    .help("give every site a code of its own"),
            );
        }
        if RESERVED.contains(&code.as_str()) {
            let message = format!("site code `{code}` is a name that Windows keeps for a device");
            problems.push(
                document
                    .value(&RULE, "spec.siteCode", message)
                    .warning()
                    .help("write another one: directories and shares are named after it"),
            );
        }
        problems.extend(site_server(declaration, site));
        problems.extend(version(declaration, site));
        problems.extend(mode(declaration, site));
    }
}

fn site_server(declaration: &Declaration<'_>, site: &Site<'_>) -> Option<Problem> {
    let document = site.document;
    let name = document.name;
    let system = declaration.system(site.server)?.document;
    let owner = &system.spec().site;
    if owner == name {
        return None;
    }
    let message =
        format!("site server `{}` belongs to site `{owner}`, not to `{name}`", system.name);
    Some(
        document
            .value(&RULE, "spec.siteServer", message)
            .related(system.place("spec.site"), "the site of the site system")
            .help(format!("name a site system whose `site` is `{name}`")),
    )
}

fn version(declaration: &Declaration<'_>, site: &Site<'_>) -> Option<Problem> {
    let document = site.document;
    let parent = declaration.site(site.parent)?.document;
    let (own, above) = (document.spec().version, parent.spec().version);
    if own <= above {
        return None;
    }
    let message = format!(
        "site `{}` at version {own} is newer than its parent `{}` at {above}",
        document.name, parent.name
    );
    Some(
        document
            .value(&RULE, "spec.version", message)
            .warning()
            .related(parent.place("spec.version"), "the version of the parent")
            .help("upgrade from the top down: write the parent's version, or raise that first"),
    )
}

fn mode(declaration: &Declaration<'_>, site: &Site<'_>) -> Option<Problem> {
    let document = site.document;
    let parent = declaration.site(site.parent)?.document;
    let (own, above) = (document.spec().mode, parent.spec().mode);
    if own == above || document.spec().r#type != SiteType::Secondary {
        return None;
    }
    let message = format!(
        "secondary site `{}` is in {} mode, but its parent `{}` in {}",
        document.name,
        own.words(),
        parent.name,
        above.words()
    );
    Some(
        document
            .value(&RULE, "spec.mode", message)
            .warning()
            .related(parent.place("spec.mode"), "the mode of the parent")
            .help(format!("write `mode: {above:?}`: a secondary site works in its parent's mode")),
    )
}
