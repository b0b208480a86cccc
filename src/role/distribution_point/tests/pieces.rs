//! Large files in pieces: from several sources, verified as they come, and found again.

use std::{
    fs,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{body::Body, extract::Request, middleware::Next, response::Response};
use bytes::Bytes;
use futures::StreamExt;
use tokio::sync::Semaphore;

use super::world::{Requests, World, large, name, observed, package, pull, stored, waits};
use crate::{
    model::{Digest, PackageState},
    wire::pieces::PIECE,
};

const SIZE: usize = (3 << 22) + 5;
/// Enough that several sources are worth it.
const VERY_LARGE: usize = (20 << 22) + 5;

async fn world(test: u8, size: usize) -> (World, Vec<u8>, PackageState) {
    let (world, content) = (World::new(test).await, large(size));
    let taken = world.take(1, 1, &[("image".to_owned(), content.clone())]).await;
    (world, content, taken)
}

/// The ranges that were asked for, in the order of the file.
fn ranges(requests: &Requests) -> Vec<Range<u64>> {
    let range = |text: String| {
        let (start, last) = text.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
        start.parse().unwrap()..last.parse::<u64>().unwrap() + 1
    };
    let asked = requests.all().into_iter();
    let files = asked.filter(|((path, _), _)| path.starts_with("/files/"));
    let mut ranges: Vec<_> = files
        .flat_map(|((_, asked), count)| {
            vec![range(asked.expect("files in pieces are asked for by ranges")); count as usize]
        })
        .collect();
    ranges.sort_by_key(|range| range.start);
    ranges
}

fn bytes(ranges: &[Range<u64>]) -> u64 {
    ranges.iter().map(|range| range.end - range.start).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_of_equal_priority_serve_one_file_together() {
    let (world, content, taken) = world(120, VERY_LARGE).await;
    let (_one, of_one) = world.counted_source(1).await;
    let (_two, of_two) = world.counted_source(2).await;
    let (_later, of_later) = world.counted_source(3).await;
    let point = world.pull_point(4, &[(1, 1), (1, 2), (2, 3)]).await;
    assert_eq!(pull(&point, 1, &taken).await.sources, ["dp-1", "dp-2"]);
    assert_eq!(stored(&world.directory(4))[&Digest::of(&content).to_hex()], content);
    assert!(!ranges(&of_one).is_empty() && !ranges(&of_two).is_empty());
    assert!(of_later.all().is_empty(), "the higher number is not asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_soon_there_comes_from_one_source() {
    let (world, _, taken) = world(121, SIZE).await;
    let (_one, of_one) = world.counted_source(1).await;
    let (_two, of_two) = world.counted_source(2).await;
    let point = world.pull_point(3, &[(1, 1), (1, 2)]).await;
    assert_eq!(pull(&point, 1, &taken).await.sources.len(), 1);
    let asked = [ranges(&of_one), ranges(&of_two)].concat();
    assert_eq!(bytes(&asked), SIZE as u64, "every byte once: {asked:?}");
    assert!(of_one.all().is_empty() || of_two.all().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_bytes_are_not_taken_and_their_source_is_left() {
    let (world, content, taken) = world(122, VERY_LARGE).await;
    let _lying = world
        .wrapped_source(1, |router| {
            router.layer(axum::middleware::from_fn(|request: Request, next: Next| async {
                let file = request.uri().path().starts_with("/files/");
                let (parts, body) = next.run(request).await.into_parts();
                let flipped = body.into_data_stream().map(move |block| {
                    let mut block = block?.to_vec();
                    block.iter_mut().take(usize::from(file)).for_each(|byte| *byte ^= 1);
                    Ok::<_, axum::Error>(Bytes::from(block))
                });
                Response::from_parts(parts, Body::from_stream(flipped))
            }))
        })
        .await;
    let (_two, _) = world.counted_source(2).await;
    let point = world.pull_point(3, &[(1, 1), (1, 2)]).await;
    let pulled = pull(&point, 1, &taken).await;
    assert!(pulled.sources.contains(&"dp-2".to_owned()), "{:?}", pulled.sources);
    assert_eq!(stored(&world.directory(3))[&Digest::of(&content).to_hex()], content);

    // Alone, it is blamed by name, and nothing of it is published.
    let point = world.pull_point(4, &[(1, 1)]).await;
    point.pull(package(1), 1, taken.digest).await.unwrap();
    let why = waits(&point, 1).await;
    assert!(why.contains("dp-1: file sha256:") && why.contains("another hash"), "{why}");
    assert!(observed(&point).await.packages.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_pieces_that_are_missing_or_wrong_are_fetched() {
    let (world, content, taken) = world(123, SIZE).await;
    let (_port, requests) = world.counted_source(1).await;
    let point = world.pull_point(2, &[(1, 1)]).await;
    let mut partial = content.clone();
    partial[usize::try_from(PIECE).unwrap() + 9] ^= 1;
    partial.truncate(SIZE - 1);
    let hex = Digest::of(&content).to_hex();
    fs::write(world.directory(2).join("library/partial").join(&hex), &partial).unwrap();
    pull(&point, 1, &taken).await;
    assert_eq!(ranges(&requests), [PIECE..2 * PIECE, 3 * PIECE..SIZE as u64]);
    assert_eq!(stored(&world.directory(2))[&hex], content);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_moves_one_piece() {
    let (world, content, taken) = world(124, SIZE).await;
    let (_port, requests) = world.counted_source(1).await;
    let point = world.pull_point(2, &[(1, 1)]).await;
    pull(&point, 1, &taken).await;
    assert_eq!(bytes(&ranges(&requests)), SIZE as u64);
    // As content validation leaves it.
    let hex = Digest::of(&content).to_hex();
    let library = world.directory(2).join("library");
    let place = library.join("files").join(&hex[..2]).join(&hex);
    let mut damaged = content.clone();
    damaged[SIZE / 2] ^= 1;
    fs::remove_file(&place).unwrap();
    fs::write(library.join("quarantine").join(&hex), &damaged).unwrap();
    assert_eq!(observed(&point).await.packages[&package(1)].damaged, 1);
    pull(&point, 1, &taken).await;
    assert_eq!(bytes(&ranges(&requests)), SIZE as u64 + PIECE);
    assert_eq!(stored(&world.directory(2))[&hex], content);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_moves_the_pieces_that_are_new() {
    let (world, content, taken) = world(128, SIZE).await;
    let (_port, requests) = world.counted_source(1).await;
    let point = world.pull_point(2, &[(1, 1)]).await;
    pull(&point, 1, &taken).await;
    // Piece 1 has changed, piece 0 stands where piece 2 was, and it ends earlier.
    let piece = usize::try_from(PIECE).unwrap();
    let mut next = [&content[..2 * piece], &content[..piece], b"end"].concat();
    next[piece + 7] ^= 1;
    let newer = world.take(1, 2, &[("image".to_owned(), next.clone())]).await;
    let before = bytes(&ranges(&requests));
    pull(&point, 1, &newer).await;
    assert_eq!(bytes(&ranges(&requests)) - before, PIECE + 3);
    assert_eq!(stored(&world.directory(2))[&Digest::of(&next).to_hex()], next);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_breaks_off_again_and_again_is_followed_to_the_end() {
    const AT_A_TIME: usize = 300_000;
    let (world, content, taken) = world(125, SIZE).await;
    let sent = Arc::new(AtomicU64::new(0));
    let _breaking = world
        .wrapped_source(1, |router| {
            let sent = Arc::clone(&sent);
            router.layer(axum::middleware::from_fn(move |request: Request, next: Next| {
                let sent = Arc::clone(&sent);
                async move {
                    let file = request.uri().path().starts_with("/files/");
                    let answer: Response = next.run(request).await;
                    if !file {
                        return answer;
                    }
                    let (parts, body) = answer.into_parts();
                    let some = body.into_data_stream().take(1).map(move |block| {
                        let block = block.map_err(std::io::Error::other)?;
                        let some = block.slice(..block.len().min(AT_A_TIME));
                        sent.fetch_add(some.len() as u64, Ordering::Relaxed);
                        Ok(some)
                    });
                    let broken = futures::stream::once(async {
                        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                        Err(std::io::Error::other("broken"))
                    });
                    Response::from_parts(parts, Body::from_stream(some.chain(broken)))
                }
            }))
        })
        .await;
    let point = world.pull_point(2, &[(1, 1)]).await;
    assert_eq!(pull(&point, 1, &taken).await.sources, ["dp-1"]);
    assert_eq!(stored(&world.directory(2))[&Digest::of(&content).to_hex()], content);
    let sent = sent.load(Ordering::Relaxed);
    assert!(sent >= SIZE as u64 && sent < SIZE as u64 + PIECE, "{sent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_without_ranges_is_read_from_the_start() {
    let (world, content, taken) = world(126, SIZE).await;
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
    let partial = world.directory(2).join("library/partial").join(&hex);
    fs::write(partial, &content[..6 << 20]).unwrap();
    assert_eq!(pull(&point, 1, &taken).await.damaged, 0);
    assert_eq!(stored(&world.directory(2))[&hex], content);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_source_is_asked_again_when_it_says() {
    let (world, content, taken) = world(127, SIZE).await;
    let asked = Arc::new(AtomicU64::new(0));
    let _busy = world
        .wrapped_source(1, |router| {
            let asked = Arc::clone(&asked);
            router.layer(axum::middleware::from_fn(move |request: Request, next: Next| {
                let asked = Arc::clone(&asked);
                async move {
                    // Every other request is refused, the first one too.
                    if asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
                        let refused = Response::builder().status(503).header("retry-after", "0");
                        return refused.body(Body::empty()).unwrap();
                    }
                    next.run(request).await
                }
            }))
        })
        .await;
    let point = world.pull_point(2, &[(1, 1)]).await;
    pull(&point, 1, &taken).await;
    assert_eq!(stored(&world.directory(2))[&Digest::of(&content).to_hex()], content);
    assert!(asked.load(Ordering::Relaxed) > 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cuts_through_serves_pieces_while_the_rest_comes() {
    let world = World::new(129).await;
    let content = large(SIZE);
    let small = ("small".to_owned(), b"small".to_vec());
    let taken = world.take(1, 1, &[("image".to_owned(), content.clone()), small]).await;
    let gate = Arc::new(Semaphore::new(0));
    // The first source sends the first two pieces, and the rest when the gate is opened.
    let _gated = world
        .wrapped_source(1, |router| {
            let gate = Arc::clone(&gate);
            router.layer(axum::middleware::from_fn(move |request: Request, next: Next| {
                let gate = Arc::clone(&gate);
                async move {
                    let range = request.headers().get("range").map(|it| it.to_str().unwrap());
                    let first = range.and_then(|it| it.strip_prefix("bytes=")?.split('-').next());
                    let from = first.map_or(0, |first| first.parse::<u64>().unwrap());
                    let (parts, body) = next.run(request).await.into_parts();
                    let held = futures::stream::unfold(
                        (body.into_data_stream(), from),
                        move |(mut blocks, at)| {
                            let gate = Arc::clone(&gate);
                            async move {
                                if at >= 2 * PIECE {
                                    let _open = gate.acquire().await.unwrap();
                                }
                                let block = blocks.next().await?.unwrap();
                                let next = at + block.len() as u64;
                                Some((Ok::<_, std::io::Error>(block), (blocks, next)))
                            }
                        },
                    );
                    Response::from_parts(parts, Body::from_stream(held))
                }
            }))
        })
        .await;
    let mut settings = world.pulling(&[(1, 1)]);
    settings.pull.as_mut().unwrap().cut_through = true;
    let between = world.open(2, true).await;
    between.configure(name("dp-2"), settings).await.unwrap();
    between.pull(package(1), 1, taken.digest).await.unwrap();
    let last = world.pull_point(3, &[(1, 2)]).await;
    // Before the first one has begun, it has nothing.
    while reqwest::get(format!("{}/packages/CEN00001", world.url(2))).await.unwrap().status() != 200
    {
        tokio::task::yield_now().await;
    }
    last.pull(package(1), 1, taken.digest).await.unwrap();
    let partial = world.directory(3).join("library/partial").join(Digest::of(&content).to_hex());
    let piece = usize::try_from(PIECE).unwrap();
    // The second piece arrives at the end of the chain while half of the file is held back.
    loop {
        let there = fs::read(&partial).unwrap_or_default();
        if there.get(piece..2 * piece) == Some(&content[piece..2 * piece]) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(observed(&between).await.packages.is_empty(), "clients do not see it yet");
    let of_client = reqwest::get(format!("{}/content/CEN00001/small", world.url(2))).await.unwrap();
    assert_eq!(of_client.status(), 404);
    gate.add_permits(1_000);
    for (point, source, host) in [(&between, "dp-1", 2), (&last, "dp-2", 3)] {
        assert_eq!(pull(point, 1, &taken).await.sources, [source]);
        assert_eq!(stored(&world.directory(host))[&Digest::of(&content).to_hex()], content);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_served_before_all_is_there_unless_it_is_told_to() {
    let (world, _, taken) = world(130, SIZE).await;
    let _stuck = world
        .wrapped_source(1, |router| {
            router.layer(axum::middleware::from_fn(|request: Request, next: Next| async {
                if request.uri().path().starts_with("/files/") {
                    std::future::pending::<()>().await;
                }
                next.run(request).await
            }))
        })
        .await;
    let point = world.pull_point(2, &[(1, 1)]).await;
    point.pull(package(1), 1, taken.digest).await.unwrap();
    let pending = world.directory(2).join("library/pending/CEN00001.json");
    while !pending.exists() {
        tokio::task::yield_now().await;
    }
    let url = world.url(2);
    let hex = taken.digest.to_hex();
    for path in ["/packages/CEN00001".to_owned(), format!("/files/{hex}")] {
        assert_eq!(reqwest::get(format!("{url}{path}")).await.unwrap().status(), 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_before_the_list_is_there_is_told_that_it_comes() {
    let (world, content, taken) = world(131, SIZE).await;
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let _source = world
        .wrapped_source(1, move |router| {
            router.layer(axum::middleware::from_fn(move |request: Request, next: Next| {
                let held = Arc::clone(&held);
                async move {
                    if request.uri().path().starts_with("/packages/") {
                        held.acquire().await.unwrap().forget();
                    }
                    next.run(request).await
                }
            }))
        })
        .await;
    let mut settings = world.pulling(&[(1, 1)]);
    settings.pull.as_mut().unwrap().cut_through = true;
    let between = world.open(2, true).await;
    between.configure(name("dp-2"), settings).await.unwrap();
    between.pull(package(1), 1, taken.digest).await.unwrap();
    let answer = reqwest::get(format!("{}/packages/CEN00001", world.url(2))).await.unwrap();
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key(crate::wire::content_identity::COMING));
    let last = world.pull_point(3, &[(1, 2)]).await;
    last.pull(package(1), 1, taken.digest).await.unwrap();
    gate.add_permits(100);
    assert_eq!(pull(&last, 1, &taken).await.sources, ["dp-2"]);
    assert_eq!(stored(&world.directory(3))[&Digest::of(&content).to_hex()], content);
}
