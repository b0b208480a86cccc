//! Distribution points: add, configure, pull (PDP-1..4).

use std::collections::BTreeMap;

use crate::model::{
    DistributionPoint, DistributionPointState, Hierarchy, Kind, Listener, Name, PullSettings,
    ResourceId,
};

use super::{
    ActionId, ActionKind,
    diff::diff,
    order::each_after,
    planner::{Draft, Planner},
};

/// Actions after which a distribution point serves where it shall.
pub(super) const SETTING_UP: [ActionKind; 4] = [
    ActionKind::AddDistributionPoint,
    ActionKind::ConfigureDistributionPoint,
    ActionKind::EnablePull,
    ActionKind::DisablePull,
];

/// The declared distribution points, sources first.
pub(super) struct Places<'a> {
    pub(super) all: Vec<Place<'a>>,
    pub(super) number: BTreeMap<&'a Name, usize>,
}

/// A declared distribution point, and all that a package needs to know of it.
pub(super) struct Place<'a> {
    pub(super) name: &'a Name,
    pub(super) point: &'a DistributionPoint,
    /// What it reports, if it is there under its name.
    pub(super) state: Option<&'a DistributionPointState>,
    /// The numbers of its sources, if it pulls.
    pub(super) sources: Vec<usize>,
    /// What sets it up in this plan.
    pub(super) setting_up: Vec<ActionId>,
    /// If nothing can be planned for it: whether somebody chose that.
    pub(super) held: Option<bool>,
}

impl<'a> Planner<'a> {
    pub(super) fn distribution_points(&mut self) -> Places<'a> {
        let names = sources_first(self.hierarchy);
        let number: BTreeMap<&Name, usize> =
            names.iter().enumerate().map(|(number, (name, _))| (*name, number)).collect();
        let mut all = Vec::with_capacity(names.len());
        for (name, point) in names {
            self.distribution_point(name, point);
            let sources = point.settings.pull.iter().filter(|_| point.settings.pulls());
            all.push(Place {
                name,
                point,
                state: self.distribution_point_state(name, point),
                sources: sources
                    .flat_map(|pull| &pull.sources)
                    .filter_map(|source| number.get(&source.distribution_point).copied())
                    .collect(),
                setting_up: self.planned_any(&SETTING_UP, Kind::DistributionPoint, name),
                held: self.held(Kind::DistributionPoint, name),
            });
        }
        Places { all, number }
    }

    fn distribution_point_state(
        &self,
        name: &Name,
        point: &DistributionPoint,
    ) -> Option<&'a DistributionPointState> {
        let state = self.system(&point.site_system)?.distribution_point.as_ref()?;
        (state.name == *name).then_some(state)
    }

    fn distribution_point(&mut self, name: &Name, point: &DistributionPoint) {
        let resource = ResourceId::new(Kind::DistributionPoint, name);
        let system = &point.site_system;
        if point.suspended {
            return self.hold(resource, "it is suspended by its annotation", true);
        }
        if let Some(chosen) = self.held(Kind::SiteSystem, system) {
            return self.hold(resource, format!("site system `{system}` has to be there"), chosen);
        }
        let carried = self.distribution_point_on.get(system);
        if let Some(other) = carried.filter(|other| **other != name) {
            let message = format!(
                "site system `{system}` is declared to carry `{other}`, and it cannot carry two \
                 distribution points: give `{name}` a site system of its own"
            );
            self.tell("PDP-1", resource.clone(), message.clone());
            return self.hold(resource, message, false);
        }
        let before = self.system(system).and_then(|system| system.distribution_point.as_ref());
        let Some((kind, requirement, reason)) = setting_up(name, before, point) else { return };
        let mut after = self.created(system);
        for source in point.settings.pull.iter().flat_map(|pull| &pull.sources) {
            let source = &source.distribution_point;
            after.extend(self.planned_any(&SETTING_UP, Kind::DistributionPoint, source));
        }
        let known = before.filter(|before| before.name == *name).map(|before| &before.settings);
        self.add(Draft {
            kind,
            resource,
            site: point.settings.site.clone(),
            requirement,
            reason,
            after,
            targets: vec![system.clone()],
            diff: diff(known, &point.settings),
            part: None,
        });
    }
}

fn setting_up(
    name: &Name,
    before: Option<&DistributionPointState>,
    point: &DistributionPoint,
) -> Option<(ActionKind, &'static str, String)> {
    let Some(before) = before else {
        let reason = format!("`{}` is not a distribution point yet", point.site_system);
        return Some((ActionKind::AddDistributionPoint, "PDP-1", reason));
    };
    if before.name != *name {
        let reason = format!("it takes the place of `{}`", before.name);
        return Some((ActionKind::AddDistributionPoint, "PDP-1", reason));
    }
    let enabled = |pull: &Option<PullSettings>| pull.as_ref().is_some_and(|pull| pull.enabled);
    let pulls = (enabled(&before.settings.pull), enabled(&point.settings.pull));
    let pull = match pulls {
        (false, true) => Some((ActionKind::EnablePull, "it shall pull its content")),
        (true, true) if before.settings.pull != point.settings.pull => {
            Some((ActionKind::EnablePull, "its sources have changed"))
        }
        (true, false) => Some((ActionKind::DisablePull, "the site server shall send its content")),
        _ => None,
    };
    if let Some((kind, reason)) = pull {
        return Some((kind, "PDP-4", reason.to_owned()));
    }
    if before.settings != point.settings {
        let reason = "its settings differ".to_owned();
        return Some((ActionKind::ConfigureDistributionPoint, "PDP-3", reason));
    }
    match &before.listener {
        Listener::Open(_) => None,
        Listener::Closed(why) => {
            let reason = format!("its port is closed: {why}");
            Some((ActionKind::ConfigureDistributionPoint, "PDP-3", reason))
        }
    }
}

/// All distribution points, each after the sources it pulls from; otherwise by depth of the site
/// and name. Cycles cannot be resolved and are refused by PDP-2; should one get here, its members
/// come last.
fn sources_first(hierarchy: &Hierarchy) -> Vec<(&Name, &DistributionPoint)> {
    let mut points: Vec<_> = hierarchy.distribution_points.iter().collect();
    points.sort_by_key(|(name, point)| {
        let site = hierarchy.sites.get(&point.settings.site);
        (site.map_or(0, |site| site.depth), *name)
    });
    let number: BTreeMap<&Name, usize> =
        points.iter().enumerate().map(|(number, (name, _))| (*name, number)).collect();
    let needs: Vec<Vec<usize>> = points
        .iter()
        .map(|(_, point)| {
            let sources = point.settings.pull.iter().flat_map(|pull| &pull.sources);
            sources.filter_map(|source| number.get(&source.distribution_point).copied()).collect()
        })
        .collect();
    each_after(&needs).into_iter().map(|number| points[number]).collect()
}
