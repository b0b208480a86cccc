//! What the calls of `ServerSyncWebService` answer that only some downstream servers make: replicas,
//! those that want files, and those that ask for drivers (protocol §1.4).

use super::{
    call::{Answering, Call, MAX_UPDATES},
    refusal::Refusal,
};
use crate::wire::{
    monitoring::{Ping, ServiceHealth},
    server_sync::{
        DownloadFiles, DownloadFilesRequest, DriverList, Filter, GetDeployments,
        GetDeploymentsRequest, GetDriverIdList, GetDriverIdListRequest, GetDriverSetData,
        GetDriverSetDataRequest, GetUpdateDecryptionData, GetUpdateDecryptionDataRequest,
    },
};

/// Files of one `DownloadFiles` (protocol §1.4).
const MAX_FILES: usize = 100;

impl Answering<'_> {
    pub(super) fn deployments(&self, request: &GetDeploymentsRequest) -> Result<Call, Refusal> {
        let of = |text: &str, parameter| {
            self.catalog.anchor_of(text).map_err(|error| Refusal::of_list(error, parameter))
        };
        let up_to = request.sync_anchor.as_deref().ok_or(Refusal::Parameter("syncAnchor"))?;
        let up_to = of(up_to, "syncAnchor")?;
        let after = request.deployment_anchor.as_deref();
        let after = after.map(|text| of(text, "deploymentAnchor")).transpose()?;
        self.encode::<GetDeployments>(&self.catalog.deployments_between(after, up_to)?)
    }

    pub(super) fn decryption_data(
        &self,
        request: &GetUpdateDecryptionDataRequest,
    ) -> Result<Call, Refusal> {
        if request.update_ids.is_empty() || request.update_ids.len() > MAX_UPDATES {
            return Err(Refusal::Parameter("updateIds"));
        }
        let keys = self.catalog.file_keys(&request.update_ids)?;
        self.encode::<GetUpdateDecryptionData>(&keys)
    }

    pub(super) fn download_files(&self, request: &DownloadFilesRequest) -> Result<Call, Refusal> {
        if request.file_digests.is_empty() || request.file_digests.len() > MAX_FILES {
            return Err(Refusal::Parameter("fileDigestList"));
        }
        let unknown = self.catalog.want_files(&request.file_digests, self.now)?;
        if !unknown.is_empty() {
            return Err(Refusal::UnknownFiles(unknown));
        }
        self.hosting.wanted();
        self.encode::<DownloadFiles>(&())
    }

    /// Drivers are listed like all updates, and not by hardware: more than none is too many.
    pub(super) fn driver_list(&self, request: &GetDriverIdListRequest) -> Result<Call, Refusal> {
        let filter = &request.filter;
        if !filter.computer_ids.is_empty() || !filter.hardware_ids.is_empty() {
            return Err(Refusal::Parameter("filter"));
        }
        let anchor = filter.anchor.clone();
        let nothing = Filter { anchor, categories: Some(Vec::new()), ..Filter::default() };
        let list = self.catalog.revision_list(&nothing);
        let list = list.map_err(|error| Refusal::of_list(error, "filter"))?;
        self.encode::<GetDriverIdList>(&DriverList {
            anchor: Some(list.anchor.to_string()),
            ..DriverList::default()
        })
    }

    pub(super) fn driver_sets(&self, request: &GetDriverSetDataRequest) -> Result<Call, Refusal> {
        if !request.driver_sets.is_empty() {
            return Err(Refusal::TooManyIds);
        }
        self.encode::<GetDriverSetData>(&Vec::new())
    }

    pub(super) fn ping(&self) -> Result<Call, Refusal> {
        let count = self.catalog.count();
        let database = match &count {
            Ok(count) => format!("SQLite, {count} revisions"),
            Err(_) => "cannot be read".to_owned(),
        };
        let name = self.to.path.trim_matches('/').split('/').next().unwrap_or_default();
        self.encode::<Ping>(&ServiceHealth {
            success: count.is_ok(),
            time: self.now,
            name: name.to_owned(),
            https: self.to.secured,
            database,
        })
    }
}
