//! From a hierarchy to the wanted objects of each of its site systems.

use std::collections::BTreeMap;

use kube::core::GroupVersionKind;
use serde_json::{Map, Value, json};

use super::{
    Hosting, Owner, addresses,
    certificates::{self, WantedSecret},
    disruption, names, network_policy, services, stateful_set,
};
use crate::{
    model::{Digest, Hierarchy, Name, Placement, Port, SiteSystem},
    ports::{HostRules, RolePort, admin_port, flows_where, host_rules, role_ports},
};

/// An object that is wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct Child {
    /// Its kind.
    pub kind: GroupVersionKind,
    /// Its name.
    pub name: String,
    /// All of it, as it is applied.
    pub object: Value,
}

impl Child {
    /// Its kind and name.
    pub fn key(&self) -> (String, String) {
        (self.kind.kind.clone(), self.name.clone())
    }
}

/// The wanted objects of all site systems of a hierarchy that run in the cluster: those that say so, and those
/// that leave it to whoever drives the hierarchy, which here is the operator.
pub struct Children<'a> {
    pub(super) hierarchy: &'a Hierarchy,
    pub(super) hosting: &'a Hosting,
    pub(super) roles: BTreeMap<&'a Name, Vec<RolePort>>,
    rules: BTreeMap<Name, HostRules>,
}

/// A site system that runs in the cluster.
#[derive(Clone, Copy)]
pub(super) struct Hosted<'a> {
    pub(super) name: &'a Name,
    pub(super) system: &'a SiteSystem,
    pub(super) owner: &'a Owner,
}

impl<'a> Children<'a> {
    /// Derives what all of them need: once for a hierarchy, because flows are looked at as a whole.
    pub fn of(hierarchy: &'a Hierarchy, hosting: &'a Hosting) -> Self {
        let flows = flows_where(hierarchy, Placement::Kubernetes);
        let rules = host_rules(hierarchy, &flows);
        Self { hierarchy, hosting, roles: role_ports(hierarchy), rules }
    }

    /// The site systems that run in the cluster.
    pub fn hosted(&self) -> impl Iterator<Item = &'a Name> {
        let systems = self.hierarchy.site_systems.iter();
        systems.filter(|(_, it)| is_hosted(it)).map(|(name, _)| name)
    }

    /// The objects of a site system, which belong to `owner`: none if it does not run in the cluster. What is
    /// there of it besides, with its labels and this owner, is wanted no more.
    pub fn wanted(&self, name: &Name, owner: &Owner) -> Vec<Child> {
        let Some(hosted) = self.hosted_by(name, owner) else { return Vec::new() };
        // First what the pod needs when it starts.
        let mut all = vec![addresses::config_map(self, hosted)];
        all.extend(certificates::certificates(self, hosted));
        all.push(network_policy::network_policy(self, hosted));
        all.extend(services::services(self, hosted));
        all.extend(disruption::budget(self, hosted));
        all.push(stateful_set::stateful_set(self, hosted));
        all
    }

    /// The secrets of a site system that the operator fills with certificates.
    pub fn secrets(&self, name: &Name, owner: &Owner) -> Vec<WantedSecret> {
        let hosted = self.hosted_by(name, owner);
        hosted.map(|it| certificates::own(self, it)).unwrap_or_default()
    }

    fn hosted_by<'b>(&'b self, name: &Name, owner: &'b Owner) -> Option<Hosted<'b>> {
        let (name, system) = self.hierarchy.site_systems.get_key_value(name)?;
        is_hosted(system).then_some(Hosted { name, system, owner })
    }

    /// The address of an agent's admin port: the declared one, or that of its service.
    pub fn agent_url(&self, name: &Name) -> Option<String> {
        let system = self.hierarchy.site_systems.get(name).filter(|it| is_hosted(it))?;
        let url = || self.hosting.agent_url(name, agent_port(system));
        Some(system.agent_url.clone().unwrap_or_else(url))
    }

    /// Where the declared addresses of hosted site systems really are: names of services, for whoever talks to
    /// them from within the cluster.
    pub fn service_names(&self) -> BTreeMap<String, String> {
        self.hosted().filter_map(|name| addresses::service_name(self, name)).collect()
    }

    pub(super) fn roles(&self, name: &Name) -> &[RolePort] {
        self.roles.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn rules(&self, name: &Name) -> Option<&HostRules> {
        self.rules.get(name)
    }

    /// An object of a site system, with the labels and the owner that all of them have.
    pub(super) fn child(
        &self,
        hosted: Hosted<'_>,
        (api_version, kind): (&str, &str),
        name: String,
        rest: Value,
    ) -> Child {
        let labels = self.hosting.labels(hosted.name, hosted.system);
        self.labelled(hosted.owner, &labels, (api_version, kind), name, rest)
    }

    /// The same with labels of one's own.
    pub(super) fn labelled(
        &self,
        owner: &Owner,
        labels: &Map<String, Value>,
        (api_version, kind): (&str, &str),
        name: String,
        rest: Value,
    ) -> Child {
        let mut object = json!({
            "apiVersion": api_version,
            "kind": kind,
            "metadata": {
                "name": name,
                "namespace": self.hosting.namespace,
                "labels": labels,
                "ownerReferences": [owner.reference],
            },
        });
        if let (Some(all), Value::Object(rest)) = (object.as_object_mut(), rest) {
            all.extend(rest);
        }
        let digest = Digest::of(object.to_string().as_bytes()).to_string();
        object["metadata"]["annotations"] = json!({(names::APPLIED): digest});
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Child { kind: GroupVersionKind::gvk(group, version, kind), name, object }
    }
}

/// Where the agent of a hosted site system listens.
pub(super) fn agent_port(system: &SiteSystem) -> Port {
    let declared = admin_port(system, Placement::Kubernetes).map(|(_, port)| port);
    declared.unwrap_or(Port::ADMIN)
}

pub(super) fn is_hosted(system: &SiteSystem) -> bool {
    matches!(system.placement, None | Some(Placement::Kubernetes))
}
