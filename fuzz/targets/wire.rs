//! Whatever comes over the wire: reading it never panics, and what is written of what was understood
//! is understood, and written, in the same way.
#![no_main]

mod work;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use headwater::wire::{
    anchor::Anchor,
    content_encoding::ContentEncoding,
    cookie::{CookieKey, CookieKind, MAX_ACCOUNT_NAME_BYTES},
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

/// The key that seals cookies here.
const KEY: [u8; 32] = [7; 32];

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

/// A cookie that holds whatever it is, sealed as this server seals: nothing else is read.
fn sealed(plain: &[u8]) -> Vec<u8> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &KEY).unwrap());
    let mut text = plain.to_vec();
    let aad = Aad::from(b"headwater session cookie");
    let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
    key.seal_in_place_append_tag(nonce, aad, &mut text).unwrap();
    [&[1][..], &[0; NONCE_LEN], &text].concat()
}

fn cookie(bytes: &[u8]) {
    let key = CookieKey::new(KEY);
    assert!(key.open(CookieKind::Authorization, &sealed(bytes)).is_err());
    let _ = key.open(CookieKind::Session, bytes);
    if let Ok(payload) = key.open(CookieKind::Session, &sealed(bytes)) {
        assert_eq!(key.seal(CookieKind::Session, [0; NONCE_LEN], &payload), sealed(bytes));
    } else {
        // A name, with what stands before it: a second, and an identifier.
        let is_payload = (25..=24 + MAX_ACCOUNT_NAME_BYTES).contains(&bytes.len());
        assert!(!is_payload || bytes[..4] != [0; 4] || str::from_utf8(&bytes[24..]).is_err());
    }
}

fn anchor(bytes: &[u8]) {
    if let Ok(text) = str::from_utf8(bytes)
        && let Ok(anchor) = text.parse::<Anchor>()
    {
        assert_eq!(anchor.to_string().parse(), Ok(anchor));
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
    cookie(bytes);
    anchor(bytes);
    packed(bytes);
}

fuzz_target!(|bytes: &[u8]| {
    let work = work_of(|| every_call(bytes));
    let most = WORK + WORK_OF_A_BYTE * bytes.len() as u64;
    assert!(work < most, "{work} branches for {} bytes", bytes.len());
});
