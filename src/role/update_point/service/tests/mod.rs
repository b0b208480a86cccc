//! The services on real sockets, called as downstream servers call them.

mod content;
mod reporting_calls;
mod sync_calls;

use reqwest::StatusCode;

use crate::{
    role::update_point::fixture::{Place, changed, identity, ip},
    store::catalog::PackedDocument,
    wire::{
        content_encoding::ContentEncoding,
        dss_auth::{self, GetAuthorizationCookie, GetAuthorizationCookieRequest},
        server_sync::{
            self, Cookie, Filter, GetAuthConfig, GetAuthConfigRequest, GetConfigData,
            GetConfigDataRequest, GetCookie, GetCookieRequest, GetRevisionIdList,
            GetRevisionIdListRequest, GetUpdateData, GetUpdateDataRequest,
        },
        soap::{ErrorCode, Fault, Operation, SoapError},
    },
};

struct Caller {
    place: Place,
    client: reqwest::Client,
}

impl Caller {
    async fn new(updates: u128) -> Self {
        let place = Place::with_updates(updates).await;
        Self { place, client: reqwest::Client::new() }
    }

    async fn post(&self, path: &str, content_type: &str, body: Vec<u8>) -> reqwest::Response {
        let url = format!("{}{path}", self.place.url());
        self.client.post(url).header("content-type", content_type).body(body).send().await.unwrap()
    }

    async fn call<O: Operation>(&self, request: &O::Request) -> Result<O::Response, Fault> {
        let body = O::encode_request(request).unwrap();
        let response = self.post(O::PATH, "text/xml; charset=utf-8", body).await;
        let status = response.status();
        assert_eq!(response.headers()["content-type"], "text/xml; charset=utf-8");
        match O::decode_response(&response.bytes().await.unwrap()) {
            Ok(answer) => {
                assert_eq!(status, StatusCode::OK);
                Ok(answer)
            }
            Err(SoapError::Fault(fault)) => {
                assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
                Err(*fault)
            }
            Err(error) => panic!("{error}"),
        }
    }

    async fn session(&self) -> Cookie {
        let account = GetAuthorizationCookieRequest {
            account_name: "dss01.example.org".to_owned(),
            account_guid: "ADB2FE48-0b2e-451e-8fc8-44b29845b0c6".to_owned(),
        };
        let authorization = self.call::<GetAuthorizationCookie>(&account).await.unwrap();
        let request = GetCookieRequest {
            auth_cookies: vec![authorization],
            old_cookie: None,
            protocol_version: "1.8".to_owned(),
        };
        self.call::<GetCookie>(&request).await.unwrap()
    }
}

fn parameter(fault: &Fault) -> &str {
    assert_eq!(fault.code, ErrorCode::InvalidParameters);
    &fault.message
}

#[tokio::test]
async fn calls_answer_as_the_protocol_says() {
    let caller = Caller::new(3).await;
    let config = caller.call::<GetAuthConfig>(&GetAuthConfigRequest).await.unwrap();
    assert_eq!(config.auth_info.len(), 1);
    assert_eq!(config.auth_info[0].plug_in_id, "DssTargeting");
    assert_eq!(config.auth_info[0].service_url, "DssAuthWebService/DssAuthWebService.asmx");
    let cookie = caller.session().await;
    let request = GetConfigDataRequest { cookie: cookie.clone(), config_anchor: None };
    let data = caller.call::<GetConfigData>(&request).await.unwrap();
    assert_eq!(data.max_updates_per_request, 100);
    assert_eq!(data.protocol_version.as_deref(), Some("1.20"));
    let request = GetRevisionIdListRequest { cookie: cookie.clone(), filter: Filter::default() };
    let list = caller.call::<GetRevisionIdList>(&request).await.unwrap();
    assert_eq!(list.new_revisions, [1, 2, 3].map(identity));
    let update_ids = vec![identity(3), identity(1)];
    let request = GetUpdateDataRequest { cookie, update_ids: update_ids.clone() };
    let data = caller.call::<GetUpdateData>(&request).await.unwrap();
    let given: Vec<_> = data.updates.iter().map(|it| it.identity).collect();
    assert_eq!(given, update_ids);
    let stored = caller.place.point.catalog().documents(&update_ids).unwrap();
    assert_eq!(data.updates[0].document.as_str(), stored[0].text);
}

#[tokio::test]
async fn batches_are_bounded_and_unknown_updates_named() {
    let caller = Caller::new(101).await;
    let cookie = caller.session().await;
    let ask = async |ids: std::ops::Range<u128>| {
        let update_ids = ids.map(identity).collect();
        caller
            .call::<GetUpdateData>(&GetUpdateDataRequest { cookie: cookie.clone(), update_ids })
            .await
    };
    assert_eq!(ask(1..101).await.unwrap().updates.len(), 100);
    assert_eq!(parameter(&ask(1..102).await.unwrap_err()), "updateIds");
    assert_eq!(parameter(&ask(1..1).await.unwrap_err()), "updateIds");
    let fault = ask(101..103).await.unwrap_err();
    assert_eq!(fault.code, ErrorCode::InternalServerError);
    assert!(fault.message.contains(&identity(102).to_string()), "{fault}");
}

#[tokio::test]
async fn cookies_and_parameters_are_checked() {
    let caller = Caller::new(1).await;
    let cookie = caller.session().await;
    let mut wrong = cookie.clone();
    *wrong.encrypted_data.last_mut().unwrap() ^= 1;
    for cookie in [wrong, Cookie::default()] {
        let request = GetRevisionIdListRequest { cookie, filter: Filter::default() };
        let fault = caller.call::<GetRevisionIdList>(&request).await.unwrap_err();
        assert_eq!(fault.code, ErrorCode::InvalidCookie);
        assert_eq!(fault.method, GetRevisionIdList::ACTION);
    }
    let ask = async |anchor: &str| {
        let filter = Filter { anchor: Some(anchor.to_owned()), ..Filter::default() };
        let request = GetRevisionIdListRequest { cookie: cookie.clone(), filter };
        caller.call::<GetRevisionIdList>(&request).await.unwrap_err()
    };
    assert_eq!(parameter(&ask("garbage").await), "filter");
    assert_eq!(ask("1,2001-01-01 00:00:00.000").await.code, ErrorCode::ServerChanged);
    let nobody = GetAuthorizationCookieRequest::default();
    let fault = caller.call::<GetAuthorizationCookie>(&nobody).await.unwrap_err();
    assert_eq!(fault.code, ErrorCode::InvalidParameters);
}

#[tokio::test]
async fn http_is_as_tolerant_as_iis_and_no_more() {
    let caller = Caller::new(1).await;
    let body = || GetAuthConfig::encode_request(&GetAuthConfigRequest).unwrap();
    let xml = "text/xml; charset=utf-8";
    let shouted = server_sync::PATH.to_ascii_uppercase();
    assert_eq!(caller.post(&shouted, xml, body()).await.status(), 200);
    assert_eq!(caller.post("/", xml, body()).await.status(), 404);
    assert_eq!(caller.post(server_sync::PATH, "application/json", body()).await.status(), 415);
    let url = format!("http://{}:{}{}", ip(), caller.place.port, server_sync::PATH);
    let got = caller.client.get(url).send().await.unwrap();
    assert_eq!(got.status(), 405);
    let large = vec![b' '; (4 << 20) + 1];
    assert_eq!(caller.post(server_sync::PATH, xml, large).await.status(), 413);
    // Each service has its own calls, and garbage gets a fault, too.
    for (path, body) in [(dss_auth::PATH, body()), (server_sync::PATH, b"<garbage".to_vec())] {
        let response = caller.post(path, xml, body).await;
        assert_eq!(response.status(), 500);
        let bytes = response.bytes().await.unwrap();
        let fault = GetAuthConfig::decode_response(&bytes).unwrap_err();
        assert!(fault.fault().is_some(), "{fault}");
    }
}

#[tokio::test]
async fn soap_1_2_is_answered_in_kind() {
    let caller = Caller::new(1).await;
    let body = GetAuthConfig::encode_request(&GetAuthConfigRequest).unwrap();
    let body = String::from_utf8(body).unwrap().replace(
        "http://schemas.xmlsoap.org/soap/envelope/",
        "http://www.w3.org/2003/05/soap-envelope",
    );
    let media_type = "application/soap+xml; charset=utf-8; action=\"x\"";
    let response = caller.post(server_sync::PATH, media_type, body.into_bytes()).await;
    assert_eq!(response.headers()["content-type"], "application/soap+xml; charset=utf-8");
    assert!(GetAuthConfig::decode_response(&response.bytes().await.unwrap()).is_ok());
}

#[tokio::test]
async fn answers_are_packed_for_those_who_accept_it() {
    let caller = Caller::new(90).await;
    let cookie = caller.session().await;
    let update_ids: Vec<_> = (1..=90).map(identity).collect();
    let documents = GetUpdateData::encode_request(&GetUpdateDataRequest { cookie, update_ids });
    let documents = documents.unwrap();
    let short = GetAuthConfig::encode_request(&GetAuthConfigRequest).unwrap();
    let ask = async |accept: &str, body: &[u8]| {
        let url = format!("{}{}", caller.place.url(), server_sync::PATH);
        let request = caller.client.post(url).header("content-type", "text/xml");
        let request = request.header("accept-encoding", accept).body(body.to_vec());
        let response = request.send().await.unwrap();
        let encoding = response.headers().get("content-encoding").cloned();
        assert_eq!(response.headers()["vary"], "Accept-Encoding");
        let length: usize = response.headers()["content-length"].to_str().unwrap().parse().unwrap();
        let bytes = response.bytes().await.unwrap();
        assert_eq!(length, bytes.len());
        (encoding.map(|it| it.to_str().unwrap().to_owned()), bytes)
    };
    let (encoding, plain) = ask("identity", &documents).await;
    assert_eq!(encoding, None);
    for (accept, name) in [("gzip, deflate", "gzip"), ("xpress", "xpress")] {
        let (encoding, packed) = ask(accept, &documents).await;
        assert_eq!(encoding.as_deref(), Some(name));
        assert!(packed.len() * 3 < plain.len(), "{name}: {} of {}", packed.len(), plain.len());
        let encoding = ContentEncoding::of_header(name).unwrap().unwrap();
        assert_eq!(encoding.unpack(&packed, plain.len()).unwrap(), plain);
        // What is short anyway travels as it is.
        assert_eq!(ask(accept, &short).await.0, None);
    }
    assert_eq!(ask("br", &documents).await, (None, plain));
}

#[tokio::test]
async fn older_revisions_and_expired_ones_stay_listed_and_served() {
    let caller = Caller::new(0).await;
    let catalog = caller.place.point.catalog();
    let of = |number: i32, state: &str| {
        changed(7, |text| {
            let text =
                text.replace("RevisionNumber=\"1\"", &format!("RevisionNumber=\"{number}\""));
            text.replace("UpdateType", &format!("PublicationState=\"{state}\" UpdateType"))
        })
    };
    let revisions = [of(100, "Published"), of(200, "Published"), of(201, "Expired")];
    for revision in &revisions {
        catalog.store_batch(std::slice::from_ref(revision), &[], crate::clock::now()).unwrap();
    }
    let cookie = caller.session().await;
    let request = GetRevisionIdListRequest { cookie: cookie.clone(), filter: Filter::default() };
    let listed = caller.call::<GetRevisionIdList>(&request).await.unwrap().new_revisions;
    let numbers: Vec<_> = listed.iter().map(|it| it.revision).collect();
    assert_eq!(numbers, [100, 200, 201]);
    let request = GetUpdateDataRequest { cookie, update_ids: listed };
    let data = caller.call::<GetUpdateData>(&request).await.unwrap();
    let given: Vec<_> = data.updates.iter().map(|it| it.identity.revision).collect();
    assert_eq!(given, numbers);
    for (update, revision) in data.updates.iter().zip(&revisions) {
        assert_eq!(PackedDocument::pack(update.document.as_str()), revision.document);
    }
}
