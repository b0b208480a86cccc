//! Certificates in secrets, which roles name: with an issuer, cert-manager fills them; without one, the operator
//! does, by the authority of the hierarchy, unless somebody else has. Roles that name none have certificates of
//! that authority too, which their agent gets from the controller and keeps in its volume.

use std::{collections::BTreeSet, net::IpAddr};

use serde_json::{Value, json};

use super::{
    names::object_name,
    wanted::{Child, Children, Hosted, is_hosted},
};
use crate::model::{Hierarchy, Name};

/// The secrets that the roles of a site system name.
pub(super) fn secrets<'a>(hierarchy: &'a Hierarchy, system: &Name) -> BTreeSet<&'a Name> {
    named(hierarchy).filter(|(of, _)| *of == system).map(|(_, secret)| secret).collect()
}

/// A secret that the operator fills.
#[derive(Debug, Clone, PartialEq)]
pub struct WantedSecret {
    /// The secret without what is in it.
    pub child: Child,
    /// Whom its certificate is for: names, then addresses.
    pub names: Vec<String>,
}

/// One for each secret that the roles of a site system name, where nobody is named who issues.
pub(super) fn own(all: &Children<'_>, hosted: Hosted<'_>) -> Vec<WantedSecret> {
    if all.hosting.issuer.is_some() {
        return Vec::new();
    }
    let wanted = filled(all, hosted, true).map(|(secret, mut names, addresses)| {
        names.extend(addresses);
        let rest = json!({"type": "kubernetes.io/tls"});
        let child = all.child(hosted, ("v1", "Secret"), secret.to_string(), rest);
        WantedSecret { child, names }
    });
    wanted.collect()
}

/// The secrets of a site system, with the names and the addresses that each is for. A secret that several site
/// systems share is filled once, for the names of all: it belongs to the first of them.
fn filled<'a>(
    all: &'a Children<'_>,
    hosted: Hosted<'a>,
    internal_names: bool,
) -> impl Iterator<Item = (&'a Name, Vec<String>, Vec<String>)> {
    secrets(all.hierarchy, hosted.name).into_iter().filter_map(move |secret| {
        let systems = sharing(all.hierarchy, secret);
        if systems.first() != Some(&hosted.name) {
            return None;
        }
        let (mut names, mut addresses) = (Vec::new(), Vec::new());
        for system in systems {
            let Some(declared) = all.hierarchy.site_systems.get(system) else { continue };
            let address = declared.settings.address.folded().into_owned();
            match address.parse::<IpAddr>() {
                Ok(ip) => addresses.push(ip.to_string()),
                Err(_) => names.push(address),
            }
            if internal_names {
                let service = format!("{}.{}.svc", object_name(system), all.hosting.namespace);
                names.extend([service, all.hosting.host(&object_name(system))]);
            }
        }
        Some((secret, names, addresses))
    })
}

/// One for each secret that the roles of a site system name.
pub(super) fn certificates(all: &Children<'_>, hosted: Hosted<'_>) -> Vec<Child> {
    let Some(issuer) = &all.hosting.issuer else { return Vec::new() };
    let mut wanted = Vec::new();
    for (secret, names, addresses) in filled(all, hosted, issuer.internal_names) {
        let mut spec = json!({
            "secretName": secret,
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
            "usages": ["digital signature", "server auth"],
            "issuerRef": {"name": issuer.name, "kind": issuer.kind, "group": issuer.group},
        });
        for (key, list) in [("dnsNames", names), ("ipAddresses", addresses)] {
            if !list.is_empty() {
                spec[key] = json!(list);
            }
        }
        let kind = ("cert-manager.io/v1", "Certificate");
        wanted.push(all.child(hosted, kind, secret.to_string(), json!({"spec": spec})));
    }
    wanted
}

/// The hosted site systems whose roles name a secret, by name.
fn sharing<'a>(hierarchy: &'a Hierarchy, secret: &Name) -> Vec<&'a Name> {
    let is_hosted = |name: &Name| hierarchy.site_systems.get(name).is_some_and(is_hosted);
    let systems = named(hierarchy).filter(|(system, it)| *it == secret && is_hosted(system));
    systems.map(|(system, _)| system).collect::<BTreeSet<_>>().into_iter().collect()
}

/// All secrets that roles name, each with its site system.
fn named(hierarchy: &Hierarchy) -> impl Iterator<Item = (&Name, &Name)> {
    let updates = hierarchy.update_points.values();
    let updates = updates.map(|it| (&it.site_system, it.settings.certificate.as_ref()));
    let content = hierarchy.distribution_points.values();
    let content = content.map(|it| (&it.site_system, it.settings.certificate.as_ref()));
    let policy = hierarchy.sites.values().map(|site| {
        let declared = site.settings.management_point.as_ref();
        (&site.site_server, declared.and_then(|it| it.certificate.as_ref()))
    });
    let all = updates.chain(content).chain(policy);
    all.filter_map(|(system, it)| Some((system, &it?.secret_ref.as_ref()?.name)))
}

/// Where the agent looks for a secret, below its data.
pub(super) fn mounted_at(secret: &Name) -> Value {
    json!(format!("{}/secrets/{secret}", super::pod::DATA))
}
