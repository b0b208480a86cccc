//! What the operator is told of the cluster, and who owns what it makes.

use std::net::IpAddr;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;

/// How site systems are hosted, as the operator's command line says: the same for all of a hierarchy.
#[derive(Debug, Clone)]
pub struct Hosting {
    /// The namespace of the hierarchy.
    pub namespace: String,
    /// What tells this hierarchy from others (`app.kubernetes.io/instance`): the value of the label that its
    /// resources have, or the namespace.
    pub instance: String,
    /// The image of the agents; its entry point is `headwater`.
    pub image: String,
    /// The secrets by which the image is pulled.
    pub image_pull_secrets: Vec<String>,
    /// The domain of the cluster, usually `cluster.local`.
    pub cluster_domain: String,
    /// The namespace of the operator's own pods.
    pub operator_namespace: String,
    /// The address on which agents listen: `0.0.0.0`, or `::` where pods have IPv6 addresses.
    pub listen: IpAddr,
    /// What agents log (`HEADWATER_LOG`); absent: nothing.
    pub log: Option<String>,
    /// Who issues the certificates that roles name by `certificate.secretRef`; absent: the authority of the
    /// hierarchy, unless somebody else puts those secrets there.
    pub issuer: Option<IssuerReference>,
}

/// An issuer of cert-manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerReference {
    /// Its name.
    pub name: String,
    /// `Issuer`, `ClusterIssuer`, or a kind of somebody else's.
    pub kind: String,
    /// The API group of that kind, usually `cert-manager.io`.
    pub group: String,
    /// Whether it issues for names that exist in the cluster only. Public authorities do not, and refuse the
    /// whole certificate.
    pub internal_names: bool,
}

/// The object of a site system, which owns everything that is made for it.
#[derive(Debug, Clone)]
pub struct Owner {
    /// The reference: what has one is removed with the object.
    pub reference: OwnerReference,
    /// Whether the volume with the data is removed too, or stays behind.
    pub removes_data: bool,
}
