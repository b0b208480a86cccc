//! The way to the API server.

use std::{path::PathBuf, time::Duration};

use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig, KubeconfigError},
};

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
    /// What was chosen is not there, or cannot be read.
    #[error("the Kubernetes configuration does not lead to this cluster")]
    NotThere(#[source] Box<KubeconfigError>),
    /// What says where it is cannot be used.
    #[error("the Kubernetes configuration cannot be used")]
    Configuration(#[source] Box<kube::Error>),
}

/// Which cluster and namespace somebody has chosen: everything else is as the environment says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClusterChoice {
    /// The file that says where clusters are.
    pub kubeconfig: Option<PathBuf>,
    /// The context of it.
    pub context: Option<String>,
    /// The cluster of it, whatever the context says.
    pub cluster: Option<String>,
    /// The user of it, whatever the context says.
    pub user: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
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
        Self::chosen(&ClusterChoice::default()).await
    }

    /// The cluster that was chosen.
    ///
    /// # Errors
    ///
    /// There is none, or what is said of it cannot be used.
    pub async fn chosen(choice: &ClusterChoice) -> Result<Self, ConnectError> {
        let ClusterChoice { kubeconfig, context, cluster, user, namespace } = choice.clone();
        let options = KubeConfigOptions { context, cluster, user };
        let anywhere = kubeconfig.is_none()
            && options.context.is_none()
            && options.cluster.is_none()
            && options.user.is_none();
        let config = if anywhere {
            let config = Config::infer().await;
            config.map_err(|error| ConnectError::NoConfiguration(Box::new(error)))?
        } else {
            let read = match kubeconfig {
                Some(path) => Kubeconfig::read_from(path),
                None => Kubeconfig::read(),
            };
            let config = match read {
                Ok(read) => Config::from_custom_kubeconfig(read, &options).await,
                Err(error) => Err(error),
            };
            config.map_err(|error| ConnectError::NotThere(Box::new(error)))?
        };
        let namespace = namespace.unwrap_or_else(|| config.default_namespace.clone());
        let mut bounded = config.clone();
        bounded.read_timeout = Some(SILENCE);
        bounded.reset_reader_on_write = true;
        let client = |config: Config| {
            Client::try_from(config).map_err(|error| ConnectError::Configuration(Box::new(error)))
        };
        Ok(Self { client: client(bounded)?, watching: client(config)?, namespace })
    }
}

/// The contexts of a configuration; none where there is no configuration.
pub fn contexts(choice: &ClusterChoice) -> Vec<String> {
    let read = match &choice.kubeconfig {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    };
    let contexts = read.map(|it| it.contexts).unwrap_or_default();
    contexts.into_iter().map(|it| it.name).collect()
}
