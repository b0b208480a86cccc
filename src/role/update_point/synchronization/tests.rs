use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::json;
use uuid::Uuid;

use crate::{
    error_text::with_causes,
    model::UpdateIdentity,
    role::update_point::fixture::{
        EXPORTED, Place, Verdict, category, document, identity, new_revisions, proxy, settings,
        software,
    },
    wire::{
        agent::AgentOutcome,
        server_sync::{
            ConfigData, Filter, GetConfigData, GetRevisionIdList, GetUpdateData, RevisionIdList,
            UpdateData, UpdateDatum,
        },
        soap::{ErrorCode, Fault, Operation, SoapVersion},
    },
};

fn asked(body: &[u8]) -> Vec<UpdateIdentity> {
    GetUpdateData::decode_request(body).unwrap().update_ids
}

fn fault(code: ErrorCode, message: &str) -> Verdict {
    let fault = Fault::new(code, message, Uuid::nil(), GetUpdateData::ACTION);
    Verdict::Answer(500, fault.encode(SoapVersion::V1_1))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_stored_is_never_fetched_again() {
    let top = Place::imported().await;
    let answered = Arc::new(Mutex::new(BTreeMap::<UpdateIdentity, u32>::new()));
    let is_cut = Arc::new(AtomicBool::new(true));
    let (counts, cut) = (Arc::clone(&answered), Arc::clone(&is_cut));
    let filter = Filter { get_config: true, ..Filter::default() };
    let listed = top.point.catalog().revision_list(&filter).unwrap().revisions;
    let early: BTreeSet<_> = listed.into_iter().take(1_000).collect();
    let (_proxy, url) = proxy(top.url(), move |call, body| {
        if call == "GetUpdateData" {
            let asked = asked(body);
            if cut.load(Ordering::Relaxed) && !asked.iter().all(|it| early.contains(it)) {
                return Verdict::Silence;
            }
            let mut counts = counts.lock().unwrap();
            for identity in asked {
                *counts.entry(identity).or_default() += 1;
            }
        }
        Verdict::Pass
    })
    .await;
    let child = Place::below(&url).await;
    let point = child.point.clone();
    let cut_off =
        tokio::spawn(async move { point.synchronize(&crate::role::Reporter::silent()).await });
    while child.count() < 1_000 {
        tokio::task::yield_now().await;
    }
    cut_off.abort();
    assert!(cut_off.await.unwrap_err().is_cancelled());
    is_cut.store(false, Ordering::Relaxed);
    assert_eq!(new_revisions(&child.synchronize().await.unwrap()), EXPORTED - 1_000);
    let counts = answered.lock().unwrap();
    assert_eq!(counts.len() as u64, EXPORTED);
    assert!(counts.values().all(|count| *count == 1));
    let version = top.point.catalog().version().unwrap();
    assert_eq!(child.point.catalog().version().unwrap(), version);
}

#[tokio::test]
async fn failures_name_the_upstream_server() {
    let child = Place::below("http://127.0.0.1:1").await;
    let error = with_causes(&child.synchronize().await.unwrap_err());
    assert!(error.contains("http://127.0.0.1:1: "), "{error}");
    assert!(error.contains("did not answer GetAuthConfig"), "{error}");
    let (_proxy, url) = proxy(String::new(), |_, _| Verdict::Answer(404, Vec::new())).await;
    child.configure(json!({"type": "UpstreamServer", "url": url})).await.unwrap();
    let error = with_causes(&child.synchronize().await.unwrap_err());
    assert!(error.contains(&url) && error.contains("status 404"), "{error}");
    for (source, says) in [
        (json!({"type": "UpstreamServer", "url": "https://127.0.0.1:1"}), "did not answer"),
        (json!({"type": "UpstreamServer", "url": "nonsense"}), "`nonsense` is not the address"),
        (json!({"type": "UpstreamServer"}), "was told no address"),
        (json!({"type": "None"}), "import its export file"),
        (json!({"type": "Import", "file": "/export.cab"}), "import its export file"),
    ] {
        child.configure(source).await.unwrap();
        let error = with_causes(&child.synchronize().await.unwrap_err());
        assert!(error.contains(says), "{error}");
    }
    assert_eq!(child.point.catalog().last_synchronization().unwrap(), None);
}

#[tokio::test]
async fn a_batch_that_is_too_much_is_halved() {
    let top = Place::with_updates(250).await;
    let (_proxy, url) = proxy(top.url(), |call, body| {
        if call == "GetUpdateData" && asked(body).len() > 30 {
            return fault(ErrorCode::InternalServerError, "");
        }
        Verdict::Pass
    })
    .await;
    let child = Place::below(&url).await;
    assert_eq!(new_revisions(&child.synchronize().await.unwrap()), 250);
    let page = child.point.page(0).await.unwrap();
    let order: Vec<_> = page.revisions.iter().map(|it| it.identity).collect();
    assert_eq!(order, (1..=250).map(identity).collect::<Vec<_>>());
}

#[tokio::test]
async fn updates_that_the_server_withdrew_are_left_out() {
    let top = Place::with_updates(5).await;
    let missing = format!("Requested 5 returned 4. Missing Revisions: {}", identity(3));
    let (_proxy, url) = proxy(top.url(), move |call, body| {
        if call == "GetUpdateData" && asked(body).contains(&identity(3)) {
            return fault(ErrorCode::InternalServerError, &missing);
        }
        Verdict::Pass
    })
    .await;
    let child = Place::below(&url).await;
    assert_eq!(new_revisions(&child.synchronize().await.unwrap()), 4);
}

/// What is set aside at a point, each with its reason.
fn set_aside(place: &Place) -> Vec<(UpdateIdentity, String)> {
    let all = place.point.catalog().set_aside_updates(10).unwrap();
    all.into_iter().map(|it| (it.identity, it.reason)).collect()
}

#[tokio::test]
async fn updates_that_cannot_be_had_are_set_aside_and_asked_for_again() {
    let top = Place::with_updates(7).await;
    let withheld = AtomicBool::new(true);
    let withheld: &'static AtomicBool = Box::leak(Box::new(withheld));
    let (_proxy, url) = proxy(top.url(), move |call, body| {
        if call != "GetUpdateData" || !withheld.load(Ordering::Relaxed) {
            return Verdict::Pass;
        }
        let asked = asked(body);
        if asked.contains(&identity(3)) {
            return fault(ErrorCode::InternalServerError, "");
        }
        if asked.contains(&identity(5)) {
            return Verdict::Answer(200, b"<html>no answer</html>".to_vec());
        }
        Verdict::Pass
    })
    .await;
    let child = Place::below(&url).await;
    let outcome = child.synchronize().await.unwrap();
    assert!(
        matches!(outcome, AgentOutcome::Synchronized { new_revisions: 5, set_aside: 2, .. }),
        "{outcome:?}"
    );
    let aside = set_aside(&child);
    assert_eq!(aside.iter().map(|it| it.0).collect::<Vec<_>>(), [identity(3), identity(5)]);
    assert!(aside[0].1.contains("InternalServerError"), "{aside:?}");
    assert!(aside[1].1.contains("not understood"), "{aside:?}");
    // The list is not fetched again, but they are.
    let run = child.point.synchronizations().await.unwrap().unwrap().runs.remove(0);
    assert_eq!((run.counts.new, run.counts.set_aside, run.failed), (5, 2, None));
    assert_eq!(new_revisions(&child.synchronize().await.unwrap()), 0);
    withheld.store(false, Ordering::Relaxed);
    assert_eq!(new_revisions(&child.synchronize().await.unwrap()), 2);
    assert_eq!(set_aside(&child), []);
    let versions = [&top, &child].map(|it| it.point.catalog().version().unwrap());
    assert_eq!(versions[0], versions[1]);
}

#[tokio::test]
async fn a_document_that_cannot_be_stored_does_not_stop_the_others() {
    let top = Place::with_updates(5).await;
    let (_proxy, url) = proxy(top.url(), |call, body| {
        if call != "GetUpdateData" {
            return Verdict::Pass;
        }
        let mut data = UpdateData::default();
        for identity in asked(body) {
            let document = match identity.update_id.as_u128() {
                2 => "<no update/>".to_owned(),
                4 => document(5, "Software", "that of another", ""),
                number => document(number, "Software", "as it should be", ""),
            };
            let document = document.as_str().into();
            data.updates.push(UpdateDatum { identity, document, file_digests: Vec::new() });
        }
        Verdict::Answer(200, GetUpdateData::encode_response(SoapVersion::V1_1, &data).unwrap())
    })
    .await;
    let child = Place::below(&url).await;
    assert_eq!(new_revisions(&child.synchronize().await.unwrap()), 3);
    let aside = set_aside(&child);
    assert!(aside[0].1.contains("cannot be stored"), "{aside:?}");
    assert!(aside[1].1.contains("gave the document of"), "{aside:?}");
}

#[tokio::test]
async fn a_server_that_fails_at_everything_is_not_believed() {
    let top = Place::with_updates(1_101).await;
    let (_proxy, url) = proxy(top.url(), |call, _| match call {
        "GetUpdateData" => fault(ErrorCode::InternalServerError, ""),
        _ => Verdict::Pass,
    })
    .await;
    let child = Place::below(&url).await;
    let error = with_causes(&child.synchronize().await.unwrap_err());
    assert!(error.contains("more than 1000 updates that cannot be stored"), "{error}");
    assert_eq!(child.point.catalog().last_synchronization().unwrap(), None);
    let run = child.point.synchronizations().await.unwrap().unwrap().runs.remove(0);
    assert!(run.failed.unwrap().contains("more than 1000 updates"));
}

#[tokio::test]
async fn a_server_that_is_busy_is_asked_again() {
    let top = Place::with_updates(3).await;
    let calls: &'static Mutex<BTreeMap<String, u32>> = Box::leak(Box::default());
    let (_proxy, url) = proxy(top.url(), move |call, _| {
        let mut calls = calls.lock().unwrap();
        let count = calls.entry(call.to_owned()).or_default();
        *count += 1;
        match (call, *count) {
            ("GetAuthConfig" | "GetUpdateData", 1..=2) => Verdict::Answer(503, Vec::new()),
            ("GetUpdateData", 3) => fault(ErrorCode::ServerBusy, ""),
            _ => Verdict::Pass,
        }
    })
    .await;
    let child = Place::below(&url).await;
    assert_eq!(new_revisions(&child.synchronize().await.unwrap()), 3);
    assert_eq!(calls.lock().unwrap()["GetUpdateData"], 4);
    assert_eq!(calls.lock().unwrap()["GetAuthConfig"], 3);
}

#[tokio::test]
async fn a_server_that_stays_busy_is_an_error() {
    let top = Place::with_updates(3).await;
    let (_proxy, url) = proxy(top.url(), |call, _| match call {
        "GetUpdateData" => Verdict::Answer(503, Vec::new()),
        _ => Verdict::Pass,
    })
    .await;
    let child = Place::below(&url).await;
    let error = with_causes(&child.synchronize().await.unwrap_err());
    assert!(error.contains("is busy: it answered GetUpdateData with HTTP status 503"), "{error}");
}

#[tokio::test]
async fn an_expired_session_begins_again_and_goes_on() {
    let top = Place::with_updates(950).await;
    let sessions = Mutex::new(BTreeMap::<Vec<u8>, u32>::new());
    let (_proxy, url) = proxy(top.url(), move |call, body| {
        if call == "GetUpdateData" {
            // A session is good for three batches.
            let session = GetUpdateData::decode_request(body).unwrap().cookie.encrypted_data;
            let mut sessions = sessions.lock().unwrap();
            let used = sessions.entry(session).or_default();
            *used += 1;
            if *used > 3 {
                return fault(ErrorCode::InvalidCookie, "");
            }
        }
        Verdict::Pass
    })
    .await;
    let child = Place::below(&url).await;
    assert_eq!(new_revisions(&child.synchronize().await.unwrap()), 950);
}

#[tokio::test]
async fn a_session_that_never_holds_is_an_error() {
    let top = Place::with_updates(3).await;
    let (_proxy, url) = proxy(top.url(), |call, _| match call {
        "GetUpdateData" => fault(ErrorCode::InvalidCookie, ""),
        _ => Verdict::Pass,
    })
    .await;
    let child = Place::below(&url).await;
    let error = with_causes(&child.synchronize().await.unwrap_err());
    assert!(error.contains("refused GetUpdateData: InvalidCookie"), "{error}");
}

#[tokio::test]
async fn a_server_that_was_made_anew_is_listed_from_the_beginning() {
    let one = Place::with_updates(3).await;
    let child = Place::below(&one.url()).await;
    assert_eq!(new_revisions(&child.synchronize().await.unwrap()), 3);
    one.point.close().await;
    let mut two = Place::with_updates(5).await;
    two.port = one.port;
    two.configure(json!({"type": "None"})).await.unwrap();
    assert_eq!(new_revisions(&child.synchronize().await.unwrap()), 2);
}

#[tokio::test]
async fn selections_become_filters() {
    let top = Place::new(json!({"type": "None"})).await;
    let catalog = top.point.catalog();
    let offered = [
        category(100, "Product", "Windows 11"),
        category(101, "Product", "Office"),
        category(200, "UpdateClassification", "Security Updates"),
        software(1, &[100, 200]),
        software(2, &[101, 200]),
    ];
    catalog.store_batch(&offered, &[], crate::clock::now()).unwrap();
    let child = Place::new(json!({"type": "None"})).await;
    let select = async |products: &[&str]| {
        let source = json!({"type": "UpstreamServer", "url": top.url()});
        let mut settings = settings(child.port, &source);
        settings.products = products.iter().map(|it| (*it).to_owned()).collect();
        child.point.configure("cen-sup".parse().unwrap(), settings).await.unwrap();
        child.synchronize().await
    };
    assert_eq!(new_revisions(&select(&["windows 11"]).await.unwrap()), 4);
    assert_eq!(new_revisions(&select(&["Windows 11"]).await.unwrap()), 0);
    let office = Uuid::from_u128(101).to_string();
    assert_eq!(new_revisions(&select(&["Windows 11", &office]).await.unwrap()), 1);
    let error = with_causes(&select(&["Windows 12"]).await.unwrap_err());
    assert!(error.contains("no product `Windows 12`"), "{error}");
    assert_eq!(new_revisions(&select(&[]).await.unwrap()), 0);
}

/// What a real server was recorded to answer: compressed and plain documents, with files.
const RECORDED: [(&str, &[u8]); 4] = [
    (
        "a2fef9b0-7951-4c2c-a42b-9e351dd1c1fe",
        include_bytes!("../../../../tests/data/soap/000013.GetUpdateData.response.xml"),
    ),
    (
        "266f6222-c89d-43f2-9f8a-69340271e677",
        include_bytes!("../../../../tests/data/soap/000014.GetUpdateData.response.xml"),
    ),
    (
        "ccb78947-6453-4ecc-9de8-bc0305c98f2d",
        include_bytes!("../../../../tests/data/soap/000015.GetUpdateData.response.xml"),
    ),
    (
        "56309036-4c77-4dd9-951a-99ee9c246a94",
        include_bytes!("../../../../tests/data/soap/000016.GetUpdateData.response.xml"),
    ),
];

#[tokio::test]
async fn recorded_answers_of_a_real_server_are_stored() {
    let top = Place::with_updates(0).await;
    let revision = |id: &str| UpdateIdentity {
        update_id: id.parse().unwrap(),
        revision: if id.starts_with("5630") { 101 } else { 200 },
    };
    let answer = |bytes: Vec<u8>| Verdict::Answer(200, bytes);
    let (_proxy, url) = proxy(top.url(), move |call, body| match call {
        "GetConfigData" => {
            let data = ConfigData { max_updates_per_request: 1, ..ConfigData::default() };
            answer(GetConfigData::encode_response(SoapVersion::V1_1, &data).unwrap())
        }
        "GetRevisionIdList" => {
            let new_revisions = RECORDED.iter().map(|(id, _)| revision(id)).collect();
            let list = RevisionIdList { anchor: Some("opaque".to_owned()), new_revisions };
            answer(GetRevisionIdList::encode_response(SoapVersion::V1_1, &list).unwrap())
        }
        "GetUpdateData" => {
            let wanted = asked(body)[0].update_id.to_string();
            let found = RECORDED.iter().find(|(id, _)| *id == wanted).unwrap();
            answer(found.1.to_vec())
        }
        _ => Verdict::Pass,
    })
    .await;
    let child = Place::below(&url).await;
    assert_eq!(new_revisions(&child.synchronize().await.unwrap()), 4);
    let stored = child.point.catalog().documents(&[revision(RECORDED[1].0)]).unwrap();
    assert_eq!(stored[0].file_digests.len(), 1);
    let locations = child.point.catalog().locations(&stored[0].file_digests).unwrap();
    assert!(locations[0].publisher_url.starts_with("http://download.windowsupdate.com/"));
}

/// A list of more than one piece is sent as it is read, and is whole.
#[tokio::test]
async fn long_lists_come_whole() {
    let many = 2 * u128::from(crate::store::catalog::PIECE) + 3;
    let top = Place::with_updates(many).await;
    let child = Place::below(&top.url()).await;
    let known: Vec<_> =
        (1..=many).filter(|it| *it % 7_000 != 0).map(|it| software(it, &[])).collect();
    child.point.catalog().store_batch(&known, &[], crate::clock::now()).unwrap();
    assert_eq!(new_revisions(&child.synchronize().await.unwrap()), 2);
    let versions = [&top, &child].map(|it| it.point.catalog().version().unwrap());
    assert_eq!(versions[0], versions[1]);
}
