//! What of a plan is shown, site by site in the order of its actions.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    model::{Hierarchy, Kind, ResourceId, SiteCode},
    plan::{Action, Plan, PlanDiagnostic, Waiting},
};

use super::PlanFilter;

/// How a plan is looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlanView<'a> {
    /// Which part of it is shown; none: all.
    pub filter: Option<&'a PlanFilter>,
    /// The hierarchy it was made for, where it is known: it tells to which site something belongs
    /// that waits.
    pub hierarchy: Option<&'a Hierarchy>,
    /// Whether each action is shown by itself and with every line; otherwise those that are alike
    /// are shown once, and long lists are cut.
    pub full: bool,
}

/// The part of a plan that is shown.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    pub(super) plan: &'a Plan,
    pub(super) sites: Vec<ShownSite<'a>>,
    pub(super) waiting: Vec<&'a Waiting>,
    pub(super) diagnostics: Vec<&'a PlanDiagnostic>,
    /// Whether anything could have been left out.
    pub(super) filtered: bool,
}

/// The part of a site.
#[derive(Debug)]
pub(super) struct ShownSite<'a> {
    pub(super) code: &'a SiteCode,
    pub(super) actions: Vec<&'a Action>,
    /// How many actions of the plan are of this site.
    pub(super) of: usize,
}

impl Shown<'_> {
    /// How many actions are shown.
    pub(super) fn actions(&self) -> usize {
        self.sites.iter().map(|site| site.actions.len()).sum()
    }
}

impl PlanView<'_> {
    /// The part of a plan that this view shows.
    pub(super) fn shown<'b>(&self, plan: &'b Plan) -> Shown<'b> {
        let nothing = PlanFilter::default();
        let filter = self.filter.unwrap_or(&nothing);
        let mut sites: Vec<ShownSite<'b>> = Vec::new();
        let mut number: BTreeMap<&SiteCode, usize> = BTreeMap::new();
        for action in &plan.actions {
            let number = *number.entry(&action.site).or_insert_with(|| {
                sites.push(ShownSite { code: &action.site, actions: Vec::new(), of: 0 });
                sites.len() - 1
            });
            sites[number].of += 1;
            if filter.shows(action) {
                sites[number].actions.push(action);
            }
        }
        sites.retain(|site| !site.actions.is_empty());
        let homes = Homes::of(plan, self.hierarchy, filter);
        let shows = |resource: &ResourceId| {
            filter.shows_resources(resource.kind) && homes.may_belong(resource, filter)
        };
        Shown {
            plan,
            sites,
            waiting: plan.waiting.iter().filter(|it| shows(&it.resource)).collect(),
            diagnostics: plan.diagnostics.iter().filter(|it| shows(&it.resource)).collect(),
            filtered: !filter.is_empty(),
        }
    }
}

/// To which sites resources belong.
struct Homes<'a, 'b> {
    hierarchy: Option<&'a Hierarchy>,
    /// By the actions of the plan: what is removed is not in the hierarchy.
    planned: BTreeMap<&'b ResourceId, BTreeSet<&'b SiteCode>>,
}

impl<'a, 'b> Homes<'a, 'b> {
    fn of(plan: &'b Plan, hierarchy: Option<&'a Hierarchy>, filter: &PlanFilter) -> Self {
        let mut planned: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for action in plan.actions.iter().filter(|_| !filter.sites.is_empty()) {
            planned.entry(&action.resource).or_default().insert(&action.site);
        }
        Self { hierarchy, planned }
    }

    /// Whether a resource belongs to a site that is shown, as far as that is known.
    fn may_belong(&self, resource: &ResourceId, filter: &PlanFilter) -> bool {
        // Packages go to many sites, whatever site they belong to.
        if filter.sites.is_empty() || resource.kind == Kind::Package {
            return true;
        }
        if let Some(site) = self.hierarchy.and_then(|hierarchy| home(hierarchy, resource)) {
            return filter.shows_site(site);
        }
        let planned = self.planned.get(resource);
        planned.is_none_or(|sites| sites.iter().any(|site| filter.shows_site(site)))
    }
}

fn home<'a>(hierarchy: &'a Hierarchy, resource: &ResourceId) -> Option<&'a SiteCode> {
    let name = &resource.name;
    match resource.kind {
        Kind::Site => {
            hierarchy.sites.iter().find(|(_, site)| site.name == *name).map(|(code, _)| code)
        }
        Kind::SiteSystem => hierarchy.site_systems.get(name).map(|it| &it.site),
        Kind::SoftwareUpdatePoint => hierarchy.update_points.get(name).map(|it| &it.settings.site),
        Kind::DistributionPoint => {
            hierarchy.distribution_points.get(name).map(|it| &it.settings.site)
        }
        Kind::LocalUpdate => hierarchy.publishing_point().map(|(code, ..)| code),
        Kind::PortSettings
        | Kind::DistributionPointGroup
        | Kind::Package
        | Kind::Notification
        | Kind::MaintenanceWindow => None,
    }
}
