//! The services of a site system.

use serde_json::{Value, json};

use super::{
    names::{PART, SITE_SYSTEM, SITE_SYSTEMS, agent_service, object_name},
    wanted::{Child, Children, Hosted, agent_port},
};
use crate::{
    model::ServiceType,
    ports::{Application, RolePort},
};

/// One for clients and other site systems, with the ports of the roles and no others; and one without an
/// address of its own, which gives the pod a name.
pub(super) fn services(all: &Children<'_>, hosted: Hosted<'_>) -> impl Iterator<Item = Child> {
    let roles = all.roles(hosted.name);
    // A service has ports; a site system without roles has nothing to serve.
    let clients = (!roles.is_empty()).then(|| of_roles(all, hosted, roles));
    [Some(of_agent(all, hosted)), clients].into_iter().flatten()
}

fn of_roles(all: &Children<'_>, hosted: Hosted<'_>, roles: &[RolePort]) -> Child {
    let ports: Vec<Value> = roles
        .iter()
        .map(|it| {
            let spoken = if it.application == Application::Https { "https" } else { "http" };
            json!({
                "name": it.role,
                "protocol": "TCP",
                "appProtocol": spoken,
                "port": it.port,
                "targetPort": it.role,
            })
        })
        .collect();
    let service_type: ServiceType = hosted.system.kubernetes.service_type;
    let spec = json!({
        "type": service_type.as_str(),
        "selector": selected(hosted),
        "ports": ports,
    });
    let rest = json!({"spec": spec});
    all.child(hosted, ("v1", "Service"), object_name(hosted.name), rest)
}

/// An agent is asked before its pod is ready: only then its roles become what makes it useful.
fn of_agent(all: &Children<'_>, hosted: Hosted<'_>) -> Child {
    let spec = json!({
        "type": "ClusterIP",
        "clusterIP": "None",
        "publishNotReadyAddresses": true,
        "selector": selected(hosted),
        "ports": [{
            "name": "admin",
            "protocol": "TCP",
            "port": agent_port(hosted.system),
            "targetPort": "admin",
        }],
    });
    let rest = json!({"spec": spec});
    all.child(hosted, ("v1", "Service"), agent_service(hosted.name), rest)
}

fn selected(hosted: Hosted<'_>) -> Value {
    json!({PART: SITE_SYSTEMS, SITE_SYSTEM: hosted.name})
}
