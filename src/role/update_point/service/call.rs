//! What each call answers (protocol §1.4).

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::{Service, hosting::Hosting, listing::LongList, refusal::Refusal, sessions::Sessions};
use crate::{
    model::UpdateIdentity,
    store::catalog::{Catalog, StoredDocument},
    wire::{
        dss_auth::{self, GetAuthorizationCookie, PLUG_IN_ID},
        reporting,
        server_sync::{
            AuthConfig, AuthPlugIn, ConfigData, FileUrl, Filter, GetAuthConfig, GetConfigData,
            GetCookie, GetRelatedRevisionsForUpdates, GetRevisionIdList, Request, RevisionIdList,
            RevisionListFrame, UpdateDataWriter,
        },
        soap::{Fault, MAX_REQUEST_BYTES, Operation, SoapVersion, parse_request},
    },
};

/// The version of the protocol that is announced: that of WSUS 10.0 (protocol §1.1).
const PROTOCOL_VERSION: &str = "1.20";

/// Documents of one `GetUpdateData`: as many as WSUS and Microsoft's service allow.
pub(super) const MAX_UPDATES: usize = 100;

/// Revisions of a list that is sent as it is read: what one piece of a catalog's list has.
const LONG: usize = crate::store::catalog::PIECE as usize;

/// Bytes of documents of one `GetUpdateData`, before they are escaped; always one document at least.
/// WSUS ends its answers at two million. We do not: who is given fewer documents than were asked for
/// keeps the anchor all the same and never asks for the others again, and who is refused stops. So a
/// hundred of the largest ones known that follow each other must fit (protocol §0.4); ours ask for
/// fewer once an answer is more than they read.
const MAX_DOCUMENT_BYTES: u64 = 384 << 20;

/// A call that was understood.
pub(super) enum Call {
    /// Its answer is short, and here.
    Answered(Vec<u8>),
    /// A list of revisions that is sent as it is read.
    Listed(Box<LongList>),
    /// Documents were asked for: their answer may be long, and is written when there is room.
    Documents {
        /// Which, in this order.
        identities: Vec<UpdateIdentity>,
        /// About how long the answer will be, in bytes.
        size: u64,
    },
}

/// A call, and the version to answer in.
pub(super) type Answer = (SoapVersion, Result<Call, Box<Fault>>);

/// Where a call has come to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Endpoint {
    /// The path of the service.
    pub(super) path: &'static str,
    /// Whether it has come over TLS.
    pub(super) secured: bool,
}

/// Answers the call in `body`, which came to that service.
pub(super) fn answer(
    service: &Service,
    to: Endpoint,
    body: &[u8],
    fault_id: Uuid,
    now: Timestamp,
) -> Answer {
    let envelope = match parse_request(body, MAX_REQUEST_BYTES) {
        Ok(envelope) => envelope,
        Err(error) => {
            let fault = Fault::for_unreadable(&error, fault_id, "");
            return (SoapVersion::V1_1, Err(Box::new(fault)));
        }
    };
    let version = envelope.version();
    let called = envelope.name().to_owned();
    let Service { catalog, sessions, hosting, .. } = service;
    let answering = Answering { catalog, sessions, hosting, version, to, now };
    let (action, answer) = if to.path == reporting::PATH {
        match reporting::Request::decode(envelope, fault_id) {
            Ok(request) => (request.action(), answering.reporting(request)),
            Err(fault) => return (version, Err(Box::new(fault))),
        }
    } else {
        match Request::decode(envelope, fault_id) {
            Ok(request) if belongs(&request, to.path) => {
                (request.action(), answering.answer(&request))
            }
            Ok(_) => {
                let fault = Fault::for_unknown_operation(&called, fault_id);
                return (version, Err(Box::new(fault)));
            }
            Err(fault) => return (version, Err(Box::new(fault))),
        }
    };
    (version, answer.map_err(|refusal| Box::new(refusal.fault(fault_id, action))))
}

/// Each service has its own calls, and all have `Ping`.
fn belongs(request: &Request, path: &str) -> bool {
    match request {
        Request::Ping(_) => true,
        Request::GetAuthorizationCookie(_) => path == dss_auth::PATH,
        _ => path != dss_auth::PATH,
    }
}

/// What a call is answered from.
pub(super) struct Answering<'a> {
    pub(super) catalog: &'a Catalog,
    sessions: &'a Sessions,
    pub(super) hosting: &'a Hosting,
    version: SoapVersion,
    pub(super) to: Endpoint,
    pub(super) now: Timestamp,
}

impl Answering<'_> {
    fn answer(&self, request: &Request) -> Result<Call, Refusal> {
        self.check_session(request)?;
        match request {
            Request::GetAuthConfig(_) => self.encode::<GetAuthConfig>(&auth_config()),
            Request::GetAuthorizationCookie(request) => {
                self.encode::<GetAuthorizationCookie>(&self.sessions.authorize(request, self.now)?)
            }
            Request::GetCookie(request) => {
                self.encode::<GetCookie>(&self.sessions.begin(request, self.now)?)
            }
            Request::GetConfigData(request) => {
                self.encode::<GetConfigData>(&self.config_data(request.config_anchor.as_deref())?)
            }
            Request::GetRevisionIdList(request) => self.revisions(&request.filter),
            Request::GetUpdateData(request) => self.documents(&request.update_ids),
            Request::GetUpdateDecryptionData(request) => self.decryption_data(request),
            Request::GetDeployments(request) => self.deployments(request),
            Request::GetDriverIdList(request) => self.driver_list(request),
            Request::GetDriverSetData(request) => self.driver_sets(request),
            Request::GetRelatedRevisionsForUpdates(_) => {
                self.encode::<GetRelatedRevisionsForUpdates>(&Vec::new())
            }
            Request::DownloadFiles(request) => self.download_files(request),
            Request::Ping(_) => self.ping(),
        }
    }

    /// Refuses what is not called in a session, where the call needs one.
    fn check_session(&self, request: &Request) -> Result<(), Refusal> {
        let cookie = match request {
            Request::GetAuthConfig(_)
            | Request::GetAuthorizationCookie(_)
            | Request::GetCookie(_)
            | Request::Ping(_) => return Ok(()),
            Request::GetConfigData(it) => &it.cookie,
            Request::GetRevisionIdList(it) => &it.cookie,
            Request::GetUpdateData(it) => &it.cookie,
            Request::GetUpdateDecryptionData(it) => &it.cookie,
            Request::GetDeployments(it) => &it.cookie,
            Request::GetDriverIdList(it) => &it.cookie,
            Request::GetDriverSetData(it) => &it.cookie,
            Request::GetRelatedRevisionsForUpdates(it) => &it.cookie,
            Request::DownloadFiles(it) => &it.cookie,
        };
        self.sessions.check(cookie, self.now).map(drop)
    }

    /// A short answer.
    pub(super) fn encode<O: Operation>(&self, response: &O::Response) -> Result<Call, Refusal> {
        Ok(Call::Answered(O::encode_response(self.version, response)?))
    }

    fn config_data(&self, anchor: Option<&str>) -> Result<ConfigData, Refusal> {
        let (languages, anchor) = self
            .catalog
            .languages(anchor)
            .map_err(|error| Refusal::of_list(error, "configAnchor"))?;
        Ok(ConfigData {
            // Without content points below take it from where the publisher offers it.
            catalog_only_sync: self.hosting.is_catalog_only(),
            lazy_sync: self.hosting.is_lazy(),
            server_hosts_psf_files: false,
            // Drivers by computer are not offered: none of them a request.
            max_computer_ids_per_request: 0,
            max_driver_sets_per_request: 0,
            max_hardware_ids_per_request: 0,
            max_updates_per_request: i32::try_from(MAX_UPDATES).unwrap_or(i32::MAX),
            new_config_anchor: Some(anchor.to_string()),
            protocol_version: Some(PROTOCOL_VERSION.to_owned()),
            languages,
            max_updates_per_decryption_request: i32::try_from(MAX_UPDATES).unwrap_or(i32::MAX),
        })
    }

    fn revisions(&self, filter: &Filter) -> Result<Call, Refusal> {
        let listing = self.catalog.listing(filter);
        let mut listing = listing.map_err(|error| Refusal::of_list(error, "filter"))?;
        let anchor = listing.anchor.to_string();
        let first = self.catalog.listed(&mut listing)?.unwrap_or_default();
        if first.len() < LONG {
            let (anchor, new_revisions) = (Some(anchor), first);
            return self.encode::<GetRevisionIdList>(&RevisionIdList { anchor, new_revisions });
        }
        let frame = RevisionListFrame::new(self.version, &anchor)?;
        Ok(Call::Listed(Box::new(LongList { frame, first, listing })))
    }

    fn documents(&self, identities: &[UpdateIdentity]) -> Result<Call, Refusal> {
        if identities.is_empty() || identities.len() > MAX_UPDATES {
            return Err(Refusal::Parameter("updateIds"));
        }
        let size = self.catalog.size_of(identities)?;
        if size > MAX_DOCUMENT_BYTES && identities.len() > 1 {
            return Err(Refusal::TooLarge(size));
        }
        // Escaping lengthens a document by about a quarter.
        let envelopes = (identities.len() as u64).saturating_mul(512);
        let size = size.saturating_add(size / 4).saturating_add(envelopes);
        Ok(Call::Documents { identities: identities.to_vec(), size })
    }
}

fn auth_config() -> AuthConfig {
    AuthConfig {
        last_change: None,
        auth_info: vec![AuthPlugIn {
            plug_in_id: PLUG_IN_ID.to_owned(),
            // Relative to the server's root.
            service_url: dss_auth::PATH.trim_start_matches('/').to_owned(),
            parameter: Some(String::new()),
        }],
        allowed_event_ids: Vec::new(),
    }
}

/// Writes the answer of a `GetUpdateData`.
pub(super) fn documents(
    Service { catalog, hosting, .. }: &Service,
    version: SoapVersion,
    identities: &[UpdateIdentity],
    size: u64,
    host: Option<&str>,
) -> Result<Vec<u8>, Refusal> {
    let capacity = usize::try_from(size).unwrap_or(0);
    let mut writer = UpdateDataWriter::with_capacity(version, capacity);
    let (mut digests, mut offered) = (Vec::new(), BTreeMap::new());
    catalog.each_document(identities, |document| {
        let StoredDocument { identity, text, file_digests, locations } = document;
        writer.push(&identity, &text, &file_digests)?;
        digests.extend(file_digests);
        offered.extend(locations.into_iter().map(|it| (it.digest, it.publisher_url)));
        Ok::<_, Refusal>(())
    })?;
    digests.sort_unstable();
    digests.dedup();
    for file_digest in digests {
        let publisher_url = offered.remove(&file_digest);
        let here = host.and_then(|host| hosting.url(&file_digest, host));
        if publisher_url.is_some() || here.is_some() {
            writer.push_file_url(FileUrl {
                file_digest,
                publisher_url,
                parent_url: Some(here.unwrap_or_default()),
                decryption_key: None,
            });
        }
    }
    Ok(writer.finish()?)
}
