//! Files of updates come from upstream servers and publishers: real servers on loopback addresses.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Body, extract::Request, response::IntoResponse};
use bytes::Bytes;
use futures::StreamExt;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    model::{UpdateContentState, UpdatePointSettings},
    net::OpenPort,
    role::update_point::{
        UpdatePoint,
        fixture::{Place, ip, open, settings, update_with_file as update},
    },
    store::catalog::{FileLocation, NewRevision},
    wire::update_content::{HashingContent, UpdateContent},
};

/// How long is waited for what happens by itself.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes of which every part is another one.
fn bytes(seed: u8, length: usize) -> Vec<u8> {
    let low = |number: usize| u8::try_from(number % 251).unwrap();
    (0..length).map(|at| low(at) ^ low(at / 251) ^ seed).collect()
}

fn content(update: &NewRevision) -> UpdateContent {
    UpdateContent::of(&update.index.files[0]).unwrap()
}

fn storing(port: u16, source: &Value, store: &str) -> UpdatePointSettings {
    let mut settings = settings(port, source);
    settings.content = serde_json::from_value(json!({"store": store})).unwrap();
    settings
}

/// A point that has these updates, and their files from a publisher.
async fn point(source: Value, store: &str) -> Place {
    let place = Place::new(source.clone()).await;
    place.configure_as(storing(place.port, &source, store)).await.unwrap();
    place
}

fn offer(place: &Place, updates: &[NewRevision], publisher: Option<&Publisher>) {
    let location = |update: &NewRevision| {
        let digest = update.file_digests[0].clone();
        publisher.map(|it| FileLocation { publisher_url: it.url(&content(update)), digest })
    };
    let locations: Vec<_> = updates.iter().filter_map(location).collect();
    place.point.catalog().store_batch(updates, &locations, crate::clock::now()).unwrap();
    place.point.0.fetching.wake();
}

/// Waits until something is so.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("never {what}"));
}

async fn until_held(point: &UpdatePoint, update: &NewRevision) {
    let wanted = content(update);
    until("held", async || point.update_files().has(&wanted)).await;
}

async fn told(point: &UpdatePoint) -> UpdateContentState {
    point.state().await.unwrap().unwrap().content.unwrap_or_default()
}

/// A web server of a publisher, which notes the ranges that it is asked for.
struct Publisher {
    port: OpenPort,
    asked: Arc<Mutex<Vec<Option<String>>>>,
    /// Bytes after which an answer stops and never ends, if it does.
    stops_after: Arc<Mutex<Option<usize>>>,
}

impl Publisher {
    async fn new(files: &[Vec<u8>]) -> Self {
        let asked = Arc::<Mutex<Vec<Option<String>>>>::default();
        let stops_after = Arc::<Mutex<Option<usize>>>::default();
        let of: Vec<_> = files.iter().map(|it| (HashingContent::of(it).0, it.clone())).collect();
        let (note, stops) = (Arc::clone(&asked), Arc::clone(&stops_after));
        let serve = move |request: Request| {
            let range = request.headers().get("range").map(|it| it.to_str().unwrap().to_owned());
            note.lock().unwrap().push(range.clone());
            let stops = *stops.lock().unwrap();
            let found =
                of.iter().find(|(sha1, _)| request.uri().path().contains(&sha1.to_string()));
            let answer = match found {
                None => StatusCode::NOT_FOUND.into_response(),
                Some((_, bytes)) => served(bytes, range.as_deref(), stops),
            };
            std::future::ready(answer)
        };
        let port = OpenPort::open(ip(), 0, Router::new().fallback(serve)).await.unwrap();
        Self { port, asked, stops_after }
    }

    fn url(&self, content: &UpdateContent) -> String {
        format!("http://{}/x/{}", self.port.address(), content.name)
    }

    fn asked(&self) -> Vec<Option<String>> {
        self.asked.lock().unwrap().clone()
    }
}

fn served(bytes: &[u8], range: Option<&str>, stops: Option<usize>) -> axum::response::Response {
    let from = range.map_or(0, |it| it["bytes=".len()..it.len() - 1].parse().unwrap());
    let rest = Bytes::copy_from_slice(&bytes[from..]);
    let length = rest.len();
    let body = match stops {
        None => Body::from(rest),
        Some(stops) => {
            let part = futures::stream::iter([Ok::<_, std::io::Error>(rest.slice(..stops))]);
            Body::from_stream(part.chain(futures::stream::pending()))
        }
    };
    let response = axum::response::Response::builder().header("content-length", length);
    let response = match range {
        None => response.status(StatusCode::OK),
        Some(_) => response
            .status(StatusCode::PARTIAL_CONTENT)
            .header("content-range", format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len())),
    };
    response.body(body).unwrap()
}

#[tokio::test]
async fn files_of_a_child_come_from_its_parent() {
    let files = [bytes(1, 3 << 20), bytes(2, 10)];
    let updates = [update(1, &files[0]), update(2, &files[1])];
    let parent = point(json!({"type": "None"}), "Selected").await;
    offer(&parent, &updates, None);
    for (update, file) in updates.iter().zip(&files) {
        parent.point.update_files().put(&content(update), &file[..]).unwrap();
    }
    let child = point(json!({"type": "ParentSite", "url": parent.url()}), "Selected").await;
    child.synchronize().await.unwrap();
    for (update, file) in updates.iter().zip(&files) {
        until_held(&child.point, update).await;
        let path = child.point.update_files().path(content(update).name.sha1()).unwrap();
        assert!(std::fs::read(path).unwrap() == *file);
    }
    until("told", async || told(&child.point).await.missing == 0).await;
    let state = told(&child.point).await;
    assert_eq!((state.held, state.held_bytes, state.failed), (2, (3 << 20) + 10, 0));
}

#[tokio::test]
async fn a_download_that_was_killed_goes_on_where_it_was() {
    let file = bytes(3, 1 << 20);
    let update = update(1, &file);
    let publisher = Publisher::new(std::slice::from_ref(&file)).await;
    *publisher.stops_after.lock().unwrap() = Some(600_000);
    let place = point(json!({"type": "None"}), "Selected").await;
    offer(&place, std::slice::from_ref(&update), Some(&publisher));
    let sha1 = content(&update).name.sha1();
    let files = place.point.update_files().clone();
    until("begun", async || files.begun(sha1) == 600_000).await;
    let Place { directory, point, .. } = place;
    point.close().await;
    drop(point);
    *publisher.stops_after.lock().unwrap() = None;
    let point = open(directory.path().to_owned()).await;
    until_held(&point, &update).await;
    let ranges = publisher.asked();
    assert_eq!(ranges, [None, Some("bytes=600000-".to_owned())], "{ranges:?}");
    let path = point.update_files().path(sha1).unwrap();
    assert!(std::fs::read(path).unwrap() == file);
}

#[tokio::test]
async fn a_wrong_byte_is_refused_and_named() {
    let (file, other) = (bytes(4, 5_000), bytes(5, 5_000));
    let updates = [update(1, &file), update(2, &other)];
    let parent = point(json!({"type": "None"}), "Selected").await;
    offer(&parent, &updates, None);
    for (update, file) in updates.iter().zip([&file, &other]) {
        parent.point.update_files().put(&content(update), &file[..]).unwrap();
    }
    let spoilt = parent.point.update_files().path(content(&updates[0]).name.sha1()).unwrap();
    let mut wrong = file.clone();
    wrong[4_000] ^= 1;
    std::fs::write(spoilt, wrong).unwrap();
    let child = point(json!({"type": "ParentSite", "url": parent.url()}), "Selected").await;
    child.synchronize().await.unwrap();
    until_held(&child.point, &updates[1]).await;
    // Nothing of it is kept; how many are missing is counted anew only now and then.
    let only_it_failed = async || {
        let state = told(&child.point).await;
        (state.failed, state.held, state.missing) == (1, 1, 1)
    };
    until("failed", only_it_failed).await;
    let state = told(&child.point).await;
    let [failed] = state.failures.as_slice() else { panic!("{state:?}") };
    assert_eq!(failed.name, content(&updates[0]).name.to_string());
    assert!(failed.reason.contains("its SHA-1 is"), "{}", failed.reason);
    assert_eq!(child.point.update_files().begun(content(&updates[0]).name.sha1()), 0);
}

#[tokio::test]
async fn what_a_parent_does_not_have_it_fetches_when_it_is_asked() {
    let file = bytes(6, 200_000);
    let update = update(1, &file);
    let publisher = Publisher::new(std::slice::from_ref(&file)).await;
    // Nothing is approved: without being asked, neither of the two has a file.
    let top = point(json!({"type": "None"}), "Approved").await;
    offer(&top, std::slice::from_ref(&update), Some(&publisher));
    let parent = point(json!({"type": "ParentSite", "url": top.url()}), "Approved").await;
    parent.synchronize().await.unwrap();
    let child = point(json!({"type": "ParentSite", "url": parent.url()}), "Selected").await;
    child.synchronize().await.unwrap();
    until_held(&child.point, &update).await;
    for place in [&top, &parent] {
        assert!(place.point.update_files().has(&content(&update)));
    }
    assert_eq!(publisher.asked(), [None], "it has come from outside once");
}

#[tokio::test]
async fn below_a_server_that_has_no_files_they_come_from_the_publisher() {
    let file = bytes(7, 20_000);
    let updates = [update(1, &file), update(2, b"made here")];
    let publisher = Publisher::new(std::slice::from_ref(&file)).await;
    let parent = point(json!({"type": "None"}), "None").await;
    offer(&parent, &updates[..1], Some(&publisher));
    // What somebody has made here is offered by no publisher.
    offer(&parent, &updates[1..], None);
    parent.point.update_files().put(&content(&updates[1]), &b"made here"[..]).unwrap();
    let child = point(json!({"type": "ParentSite", "url": parent.url()}), "Selected").await;
    child.synchronize().await.unwrap();
    for update in &updates {
        until_held(&child.point, update).await;
    }
    assert_eq!(publisher.asked().len(), 1);
    // Nothing is fetched where nothing shall be stored.
    assert_eq!(told(&parent.point).await.held, 1);
}
