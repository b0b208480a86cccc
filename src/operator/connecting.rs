//! The way to the API server.

use kube::{Client, Config};

/// The API server cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nobody says where it is.
    #[error(
        "there is no way to a Kubernetes cluster: set KUBECONFIG, or run it in a pod with a service account"
    )]
    NoConfiguration(#[source] Box<kube::config::InferConfigError>),
    /// What says where it is cannot be used.
    #[error("the Kubernetes configuration cannot be used")]
    Configuration(#[source] Box<kube::Error>),
}

/// A cluster, and which namespace is meant where none is named.
#[derive(Clone)]
pub struct Cluster {
    /// The way to it.
    pub client: Client,
    /// The namespace.
    pub namespace: String,
}

impl Cluster {
    /// The cluster that the environment names: `KUBECONFIG`, `~/.kube/config`, or the service account of
    /// a pod.
    ///
    /// # Errors
    ///
    /// There is none, or what is said of it cannot be used.
    pub async fn connect() -> Result<Self, ConnectError> {
        let config = Config::infer().await;
        let config = config.map_err(|error| ConnectError::NoConfiguration(Box::new(error)))?;
        let namespace = config.default_namespace.clone();
        let client = Client::try_from(config);
        let client = client.map_err(|error| ConnectError::Configuration(Box::new(error)))?;
        Ok(Self { client, namespace })
    }
}
