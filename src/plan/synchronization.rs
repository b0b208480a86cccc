//! Synchronization of update metadata, from the top down (SYNC-1..7).

use std::iter;

use crate::model::{
    Kind, Name, ResourceId, Schedule, Site, SourceType, SynchronizationRecord, UpdatePoint,
    UpdatePointRole, UpdatePointState,
};

use super::{
    ActionId, ActionKind,
    import_file::in_other_checkout,
    local_updates::PUBLISHED,
    planner::{Draft, Planner},
    update_points::{PointOfSite, SETTING_UP},
};

/// Actions after which a point's catalog may be another one.
pub(super) const SYNCHRONIZING: [ActionKind; 2] =
    [ActionKind::ImportUpdates, ActionKind::Synchronize];

/// What has to be done, the requirement that asks for it, why, and what is behind that.
type Due = (ActionKind, &'static str, String, Cause);

/// What is behind a synchronization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// Somebody has changed something, or has asked for it.
    Somebody,
    /// The schedule.
    Schedule,
    /// There is something above that has not come down yet.
    Flow,
}

/// Why a synchronization that somebody has requested is due.
const BY_HAND: &str = "a synchronization was requested by hand";

impl<'a> Planner<'a> {
    pub(super) fn synchronizations(&mut self) {
        for it in self.points_of_sites() {
            if self.held(Kind::SoftwareUpdatePoint, it.name).is_some() {
                continue;
            }
            self.synchronize(it);
            if is_active(it.point) {
                self.publish_client_policy(it);
            }
        }
    }

    fn synchronize(&mut self, it: PointOfSite<'a>) {
        let Some((kind, requirement, reason, cause)) = self.due(it) else { return };
        let resource = ResourceId::new(Kind::SoftwareUpdatePoint, it.name);
        if let Some((on, chosen)) = self.missing_above(it) {
            self.unsynchronized.insert(it.name, chosen);
            return self.wait(resource, on, chosen);
        }
        let only_new = reason == BY_HAND;
        let after = self.before_synchronization(it);
        let scheduled = match cause {
            Cause::Somebody => false,
            Cause::Schedule => true,
            Cause::Flow => self.only_scheduled_synchronizations(&after),
        };
        self.add(Draft {
            kind,
            resource,
            site: it.code.clone(),
            requirement,
            reason,
            after,
            targets: vec![it.point.site_system.clone()],
            diff: Vec::new(),
            part: None,
        });
        if only_new {
            self.last_brings_only_what_is_new();
        }
        if scheduled {
            self.last_is_scheduled();
        }
    }

    /// What a point needs to synchronize and does not have, and whether somebody chose that.
    fn missing_above(&self, it: PointOfSite<'_>) -> Option<(String, bool)> {
        let points = Kind::SoftwareUpdatePoint;
        if let Some((name, upstream)) = self.hierarchy.upstream(it.point) {
            if !self.point_is_or_will_be(name) {
                let chosen = self.held(points, name).unwrap_or(false);
                return Some((format!("its upstream `{name}` has to be there"), chosen));
            }
            let state = self.update_point(name, upstream);
            let set_up = !self.planned_any(&SETTING_UP, points, name).is_empty();
            let answers = state.is_some_and(|state| {
                state.closed().is_none() && state.settings.ports == upstream.settings.ports
            });
            if !set_up && !answers {
                let chosen = self.held(points, name).unwrap_or(false);
                return Some((format!("its upstream `{name}` has to answer on its port"), chosen));
            }
            let filled = state.is_some_and(|state| state.last_synchronization.is_some())
                || upstream.settings.source.r#type == SourceType::None;
            if !filled && self.planned_any(&SYNCHRONIZING, points, name).is_empty() {
                let waiting = self.unsynchronized.get(name).copied();
                let chosen = self.held(points, name).or(waiting).unwrap_or(false);
                return Some((format!("its upstream `{name}` has to synchronize first"), chosen));
            }
        }
        // The site's database has the metadata from that of the site above (SYNC-5).
        let server = self.server_above(it)?;
        (!self.serves_or_will_serve(server)).then(|| {
            let chosen = self.held(Kind::SiteSystem, server).unwrap_or(false);
            (format!("the parent's site server `{server}` has to be there"), chosen)
        })
    }

    fn before_synchronization(&self, it: PointOfSite<'_>) -> Vec<ActionId> {
        let points = Kind::SoftwareUpdatePoint;
        let mut after = self.planned_any(&SETTING_UP, points, it.name);
        after.extend(self.created(&it.point.site_system));
        after.extend(self.created(&it.site.site_server));
        if let Some((upstream, _)) = self.hierarchy.upstream(it.point) {
            after.extend(self.planned_any(&SETTING_UP, points, upstream));
            after.extend(self.planned_any(&SYNCHRONIZING, points, upstream));
        }
        after.extend(self.server_above(it).map(|it| self.created(it)).into_iter().flatten());
        if self.is_publisher(it.name) {
            after.extend(self.publishing.iter().cloned());
        }
        if is_active(it.point) {
            // Also where its updates come from elsewhere, its site's database is filled from above
            // (SYNC-5), and is what it passes on.
            after.extend(self.synchronizations_above(it.site));
            // The metadata goes to the sites below before this one says that it is done (SYNC-4).
            for (_, child) in self.hierarchy.children(it.code) {
                if child.active_point.is_some() {
                    after.extend(self.created(&child.site_server));
                }
            }
        }
        after
    }

    /// The site server above that of an active point.
    fn server_above(&self, it: PointOfSite<'_>) -> Option<&'a Name> {
        let above = it.site.parent.as_ref().filter(|_| is_active(it.point))?;
        self.hierarchy.sites.get(above).map(|above| &above.site_server)
    }

    /// The planned synchronizations of the nearest site above that has any.
    fn synchronizations_above(&self, site: &Site) -> Vec<ActionId> {
        let above = |site: &Site| self.hierarchy.sites.get(site.parent.as_ref()?);
        let mut planned = iter::successors(above(site), |site| above(site)).map(|site| {
            site.active_point.as_ref().map_or_else(Vec::new, |active| {
                self.planned_any(&SYNCHRONIZING, Kind::SoftwareUpdatePoint, active)
            })
        });
        planned.find(|planned| !planned.is_empty()).unwrap_or_default()
    }

    /// Whether a point has to be synchronized or filled.
    fn due(&mut self, it: PointOfSite<'a>) -> Option<Due> {
        let state = self.update_point(it.name, it.point);
        match it.point.settings.source.r#type {
            // What was imported by hand goes on from there.
            SourceType::None => {
                let due = self.publication_due(it).or_else(|| self.site_database_due(it, state));
                due.filter(|_| it.site.parent.is_none())
            }
            SourceType::Import => import_due(it.point, state)
                .or_else(|| self.publication_due(it))
                .or_else(|| self.site_database_due(it, state)),
            SourceType::MicrosoftUpdate | SourceType::UpstreamServer => {
                // What is requested by hand brings only what is new: not what was published anew.
                let published = self.publication_due(it);
                self.top_due(it, state)
                    .filter(|(_, _, reason, _)| published.is_none() || reason != BY_HAND)
                    .or(published)
                    .or_else(|| self.site_database_due(it, state))
            }
            SourceType::ParentSite | SourceType::ActiveUpdatePoint => {
                self.downstream_due(it, state).or_else(|| self.site_database_due(it, state))
            }
        }
    }

    /// Updates of local publishers flow down from where they are published (SYNC-10).
    fn publication_due(&self, it: PointOfSite<'_>) -> Option<Due> {
        let due = self.is_publisher(it.name) && !self.publishing.is_empty();
        let due = due.then_some(ActionKind::Synchronize)?;
        Some((due, "SYNC-10", PUBLISHED.to_owned(), Cause::Somebody))
    }

    fn is_publisher(&self, name: &Name) -> bool {
        self.hierarchy.publishing_point().is_some_and(|(_, _, publisher, _)| publisher == name)
    }

    /// Started by hand or by schedule, at the top only (SYNC-2).
    fn top_due(&mut self, it: PointOfSite<'_>, state: Option<&UpdatePointState>) -> Option<Due> {
        let schedule = it.point.settings.schedule.as_ref();
        let source = &it.point.settings.source;
        let last = state.and_then(|state| state.last_synchronization.as_ref());
        let requested = it.point.sync_requested_at.filter(|at| *at <= self.now);
        let (reason, cause) = match last {
            None => ("it has never been synchronized", Cause::Somebody),
            Some(last)
                if last.imported.is_some()
                    || source.url.as_ref().is_some_and(|url| *url != last.from) =>
            {
                ("it has never been synchronized with this source", Cause::Somebody)
            }
            Some(last) if schedule.is_some_and(|it| scheduled(it, last, self.now)) => {
                ("its schedule says so", Cause::Schedule)
            }
            Some(last) if requested.is_some_and(|at| at > last.finished_at) => {
                (BY_HAND, Cause::Somebody)
            }
            Some(_) => return None,
        };
        Some((ActionKind::Synchronize, "SYNC-2", reason.to_owned(), cause))
    }

    /// On the request of the parent site (SYNC-5), or when the active point has finished (SYNC-6).
    fn downstream_due(
        &mut self,
        it: PointOfSite<'_>,
        state: Option<&UpdatePointState>,
    ) -> Option<Due> {
        let (upstream_name, upstream) = self.hierarchy.upstream(it.point)?;
        let requirement = match it.point.settings.role {
            UpdatePointRole::Active => "SYNC-5",
            UpdatePointRole::InternetBased => "SYNC-6",
        };
        let points = Kind::SoftwareUpdatePoint;
        let last = state.and_then(|state| state.last_synchronization.as_ref());
        let of_upstream = self.update_point(upstream_name, upstream);
        let synchronizes = !self.planned_any(&SYNCHRONIZING, points, upstream_name).is_empty();
        let reason = match (state, of_upstream) {
            _ if synchronizes => format!("its upstream `{upstream_name}` synchronizes"),
            (None, _) => "it has never been synchronized".to_owned(),
            (Some(_), _) if last.is_none() => "it has never been synchronized".to_owned(),
            // Then it waits for that.
            (Some(_), None) => format!("its upstream `{upstream_name}` cannot be compared with"),
            (Some(own), Some(of_upstream)) => {
                if own.catalog_version == of_upstream.catalog_version {
                    return None;
                }
                if lacks_what_was_set_aside(own, of_upstream) {
                    return None;
                }
                if holds_more(own, of_upstream) {
                    self.tell_of_more(it.name, upstream_name);
                    return None;
                }
                format!("its catalog differs from that of its upstream `{upstream_name}`")
            }
        };
        // The first time is part of what brings the point into being.
        let cause = if last.is_some() { Cause::Flow } else { Cause::Somebody };
        Some((ActionKind::Synchronize, requirement, reason, cause))
    }

    fn tell_of_more(&mut self, name: &Name, upstream: &Name) {
        let message = format!(
            "`{name}` holds updates that its upstream `{upstream}` does not have, and a \
             synchronization removes none: remove the point from the manifests, apply, and declare \
             it again"
        );
        let resource = ResourceId::new(Kind::SoftwareUpdatePoint, name);
        self.tell("SYNC-12", resource.clone(), message.clone());
        self.wait(resource, message, false);
    }

    /// The site database must hold what the active point's catalog holds (SYNC-4), below the top
    /// what the database of the site above holds (SYNC-5). An Internet-based point has no part in
    /// it (SYNC-6).
    fn site_database_due(
        &self,
        it: PointOfSite<'_>,
        state: Option<&UpdatePointState>,
    ) -> Option<Due> {
        if !is_active(it.point) {
            return None;
        }
        let server = self.system(&it.site.site_server).and_then(|it| it.site_server.as_ref());
        let database = server.and_then(|server| server.catalog_version);
        let seen = server.and_then(|server| server.seen);
        let above = it.site.parent.as_ref().and_then(|above| self.hierarchy.sites.get(above));
        let (wanted, requirement, whose) = match above {
            // What a synchronization by hand has left waits for the schedule (SYNC-3).
            None if seen.is_some() && seen == state?.catalog_version => return None,
            None => (state?.catalog_version, "SYNC-4", "its active point"),
            Some(above) => {
                // What is not there says nothing, and a synchronization up there brings this along.
                self.system(&above.site_server)?;
                above.active_point.as_ref()?;
                if !self.synchronizations_above(it.site).is_empty() {
                    let reason = "a site above synchronizes".to_owned();
                    return Some((ActionKind::Synchronize, "SYNC-5", reason, Cause::Flow));
                }
                (self.database(&above.site_server), "SYNC-5", "the site above")
            }
        };
        (wanted.is_some() && wanted != database).then(|| {
            let reason =
                format!("the site database of {} does not hold what {whose} holds", it.code);
            (ActionKind::Synchronize, requirement, reason, Cause::Flow)
        })
    }

    fn database(&self, site_server: &Name) -> Option<crate::model::CatalogVersion> {
        self.system(site_server)?.site_server.as_ref()?.catalog_version
    }
}

fn is_active(point: &UpdatePoint) -> bool {
    point.settings.role == UpdatePointRole::Active
}

/// Whether the file of a point has to be imported (SYNC-7).
fn import_due(point: &UpdatePoint, state: Option<&UpdatePointState>) -> Option<Due> {
    let wanted = &point.settings.source;
    let last = state.and_then(|state| state.last_synchronization.as_ref());
    let imported = last.and_then(|last| last.imported);
    let why = match (imported, state) {
        (None, _) | (_, None) => "nothing has been imported yet",
        (Some(_), Some(state)) if in_other_checkout(point, state) => return None,
        (Some(_), Some(state)) if state.settings.source != *wanted => "another file is named",
        (Some(imported), Some(state)) => {
            match &state.import_file {
                Some(present) if present.digest == imported => return None,
                Some(_) => "another file has been put in place",
                // What was imported from it is in the catalog: it need not stay.
                None if last.map(|last| &last.from) == wanted.file.as_ref() => return None,
                None => "another file is named, and is not there",
            }
        }
    };
    let file = wanted.file.as_deref().unwrap_or_default();
    Some((ActionKind::ImportUpdates, "SYNC-7", format!("{why}: {file}"), Cause::Somebody))
}

fn scheduled(schedule: &Schedule, last: &SynchronizationRecord, now: jiff::Timestamp) -> bool {
    schedule.next_after(last.finished_at).is_some_and(|next| next <= now)
}

/// Whether a catalog may lack only what its last synchronization, later than the upstream's, has set
/// aside: the next one that brings something asks for that again.
fn lacks_what_was_set_aside(own: &UpdatePointState, of_upstream: &UpdatePointState) -> bool {
    let Some(last) = &own.last_synchronization else { return false };
    let upstream_last = of_upstream.last_synchronization.as_ref();
    own.set_aside > 0
        && upstream_last.is_none_or(|upstream| last.finished_at >= upstream.finished_at)
        && own.settings.source.update_point.as_ref() == Some(&of_upstream.name)
        && own.settings.source.url.as_ref() == Some(&last.from)
}

/// Whether a catalog differs from its upstream's only by what it has in addition: its last
/// synchronization, later than the upstream's, brought nothing. An upstream without a source never
/// synchronizes, and has nothing that could come later.
fn holds_more(own: &UpdatePointState, of_upstream: &UpdatePointState) -> bool {
    let Some(last) = &own.last_synchronization else { return false };
    let upstream_last = of_upstream.last_synchronization.as_ref();
    own.revisions > of_upstream.revisions
        && last.new_revisions == 0
        && upstream_last.is_none_or(|upstream| last.finished_at >= upstream.finished_at)
        && own.settings.source.update_point.as_ref() == Some(&of_upstream.name)
        && own.settings.source.url.as_ref() == Some(&last.from)
}
