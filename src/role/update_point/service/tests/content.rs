//! Files of updates are served as genuine servers do (protocol §1.10).

use reqwest::{Method, Response, StatusCode, header};
use serde_json::json;

use crate::{
    role::update_point::fixture::Place,
    wire::update_content::{ContentName, HashingContent, UpdateContent},
};

const BYTES: &[u8] = b"0123456789";

async fn place() -> (Place, UpdateContent) {
    let place = Place::new(json!({"type": "None"})).await;
    let (sha1, sha256) = HashingContent::of(BYTES);
    let name = ContentName::new(sha1, "update.cab");
    let wanted = UpdateContent { name, sha256: Some(sha256), size: BYTES.len() as u64 };
    place.point.update_files().put(&wanted, BYTES).unwrap();
    (place, wanted)
}

async fn ask(place: &Place, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = reqwest::Client::new().request(method, format!("{}{path}", place.url()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

#[tokio::test]
async fn a_file_is_served_whole_in_parts_and_in_any_case() {
    let (place, wanted) = place().await;
    let path = wanted.name.path();
    let whole = ask(&place, Method::GET, &path.to_lowercase(), &[]).await;
    assert_eq!(whole.status(), StatusCode::OK);
    let told = |name| whole.headers()[name].to_str().unwrap().to_owned();
    let (tag, modified) = (told(header::ETAG), told(header::LAST_MODIFIED));
    assert!(modified.ends_with(" GMT"), "{modified}");
    assert_eq!(whole.bytes().await.unwrap(), BYTES);

    let head = ask(&place, Method::HEAD, &path, &[]).await;
    assert_eq!(
        (head.status(), &head.headers()[header::CONTENT_LENGTH]),
        (StatusCode::OK, &"10".parse().unwrap())
    );
    for unchanged in [&tag, &modified] {
        let headers = [("range", "bytes=4-"), ("if-range", unchanged.as_str())];
        let part = ask(&place, Method::GET, &path, &headers).await;
        assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT, "{unchanged}");
        assert_eq!(part.headers()[header::CONTENT_RANGE], "bytes 4-9/10");
        assert_eq!(part.bytes().await.unwrap(), &BYTES[4..]);
    }
    let same = ask(&place, Method::GET, &path, &[("if-modified-since", &modified)]).await;
    assert_eq!(same.status(), StatusCode::NOT_MODIFIED);
    let behind = ask(&place, Method::GET, &path, &[("range", "bytes=10-")]).await;
    assert_eq!(behind.status(), StatusCode::RANGE_NOT_SATISFIABLE);
}

#[tokio::test]
async fn what_is_not_there_is_refused_as_genuine_servers_do() {
    let (place, wanted) = place().await;
    let (folder, sha1) = (wanted.name.folder(), wanted.name.sha1());
    let other = if folder == "00" { "01" } else { "00" };
    for (path, status) in [
        (format!("/Content/{folder}/{sha1}"), StatusCode::FORBIDDEN),
        (format!("/Content/{other}/{sha1}.cab"), StatusCode::NOT_FOUND),
        (format!("/Content/{folder}/{sha1}.exe"), StatusCode::NOT_FOUND),
        (format!("/Content/incoming/{sha1}.cab"), StatusCode::NOT_FOUND),
        ("/Content/".to_owned(), StatusCode::NOT_FOUND),
    ] {
        let answer = ask(&place, Method::GET, &path, &[]).await;
        assert_eq!(answer.status(), status, "{path}");
    }
    let posted = ask(&place, Method::POST, &wanted.name.path(), &[]).await;
    assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED);
}
