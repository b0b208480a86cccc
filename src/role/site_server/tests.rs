use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    routing::get,
};
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::{
    error_text::with_causes,
    model::{CatalogVersion, StatusMessage, StatusMessageId},
    net::{self, Addresses, OpenPort},
    role::{
        Reporter,
        update_point::{
            UpdatePoint,
            fixture::{EXPORTED, Place, ip, new_revisions, software},
        },
    },
    store::site_database::Manner,
    wire::agent::{AgentOutcome, RevisionPage},
};

/// What an agent answers of its roles.
#[derive(Clone)]
struct Agent {
    point: UpdatePoint,
    site: SiteServer,
}

#[derive(serde::Deserialize)]
struct After {
    after: i64,
}

impl Agent {
    async fn open(self) -> (OpenPort, String) {
        let router = Router::new()
            .route("/v1/update-point/revisions", get(point_page))
            .route("/v1/site-database/revisions", get(site_page))
            .with_state(self);
        opened(router).await
    }
}

async fn opened(router: Router) -> (OpenPort, String) {
    let port = OpenPort::open(ip(), 0, router).await.unwrap();
    let url = format!("http://{}/", port.address());
    (port, url)
}

async fn point_page(State(agent): State<Agent>, Query(query): Query<After>) -> Json<RevisionPage> {
    Json(agent.point.page(query.after).await.unwrap())
}

async fn site_page(State(agent): State<Agent>, Query(query): Query<After>) -> Json<RevisionPage> {
    Json(agent.site.page(query.after).await.unwrap())
}

async fn site(directory: &tempfile::TempDir, name: &str) -> SiteServer {
    SiteServer::open(directory.path().join(name)).await.unwrap()
}

fn version(outcome: &AgentOutcome) -> Option<CatalogVersion> {
    match outcome {
        AgentOutcome::Synchronized { catalog_version, .. } => *catalog_version,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_catalog_reaches_the_sites_below() {
    let directory = tempfile::tempdir().unwrap();
    let top = Place::imported().await;
    let central = site(&directory, "central").await;
    let primary = site(&directory, "primary").await;
    let agent = Agent { point: top.point.clone(), site: central.clone() };
    let (_port, url) = agent.open().await;
    let (admin, report) = (net::client(&Addresses::system()).unwrap(), Reporter::silent());
    let copied = central.copy_from(&admin, &url, Manner::Everything, &report).await.unwrap();
    assert_eq!(new_revisions(&copied), EXPORTED);
    assert_eq!(version(&copied), top.point.catalog().version().unwrap());
    let replicated = primary.replicate_from(&admin, &url, &report).await.unwrap();
    assert_eq!(replicated, copied);
    let again = central.copy_from(&admin, &url, Manner::Everything, &report).await.unwrap();
    assert_eq!(new_revisions(&again), 0);
    // Only what is new is taken on the next time.
    let added = [software(1, &[100])];
    top.point.catalog().store_batch(&added, &[], crate::clock::now()).unwrap();
    let copied = central.copy_from(&admin, &url, Manner::Everything, &report).await.unwrap();
    let replicated = primary.replicate_from(&admin, &url, &report).await.unwrap();
    assert_eq!((new_revisions(&copied), new_revisions(&replicated)), (1, 1));
    assert_eq!(primary.state().await.unwrap().revisions, EXPORTED + 1);
}

#[tokio::test]
async fn another_catalog_replaces_what_the_first_one_told() {
    let directory = tempfile::tempdir().unwrap();
    let central = site(&directory, "central").await;
    let (admin, report) = (net::client(&Addresses::system()).unwrap(), Reporter::silent());
    for updates in [5, 3] {
        let place = Place::with_updates(updates).await;
        let agent = Agent { point: place.point.clone(), site: central.clone() };
        let (_port, url) = agent.open().await;
        let outcome = central.copy_from(&admin, &url, Manner::Everything, &report).await.unwrap();
        assert_eq!(version(&outcome), place.point.catalog().version().unwrap());
    }
}

#[tokio::test]
async fn what_is_wrong_at_the_other_end_is_said_with_its_address() {
    let directory = tempfile::tempdir().unwrap();
    let central = site(&directory, "central").await;
    let (admin, report) = (net::client(&Addresses::system()).unwrap(), Reporter::silent());
    let failed = async |url: &str| {
        with_causes(&central.copy_from(&admin, url, Manner::Everything, &report).await.unwrap_err())
    };
    let error = failed("http://127.0.0.1:1").await;
    assert!(error.contains("http://127.0.0.1:1/v1/update-point/revisions: no answer"), "{error}");
    let refusing = Router::new().fallback(async || (StatusCode::FORBIDDEN, "no such token"));
    let (_port, url) = opened(refusing).await;
    let error = failed(&url).await;
    assert!(error.contains("HTTP status 403: no such token"), "{error}");
    let (_port, url) = opened(Router::new().fallback(async || "no page")).await;
    assert!(failed(&url).await.contains("not understood"));
    // Whoever is asked is somebody else each time.
    let restless = async || {
        let page = json!({"catalog": Uuid::new_v4(), "more": true, "revisions": [{
            "change": i64::MAX, "identity": {"updateId": Uuid::nil(), "revision": 1},
            "updateType": "Software", "expired": false, "title": "", "categories": [],
        }]});
        Json(page)
    };
    let (_port, url) = opened(Router::new().fallback(restless)).await;
    let error = failed(&url).await;
    assert!(error.contains("not in the order") || error.contains("again and again"), "{error}");
}

#[tokio::test]
async fn state_shows_the_newest_messages() {
    let directory = tempfile::tempdir().unwrap();
    let central = site(&directory, "central").await;
    let message = |number: u32| StatusMessage {
        id: StatusMessageId::SynchronizationStarted,
        at: "2026-11-20T08:00:00Z".parse().unwrap(),
        site: "CEN".parse().unwrap(),
        subject: "cen-sup".to_owned(),
        text: number.to_string(),
    };
    central.record((0..60).map(message).collect()).await.unwrap();
    let state = central.state().await.unwrap();
    assert_eq!(state.status_messages, (10..60).map(message).collect::<Vec<_>>());
    assert_eq!((state.catalog_version, state.revisions), (None, 0));
}
