//! Software update points: install, add, configure, verify (SUP-5), synchronize (SYNC-1..6), and
//! tell the clients (SYNC-9).

use crate::model::{
    Kind, Listener, Name, ResourceId, Site, SiteCode, SourceType, UpdatePoint, UpdatePointRole,
    UpdatePointState, WsusVersion,
};

use super::{
    ActionId, ActionKind,
    diff::diff,
    planner::{Draft, Planner},
};

/// Actions after which a point's catalog may be another one.
const SYNCHRONIZING: [ActionKind; 2] = [ActionKind::ImportUpdates, ActionKind::Synchronize];

/// Actions after which a point answers where it shall.
const SETTING_UP: [ActionKind; 3] = [
    ActionKind::AddSoftwareUpdatePoint,
    ActionKind::ConfigureSoftwareUpdatePoint,
    ActionKind::VerifyPorts,
];

impl Planner<'_> {
    pub(super) fn update_points(&mut self) {
        let hierarchy = self.hierarchy;
        let sites = hierarchy.sites_top_down();
        let mut points = Vec::new();
        for (code, site) in &sites {
            for name in [&site.active_point, &site.internet_based_point].into_iter().flatten() {
                if let Some(point) = hierarchy.update_points.get(name) {
                    points.push((*code, *site, name, point));
                }
            }
        }
        points.retain(|(_, site, name, point)| self.may_plan(site, name, point));
        for (code, site, name, point) in &points {
            self.set_up(code, site, name, point);
        }
        for (code, site, name, point) in &points {
            self.synchronize(code, site, name, point);
            if point.settings.role == UpdatePointRole::Active {
                self.publish_client_policy(code, site, name, point);
            }
        }
    }

    fn may_plan(&mut self, site: &Site, name: &Name, point: &UpdatePoint) -> bool {
        let resource = ResourceId::new(Kind::SoftwareUpdatePoint, name);
        if point.suspended {
            self.wait(resource, "it is suspended by its annotation", true);
            return false;
        }
        for system in [&point.site_system, &site.site_server] {
            if self.held(system) {
                self.wait(resource, format!("site system `{system}` has to be there"), false);
                return false;
            }
        }
        true
    }

    /// The steps of SUP-5, those that are not done yet.
    fn set_up(&mut self, code: &SiteCode, site: &Site, name: &Name, point: &UpdatePoint) {
        let draft = |kind, resource, requirement, reason: String, after, targets| Draft {
            kind,
            resource,
            site: code.clone(),
            requirement,
            reason,
            after,
            targets,
            diff: Vec::new(),
            part: None,
        };
        let state = self.system(&point.site_system);
        let server = self.system(&site.site_server);
        let mut after = self.created(&point.site_system);
        after.extend(self.created(&site.site_server));

        let remote = point.site_system != site.site_server;
        let has_console = server.is_some_and(|server| {
            server.administration_console || server.settings.software.wsus_administration_console
        }) || self
            .hierarchy
            .site_systems
            .get(&site.site_server)
            .is_some_and(|server| server.settings.software.wsus_administration_console);
        let console = ActionKind::InstallAdministrationConsole;
        if remote && !has_console {
            let planned = self.planned(console, Kind::SiteSystem, &site.site_server);
            if planned.is_empty() {
                let reason = format!(
                    "the software update point `{name}` is not on the site server, which needs \
                     the console to reach it"
                );
                let resource = ResourceId::new(Kind::SiteSystem, &site.site_server);
                let on = vec![site.site_server.clone()];
                after.push(self.add(draft(console, resource, "SUP-3", reason, after.clone(), on)));
            } else {
                after.extend(planned);
            }
        }

        let system = vec![point.site_system.clone()];
        if state.is_none_or(|state| state.update_services.is_none()) {
            let version = self.wanted_wsus(&point.site_system);
            let resource = ResourceId::new(Kind::SiteSystem, &point.site_system);
            let reason = format!("WSUS {version} is not installed");
            let kind = ActionKind::InstallUpdateServices;
            after.push(self.add(draft(
                kind,
                resource,
                "SUP-2",
                reason,
                after.clone(),
                system.clone(),
            )));
        }

        let resource = ResourceId::new(Kind::SoftwareUpdatePoint, name);
        let before = state.and_then(|state| state.update_point.as_ref());
        if point.settings.ssl && !before.is_some_and(|before| before.settings.ssl) {
            let reason = "the five virtual roots do not require a secured channel yet".to_owned();
            after.push(self.add(draft(
                ActionKind::ConfigureSsl,
                resource.clone(),
                "SUP-6",
                reason,
                after.clone(),
                system.clone(),
            )));
        }
        let Some((kind, reason)) = setting_up(name, before, point) else { return };
        if let Some((upstream, _)) = self.hierarchy.upstream(point) {
            after.extend(self.planned_any(&SETTING_UP, Kind::SoftwareUpdatePoint, upstream));
        }
        let requirement =
            if kind == ActionKind::AddSoftwareUpdatePoint { "SUP-5" } else { "SUP-7" };
        let known = before.filter(|before| before.name == *name).map(|before| &before.settings);
        let added = self.add(Draft {
            diff: diff(known, &point.settings),
            ..draft(kind, resource.clone(), requirement, reason, after, system.clone())
        });
        let reason = format!("`{name}` has to answer on port {}", point.settings.ports.http);
        self.add(draft(ActionKind::VerifyPorts, resource, "SUP-5", reason, vec![added], system));
    }

    /// The version of WSUS to install: the declared one, or the newest (SUP-2).
    fn wanted_wsus(&self, system: &Name) -> WsusVersion {
        let declared = self.hierarchy.site_systems.get(system);
        declared.and_then(|system| system.settings.software.wsus).unwrap_or(WsusVersion::V10_0)
    }

    fn synchronize(&mut self, code: &SiteCode, site: &Site, name: &Name, point: &UpdatePoint) {
        let Some((kind, requirement, reason)) = self.due(code, site, name, point) else { return };
        let points = Kind::SoftwareUpdatePoint;
        let hierarchy = self.hierarchy;
        let mut after = self.planned_any(&SETTING_UP, points, name);
        if let Some((upstream, _)) = hierarchy.upstream(point) {
            after.extend(self.planned_any(&SETTING_UP, points, upstream));
            after.extend(self.planned_any(&SYNCHRONIZING, points, upstream));
        }
        // Metadata is replicated to the children before the site says that it is done (SYNC-4).
        for (_, child) in hierarchy.children(code) {
            after.extend(self.created(&child.site_server));
        }
        self.add(Draft {
            kind,
            resource: ResourceId::new(points, name),
            site: code.clone(),
            requirement,
            reason,
            after,
            targets: vec![point.site_system.clone()],
            diff: Vec::new(),
            part: None,
        });
    }

    /// Whether a point has to be synchronized or filled, by which requirement and why.
    fn due(
        &mut self,
        code: &SiteCode,
        site: &Site,
        name: &Name,
        point: &UpdatePoint,
    ) -> Option<(ActionKind, &'static str, String)> {
        let state = self
            .system(&point.site_system)
            .and_then(|system| system.update_point.as_ref())
            .filter(|state| state.name == *name);
        let last = state.and_then(|state| state.last_synchronization.as_ref());
        match point.settings.source.r#type {
            SourceType::None => None,
            SourceType::Import => {
                let file = point.settings.source.file.clone().unwrap_or_default();
                let imported = last.and_then(|last| last.imported);
                let present = state
                    .filter(|state| state.settings.source == point.settings.source)
                    .and_then(|state| state.import_file.as_ref());
                match (imported, present) {
                    (None, _) => Some(("nothing has been imported yet", file)),
                    (Some(imported), Some(present)) if imported != present.digest => {
                        Some(("another file has been put in place", file))
                    }
                    _ => None,
                }
                .map(|(why, file)| (ActionKind::ImportUpdates, "SYNC-7", format!("{why}: {file}")))
                .or_else(|| self.site_database_behind(code, site, state))
            }
            SourceType::MicrosoftUpdate | SourceType::UpstreamServer => {
                let requested = point.sync_requested_at;
                let scheduled = point.settings.schedule.as_ref().and_then(|schedule| {
                    let every = schedule.every?.duration();
                    let start = schedule.start_at.unwrap_or(jiff::Timestamp::MIN);
                    let next = last.map_or(Some(start), |last| {
                        last.finished_at.checked_add(every).ok().map(|next| next.max(start))
                    })?;
                    (next <= self.now).then_some(())
                });
                let reason = match last {
                    None => "it has never been synchronized",
                    Some(last) if requested.is_some_and(|at| at > last.finished_at) => {
                        "a synchronization was requested by hand"
                    }
                    Some(_) if scheduled.is_some() => "its schedule says so",
                    Some(_) => return self.site_database_behind(code, site, state),
                };
                Some((ActionKind::Synchronize, "SYNC-2", reason.to_owned()))
            }
            SourceType::ParentSite | SourceType::ActiveUpdatePoint => {
                let (upstream_name, upstream) = self.hierarchy.upstream(point)?;
                let requirement = match point.settings.role {
                    UpdatePointRole::Active => "SYNC-5",
                    UpdatePointRole::InternetBased => "SYNC-6",
                };
                if self.held(&upstream.site_system) {
                    let resource = ResourceId::new(Kind::SoftwareUpdatePoint, name);
                    let on = format!("its upstream `{upstream_name}` has to be there");
                    self.wait(resource, on, false);
                    return None;
                }
                let points = Kind::SoftwareUpdatePoint;
                let reason = if !self.planned_any(&SYNCHRONIZING, points, upstream_name).is_empty()
                {
                    format!("its upstream `{upstream_name}` will have another catalog")
                } else if last.is_none() {
                    "it has never been synchronized".to_owned()
                } else {
                    let of_upstream = self
                        .system(&upstream.site_system)
                        .and_then(|system| system.update_point.as_ref())
                        .and_then(|upstream| upstream.catalog_version);
                    let own = state.and_then(|state| state.catalog_version);
                    if own == of_upstream {
                        return match point.settings.role {
                            UpdatePointRole::Active => self.site_database_behind(code, site, state),
                            UpdatePointRole::InternetBased => None,
                        };
                    }
                    format!("its catalog differs from that of its upstream `{upstream_name}`")
                };
                Some((ActionKind::Synchronize, requirement, reason))
            }
        }
    }

    /// The site database must hold what the active point's catalog holds (SYNC-4, SYNC-5).
    fn site_database_behind(
        &self,
        code: &SiteCode,
        site: &Site,
        state: Option<&UpdatePointState>,
    ) -> Option<(ActionKind, &'static str, String)> {
        let catalog = state?.catalog_version;
        let database = self.system(&site.site_server)?.site_server.as_ref()?.catalog_version;
        (catalog != database).then(|| {
            let reason = format!("the site database of {code} does not hold what its point holds");
            (ActionKind::Synchronize, "SYNC-4", reason)
        })
    }

    fn publish_client_policy(
        &mut self,
        code: &SiteCode,
        site: &Site,
        name: &Name,
        point: &UpdatePoint,
    ) {
        let Some(policy) = self.hierarchy.client_policy(site) else { return };
        let points = Kind::SoftwareUpdatePoint;
        let mut after: Vec<ActionId> = self.planned_any(&SYNCHRONIZING, points, name);
        let synchronizes = !after.is_empty();
        after.extend(self.planned_any(&SETTING_UP, points, name));
        after.extend(self.created(&site.site_server));
        if let Some(internet_based) = &site.internet_based_point {
            after.extend(self.planned_any(&SETTING_UP, points, internet_based));
        }
        let server = self.system(&site.site_server).and_then(|system| system.site_server.as_ref());
        let before = server.and_then(|server| server.client_policy.as_ref());
        let catalog = self
            .system(&point.site_system)
            .and_then(|system| system.update_point.as_ref())
            .and_then(|state| state.catalog_version);
        let reason = if before != Some(&policy) {
            format!("clients of {code} have to know their WSUS server")
        } else if synchronizes || server.and_then(|server| server.announced) != catalog {
            format!("clients of {code} have to scan for a new catalog")
        } else {
            return;
        };
        self.add(Draft {
            kind: ActionKind::PublishClientPolicy,
            resource: ResourceId::new(Kind::Site, &site.name),
            site: code.clone(),
            requirement: "SYNC-9",
            reason,
            after,
            targets: vec![site.site_server.clone()],
            diff: diff(before, &policy),
            part: None,
        });
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
        Some(before) => match &before.listener {
            Listener::Open(_) => None,
            Listener::Closed(why) => Some((configure, format!("its port is closed: {why}"))),
        },
    }
}
