use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::wire::{
    server_sync::{GetConfigData, GetUpdateData},
    xml::Namespace,
};

const INTERNAL: &[u8] =
    include_bytes!("../../../tests/data/soap/000017.fault.InternalServerError.response.xml");
const INVALID: &[u8] =
    include_bytes!("../../../tests/data/soap/000018.fault.InvalidParameters.response.xml");

fn fault_in(body: &[u8]) -> Fault {
    GetUpdateData::decode_response(body).unwrap_err().fault().unwrap().clone()
}

#[test]
fn captured_faults_are_read() {
    let fault = fault_in(INTERNAL);
    assert_eq!((&fault.code, fault.message.as_str()), (&ErrorCode::InternalServerError, ""));
    assert_eq!(fault.id.to_string(), "b6114a8d-9939-41e0-ad7f-0d9a72260804");
    assert_eq!(fault.method, GetUpdateData::ACTION);
    let fault = fault_in(INVALID);
    assert_eq!((&fault.code, fault.message.as_str()), (&ErrorCode::InvalidParameters, "filter"));
    assert_eq!(fault.reason, "Fault occurred");
    assert_eq!(fault.code.reaction(), Reaction::Stop);
}

#[test]
fn our_faults_look_like_the_captured_ones() {
    let captured = fault_in(INVALID);
    let ours = Fault::new(
        ErrorCode::InvalidParameters,
        "filter",
        captured.id,
        "http://www.microsoft.com/SoftwareDistribution/GetRevisionIdList",
    );
    assert_eq!(ours, captured);
    let text = String::from_utf8(ours.encode(SoapVersion::V1_1)).unwrap();
    let original = std::str::from_utf8(INVALID).unwrap();
    let detail = |it: &str| it[it.find("<detail>").unwrap()..].to_owned();
    assert_eq!(detail(&text), detail(original));
    assert!(text.contains("<faultcode>soap:Client</faultcode>"), "{text}");
}

#[test]
fn faults_read_back_in_both_versions() {
    for version in [SoapVersion::V1_1, SoapVersion::V1_2] {
        let codes = [
            ErrorCode::ServerBusy,
            ErrorCode::Unknown("Surprise<>".to_owned()),
            ErrorCode::InternalServerError,
        ];
        for code in codes {
            let fault = Fault::new(code, "a & \u{1}b", Uuid::from_u128(9), "urn:m");
            let read = fault_in(&fault.encode(version));
            assert_eq!(read, Fault { message: "a & \u{FFFD}b".to_owned(), ..fault });
        }
    }
    let unknown = Fault::for_unknown_operation("DownloadFiles", Uuid::nil());
    let text = String::from_utf8(unknown.encode(SoapVersion::V1_2)).unwrap();
    assert!(text.contains("soap:Sender") && text.contains("</soap:Fault>"), "{text}");
    assert_eq!(fault_in(text.as_bytes()).code, ErrorCode::Absent);
    assert!(unknown.to_string().contains("DownloadFiles"));
}

#[test]
fn every_code_has_its_reaction() {
    for (name, reaction) in [
        ("InvalidParameters", Reaction::Stop),
        ("InvalidCookie", Reaction::Restart),
        ("InvalidAuthorizationCookie", Reaction::Restart),
        ("InternalServerError", Reaction::Stop),
        ("IncompatibleProtocolVersion", Reaction::Stop),
        ("ServerChanged", Reaction::ResetAnchors),
        ("FileDigestsMissing", Reaction::Restart),
        ("ServerBusy", Reaction::BackOff),
        ("TooManyIds", Reaction::Stop),
        ("", Reaction::Stop),
        ("servererror", Reaction::Stop),
    ] {
        let code = ErrorCode::from_name(name);
        assert_eq!((code.as_str(), code.reaction()), (name, reaction));
    }
}

#[test]
fn missing_revisions_are_found_in_the_message() {
    let message = "Requested 3 returned 1 (test content removed: 0). Missing Revisions: \
        266f6222-c89d-43f2-9f8a-69340271e677.200, 56309036-4C77-4DD9-951A-99EE9C246A94.101,junk";
    let fault = Fault::new(ErrorCode::InternalServerError, message, Uuid::nil(), "");
    let missing: Vec<_> = fault.missing_revisions().iter().map(ToString::to_string).collect();
    assert_eq!(
        missing,
        ["266f6222-c89d-43f2-9f8a-69340271e677.200", "56309036-4c77-4dd9-951a-99ee9c246a94.101"]
    );
    assert!(fault_in(INTERNAL).missing_revisions().is_empty());
}

#[test]
fn requests_of_both_versions_and_any_prefix_are_opened() {
    for (namespace, version) in [
        ("http://schemas.xmlsoap.org/soap/envelope/", SoapVersion::V1_1),
        ("http://www.w3.org/2003/05/soap-envelope", SoapVersion::V1_2),
    ] {
        let body = format!(
            "\u{FEFF}<env:Envelope xmlns:env=\"{namespace}\"><env:Header><x/></env:Header>\
             <env:Body><n:GetCookie xmlns:n=\"urn:n\"/></env:Body></env:Envelope>"
        );
        let envelope = parse_request(body.as_bytes(), 1 << 10).unwrap();
        assert_eq!(envelope.version(), version);
        assert_eq!((envelope.namespace(), envelope.name()), ("urn:n", "GetCookie"));
        assert!(!envelope.holds(Namespace::SoftwareDistribution, "GetCookie"));
    }
}

#[test]
fn what_is_no_envelope_is_refused() {
    let soap = "xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"";
    for body in [
        String::new(),
        "<Envelope><Body><a/></Body></Envelope>".to_owned(),
        format!("<s:Envelope {soap}/>"),
        format!("<s:Envelope {soap}><s:Body/></s:Envelope>"),
        format!("<s:Envelope {soap}><s:Header><a/></s:Header></s:Envelope>"),
    ] {
        assert!(parse_request(body.as_bytes(), 1 << 10).is_err(), "{body}");
    }
    assert!(matches!(parse_request(INVALID, 100), Err(SoapError::Xml(_))));
    let cut = &INVALID[..INVALID.len() - 5];
    assert!(GetUpdateData::decode_response(cut).unwrap_err().fault().is_none());
    let other =
        GetConfigData::encode_request(&crate::wire::server_sync::GetConfigDataRequest::default());
    let error = GetUpdateData::decode_request(&other.unwrap()).unwrap_err();
    assert!(matches!(error, SoapError::UnexpectedBody { .. }), "{error}");
}

proptest! {
    #[test]
    fn damaged_faults_never_panic(at in 0_usize..640, with in any::<u8>()) {
        let mut bytes = INTERNAL.to_vec();
        let at = at % bytes.len();
        bytes[at] = with;
        let _ = GetUpdateData::decode_response(&bytes);
    }
}
