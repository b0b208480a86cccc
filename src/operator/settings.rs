//! What an operator is told: by its command line.

use std::{net::Ipv4Addr, path::PathBuf, time::Duration};

use super::{
    AdmissionSettings,
    children::{Hosting, IssuerReference},
};
use crate::{model::Placement, role::controller::NeedsApproval};

/// What an operator is told.
#[derive(Debug, Clone)]
pub struct OperatorSettings {
    /// Where what it remembers is: one directory below it for each namespace.
    pub data: PathBuf,
    /// How often site systems are looked at, if nothing happens meanwhile.
    pub every: Duration,
    /// Whether what is not as wanted is only told.
    pub only_observes: bool,
    /// What somebody has to approve.
    pub approval: Option<NeedsApproval>,
    /// Where the agents of site systems run whose object does not say.
    pub placement: Placement,
    /// How those that run in the cluster are hosted.
    pub hosting: HostingSettings,
    /// Where relative paths of objects begin, on a site server.
    pub content_directory: PathBuf,
    /// Who it is, for those who read events: the name of its pod.
    pub instance: String,
    /// Where objects are judged before they are stored, if they are.
    pub admission: Option<AdmissionSettings>,
}

/// How site systems are hosted that run in the cluster.
#[derive(Debug, Clone)]
pub struct HostingSettings {
    /// The image of the agents; without one none is hosted.
    pub image: Option<String>,
    /// The secrets by which it is pulled.
    pub image_pull_secrets: Vec<String>,
    /// The domain of the cluster.
    pub cluster_domain: String,
    /// The namespace of the operator.
    pub operator_namespace: String,
    /// Who issues certificates, if somebody does.
    pub issuer: Option<IssuerReference>,
    /// What agents log.
    pub log: Option<String>,
}

impl HostingSettings {
    /// How those of a namespace are hosted; none without an image.
    pub(super) fn of(&self, namespace: &str) -> Option<Hosting> {
        Some(Hosting {
            namespace: namespace.to_owned(),
            instance: namespace.to_owned(),
            image: self.image.clone()?,
            image_pull_secrets: self.image_pull_secrets.clone(),
            cluster_domain: self.cluster_domain.clone(),
            operator_namespace: self.operator_namespace.clone(),
            listen: Ipv4Addr::UNSPECIFIED.into(),
            log: self.log.clone(),
            issuer: self.issuer.clone(),
        })
    }
}
