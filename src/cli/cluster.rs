//! What commands are told of a Kubernetes cluster that they look at.

use clap::Args;

use super::{Failure, operation};
use crate::{
    model::Observation,
    operator::{Cluster, shared},
};

/// Which cluster is looked at, if one is.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "In a Kubernetes cluster")]
pub(super) struct ClusterArguments {
    /// Take what the operator of a namespace has observed last, instead of asking the site systems. The
    /// cluster is the one that KUBECONFIG names.
    #[arg(long)]
    pub(super) kube: bool,
    /// The namespace; without it that of the configuration.
    #[arg(long, short, value_name = "NAMESPACE", requires = "kube")]
    namespace: Option<String>,
}

/// A namespace of a cluster.
pub(super) struct Looked {
    pub(super) cluster: Cluster,
    pub(super) namespace: String,
}

impl ClusterArguments {
    /// The namespace that is looked at.
    pub(super) async fn look(&self) -> Result<Looked, Failure> {
        let cluster = Cluster::connect().await.map_err(operation)?;
        let namespace = self.namespace.clone().unwrap_or_else(|| cluster.namespace.clone());
        Ok(Looked { cluster, namespace })
    }
}

impl Looked {
    /// What the operator has observed last.
    pub(super) async fn observation(&self) -> Result<Observation, Failure> {
        shared(&self.cluster.client, &self.namespace).await.map_err(operation)
    }
}
