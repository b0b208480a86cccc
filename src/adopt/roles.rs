//! Software update points and distribution points, with only what is not so by default.

use crate::model::{
    ClientConnections, ContentProtocol, DistributionPointSettings, DistributionPointSpec, Kind,
    Name, ObservedPoint, Ports, PullSource, PullSpec, SecretHolder, SecretReference, SiteMode,
    SiteSpec, SoftwareUpdatePointSpec, SourceType, SynchronizationSource, UpdateContentSpec,
    UpdatePointRole, UpdatePointSettings, UpdatePointState,
};

use super::{
    adopting::{Adopting, stay},
    ports,
};

impl Adopting<'_> {
    pub(super) fn roles(&mut self) {
        let port_names = ports::names(self.observed);
        for (ports, name) in &port_names {
            let settings = self.resource(name, ports::spec(*ports));
            self.declared.port_settings.insert(name.clone(), settings);
        }
        let named = |ports: Ports, documented: Ports| {
            if ports == documented { None } else { port_names.get(&ports).cloned() }
        };
        for (system, state) in self.observed.present() {
            if let Some(point) = &state.update_point {
                let ports = named(point.settings.ports, Ports::CUSTOM);
                self.update_point(system, point, ports);
            } else if state.update_services.is_some() {
                let message = "WSUS is installed, but it carries no software update point: a plan \
                               removes it";
                self.note(Kind::SiteSystem, system, message);
            }
            if let Some(point) = &state.distribution_point {
                let ports = named(point.settings.ports, Ports::DEFAULT);
                self.distribution_point(system, point, ports);
            }
        }
    }

    fn update_point(&mut self, system: &Name, point: &UpdatePointState, ports: Option<Name>) {
        let kind = Kind::SoftwareUpdatePoint;
        if let Some(other) = self.declared.software_update_points.get(&point.name) {
            let message = elsewhere(system, &other.spec.site_system);
            return self.note(kind, &point.name, message);
        }
        let UpdatePointSettings {
            site,
            role,
            ports: _,
            ssl,
            certificate,
            client_certificates,
            downstream_servers,
            client_connections,
            source,
            // It follows from the site.
            replica: _,
            schedule,
            classifications,
            products,
            selection,
            languages,
            publishers,
            content,
            // It follows from the packages.
            packages: _,
            keep,
        } = &point.settings;
        let site = self.site_name(site);
        let declared = self.declared.sites.get(&site).map(|site| &site.spec);
        let native = declared.is_some_and(|site| site.mode == SiteMode::Native);
        // An Internet-based point has what the active one has (SUP-6).
        let active = self.active_beside(&point.settings);
        let usual_ssl = active.map_or(native, |active| active.ssl);
        let usual_languages = active.map(|active| &active.languages);
        let connections = match role {
            UpdatePointRole::Active => ClientConnections::Intranet,
            UpdatePointRole::InternetBased => ClientConnections::Internet,
        };
        let of_hierarchy = source.update_point.is_some();
        let written = SynchronizationSource {
            r#type: source.r#type,
            // The address of a point of the hierarchy follows from its document.
            url: source.url.clone().filter(|_| !of_hierarchy),
            file: source.file.clone(),
        };
        let usual =
            SynchronizationSource { r#type: usual_source(*role, declared), url: None, file: None };
        let spec = SoftwareUpdatePointSpec {
            site,
            site_system: system.clone(),
            role: *role,
            ports,
            ssl: (*ssl != usual_ssl).then_some(*ssl),
            certificate: certificate.clone(),
            client_certificates: *client_certificates,
            downstream_servers: downstream_servers.as_ref().map(|listed| {
                let outside = listed.iter().filter(|it| !self.lets_in_anyway(&point.name, it));
                outside.cloned().collect()
            }),
            client_connections: (*client_connections != connections).then_some(*client_connections),
            source: (written != usual).then_some(written),
            schedule: schedule.clone(),
            classifications: classifications.clone(),
            products: products.clone(),
            selection: *selection,
            languages: match usual_languages {
                Some(usual) if usual == languages => Vec::new(),
                _ => languages.clone(),
            },
            publishers: publishers.clone(),
            content: (*content != UpdateContentSpec::default()).then(|| content.clone()),
        };
        let mut resource = self.resource(&point.name, spec);
        stay(&mut resource.metadata, *keep);
        self.declared.software_update_points.insert(point.name.clone(), resource);
    }

    /// The active point of the site of an Internet-based one.
    fn active_beside(&self, settings: &UpdatePointSettings) -> Option<&UpdatePointSettings> {
        let all = self.observed.present().filter_map(|(_, state)| state.update_point.as_ref());
        let mut actives = all
            .map(|it| &it.settings)
            .filter(|it| it.site == settings.site && it.role == UpdatePointRole::Active);
        if settings.role == UpdatePointRole::InternetBased { actives.next() } else { None }
    }

    /// Whether a point lets a server in whatever its document lists: itself, and those below it.
    fn lets_in_anyway(&self, point: &Name, server: &str) -> bool {
        let all = self.observed.present().filter_map(|(_, state)| state.update_point.as_ref());
        let mut below = all.filter(|it| it.settings.source.update_point.as_ref() == Some(point));
        point.as_str() == server || below.any(|it| it.name.as_str() == server)
    }

    fn distribution_point(&mut self, system: &Name, point: &ObservedPoint, ports: Option<Name>) {
        let kind = Kind::DistributionPoint;
        if let Some(other) = self.declared.distribution_points.get(&point.name) {
            let message = elsewhere(system, &other.spec.site_system);
            return self.note(kind, &point.name, message);
        }
        let DistributionPointSettings {
            site,
            r#type,
            protocol,
            ports: _,
            pull,
            prestaged,
            on_demand,
            pxe,
            multicast,
            schedule,
            rate_limit,
            content_validation,
            network_access_account,
            certificate,
            client_certificates,
            keep,
        } = &point.settings;
        let site = self.site_name(site);
        let declared = self.declared.sites.get(&site).map(|site| &site.spec);
        let usual = match declared.map(|site| site.mode) {
            Some(SiteMode::Native) => ContentProtocol::Https,
            Some(SiteMode::Mixed) | None => ContentProtocol::Http,
        };
        let spec = DistributionPointSpec {
            site,
            site_system: system.clone(),
            r#type: *r#type,
            protocol: (*protocol != usual).then_some(*protocol),
            ports,
            pull: pull.as_ref().map(|pull| PullSpec {
                enabled: pull.enabled,
                sources: pull
                    .sources
                    .iter()
                    .map(|source| PullSource {
                        distribution_point: source.distribution_point.clone(),
                        priority: source.priority,
                    })
                    .collect(),
                selection: pull.selection,
                cut_through: pull.cut_through,
            }),
            prestaged: *prestaged,
            on_demand: *on_demand,
            pxe: pxe.clone(),
            multicast: multicast.clone(),
            schedule: schedule.clone(),
            rate_limit: rate_limit.clone(),
            content_validation: content_validation.clone(),
            network_access_account: network_access_account
                .as_ref()
                .map(|name| SecretHolder { secret_ref: SecretReference { name: name.clone() } }),
            certificate: certificate.clone(),
            client_certificates: *client_certificates,
        };
        let mut resource = self.resource(&point.name, spec);
        stay(&mut resource.metadata, *keep);
        self.declared.distribution_points.insert(point.name.clone(), resource);
    }
}

/// The source that a software update point has if none is written (SYNC-1).
fn usual_source(role: UpdatePointRole, site: Option<&SiteSpec>) -> SourceType {
    match (role, site.is_some_and(|site| site.parent.is_some())) {
        (UpdatePointRole::InternetBased, _) => SourceType::ActiveUpdatePoint,
        (UpdatePointRole::Active, true) => SourceType::ParentSite,
        (UpdatePointRole::Active, false) => SourceType::MicrosoftUpdate,
    }
}

fn elsewhere(system: &Name, other: &Name) -> String {
    format!(
        "it is on `{other}` and on `{system}`: the first is described, and a plan removes the other"
    )
}
