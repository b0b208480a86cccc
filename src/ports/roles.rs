//! The ports on which the roles of site systems listen, and the admin ports of their agents.

use std::collections::BTreeMap;

use crate::model::{
    ContentProtocol, Hierarchy, ManagementPointSettings, Name, Placement, Port, ServerUrl,
    SiteSystem,
};

use super::{Application, wanted_of_content, wanted_of_updates};

/// A port on which a role listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RolePort {
    /// A word for the role, of small letters and `-`: the same whichever port it listens on.
    pub role: &'static str,
    /// What is spoken there.
    pub application: Application,
    /// The port.
    pub port: Port,
}

/// The ports of the roles of every site system that has some, each port once.
pub fn role_ports(hierarchy: &Hierarchy) -> BTreeMap<&Name, Vec<RolePort>> {
    let mut all: BTreeMap<&Name, Vec<RolePort>> = BTreeMap::new();
    let mut add = |system, role, secure, port: Option<Port>| {
        let of_system = all.entry(system).or_default();
        let Some(port) = port.filter(|port| of_system.iter().all(|it| it.port != *port)) else {
            return;
        };
        of_system.push(RolePort { role, application: Application::of_web(secure), port });
    };
    for point in hierarchy.update_points.values() {
        let wanted = wanted_of_updates(&point.settings);
        add(&point.site_system, "updates", false, wanted.http);
        add(&point.site_system, "updates-tls", true, wanted.https);
    }
    for point in hierarchy.distribution_points.values() {
        let wanted = wanted_of_content(&point.settings);
        add(&point.site_system, "content", wanted.https.is_some(), wanted.http.or(wanted.https));
    }
    for site in hierarchy.sites.values() {
        // Where none is declared it is one of the field, and no agent listens for it.
        let Some(declared) = &site.settings.management_point else { continue };
        let secure =
            ManagementPointSettings::protocol_in(site.settings.mode) == ContentProtocol::Https;
        let port = if secure { declared.ports.https } else { declared.ports.http };
        add(&site.site_server, "policy", secure, Some(port));
    }
    all
}

/// The admin port of an agent that is reached through the network; `driver` is the placement of those whose
/// manifests leave it to the driver.
pub fn admin_port(system: &SiteSystem, driver: Placement) -> Option<(Application, Port)> {
    let url = system.agent_url.as_deref().and_then(ServerUrl::parse);
    let url = url.map(|url| (Application::of_web(url.secure), url.port()));
    match system.placement.unwrap_or(driver) {
        Placement::Embedded => None,
        Placement::Remote => url,
        // In a pod it speaks mutual TLS.
        Placement::Kubernetes => url.or(Some((Application::Https, Port::ADMIN))),
    }
}
