//! Catalogs, site databases and what clients were told of them.

use crate::{
    model::{Name, UpdatePoint, UpdatePointRole, UpdatePointState},
    plan::{Action, ActionKind},
};

use super::found::{Drift, all_found, change};

impl<'a> Drift<'a> {
    pub(super) fn catalog(self, action: &mut Action) {
        let Some(point) = self.hierarchy.update_points.get(&action.resource.name) else { return };
        let Some((system, state)) = self.target(action) else { return };
        let Some(own) = self.update_point_of(&action.resource.name, point) else { return };
        let last = own.last_synchronization.as_ref();
        let found = self.found(&system, state, last.map(|last| last.finished_at));
        if action.kind == ActionKind::ImportUpdates {
            let imported = last.and_then(|last| last.imported);
            let present = own.import_file.as_ref().map(|file| file.digest);
            if present.is_some() && present != imported {
                action.diff.push(change("importFile.digest", imported, present, &found));
            }
        }
        let upstream = self.hierarchy.upstream(point);
        let upstream = upstream.and_then(|(name, upstream)| self.update_point_of(name, upstream));
        let wanted = upstream.and_then(|upstream| upstream.catalog_version);
        if wanted.is_some() && wanted != own.catalog_version {
            action.diff.push(change("catalogVersion", own.catalog_version, wanted, &found));
        }
        if action.diff.is_empty() && point.settings.role == UpdatePointRole::Active {
            self.site_database(action, own);
        }
    }

    /// The site database shall hold what the active point does, or at a site below another one, what
    /// the database of that holds.
    fn site_database(self, action: &mut Action, own: &UpdatePointState) {
        let Some(site) = self.hierarchy.sites.get(&action.site) else { return };
        let Some(state) = self.system(&site.site_server) else { return };
        let Some(server) = &state.site_server else { return };
        let wanted = match &site.parent {
            None => own.catalog_version,
            Some(above) => {
                let above = self.hierarchy.sites.get(above);
                let above = above.and_then(|it| self.system(&it.site_server)?.site_server.as_ref());
                above.and_then(|above| above.catalog_version)
            }
        };
        if wanted.is_some() && wanted != server.catalog_version {
            let found = self.found(&site.site_server, state, None);
            let before = server.catalog_version;
            action.diff.push(change("siteDatabase.catalogVersion", before, wanted, &found));
        }
    }

    pub(super) fn client_policy(self, action: &mut Action) {
        let Some((system, state)) = self.target(action) else { return };
        let Some(server) = &state.site_server else { return };
        if server.client_policy.is_none() {
            return;
        }
        let found = self.found(&system, state, state.since.client_policy);
        all_found(&mut action.diff, &found);
        let active = self.hierarchy.sites.get(&action.site).and_then(|it| it.active_point.as_ref());
        let active = active
            .and_then(|name| self.update_point_of(name, self.hierarchy.update_points.get(name)?));
        let wanted = active.and_then(|active| active.catalog_version);
        if wanted.is_some() && wanted != server.announced {
            action.diff.push(change("announced", server.announced, wanted, &found));
        }
    }

    /// What was published differs from what is declared; or nothing was.
    pub(super) fn local_update(self, action: &mut Action) {
        let Some((system, state)) = self.target(action) else { return };
        let declared = self.hierarchy.local_updates.get(&action.resource.name);
        let published = state.update_point.as_ref().map(|point| &point.local_updates);
        let there = declared
            .zip(published)
            .is_some_and(|(it, all)| all.contains_key(&it.update.spec.update_id));
        if there {
            all_found(&mut action.diff, &self.found(&system, state, None));
        }
    }

    /// What an update point reports, if it is there under its name.
    fn update_point_of(self, name: &Name, point: &UpdatePoint) -> Option<&'a UpdatePointState> {
        let state = self.system(&point.site_system)?.update_point.as_ref()?;
        (state.name == *name).then_some(state)
    }
}
