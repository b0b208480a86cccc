//! Site systems: created from the top down, each site's server before its other systems (TOP-3).

use std::collections::BTreeMap;

use crate::model::{
    Kind, Known, ManagementPointState, Name, ObservedSystem, ResourceId, Site, SiteCode, SiteSystem,
};

use super::{
    ActionKind,
    diff::diff,
    planner::{Draft, Planner},
};

impl Planner<'_> {
    pub(super) fn site_systems(&mut self) {
        let hierarchy = self.hierarchy;
        let mut of_site: BTreeMap<&SiteCode, Vec<(&Name, &SiteSystem)>> = BTreeMap::new();
        for (name, system) in &hierarchy.site_systems {
            of_site.entry(&system.site).or_default().push((name, system));
        }
        for (code, site) in hierarchy.sites_top_down() {
            let mut systems = of_site.remove(code).unwrap_or_default();
            systems.sort_by_key(|(name, _)| (**name != site.site_server, *name));
            for (name, system) in systems {
                self.site_system(code, site, name, system);
            }
        }
    }

    fn site_system(&mut self, code: &SiteCode, site: &Site, name: &Name, system: &SiteSystem) {
        let resource = ResourceId::new(Kind::SiteSystem, name);
        if system.suspended || site.suspended {
            let what = if site.suspended { "its site" } else { "it" };
            return self.hold(resource, format!("{what} is suspended by its annotation"), true);
        }
        let mut closed = None;
        let before = match self.observed.site_systems.get(name).unwrap_or(&Known::Absent) {
            Known::Unknown(why) => {
                return self.hold(resource, format!("it cannot be asked: {why}"), false);
            }
            Known::Present(state) => {
                if state.settings == system.settings {
                    closed = closed_management_point(state);
                    if closed.is_none() {
                        return;
                    }
                }
                Some(&state.settings)
            }
            Known::Absent => None,
        };
        if let Some(before) = before.filter(|before| before.site != *code) {
            let message = format!(
                "site system `{name}` belongs to site {}, and a site system never changes its \
                 site: give it another name here, so that the old one is removed",
                before.site
            );
            self.tell("TOP-3", resource.clone(), message.clone());
            return self.hold(resource, message, false);
        }
        // Parents before children, and a site's server before its other systems (REC-4).
        let parent = site.parent.as_ref().and_then(|parent| self.hierarchy.sites.get(parent));
        let first = if *name == site.site_server {
            parent.map(|parent| &parent.site_server)
        } else {
            Some(&site.site_server)
        };
        if let Some(first) = first
            && before.is_none()
            && !self.is_or_will_be(first)
        {
            let chosen = self.held(Kind::SiteSystem, first).unwrap_or(false);
            return self.hold(resource, format!("site server `{first}` has to be there"), chosen);
        }
        let (requirement, reason) = match (before, closed) {
            (None, _) => ("TOP-3", "it does not exist yet".to_owned()),
            (Some(_), Some(why)) => {
                ("PORT-2", format!("the port of its management point is closed: {why}"))
            }
            (Some(_), None) => ("TOP-3", "what it was told of itself has changed".to_owned()),
        };
        self.add(Draft {
            kind: ActionKind::CreateSiteSystem,
            resource,
            site: code.clone(),
            requirement,
            reason,
            after: first.map(|first| self.created(first)).unwrap_or_default(),
            targets: vec![name.clone()],
            diff: diff(before, &system.settings),
            part: None,
        });
    }
}

/// Why the management point that a site server was told of is not open, if it is not.
fn closed_management_point(state: &ObservedSystem) -> Option<&str> {
    state.settings.site_server.as_ref()?.management_point.as_ref()?;
    let reported = state.site_server.as_ref()?.management_point.as_ref();
    reported.map_or(Some("the site server does not report it"), ManagementPointState::closed)
}
