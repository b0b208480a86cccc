//! New versions of files as patches: to standard points, and from point to point.

use std::{fs, io::Write, time::Duration};

use axum::{Router, body::Body, extract::Request, middleware::Next, response::Response};
use bytes::Bytes;
use futures::StreamExt;
use tokio::sync::watch;

use super::world::{PORT, Requests, World, name, observed, package, pull, stored};
use crate::{
    model::{Digest, PackageState},
    net::OpenPort,
    role::{
        Reporter,
        distribution_point::{DistributionPoint, point::WeakPoint},
    },
};

/// Text that does not compress to nothing.
fn text(seed: u64, size: usize) -> Vec<u8> {
    let numbers = (seed << 32..).map(|n: u64| blake3::hash(&n.to_le_bytes()).to_hex());
    let mut text = Vec::with_capacity(size + 64);
    for hex in numbers {
        text.extend_from_slice(hex.as_bytes());
        if text.len() >= size {
            text.truncate(size);
            return text;
        }
    }
    text
}

/// A zip file of some texts, as far as anybody looks at it.
fn zip(plains: &[Vec<u8>]) -> Vec<u8> {
    let mut zip = Vec::new();
    for plain in plains {
        let level = flate2::Compression::new(6);
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), level);
        encoder.write_all(plain).unwrap();
        let stream = encoder.finish().unwrap();
        zip.extend_from_slice(b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0sum.");
        for size in [stream.len(), plain.len()] {
            zip.extend_from_slice(&u32::try_from(size).unwrap().to_le_bytes());
        }
        zip.extend_from_slice(b"\x01\0\0\0f");
        zip.extend_from_slice(&stream);
    }
    zip
}

/// Two versions of a zip file of a megabyte that differ in every entry.
fn versions() -> (Vec<u8>, Vec<u8>) {
    let before: Vec<_> = (0..6).map(|seed| text(seed, 320 << 10)).collect();
    let mut after = before.clone();
    for (at, plain) in after.iter_mut().enumerate() {
        plain.splice(at * 9_000..at * 9_000 + 3, *b"changed");
    }
    (zip(&before), zip(&after))
}

fn named(path: &str, content: &[u8]) -> Vec<(String, Vec<u8>)> {
    vec![(path.to_owned(), content.to_vec())]
}

/// Lets so many bytes through in a hundredth of a second, of files and of patches.
fn slow(router: Router, bytes: usize) -> Router {
    router.layer(axum::middleware::from_fn(move |request: Request, next: Next| async move {
        let path = request.uri().path();
        let content = path.starts_with("/files/") || path.matches('/').count() == 3;
        let (parts, body) = next.run(request).await.into_parts();
        if !content {
            return Response::from_parts(parts, body);
        }
        let blocks = body.into_data_stream().flat_map(move |block| {
            let block: Bytes = block.unwrap();
            let parts: Vec<_> = block.chunks(bytes).map(Bytes::copy_from_slice).collect();
            futures::stream::iter(parts).then(|part| async move {
                tokio::time::sleep(Duration::from_millis(10)).await;
                Ok::<_, axum::Error>(part)
            })
        });
        Response::from_parts(parts, Body::from_stream(blocks))
    }))
}

/// How often files, and how often patches were asked for.
fn asked(requests: &Requests) -> (u32, u32) {
    let count = |is: fn(&str) -> bool| {
        requests.all().into_iter().filter(|((path, _), _)| is(path)).map(|(_, count)| count).sum()
    };
    let files = count(|path| path.starts_with("/files/"));
    (files, count(|path| path.starts_with("/patches/") && path.matches('/').count() == 3))
}

/// A point that has the first version from elsewhere, and pulls from the source from now on.
async fn with_the_first(world: &World, host: u8, first: &PackageState) -> DistributionPoint {
    let elsewhere = world.standard_point(3).await;
    world.send(1, 1, &elsewhere).await;
    let point = world.pull_point(host, &[(1, 3)]).await;
    pull(&point, 1, first).await;
    let settings = world.pulling(&[(1, 1)]);
    point.configure(name(&format!("dp-{host}")), settings).await.unwrap();
    elsewhere.close().await;
    point
}

fn log(world: &World, host: u8) -> String {
    fs::read_to_string(world.directory(host).join("logs/PullDP.log")).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_goes_from_the_site_server_over_a_standard_point_down_a_chain() {
    let world = World::new(140).await;
    let (old, new) = versions();
    let first = world.take(1, 1, &named("app-1.0.whl", &old)).await;
    let standard = world.standard_point(1).await;
    world.send(1, 1, &standard).await;
    let (one, two) = (world.pull_point(2, &[(1, 1)]).await, world.pull_point(3, &[(1, 2)]).await);
    pull(&one, 1, &first).await;
    pull(&two, 1, &first).await;

    // The name of the file has changed with the version.
    let second = world.take(1, 2, &named("app-1.1.whl", &new)).await;
    let hex = Digest::of(&new).to_hex();
    let kept = |host: u8| {
        let below = world.directory(host).join("library/patches").join(&hex);
        fs::read_dir(below).map_or(0, Iterator::count)
    };
    let site = world.home.path().join("site/patches").join(&hex);
    let patch = fs::read_dir(site).unwrap().next().unwrap().unwrap();
    assert!(patch.metadata().unwrap().len() * 2 < new.len() as u64);
    world.send(1, 2, &standard).await;
    assert_eq!(kept(1), 1, "the point got the patch, and keeps it for others");
    assert_eq!(stored(&world.directory(1))[&hex], new);
    // Nothing slows these links, so the whole file may be the quicker way: it is the right one anyway.
    for (point, host) in [(&one, 2), (&two, 3)] {
        pull(point, 1, &second).await;
        assert_eq!(stored(&world.directory(host))[&hex], new);
        assert_eq!(observed(point).await.packages[&package(1)].version, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_a_slow_link_a_pull_point_takes_the_patch_and_serves_it() {
    let world = World::new(141).await;
    let (old, new) = versions();
    let first = world.take(1, 1, &named("app", &old)).await;
    let requests = Requests::default();
    let _source = world.wrapped_source(1, |router| slow(requests.count(router), 4 << 10)).await;
    let point = with_the_first(&world, 2, &first).await;
    let below = with_the_first(&world, 4, &first).await;
    let second = world.take(1, 2, &named("app", &new)).await;
    pull(&point, 1, &second).await;
    assert_eq!(asked(&requests), (0, 1), "{:?}", requests.all());
    let hex = Digest::of(&new).to_hex();
    assert_eq!(stored(&world.directory(2))[&hex], new);
    assert_eq!(fs::read_dir(world.directory(2).join("library/partial")).unwrap().count(), 0);
    assert!(log(&world, 2).contains("bytes saved"), "{}", log(&world, 2));

    // Whoever pulls from it finds the patch there.
    let list = reqwest::get(format!("{}/patches/{hex}", world.url(2))).await.unwrap();
    assert_eq!(list.status(), 200);
    let old_hex = Digest::of(&old).to_hex();
    let patch = format!("{}/patches/{hex}/{old_hex}", world.url(2));
    let part = reqwest::Client::new().get(patch).header("range", "bytes=0-7").send().await.unwrap();
    assert_eq!((part.status().as_u16(), part.text().await.unwrap()), (206, "hwpatch1".to_owned()));
    let none = format!("{}/patches/{old_hex}", world.url(2));
    assert_eq!(reqwest::get(none).await.unwrap().status(), 404);

    let library = point.library().await.unwrap();
    let (nobody, name_of) = (WeakPoint::default(), watch::Sender::default().subscribe());
    let router = super::super::serving::router(library, nobody, name_of);
    let requests = Requests::default();
    let router = slow(requests.count(router), 4 << 10);
    let _source = OpenPort::open(world.ip(5), PORT, router).await.unwrap();
    below.configure(name("dp-4"), world.pulling(&[(1, 5)])).await.unwrap();
    pull(&below, 1, &second).await;
    assert_eq!(asked(&requests), (0, 1), "{:?}", requests.all());
    assert_eq!(stored(&world.directory(4))[&hex], new);

    // Gone with the file.
    point.remove_package(&package(1)).await.unwrap();
    assert_eq!(fs::read_dir(world.directory(2).join("library/patches")).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_patch_leaves_nothing_and_comes_again() {
    let world = World::new(144).await;
    let (old, new) = versions();
    let first = world.take(1, 1, &named("app", &old)).await;
    let requests = Requests::default();
    let _source = world.wrapped_source(1, |router| slow(requests.count(router), 8)).await;
    let point = with_the_first(&world, 2, &first).await;
    let second = world.take(1, 2, &named("app", &new)).await;
    point.pull(package(1), 2, second.digest).await.unwrap();
    while asked(&requests).1 == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    point.close().await;
    drop(point);
    for directory in ["partial", "incoming", "patches"] {
        let left = fs::read_dir(world.directory(2).join("library").join(directory)).unwrap();
        assert_eq!(left.count(), 0, "{directory}");
    }
    let point = world.open(2, true).await;
    point.follow(&package(1), &Reporter::silent()).await.unwrap();
    assert_eq!(asked(&requests), (0, 2), "{:?}", requests.all());
    assert_eq!(stored(&world.directory(2))[&Digest::of(&new).to_hex()], new);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_as_a_whole_goes_on_so() {
    let world = World::new(145).await;
    let (old, new) = versions();
    let first = world.take(1, 1, &named("app", &old)).await;
    let (_source, requests) = world.counted_source(1).await;
    let point = with_the_first(&world, 2, &first).await;
    let second = world.take(1, 2, &named("app", &new)).await;
    let hex = Digest::of(&new).to_hex();
    let half = &new[..new.len() / 2];
    fs::write(world.directory(2).join("library/partial").join(&hex), half).unwrap();
    pull(&point, 1, &second).await;
    assert_eq!(asked(&requests), (1, 0), "{:?}", requests.all());
    assert_eq!(stored(&world.directory(2))[&hex], new);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_that_does_not_work_leaves_the_whole_file() {
    let world = World::new(142).await;
    let (old, new) = versions();
    let first = world.take(1, 1, &named("app", &old)).await;
    let requests = Requests::default();
    let _source = world
        .wrapped_source(1, |router| {
            let lying = axum::middleware::from_fn(|request: Request, next: Next| async {
                let patch = request.uri().path().matches('/').count() == 3
                    && request.uri().path().starts_with("/patches/");
                let (parts, body) = next.run(request).await.into_parts();
                let body = axum::body::to_bytes(body, 64 << 20).await.unwrap();
                let mut bytes = body.to_vec();
                if let Some(byte) = bytes.get_mut(200).filter(|_| patch) {
                    *byte ^= 1;
                }
                Response::from_parts(parts, Body::from(bytes))
            });
            slow(requests.count(router).layer(lying), 8 << 10)
        })
        .await;
    let point = world.pull_point(2, &[(1, 1)]).await;
    pull(&point, 1, &first).await;
    let (files, _) = asked(&requests);
    let second = world.take(1, 2, &named("app", &new)).await;
    assert_eq!(pull(&point, 1, &second).await.sources, ["dp-1"]);
    let (files_now, patches) = asked(&requests);
    assert!(files_now > files && patches == 1, "{:?}", requests.all());
    assert_eq!(stored(&world.directory(2))[&Digest::of(&new).to_hex()], new);
    assert!(log(&world, 2).contains("did not work"), "{}", log(&world, 2));
    assert_eq!(fs::read_dir(world.directory(2).join("library/incoming")).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_version_before_gets_the_whole_file_and_asks_for_no_patch() {
    let world = World::new(143).await;
    let (old, new) = versions();
    world.take(1, 1, &named("app", &old)).await;
    let second = world.take(1, 2, &named("app", &new)).await;
    let (_source, requests) = world.counted_source(1).await;
    let point = world.pull_point(2, &[(1, 1)]).await;
    pull(&point, 1, &second).await;
    assert!(requests.all().keys().all(|(path, _)| !path.starts_with("/patches/")));
}
