//! Sites, from what their site servers were told, and site systems.

use std::collections::BTreeMap;

use crate::model::{
    AgentEndpoint, ClientAgent, Kind, ManagementPoint, Name, ObservedSystem, Placement, Ports,
    SiteSpec, SiteSystemSpec, SoftwareDistribution, SynchronizationOrder,
};

use super::{
    adopting::{Adopting, stay},
    ports,
};

impl<'a> Adopting<'a> {
    pub(super) fn sites(&mut self) {
        let mut servers: Vec<(&'a Name, &'a ObservedSystem)> = Vec::new();
        for (system, state) in self.observed.present() {
            let Some(told) = &state.settings.site_server else { continue };
            let code = &state.settings.site;
            if self.site_names.contains_key(code) {
                let message = format!(
                    "`{system}` says that it is the site server of {code} too, and a site has one: \
                     it is described as a site system, and a plan makes it one"
                );
                self.note(Kind::SiteSystem, system, message);
                continue;
            }
            self.site_names.insert(code, told.name.clone());
            servers.push((system, state));
        }
        let ports = ports::names(self.observed);
        for (system, state) in servers {
            self.site(system, state, &ports);
        }
    }

    fn site(&mut self, server: &Name, state: &ObservedSystem, port_names: &BTreeMap<Ports, Name>) {
        let Some(told) = &state.settings.site_server else { return };
        let parent = told.parent.as_ref();
        if let Some(parent) = parent.filter(|parent| !self.site_names.contains_key(parent)) {
            let message = format!(
                "the site server of the site above, {parent}, was not asked: its name is a guess"
            );
            self.note(Kind::Site, &told.name, message);
        }
        // What clients were told last is what is known of the client agent. Without a policy nobody
        // has been told anything, and a plan does not care.
        let policy = state.site_server.as_ref().and_then(|server| server.client_policy.as_ref());
        let spec = SiteSpec {
            site_code: state.settings.site.clone(),
            r#type: told.r#type,
            parent: parent.map(|parent| self.site_name(parent)),
            mode: told.mode,
            version: told.version,
            site_server: server.clone(),
            forest: told.forest.clone(),
            enhanced_http: told.enhanced_http,
            management_point: told.management_point.as_ref().map(|it| ManagementPoint {
                ports: port_names.get(&it.ports).filter(|_| it.ports != Ports::DEFAULT).cloned(),
                certificate: it.certificate.clone(),
            }),
            client_agent: ClientAgent {
                software_updates: policy.map(|policy| policy.agent.clone()).unwrap_or_default(),
            },
            // Nobody tells a site server or an update point of it.
            synchronization: SynchronizationOrder::default(),
            software_distribution: SoftwareDistribution {
                distribution_points: told.distribution.clone(),
                pull_distribution_points: told.transfers.clone(),
            },
            legacy_catalog: told.legacy_catalog.clone(),
        };
        let site = self.resource(&told.name, spec);
        if let Some(other) = self.declared.sites.insert(told.name.clone(), site) {
            let message =
                format!("site {} has the same name, and is left out", other.spec.site_code);
            self.note(Kind::Site, &told.name, message);
        }
    }

    pub(super) fn site_systems(&mut self, remote: &BTreeMap<Name, String>) {
        for (name, state) in self.observed.present() {
            let settings = &state.settings;
            let site = self.site_name(&settings.site);
            let of_site = self.declared.sites.get(&site);
            let forest_of_site = of_site.and_then(|site| site.spec.forest.clone());
            if of_site.is_none() {
                let message = format!(
                    "the site server of {} was not asked: the site is not described",
                    settings.site
                );
                self.note(Kind::SiteSystem, name, message);
            }
            let url = remote.get(name);
            let spec = SiteSystemSpec {
                site,
                address: settings.address.clone(),
                forest: settings.forest.clone().filter(|_| settings.forest != forest_of_site),
                internet_access: settings.internet_access,
                software: settings.software.clone(),
                agent: url.map(|url| AgentEndpoint { url: url.clone() }),
                placement: url.map(|_| Placement::Remote),
                // What a cluster has given it is not what a site system says of itself.
                kubernetes: None,
            };
            let mut system = self.resource(name, spec);
            stay(&mut system.metadata, settings.keep);
            self.declared.site_systems.insert(name.clone(), system);
        }
    }
}
