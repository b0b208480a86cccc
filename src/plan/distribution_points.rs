//! Distribution points: add, configure, pull (PDP-1..4).

use std::collections::BTreeSet;

use crate::model::{
    DistributionPoint, DistributionPointState, Hierarchy, Kind, Listener, Name, ResourceId,
};

use super::{
    ActionKind,
    diff::diff,
    planner::{Draft, Planner},
};

/// Actions after which a distribution point serves where it shall.
pub(super) const SETTING_UP: [ActionKind; 4] = [
    ActionKind::AddDistributionPoint,
    ActionKind::ConfigureDistributionPoint,
    ActionKind::EnablePull,
    ActionKind::DisablePull,
];

impl Planner<'_> {
    pub(super) fn distribution_points(&mut self) {
        let hierarchy = self.hierarchy;
        for name in sources_first(hierarchy) {
            if let Some(point) = hierarchy.distribution_points.get(name) {
                self.distribution_point(name, point);
            }
        }
    }

    fn distribution_point(&mut self, name: &Name, point: &DistributionPoint) {
        let resource = ResourceId::new(Kind::DistributionPoint, name);
        if point.suspended {
            self.wait(resource, "it is suspended by its annotation", true);
            return;
        }
        if self.held(&point.site_system) {
            let on = format!("site system `{}` has to be there", point.site_system);
            self.wait(resource, on, false);
            return;
        }
        let before =
            self.system(&point.site_system).and_then(|system| system.distribution_point.as_ref());
        let Some((kind, requirement, reason)) = setting_up(name, before, point) else { return };
        let mut after = self.created(&point.site_system);
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
            targets: vec![point.site_system.clone()],
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
    if before.settings.pull != point.settings.pull {
        let enabled = |pull: &Option<crate::model::PullSettings>| {
            pull.as_ref().is_some_and(|pull| pull.enabled)
        };
        let (kind, reason) = match (enabled(&before.settings.pull), enabled(&point.settings.pull)) {
            (false, true) => (ActionKind::EnablePull, "it shall pull its content"),
            (true, true) => (ActionKind::EnablePull, "its sources have changed"),
            (_, false) => (ActionKind::DisablePull, "the site server shall send its content"),
        };
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
pub(super) fn sources_first(hierarchy: &Hierarchy) -> Vec<&Name> {
    let mut names: Vec<&Name> = hierarchy.distribution_points.keys().collect();
    names.sort_by_key(|name| {
        let site = hierarchy
            .distribution_points
            .get(*name)
            .and_then(|point| hierarchy.sites.get(&point.settings.site));
        (site.map_or(0, |site| site.depth), *name)
    });
    let mut ordered = Vec::with_capacity(names.len());
    let mut placed = BTreeSet::new();
    // Each round places every point whose sources stand already: as many rounds as the longest
    // chain of pull distribution points.
    loop {
        let before = ordered.len();
        names.retain(|name| {
            let ready = hierarchy.distribution_points.get(*name).is_none_or(|point| {
                let sources = point.settings.pull.iter().flat_map(|pull| &pull.sources);
                sources.into_iter().all(|source| placed.contains(&source.distribution_point))
            });
            if ready {
                ordered.push(*name);
            }
            !ready
        });
        placed.extend(ordered[before..].iter().map(|name| (*name).clone()));
        if ordered.len() == before {
            ordered.extend(names);
            return ordered;
        }
    }
}
