//! What a point takes while its parent still synchronizes.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use super::fixture::*;
use crate::{
    clock,
    model::UpdateIdentity,
    role::Reporter,
    wire::{
        server_sync::GetUpdateData,
        soap::{MAX_REQUEST_BYTES, Operation, parse_request},
    },
};

/// How often each document was asked for.
type Asked = Arc<Mutex<BTreeMap<UpdateIdentity, usize>>>;

/// Notes what a call asks for, and tells how many documents that are and whether it is the first time.
fn note(asked: &Asked, call: &str, body: &[u8]) -> (usize, bool) {
    if call != "GetUpdateData" {
        return (0, true);
    }
    let envelope = parse_request(body, MAX_REQUEST_BYTES).unwrap();
    let request = envelope.read(GetUpdateData::read_request).unwrap();
    let mut asked = asked.lock().unwrap();
    let mut is_first = true;
    for identity in &request.update_ids {
        let times = asked.entry(*identity).or_default();
        *times += 1;
        is_first &= *times == 1;
    }
    (request.update_ids.len(), is_first)
}

fn store(place: &Place, numbers: std::ops::RangeInclusive<u128>) {
    let new: Vec<_> = numbers.map(|number| software(number, &[])).collect();
    place.point.catalog().store_batch(&new, &[], clock::now()).unwrap();
}

#[tokio::test]
async fn what_is_taken_ahead_counts_with_the_synchronization_that_follows() {
    let top = Place::with_updates(2).await;
    let asked = Asked::default();
    let watched = Arc::clone(&asked);
    let (_proxy, url) = proxy(top.url(), move |call, body| {
        note(&watched, call, body);
        Verdict::Pass
    })
    .await;
    let child = Place::below(&url).await;
    let ahead = async || child.point.synchronize_ahead(&Reporter::silent()).await.unwrap();
    assert_eq!(new_revisions(&ahead().await), 2);
    store(&top, 3..=5);
    assert_eq!(new_revisions(&ahead().await), 3);
    assert_eq!(new_revisions(&ahead().await), 0);
    // It is no synchronization yet: nobody is told of it.
    let state = child.point.state().await.unwrap().unwrap();
    assert_eq!((state.revisions, state.last_synchronization), (5, None));
    assert!(child.point.synchronizations().await.unwrap().unwrap().runs.is_empty());
    store(&top, 6..=6);
    assert_eq!(new_revisions(&child.synchronize().await.unwrap()), 6);
    let runs = child.point.synchronizations().await.unwrap().unwrap().runs;
    assert_eq!((runs.len(), runs[0].counts.new), (1, 6));
    assert_eq!(child.point.catalog().version().unwrap(), top.point.catalog().version().unwrap());
    assert_eq!(new_revisions(&child.synchronize().await.unwrap()), 0, "it is counted once");
    let asked = asked.lock().unwrap();
    assert!(asked.len() == 6 && asked.values().all(|times| *times == 1), "{asked:?}");
}

#[tokio::test]
async fn what_was_taken_ahead_is_kept_where_nobody_waits_for_its_end() {
    let top = Place::with_updates(150).await;
    let asked = Asked::default();
    let watched = Arc::clone(&asked);
    let (_proxy, url) = proxy(top.url(), move |call, body| {
        // The second batch does not come the first time.
        if note(&watched, call, body) == (50, true) { Verdict::Silence } else { Verdict::Pass }
    })
    .await;
    let child = Place::below(&url).await;
    let point = child.point.clone();
    let task = tokio::spawn(async move { point.synchronize_ahead(&Reporter::silent()).await });
    while child.count() < 100 {
        assert!(!task.is_finished());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(new_revisions(&child.synchronize().await.unwrap()), 150);
    let asked = asked.lock().unwrap();
    let twice = asked.values().filter(|times| **times == 2).count();
    assert_eq!((asked.len(), twice), (150, 50), "only what had not come is asked for again");
}
