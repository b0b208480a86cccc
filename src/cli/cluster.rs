//! What commands are told of a Kubernetes cluster that they look at.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, operation};
use crate::{
    model::Observation,
    operator::{Cluster, ClusterChoice, shared},
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
    /// The context of the configuration; without it the current one.
    #[arg(long, value_name = "NAME", requires = "kube")]
    context: Option<String>,
    /// The configuration; without it the one that KUBECONFIG names, or `~/.kube/config`.
    #[arg(long, value_name = "FILE", requires = "kube")]
    kubeconfig: Option<PathBuf>,
}

/// A namespace of a cluster.
pub(super) struct Looked {
    pub(super) cluster: Cluster,
    pub(super) namespace: String,
}

impl ClusterArguments {
    /// The cluster and namespace that are looked at, if one is.
    pub(super) fn choice(&self) -> Option<ClusterChoice> {
        let Self { kube, namespace, context, kubeconfig } = self.clone();
        let choice = ClusterChoice { kubeconfig, context, namespace, ..ClusterChoice::default() };
        kube.then_some(choice)
    }
}

impl Looked {
    /// The namespace that was chosen.
    pub(super) async fn at(choice: &ClusterChoice) -> Result<Self, Failure> {
        let cluster = Cluster::chosen(choice).await.map_err(operation)?;
        let namespace = cluster.namespace.clone();
        Ok(Self { cluster, namespace })
    }

    /// What the operator has observed last.
    pub(super) async fn observation(&self) -> Result<Observation, Failure> {
        shared(&self.cluster.client, &self.namespace).await.map_err(operation)
    }
}
