//! TOP-2: a site code is unique, and a site server belongs to its site.

use std::collections::BTreeMap;

use super::{
    Problem, Rule, Severity,
    documents::{Documents, Subject, in_order, place_of},
};
use crate::model::{FieldPath, Kind, Name, Resource, SiteSpec};

pub(super) const RULE: Rule = Rule {
    id: "TOP-2",
    severity: Severity::Error,
    summary: "a site code is unique in the hierarchy, and a site server is a site system of its \
              own site",
    why: "The site code is the name of the site in package IDs and on the wire, and it never \
          changes: two sites of one code could not be told apart.",
    example: "kind: Site\nspec: {siteCode: CEN}   # and another one with CEN",
};

pub(super) fn check(documents: &Documents<'_>, problems: &mut Vec<Problem>) {
    let mut codes = BTreeMap::<_, (&Name, &Resource<SiteSpec>)>::new();
    for (name, site) in in_order(&documents.declared.sites) {
        let subject = Subject::new(Kind::Site, name, site);
        let code = &site.spec.site_code;
        if let Some((first, first_site)) = codes.get(code) {
            let message = format!("site code `{code}` belongs to site `{first}` already");
            problems.push(
                subject
                    .value(&RULE, FieldPath::new("spec.siteCode"), message)
                    .related(place_of(first_site, "spec.siteCode"), "the first use of the code")
                    .help("give every site a code of its own"),
            );
        } else {
            codes.insert(code, (name, site));
        }
        let server = &site.spec.site_server;
        if let Some(system) = documents.system(server)
            && system.spec.site != *name
        {
            let message = format!(
                "site server `{server}` belongs to site `{}`, not to `{name}`",
                system.spec.site
            );
            problems.push(
                subject
                    .value(&RULE, FieldPath::new("spec.siteServer"), message)
                    .related(place_of(system, "spec.site"), "the site of the site system")
                    .help(format!("name a site system whose `site` is `{name}`")),
            );
        }
    }
}
