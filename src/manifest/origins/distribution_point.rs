//! Distribution points.

use super::{
    documents::{Documents, PortOrigins, document, kept, name_of},
    origin::{Document, Origin, spec},
    settings_by_path::{AddressOrigins, SettingsByPath, SourceOrigins, element},
};
use crate::model::{
    ContentProtocol, DistributionPointSettings, DistributionPointSpec, DistributionPointType, Kind,
    Name, PullSettings, PullSourceSettings, Resource, WebSite,
};

impl Documents<'_> {
    pub(super) fn distribution_point(&self, name: &Name) -> Option<SettingsByPath> {
        let resource = self.declared.distribution_points.get(name)?;
        let settings = &self.hierarchy.distribution_points.get(name)?.settings;
        let of = document(Kind::DistributionPoint, resource);
        let mut all = SettingsByPath::default();
        // A setting that is new does not compile before it has an origin here.
        let DistributionPointSettings {
            site: _,
            r#type: _,
            protocol: _,
            ports: _,
            pull,
            prestaged: _,
            on_demand: _,
            pxe: _,
            multicast: _,
            schedule: _,
            rate_limit: _,
            content_validation: _,
            network_access_account: _,
            certificate: _,
            client_certificates: _,
            keep: _,
        } = settings;
        all.field("name", name_of(&of));
        all.field("keep", kept(&of));
        all.fields("site", self.site_code(&of, &resource.spec.site));
        all.field("type", of.field(spec("type"), "the default is `Standard`"));
        all.field("protocol", self.protocol(resource)?);
        let ports = self.ports(&of, resource.spec.ports.as_ref(), WebSite::Default)?;
        let PortOrigins { web_site, http, https } = ports;
        all.field("listener", http.clone());
        all.field("listeners.http", http.clone());
        all.inside("listeners.https", vec![https.clone()]);
        let host = self.host(&of, &resource.spec.site_system)?;
        all.fields("listeners.https.certificate.names", host);
        let certificate = spec("certificate");
        all.field("listeners.https.certificate.chain", of.optional(certificate));
        all.field("ports.webSite", web_site);
        all.field("ports.http", http);
        all.field("ports.https", https);
        self.pull(&of, resource, pull.as_ref(), &mut all)?;
        all.field("prestaged", of.field(spec("prestaged"), "the default is no"));
        all.field("onDemand", of.field(spec("onDemand"), "the default is no"));
        let copied =
            ["pxe", "multicast", "schedule", "rateLimit", "contentValidation", "certificate"];
        for path in copied {
            all.copied(path, of.optional(spec(path)));
        }
        let clients = of.field(spec("clientCertificates"), "the default is `Ignore`");
        all.field("clientCertificates", clients);
        let account = spec("networkAccessAccount.secretRef.name");
        all.field("networkAccessAccount", of.optional(account));
        Some(all)
    }

    fn protocol(&self, resource: &Resource<DistributionPointSpec>) -> Option<Origin> {
        if resource.spec.protocol.is_some() {
            return Some(document(Kind::DistributionPoint, resource).required(spec("protocol")));
        }
        if resource.spec.r#type == DistributionPointType::CloudManagementGateway {
            let of = document(Kind::DistributionPoint, resource);
            let rule = "a cloud management gateway serves over HTTPS (PDP-8)";
            return Some(of.follows(spec("type"), rule));
        }
        let rule = "clients use HTTPS in native mode and HTTP in mixed mode, unless the point says \
                    otherwise (PORT-2)";
        Some(self.site(&resource.spec.site)?.follows(spec("mode"), rule))
    }

    fn pull(
        &self,
        of: &Document,
        resource: &Resource<DistributionPointSpec>,
        settings: Option<&PullSettings>,
        all: &mut SettingsByPath,
    ) -> Option<()> {
        let without = "without `pull` it is a standard distribution point";
        let Some(PullSettings { enabled: _, sources, selection: _, cut_through: _ }) = settings
        else {
            all.field("pull.enabled", of.field(spec("pull"), without));
            all.field("pull.sources", of.field(spec("pull"), without));
            all.field("pull.selection", of.field(spec("pull"), without));
            all.field("pull.cutThrough", of.field(spec("pull"), without));
            return Some(());
        };
        let whole = of.required(spec("pull.sources"));
        let declared = &resource.spec.pull.as_ref()?.sources;
        let mut origins = Vec::with_capacity(sources.len());
        for PullSourceSettings { priority: _, distribution_point: name, url: _ } in sources {
            let index = declared.iter().position(|it| it.distribution_point == *name)?;
            let field = element(&spec("pull.sources"), index);
            origins.push(SourceOrigins {
                name: name.clone(),
                reference: of.required(field.clone().key("distributionPoint")),
                priority: of.field(field.key("priority"), "the default is 1"),
                address: self.content_address(name)?,
            });
        }
        all.field(
            "pull.enabled",
            of.field(
                spec("pull.enabled"),
                "where `pull` is written, it pulls unless it says otherwise (PDP-4)",
            ),
        );
        all.pull_sources("pull.sources", whole, origins);
        all.field(
            "pull.selection",
            of.field(spec("pull.selection"), "the default is chance, for one transfer (PDP-7)"),
        );
        let whole = "by default a package is served once all of it is there";
        all.field("pull.cutThrough", of.field(spec("pull.cutThrough"), whole));
        Some(())
    }

    /// Where the address of a distribution point comes from.
    fn content_address(&self, name: &Name) -> Option<AddressOrigins> {
        let resource = self.declared.distribution_points.get(name)?;
        let of = document(Kind::DistributionPoint, resource);
        let ports = self.ports(&of, resource.spec.ports.as_ref(), WebSite::Default)?;
        let settings = &self.hierarchy.distribution_points.get(name)?.settings;
        let secure = settings.protocol == ContentProtocol::Https;
        Some(AddressOrigins {
            scheme: vec![self.protocol(resource)?],
            host: self.host(&of, &resource.spec.site_system)?,
            port: vec![if secure { ports.https } else { ports.http }],
        })
    }
}
