//! What the calls carry (protocol §1.3), in the order of the schema.

use jiff::Timestamp;
use uuid::Uuid;

use crate::model::UpdateIdentity;

/// Path of the service below a server's root; IIS ignores case (protocol §1.1).
pub const PATH: &str = "/ServerSyncWebService/ServerSyncWebService.asmx";

/// How a downstream server gets its authorization cookie (`ServerAuthConfig`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuthConfig {
    /// When this changed last.
    pub last_change: Option<Timestamp>,
    /// The ways offered; a real server offers exactly one.
    pub auth_info: Vec<AuthPlugIn>,
    /// Events that may be reported; empty on real servers.
    pub allowed_event_ids: Vec<i32>,
}

/// One way of authorization (`AuthPlugInInfo`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuthPlugIn {
    /// `PlugInID`: `DssTargeting` everywhere.
    pub plug_in_id: String,
    /// `ServiceUrl`, relative to the server's root.
    pub service_url: String,
    /// `Parameter`; real servers send it empty.
    pub parameter: Option<String>,
}

/// Proof of having been authorized (`AuthorizationCookie`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuthorizationCookie {
    /// `PlugInId`.
    pub plug_in_id: String,
    /// `CookieData`: opaque to everyone but the server that made it.
    pub cookie_data: Vec<u8>,
}

/// A session (`Cookie`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cookie {
    /// `Expiration`, as sent: it goes back to the server unchanged.
    pub expiration: String,
    /// `EncryptedData`: opaque to everyone but the server that made it.
    pub encrypted_data: Vec<u8>,
}

/// What the parent allows and offers (`ServerSyncConfigData`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConfigData {
    /// `CatalogOnlySync`: the parent hosts no content, use the publisher's addresses.
    pub catalog_only_sync: bool,
    /// `LazySync`: the parent fetches content only when it is wanted.
    pub lazy_sync: bool,
    /// `ServerHostsPsfFiles`: the parent hosts express files.
    pub server_hosts_psf_files: bool,
    /// `MaxNumberOfComputerIdsInRequest`.
    pub max_computer_ids_per_request: i32,
    /// `MaxNumberOfDriverSetsPerRequest`.
    pub max_driver_sets_per_request: i32,
    /// `MaxNumberOfPnpHardwareIdsInRequest`.
    pub max_hardware_ids_per_request: i32,
    /// `MaxNumberOfUpdatesPerRequest`: size limit of a `GetUpdateData` batch.
    pub max_updates_per_request: i32,
    /// `NewConfigAnchor`.
    pub new_config_anchor: Option<String>,
    /// `ProtocolVersion`, such as `1.20`.
    pub protocol_version: Option<String>,
    /// `LanguageUpdateList`.
    pub languages: Vec<LanguageData>,
    /// `MaxUpdatesPerRequestInGetUpdateDecryptionData`.
    pub max_updates_per_decryption_request: i32,
}

/// One language (`ServerSyncLanguageData`, and `Language` of an export file).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LanguageData {
    /// `LanguageID`, in an export file `@Id`: a locale identifier of Windows; 0 is `all`.
    pub id: i32,
    /// `ShortLanguage`, in an export file `@ShortName`, such as `pt-br`.
    pub short_name: String,
    /// `LongLanguage`, in an export file `@LongName`, such as `Portuguese (Brazil)`.
    pub long_name: String,
    /// `Enabled`.
    pub enabled: bool,
}

/// Which revisions are asked for (`ServerSyncFilter`, protocol §1.6).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// `Anchor`: what the parent gave after the last call of this kind.
    pub anchor: Option<String>,
    /// `GetConfig`: categories and detectoids instead of updates.
    pub get_config: bool,
    /// `Categories`: products; an absent list is not an empty one.
    pub categories: Option<Vec<IdAndDelta>>,
    /// `Classifications`; an absent list is not an empty one.
    pub classifications: Option<Vec<IdAndDelta>>,
    /// `Languages`.
    pub languages: Option<Vec<LanguageAndDelta>>,
}

/// A category and whether only what changed since the anchor is wanted (`IdAndDelta`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct IdAndDelta {
    /// `Id`.
    pub id: Uuid,
    /// `Delta`; false asks for everything again.
    pub delta: bool,
}

/// A language and whether only what changed since the anchor is wanted (`LanguageAndDelta`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LanguageAndDelta {
    /// `Id`: a locale identifier of Windows.
    pub id: i32,
    /// `Delta`; false asks for everything again.
    pub delta: bool,
}

/// Which revisions there are (`RevisionIdList`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RevisionIdList {
    /// `Anchor`: to be sent with the next call of this kind, once all is stored.
    pub anchor: Option<String>,
    /// `NewRevisions`, in the server's order; several revisions of an update are possible.
    pub new_revisions: Vec<UpdateIdentity>,
}

/// Documents (`ServerUpdateData`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UpdateData {
    /// `updates`.
    pub updates: Vec<UpdateDatum>,
    /// `fileUrls`.
    pub file_urls: Vec<FileUrl>,
}

/// One document (`ServerSyncUpdateData`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateDatum {
    /// `Id`.
    pub identity: UpdateIdentity,
    /// `XmlUpdateBlob` or `XmlUpdateBlobCompressed`.
    pub document: Document,
    /// `FileDigestList`: SHA-1 of each file.
    pub file_digests: Vec<Vec<u8>>,
}

/// The text of an update document, byte for byte as it was sent.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Document(String);

/// Where a file is (`ServerSyncUrlData`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileUrl {
    /// `FileDigest`: SHA-1.
    pub file_digest: Vec<u8>,
    /// `MUUrl`: at the publisher.
    pub publisher_url: Option<String>,
    /// `UssUrl`: at the parent.
    pub parent_url: Option<String>,
    /// `DecryptionKey`.
    pub decryption_key: Option<Vec<u8>>,
}

/// Request of `GetAuthConfig`: nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetAuthConfigRequest;

/// Request of `GetCookie`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GetCookieRequest {
    /// `authCookies`: exactly one, says the protocol; the server checks it.
    pub auth_cookies: Vec<AuthorizationCookie>,
    /// `oldCookie`.
    pub old_cookie: Option<Cookie>,
    /// `protocolVersion`, such as `1.20`.
    pub protocol_version: String,
}

/// Request of `GetConfigData`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GetConfigDataRequest {
    /// `cookie`.
    pub cookie: Cookie,
    /// `configAnchor`.
    pub config_anchor: Option<String>,
}

/// Request of `GetRevisionIdList`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GetRevisionIdListRequest {
    /// `cookie`.
    pub cookie: Cookie,
    /// `filter`.
    pub filter: Filter,
}

/// Request of `GetUpdateData`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GetUpdateDataRequest {
    /// `cookie`.
    pub cookie: Cookie,
    /// `updateIds`: at most as many as the parent allows.
    pub update_ids: Vec<UpdateIdentity>,
}

impl Document {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, without a copy.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl From<String> for Document {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Document {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Document({} bytes)", self.0.len())
    }
}
