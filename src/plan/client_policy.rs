//! What clients are told of software update points (SYNC-9).

use crate::model::{Kind, ResourceId, SourceType};

use super::{
    ActionId, ActionKind,
    diff::diff,
    planner::{Draft, Planner},
    synchronization::SYNCHRONIZING,
    update_points::{PointOfSite, SETTING_UP},
};

impl Planner<'_> {
    /// What clients are told once their point is there, and has something new.
    pub(super) fn publish_client_policy(&mut self, it: PointOfSite<'_>) {
        let PointOfSite { code, site, name, point } = it;
        let Some(policy) = self.hierarchy.client_policy(site) else { return };
        let points = Kind::SoftwareUpdatePoint;
        let state = self.update_point(name, point);
        let mut after: Vec<ActionId> = self.planned_any(&SYNCHRONIZING, points, name);
        let synchronizes = !after.is_empty();
        let was_filled = state.is_some_and(|state| state.last_synchronization.is_some());
        if !synchronizes && !was_filled && point.settings.source.r#type != SourceType::None {
            // Clients hear of a point once it has been synchronized: it waits for something.
            return;
        }
        after.extend(self.planned_any(&SETTING_UP, points, name));
        after.extend(self.created(&site.site_server));
        if let Some(internet_based) = &site.internet_based_point {
            after.extend(self.planned_any(&SETTING_UP, points, internet_based));
        }
        let server = self.system(&site.site_server).and_then(|system| system.site_server.as_ref());
        let before = server.and_then(|server| server.client_policy.as_ref());
        let announced = server.and_then(|server| server.announced);
        let reason = if before != Some(&policy) {
            format!("clients of {code} have to know their WSUS server")
        } else if synchronizes || announced != state.and_then(|state| state.catalog_version) {
            format!("clients of {code} have to scan for a new catalog")
        } else {
            return;
        };
        let scheduled = before == Some(&policy) && self.only_scheduled_synchronizations(&after);
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
        if scheduled {
            self.last_is_scheduled();
        }
    }
}
