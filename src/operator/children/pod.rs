//! The pod of a site system: its agent, as the restricted pod security standard allows it.

use serde_json::{Map, Value, json};

use super::{
    addresses,
    certificates::{mounted_at, secrets},
    names::{PART, SITE, SITE_SYSTEMS, join_secret, names_map},
    stateful_set,
    wanted::{Children, Hosted, agent_port},
};
use crate::model::{KubernetesAmounts, KubernetesSpec};

/// Where the volume with the data is.
pub(super) const DATA: &str = "/var/lib/headwater";
/// Where the token is by which it joins.
const JOIN: &str = "/run/headwater/join";
/// Where the addresses of others are.
const NAMES: &str = "/run/headwater/names";
/// Who it runs as: a number that is nobody's elsewhere.
const USER: u32 = 65_532;
/// Ports below this one are for root, unless the kernel is told otherwise.
const PRIVILEGED: u16 = 1_024;
/// Owner and group may read it.
const READ_ONLY: u16 = 0o440;

pub(super) fn template(all: &Children<'_>, hosted: Hosted<'_>) -> Value {
    let labels = all.hosting.labels(hosted.name, hosted.system);
    let settings = &hosted.system.kubernetes;
    let (mounts, volumes) = volumes(all, hosted);
    let mut spec = json!({
        // It asks nothing of the cluster.
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "securityContext": security(all, hosted),
        "containers": [container(all, hosted, &mounts)],
        "volumes": volumes,
        // If the cluster can, the site systems of a site are not on one node, which would take all with it.
        "topologySpreadConstraints": [{
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {
                "matchLabels": {PART: SITE_SYSTEMS, SITE: hosted.system.site},
            },
        }],
    });
    let mut put = |key: &str, value: Value, wanted: bool| {
        if wanted {
            spec[key] = value;
        }
    };
    let nodes = nodes(settings);
    put("nodeSelector", json!(nodes), !nodes.is_empty());
    let secrets = &all.hosting.image_pull_secrets;
    let references: Vec<Value> = secrets.iter().map(|name| json!({"name": name})).collect();
    put("imagePullSecrets", json!(references), !secrets.is_empty());
    json!({"metadata": {"labels": labels}, "spec": spec})
}

fn nodes(settings: &KubernetesSpec) -> Map<String, Value> {
    let selected =
        settings.node_selector.iter().map(|(key, value)| (key.to_string(), json!(value)));
    let zone = settings.zone.iter();
    let zone = zone.map(|zone| ("topology.kubernetes.io/zone".to_owned(), json!(zone)));
    selected.chain(zone).collect()
}

fn security(all: &Children<'_>, hosted: Hosted<'_>) -> Value {
    let mut context = json!({
        "runAsNonRoot": true,
        "runAsUser": USER,
        "runAsGroup": USER,
        "fsGroup": USER,
        // A volume has millions of files: they are looked at only when it is new.
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    });
    let roles = all.roles(hosted.name).iter().map(|it| it.port.get());
    let own = agent_port(hosted.system).get();
    if roles.chain([own]).any(|port| port < PRIVILEGED) {
        // Content is on port 80. Every process in the pod may open it then, and nothing else changes: a
        // capability would need an image whose file has it too.
        context["sysctls"] = json!([{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]);
    }
    context
}

fn container(all: &Children<'_>, hosted: Hosted<'_>, mounts: &[Value]) -> Value {
    let (hosting, settings) = (all.hosting, &hosted.system.kubernetes);
    let admin = agent_port(hosted.system);
    let listen = std::net::SocketAddr::new(hosting.listen, admin.get());
    let own = json!({"name": "admin", "containerPort": admin, "protocol": "TCP"});
    let roles = all.roles(hosted.name).iter();
    let roles =
        roles.map(|it| json!({"name": it.role, "containerPort": it.port, "protocol": "TCP"}));
    let ports: Vec<Value> = std::iter::once(own).chain(roles).collect();
    let mut container = json!({
        "name": "agent",
        "image": hosting.image,
        "args": [
            "agent",
            "--name", hosted.name,
            "--listen", listen.to_string(),
            "--join-token-file", format!("{JOIN}/token"),
            "--names-file", format!("{NAMES}/{}", addresses::KEY),
            "--data", DATA,
        ],
        "ports": ports,
        "resources": resources(settings),
        "volumeMounts": mounts,
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": {"drop": ["ALL"]},
        },
    });
    // The admin port speaks mutual TLS, and a kubelet has no certificate: what it can see is that somebody takes
    // connections there. The agent does as soon as it starts, also while it waits for its token. Whether the
    // roles serve is the controller's affair, which asks the agent for them.
    for (probe, period, failures) in [("livenessProbe", 20, 6), ("readinessProbe", 5, 3)] {
        container[probe] = json!({
            "tcpSocket": {"port": "admin"},
            "periodSeconds": period,
            "timeoutSeconds": 5,
            "failureThreshold": failures,
        });
    }
    // Also where there is none: then one that somebody adds is seen.
    let log = hosting.log.iter().map(|log| json!({"name": "HEADWATER_LOG", "value": log}));
    container["env"] = log.collect();
    container
}

fn resources(settings: &KubernetesSpec) -> Value {
    let effective = settings.resources.effective();
    let amounts = |amounts: &KubernetesAmounts| {
        let all = [("cpu", &amounts.cpu), ("memory", &amounts.memory)];
        let written =
            all.into_iter().filter_map(|(key, it)| Some((key.to_owned(), json!(it.as_ref()?))));
        written.collect::<Map<String, Value>>()
    };
    json!({"requests": amounts(&effective.requests), "limits": amounts(&effective.limits)})
}

/// What is mounted where, and the volumes themselves. A secret or a configuration that is not there yet does not
/// keep the agent from starting: it appears in its place later.
fn volumes(all: &Children<'_>, hosted: Hosted<'_>) -> (Vec<Value>, Vec<Value>) {
    let mut mounts = vec![
        json!({"name": stateful_set::DATA, "mountPath": DATA}),
        json!({"name": "join", "mountPath": JOIN, "readOnly": true}),
        json!({"name": "names", "mountPath": NAMES, "readOnly": true}),
        // Databases sort there what does not fit into memory.
        json!({"name": "temporary", "mountPath": "/tmp"}),
    ];
    let secret =
        |name: String| json!({"secretName": name, "optional": true, "defaultMode": READ_ONLY});
    let mut volumes = vec![
        json!({"name": "join", "secret": secret(join_secret(hosted.name))}),
        json!({
            "name": "names",
            "configMap": {"name": names_map(hosted.name), "optional": true, "defaultMode": READ_ONLY},
        }),
        json!({"name": "temporary", "emptyDir": {}}),
    ];
    // Volumes have shorter names than secrets.
    for (number, name) in secrets(all.hierarchy, hosted.name).into_iter().enumerate() {
        let volume = format!("certificate-{number}");
        mounts.push(json!({"name": volume, "mountPath": mounted_at(name), "readOnly": true}));
        volumes.push(json!({"name": volume, "secret": secret(name.to_string())}));
    }
    (mounts, volumes)
}
