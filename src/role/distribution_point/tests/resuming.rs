//! Pulling that was interrupted: nothing verified is fetched twice (PDP-12).

use std::{fs, path::Path, sync::Arc};

use axum::{body::Body, extract::Request, middleware::Next, response::Response};
use bytes::Bytes;
use futures::StreamExt;
use tokio::sync::{Notify, Semaphore};

use super::world::{World, large, observed, package, pull, stored};
use crate::model::{Digest, PullJobState};

/// Too small for pieces, too large for one go.
const SIZE: usize = 3 << 20;

#[tokio::test]
async fn large_file_goes_on_in_the_middle() {
    let world = World::new(20).await;
    let content = large(SIZE);
    let taken = world.take(1, 1, &[("large".to_owned(), content.clone())]).await;
    // The first source gives a part of the file and breaks off, again and again.
    let _breaking = world
        .wrapped_source(1, |router| {
            router.layer(axum::middleware::from_fn(|request: Request, next: Next| async {
                let file = request.uri().path().starts_with("/files/");
                let answer: Response = next.run(request).await;
                if !file {
                    return answer;
                }
                let (parts, body) = answer.into_parts();
                let broken = futures::stream::once(async { Err(std::io::Error::other("broken")) });
                let some = body
                    .into_data_stream()
                    .take(4)
                    .map(|block| block.map_err(std::io::Error::other));
                Response::from_parts(parts, Body::from_stream(some.chain(broken)))
            }))
        })
        .await;
    let (_port, requests) = world.counted_source(2).await;
    let point = world.pull_point(3, &[(1, 1), (2, 2)]).await;
    assert_eq!(pull(&point, 1, &taken).await.sources, ["dp-1", "dp-2"]);
    let ranges: Vec<_> = requests.all().into_keys().filter_map(|(_, range)| range).collect();
    assert_eq!(ranges.len(), 1, "{ranges:?}");
    let start = ranges[0].strip_prefix("bytes=").unwrap().strip_suffix('-').unwrap();
    assert!(start.parse::<usize>().unwrap() > 0, "what came before is not fetched again");
    assert_eq!(stored(&world.directory(3))[&Digest::of(&content).to_hex()], content);
}

#[tokio::test]
async fn only_the_missing_bytes_are_asked_for() {
    let world = World::new(21).await;
    let content = large(SIZE);
    let taken = world.take(1, 1, &[("large".to_owned(), content.clone())]).await;
    let (_port, requests) = world.counted_source(1).await;
    let point = world.pull_point(2, &[(1, 1)]).await;
    let hex = Digest::of(&content).to_hex();
    fs::write(world.directory(2).join("library/partial").join(&hex), &content[..2_000_000])
        .unwrap();
    pull(&point, 1, &taken).await;
    let asked = (format!("/files/{hex}"), Some("bytes=2000000-".to_owned()));
    assert_eq!(requests.all()[&asked], 1);
    assert_eq!(requests.files().values().sum::<u32>(), 1);
    assert_eq!(stored(&world.directory(2))[&hex], content);
}

#[tokio::test]
async fn complete_download_is_verified_and_not_fetched() {
    let world = World::new(22).await;
    let content = large(SIZE);
    let taken = world.take(1, 1, &[("large".to_owned(), content.clone())]).await;
    let (_port, requests) = world.counted_source(1).await;
    let point = world.pull_point(2, &[(1, 1)]).await;
    let hex = Digest::of(&content).to_hex();
    fs::write(world.directory(2).join("library/partial").join(&hex), &content).unwrap();
    pull(&point, 1, &taken).await;
    assert!(requests.files().is_empty());
}

#[tokio::test]
async fn damaged_download_is_fetched_again_from_the_same_source() {
    let world = World::new(23).await;
    let content = large(SIZE);
    let taken = world.take(1, 1, &[("large".to_owned(), content.clone())]).await;
    let (_port, requests) = world.counted_source(1).await;
    let point = world.pull_point(2, &[(1, 1)]).await;
    let hex = Digest::of(&content).to_hex();
    let mut damaged = content[..2_000_000].to_vec();
    damaged[17] ^= 1;
    fs::write(world.directory(2).join("library/partial").join(&hex), damaged).unwrap();
    assert_eq!(pull(&point, 1, &taken).await.sources, ["dp-1"]);
    let whole = (format!("/files/{hex}"), None);
    assert_eq!(requests.all()[&whole], 1);
    assert_eq!(stored(&world.directory(2))[&hex], content);
}

#[tokio::test]
async fn dropped_point_goes_on_where_it_was() {
    let world = World::new(24).await;
    // Too large to be asked for together.
    let files: Vec<_> =
        (0..41_u8).map(|n| (format!("f{n}"), vec![n; (64 << 10) + usize::from(n) + 1])).collect();
    let taken = world.take(1, 1, &files).await;
    let (answered, stuck) = (Arc::new(Semaphore::new(20)), Arc::new(Notify::new()));
    let requests = super::world::Requests::default();
    let _port = world
        .wrapped_source(1, |router| {
            let (answered, stuck) = (Arc::clone(&answered), Arc::clone(&stuck));
            // Twenty files are answered; the others get no answer while the gate is closed.
            requests.count(router).layer(axum::middleware::from_fn(
                move |request: Request, next: Next| {
                    let (answered, stuck) = (Arc::clone(&answered), Arc::clone(&stuck));
                    async move {
                        if request.uri().path().starts_with("/files/") {
                            if answered.available_permits() == 0 {
                                stuck.notify_one();
                            }
                            answered.acquire().await.unwrap().forget();
                        }
                        let answer: Response = next.run(request).await;
                        answer
                    }
                },
            ))
        })
        .await;
    let point = world.pull_point(2, &[(1, 1)]).await;
    point.pull(package(1), 1, taken.digest).await.unwrap();
    stuck.notified().await;
    drop(point);

    // Started without resuming, it only reports what is left to do.
    let point = world.open(2, false).await;
    let state = observed(&point).await;
    assert!(state.packages.is_empty(), "not visible before it is whole");
    let job = &state.pull_jobs[&package(1)];
    assert!(matches!(&job.state, PullJobState::Stopped(why) if why.contains("without resuming")));
    let kept: Vec<String> = stored(&world.directory(2))
        .into_keys()
        .chain(whole_downloads(&world.directory(2)))
        .collect();
    assert!(kept.len() > 1, "{kept:?}");
    drop(point);

    answered.add_permits(1_000);
    let point = world.open(2, true).await;
    let pulled = pull(&point, 1, &taken).await;
    assert_eq!((pulled.damaged, pulled.sources), (0, vec!["dp-1".to_owned()]));
    let files = requests.files();
    assert_eq!(files.len(), 41);
    for hex in kept {
        assert_eq!(files[&format!("/files/{hex}")], 1, "what was there is not fetched again");
    }
}

/// Downloads that only wait to be settled.
fn whole_downloads(directory: &Path) -> Vec<String> {
    let partials = fs::read_dir(directory.join("library/partial")).unwrap();
    let names = partials.map(|entry| entry.unwrap().path()).filter_map(|path| {
        let name = path.file_name()?.to_str()?.to_owned();
        (Digest::of(&fs::read(&path).ok()?).to_hex() == name).then_some(name)
    });
    names.collect()
}

#[tokio::test]
async fn source_that_ignores_ranges_is_read_from_the_start() {
    let world = World::new(25).await;
    let content = large(SIZE);
    let taken = world.take(1, 1, &[("large".to_owned(), content.clone())]).await;
    let _port = world
        .wrapped_source(1, |router| {
            router.layer(axum::middleware::from_fn(|mut request: Request, next: Next| async {
                request.headers_mut().remove("range");
                let answer: Response = next.run(request).await;
                answer
            }))
        })
        .await;
    let point = world.pull_point(2, &[(1, 1)]).await;
    let hex = Digest::of(&content).to_hex();
    fs::write(world.directory(2).join("library/partial").join(&hex), &content[..99]).unwrap();
    assert_eq!(pull(&point, 1, &taken).await.damaged, 0);
}

#[tokio::test]
async fn source_that_never_ends_is_given_up() {
    let world = World::new(26).await;
    let files = [("large".to_owned(), large(SIZE)), ("small".to_owned(), b"small".to_vec())];
    let taken = world.take(1, 1, &files).await;
    let _endless = world
        .wrapped_source(1, |router| {
            router.layer(axum::middleware::from_fn(|request: Request, next: Next| async {
                let file = request.uri().path().starts_with("/files/");
                let answer: Response = next.run(request).await;
                if !file {
                    return answer;
                }
                let more = Bytes::from(vec![0; 65_536]);
                let endless =
                    futures::stream::repeat_with(move || Ok::<_, std::io::Error>(more.clone()));
                // Seventeen times the size of the file are enough to be too much.
                Response::new(Body::from_stream(endless.take(SIZE / 4_096)))
            }))
        })
        .await;
    let (_port, _) = world.counted_source(2).await;
    let point = world.pull_point(3, &[(1, 1), (2, 2)]).await;
    assert!(pull(&point, 1, &taken).await.sources.contains(&"dp-2".to_owned()));
}
