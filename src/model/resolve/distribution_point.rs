//! Distribution points: effective settings and the addresses of their sources (PDP-2).

use super::{resolver::Resolver, unresolved::Resolved};
use crate::model::{
    ContentProtocol, DistributionPoint, DistributionPointSettings, DistributionPointSpec,
    FieldPath, Kind, Name, Ports, PullSettings, PullSourceSettings, Resource, ResourceId,
    Unresolved,
};

impl Resolver<'_> {
    pub(super) fn distribution_point(
        &self,
        name: &Name,
        resource: &Resource<DistributionPointSpec>,
    ) -> Resolved<DistributionPoint> {
        let kind = Kind::DistributionPoint;
        let spec = &resource.spec;
        let site = self.site_spec(kind, name, "spec.site", &spec.site)?;
        let (site_system, _) = self.system(kind, name, "spec.siteSystem", &spec.site_system)?;
        let pull = spec
            .pull
            .as_ref()
            .map(|pull| {
                let mut sources = Vec::with_capacity(pull.sources.len());
                for (index, source) in pull.sources.iter().enumerate() {
                    let url = self.content_url(&source.distribution_point).map_err(|what| {
                        let field = FieldPath::new("spec.pull.sources")
                            .index(index)
                            .key("distributionPoint");
                        Unresolved { resource: ResourceId::new(kind, name), field, what }
                    })?;
                    sources.push(PullSourceSettings {
                        priority: source.priority,
                        distribution_point: source.distribution_point.clone(),
                        url,
                    });
                }
                sources.sort();
                Ok(PullSettings {
                    enabled: pull.enabled,
                    sources,
                    selection: pull.selection,
                    cut_through: pull.cut_through,
                })
            })
            .transpose()?;
        Ok(DistributionPoint {
            site_system,
            settings: DistributionPointSettings {
                site: site.site_code.clone(),
                r#type: spec.r#type,
                protocol: spec.protocol_in(site.mode),
                ports: self.ports(kind, name, spec.ports.as_ref(), Ports::DEFAULT)?,
                pull,
                prestaged: spec.prestaged,
                on_demand: spec.on_demand,
                pxe: spec.pxe.clone(),
                multicast: spec.multicast.clone(),
                schedule: spec.schedule.clone(),
                rate_limit: spec.rate_limit.clone(),
                content_validation: spec.content_validation.clone(),
                network_access_account: spec
                    .network_access_account
                    .as_ref()
                    .map(|account| account.secret_ref.name.clone()),
                certificate: spec.certificate.clone(),
                client_certificates: spec.client_certificates,
                keep: resource.metadata.kept(),
            },
            suspended: resource.metadata.suspended(),
        })
    }

    /// The address at which a distribution point serves, or what is wrong with it.
    fn content_url(&self, name: &Name) -> Result<String, String> {
        let undeclared = || format!("names `{name}`, which no document declares");
        let spec = &self.declared.distribution_points.get(name).ok_or_else(undeclared)?.spec;
        let kind = Kind::DistributionPoint;
        let found = || -> Resolved<_> {
            let (_, address) = self.system(kind, name, "spec.siteSystem", &spec.site_system)?;
            let site = self.site_spec(kind, name, "spec.site", &spec.site)?;
            let listening = self.ports(kind, name, spec.ports.as_ref(), Ports::DEFAULT)?;
            Ok((address, site, listening))
        };
        let (address, site, ports) = found().map_err(|error| format!("leads to {error}"))?;
        Ok(ports.url(spec.protocol_in(site.mode) == ContentProtocol::Https, address))
    }
}
