//! A session with an upstream server (protocol §1.7, steps 1 and 2).

use tokio::sync::{Semaphore, SemaphorePermit};
use uuid::Uuid;

use super::{SynchronizationError, Upstream, UpstreamError};
use crate::model::UpdateIdentity;
use crate::wire::{
    dss_auth::{GetAuthorizationCookie, GetAuthorizationCookieRequest, PLUG_IN_ID},
    server_sync::{
        self, ConfigData, Cookie, DeploymentResult, DownloadFiles, DownloadFilesRequest, Filter,
        GetAuthConfig, GetAuthConfigRequest, GetConfigData, GetConfigDataRequest, GetCookie,
        GetCookieRequest, GetDeployments, GetDeploymentsRequest, GetRevisionIdList,
        GetRevisionIdListRequest, GetUpdateData, GetUpdateDataRequest, GetUpdateDecryptionData,
        GetUpdateDecryptionDataRequest, RevisionIdList, UpdateData, UpdateDecryption,
    },
    soap::ErrorCode,
};

/// The version of the protocol that is spoken (protocol §1.1).
const PROTOCOL_VERSION: &str = "1.20";

/// Answers with documents that are read at a time: each may be as large as answers are, and is in memory
/// as it was sent, until its documents are packed.
pub(super) const ANSWERS: usize = 3;

/// A session with an upstream server.
#[derive(Debug)]
pub(in crate::role::update_point) struct Session {
    pub(super) upstream: Upstream,
    cookie: Cookie,
    answers: Semaphore,
}

impl Session {
    /// Is authorized and opens a session.
    pub(in crate::role::update_point) async fn begin(
        upstream: Upstream,
        account_name: &str,
        account_guid: Uuid,
    ) -> Result<Self, SynchronizationError> {
        let config =
            upstream.call::<GetAuthConfig>(server_sync::PATH, &GetAuthConfigRequest).await?;
        let known = config.auth_info.iter().find(|it| it.plug_in_id == PLUG_IN_ID);
        let plug_in = known.ok_or_else(|| {
            let offered: Vec<_> =
                config.auth_info.iter().take(3).map(|it| it.plug_in_id.as_str()).collect();
            upstream.error(UpstreamError::PlugIn(offered.join(", ")))
        })?;
        let service =
            upstream.service(&plug_in.service_url).map_err(|error| upstream.error(error))?;
        let account = GetAuthorizationCookieRequest {
            account_name: account_name.to_owned(),
            account_guid: account_guid.to_string(),
        };
        let authorization = upstream.call::<GetAuthorizationCookie>(&service, &account).await;
        let authorization =
            authorization.map_err(|error| not_let_in(error, account_name, account_guid))?;
        let request = GetCookieRequest {
            auth_cookies: vec![authorization],
            old_cookie: None,
            protocol_version: PROTOCOL_VERSION.to_owned(),
        };
        let cookie = upstream.call::<GetCookie>(server_sync::PATH, &request).await?;
        Ok(Self { upstream, cookie, answers: Semaphore::new(ANSWERS) })
    }

    /// Waits until an answer with documents may be read. It is read as long as what this returns is held.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.answers.acquire().await.ok()
    }

    /// What the server allows, and the languages that changed since the anchor.
    pub(in crate::role::update_point) async fn config_data(
        &self,
        config_anchor: Option<String>,
    ) -> Result<ConfigData, SynchronizationError> {
        let request = GetConfigDataRequest { cookie: self.cookie.clone(), config_anchor };
        self.upstream.call::<GetConfigData>(server_sync::PATH, &request).await
    }

    /// The revisions that a filter lets through.
    pub(super) async fn revision_list(
        &self,
        filter: Filter,
    ) -> Result<RevisionIdList, SynchronizationError> {
        let request = GetRevisionIdListRequest { cookie: self.cookie.clone(), filter };
        self.upstream.call::<GetRevisionIdList>(server_sync::PATH, &request).await
    }

    /// The documents of these updates.
    pub(super) async fn update_data(
        &self,
        update_ids: Vec<UpdateIdentity>,
    ) -> Result<UpdateData, SynchronizationError> {
        let request = GetUpdateDataRequest { cookie: self.cookie.clone(), update_ids };
        self.upstream.call::<GetUpdateData>(server_sync::PATH, &request).await
    }

    /// Groups and approvals, as they have changed since the anchor: replicas only.
    pub(super) async fn deployments(
        &self,
        deployment_anchor: Option<String>,
        sync_anchor: Option<String>,
    ) -> Result<DeploymentResult, SynchronizationError> {
        let cookie = self.cookie.clone();
        let request = GetDeploymentsRequest { cookie, deployment_anchor, sync_anchor };
        self.upstream.call::<GetDeployments>(server_sync::PATH, &request).await
    }

    /// Asks the server to fetch these files: as many as a call may have, by their SHA-1.
    pub(in crate::role::update_point) async fn download_files(
        &self,
        file_digests: Vec<Vec<u8>>,
    ) -> Result<(), SynchronizationError> {
        let request = DownloadFilesRequest { cookie: self.cookie.clone(), file_digests };
        self.upstream.call::<DownloadFiles>(server_sync::PATH, &request).await
    }

    /// The keys of the files of these updates: as many as a batch has at most, which is what all
    /// servers take.
    pub(super) async fn decryption_data(
        &self,
        update_ids: Vec<UpdateIdentity>,
    ) -> Result<Vec<UpdateDecryption>, SynchronizationError> {
        let cookie = self.cookie.clone();
        let request = GetUpdateDecryptionDataRequest { cookie, update_ids };
        self.upstream.call::<GetUpdateDecryptionData>(server_sync::PATH, &request).await
    }
}

/// Where a server takes offence at the account, it lets in others: ours is well formed.
fn not_let_in(
    error: SynchronizationError,
    account_name: &str,
    account_guid: Uuid,
) -> SynchronizationError {
    match error {
        SynchronizationError::Upstream { url, source }
            if source.fault().is_some_and(|fault| {
                fault.code == ErrorCode::InvalidParameters && fault.message == "machineName"
            }) =>
        {
            let (name, guid) = (account_name.to_owned(), account_guid);
            let source = UpstreamError::NotLetIn { name, guid };
            SynchronizationError::Upstream { url, source }
        }
        error => error,
    }
}
