use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::json;

use super::{fixture::*, *};
use crate::{
    error_text::with_causes,
    model::{Digest, Listener},
    role::Reporter,
    wire::{
        export_file::ExportFile,
        server_sync::{Filter, RevisionIdList},
    },
};

#[tokio::test]
async fn import_takes_every_document_byte_for_byte() {
    let place = Place::imported().await;
    let bytes = fs::read(EXPORT).unwrap();
    let export = ExportFile::parse(&bytes).unwrap();
    for (identity, text) in export.documents() {
        let stored = place.point.catalog().documents(&[identity]).unwrap();
        assert!(stored[0].text == text, "{identity}");
    }
    let state = place.point.state().await.unwrap().unwrap();
    assert_eq!(state.revisions, EXPORTED);
    let facts = state.import_file.unwrap();
    assert_eq!(facts.digest, Digest::of(&bytes));
    assert_eq!(state.last_synchronization.unwrap().imported, Some(facts.digest));
    let again = place.point.import(&Reporter::silent()).await.unwrap();
    assert_eq!(new_revisions(&again), 0);
}

#[tokio::test]
async fn a_damaged_export_changes_nothing() {
    let place = Place::new(json!({"type": "None"})).await;
    let version = place.point.catalog().version().unwrap();
    let whole = fs::read(EXPORT).unwrap();
    let file = place.directory.path().join("export.cab");
    place.configure(json!({"type": "Import", "file": file})).await.unwrap();
    let error = place.point.import(&Reporter::silent()).await.unwrap_err();
    assert!(with_causes(&error).contains("export.cab is not there"), "{error}");
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 0x10;
    let longer = [whole.as_slice(), b"more"].concat();
    for damaged in [&flipped[..], &whole[..whole.len() - 1], &whole[..40], &longer, b""] {
        fs::write(&file, damaged).unwrap();
        let error = place.point.import(&Reporter::silent()).await.unwrap_err();
        assert!(error.to_string().contains("export.cab"), "{error}");
        assert_eq!(place.count(), 0);
        assert_eq!(place.point.catalog().version().unwrap(), version);
        assert_eq!(place.point.catalog().last_synchronization().unwrap(), None);
    }
    fs::write(&file, whole).unwrap();
    let healed = place.point.import(&Reporter::silent()).await.unwrap();
    assert_eq!(new_revisions(&healed), EXPORTED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_of_points_ends_up_the_same() {
    let top = Place::imported().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let (_proxy, url) = proxy(top.url(), move |call, _| {
        counted.fetch_add(usize::from(call == "GetUpdateData"), Ordering::Relaxed);
        Verdict::Pass
    })
    .await;
    let middle = Place::below(&url).await;
    assert_eq!(new_revisions(&middle.synchronize().await.unwrap()), EXPORTED);
    assert_eq!(asked.swap(0, Ordering::Relaxed), 42);
    let bottom = Place::below(&middle.url()).await;
    assert_eq!(new_revisions(&bottom.synchronize().await.unwrap()), EXPORTED);
    let versions = [&top, &middle, &bottom].map(|it| it.point.catalog().version().unwrap());
    assert!(versions[0].is_some());
    assert_eq!(versions, [versions[0]; 3]);
    let catalogs = [&top, &middle, &bottom].map(|it| it.point.catalog());
    let order = |it: usize| -> RevisionIdList {
        let list = catalogs[it].revision_list(&Filter { get_config: true, ..Filter::default() });
        RevisionIdList { anchor: None, new_revisions: list.unwrap().revisions }
    };
    assert_eq!(order(0), order(2), "prerequisites come first all the way down");
    for batch in order(0).new_revisions.chunks(100) {
        let documents = catalogs.map(|it| it.documents(batch).unwrap());
        assert!(documents[0] == documents[2]);
    }
    let languages = catalogs.map(|it| it.languages(None).unwrap().0);
    assert!(!languages[0].is_empty());
    assert_eq!(languages[0], languages[2]);
    // Nothing changed: nothing is listed, and nothing is fetched.
    assert_eq!(new_revisions(&middle.synchronize().await.unwrap()), 0);
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    let state = bottom.point.state().await.unwrap().unwrap();
    assert_eq!(state.last_synchronization.unwrap().from, middle.url());
}

#[tokio::test]
async fn settings_and_port_come_back_after_a_restart() {
    let place = Place::new(json!({"type": "None"})).await;
    let before = place.point.state().await.unwrap();
    place.point.close().await;
    let closed = place.point.state().await.unwrap().unwrap();
    assert!(matches!(closed.listener, Listener::Closed(_)));
    let again = open(place.directory.path().to_owned()).await;
    assert_eq!(again.state().await.unwrap(), before);
    again.remove().await.unwrap();
    assert_eq!(again.state().await.unwrap(), None);
    let again = open(place.directory.path().to_owned()).await;
    assert_eq!(again.state().await.unwrap(), None);
}

#[tokio::test]
async fn a_port_in_use_is_said_and_the_old_one_keeps_serving() {
    let place = Place::new(json!({"type": "None"})).await;
    let taken = std::net::TcpListener::bind((ip(), 0)).unwrap();
    let number = taken.local_addr().unwrap().port();
    let before = place.point.state().await.unwrap();
    let name: crate::model::Name = "cen-sup".parse().unwrap();
    let wanted = settings(number, &json!({"type": "None"}));
    let error = place.point.configure(name.clone(), wanted.clone()).await.unwrap_err();
    assert!(error.to_string().contains(&format!("{}:{number} is in use", ip())), "{error}");
    assert_eq!(place.point.state().await.unwrap(), before);
    assert!(std::net::TcpStream::connect((ip(), place.port)).is_ok());
    drop(taken);
    place.point.configure(name, wanted).await.unwrap();
    assert!(std::net::TcpStream::connect((ip(), number)).is_ok());
    assert!(std::net::TcpStream::connect((ip(), place.port)).is_err(), "the old port is closed");
}

#[tokio::test]
async fn a_port_in_use_at_start_is_opened_when_configured_again() {
    let place = Place::new(json!({"type": "None"})).await;
    place.point.close().await;
    let taken = std::net::TcpListener::bind((ip(), place.port)).unwrap();
    let again = open(place.directory.path().to_owned()).await;
    let state = again.state().await.unwrap().unwrap();
    let Listener::Closed(why) = &state.listener else { panic!("{:?}", state.listener) };
    assert!(why.contains("in use"), "{why}");
    drop(taken);
    again.configure(state.name, state.settings).await.unwrap();
    let state = again.state().await.unwrap().unwrap();
    assert_eq!(state.listener, Listener::Open(format!("{}:{}", ip(), place.port)));
}

#[tokio::test]
async fn ssl_is_refused_by_name() {
    let place = Place::new(json!({"type": "None"})).await;
    let mut settings = settings(place.port, &json!({"type": "None"}));
    settings.ssl = true;
    let refused = place.point.configure("cen-sup".parse().unwrap(), settings).await;
    assert!(matches!(refused, Err(UpdatePointError::SslUnsupported)));
}
