//! Updates of local publishers, as the point of the top site has published them (SYNC-10).

use crate::model::{Kind, LocalUpdateState, Name, UpdatePointRole};

use super::adopting::{Adopting, stay};

impl Adopting<'_> {
    /// Those that have expired are described by having no document.
    pub(super) fn local_updates(&mut self) {
        let observed = self.observed;
        for (_, state) in observed.present() {
            let Some(point) = &state.update_point else { continue };
            let site = self.site_name(&point.settings.site);
            let is_top = self.declared.sites.get(&site).is_some_and(|it| it.spec.parent.is_none());
            if !is_top || point.settings.role != UpdatePointRole::Active {
                continue;
            }
            for published in point.local_updates.values().filter(|it| !it.expired) {
                self.local_update(published);
            }
        }
    }

    fn local_update(&mut self, published: &LocalUpdateState) {
        let update = &published.declared;
        let Some(name) = self.free_name(published) else {
            let message = "another update is called like that: this one is not described, and a plan \
                           expires it";
            return self.note(Kind::LocalUpdate, &update.name, message);
        };
        let mut resource = self.resource(&name, update.spec.clone());
        stay(&mut resource.metadata, update.keep);
        self.declared.local_updates.insert(name, resource);
    }

    /// The name of its document; where another one has it by now, its identifier.
    fn free_name(&self, published: &LocalUpdateState) -> Option<Name> {
        let update = &published.declared;
        let by_id = format!("update-{}", update.spec.update_id).parse().ok();
        [Some(update.name.clone()), by_id]
            .into_iter()
            .flatten()
            .find(|name| !self.declared.local_updates.contains_key(name))
    }
}
