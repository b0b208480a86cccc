//! Site systems.

use super::{
    documents::{Documents, document, kept, name_of},
    origin::{Document, Origin, spec},
    settings_by_path::SettingsByPath,
};
use crate::model::{
    FieldPath, Kind, ManagementPointSettings, Name, Resource, SiteServerSettings, SiteSpec,
    SiteSystemSettings, SiteSystemSpec, Software, WebSite,
};

/// What a site server is told of its site.
const OF_SITE: [&str; 12] = [
    "siteServer.name",
    "siteServer.type",
    "siteServer.parent",
    "siteServer.mode",
    "siteServer.version",
    "siteServer.forest",
    "siteServer.enhancedHttp",
    "siteServer.distribution",
    "siteServer.transfers",
    "siteServer.legacyCatalog",
    "siteServer.managementPoint",
    "managementPoint.listener",
];

impl Documents<'_> {
    pub(super) fn site_system(&self, name: &Name) -> Option<SettingsByPath> {
        let resource = self.declared.site_systems.get(name)?;
        let settings = &self.hierarchy.site_systems.get(name)?.settings;
        let of = document(Kind::SiteSystem, resource);
        let mut all = SettingsByPath::default();
        // A setting that is new does not compile before it has an origin here.
        let SiteSystemSettings {
            site: _,
            address: _,
            software,
            forest: _,
            internet_access: _,
            site_server,
            keep: _,
        } = settings;
        let Software { wsus: _, wsus_administration_console: _, client: _ } = software;
        // What there is of a site is its site server: it stays with either of them.
        let site_kept = self.served.get(name).and_then(|site| self.declared.sites.get(*site));
        let site_kept = site_kept.filter(|it| it.metadata.kept() && !resource.metadata.kept());
        let keeps = site_kept.map_or_else(|| kept(&of), |site| kept(&document(Kind::Site, site)));
        all.field("keep", keeps);
        all.field("name", name_of(&of));
        all.fields("site", self.site_code(&of, &resource.spec.site));
        all.field("address", of.required(spec("address")));
        all.field("software.wsus", of.optional(spec("software.wsus")));
        let console = spec("software.wsusAdministrationConsole");
        let not_needed = of.follows(console.clone(), "no software update point needs it there");
        all.field("software.wsusAdministrationConsole", of.field(console, "the default is no"));
        all.field("software.client", of.optional(spec("software.client")));
        all.field("forest", self.forest(&of, resource)?);
        let internet_access = of.field(spec("internetAccess"), "the default is no");
        all.field("internetAccess", internet_access);
        // What is installed by the plan.
        let mut points = self.hierarchy.update_points.values();
        let update_services = if points.any(|point| point.site_system == *name) {
            let newest =
                "the site system carries a software update point, and the newest is the default";
            of.field(spec("software.wsus"), newest)
        } else {
            of.follows(
                FieldPath::new("metadata.name"),
                "the site system carries no software update point",
            )
        };
        all.field("updateServices.version", update_services);
        all.field("administrationConsole", self.console(name).unwrap_or(not_needed));
        if let Some(settings) = site_server {
            self.site_server(name, settings, &mut all)?;
        } else {
            let why = "no site names it as its site server";
            for path in OF_SITE {
                let origin = of.follows(FieldPath::new("metadata.name"), why);
                all.inside(path, vec![origin]);
            }
        }
        Some(all)
    }

    /// What a site server is told of its site.
    fn site_server(
        &self,
        name: &Name,
        settings: &SiteServerSettings,
        all: &mut SettingsByPath,
    ) -> Option<()> {
        let SiteServerSettings {
            name: _,
            r#type: _,
            parent,
            mode: _,
            version: _,
            forest: _,
            enhanced_http: _,
            distribution: _,
            transfers: _,
            legacy_catalog: _,
            management_point,
        } = settings;
        let site = self.declared.sites.get(*self.served.get(name)?)?;
        let of = document(Kind::Site, site);
        let above = site.spec.parent.as_ref().filter(|_| parent.is_some());
        let above = above.and_then(|above| self.site(above));
        let mut parent = vec![of.field(spec("parent"), "the top has no site above it")];
        parent.extend(above.map(|above| above.required(spec("siteCode"))));
        all.field("siteServer.name", name_of(&of));
        all.field("siteServer.type", of.required(spec("type")));
        all.fields("siteServer.parent", parent);
        all.field("siteServer.mode", of.required(spec("mode")));
        all.field("siteServer.version", of.required(spec("version")));
        all.field("siteServer.forest", of.optional(spec("forest")));
        let enhanced_http = of.field(spec("enhancedHttp"), "the default is no");
        all.field("siteServer.enhancedHttp", enhanced_http);
        let documented = "the documented default";
        let distribution = spec("softwareDistribution.distributionPoints");
        all.copied("siteServer.distribution", of.field(distribution, documented));
        let transfers = spec("softwareDistribution.pullDistributionPoints");
        all.copied("siteServer.transfers", of.field(transfers, documented));
        all.copied("siteServer.legacyCatalog", of.field(spec("legacyCatalog"), documented));
        self.management_point(&of, &site.spec, management_point.as_ref(), all)
    }

    fn management_point(
        &self,
        of: &Document,
        site: &SiteSpec,
        settings: Option<&ManagementPointSettings>,
        all: &mut SettingsByPath,
    ) -> Option<()> {
        let whole = of.field(spec("managementPoint"), "without it no management point is open");
        all.field("managementPoint.listener", whole.clone());
        let Some(ManagementPointSettings { protocol: _, ports: _, certificate: _ }) = settings
        else {
            all.inside("siteServer.managementPoint", vec![whole]);
            return Some(());
        };
        let rule = "clients use HTTPS in native mode and HTTP in mixed mode (PORT-2)";
        let protocol = of.follows(spec("mode"), rule);
        all.field("siteServer.managementPoint.protocol", protocol);
        let field = spec("managementPoint.ports");
        let named = site.management_point.as_ref().and_then(|it| it.ports.as_ref());
        let ports = self.ports_of(of, field, named, WebSite::Default)?;
        all.field("siteServer.managementPoint.ports.webSite", ports.web_site);
        all.field("siteServer.managementPoint.ports.http", ports.http);
        all.field("siteServer.managementPoint.ports.https", ports.https);
        let certificate = of.optional(spec("managementPoint.certificate"));
        all.copied("siteServer.managementPoint.certificate", certificate);
        Some(())
    }

    /// The forest of a site system: its own, or else its site's.
    fn forest(&self, of: &Document, resource: &Resource<SiteSystemSpec>) -> Option<Origin> {
        if resource.spec.forest.is_some() {
            return Some(of.required(spec("forest")));
        }
        let why = "a site system is in the forest of its site, unless it says otherwise";
        Some(self.site(&resource.spec.site)?.follows(spec("forest"), why))
    }

    /// Why a site server needs the administration console: its site's point is elsewhere (SUP-3).
    fn console(&self, site_server: &Name) -> Option<Origin> {
        let why = "the site server needs the console for a point on another computer (SUP-3)";
        let site = self.served.get(site_server)?;
        let mut points = self.declared.software_update_points.values();
        let remote = points
            .find(|point| point.spec.site == **site && point.spec.site_system != *site_server)?;
        let point = document(Kind::SoftwareUpdatePoint, remote);
        Some(point.follows(spec("siteSystem"), why))
    }
}
