//! What was not seen, but is needed to describe what was: taken from the documents that there are,
//! and suspended, so that no plan touches it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    ClientConnections, Declared, Kind, Known, Name, Resource, ResourceId, SUSPEND,
    SoftwareUpdatePointSpec, UpdatePointRole, absolute,
};

use super::adopting::Adopting;

/// Whether clients on the Internet use a software update point.
fn is_for_internet(point: &SoftwareUpdatePointSpec) -> bool {
    point.role == UpdatePointRole::InternetBased
        || point.client_connections == Some(ClientConnections::IntranetAndInternet)
}

impl Adopting<'_> {
    /// Site systems that could not be asked, and those that what was seen refers to.
    pub(super) fn beside(&mut self, documents: &Declared) {
        let unknown = self.observed.site_systems.iter();
        let unknown = unknown.filter(|(_, known)| matches!(known, Known::Unknown(_)));
        let unknown: BTreeSet<Name> = unknown.map(|(name, _)| name.clone()).collect();
        for name in &unknown {
            // Nothing is done to what cannot be asked: it need not be suspended.
            self.system_beside(documents, name, false);
        }
        for (point, it) in &documents.software_update_points {
            if unknown.contains(&it.spec.site_system) {
                self.update_point_beside(documents, point);
            }
        }
        for (point, it) in &documents.distribution_points {
            if unknown.contains(&it.spec.site_system) {
                self.distribution_point_beside(documents, point);
            }
        }
        let points = self.declared.distribution_points.values();
        let sources = points.flat_map(|point| &point.spec.pull).flat_map(|pull| &pull.sources);
        let sources: Vec<Name> = sources.map(|it| it.distribution_point.clone()).collect();
        for source in sources {
            self.distribution_point_beside(documents, &source);
        }
        let points = documents.software_update_points.iter();
        let internet_based: BTreeMap<&Name, &Name> = points
            .filter(|(_, it)| it.spec.role == UpdatePointRole::InternetBased)
            .map(|(name, it)| (&it.spec.site, name))
            .collect();
        for (_, state) in self.observed.present() {
            let point = state.update_point.as_ref();
            if let Some(upstream) = point.and_then(|it| it.settings.source.update_point.as_ref()) {
                self.update_point_beside(documents, upstream);
            }
            let server = state.site_server.as_ref();
            let Some(policy) = server.and_then(|server| server.client_policy.as_ref()) else {
                continue;
            };
            // Clients were told of these.
            self.update_point_beside(documents, &policy.update_point);
            let site = self.site_name(&state.settings.site);
            let point = internet_based.get(&site).filter(|_| policy.internet_url.is_some());
            if let Some(point) = point.filter(|_| !self.serves_internet(&site)) {
                self.update_point_beside(documents, point);
            }
        }
    }

    /// References to what was not seen, and what no document tells of.
    pub(super) fn leave_dangling_out(&mut self) {
        let there: BTreeSet<Name> = self.declared.distribution_points.keys().cloned().collect();
        let mut dangling = Vec::new();
        for (name, point) in &mut self.declared.distribution_points {
            let Some(pull) = &mut point.spec.pull else { continue };
            let sources = std::mem::take(&mut pull.sources);
            let (seen, unseen): (Vec<_>, Vec<_>) =
                sources.into_iter().partition(|it| there.contains(&it.distribution_point));
            // What pulled from nobody before is described as it is.
            if seen.is_empty() && !unseen.is_empty() {
                point.spec.pull = None;
            } else {
                pull.sources = seen;
            }
            dangling.extend(unseen.into_iter().map(|it| (name.clone(), it.distribution_point)));
        }
        for (point, source) in dangling {
            let message = format!(
                "it pulls from `{source}`, which was not seen: the source is left out, and a plan \
                 takes it away"
            );
            self.note(Kind::DistributionPoint, &point, message);
        }
        for (_, state) in self.observed.present() {
            let Some(point) = &state.update_point else { continue };
            let Some(upstream) = &point.settings.source.update_point else { continue };
            if !self.declared.software_update_points.contains_key(upstream) {
                let message = format!("it synchronizes with `{upstream}`, which was not seen");
                self.note(Kind::SoftwareUpdatePoint, &point.name, message);
            }
        }
        self.note_policies();
    }

    /// What clients were told of and was not seen.
    fn note_policies(&mut self) {
        let points = self.declared.software_update_points.values().map(|it| &it.spec);
        let for_internet: BTreeSet<Name> =
            points.filter(|it| is_for_internet(it)).map(|it| it.site.clone()).collect();
        for (_, state) in self.observed.present() {
            let server = state.site_server.as_ref();
            let Some(policy) = server.and_then(|server| server.client_policy.as_ref()) else {
                continue;
            };
            let site = self.site_name(&state.settings.site);
            let point = &policy.update_point;
            if !self.declared.software_update_points.contains_key(point) {
                let message = format!("its clients were told of `{point}`, which was not seen");
                self.note(Kind::Site, &site, message);
            } else if let Some(url) =
                policy.internet_url.as_ref().filter(|_| !for_internet.contains(&site))
            {
                let message =
                    format!("its clients on the Internet were told of {url}, which was not seen");
                self.note(Kind::Site, &site, message);
            }
        }
    }

    /// Whether a site has a software update point for clients on the Internet.
    fn serves_internet(&self, site: &Name) -> bool {
        let mut points = self.declared.software_update_points.values().map(|it| &it.spec);
        points.any(|it| it.site == *site && is_for_internet(it))
    }

    /// A site and those above it; without deep calls, because a tree may be as deep as it likes.
    fn site_beside(&mut self, documents: &Declared, name: &Name) {
        let mut next = Some(name);
        while let Some((name, site)) = next.and_then(|name| documents.sites.get_key_value(name)) {
            if self.declared.sites.contains_key(name) {
                return;
            }
            let mut resource = self.take_over(Kind::Site, site, true);
            if let Some(point) = &mut resource.spec.management_point {
                point.ports = self.ports_beside(documents, point.ports.as_ref());
            }
            self.declared.sites.insert(name.clone(), resource);
            self.system_beside(documents, &site.spec.site_server, true);
            next = site.spec.parent.as_ref();
        }
    }

    fn system_beside(&mut self, documents: &Declared, name: &Name, suspended: bool) {
        let Some(system) = documents.site_systems.get(name) else { return };
        if self.declared.site_systems.contains_key(name) {
            return;
        }
        let resource = self.take_over(Kind::SiteSystem, system, suspended);
        self.declared.site_systems.insert(name.clone(), resource);
        self.site_beside(documents, &system.spec.site);
    }

    /// A distribution point and those that content reaches it through.
    fn distribution_point_beside(&mut self, documents: &Declared, name: &Name) {
        let mut pending = vec![name];
        while let Some(name) = pending.pop() {
            let Some(point) = documents.distribution_points.get(name) else { continue };
            if self.declared.distribution_points.contains_key(name) {
                continue;
            }
            let mut resource = self.take_over(Kind::DistributionPoint, point, true);
            resource.spec.ports = self.ports_beside(documents, point.spec.ports.as_ref());
            self.declared.distribution_points.insert(name.clone(), resource);
            self.system_beside(documents, &point.spec.site_system, true);
            self.site_beside(documents, &point.spec.site);
            let sources = point.spec.pull.iter().flat_map(|pull| &pull.sources);
            pending.extend(sources.map(|source| &source.distribution_point));
        }
    }

    /// A software update point and those that it synchronizes with.
    fn update_point_beside(&mut self, documents: &Declared, name: &Name) {
        let mut next = Some(name);
        while let Some(name) = next {
            next = self.one_update_point_beside(documents, name);
        }
    }

    /// A software update point, if it is not there yet; gives its upstream then.
    fn one_update_point_beside<'d>(
        &mut self,
        documents: &'d Declared,
        name: &Name,
    ) -> Option<&'d Name> {
        let point = documents.software_update_points.get(name)?;
        if self.declared.software_update_points.contains_key(name) {
            return None;
        }
        let mut resource = self.take_over(Kind::SoftwareUpdatePoint, point, true);
        resource.spec.ports = self.ports_beside(documents, point.spec.ports.as_ref());
        if let Some(file) = resource.spec.source.as_mut().and_then(|it| it.file.as_mut()) {
            *file = absolute(&point.directory, file);
        }
        self.declared.software_update_points.insert(name.clone(), resource);
        self.system_beside(documents, &point.spec.site_system, true);
        self.site_beside(documents, &point.spec.site);
        // Its upstream: the active point of its site, or of the site above.
        let site = documents.sites.get(&point.spec.site);
        let above = match point.spec.role {
            UpdatePointRole::InternetBased => Some(&point.spec.site),
            UpdatePointRole::Active => site.and_then(|site| site.spec.parent.as_ref()),
        };
        let mut points = documents.software_update_points.iter();
        let upstream = points.find(|(_, it)| {
            Some(&it.spec.site) == above && it.spec.role == UpdatePointRole::Active
        });
        upstream.map(|(name, _)| name)
    }

    /// Port settings of the documents, under a name that is free.
    fn ports_beside(&mut self, documents: &Declared, name: Option<&Name>) -> Option<Name> {
        let settings = documents.port_settings.get(name?)?;
        for number in 1_u32.. {
            let name = match number {
                1 => name?.clone(),
                _ => format!("ports-{number}").parse().ok()?,
            };
            match self.declared.port_settings.get(&name) {
                Some(other) if other.spec.ports() != settings.spec.ports() => {}
                Some(_) => return Some(name),
                None => {
                    let resource = self.resource(&name, settings.spec.clone());
                    self.declared.port_settings.insert(name.clone(), resource);
                    return Some(name);
                }
            }
        }
        None
    }

    fn take_over<Spec: Clone>(
        &mut self,
        kind: Kind,
        from: &Resource<Spec>,
        suspended: bool,
    ) -> Resource<Spec> {
        let mut resource = self.resource(&from.metadata.name, from.spec.clone());
        self.taken_over.insert(ResourceId::new(kind, &from.metadata.name));
        resource.metadata = from.metadata.clone();
        if suspended {
            resource.metadata.annotations.insert(SUSPEND.to_owned(), "true".to_owned());
        }
        resource
    }
}
