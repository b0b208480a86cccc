//! What can be declared and this version does not carry out: the plan says so, and `apply` and the
//! roles refuse it, so that nobody believes that it is done.

use super::{DistributionPointSettings, PackageSource, SourceType, UpdatePointSettings};

/// Something that this version does not carry out, and what to write instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Unsupported {
    /// Network boot.
    #[error("PXE is not supported yet: remove `pxe` or set `pxe.enabled: false`")]
    Pxe,
    /// Multicast of operating system images.
    #[error("multicast is not supported yet: remove `multicast` or set `multicast.enabled: false`")]
    Multicast,
    /// Update points over TLS.
    #[error("SSL is not supported yet: set `ssl: false` on the software update point")]
    Ssl,
    /// A source that needs TLS.
    #[error(
        "synchronizing with Microsoft Update needs TLS, which is not supported yet: use `source: \
         {{type: Import, …}}` with an export file, or `{{type: UpstreamServer, url: http://…}}`"
    )]
    MicrosoftUpdate,
    /// An upstream server over TLS.
    #[error("upstream servers with `https` are not supported yet: use the server's http address")]
    UpstreamHttps,
    /// A package that is downloaded, or made of updates.
    #[error(
        "only packages with `source.path` are supported by this version: put the files into a \
         directory of the site server"
    )]
    PackageSource,
    /// An agent that Kubernetes starts.
    #[error(
        "Kubernetes is not supported yet: leave `placement` out, or start `headwater agent` there \
         and write `placement: Remote`"
    )]
    Kubernetes,
    /// A kind of action.
    #[error("this action is not supported by this version")]
    Action,
}

impl DistributionPointSettings {
    /// What of them is not carried out: the first of several.
    pub fn unsupported(&self) -> Option<Unsupported> {
        if self.pxe.as_ref().is_some_and(|pxe| pxe.enabled) {
            return Some(Unsupported::Pxe);
        }
        let multicast = self.multicast.as_ref().is_some_and(|multicast| multicast.enabled);
        multicast.then_some(Unsupported::Multicast)
    }
}

impl UpdatePointSettings {
    /// What of them is not carried out when they are told.
    pub fn unsupported(&self) -> Option<Unsupported> {
        self.ssl.then_some(Unsupported::Ssl)
    }

    /// Why it cannot be synchronized.
    pub fn unsupported_source(&self) -> Option<Unsupported> {
        if self.source.r#type == SourceType::MicrosoftUpdate {
            return Some(Unsupported::MicrosoftUpdate);
        }
        let url = self.source.url.as_deref().unwrap_or_default();
        let tls = url.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"));
        tls.then_some(Unsupported::UpstreamHttps)
    }
}

impl PackageSource {
    /// Why its content cannot be taken.
    pub fn unsupported(&self) -> Option<Unsupported> {
        self.path.is_none().then_some(Unsupported::PackageSource)
    }
}
