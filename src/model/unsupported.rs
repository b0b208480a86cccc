//! What can be declared and this version does not carry out: the plan says so, and `apply` and the
//! roles refuse it, so that nobody believes that it is done.

use super::{DistributionPointSettings, PackageSource};

/// Something that this version does not carry out, and what to write instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Unsupported {
    /// Network boot.
    #[error("PXE is not supported yet: remove `pxe` or set `pxe.enabled: false`")]
    Pxe,
    /// Multicast of operating system images.
    #[error("multicast is not supported yet: remove `multicast` or set `multicast.enabled: false`")]
    Multicast,
    /// A package that is downloaded.
    #[error(
        "packages with `source.url` are not supported by this version: put the files into a \
         directory of the site server, and write `source.path`"
    )]
    PackageSource,
    /// An agent that Kubernetes starts.
    #[error(
        "only `headwater operator` starts site systems on Kubernetes, with --image: leave `placement` out, or \
         start `headwater agent` there and write `placement: Remote`"
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

impl PackageSource {
    /// Why its content cannot be taken.
    pub fn unsupported(&self) -> Option<Unsupported> {
        self.url.is_some().then_some(Unsupported::PackageSource)
    }
}
