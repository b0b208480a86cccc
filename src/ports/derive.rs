//! From a hierarchy to its flows: site by site from the top down.

use std::collections::BTreeMap;

use crate::model::{
    ClientConnections, ContentProtocol, DistributionPoint, Hierarchy, ManagementPointSettings,
    Name, Package, Placement, Port, Ports, Site, SiteCode, SiteMode,
};

use super::{Application, Flow, Network, Party, PortSet, Scenario, Transport};

/// Every flow of a hierarchy whose site systems run where their manifests say (PORT-5). The same
/// hierarchy gives the same flows in the same order; none is there twice, and none leads from a
/// computer to itself.
pub fn flows(hierarchy: &Hierarchy) -> Vec<Flow> {
    flows_where(hierarchy, Placement::Embedded)
}

/// The same, with the place of those whose manifests leave it to the driver: agents on computers or
/// in pods of their own are reached through the network, and embedded ones are not.
pub fn flows_where(hierarchy: &Hierarchy, driver: Placement) -> Vec<Flow> {
    let mut derivation = Derivation::new(hierarchy, driver);
    for (code, site) in hierarchy.sites_top_down() {
        let site = SiteOf { code, site, scenario: Scenario::of(hierarchy, site) };
        derivation.management_point(site);
        derivation.update_points(site);
        derivation.site_links(site);
        derivation.content(site);
        derivation.admin_ports(site);
    }
    derivation.flows
}

/// A site with what all its flows need.
#[derive(Clone, Copy)]
pub(super) struct SiteOf<'a> {
    pub(super) code: &'a SiteCode,
    pub(super) site: &'a Site,
    pub(super) scenario: Option<Scenario>,
}

impl SiteOf<'_> {
    /// What clients and distribution points speak with the site's management point (PORT-2).
    fn management_point(&self) -> (Application, Port) {
        let declared = self.site.settings.management_point.as_ref();
        let ports = declared.map_or(Ports::DEFAULT, |it| it.ports);
        match ManagementPointSettings::protocol_in(self.site.settings.mode) {
            ContentProtocol::Http => (Application::Http, ports.http),
            ContentProtocol::Https => (Application::Https, ports.https),
        }
    }

    /// Whether clients on the Internet belong to it: only in native mode, where one of its update
    /// points takes them (SUP-4).
    pub(super) fn accepts_internet_clients(&self, hierarchy: &Hierarchy) -> bool {
        let takes = |name: &Name| {
            let point = hierarchy.update_points.get(name);
            point.is_some_and(|it| it.settings.client_connections != ClientConnections::Intranet)
        };
        let points = [&self.site.active_point, &self.site.internet_based_point];
        self.site.settings.mode == SiteMode::Native && points.into_iter().flatten().any(takes)
    }

    pub(super) fn clients(&self, network: Network) -> Party {
        Party::Clients { site: self.code.clone(), network }
    }

    pub(super) fn server(&self) -> Party {
        Party::SiteSystem(self.site.site_server.clone())
    }
}

/// The flows so far.
pub(super) struct Derivation<'a> {
    pub(super) hierarchy: &'a Hierarchy,
    pub(super) driver: Placement,
    /// The site systems of each site, and their distribution points, so that no site looks through
    /// those of all others.
    pub(super) systems_of: BTreeMap<&'a SiteCode, Vec<&'a Name>>,
    pub(super) content_of: BTreeMap<&'a SiteCode, Vec<(&'a Name, &'a DistributionPoint)>>,
    pub(super) packages_of: BTreeMap<&'a SiteCode, Vec<&'a Package>>,
    flows: Vec<Flow>,
    /// Where each flow is, by everything but its reasons.
    known: BTreeMap<Key, usize>,
}

type Key = (Party, Party, Transport, Application, PortSet, Option<Scenario>);

/// A flow in the words of one requirement.
pub(super) struct Reason {
    pub(super) requirements: &'static [&'static str],
    pub(super) text: String,
}

/// What is spoken, on which ports.
pub(super) struct Service {
    pub(super) transport: Transport,
    pub(super) application: Application,
    pub(super) ports: PortSet,
}

impl Service {
    pub(super) fn tcp(application: Application, ports: impl Into<PortSet>) -> Self {
        Self { transport: Transport::Tcp, application, ports: ports.into() }
    }

    pub(super) fn udp(application: Application, ports: impl Into<PortSet>) -> Self {
        Self { transport: Transport::Udp, application, ports: ports.into() }
    }
}

impl<'a> Derivation<'a> {
    fn new(hierarchy: &'a Hierarchy, driver: Placement) -> Self {
        let mut systems_of: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (name, system) in &hierarchy.site_systems {
            systems_of.entry(&system.site).or_default().push(name);
        }
        let mut content_of: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (name, point) in &hierarchy.distribution_points {
            content_of.entry(&point.settings.site).or_default().push((name, point));
        }
        let mut packages_of: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for package in hierarchy.packages.values() {
            packages_of.entry(&package.site).or_default().push(package);
        }
        let (flows, known) = (Vec::new(), BTreeMap::new());
        Self { hierarchy, driver, systems_of, content_of, packages_of, flows, known }
    }

    /// Adds a flow, or one more reason for one that is there already.
    pub(super) fn add(
        &mut self,
        from: Party,
        to: Party,
        service: Service,
        scenario: Option<Scenario>,
        reason: Reason,
    ) {
        if self.same_computer(&from, &to) {
            return;
        }
        let Service { transport, application, ports } = service;
        let Reason { requirements, text } = reason;
        let key = (from.clone(), to.clone(), transport, application, ports.clone(), scenario);
        let Some(index) = self.known.get(&key) else {
            self.known.insert(key, self.flows.len());
            let (requirements, reason) = (requirements.to_vec(), text);
            let flow =
                Flow { from, to, ports, transport, application, scenario, requirements, reason };
            self.flows.push(flow);
            return;
        };
        let flow = &mut self.flows[*index];
        for requirement in requirements {
            if !flow.requirements.contains(requirement) {
                flow.requirements.push(requirement);
            }
        }
        if !flow.reason.split("; ").any(|known| known == text) {
            flow.reason.push_str("; ");
            flow.reason.push_str(&text);
        }
    }

    fn same_computer(&self, from: &Party, to: &Party) -> bool {
        let (Party::SiteSystem(from), Party::SiteSystem(to)) = (from, to) else { return false };
        let address = |name| {
            let system = self.hierarchy.site_systems.get(name);
            system.map(|it| it.settings.address.as_str())
        };
        from == to
            || address(from)
                .zip(address(to))
                .is_some_and(|(from, to)| from.eq_ignore_ascii_case(to))
    }

    /// Clients ask the management point for their policy (PORT-2). The site server carries it; where it
    /// is not declared, it is one of the field, on the ports of the default web site.
    fn management_point(&mut self, site: SiteOf<'_>) {
        let internet = site.accepts_internet_clients(self.hierarchy).then_some(Network::Internet);
        for network in [Network::Intranet].into_iter().chain(internet) {
            let clients = site.clients(network);
            let reason = Reason {
                requirements: &["PORT-2"],
                text: format!(
                    "{clients} ask the management point, which the site server carries, for policy"
                ),
            };
            self.management_point_flow(clients, site, reason);
        }
    }

    pub(super) fn management_point_flow(&mut self, from: Party, site: SiteOf<'_>, reason: Reason) {
        let (application, port) = site.management_point();
        let service = Service::tcp(application, port);
        self.add(from, site.server(), service, site.scenario, reason);
    }
}
