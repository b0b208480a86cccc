//! What becomes of updates of local publishers in the world.

use std::collections::BTreeMap;

use headwater::{
    model::{Hierarchy, LocalUpdateState},
    plan::{Action, ActionKind},
};
use uuid::Uuid;

use super::world::World;

impl World {
    pub(super) fn local_update(&mut self, hierarchy: &Hierarchy, action: &Action) {
        let [system] = action.targets.as_slice() else { panic!("{}", action.id) };
        let point = self.system(system).update_point.as_ref();
        assert!(point.is_some(), "{} comes before its point", action.id);
        let published: &mut BTreeMap<Uuid, LocalUpdateState> =
            self.published.entry(system.clone()).or_default();
        let id = if action.kind == ActionKind::PublishLocalUpdate {
            let update = hierarchy.local_updates[&action.resource.name].update.clone();
            let id = update.spec.update_id;
            let new = || LocalUpdateState { declared: update.clone(), revision: 0, expired: true };
            let state = published.entry(id).or_insert_with(new);
            let is_new = state.expired || !state.declared.reads_as(&update);
            state.declared = update;
            state.expired = false;
            state.revision += i32::from(is_new);
            id
        } else {
            let id: Uuid = action.id.as_str().rsplit_once('@').unwrap().1.parse().unwrap();
            let state = published.get_mut(&id).unwrap();
            assert!(!state.expired);
            state.expired = true;
            state.revision += 1;
            id
        };
        let revision = u128::try_from(published[&id].revision).unwrap();
        let (catalog, _) = self.catalogs.entry(system.clone()).or_default();
        catalog.insert(id.as_u128().wrapping_add(revision));
    }
}
