//! What a server receives: one of the calls, told by the element in the body.

use super::{
    DownloadFiles, GetAuthConfig, GetConfigData, GetCookie, GetDeployments, GetDriverIdList,
    GetDriverSetData, GetRelatedRevisionsForUpdates, GetRevisionIdList, GetUpdateData,
    GetUpdateDecryptionData,
};
use crate::wire::{dss_auth::GetAuthorizationCookie, monitoring::Ping, soap::requests};

requests! {
    /// A call that a downstream server makes. `GetAuthorizationCookie` belongs to a service of its
    /// own, and `Ping` to all of them.
    GetAuthConfig,
    GetAuthorizationCookie,
    GetCookie,
    GetConfigData,
    GetRevisionIdList,
    GetUpdateData,
    GetUpdateDecryptionData,
    GetDeployments,
    GetDriverIdList,
    GetDriverSetData,
    GetRelatedRevisionsForUpdates,
    DownloadFiles,
    Ping,
}
