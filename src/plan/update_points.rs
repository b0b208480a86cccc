//! Software update points: install, add, configure, verify (SUP-5).

use serde_json::Value;

use crate::{
    model::{Kind, Name, Ports, ResourceId, Site, SiteCode, UpdatePoint, UpdatePointState},
    ports::wanted_of_updates,
};

use super::{
    ActionId, ActionKind, FieldChange,
    diff::diff,
    planner::{Draft, Planner},
    ports::Listening,
    removal::KEPT,
};

/// Actions after which a point answers where it shall.
pub(super) const SETTING_UP: [ActionKind; 3] = [
    ActionKind::AddSoftwareUpdatePoint,
    ActionKind::ConfigureSoftwareUpdatePoint,
    ActionKind::VerifyPorts,
];

/// A software update point with its name and its site.
#[derive(Clone, Copy)]
pub(super) struct PointOfSite<'a> {
    pub(super) code: &'a SiteCode,
    pub(super) site: &'a Site,
    pub(super) name: &'a Name,
    pub(super) point: &'a UpdatePoint,
}

impl<'a> Planner<'a> {
    pub(super) fn update_points(&mut self) {
        for it in self.points_of_sites() {
            if let Some((on, chosen)) = self.hindrance(it) {
                self.hold(ResourceId::new(Kind::SoftwareUpdatePoint, it.name), on, chosen);
            } else {
                self.tell_of_other_checkout(it);
                self.set_up(it);
            }
        }
    }

    /// From the top down, the active point of a site before the Internet-based one (REC-4).
    pub(super) fn points_of_sites(&self) -> Vec<PointOfSite<'a>> {
        let hierarchy = self.hierarchy;
        let mut points = Vec::new();
        for (code, site) in hierarchy.sites_top_down() {
            for name in [&site.active_point, &site.internet_based_point].into_iter().flatten() {
                if let Some(point) = hierarchy.update_points.get(name) {
                    points.push(PointOfSite { code, site, name, point });
                }
            }
        }
        points
    }

    /// What has to be there before anything is done to a point, and whether somebody chose that it
    /// is not.
    fn hindrance(&mut self, it: PointOfSite<'_>) -> Option<(String, bool)> {
        if it.point.suspended {
            return Some(("it is suspended by its annotation".to_owned(), true));
        }
        for system in [&it.point.site_system, &it.site.site_server] {
            if let Some(chosen) = self.held(Kind::SiteSystem, system) {
                return Some((format!("site system `{system}` has to be there"), chosen));
            }
        }
        let carried = self.update_point_on.get(&it.point.site_system);
        if let Some(other) = carried.filter(|other| **other != it.name) {
            let system = &it.point.site_system;
            let message = format!(
                "site system `{system}` is declared to carry `{other}`, and it cannot carry two \
                 software update points: give `{}` a site system of its own",
                it.name
            );
            let resource = ResourceId::new(Kind::SoftwareUpdatePoint, it.name);
            self.tell("SUP-5", resource, message.clone());
            return Some((message, false));
        }
        let system = self.system(&it.point.site_system);
        let other = system.and_then(|system| system.update_point.as_ref()).filter(|other| {
            other.name != *it.name
                && other.settings.keep
                && !self.declares(Kind::SoftwareUpdatePoint, &other.name)
        });
        if let Some(other) = other {
            return Some((format!("it cannot take the place of `{}`: {KEPT}", other.name), true));
        }
        // Its upstream, and beside which active point it stands (SUP-4), have to be there first.
        let upstream =
            self.hierarchy.upstream(it.point).map(|(upstream, _)| ("upstream", upstream));
        let active = it.site.active_point.as_ref().filter(|active| *active != it.name);
        if self.update_point(it.name, it.point).is_none() {
            for (what, first) in upstream.into_iter().chain(active.map(|it| ("active point", it))) {
                if !self.point_is_or_will_be(first) {
                    let chosen = self.held(Kind::SoftwareUpdatePoint, first).unwrap_or(false);
                    return Some((format!("its {what} `{first}` has to be there"), chosen));
                }
            }
        }
        None
    }

    /// What a software update point reports, if it is there under its name.
    pub(super) fn update_point(
        &self,
        name: &Name,
        point: &UpdatePoint,
    ) -> Option<&'a UpdatePointState> {
        let state = self.system(&point.site_system)?.update_point.as_ref()?;
        (state.name == *name).then_some(state)
    }

    /// Whether a software update point is there, or will be.
    pub(super) fn point_is_or_will_be(&self, name: &Name) -> bool {
        let declared = self.hierarchy.update_points.get(name);
        declared.is_some_and(|point| self.update_point(name, point).is_some())
            || !self.planned_any(&SETTING_UP, Kind::SoftwareUpdatePoint, name).is_empty()
    }

    /// The steps of SUP-5, those that are not done yet.
    fn set_up(&mut self, it: PointOfSite<'_>) {
        let PointOfSite { code, site, name, point } = it;
        let system = &point.site_system;
        let mut after = self.created(system);
        after.extend(self.created(&site.site_server));
        after.extend(self.console(it, &after));
        after.extend(self.update_services(it, &after));

        let resource = ResourceId::new(Kind::SoftwareUpdatePoint, name);
        let before = self.system(system).and_then(|state| state.update_point.as_ref());
        if point.settings.ssl && !before.is_some_and(|before| before.settings.ssl) {
            let reason = "the five virtual roots do not require a secured channel yet".to_owned();
            let kind = ActionKind::ConfigureSsl;
            let was = before.map_or(Value::Null, |before| before.settings.ssl.into());
            let diff = vec![FieldChange::new("ssl", was, true.into())];
            let draft = step(kind, &resource, code, "SUP-6", reason, &after, system);
            after.push(self.add(Draft { diff, ..draft }));
        }
        let Some((kind, reason)) = setting_up(name, before, point) else {
            return self.drifted_ports(&Listening {
                kind: Kind::SoftwareUpdatePoint,
                name,
                site: code,
                system,
                wanted: wanted_of_updates(&point.settings),
                found: self.observed.ports.update_points.get(name),
            });
        };
        let upstream = self.hierarchy.upstream(point).map(|(upstream, _)| upstream);
        // The active point before the Internet-based one, wherever that has its updates from.
        let active = site.active_point.as_ref().filter(|active| *active != name);
        for first in [upstream, active].into_iter().flatten() {
            after.extend(self.planned_any(&SETTING_UP, Kind::SoftwareUpdatePoint, first));
        }
        let requirement =
            if kind == ActionKind::AddSoftwareUpdatePoint { "SUP-5" } else { "SUP-7" };
        let known = self.update_point(name, point).map(|before| &before.settings);
        let added = self.add(Draft {
            diff: diff(known, &point.settings),
            ..step(kind, &resource, code, requirement, reason, &after, system)
        });
        let Ports { http, https, .. } = point.settings.ports;
        let reason = if point.settings.ssl {
            format!("`{name}` has to answer on ports {http} and {https}")
        } else {
            format!("`{name}` has to answer on port {http}")
        };
        let kind = ActionKind::VerifyPorts;
        self.add(step(kind, &resource, code, "SUP-5", reason, &[added], system));
    }

    /// A site server needs the console for a point on another computer (SUP-3).
    fn console(&mut self, it: PointOfSite<'_>, after: &[ActionId]) -> Vec<ActionId> {
        let server = &it.site.site_server;
        let declared = self.hierarchy.site_systems.get(server);
        let there = self.system(server).is_some_and(|state| state.administration_console)
            || declared.is_some_and(|it| it.settings.software.wsus_administration_console);
        if it.point.site_system == *server || there {
            return Vec::new();
        }
        let kind = ActionKind::InstallAdministrationConsole;
        let planned = self.planned(kind, Kind::SiteSystem, server);
        if !planned.is_empty() {
            return planned;
        }
        let reason = format!(
            "the software update point `{}` is not on the site server, which needs the console to \
             reach it",
            it.name
        );
        let resource = ResourceId::new(Kind::SiteSystem, server);
        vec![self.add(step(kind, &resource, it.code, "SUP-3", reason, after, server))]
    }

    /// WSUS on the point's computer (SUP-2), in the declared version or else in the newest.
    fn update_services(&mut self, it: PointOfSite<'_>, after: &[ActionId]) -> Option<ActionId> {
        let system = &it.point.site_system;
        let wanted = self.hierarchy.site_systems.get(system)?;
        let declared = wanted.settings.software.wsus;
        let there = self.system(system).and_then(|state| state.update_services.as_ref());
        let reason = match (there.map(|there| there.version), declared) {
            (Some(there), Some(declared)) if there != declared => {
                format!("WSUS {there} is installed, {declared} is wanted")
            }
            (Some(_), _) => return None,
            (None, _) => format!("WSUS {} is not installed", wanted.wsus_to_install()),
        };
        let kind = ActionKind::InstallUpdateServices;
        let resource = ResourceId::new(Kind::SiteSystem, system);
        Some(self.add(step(kind, &resource, it.code, "SUP-2", reason, after, system)))
    }
}

fn step(
    kind: ActionKind,
    resource: &ResourceId,
    site: &SiteCode,
    requirement: &'static str,
    reason: String,
    after: &[ActionId],
    on: &Name,
) -> Draft {
    Draft {
        kind,
        resource: resource.clone(),
        site: site.clone(),
        requirement,
        reason,
        after: after.to_vec(),
        targets: vec![on.clone()],
        diff: Vec::new(),
        part: None,
    }
}

/// Whether a point has to be added or configured, and why.
fn setting_up(
    name: &Name,
    before: Option<&UpdatePointState>,
    point: &UpdatePoint,
) -> Option<(ActionKind, String)> {
    let add = ActionKind::AddSoftwareUpdatePoint;
    let configure = ActionKind::ConfigureSoftwareUpdatePoint;
    match before {
        None => Some((add, format!("`{}` is not a software update point yet", point.site_system))),
        Some(before) if before.name != *name => {
            let reason = format!("it takes the place of `{}`", before.name);
            Some((add, reason))
        }
        Some(before) if before.settings != point.settings => {
            Some((configure, "its settings differ".to_owned()))
        }
        Some(before) => {
            let (port, why) = before.closed()?;
            Some((configure, format!("its {port} port is closed: {why}")))
        }
    }
}
