//! Every call both ways, and what genuine servers were recorded to answer.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    model::UpdateIdentity,
    wire::{
        dss_auth::{GetAuthorizationCookie, GetAuthorizationCookieRequest},
        export_file::ExportFile,
        soap::{ErrorCode, Operation, SoapError, SoapVersion, parse_request},
        update_document::UpdateDocument,
    },
};

macro_rules! capture {
    ($name:literal) => {
        include_bytes!(concat!("../../../../tests/data/soap/", $name))
    };
}

mod replicas;

const REVISIONS: &[u8] = capture!("000006.GetRevisionIdList.GetConfig-true.response.trimmed30.xml");
const COMPRESSED: &[u8] = capture!("000014.GetUpdateData.response.xml");
const CAPTURES: [&[u8]; 4] = [
    capture!("000013.GetUpdateData.response.xml"),
    COMPRESSED,
    capture!("000015.GetUpdateData.response.xml"),
    capture!("000016.GetUpdateData.response.xml"),
];

fn identity(number: u128) -> UpdateIdentity {
    UpdateIdentity { update_id: Uuid::from_u128(number), revision: 200 }
}

fn cookie() -> Cookie {
    let expiration = "2026-10-04T20:33:26.1234567Z".to_owned();
    Cookie { expiration, encrypted_data: vec![1, 2, 3] }
}

/// Both directions of a call, in both versions.
fn reads_back<O: Operation>(request: &O::Request, response: &O::Response)
where
    O::Request: PartialEq + std::fmt::Debug,
    O::Response: PartialEq + std::fmt::Debug,
{
    let body = O::encode_request(request).unwrap();
    assert_eq!(&O::decode_request(&body).unwrap(), request);
    for version in [SoapVersion::V1_1, SoapVersion::V1_2] {
        let body = O::encode_response(version, response).unwrap();
        assert_eq!(&O::decode_response(&body).unwrap(), response);
        assert_eq!(parse_request(&body, body.len()).unwrap().version(), version);
    }
}

#[test]
fn calls_read_back() {
    let authorization =
        AuthorizationCookie { plug_in_id: "DssTargeting".to_owned(), cookie_data: vec![0; 60] };
    reads_back::<GetAuthorizationCookie>(
        &GetAuthorizationCookieRequest {
            account_name: "dss01.example.org".to_owned(),
            account_guid: "adb2fe48-0b2e-451e-8fc8-44b29845b0c6".to_owned(),
        },
        &authorization,
    );
    let plug_in = AuthPlugIn {
        plug_in_id: "DssTargeting".to_owned(),
        service_url: "DssAuthWebService/DssAuthWebService.asmx".to_owned(),
        parameter: Some(String::new()),
    };
    reads_back::<GetAuthConfig>(
        &GetAuthConfigRequest,
        &AuthConfig {
            last_change: Some("2026-10-04T20:33:26.1234567Z".parse().unwrap()),
            auth_info: vec![plug_in],
            allowed_event_ids: vec![1, 2],
        },
    );
    reads_back::<GetCookie>(
        &GetCookieRequest {
            auth_cookies: vec![authorization],
            old_cookie: Some(cookie()),
            protocol_version: "1.20".to_owned(),
        },
        &cookie(),
    );
    let language = LanguageData {
        id: 1046,
        short_name: "pt-br".to_owned(),
        long_name: "Portuguese (Brazil)".to_owned(),
        enabled: true,
    };
    reads_back::<GetConfigData>(
        &GetConfigDataRequest { cookie: cookie(), config_anchor: Some("1,x".to_owned()) },
        &ConfigData {
            catalog_only_sync: true,
            max_updates_per_request: 100,
            new_config_anchor: Some("2".to_owned()),
            protocol_version: Some("1.20".to_owned()),
            languages: vec![language],
            ..ConfigData::default()
        },
    );
    let item = IdAndDelta { id: Uuid::from_u128(5), delta: true };
    let filter = Filter {
        anchor: Some("9438,2026-10-04 16:33:26.671".to_owned()),
        get_config: false,
        categories: Some(vec![item]),
        classifications: Some(Vec::new()),
        languages: Some(vec![LanguageAndDelta { id: 1033, delta: false }]),
    };
    for filter in [filter, Filter { get_config: true, ..Filter::default() }] {
        reads_back::<GetRevisionIdList>(
            &GetRevisionIdListRequest { cookie: cookie(), filter },
            &RevisionIdList {
                anchor: Some("1,2".to_owned()),
                new_revisions: vec![identity(3), identity(1)],
            },
        );
    }
    let update = UpdateDatum {
        identity: identity(1),
        document: "<a>\r\n&#xD;\u{1F642}]]></a>".into(),
        file_digests: vec![vec![1; 20], vec![2; 20]],
    };
    let url = FileUrl {
        file_digest: vec![1; 20],
        publisher_url: Some("http://publisher/a?b&c".to_owned()),
        parent_url: None,
        decryption_key: Some(vec![9]),
    };
    reads_back::<GetUpdateData>(
        &GetUpdateDataRequest { cookie: cookie(), update_ids: vec![identity(1)] },
        &UpdateData { updates: vec![update], file_urls: vec![url] },
    );
}

#[test]
fn captured_revision_list_is_read() {
    let list = GetRevisionIdList::decode_response(REVISIONS).unwrap();
    assert_eq!(list.anchor.as_deref(), Some("9438,2026-10-04 16:33:26.671"));
    assert_eq!(list.new_revisions.len(), 30);
    assert_eq!(list.new_revisions[0].to_string(), "e6cf1350-c01b-414d-a61f-263d14d133b4.100");
}

#[test]
fn configuration_in_another_element_order_is_read() {
    let data =
        GetConfigData::decode_response(capture!("microsoft_sync_config_20261006.xml")).unwrap();
    assert!(data.catalog_only_sync && data.lazy_sync && data.server_hosts_psf_files);
    assert_eq!((data.max_updates_per_request, data.max_updates_per_decryption_request), (100, 500));
    assert_eq!(data.protocol_version.as_deref(), Some("1.21"));
    assert!(data.languages.iter().any(|it| it.id == 0 && it.enabled && it.long_name == "all"));
}

#[test]
fn captured_documents_are_unpacked_to_their_texts() {
    let expected: [&str; 4] = [
        include_str!(
            "../../../../tests/data/updates/a2fef9b0-7951-4c2c-a42b-9e351dd1c1fe-r200.xml"
        ),
        include_str!(
            "../../../../tests/data/updates/266f6222-c89d-43f2-9f8a-69340271e677-r200.xml"
        ),
        include_str!(
            "../../../../tests/data/updates/ccb78947-6453-4ecc-9de8-bc0305c98f2d-r200.xml"
        ),
        include_str!(
            "../../../../tests/data/updates/56309036-4c77-4dd9-951a-99ee9c246a94-r101.xml"
        ),
    ];
    for (body, text) in CAPTURES.iter().zip(expected) {
        let data = GetUpdateData::decode_response(body).unwrap();
        assert_eq!(data.updates.len(), 1);
        let update = &data.updates[0];
        assert_eq!(UpdateDocument::identity(text).unwrap(), update.identity);
        assert!(update.document.as_str() == text, "{}", update.identity);
        let files = UpdateDocument::index(text).unwrap().files;
        assert!(files.iter().map(|it| &it.digest_sha1).eq(&update.file_digests));
        assert_eq!(data.file_urls.len(), files.len());
    }
    let url = &GetUpdateData::decode_response(COMPRESSED).unwrap().file_urls[0];
    assert!(url.publisher_url.as_ref().unwrap().starts_with("http://download.windowsupdate.com/"));
    assert_eq!(url.parent_url, None);
}

#[test]
fn real_documents_survive_the_way_to_another_server() {
    let bytes = include_bytes!("../../../../examples/wsus-export/WSUS-2024-06-19.cab");
    let export = ExportFile::parse(bytes).unwrap();
    let documents: Vec<_> = export.documents().collect();
    let mut with_carriage_return = 0;
    for batch in documents.chunks(100) {
        let mut writer = UpdateDataWriter::new();
        for (identity, text) in batch {
            writer.push(identity, text, &[]).unwrap();
            with_carriage_return += usize::from(text.contains('\r'));
        }
        let data = GetUpdateData::decode_response(&writer.finish().unwrap()).unwrap();
        assert!(
            data.updates
                .iter()
                .map(|it| (it.identity, it.document.as_str()))
                .eq(batch.iter().copied())
        );
    }
    // These would arrive changed if carriage returns were written as they are.
    assert_eq!(with_carriage_return, 95);
}

#[test]
fn writer_and_operation_write_the_same() {
    let mut data = GetUpdateData::decode_response(COMPRESSED).unwrap();
    data.updates[0].document = "<a/>".into();
    for version in [SoapVersion::V1_1, SoapVersion::V1_2] {
        let mut writer = UpdateDataWriter::with_capacity(version, 0);
        let before = writer.len();
        for update in &data.updates {
            writer.push(&update.identity, update.document.as_str(), &update.file_digests).unwrap();
        }
        assert!(writer.len() > before && !writer.is_empty());
        data.file_urls.iter().for_each(|url| writer.push_file_url(url.clone()));
        assert_eq!(
            writer.finish().unwrap(),
            GetUpdateData::encode_response(version, &data).unwrap()
        );
    }
    let error = UpdateDataWriter::new().push(&identity(1), "\u{1}", &[]).unwrap_err();
    assert!(matches!(error, SoapError::Forbidden(_)));
}

#[test]
fn server_reads_each_call_by_its_element() {
    let body = GetUpdateData::encode_request(&GetUpdateDataRequest {
        cookie: cookie(),
        update_ids: vec![identity(4)],
    });
    let body = String::from_utf8(body.unwrap()).unwrap();
    let decode = |body: &str| {
        Request::decode(parse_request(body.as_bytes(), 1 << 20).unwrap(), Uuid::from_u128(1))
    };
    let Request::GetUpdateData(request) = decode(&body).unwrap() else { panic!() };
    assert_eq!(request.update_ids, [identity(4)]);
    assert_eq!(decode(&body).unwrap().action(), GetUpdateData::ACTION);

    let fault = decode(&body.replace("<RevisionNumber>200", "<RevisionNumber>2x")).unwrap_err();
    assert_eq!((&fault.code, fault.message.as_str()), (&ErrorCode::InvalidParameters, "updateIds"));
    assert_eq!((fault.id, fault.method.as_str()), (Uuid::from_u128(1), GetUpdateData::ACTION));
    // None is as good as one that is not valid, and the server says so.
    let without = decode(&body.replace("cookie>", "biscuit>")).unwrap();
    let Request::GetUpdateData(request) = without else { panic!() };
    assert_eq!(request.cookie, Cookie::default());
    let fault = decode(&body.replace("GetUpdateData", "DownloadFiles")).unwrap_err();
    assert_eq!(
        (&fault.code, fault.message.as_str()),
        (&ErrorCode::InvalidParameters, "fileDigestList")
    );
    let fault = decode(&body.replace("GetUpdateData", "GetOther")).unwrap_err();
    assert_eq!(fault.code, ErrorCode::Absent);
    let fault = decode(&body.replace("SoftwareDistribution", "Elsewhere")).unwrap_err();
    assert_eq!(fault.code, ErrorCode::Absent);
}

#[test]
fn absent_empty_and_nil_lists_are_told_apart() {
    let body = |lists: &str| {
        format!(
            "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
             xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\"><s:Body>\
             <p:GetRevisionIdList xmlns:p=\"http://www.microsoft.com/SoftwareDistribution\">\
             <p:filter>{lists}<p:New>1</p:New><p:GetConfig>1</p:GetConfig></p:filter>\
             <p:cookie><p:EncryptedData> AQ ID\n</p:EncryptedData></p:cookie>\
             </p:GetRevisionIdList></s:Body></s:Envelope>"
        )
    };
    let categories = |lists: &str| {
        let request = GetRevisionIdList::decode_request(body(lists).as_bytes()).unwrap();
        assert!(request.filter.get_config);
        assert_eq!(request.cookie.encrypted_data, [1, 2, 3]);
        request.filter.categories
    };
    assert_eq!(categories(""), None);
    assert_eq!(categories("<p:Categories i:nil=\"true\"/>"), None);
    assert_eq!(categories("<p:Categories/>"), Some(Vec::new()));
    let bad = body("<p:Categories><p:IdAndDelta><p:Id>x</p:Id></p:IdAndDelta></p:Categories>");
    let error = GetRevisionIdList::decode_request(bad.as_bytes()).unwrap_err();
    assert!(matches!(error, SoapError::Invalid { element: "filter", .. }), "{error}");
}

#[test]
fn fields_are_bounded_and_can_be_sent_on() {
    for name in ["\u{1}".to_owned(), "x".repeat(9000)] {
        let request = GetAuthorizationCookieRequest {
            account_name: "NAME".to_owned(),
            account_guid: String::new(),
        };
        let body = GetAuthorizationCookie::encode_request(&request).unwrap();
        let body = String::from_utf8(body).unwrap().replace("NAME", &name);
        let error = GetAuthorizationCookie::decode_request(body.as_bytes()).unwrap_err();
        assert!(matches!(error, SoapError::Invalid { element: "accountName", .. }), "{error}");
    }
}

#[test]
fn damaged_blob_names_its_update() {
    let text = std::str::from_utf8(COMPRESSED).unwrap();
    let at = text.find("TVNDRg").unwrap() + 400;
    let other = if &text[at..=at] == "A" { "B" } else { "A" };
    let damaged = [&text[..at], other, &text[at + 1..]].concat();
    let error = GetUpdateData::decode_response(damaged.as_bytes()).unwrap_err();
    let SoapError::Blob { identity, source: BlobError::Cabinet(_) } = error else {
        panic!("{error:?}");
    };
    assert_eq!(identity.to_string(), "266f6222-c89d-43f2-9f8a-69340271e677.200");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_responses_never_panic(
        capture in 0_usize..4,
        flips in proptest::collection::vec((0_usize..16_000, 1_u8..128), 1..4),
    ) {
        let mut bytes = CAPTURES[capture].to_vec();
        for (at, with) in flips {
            let at = at % bytes.len();
            bytes[at] ^= with;
        }
        let _ = GetUpdateData::decode_response(&bytes);
        let _ = GetRevisionIdList::decode_response(&bytes);
    }
}
