//! Distribution points: add, configure, pull (PDP-1..4).

use crate::{
    model::{DistributionPoint, Kind, Listener, Name, ObservedPoint, PullSettings, ResourceId},
    ports::wanted_of_content,
};

use super::{
    ActionKind,
    diff::diff,
    places::{Places, sources_first},
    planner::{Draft, Planner},
    ports::Listening,
    removal::KEPT,
};

/// Actions after which a distribution point serves where it shall.
pub(super) const SETTING_UP: [ActionKind; 4] = [
    ActionKind::AddDistributionPoint,
    ActionKind::ConfigureDistributionPoint,
    ActionKind::EnablePull,
    ActionKind::DisablePull,
];

impl<'a> Planner<'a> {
    /// Sets the declared distribution points up, and gives their places.
    pub(super) fn distribution_points(&mut self) -> Places<'a> {
        let names = sources_first(self.hierarchy);
        for (name, point) in &names {
            self.distribution_point(name, point);
        }
        Places::of(self, names)
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
        let other = before.filter(|before| before.name != *name && before.settings.keep);
        if let Some(other) = other.filter(|other| !self.declares(resource.kind, &other.name)) {
            let on = format!("it cannot take the place of `{}`: {KEPT}", other.name);
            return self.hold(resource, on, true);
        }
        let Some((kind, requirement, reason)) = setting_up(name, before, point) else {
            return self.drifted_ports(&Listening {
                kind: Kind::DistributionPoint,
                name,
                site: &point.settings.site,
                system,
                wanted: wanted_of_content(&point.settings),
                found: self.observed.ports.distribution_points.get(name),
            });
        };
        let mut after = self.created(system);
        for source in point.settings.pulls_from() {
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
    before: Option<&ObservedPoint>,
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
            let named = |pull: &Option<PullSettings>| -> Vec<(u32, Name)> {
                let sources = pull.iter().flat_map(|pull| &pull.sources);
                sources.map(|it| (it.priority, it.distribution_point.clone())).collect()
            };
            let same = named(&before.settings.pull) == named(&point.settings.pull);
            let ports = before.settings.ports != point.settings.ports;
            let sources = |pull: &Option<PullSettings>| pull.as_ref().map(|it| it.sources.clone());
            let addresses = sources(&before.settings.pull) == sources(&point.settings.pull);
            let reason = match (same, addresses, ports) {
                (true, true, _) => "it shall choose among its sources in another way",
                (true, false, true) => "its ports and the addresses of its sources have changed",
                (true, false, false) => "the addresses of its sources have changed",
                (false, _, _) => "its sources have changed",
            };
            Some((ActionKind::EnablePull, reason))
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
