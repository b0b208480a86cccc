//! What several kinds of resource have in common: sites, ports and addresses.

use std::collections::BTreeMap;

use super::{
    origin::{Document, Origin, spec},
    settings_by_path::AddressOrigins,
};
use crate::model::{
    Declared, FieldPath, Hierarchy, Kind, Name, PRUNE, Resource, ResourceId,
    SoftwareUpdatePointSpec, UpdatePointRole, WebSite,
};

/// The documents, and what became of them.
#[derive(Debug)]
pub(super) struct Documents<'a> {
    pub(super) declared: &'a Declared,
    pub(super) hierarchy: &'a Hierarchy,
    /// The site that each site server serves: the first that names it, as in the hierarchy.
    pub(super) served: BTreeMap<&'a Name, &'a Name>,
    /// Where each distribution point stands in each group.
    pub(super) members: BTreeMap<&'a Name, BTreeMap<&'a Name, usize>>,
}

/// Where the ports of a role come from.
pub(super) struct PortOrigins {
    pub(super) web_site: Origin,
    pub(super) http: Origin,
    pub(super) https: Origin,
}

/// What a resource's document is.
pub(super) fn document<S>(kind: Kind, resource: &Resource<S>) -> Document {
    let id = resource.document;
    Document { resource: ResourceId::new(kind, &resource.metadata.name), id }
}

impl<'a> Documents<'a> {
    pub(super) fn new(declared: &'a Declared, hierarchy: &'a Hierarchy) -> Self {
        let mut served = BTreeMap::new();
        for (name, resource) in &declared.sites {
            served.entry(&resource.spec.site_server).or_insert(name);
        }
        let groups = declared.distribution_point_groups.iter();
        let members = groups.map(|(name, group)| {
            let members = group.spec.members.iter().enumerate();
            (name, members.map(|(index, member)| (member, index)).collect())
        });
        Self { declared, hierarchy, served, members: members.collect() }
    }

    /// The code of the site that a document names in `spec.site`, and that name itself.
    pub(super) fn site_code(&self, of: &Document, site: &Name) -> Vec<Origin> {
        let code = self.site(site).map(|site| site.required(spec("siteCode")));
        [Some(of.required(spec("site"))), code].into_iter().flatten().collect()
    }

    pub(super) fn site(&self, name: &Name) -> Option<Document> {
        Some(document(Kind::Site, self.declared.sites.get(name)?))
    }

    /// The ports of a role whose document may name port settings; without, those of a web site.
    pub(super) fn ports(
        &self,
        of: &Document,
        settings: Option<&Name>,
        default: WebSite,
    ) -> Option<PortOrigins> {
        self.ports_of(of, spec("ports"), settings, default)
    }

    /// The same, where they are named in another field.
    pub(super) fn ports_of(
        &self,
        of: &Document,
        field: FieldPath,
        settings: Option<&Name>,
        default: WebSite,
    ) -> Option<PortOrigins> {
        let Some(settings) = settings else {
            let absent = of.field(field, documented(default));
            let [web_site, http, https] = [(); 3].map(|()| absent.clone());
            return Some(PortOrigins { web_site, http, https });
        };
        let settings = self.declared.port_settings.get(settings)?;
        let document = document(Kind::PortSettings, settings);
        let of_web_site = || document.follows(spec("webSite"), documented(settings.spec.web_site));
        let http = match settings.spec.http {
            Some(_) => document.required(spec("http")),
            None => of_web_site(),
        };
        let https = match (settings.spec.https, settings.spec.http) {
            (Some(_), _) => document.required(spec("https")),
            (None, Some(_)) => {
                let rule = "HTTPS is 443 where HTTP is 80, and otherwise HTTP + 1 (SUP-7)";
                document.follows(spec("http"), rule)
            }
            (None, None) => of_web_site(),
        };
        Some(PortOrigins { web_site: document.required(spec("webSite")), http, https })
    }

    /// Where the address of a software update point comes from.
    pub(super) fn update_point_address(&self, name: &Name) -> Option<AddressOrigins> {
        let point = self.declared.software_update_points.get(name)?;
        let of = document(Kind::SoftwareUpdatePoint, point);
        let ports = self.ports(&of, point.spec.ports.as_ref(), WebSite::Custom)?;
        let secure = self.hierarchy.update_points.get(name)?.settings.ssl;
        Some(AddressOrigins {
            scheme: vec![self.ssl(point)?],
            host: self.host(&of, &point.spec.site_system)?,
            port: vec![if secure { ports.https } else { ports.http }],
        })
    }

    /// Where it comes from whether a software update point uses SSL.
    pub(super) fn ssl(&self, point: &Resource<SoftwareUpdatePointSpec>) -> Option<Origin> {
        if point.spec.ssl.is_some() {
            return Some(document(Kind::SoftwareUpdatePoint, point).required(spec("ssl")));
        }
        if let Some(active) = self.active_beside(&point.spec)
            && active.spec.ssl.is_some()
        {
            let rule = "an Internet-based point uses SSL as the active one does (SUP-6)";
            let active = document(Kind::SoftwareUpdatePoint, active);
            return Some(active.follows(spec("ssl"), rule));
        }
        let rule = "points of a native-mode site use SSL, those of a mixed-mode site do not, unless they \
                    say otherwise (SUP-6)";
        Some(self.site(&point.spec.site)?.follows(spec("mode"), rule))
    }

    /// The active point of the site of an Internet-based one.
    pub(super) fn active_beside(
        &self,
        point: &SoftwareUpdatePointSpec,
    ) -> Option<&Resource<SoftwareUpdatePointSpec>> {
        if point.role != UpdatePointRole::InternetBased {
            return None;
        }
        let sites = self.hierarchy.sites.values();
        let site = sites.into_iter().find(|site| site.name == point.site)?;
        self.declared.software_update_points.get(site.active_point.as_ref()?)
    }

    /// Where the host of a role's address comes from: its site system's address.
    pub(super) fn host(&self, of: &Document, site_system: &Name) -> Option<Vec<Origin>> {
        let system = self.declared.site_systems.get(site_system)?;
        let address = document(Kind::SiteSystem, system).required(spec("address"));
        // Another site system has another address: then the reference is what has changed.
        Some(vec![address, of.required(spec("siteSystem"))])
    }
}

/// The name of a document, as the place where it is said that it is there.
pub(super) fn name_of(document: &Document) -> Origin {
    document.required(FieldPath::new("metadata.name"))
}

/// The annotation by which a resource stays when its document is gone.
pub(super) fn kept(document: &Document) -> Origin {
    let annotation = FieldPath::new("metadata.annotations").literal_key(PRUNE);
    document.field(annotation, "a resource goes with its document unless it is told to stay")
}

fn documented(web_site: WebSite) -> &'static str {
    match web_site {
        WebSite::Custom => "the custom web site has HTTP 8530 and HTTPS 8531 (SUP-7)",
        WebSite::Default => "the default web site has HTTP 80 and HTTPS 443 (SUP-7)",
    }
}
