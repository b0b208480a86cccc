//! What the two logs of PDP-12 tell of real transfers.

use std::{fs, time::Duration};

use axum::{extract::Request, http::StatusCode, middleware::Next, response::IntoResponse};

use super::world::{World, large, package, pull, waits};

/// The texts of a log, with their kinds: 1 information, 2 warning, 3 error.
fn texts(world: &World, host: u8, name: &str) -> Vec<(u8, String)> {
    let path = world.directory(host).join("logs").join(name);
    let text = fs::read_to_string(path).unwrap_or_default();
    let told = |line: &str| {
        let (text, rest) = line.strip_prefix("<![LOG[").unwrap().split_once("]LOG]!>").unwrap();
        let kind = rest.split_once("type=\"").unwrap().1.split_once('"').unwrap().0;
        (kind.parse().unwrap(), text.to_owned())
    };
    text.lines().map(told).collect()
}

/// Waits until a log tells this; logs are written behind the transfer.
async fn told(world: &World, host: u8, name: &str, kind: u8, what: &str) -> String {
    for _ in 0..600 {
        let all = texts(world, host, name);
        if let Some((_, text)) = all.iter().find(|(of, text)| *of == kind && text.contains(what)) {
            return text.clone();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("`{what}` is not told in {name}: {:#?}", texts(world, host, name));
}

const PULLS: &str = "PullDP.log";
const TRANSFERS: &str = "DataTransferService.log";

#[tokio::test]
async fn a_transfer_is_told_from_its_notification_to_its_end() {
    let world = World::new(96).await;
    let taken = world.take(1, 1, &[("large".to_owned(), large(5 << 20))]).await;
    let _refusing = world
        .wrapped_source(1, |router| {
            router.layer(axum::middleware::from_fn(|request: Request, next: Next| async {
                if request.uri().path().starts_with("/packages/") {
                    return StatusCode::FORBIDDEN.into_response();
                }
                next.run(request).await
            }))
        })
        .await;
    let (_port, _) = world.counted_source(2).await;
    let point = world.pull_point(3, &[(1, 1), (2, 2)]).await;
    pull(&point, 1, &taken).await;
    told(&world, 3, PULLS, 1, "Notified of package CEN00001, version 1").await;
    told(&world, 3, PULLS, 1, "from dp-1: its number 1 is the lowest").await;
    let left = told(&world, 3, PULLS, 2, "Source dp-1 is left").await;
    assert!(left.contains("(403): on the source, check that it trusts the certificates"), "{left}");
    told(&world, 3, PULLS, 1, "from dp-2: its number 2 is the lowest").await;
    told(&world, 3, PULLS, 1, "is verified and available: 1 file,").await;
    told(&world, 3, TRANSFERS, 3, "(403): on the source, check that").await;
    told(&world, 3, TRANSFERS, 1, "begins (package CEN00001 from dp-2)").await;
    told(&world, 3, TRANSFERS, 1, "is transferred and verified, 5242880 bytes").await;
    // What is no distribution point any more has no logs either.
    point.remove().await.unwrap();
    assert!(!world.directory(3).join("logs").exists());
}

#[tokio::test]
async fn a_transfer_that_waits_says_until_when() {
    let world = World::new(97).await;
    let taken = world.take(1, 1, &[("small".to_owned(), b"small".to_vec())]).await;
    let point = world.pull_point(3, &[(1, 1)]).await;
    point.pull(package(1), 1, taken.digest).await.unwrap();
    let why = waits(&point, 1).await;
    assert!(why.contains("dp-1"), "{why}");
    told(&world, 3, PULLS, 2, "No source has package CEN00001: waiting until").await;
    point.remove_package(&package(1)).await.unwrap();
    told(&world, 3, PULLS, 1, "The transfer of package CEN00001 is given up").await;
}
