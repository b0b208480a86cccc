//! A site that is asked for and not there.

use std::collections::BTreeSet;

use crate::{check::closest, model::SiteCode, plan::Plan};

use super::PlanView;

/// So many sites are listed.
const LISTED: usize = 12;

/// What there is to say of a site that is asked for and has nothing in a plan, if it is not one of
/// the hierarchy's either: what may have been meant.
pub fn unknown_site(plan: &Plan, view: PlanView<'_>) -> Option<String> {
    let declared = view.hierarchy.into_iter().flat_map(|hierarchy| hierarchy.sites.keys());
    let planned = plan.actions.iter().map(|action| &action.site);
    let known: BTreeSet<&SiteCode> = declared.chain(planned).collect();
    let asked = view.filter.into_iter().flat_map(|filter| &filter.sites);
    let unknown = asked.into_iter().find(|site| !known.contains(site))?;
    let here = if view.hierarchy.is_some() { "no site" } else { "nothing to do in site" };
    let help = match closest(unknown.as_str(), known.iter().map(|site| site.as_str())) {
        Some(meant) => format!(": did you mean `{meant}`?"),
        None if known.is_empty() => String::new(),
        None => {
            let names: Vec<_> = known.iter().take(LISTED).map(|site| site.as_str()).collect();
            let more = match known.len().saturating_sub(LISTED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!(": there are {}{more}", names.join(", "))
        }
    };
    Some(format!("there is {here} `{unknown}`{help}"))
}
