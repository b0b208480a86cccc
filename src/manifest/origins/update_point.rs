//! Software update points.

use super::{
    documents::{Documents, PortOrigins, document, kept, name_of},
    origin::{Document, Origin, spec},
    settings_by_path::SettingsByPath,
};
use crate::model::{
    Kind, Name, Resource, SoftwareUpdatePointSpec, SourceType, UpdatePointRole,
    UpdatePointSettings, UpstreamSettings, WebSite,
};

impl Documents<'_> {
    pub(super) fn update_point(&self, name: &Name) -> Option<SettingsByPath> {
        let resource = self.declared.software_update_points.get(name)?;
        let settings = &self.hierarchy.update_points.get(name)?.settings;
        let of = document(Kind::SoftwareUpdatePoint, resource);
        let mut all = SettingsByPath::default();
        // A setting that is new does not compile before it has an origin here.
        let UpdatePointSettings {
            site: _,
            role: _,
            ports: _,
            ssl: _,
            certificate: _,
            client_certificates: _,
            downstream_servers: _,
            client_connections: _,
            source,
            replica: _,
            schedule: _,
            classifications: _,
            products: _,
            selection: _,
            languages: _,
            publishers: _,
            content: _,
            packages: _,
            keep: _,
        } = settings;
        all.field("name", name_of(&of));
        all.field("keep", kept(&of));
        all.fields("site", self.site_code(&of, &resource.spec.site));
        all.field("role", of.required(spec("role")));
        let ports = self.ports(&of, resource.spec.ports.as_ref(), WebSite::Custom)?;
        let PortOrigins { web_site, http, https } = ports;
        all.field("listener", http.clone());
        all.field("listeners.http", http.clone());
        all.field("service", http.clone());
        all.inside("listeners.https", vec![https.clone()]);
        let host = self.host(&of, &resource.spec.site_system)?;
        all.fields("listeners.https.certificate.names", host);
        all.inside("virtualRoots", vec![self.ssl(resource)?]);
        all.field("ports.webSite", web_site);
        all.field("ports.http", http);
        all.field("ports.https", https);
        all.field("ssl", self.ssl(resource)?);
        let certificate = of.optional(spec("certificate"));
        all.field("listeners.https.certificate.chain", certificate.clone());
        all.copied("certificate", certificate);
        let clients = of.field(spec("clientCertificates"), "the default is `Ignore`");
        all.field("clientCertificates", clients);
        let servers = "where none are listed, every server may synchronize";
        all.field("downstreamServers", of.field(spec("downstreamServers"), servers));
        all.field("clientConnections", client_connections(&of, resource));
        self.source(&of, resource, source, &mut all)?;
        let site = document(Kind::Site, self.declared.sites.get(&resource.spec.site)?);
        all.field("replica", site.required(spec("type")));
        all.copied("schedule", of.optional(spec("schedule")));
        let listed = |list: &str| of.field(spec(list), "nothing is listed");
        all.field("classifications", listed("classifications"));
        all.field("products", listed("products"));
        all.field("selection", of.field(spec("selection"), "the default is `Exact`"));
        let languages = match self.active_beside(&resource.spec) {
            Some(active) if resource.spec.languages.is_empty() => {
                let rule = "an Internet-based point has the languages of the active one (SUP-6)";
                document(Kind::SoftwareUpdatePoint, active).follows(spec("languages"), rule)
            }
            _ => listed("languages"),
        };
        all.field("languages", languages);
        all.field("publishers", listed("publishers"));
        let catalog = "without `content` a point has the catalog alone";
        all.inside("content", vec![of.field(spec("content"), catalog)]);
        let made = self.declared.packages.values();
        let made = made.filter(|it| settings.packages.contains_key(&it.spec.package_id));
        let made =
            made.map(|it| document(Kind::Package, it).required(spec("source.updates"))).collect();
        all.inside("packages", made);
        Some(all)
    }

    fn source(
        &self,
        of: &Document,
        resource: &Resource<SoftwareUpdatePointSpec>,
        settings: &UpstreamSettings,
        all: &mut SettingsByPath,
    ) -> Option<()> {
        let UpstreamSettings { r#type, update_point, url: _, file: _ } = settings;
        let kind = match (&resource.spec.source, resource.spec.role) {
            (Some(_), _) => of.required(spec("source.type")),
            (None, UpdatePointRole::InternetBased) => {
                let rule = "an Internet-based point synchronizes with the active one (SYNC-6)";
                of.follows(spec("role"), rule)
            }
            (None, UpdatePointRole::Active) => {
                let site = self.declared.sites.get(&resource.spec.site)?;
                let rule = if site.spec.parent.is_some() {
                    "a site below another one synchronizes with it (SYNC-1)"
                } else {
                    "the top synchronizes with Microsoft Update, unless its point names another \
                     source (SYNC-1)"
                };
                document(Kind::Site, site).follows(spec("parent"), rule)
            }
        };
        // What a catalog shall hold is what its source holds.
        all.field("catalogVersion", kind.clone());
        all.field("siteDatabase.catalogVersion", kind.clone());
        all.field("importFile.digest", of.optional(spec("source.file")));
        let file = match r#type {
            SourceType::Import => of.optional(spec("source.file")),
            _ => kind.clone(),
        };
        let upstream =
            update_point.as_ref().and_then(|it| self.declared.software_update_points.get(it));
        if let Some(upstream) = upstream {
            let name = &upstream.metadata.name;
            let upstream = document(Kind::SoftwareUpdatePoint, upstream);
            all.fields("source.updatePoint", vec![name_of(&upstream), kind.clone()]);
            all.address("source.url", self.update_point_address(name)?);
        } else {
            all.field("source.updatePoint", kind.clone());
            all.field("source.url", of.optional(spec("source.url")));
        }
        all.field("source.type", kind);
        all.field("source.file", file);
        Some(())
    }
}

fn client_connections(of: &Document, resource: &Resource<SoftwareUpdatePointSpec>) -> Origin {
    if resource.spec.client_connections.is_some() {
        return of.required(spec("clientConnections"));
    }
    let rule = "an active point accepts clients of the intranet, an Internet-based one those of \
                the Internet, unless it says otherwise (SUP-4)";
    of.follows(spec("role"), rule)
}
