//! The way to the API server.

use std::time::Duration;

use kube::{Client, Config};

/// How long nothing may come of an answer: a connection whose other side is gone without a word ends then.
const SILENCE: Duration = Duration::from_secs(30);

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
    /// The same, for watches: nothing may come of one for minutes.
    pub watching: Client,
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
        let mut bounded = config.clone();
        bounded.read_timeout = Some(SILENCE);
        bounded.reset_reader_on_write = true;
        let client = |config: Config| {
            Client::try_from(config).map_err(|error| ConnectError::Configuration(Box::new(error)))
        };
        Ok(Self { client: client(bounded)?, watching: client(config)?, namespace })
    }
}
