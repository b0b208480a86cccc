//! The flows between sites and within one (PORT-4): file sharing, remote procedure calls, SQL.

use std::collections::BTreeSet;

use crate::model::{DistributionPointType, Name};

use super::{
    Application, DYNAMIC, Party, PortRange, PortSet,
    derive::{Derivation, Reason, Service, SiteOf},
};

/// The endpoint mapper, and the ports that it names.
pub(super) fn rpc() -> PortSet {
    PortSet::of([PortRange::one(135), DYNAMIC])
}

impl Derivation<'_> {
    pub(super) fn site_links(&mut self, site: SiteOf<'_>) {
        self.site_system_flows(site);
        self.database_flow(site);
        self.parent_flows(site);
    }

    fn site_system_flows(&mut self, site: SiteOf<'_>) {
        let gateways = self.gateways(site);
        for system in self.systems_of.get(site.code).cloned().unwrap_or_default() {
            // A service in the cloud is reached over HTTPS, as `content` says.
            if gateways.contains(system) {
                continue;
            }
            let what =
                format!("the site server of {} manages its site system `{system}`", site.code);
            self.windows(site.server(), Party::SiteSystem(system.clone()), site, &what);
        }
    }

    /// The site systems that are nothing but a cloud management gateway (PDP-8).
    fn gateways(&self, site: SiteOf<'_>) -> BTreeSet<Name> {
        let points = self.content_of.get(site.code).into_iter().flatten();
        let gateways = points.filter(|(_, point)| {
            point.settings.r#type == DistributionPointType::CloudManagementGateway
        });
        gateways.map(|(_, point)| point.site_system.clone()).collect()
    }

    fn database_flow(&mut self, site: SiteOf<'_>) {
        let reason = Reason {
            requirements: &["PORT-4", "TOP-2"],
            text: format!(
                "the site server of {} uses the site database, unless it is on the same computer",
                site.code
            ),
        };
        let (to, service) =
            (Party::SiteDatabase(site.code.clone()), Service::tcp(Application::Sql, 1433));
        self.add(site.server(), to, service, site.scenario, reason);
    }

    /// Sites replicate in both directions: metadata and requests down, status up.
    fn parent_flows(&mut self, site: SiteOf<'_>) {
        let Some(parent) = &site.site.parent else { return };
        let Some(above) = self.hierarchy.sites.get(parent) else { return };
        let above = Party::SiteSystem(above.site_server.clone());
        let what = format!("{parent} and {} replicate to each other", site.code);
        self.windows(above.clone(), site.server(), site, &what);
        self.windows(site.server(), above, site, &what);
    }

    fn windows(&mut self, from: Party, to: Party, site: SiteOf<'_>, what: &str) {
        let requirements = &["PORT-4"];
        let reason = Reason { requirements, text: what.to_owned() };
        let service = Service::tcp(Application::Smb, 445);
        self.add(from.clone(), to.clone(), service, site.scenario, reason);
        let text = format!("{what}: port 135 names the dynamic port, by default of {DYNAMIC}");
        let service = Service::tcp(Application::Rpc, rpc());
        self.add(from, to, service, site.scenario, Reason { requirements, text });
    }
}
