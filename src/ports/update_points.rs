//! The flows of software update points (PORT-3, PORT-4, SYNC-1, SYNC-6).

use crate::model::{
    ClientConnections, Name, Ports, ServerUrl, SourceType, UpdatePoint, UpdatePointRole,
    UpdatePointSettings,
};

use super::{
    Application, Network, Party,
    derive::{Derivation, Reason, Service, SiteOf},
};

impl Derivation<'_> {
    pub(super) fn update_points(&mut self, site: SiteOf<'_>) {
        let hierarchy = self.hierarchy;
        for name in [&site.site.active_point, &site.site.internet_based_point].into_iter().flatten()
        {
            let Some(point) = hierarchy.update_points.get(name) else { continue };
            self.update_point_flows(site, name, point);
            self.upstream(site, name, point);
        }
    }

    /// Who connects to a point: the site server, and the clients that it accepts (SUP-4).
    fn update_point_flows(&mut self, site: SiteOf<'_>, name: &Name, point: &UpdatePoint) {
        let to = Party::SiteSystem(point.site_system.clone());
        let code = site.code;
        let manages = format!("the site server of {code} configures and synchronizes `{name}`");
        self.web(site.server(), to.clone(), site, &point.settings, &["PORT-3"], manages);
        let networks: &[Network] = match point.settings.client_connections {
            ClientConnections::Intranet => &[Network::Intranet],
            ClientConnections::Internet => &[Network::Internet],
            ClientConnections::IntranetAndInternet => &[Network::Intranet, Network::Internet],
        };
        for network in networks {
            let clients = site.clients(*network);
            let scan = format!("{clients} scan against `{name}`");
            self.web(clients, to.clone(), site, &point.settings, &["PORT-3", "SUP-4"], scan);
        }
    }

    /// Everybody who talks to a point uses its HTTPS port with SSL, and besides it the HTTP port,
    /// where content and licence texts stay (PORT-3, SUP-7).
    fn web(
        &mut self,
        from: Party,
        to: Party,
        site: SiteOf<'_>,
        settings: &UpdatePointSettings,
        requirements: &'static [&'static str],
        text: String,
    ) {
        let Ports { http, https, .. } = settings.ports;
        if !settings.ssl {
            let service = Service::tcp(Application::Http, http);
            return self.add(from, to, service, site.scenario, Reason { requirements, text });
        }
        let service = Service::tcp(Application::Https, https);
        let reason = Reason { requirements, text };
        self.add(from.clone(), to.clone(), service, site.scenario, reason);
        let reason = Reason {
            requirements: &["PORT-3", "SUP-7"],
            text: "content and licence texts stay on HTTP beside SSL".to_owned(),
        };
        self.add(from, to, Service::tcp(Application::Http, http), site.scenario, reason);
    }

    /// Where a point synchronizes from.
    fn upstream(&mut self, site: SiteOf<'_>, name: &Name, point: &UpdatePoint) {
        let hierarchy = self.hierarchy;
        let from = Party::SiteSystem(point.site_system.clone());
        let source = &point.settings.source;
        if let Some((upstream, there)) = hierarchy.upstream(point) {
            let requirements: &[_] = match point.settings.role {
                UpdatePointRole::Active => &["PORT-4", "SYNC-1"],
                UpdatePointRole::InternetBased => &["PORT-4", "SYNC-6"],
            };
            // The ports are those of the upstream point, and so is the scenario.
            let Some((code, above)) = hierarchy.sites.get_key_value(&there.settings.site) else {
                return;
            };
            let scenario = super::Scenario::of(hierarchy, above);
            let above = SiteOf { code, site: above, scenario };
            let to = Party::SiteSystem(there.site_system.clone());
            let text = format!("`{name}` synchronizes from its upstream `{upstream}`");
            return self.web(from, to, above, &there.settings, requirements, text);
        }
        match source.r#type {
            SourceType::MicrosoftUpdate => {
                for (application, port) in [(Application::Http, 80), (Application::Https, 443)] {
                    let reason = Reason {
                        requirements: &["PORT-4", "SYNC-1"],
                        text: format!("`{name}` synchronizes from Microsoft Update"),
                    };
                    let (to, service) = (Party::MicrosoftUpdate, Service::tcp(application, port));
                    self.add(from.clone(), to, service, site.scenario, reason);
                }
            }
            SourceType::UpstreamServer => {
                let Some(url) = source.url.as_deref().and_then(ServerUrl::parse) else { return };
                self.upstream_server(name, from, &url);
            }
            // Its own kind of upstream was followed above; a file travels by hand.
            SourceType::ParentSite
            | SourceType::ActiveUpdatePoint
            | SourceType::Import
            | SourceType::None => {}
        }
    }

    fn upstream_server(&mut self, name: &Name, from: Party, url: &ServerUrl<'_>) {
        let to = Party::UpstreamServer(url.host.clone().into_owned());
        let service = Service::tcp(Application::of_web(url.secure), url.port());
        let reason = Reason {
            requirements: &["PORT-4", "SYNC-1"],
            text: format!("`{name}` synchronizes from an upstream server outside the hierarchy"),
        };
        // No scenario: how that server is set up is not for these manifests to say.
        self.add(from.clone(), to.clone(), service, None, reason);
        if url.secure
            && let Some(http) = url.plain_port()
        {
            let reason = Reason {
                requirements: &["PORT-3", "SUP-7"],
                text: format!(
                    "content and licence texts stay on HTTP beside SSL, on {http} by the rule that \
                     HTTPS is HTTP + 1, or 443 beside 80"
                ),
            };
            self.add(from, to, Service::tcp(Application::Http, http), None, reason);
        }
    }
}
