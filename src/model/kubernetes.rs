//! What a site system is given where it runs as a pod: storage, resources, a place and a way in.

use std::{cmp::Ordering, collections::BTreeMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{LabelKey, LabelValue, Quantity, StorageClassName};

/// What a site system is given where it runs as a pod (`placement: Kubernetes`). Only the operator reads
/// it: a plan does not, so a change of it is no change of the site system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KubernetesSpec {
    /// The volume that holds its data.
    #[serde(default)]
    pub storage: KubernetesStorage,
    /// The processors and the memory of its pod.
    #[serde(default)]
    pub resources: KubernetesResources,
    /// The labels of the nodes on which its pod may run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(
        with = "BTreeMap<String, LabelValue>",
        extend("examples" = [{"kubernetes.io/arch": "amd64"}])
    )]
    pub node_selector: BTreeMap<LabelKey, LabelValue>,
    /// The zone of the cluster in which its pod runs (`topology.kubernetes.io/zone`); absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<LabelValue>,
    /// How clients reach its roles.
    #[serde(default)]
    pub service_type: ServiceType,
}

/// The volume that holds the data of a site system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KubernetesStorage {
    /// How large it is. It may grow later, where its class allows that, and never shrinks.
    #[serde(default = "default_size")]
    pub size: Quantity,
    /// The storage class that makes it; absent: the cluster's default. It stays as it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class_name: Option<StorageClassName>,
}

impl Default for KubernetesStorage {
    fn default() -> Self {
        Self { size: default_size(), class_name: None }
    }
}

fn default_size() -> Quantity {
    Quantity::gibibytes(20)
}

/// What the pod of a site system may use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KubernetesResources {
    /// What it is sure to have. Absent: `cpu: 100m` and `memory: 256Mi`.
    #[serde(default)]
    pub requests: KubernetesAmounts,
    /// What it gets at most. Absent: `memory: 2Gi`, and as much processor as nobody else needs.
    #[serde(default)]
    pub limits: KubernetesAmounts,
}

/// Amounts of what a pod uses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KubernetesAmounts {
    /// Processors, such as `500m` or `2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Quantity>,
    /// Memory, such as `512Mi`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Quantity>,
}

/// How clients reach the roles of a site system that runs as a pod.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
pub enum ServiceType {
    /// From within the cluster only.
    #[default]
    ClusterIP,
    /// On a port of every node that the cluster chooses: something in front of it has the ports of the roles.
    NodePort,
    /// By a load balancer outside of the cluster, on the ports of the roles.
    LoadBalancer,
}

impl ServiceType {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClusterIP => "ClusterIP",
            Self::NodePort => "NodePort",
            Self::LoadBalancer => "LoadBalancer",
        }
    }
}

impl KubernetesResources {
    /// The same with the defaults filled in. Where one of request and limit is written, the other one has no
    /// default, which might contradict it.
    #[must_use]
    pub fn effective(&self) -> Self {
        let Self { requests, limits } = self;
        let or = |written: &Option<Quantity>, other: &Option<Quantity>, default: Quantity| {
            written.clone().or_else(|| other.is_none().then_some(default))
        };
        Self {
            requests: KubernetesAmounts {
                cpu: or(&requests.cpu, &limits.cpu, Quantity::thousandths(100)),
                memory: or(&requests.memory, &limits.memory, Quantity::mebibytes(256)),
            },
            limits: KubernetesAmounts {
                cpu: limits.cpu.clone(),
                memory: or(&limits.memory, &requests.memory, Quantity::gibibytes(2)),
            },
        }
    }

    /// What is asked for beyond its limit: its key, with both amounts.
    pub fn beyond_limits(&self) -> impl Iterator<Item = (&'static str, &Quantity, &Quantity)> {
        let Self { requests, limits } = self;
        let both =
            [("cpu", &requests.cpu, &limits.cpu), ("memory", &requests.memory, &limits.memory)];
        both.into_iter().filter_map(|(key, request, limit)| {
            let (request, limit) = (request.as_ref()?, limit.as_ref()?);
            (request.compare(limit) == Ordering::Greater).then_some((key, request, limit))
        })
    }
}
