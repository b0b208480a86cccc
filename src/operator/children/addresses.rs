//! Where those are that a site system talks to: see the header of this directory.

use std::collections::BTreeSet;

use serde_json::json;

use super::{
    names::{names_map, object_name},
    wanted::{Child, Children, Hosted, is_hosted},
};
use crate::{model::Name, ports::Party};

/// The key of the configuration, and so the name of the file.
pub(super) const KEY: &str = "names";

/// The addresses of all hosted site systems that this one opens connections to: a line each, the declared
/// address and the name of the service.
pub(super) fn config_map(all: &Children<'_>, hosted: Hosted<'_>) -> Child {
    let rules = all.rules(hosted.name).into_iter().flat_map(|rules| &rules.outbound);
    let peers = rules.filter_map(|rule| match &rule.peer {
        Party::SiteSystem(peer) => service_name(all, peer),
        _ => None,
    });
    // In order and each once: the same flows give the same file.
    let peers: BTreeSet<_> = peers.collect();
    let lines = peers
        .into_iter()
        .flat_map(|(address, service)| [address, " ".to_owned(), service, "\n".to_owned()]);
    let text: String = lines.collect();
    let rest = json!({"data": {KEY: text}});
    all.child(hosted, ("v1", "ConfigMap"), names_map(hosted.name), rest)
}

/// The declared address of a hosted site system with roles, and the name of its service. One that is declared
/// by an IP address is reached by that: somebody has given it to a load balancer.
pub(super) fn service_name(all: &Children<'_>, name: &Name) -> Option<(String, String)> {
    let system = all.hierarchy.site_systems.get(name).filter(|it| is_hosted(it))?;
    let address = &system.settings.address;
    let is_name = address.as_str().parse::<std::net::IpAddr>().is_err();
    let found = is_name && !all.roles(name).is_empty();
    // The dot at the end spares the resolver its search through the domains of the cluster.
    found.then(|| {
        (address.folded().into_owned(), format!("{}.", all.hosting.host(&object_name(name))))
    })
}
