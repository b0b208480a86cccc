//! Site systems: created from the top down, each site's server before its other systems (TOP-3).

use crate::model::{Kind, Known, Name, ResourceId, SiteCode};

use super::{
    ActionKind,
    diff::diff,
    planner::{Draft, Planner},
};

impl Planner<'_> {
    pub(super) fn site_systems(&mut self) {
        let hierarchy = self.hierarchy;
        for (code, site) in hierarchy.sites_top_down() {
            self.site_system(code, &site.site_server);
            for (name, system) in &hierarchy.site_systems {
                if system.site == *code && *name != site.site_server {
                    self.site_system(code, name);
                }
            }
        }
    }

    fn site_system(&mut self, code: &SiteCode, name: &Name) {
        let hierarchy = self.hierarchy;
        let (Some(system), Some(site)) =
            (hierarchy.site_systems.get(name), hierarchy.sites.get(code))
        else {
            return;
        };
        let resource = ResourceId::new(Kind::SiteSystem, name);
        if system.suspended || site.suspended {
            let what = if site.suspended { "its site" } else { "it" };
            self.wait(resource, format!("{what} is suspended by its annotation"), true);
            self.hold(name);
            return;
        }
        let observed = self.observed.site_systems.get(name).unwrap_or(&Known::Absent);
        let (before, reason) = match observed {
            Known::Unknown(why) => {
                self.wait(resource, format!("it cannot be asked: {why}"), false);
                self.hold(name);
                return;
            }
            Known::Absent => (None, "it does not exist yet".to_owned()),
            Known::Present(state) if state.settings == system.settings => return,
            Known::Present(state) => {
                (Some(&state.settings), "what it was told of itself has changed".to_owned())
            }
        };
        // Parents before children, and a site's server before its other systems (REC-4).
        let mut after = Vec::new();
        if site.site_server != *name {
            after.extend(self.created(&site.site_server));
        } else if let Some(parent) = site.parent.as_ref().and_then(|code| hierarchy.sites.get(code))
        {
            after.extend(self.created(&parent.site_server));
        }
        self.add(Draft {
            kind: ActionKind::CreateSiteSystem,
            resource,
            site: code.clone(),
            requirement: "TOP-3",
            reason,
            after,
            targets: vec![name.clone()],
            diff: diff(before, &system.settings),
            part: None,
        });
    }
}
