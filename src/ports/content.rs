//! The flows of content (PORT-2, PDP-1, PDP-2, PDP-3, PDP-5, PDP-11).

use crate::model::{
    ContentProtocol, DistributionPoint, DistributionPointType, Name, PullSourceSettings,
};

use super::{
    Application, Network, Party, PortRange, PortSet, Scenario,
    derive::{Derivation, Reason, Service, SiteOf},
};

/// The ports for multicast where a distribution point declares none: the field's default.
const MULTICAST: PortRange = PortRange { first: 63000, last: 64000 };

/// DHCP, TFTP and the boot information service: where a computer asks that boots from the network.
const PXE: [PortRange; 3] = [PortRange::one(67), PortRange::one(69), PortRange::one(4011)];

impl Derivation<'_> {
    pub(super) fn content(&mut self, site: SiteOf<'_>) {
        for (name, point) in self.content_of.get(site.code).cloned().unwrap_or_default() {
            self.clients_of_content(site, name, point);
            if point.settings.pulls() {
                self.pull(site, name, point);
            } else if !point.settings.prestaged {
                self.push(site, name, point);
            }
        }
    }

    fn clients_of_content(&mut self, site: SiteOf<'_>, name: &Name, point: &DistributionPoint) {
        let settings = &point.settings;
        let to = Party::SiteSystem(point.site_system.clone());
        let gateway = settings.r#type == DistributionPointType::CloudManagementGateway;
        let network = if gateway { Network::Internet } else { Network::Intranet };
        let clients = site.clients(network);
        let reason = Reason {
            requirements: &["PORT-2"],
            text: format!("{clients} download content from `{name}`"),
        };
        self.add(clients.clone(), to.clone(), serving(point), site.scenario, reason);
        // Clients on the Internet take content over HTTPS only.
        if !gateway
            && settings.protocol == ContentProtocol::Https
            && site.accepts_internet_clients(self.hierarchy)
        {
            let clients = site.clients(Network::Internet);
            let text = format!("{clients} download content from `{name}`");
            let reason = Reason { requirements: &["PORT-2"], text };
            self.add(clients, to.clone(), serving(point), site.scenario, reason);
        }
        if settings.pxe.as_ref().is_some_and(|pxe| pxe.enabled) {
            let reason = Reason {
                requirements: &["PDP-3"],
                text: format!("computers boot from the network by `{name}`"),
            };
            let service = Service::udp(Application::Pxe, PortSet::of(PXE));
            self.add(clients.clone(), to.clone(), service, site.scenario, reason);
        }
        if let Some(multicast) = settings.multicast.as_ref().filter(|it| it.enabled) {
            let declared = multicast.ports.as_deref();
            let ports = declared.and_then(PortRange::read).unwrap_or(MULTICAST);
            let reason = Reason {
                requirements: &["PDP-3"],
                text: format!("clients join multicast sessions of `{name}`"),
            };
            let service = Service::udp(Application::Multicast, ports);
            self.add(clients, to, service, site.scenario, reason);
        }
    }

    /// Distribution Manager sends to a standard point (PDP-1); to a gateway in the cloud, which has
    /// no file sharing, over HTTPS.
    fn push(&mut self, site: SiteOf<'_>, name: &Name, point: &DistributionPoint) {
        let to = Party::SiteSystem(point.site_system.clone());
        let gateway = point.settings.r#type == DistributionPointType::CloudManagementGateway;
        let service = if gateway { serving(point) } else { Service::tcp(Application::Smb, 445) };
        let reason = Reason {
            requirements: &["PORT-4", "PDP-1"],
            text: format!("the site server of {} sends content to `{name}`", site.code),
        };
        self.add(site.server(), to, service, site.scenario, reason);
    }

    /// Package Transfer Manager notifies and polls; the point downloads, and reports when it is
    /// done (PDP-5).
    fn pull(&mut self, site: SiteOf<'_>, name: &Name, point: &DistributionPoint) {
        let here = Party::SiteSystem(point.site_system.clone());
        let reason = Reason {
            requirements: &["PORT-4", "PDP-5"],
            text: format!(
                "Package Transfer Manager of {} notifies `{name}` and polls its status",
                site.code
            ),
        };
        let service = Service::tcp(Application::Rpc, super::site_links::rpc());
        self.add(site.server(), here.clone(), service, site.scenario, reason);
        for source in point.settings.pull.iter().flat_map(|pull| &pull.sources) {
            self.source(name, &here, source);
        }
        let reason = Reason {
            requirements: &["PORT-2", "PDP-5"],
            text: format!("`{name}` reports the status of its transfers to the management point"),
        };
        self.management_point_flow(here, site, reason);
    }

    fn source(&mut self, name: &Name, here: &Party, source: &PullSourceSettings) {
        let hierarchy = self.hierarchy;
        let from = &source.distribution_point;
        let Some(there) = hierarchy.distribution_points.get(from) else { return };
        let scenario =
            hierarchy.sites.get(&there.settings.site).and_then(|it| Scenario::of(hierarchy, it));
        let to = Party::SiteSystem(there.site_system.clone());
        let requirements: &[_] = match there.settings.protocol {
            ContentProtocol::Http => &["PORT-2", "PDP-2"],
            ContentProtocol::Https => &["PORT-2", "PDP-2", "PDP-11"],
        };
        let text = format!("`{name}` pulls content from `{from}`, priority {}", source.priority);
        self.add(here.clone(), to, serving(there), scenario, Reason { requirements, text });
    }
}

/// Where a distribution point serves.
fn serving(point: &DistributionPoint) -> Service {
    let ports = point.settings.ports;
    match point.settings.protocol {
        ContentProtocol::Http => Service::tcp(Application::Http, ports.http),
        ContentProtocol::Https => Service::tcp(Application::Https, ports.https),
    }
}
