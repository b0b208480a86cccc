//! Server synchronisation (MS-WSUSSS, protocol §1.3 and §1.4): the five calls by which a
//! downstream server learns what its parent has. Encoders write the schema's element order;
//! decoders do not care about order, prefixes or additions.

mod authorization;
mod blob;
mod config_data;
mod cookies;
mod request;
mod revision_list;
mod types;
mod update_data;
mod update_data_writer;

#[cfg(test)]
mod tests;

pub use authorization::GetAuthConfig;
pub use blob::{BlobError, MAX_BLOB_BYTES};
pub use config_data::GetConfigData;
pub use cookies::GetCookie;
pub(in crate::wire) use cookies::{read_authorization_cookie, write_authorization_cookie};
pub use request::Request;
pub use revision_list::GetRevisionIdList;
pub use types::{
    AuthConfig, AuthPlugIn, AuthorizationCookie, ConfigData, Cookie, Document, FileUrl, Filter,
    GetAuthConfigRequest, GetConfigDataRequest, GetCookieRequest, GetRevisionIdListRequest,
    GetUpdateDataRequest, IdAndDelta, LanguageAndDelta, LanguageData, PATH, RevisionIdList,
    UpdateData, UpdateDatum,
};
pub use update_data::GetUpdateData;
pub use update_data_writer::UpdateDataWriter;
