//! Pulling: chains, repairs, and which source is used (PDP-2, PDP-7).

use std::fs;

use axum::{body::Body, extract::Request, middleware::Next, response::Response};

use super::world::{World, name, observed, package, pull, some_files, standard, stored, waits};
use crate::{
    model::{Digest, PullJobState},
    role::{Reporter, distribution_point::DistributionPointError},
};

#[tokio::test]
async fn content_goes_down_a_chain_byte_for_byte() {
    let world = World::new(1).await;
    let taken = world.take(1, 1, &some_files()).await;
    assert_eq!((taken.files, taken.damaged), (42, 0));
    let one = world.standard_point(1).await;
    let two = world.pull_point(2, &[(1, 1)]).await;
    let three = world.pull_point(3, &[(1, 2)]).await;
    let sent = world.send(1, 1, &one).await;
    assert_eq!(sent.sources, ["cen-srv"]);
    for (point, source) in [(&two, "dp-1"), (&three, "dp-2")] {
        let pulled = pull(point, 1, &taken).await;
        assert_eq!(pulled.sources, [source]);
        assert_eq!((pulled.digest, pulled.bytes, pulled.damaged), (taken.digest, taken.bytes, 0));
        assert!(observed(point).await.pull_jobs.is_empty());
    }
    let expected = stored(&world.directory(1));
    assert_eq!(expected.len(), 41, "each content once");
    assert!(expected.iter().all(|(name, bytes)| Digest::of(bytes).to_hex() == *name));
    assert_eq!(stored(&world.directory(2)), expected);
    assert_eq!(stored(&world.directory(3)), expected);
}

#[tokio::test]
async fn deleted_file_is_seen_and_only_it_is_fetched() {
    let world = World::new(2).await;
    let taken = world.take(1, 1, &some_files()).await;
    let (_port, requests) = world.counted_source(1).await;
    let point = world.pull_point(2, &[(1, 1)]).await;
    pull(&point, 1, &taken).await;
    let files = requests.files();
    assert_eq!(files.len(), 41);
    assert!(files.values().all(|count| *count == 1), "each content was fetched once");
    // One that is not packed.
    let (_, content) = some_files().pop().unwrap();
    let lost = &Digest::of(&content).to_hex();
    let shard = world.directory(2).join("library/files").join(&lost[..2]);
    fs::remove_file(shard.join(lost)).unwrap();
    assert!(observed(&point).await.packages[&package(1)].damaged > 0);
    let served = reqwest::get(format!("{}/packages/CEN00001", world.url(2))).await.unwrap();
    assert_eq!(served.status(), 404, "it is not whole");
    assert_eq!(pull(&point, 1, &taken).await.damaged, 0);
    let again: Vec<_> = requests
        .files()
        .into_iter()
        .filter(|(_, count)| *count > 1)
        .map(|(path, _)| path)
        .collect();
    assert_eq!(again, [format!("/files/{lost}")]);
}

#[tokio::test]
async fn notification_may_be_repeated() {
    let world = World::new(3).await;
    let taken = world.take(1, 1, &some_files()).await;
    let (_port, requests) = world.counted_source(1).await;
    let point = world.pull_point(2, &[(1, 1)]).await;
    point.pull(package(1), 1, taken.digest).await.unwrap();
    for _ in 0..3 {
        pull(&point, 1, &taken).await;
    }
    assert!(requests.files().values().all(|count| *count == 1));
    let other = point.follow(&package(2), &Reporter::silent()).await;
    assert!(matches!(other, Err(DistributionPointError::NoTransfer(_))));
}

#[tokio::test]
async fn source_with_wrong_bytes_is_given_up_for_the_next() {
    let world = World::new(4).await;
    let taken = world.take(1, 1, &some_files()).await;
    let damaging = world.wrapped_source(1, |router| {
        router.layer(axum::middleware::from_fn(|request: Request, next: Next| async {
            let file = request.uri().path().starts_with("/files/");
            let answer: Response = next.run(request).await;
            if !file {
                return answer;
            }
            let (parts, body) = answer.into_parts();
            let mut bytes = axum::body::to_bytes(body, 8 << 20).await.unwrap().to_vec();
            if let Some(last) = bytes.last_mut() {
                *last ^= 1;
            }
            Response::from_parts(parts, Body::from(bytes))
        }))
    });
    let _damaging = damaging.await;
    let (_port, _) = world.counted_source(2).await;
    let point = world.pull_point(3, &[(1, 1), (2, 2)]).await;
    let pulled = pull(&point, 1, &taken).await;
    assert!(pulled.sources.contains(&"dp-2".to_owned()));
    assert!(stored(&world.directory(3)).iter().all(|(name, it)| Digest::of(it).to_hex() == *name));
}

#[tokio::test]
async fn another_version_and_another_package_are_not_taken() {
    let world = World::new(5).await;
    let old = world.take(1, 1, &some_files()).await;
    let standard = world.standard_point(1).await;
    world.send(1, 1, &standard).await;
    let new = world.take(1, 2, &[("a".to_owned(), b"new".to_vec())]).await;
    let point = world.pull_point(2, &[(1, 1)]).await;
    point.pull(package(1), 2, new.digest).await.unwrap();
    assert!(waits(&point, 1).await.contains("dp-1: it has another version"));
    point.pull(package(9), 1, old.digest).await.unwrap();
    assert!(waits(&point, 9).await.contains("404"));
    assert!(observed(&point).await.packages.is_empty());
    assert!(stored(&world.directory(2)).is_empty());
}

#[tokio::test]
async fn lowest_number_that_has_it_is_used() {
    let world = World::new(6).await;
    let taken = world.take(1, 1, &some_files()).await;
    let lacking = world.standard_point(1).await;
    let (_two, second) = world.counted_source(2).await;
    let (_three, third) = world.counted_source(3).await;
    // 99 does not even exist.
    let point = world.pull_point(4, &[(1, 1), (1, 99), (5, 2), (9, 3)]).await;
    assert_eq!(pull(&point, 1, &taken).await.sources, ["dp-2"]);
    assert_eq!(second.files().len(), 41);
    assert!(third.all().is_empty());
    drop(lacking);
}

#[tokio::test]
async fn point_waits_until_some_source_has_it() {
    let world = World::new(7).await;
    let taken = world.take(1, 1, &some_files()).await;
    let source = world.standard_point(1).await;
    let point = world.pull_point(2, &[(1, 1)]).await;
    point.pull(package(1), 1, taken.digest).await.unwrap();
    let why = waits(&point, 1).await;
    assert!(why.contains("dp-1: it does not have the package (404)"), "{why}");
    let job = &observed(&point).await.pull_jobs[&package(1)];
    let PullJobState::WaitingForSource { until, .. } = &job.state else { panic!("{job:?}") };
    assert!(until.duration_since(crate::clock::now()).as_mins() >= 28);
    world.send(1, 1, &source).await;
    // The site notifies again, and it looks again at once.
    assert_eq!(pull(&point, 1, &taken).await.damaged, 0);
}

#[tokio::test]
async fn packages_with_the_same_files_fetch_them_once() {
    let world = World::new(8).await;
    let mut wanted = Vec::new();
    for number in 1..=6 {
        let mut files = some_files();
        files.push(("own".to_owned(), number.to_string().into_bytes()));
        wanted.push((number, world.take(number, 1, &files).await));
    }
    let (_port, requests) = world.counted_source(1).await;
    let point = world.pull_point(2, &[(1, 1)]).await;
    for (number, state) in &wanted {
        point.pull(package(*number), 1, state.digest).await.unwrap();
    }
    for (number, state) in &wanted {
        pull(&point, *number, state).await;
    }
    let files = requests.files();
    assert_eq!(files.len(), 41 + 6);
    assert!(files.values().all(|count| *count == 1), "{files:?}");
}

#[tokio::test]
async fn a_lost_pack_is_seen_and_only_its_files_are_fetched() {
    let world = World::new(190).await;
    let taken = world.take(1, 1, &some_files()).await;
    let (_port, requests) = world.counted_source(1).await;
    let point = world.pull_point(2, &[(1, 1)]).await;
    pull(&point, 1, &taken).await;
    fs::remove_file(world.directory(2).join("library/packs/00000001.pack")).unwrap();
    // Of 42 paths one is not packed.
    assert_eq!(observed(&point).await.packages[&package(1)].damaged, 41);
    assert_eq!(pull(&point, 1, &taken).await.damaged, 0);
    let mut asked: Vec<_> = requests.files().into_values().collect();
    asked.sort_unstable();
    assert_eq!(asked, [vec![1], vec![2; 40]].concat());
    assert_eq!(stored(&world.directory(2)).len(), 41);
}

#[tokio::test]
async fn new_version_fetches_what_changed() {
    let world = World::new(9).await;
    let old = world.take(1, 1, &some_files()).await;
    let (_port, requests) = world.counted_source(1).await;
    let point = world.pull_point(2, &[(1, 1)]).await;
    pull(&point, 1, &old).await;
    let mut files = some_files();
    files[5].1 = b"changed".to_vec();
    let new = world.take(1, 2, &files).await;
    assert_eq!(pull(&point, 1, &new).await.version, 2);
    assert_eq!(requests.files().len(), 42);
    assert_eq!(stored(&world.directory(2)).len(), 41, "the old file is gone");
}

#[tokio::test]
async fn no_more_than_fifty_transfers_are_taken() {
    let world = World::new(10).await;
    let point = world.pull_point(1, &[(1, 99)]).await;
    let digest = Digest::of(b"");
    for number in 0..50 {
        point.pull(package(number), 1, digest).await.unwrap();
    }
    let full = point.pull(package(50), 1, digest).await;
    assert!(matches!(full, Err(DistributionPointError::AtCapacity(50))));
    point.remove_package(&package(7)).await.unwrap();
    point.pull(package(50), 1, digest).await.unwrap();
    // With pull switched off they are given up (PDP-4), and content is sent again.
    point.configure(name("dp-1"), standard()).await.unwrap();
    assert!(observed(&point).await.pull_jobs.is_empty());
    let refused = point.pull(package(1), 1, digest).await;
    assert!(matches!(refused, Err(DistributionPointError::DoesNotPull)));
    world.take(1, 1, &some_files()).await;
    assert_eq!(world.send(1, 1, &point).await.damaged, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn small_files_come_in_bundles() {
    let world = World::new(11).await;
    let files: Vec<_> =
        (0..600_u32).map(|n| (format!("{n}"), n.to_le_bytes().repeat(200))).collect();
    let taken = world.take(1, 1, &files).await;
    let (_port, requests) = world.counted_source(1).await;
    let point = world.pull_point(2, &[(1, 1)]).await;
    assert_eq!(pull(&point, 1, &taken).await.files, 600);
    let all = requests.all();
    assert_eq!(all[&("/files".to_owned(), None)], 3);
    let together = |((path, range), asked): (&(String, Option<String>), &u32)| {
        !path.starts_with("/files/") || (range.as_deref(), *asked) == (Some("together"), 1)
    };
    assert!(all.iter().all(together), "{all:?}");
    assert_eq!(stored(&world.directory(2)).len(), 600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_knows_no_bundles_is_asked_file_by_file() {
    let world = World::new(12).await;
    let taken = world.take(1, 1, &some_files()).await;
    let requests = super::world::Requests::default();
    let _port = world
        .wrapped_source(1, |router| {
            requests.count(router).layer(axum::middleware::from_fn(
                |request: axum::extract::Request, next: axum::middleware::Next| async {
                    if request.method() == "POST" {
                        return axum::response::IntoResponse::into_response(
                            axum::http::StatusCode::METHOD_NOT_ALLOWED,
                        );
                    }
                    next.run(request).await
                },
            ))
        })
        .await;
    let point = world.pull_point(2, &[(1, 1)]).await;
    assert_eq!(pull(&point, 1, &taken).await.damaged, 0);
    assert_eq!(requests.files().len(), 41);
}
