//! The flows of Headwater itself: to the admin ports of agents that run on computers or in pods of
//! their own. They stand for what Windows does by file sharing and remote procedure calls.

use std::{collections::BTreeSet, sync::Arc};

use crate::model::{Name, SourceType, UpdatePointRole};

use super::{
    Party,
    derive::{Derivation, Reason, Service, SiteOf},
    roles::admin_port,
};

impl Derivation<'_> {
    pub(super) fn admin_ports(&mut self, site: SiteOf<'_>) {
        for system in self.systems_of.get(site.code).cloned().unwrap_or_default() {
            let text =
                format!("Headwater asks the agent of `{system}` what it is, and commands it");
            self.agent_flow(Party::Controller, system, &["REC-2"], text);
        }
        self.site_database(site);
        self.sent_packages(site);
    }

    /// The site server copies metadata: at the top from its active point, below from the site
    /// server of the parent (SYNC-4, SYNC-5).
    fn site_database(&mut self, site: SiteOf<'_>) {
        let hierarchy = self.hierarchy;
        if let Some(parent) = &site.site.parent {
            let Some(above) = hierarchy.sites.get(parent) else { return };
            let text =
                format!("metadata of {parent} is replicated to the site database of {}", site.code);
            return self.agent_flow(site.server(), &above.site_server, &["SYNC-5"], text);
        }
        let Some(name) = &site.site.active_point else { return };
        let Some(point) = hierarchy.update_points.get(name) else { return };
        let fills = point.settings.source.r#type != SourceType::None;
        if fills && point.settings.role == UpdatePointRole::Active {
            let text =
                format!("metadata of `{name}` is copied into the site database of {}", site.code);
            self.agent_flow(site.server(), &point.site_system, &["SYNC-4"], text);
        }
    }

    /// The site server that owns a package sends it to standard points (PDP-1).
    fn sent_packages(&mut self, site: SiteOf<'_>) {
        let hierarchy = self.hierarchy;
        // Thousands of packages go to the same points: each such set is looked through once.
        let mut seen = BTreeSet::new();
        for package in self.packages_of.get(site.code).cloned().unwrap_or_default() {
            if !seen.insert(Arc::as_ptr(package.distribute_to.numbers())) {
                continue;
            }
            for name in package.distribute_to.iter() {
                let Some(point) = hierarchy.distribution_points.get(name) else { continue };
                if !point.settings.pulls() && !point.settings.prestaged {
                    let text =
                        format!("the site server of {} sends content to `{name}`", site.code);
                    self.agent_flow(site.server(), &point.site_system, &["PDP-1"], text);
                }
            }
        }
    }

    fn agent_flow(
        &mut self,
        from: Party,
        system: &Name,
        requirements: &'static [&'static str],
        text: String,
    ) {
        let Some((application, port)) =
            self.hierarchy.site_systems.get(system).and_then(|it| admin_port(it, self.driver))
        else {
            return;
        };
        let to = Party::SiteSystem(system.clone());
        let service = Service::tcp(application, port);
        // PORT-1 knows nothing of Headwater.
        self.add(from, to, service, None, Reason { requirements, text });
    }
}
