//! Updates of local publishers: published at the top, and expired there (SYNC-10).

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::model::{
    DeclaredLocalUpdate, Kind, LocalUpdateState, Name, ResourceId, Site, SiteCode, UpdatePoint,
};

use super::{
    ActionId, ActionKind, FieldChange,
    diff::diff,
    order::each_after,
    planner::{Draft, Planner},
    removal::KEPT,
    synchronization::SYNCHRONIZING,
    update_points::SETTING_UP,
};

/// Why a synchronization is due after updates were published.
pub(super) const PUBLISHED: &str = "updates of local publishers are published";

/// The point that publishes, and what it has published.
#[derive(Clone, Copy)]
struct Publisher<'a> {
    code: &'a SiteCode,
    site: &'a Site,
    name: &'a Name,
    point: &'a UpdatePoint,
    published: Option<&'a BTreeMap<Uuid, LocalUpdateState>>,
}

impl<'a> Planner<'a> {
    fn publisher(&self) -> Option<Publisher<'a>> {
        let (code, site, name, point) = self.hierarchy.publishing_point()?;
        // Whatever the point was called: the catalog is that of its update services.
        let system = self.system(&point.site_system);
        let state = system.and_then(|system| system.update_point.as_ref());
        let published = state.map(|state| &state.local_updates);
        Some(Publisher { code, site, name, point, published })
    }

    /// Publishes what is declared and not what was published. What an update needs goes first.
    pub(super) fn local_updates(&mut self) {
        let declared: Vec<_> = self.hierarchy.local_updates.iter().collect();
        let number: BTreeMap<Uuid, usize> = declared
            .iter()
            .enumerate()
            .map(|(number, (_, it))| (it.update.spec.update_id, number))
            .collect();
        let needs: Vec<Vec<usize>> = declared
            .iter()
            .map(|(_, it)| {
                let spec = &it.update.spec;
                let ids = spec.prerequisites.iter().chain(&spec.supersedes);
                ids.filter_map(|id| number.get(id)).copied().collect()
            })
            .collect();
        let mut planned: BTreeMap<usize, ActionId> = BTreeMap::new();
        for at in each_after(&needs) {
            let (Some((name, update)), Some(needed)) = (declared.get(at), needs.get(at)) else {
                continue;
            };
            let before = needed.iter().filter_map(|it| planned.get(it)).cloned().collect();
            if let Some(action) = self.local_update(name, update, before) {
                planned.insert(at, action);
            }
        }
    }

    fn local_update(
        &mut self,
        name: &Name,
        it: &DeclaredLocalUpdate,
        before: Vec<ActionId>,
    ) -> Option<ActionId> {
        let resource = ResourceId::new(Kind::LocalUpdate, name);
        if it.suspended {
            self.hold(resource, "it is suspended by its annotation", true);
            return None;
        }
        let Some(by) = self.publisher() else {
            let on = "an active software update point of the top site has to be declared";
            self.hold(resource, on, false);
            return None;
        };
        if let Some(chosen) = self.held(Kind::SoftwareUpdatePoint, by.name) {
            let on = format!("software update point `{}` has to be there", by.name);
            self.hold(resource, on, chosen);
            return None;
        }
        let there = by.published.and_then(|all| all.get(&it.update.spec.update_id));
        let (reason, is_new_revision) = due(name, it, there)?;
        let mut after = self.planned_any(&SETTING_UP, Kind::SoftwareUpdatePoint, by.name);
        after.extend(self.created(&by.point.site_system));
        after.extend(before);
        let action = self.add(Draft {
            kind: ActionKind::PublishLocalUpdate,
            resource,
            site: by.code.clone(),
            requirement: "SYNC-10",
            reason,
            after,
            targets: vec![by.point.site_system.clone()],
            diff: changes(it, there),
            part: None,
        });
        if is_new_revision {
            self.publishing.push(action.clone());
        }
        Some(action)
    }

    /// Updates that were published and that no document declares any more: nothing takes them out of
    /// a catalog, so they become expired ones.
    pub(super) fn expire_local_updates(&mut self) {
        let Some(by) = self.publisher() else { return };
        if self.held(Kind::SoftwareUpdatePoint, by.name).is_some() {
            return;
        }
        let declared = self.hierarchy.local_updates.values();
        let declared: BTreeSet<Uuid> = declared.map(|it| it.update.spec.update_id).collect();
        for (id, published) in by.published.into_iter().flatten() {
            if published.expired || declared.contains(id) {
                continue;
            }
            let update = &published.declared;
            let resource = ResourceId::new(Kind::LocalUpdate, &update.name);
            if update.keep {
                self.hold(resource, KEPT, true);
                continue;
            }
            let points = Kind::SoftwareUpdatePoint;
            let mut after = self.planned_any(&SETTING_UP, points, by.name);
            after.extend(self.planned_any(&SYNCHRONIZING, points, by.name));
            after.extend(self.created(&by.site.site_server));
            after.extend(self.planned_where(|it| it.kind == ActionKind::PublishLocalUpdate));
            self.add(Draft {
                kind: ActionKind::ExpireLocalUpdate,
                resource,
                site: by.code.clone(),
                requirement: "SYNC-10",
                reason: format!(
                    "no document declares it any more: revision {} of {id} is not the last one",
                    published.revision
                ),
                after,
                targets: vec![by.point.site_system.clone()],
                diff: Vec::new(),
                // The name may belong to another update by now.
                part: Some(id.to_string()),
            });
        }
    }
}

/// Why an update has to be published, and whether that makes a further revision of it.
fn due(
    name: &Name,
    it: &DeclaredLocalUpdate,
    there: Option<&LocalUpdateState>,
) -> Option<(String, bool)> {
    let Some(there) = there else {
        return Some(("it has not been published yet".to_owned(), true));
    };
    let revision = there.revision;
    if there.expired {
        return Some((format!("it has expired with revision {revision}, and is wanted"), true));
    }
    if !it.update.reads_as(&there.declared) {
        return Some((format!("revision {revision} of it says something else"), true));
    }
    if there.declared.name != *name {
        return Some((format!("it was called `{}`", there.declared.name), false));
    }
    (there.declared.keep != it.update.keep)
        .then(|| ("whether it stays without its document has changed".to_owned(), false))
}

/// What differs, wherever the files are.
fn changes(it: &DeclaredLocalUpdate, there: Option<&LocalUpdateState>) -> Vec<FieldChange> {
    let before = there.map(|there| there.declared.in_any_checkout());
    diff(before.as_ref(), &it.update.in_any_checkout())
}
