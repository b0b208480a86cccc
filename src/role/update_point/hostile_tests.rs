//! Upstream and downstream servers that mean harm, or are broken beyond it: what they send is refused
//! with its reason, stops nothing else, and leaves nothing behind.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read, Write},
    net::TcpListener,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use jiff::SignedDuration;

use super::fixture::{
    Place, Verdict, document, identity, ip, new_revisions, proxy, software, software_document,
};
use crate::{
    clock,
    error_text::with_causes,
    model::UpdateIdentity,
    store::catalog::Catalog,
    wire::{
        agent::AgentOutcome,
        server_sync::{
            self, GetAuthConfig, GetAuthConfigRequest, GetRevisionIdList, GetUpdateData,
            RevisionIdList, UpdateData, UpdateDatum,
        },
        soap::{Operation, SoapVersion},
    },
};

const BOMB: &str = "<!DOCTYPE lolz [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">\
     <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;\">]>";

/// Elements in elements, more than a stack has room for if anything recurses.
fn deep() -> String {
    "<a>".repeat(200_000) + &"</a>".repeat(200_000)
}

fn asked(body: &[u8]) -> Vec<UpdateIdentity> {
    GetUpdateData::decode_request(body).unwrap().update_ids
}

fn datum(identity: UpdateIdentity, document: &str) -> UpdateDatum {
    UpdateDatum { identity, document: document.into(), file_digests: Vec::new() }
}

fn gives(updates: Vec<UpdateDatum>) -> Verdict {
    let data = UpdateData { updates, ..UpdateData::default() };
    Verdict::Answer(200, GetUpdateData::encode_response(SoapVersion::V1_1, &data).unwrap())
}

/// The documents that an upstream server gives for its updates, and words of the reason why each is
/// set aside.
fn harmful() -> BTreeMap<u128, (String, &'static str)> {
    let good = |number| document(number, "Software", "as it should be", "");
    let with = |number, inside: &str| document(number, "Software", "harmful", inside);
    BTreeMap::from([
        (1, (BOMB.to_owned() + &good(1), "document type declarations are refused")),
        (2, (with(2, &deep()), "nested deeper")),
        (3, (with(3, "<u:Files>&b;</u:Files>"), "is not one of the five")),
        (
            4,
            (
                "<?xml version=\"1.0\" encoding=\"windows-1252\"?>".to_owned() + &good(4),
                "only UTF-8",
            ),
        ),
        (5, (good(99), "gave the document of")),
        (6, (good(6).trim_end_matches("</u:Update>").to_owned(), "ends inside")),
        (7, (good(7) + &good(7), "cannot be stored")),
        (8, (String::new(), "does not give it")),
    ])
}

#[tokio::test]
async fn harmful_documents_are_set_aside_and_the_others_come() {
    let top = Place::with_updates(10).await;
    let harms: &'static AtomicBool = Box::leak(Box::new(AtomicBool::new(true)));
    let (_proxy, url) = proxy(top.url(), |call, body| {
        if call != "GetUpdateData" || !harms.load(Ordering::Relaxed) {
            return Verdict::Pass;
        }
        let harmful = harmful();
        let mut given = Vec::new();
        for identity in asked(body) {
            match harmful.get(&identity.update_id.as_u128()) {
                // What nobody has asked for, in its place.
                Some((text, _)) if text.is_empty() => {
                    given.push(datum(super::fixture::identity(77), &software_document(77, &[])));
                }
                Some((text, _)) => given.push(datum(identity, text)),
                // Its prerequisite is nowhere.
                None => given.push(datum(
                    identity,
                    &software_document(identity.update_id.as_u128(), &[555]),
                )),
            }
        }
        gives(given)
    })
    .await;
    let child = Place::below(&url).await;
    let outcome = child.synchronize().await.unwrap();
    assert!(
        matches!(outcome, AgentOutcome::Synchronized { new_revisions: 2, set_aside: 8, .. }),
        "{outcome:?}"
    );
    for aside in child.point.catalog().set_aside_updates(10).unwrap() {
        let (_, why) = harmful()[&aside.identity.update_id.as_u128()].clone();
        assert!(aside.reason.contains(why), "{}: {}", aside.identity, aside.reason);
    }
    let known = |numbers: &[u128]| {
        let identities: Vec<_> = numbers.iter().map(|it| identity(*it)).collect();
        child.point.catalog().known(&identities).unwrap()
    };
    assert_eq!(known(&[5, 9, 10, 77, 99]), [false, true, true, false, false]);
    harms.store(false, Ordering::Relaxed);
    assert_eq!(new_revisions(&child.synchronize().await.unwrap()), 8);
    assert_eq!(child.point.catalog().count_set_aside().unwrap(), 0);
}

#[tokio::test]
async fn what_is_listed_or_given_twice_is_stored_once() {
    let top = Place::with_updates(3).await;
    let times: &'static Mutex<BTreeMap<UpdateIdentity, u32>> = Box::leak(Box::default());
    let (_proxy, url) = proxy(top.url(), |call, body| match call {
        "GetRevisionIdList" => {
            let list = RevisionIdList {
                anchor: Some("opaque".to_owned()),
                new_revisions: [1, 2, 1, 3, 3, 2].map(identity).to_vec(),
            };
            let list = GetRevisionIdList::encode_response(SoapVersion::V1_1, &list);
            Verdict::Answer(200, list.unwrap())
        }
        "GetUpdateData" => {
            let mut times = times.lock().unwrap();
            let mut given = Vec::new();
            for identity in asked(body) {
                *times.entry(identity).or_default() += 1;
                let text = software_document(identity.update_id.as_u128(), &[]);
                given.extend([datum(identity, &text), datum(identity, &text)]);
            }
            gives(given)
        }
        _ => Verdict::Pass,
    })
    .await;
    let child = Place::below(&url).await;
    assert_eq!(new_revisions(&child.synchronize().await.unwrap()), 3);
    assert_eq!(child.count(), 3);
    assert_eq!(times.lock().unwrap().values().copied().collect::<Vec<_>>(), [1, 1, 1]);
    let versions = [&top, &child].map(|it| it.point.catalog().version().unwrap());
    assert_eq!(versions[0], versions[1]);
}

/// Messages that no server of good will sends, as they come instead of a right one.
fn harmful_messages(right: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let text = std::str::from_utf8(right).unwrap();
    let body = text.find("Body>").unwrap() + "Body>".len();
    let with = |inside: &str| [&text[..body], inside, &text[body..]].concat().into_bytes();
    let start = text.find('<').unwrap();
    let declared =
        text.find("utf-8").map(|at| text[..at].to_owned() + "windows-1252" + &text[at + 5..]);
    let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let root = text.find("?>").map_or(start, |at| at + 2);
    vec![
        ("a bomb", [&text[..root], BOMB, &text[root..]].concat().into_bytes()),
        ("an entity", with("&d;")),
        ("depth", with(&deep())),
        ("another encoding", utf_16),
        ("another declaration", declared.unwrap_or_default().into_bytes()),
        ("no UTF-8", [right, b"\xC3\x28"].concat()),
        ("half of it", right[..right.len() / 2].to_vec()),
        ("more behind it", [right, right].concat()),
        ("nothing", Vec::new()),
    ]
}

#[tokio::test]
async fn harmful_answers_are_errors_that_name_the_server_and_leave_nothing() {
    let top = Place::with_updates(2).await;
    let list = RevisionIdList { anchor: Some("1".to_owned()), new_revisions: vec![identity(1)] };
    let list = GetRevisionIdList::encode_response(SoapVersion::V1_1, &list).unwrap();
    for (what, answer) in harmful_messages(&list) {
        let (_proxy, url) = proxy(top.url(), move |call, _| match call {
            "GetRevisionIdList" => Verdict::Answer(200, answer.clone()),
            _ => Verdict::Pass,
        })
        .await;
        let child = Place::below(&url).await;
        let error = with_causes(&child.synchronize().await.expect_err(what));
        assert!(error.contains(&url) && error.contains("not understood"), "{what}: {error}");
        assert_eq!(child.count(), 0, "{what}");
        assert_eq!(child.point.catalog().last_synchronization().unwrap(), None, "{what}");
    }
}

/// A server that gives the same answer to everything, byte for byte, and closes.
fn says(answer: Vec<u8>) -> String {
    let listener = TcpListener::bind((ip(), 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok).take(8) {
            let _ = stream.read(&mut [0; 16 << 10]);
            let _ = stream.write_all(&answer);
        }
    });
    url
}

#[tokio::test]
async fn lengths_that_are_wrong_are_errors_and_cost_nothing() {
    let body =
        GetAuthConfig::encode_response(SoapVersion::V1_1, &server_sync::AuthConfig::default());
    let body = body.unwrap();
    let head = |line: String| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n{line}\r\n\r\n");
        [head.into_bytes(), body.clone()].concat()
    };
    let length = |length: usize| head(format!("Content-Length: {length}"));
    for (answer, why) in [
        (length(1 << 40), "with more than 268435456 bytes"),
        (length(body.len() + 10), "did not answer GetAuthConfig"),
        (length(body.len() - 10), "not understood"),
        (head("Content-Length: -1".to_owned()), "did not answer GetAuthConfig"),
        (head("Content-Length: 1\r\nContent-Length: 2".to_owned()), "did not answer GetAuthConfig"),
        (head("Transfer-Encoding: chunked\r\n\r\nffffffffffffffff".to_owned()), "did not answer"),
        (head(format!("X: {}", "x".repeat(1 << 20))), "did not answer GetAuthConfig"),
    ] {
        let url = says(answer);
        let child = Place::below(&url).await;
        let error = with_causes(&child.synchronize().await.expect_err(why));
        assert!(error.contains(&url) && error.contains(why), "{why}: {error}");
        assert_eq!(child.count(), 0);
    }
}

#[tokio::test]
async fn harmful_requests_get_a_fault_and_the_next_caller_an_answer() {
    let place = Place::with_updates(1).await;
    let client = reqwest::Client::new();
    let url = format!("{}{}", place.url(), server_sync::PATH);
    let ask = async |body: Vec<u8>| {
        let request = client.post(&url).header("content-type", "text/xml; charset=utf-8");
        let response = request.body(body).send().await.unwrap();
        (response.status().as_u16(), response.bytes().await.unwrap())
    };
    let right = GetAuthConfig::encode_request(&GetAuthConfigRequest).unwrap();
    for (what, body) in harmful_messages(&right) {
        let (status, answer) = ask(body).await;
        assert_eq!(status, 500, "{what}");
        let error = GetAuthConfig::decode_response(&answer).unwrap_err();
        assert!(error.fault().is_some(), "{what}: {error}");
        assert_eq!(ask(right.clone()).await.0, 200, "after {what}");
    }
}

/// The numbers of the updates that a catalog holds.
fn held(catalog: &Arc<Catalog>) -> BTreeSet<u128> {
    let page = catalog.page(0).unwrap().revisions;
    page.iter().map(|it| it.identity.update_id.as_u128()).collect()
}

#[tokio::test]
async fn clocks_that_jump_lose_nothing() {
    let top = Place::with_updates(1).await;
    let child = Place::below(&top.url()).await;
    let years = |years: i64| clock::now() + SignedDuration::from_hours(24 * 365 * years);
    // What is stored at times like these comes with the next synchronization, each time.
    for (number, at) in [(2, 0), (3, 30), (4, -20), (5, 0), (6, -40), (7, 31)] {
        assert_eq!(new_revisions(&child.synchronize().await.unwrap()), 1, "before {number}");
        top.point.catalog().store_batch(&[software(number, &[])], &[], years(at)).unwrap();
    }
    assert_eq!(new_revisions(&child.synchronize().await.unwrap()), 1);
    assert_eq!(new_revisions(&child.synchronize().await.unwrap()), 0);
    assert_eq!(held(child.point.catalog()), (1..=7).collect());
}
