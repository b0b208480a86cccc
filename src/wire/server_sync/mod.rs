//! Server synchronisation (MS-WSUSSS, protocol §1.3 and §1.4): the calls by which a
//! downstream server learns what its parent has. Encoders write the schema's element order;
//! decoders do not care about order, prefixes or additions.

mod authorization;
mod blob;
mod config_data;
mod cookies;
mod decryption_data;
mod deployments;
mod download_files;
mod drivers;
mod lists;
mod related_revisions;
mod request;
mod revision_list;
mod revision_list_parts;
mod types;
mod update_data;
mod update_data_writer;

#[cfg(test)]
mod tests;

pub use authorization::GetAuthConfig;
pub use blob::{BlobError, MAX_BLOB_BYTES};
pub use config_data::GetConfigData;
pub use cookies::GetCookie;
pub(in crate::wire) use cookies::write_cookie;
pub(in crate::wire) use cookies::{read_authorization_cookie, write_authorization_cookie};
pub use decryption_data::{
    FileDecryption, GetUpdateDecryptionData, GetUpdateDecryptionDataRequest, UpdateDecryption,
};
pub use deployments::{
    Deployment, DeploymentAction, DeploymentResult, GetDeployments, GetDeploymentsRequest,
    TargetGroup,
};
pub use download_files::{DownloadFiles, DownloadFilesRequest};
pub use drivers::{
    DriverFilter, DriverList, DriverSet, GetDriverIdList, GetDriverIdListRequest, GetDriverSetData,
    GetDriverSetDataRequest,
};
pub(in crate::wire) use lists::{read_guids, write_guids};
pub use related_revisions::{GetRelatedRevisionsForUpdates, GetRelatedRevisionsForUpdatesRequest};
pub use request::Request;
pub use revision_list::GetRevisionIdList;
pub use revision_list_parts::RevisionListFrame;
pub use types::{
    AuthConfig, AuthPlugIn, AuthorizationCookie, ConfigData, Cookie, Document, FileUrl, Filter,
    GetAuthConfigRequest, GetConfigDataRequest, GetCookieRequest, GetRevisionIdListRequest,
    GetUpdateDataRequest, IdAndDelta, LanguageAndDelta, LanguageData, PATH, RevisionIdList,
    UpdateData, UpdateDatum,
};
pub use update_data::GetUpdateData;
pub use update_data_writer::UpdateDataWriter;
