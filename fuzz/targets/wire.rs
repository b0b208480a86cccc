//! Whatever comes over the wire: reading it never panics, and what is written of what was understood
//! is understood, and written, in the same way.
#![no_main]

mod work;

use headwater::wire::{
    content_encoding::ContentEncoding,
    cookie::{CookieKey, CookieKind},
    dss_auth::GetAuthorizationCookie,
    monitoring::Ping,
    reporting::{
        self, GetOutOfSyncComputers, GetRequiredInventoryType, GetRollupConfiguration,
        ReportEventBatch, ReportEventBatch2, ReportInventory, RollupComputerStatus,
        RollupComputers, RollupDownstreamServers,
    },
    server_sync::{
        self, DownloadFiles, GetAuthConfig, GetConfigData, GetCookie, GetDeployments,
        GetDriverIdList, GetDriverSetData, GetRelatedRevisionsForUpdates, GetRevisionIdList,
        GetUpdateData, GetUpdateDecryptionData,
    },
    soap::{MAX_REQUEST_BYTES, Operation, SoapVersion, parse_request},
    xpress,
};
use libfuzzer_sys::fuzz_target;
use uuid::Uuid;

use self::work::work_of;

/// What packed bytes may unpack to here.
const UNPACKED: usize = 1 << 20;

/// The most work for a message, and for each byte of it: each is read as every call, and what is packed
/// may unpack to [`UNPACKED`]. Quadratic work passes it.
const WORK: u64 = 400_000_000;
const WORK_OF_A_BYTE: u64 = 20_000;

/// Reads a message as request and as response of a call, and what is written of it again.
fn of<O: Operation>(bytes: &[u8]) {
    let version = SoapVersion::V1_2;
    if let Ok(request) = O::decode_request(bytes)
        && let Ok(written) = O::encode_request(&request)
    {
        let again = O::decode_request(&written).and_then(|it| O::encode_request(&it));
        assert_eq!(again.ok(), Some(written));
    }
    if let Ok(response) = O::decode_response(bytes)
        && let Ok(written) = O::encode_response(version, &response)
    {
        let again = O::decode_response(&written).and_then(|it| O::encode_response(version, &it));
        assert_eq!(again.ok(), Some(written));
    }
}

fn services(bytes: &[u8]) {
    for decode in [
        |envelope| drop(server_sync::Request::decode(envelope, Uuid::nil())),
        |envelope| drop(reporting::Request::decode(envelope, Uuid::nil())),
    ] {
        if let Ok(envelope) = parse_request(bytes, MAX_REQUEST_BYTES) {
            decode(envelope);
        }
    }
}

fn packed(bytes: &[u8]) {
    for encoding in [ContentEncoding::Gzip, ContentEncoding::Xpress] {
        let _ = encoding.unpack(bytes, UNPACKED);
    }
    assert_eq!(xpress::decode(&xpress::encode(bytes), bytes.len()).as_deref(), Ok(bytes));
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = ContentEncoding::wanted(text);
        let _ = ContentEncoding::of_header(text);
    }
}

fn every_call(bytes: &[u8]) {
    services(bytes);
    of::<GetAuthorizationCookie>(bytes);
    of::<GetAuthConfig>(bytes);
    of::<GetCookie>(bytes);
    of::<GetConfigData>(bytes);
    of::<GetRevisionIdList>(bytes);
    of::<GetUpdateData>(bytes);
    of::<GetUpdateDecryptionData>(bytes);
    of::<GetDeployments>(bytes);
    of::<GetDriverIdList>(bytes);
    of::<GetDriverSetData>(bytes);
    of::<GetRelatedRevisionsForUpdates>(bytes);
    of::<DownloadFiles>(bytes);
    of::<Ping>(bytes);
    of::<GetRollupConfiguration>(bytes);
    of::<RollupDownstreamServers>(bytes);
    of::<RollupComputers>(bytes);
    of::<GetOutOfSyncComputers>(bytes);
    of::<RollupComputerStatus>(bytes);
    of::<ReportEventBatch>(bytes);
    of::<ReportEventBatch2>(bytes);
    of::<GetRequiredInventoryType>(bytes);
    of::<ReportInventory>(bytes);
    let key = CookieKey::new([7; 32]);
    let _ = key.open(CookieKind::Session, bytes);
    let _ = key.open(CookieKind::Authorization, bytes);
    packed(bytes);
}

fuzz_target!(|bytes: &[u8]| {
    let work = work_of(|| every_call(bytes));
    let most = WORK + WORK_OF_A_BYTE * bytes.len() as u64;
    assert!(work < most, "{work} branches for {} bytes", bytes.len());
});
