//! The order of REC-4, in every plan: as it is listed, and by what each action comes after, because
//! whatever may begin at the same time does.

use std::collections::{BTreeMap, BTreeSet};

use headwater::{
    model::{Hierarchy, Kind, Name, ResourceId, UpdatePointRole},
    plan::{Action, ActionId, ActionKind, Plan},
};

use super::world::World;

const POINT: [ActionKind; 2] =
    [ActionKind::AddSoftwareUpdatePoint, ActionKind::ConfigureSoftwareUpdatePoint];
const SYNCHRONIZING: [ActionKind; 2] = [ActionKind::Synchronize, ActionKind::ImportUpdates];
const CONTENT_POINT: [ActionKind; 4] = [
    ActionKind::AddDistributionPoint,
    ActionKind::ConfigureDistributionPoint,
    ActionKind::EnablePull,
    ActionKind::DisablePull,
];
const CONTENT: [ActionKind; 2] = [ActionKind::DistributeContent, ActionKind::UpdateContent];

/// Installs before settings before synchronization before distribution, and removal last: the
/// stages in which a plan is listed.
fn stage(action: &Action) -> u8 {
    match action.kind {
        // Content, as far as it comes when it is asked for.
        ActionKind::ConfigureDistributionPoint if action.resource.kind == Kind::Package => 4,
        ActionKind::CreateSiteSystem => 0,
        ActionKind::InstallAdministrationConsole
        | ActionKind::InstallUpdateServices
        | ActionKind::ConfigureSsl
        | ActionKind::AddSoftwareUpdatePoint
        | ActionKind::ConfigureSoftwareUpdatePoint
        | ActionKind::VerifyPorts
        | ActionKind::PublishLocalUpdate => 1,
        ActionKind::SynchronizeCategories
        | ActionKind::Synchronize
        | ActionKind::ImportUpdates
        | ActionKind::PublishClientPolicy => 2,
        ActionKind::AddDistributionPoint
        | ActionKind::ConfigureDistributionPoint
        | ActionKind::EnablePull
        | ActionKind::DisablePull => 3,
        ActionKind::DistributeContent | ActionKind::UpdateContent | ActionKind::ValidateContent => {
            4
        }
        ActionKind::RemoveContent | ActionKind::ExpireLocalUpdate => 5,
        ActionKind::RemoveDistributionPoint => 6,
        ActionKind::RemoveSoftwareUpdatePoint | ActionKind::UninstallUpdateServices => 7,
        ActionKind::RemoveSiteSystem => 8,
    }
}

struct Order<'a> {
    plan: &'a Plan,
    hierarchy: &'a Hierarchy,
    world: &'a World,
    of: BTreeMap<(ActionKind, &'a ResourceId), Vec<usize>>,
    /// All that each action comes after, also by way of others.
    before: Vec<BTreeSet<usize>>,
}

/// What has to come before what, in every plan.
pub(super) fn assert_ordered(plan: &Plan, hierarchy: &Hierarchy, world: &World) {
    let stages: Vec<u8> = plan.actions.iter().map(stage).collect();
    assert!(stages.is_sorted(), "{:#?}", super::world::ids(plan));
    let mut numbers: BTreeMap<&ActionId, usize> = BTreeMap::new();
    let mut of: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    let mut before: Vec<BTreeSet<usize>> = Vec::new();
    for (number, action) in plan.actions.iter().enumerate() {
        let mut all = BTreeSet::new();
        for earlier in action.after.iter().map(|id| numbers[id]) {
            all.insert(earlier);
            all.extend(&before[earlier]);
        }
        before.push(all);
        numbers.insert(&action.id, number);
        of.entry((action.kind, &action.resource)).or_default().push(number);
    }
    let order = Order { plan, hierarchy, world, of, before };
    for (number, action) in plan.actions.iter().enumerate() {
        for earlier in order.needed(action) {
            let other = &order.plan.actions[earlier];
            assert!(
                order.before[number].contains(&earlier),
                "{} does not come after {}: {:#?}",
                action.id,
                other.id,
                action.after
            );
        }
    }
}

impl Order<'_> {
    fn planned(&self, kinds: &[ActionKind], of: Kind, name: &Name) -> Vec<usize> {
        let resource = ResourceId::new(of, name);
        let found = kinds.iter().filter_map(|kind| self.of.get(&(*kind, &resource)));
        found.flatten().copied().collect()
    }

    fn systems(&self, kinds: &[ActionKind], name: &Name) -> Vec<usize> {
        self.planned(kinds, Kind::SiteSystem, name)
    }

    fn created(&self, name: &Name) -> Vec<usize> {
        self.systems(&[ActionKind::CreateSiteSystem], name)
    }

    fn those(&self, holds: impl Fn(&Action) -> bool) -> Vec<usize> {
        let all = self.plan.actions.iter().enumerate();
        all.filter(|(_, action)| holds(action)).map(|(number, _)| number).collect()
    }

    /// The actions of the plan that have to be done before one of them.
    fn needed(&self, action: &Action) -> Vec<usize> {
        let name = &action.resource.name;
        match action.kind {
            ActionKind::CreateSiteSystem => {
                let site = &self.hierarchy.sites[&action.site];
                if *name != site.site_server {
                    return self.created(&site.site_server);
                }
                let above = site.parent.as_ref().map(|above| &self.hierarchy.sites[above]);
                above.map(|above| self.created(&above.site_server)).unwrap_or_default()
            }
            ActionKind::InstallUpdateServices | ActionKind::InstallAdministrationConsole => {
                self.created(name)
            }
            ActionKind::ConfigureSsl
            | ActionKind::AddSoftwareUpdatePoint
            | ActionKind::ConfigureSoftwareUpdatePoint
            | ActionKind::VerifyPorts => self.before_update_point(action),
            ActionKind::Synchronize
            | ActionKind::SynchronizeCategories
            | ActionKind::ImportUpdates => self.before_synchronization(name),
            ActionKind::PublishClientPolicy => {
                let site = &self.hierarchy.sites[&action.site];
                let of = Kind::SoftwareUpdatePoint;
                let mut needed = self.created(&site.site_server);
                for point in [&site.active_point, &site.internet_based_point].into_iter().flatten()
                {
                    needed.extend(self.planned(&POINT, of, point));
                }
                let active = site.active_point.as_ref().unwrap();
                needed.extend(self.planned(&SYNCHRONIZING, of, active));
                needed
            }
            ActionKind::ConfigureDistributionPoint if action.resource.kind == Kind::Package => {
                self.before_content_on_demand(action)
            }
            ActionKind::AddDistributionPoint
            | ActionKind::ConfigureDistributionPoint
            | ActionKind::EnablePull
            | ActionKind::DisablePull => {
                let point = &self.hierarchy.distribution_points[name];
                let mut needed = self.created(&point.site_system);
                for source in point.settings.pulls_from() {
                    let (of, source) = (Kind::DistributionPoint, &source.distribution_point);
                    needed.extend(self.planned(&CONTENT_POINT, of, source));
                }
                needed
            }
            ActionKind::DistributeContent | ActionKind::UpdateContent => {
                self.before_content(action)
            }
            ActionKind::RemoveContent if action.targets.is_empty() => self.those(|other| {
                other.kind == ActionKind::RemoveContent
                    && other.resource == action.resource
                    && !other.targets.is_empty()
            }),
            // Those that pull lose it before their sources do.
            ActionKind::RemoveContent => self.those(|other| {
                let pulls = |puller: &Name| {
                    let mut sources =
                        self.hierarchy.distribution_points[puller].settings.pulls_from();
                    sources.any(|source| action.targets.contains(&source.distribution_point))
                };
                other.kind == ActionKind::RemoveContent
                    && other.resource == action.resource
                    && other.targets.iter().any(pulls)
            }),
            ActionKind::ValidateContent => Vec::new(),
            ActionKind::PublishLocalUpdate => {
                let (_, _, point, _) = self.hierarchy.publishing_point().unwrap();
                self.planned(&POINT, Kind::SoftwareUpdatePoint, point)
            }
            ActionKind::ExpireLocalUpdate => self.those(|other| {
                let synchronizes = SYNCHRONIZING.contains(&other.kind);
                (synchronizes && other.targets == action.targets)
                    || other.kind == ActionKind::PublishLocalUpdate
            }),
            ActionKind::RemoveDistributionPoint => self.before_content_point_goes(action),
            ActionKind::RemoveSoftwareUpdatePoint => self.before_update_point_goes(action),
            ActionKind::UninstallUpdateServices => self.those(|other| {
                other.kind == ActionKind::RemoveSoftwareUpdatePoint && other.targets.contains(name)
            }),
            ActionKind::RemoveSiteSystem => self.before_system_goes(name),
        }
    }

    fn before_update_point(&self, action: &Action) -> Vec<usize> {
        let (name, of) = (&action.resource.name, Kind::SoftwareUpdatePoint);
        let point = &self.hierarchy.update_points[name];
        let site = &self.hierarchy.sites[&point.settings.site];
        let mut needed = self.created(&point.site_system);
        needed.extend(self.created(&site.site_server));
        needed.extend(self.systems(&[ActionKind::InstallUpdateServices], &point.site_system));
        if action.kind == ActionKind::ConfigureSsl {
            return needed;
        }
        needed.extend(self.planned(&[ActionKind::ConfigureSsl], of, name));
        if point.site_system != site.site_server {
            let console = [ActionKind::InstallAdministrationConsole];
            needed.extend(self.systems(&console, &site.site_server));
        }
        if let Some((upstream, _)) = self.hierarchy.upstream(point) {
            needed.extend(self.planned(&POINT, of, upstream));
        }
        if point.settings.role == UpdatePointRole::InternetBased
            && let Some(active) = &site.active_point
        {
            needed.extend(self.planned(&POINT, of, active));
            needed.extend(self.planned(&[ActionKind::VerifyPorts], of, active));
        }
        if action.kind == ActionKind::VerifyPorts {
            needed.extend(self.planned(&POINT, of, name));
        }
        needed
    }

    fn before_synchronization(&self, name: &Name) -> Vec<usize> {
        let of = Kind::SoftwareUpdatePoint;
        let point = &self.hierarchy.update_points[name];
        let server = &self.hierarchy.sites[&point.settings.site].site_server;
        let mut needed = self.planned(&POINT, of, name);
        needed.extend(self.planned(&[ActionKind::VerifyPorts], of, name));
        needed.extend(self.created(server));
        if let Some((upstream, _)) = self.hierarchy.upstream(point) {
            needed.extend(self.planned(&POINT, of, upstream));
            needed.extend(self.planned(&SYNCHRONIZING, of, upstream));
        }
        needed
    }

    /// The site server has it first, the distribution point is set up, and those that it pulls from
    /// have been brought it.
    fn before_content(&self, action: &Action) -> Vec<usize> {
        if action.targets.is_empty() {
            let package = &self.hierarchy.packages[&action.resource.name];
            return self.created(&self.hierarchy.sites[&package.site].site_server);
        }
        let mut needed = Vec::new();
        let bringing =
            self.those(|it| CONTENT.contains(&it.kind) && it.resource == action.resource);
        let to = |number: &usize| &self.plan.actions[*number].targets;
        needed.extend(bringing.iter().filter(|it| to(it).is_empty()));
        for target in &action.targets {
            let point = &self.hierarchy.distribution_points[target];
            needed.extend(self.planned(&CONTENT_POINT, Kind::DistributionPoint, target));
            for source in point.settings.pulls_from() {
                let source = &source.distribution_point;
                needed.extend(bringing.iter().filter(|it| to(it).contains(source)));
            }
        }
        needed
    }

    /// The site server has it first, if it is offered, and the distribution points are set up.
    fn before_content_on_demand(&self, action: &Action) -> Vec<usize> {
        let package = self.hierarchy.packages.get(&action.resource.name);
        let offered = |target| package.is_some_and(|it| it.distribute_to.contains(target));
        let mut needed = Vec::new();
        if action.targets.iter().any(offered) {
            needed = self.those(|it| {
                CONTENT.contains(&it.kind)
                    && it.resource == action.resource
                    && it.targets.is_empty()
            });
        }
        for target in &action.targets {
            needed.extend(self.planned(&CONTENT_POINT, Kind::DistributionPoint, target));
        }
        needed
    }

    /// Those that pull from it have other sources, or are gone; and if it has only moved, it is
    /// there at its new place.
    fn before_content_point_goes(&self, action: &Action) -> Vec<usize> {
        let (name, of) = (&action.resource.name, Kind::DistributionPoint);
        let mut needed = self.planned(&CONTENT_POINT, of, name);
        for (system, state) in self.answering() {
            let Some(other) = &state.distribution_point else { continue };
            let mut sources = other.settings.pulls_from();
            if sources.any(|source| source.distribution_point == *name) {
                needed.extend(self.planned(&CONTENT_POINT, of, &other.name));
                needed.extend(self.removed_from(ActionKind::RemoveDistributionPoint, system));
                needed.extend(
                    self.those(|it| CONTENT.contains(&it.kind) && it.targets.contains(&other.name)),
                );
            }
        }
        needed
    }

    /// A role that goes from a site system: one of its name may go from another one as well.
    fn removed_from(&self, kind: ActionKind, system: &Name) -> Vec<usize> {
        self.those(|other| other.kind == kind && other.targets.contains(system))
    }

    fn before_update_point_goes(&self, action: &Action) -> Vec<usize> {
        let (name, of) = (&action.resource.name, Kind::SoftwareUpdatePoint);
        let mut needed = self.planned(&POINT, of, name);
        needed.extend(
            self.those(|it| it.kind == ActionKind::PublishClientPolicy && it.site == action.site),
        );
        for (system, state) in self.answering() {
            let Some(other) = &state.update_point else { continue };
            if other.settings.source.update_point.as_ref() == Some(name) {
                needed.extend(self.planned(&POINT, of, &other.name));
                needed.extend(self.removed_from(ActionKind::RemoveSoftwareUpdatePoint, system));
            }
        }
        needed
    }

    /// Its roles; under a site server everything else of its site, and the servers of the sites
    /// below.
    fn before_system_goes(&self, name: &Name) -> Vec<usize> {
        let roles = [
            ActionKind::RemoveDistributionPoint,
            ActionKind::RemoveSoftwareUpdatePoint,
            ActionKind::UninstallUpdateServices,
        ];
        let mut needed = self.those(|it| roles.contains(&it.kind) && it.targets.contains(name));
        let settings = &self.world.systems[name].settings;
        if settings.site_server.is_none() {
            return needed;
        }
        for (other, state) in self.answering() {
            let below = state.settings.site_server.as_ref().and_then(|it| it.parent.as_ref());
            let of_site = state.settings.site == settings.site && other != name;
            let serves = state.settings.site_server.is_some();
            if (of_site && !serves) || below == Some(&settings.site) {
                needed.extend(self.systems(&[ActionKind::RemoveSiteSystem], other));
            }
        }
        needed
    }

    fn answering(&self) -> impl Iterator<Item = (&Name, &headwater::model::SiteSystemState)> {
        self.world.systems.iter().filter(|(name, _)| self.world.answers(name))
    }
}
