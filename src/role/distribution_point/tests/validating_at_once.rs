//! Content validation that somebody asks for: at distribution points, and at the site server.

use std::{
    collections::BTreeSet,
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Semaphore, mpsc};

use super::world::{World, large, observed, package, pull, some_files};
use crate::{
    content::LibraryError,
    model::{Digest, FileDamage, PackageState, ValidationFindings},
    role::{
        Reporter, distribution_point::DistributionPointError, package_library::PackageLibrary,
        validating::Asked,
    },
    wire::{
        agent::{AgentEvent, Progress},
        pieces::PIECE,
    },
};

fn everything() -> Asked {
    Asked { packages: BTreeSet::new(), bytes_per_second: None }
}

/// Changes a bit of the last file of [`some_files`], in the library of a host; its digits.
fn flip(world: &World, library: &std::path::Path) -> String {
    let (_, content) = some_files().pop().unwrap();
    let hex = Digest::of(&content).to_hex();
    let place = world.home.path().join(library).join("files").join(&hex[..2]).join(&hex);
    let mut damaged = content;
    damaged[1_000_000] ^= 1;
    fs::write(place, damaged).unwrap();
    hex
}

/// Validates the library of the site server.
async fn site(world: &World) -> ValidationFindings {
    world.site_server.validate(everything(), &Reporter::silent()).await.unwrap()
}

/// The package as the site server has it.
async fn held(world: &World) -> PackageState {
    world.site_server.states().await.unwrap().remove(&package(1)).unwrap()
}

#[tokio::test]
async fn damage_at_a_point_is_found_at_once_and_counts_as_the_last_validation() {
    let world = World::new(170).await;
    let taken = world.take(1, 1, &some_files()).await;
    let (_port, _) = world.counted_source(1).await;
    let point = world.pull_point(2, &[(1, 1)]).await;
    pull(&point, 1, &taken).await;
    flip(&world, "dp-2/library".as_ref());
    let (sender, mut events) = mpsc::channel(1_000);
    let found = point.validate(everything(), &Reporter::new(sender)).await.unwrap();
    assert_eq!((found.damaged, found.missing), (1, 0));
    let [file] = found.named.as_slice() else { panic!("{found:?}") };
    let (path, _) = some_files().pop().unwrap();
    assert_eq!((&file.path, file.damage), (&path, FileDamage::Damaged));
    let record = observed(&point).await.validated.unwrap();
    assert_eq!((record.files, record.bytes, record.damaged), (found.files, found.bytes, 1));
    let mut last = None;
    while let Ok(AgentEvent::Progress(progress)) = events.try_recv() {
        last = Some(progress);
    }
    assert!(last.is_some_and(|Progress { done, total, .. }| done == total && total == found.bytes));
    // One of some packages is no validation of everything.
    assert_eq!(pull(&point, 1, &taken).await.damaged, 0);
    let asked = Asked { packages: [package(1)].into(), ..everything() };
    assert!(point.validate(asked, &Reporter::silent()).await.unwrap().is_whole());
    assert_eq!(observed(&point).await.validated, Some(record));
    let asked = Asked { packages: [package(9)].into(), ..everything() };
    let error = point.validate(asked, &Reporter::silent()).await.unwrap_err();
    assert!(error.to_string().contains("CEN00009 is not in the content library"), "{error}");
}

#[tokio::test]
async fn a_validation_ends_with_its_point_or_when_nobody_listens() {
    let world = World::new(171).await;
    let taken = world.take(1, 1, &some_files()).await;
    let (_port, _) = world.counted_source(1).await;
    let point = world.pull_point(2, &[(1, 1)]).await;
    pull(&point, 1, &taken).await;
    // For ever, as far as anybody waits.
    let slowly = || Asked { bytes_per_second: Some(1), ..everything() };
    let ended = |error: &DistributionPointError| {
        matches!(error, DistributionPointError::Library(LibraryError::ValidationEnded))
    };
    let (sender, events) = mpsc::channel(10);
    drop(events);
    let error = point.validate(slowly(), &Reporter::new(sender)).await.unwrap_err();
    assert!(ended(&error), "{error}");
    let validating = tokio::spawn({
        let point = point.clone();
        async move { point.validate(slowly(), &Reporter::silent()).await }
    });
    tokio::task::yield_now().await;
    point.remove().await.unwrap();
    let error = validating.await.unwrap().unwrap_err();
    assert!(ended(&error) || matches!(error, DistributionPointError::NotConfigured), "{error}");
    assert!(!world.directory(2).join("library").exists());
}

#[tokio::test]
async fn a_site_server_never_feeds_damage_to_a_point_and_takes_the_same_again() {
    let world = World::new(172).await;
    let taken = world.take(1, 1, &some_files()).await;
    let point = world.standard_point(2).await;
    let hex = flip(&world, "site".as_ref());
    // Nobody has validated: sending finds it.
    let error = world.send_paced(1, 1, &point, None).await.unwrap_err().to_string();
    assert!(
        error.contains(&hex) && error.contains("was damaged in the content library"),
        "{error}"
    );
    assert!(!world.directory(2).join("library/packages/CEN00001.json").exists());
    assert_eq!(held(&world).await.damaged, 1);
    // The same bytes are in the source still.
    assert_eq!(world.take(1, 1, &some_files()).await, taken);
    world.send(1, 1, &point).await;
    assert_eq!(observed(&point).await.packages[&package(1)].damaged, 0);

    // Other bytes are another version, whatever is damaged.
    flip(&world, "site".as_ref());
    let found = site(&world).await;
    assert_eq!(found.damaged, 1);
    let mut other = some_files();
    other.last_mut().unwrap().1[0] ^= 1;
    let error = world.try_to_take(1, 1, &other).await.unwrap_err().to_string();
    assert!(
        error.contains("does not hold what version 1") && error.contains("sourceVersion"),
        "{error}"
    );
    assert_eq!(held(&world).await.damaged, 1, "what is there stays");
    assert_eq!(held(&world).await.digest, taken.digest);
    assert_eq!(world.take(1, 1, &some_files()).await, taken);
    assert!(site(&world).await.is_whole());
}

/// The library of a site server has a schedule of its own, which outlives restarts.
#[tokio::test]
async fn a_site_server_validates_every_week() {
    let world = World::new(173).await;
    world.take(1, 1, &some_files()).await;
    flip(&world, "site".as_ref());
    let World { home, site_server, .. } = world;
    let path = home.path().join("site/validation.json");
    let kept = fs::read_to_string(&path).unwrap();
    let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
    assert!(kept["since"].is_string() && kept["last"].is_null(), "{kept}");
    site_server.close().await;
    drop(site_server);
    let open =
        async |validate| PackageLibrary::open(home.path().join("site"), validate).await.unwrap();
    fs::write(&path, r#"{"since": "1970-01-01T00:00:00Z"}"#).unwrap();
    // A look sets nothing in motion.
    let library = open(false).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(library.validated().await, None);
    drop(library);
    let library = open(true).await;
    let record = loop {
        if let Some(record) = library.validated().await {
            break record;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(record.damaged, 1);
    assert_eq!(library.states().await.unwrap()[&package(1)].damaged, 1);
}

/// A standard point lacks a piece, and gets a piece.
#[tokio::test(flavor = "multi_thread")]
async fn a_standard_point_is_repaired_by_the_piece() {
    let world = World::new(177).await;
    let content = large(3 * usize::try_from(PIECE).unwrap() + 5);
    world.take(1, 1, &[("image".to_owned(), content.clone())]).await;
    let point = world.standard_point(2).await;
    world.send(1, 1, &point).await;
    let hex = Digest::of(&content).to_hex();
    let place = world.directory(2).join("library/files").join(&hex[..2]).join(&hex);
    let mut damaged = content.clone();
    damaged[content.len() / 2] ^= 1;
    fs::write(&place, damaged).unwrap();
    assert_eq!(point.validate(everything(), &Reporter::silent()).await.unwrap().damaged, 1);
    let sent = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&sent);
    let router = point.admin_router().layer(axum::middleware::from_fn(
        move |request: axum::extract::Request, next: axum::middleware::Next| {
            let length = request.headers().get("content-length").cloned();
            let length = length.and_then(|it| it.to_str().ok()?.parse().ok());
            counted.fetch_add(length.unwrap_or(0), Ordering::SeqCst);
            next.run(request)
        },
    ));
    world.send_to(1, 1, router, None).await.unwrap();
    assert_eq!(fs::read(&place).unwrap(), content);
    assert_eq!(observed(&point).await.packages[&package(1)].damaged, 0);
    assert!((PIECE..PIECE + 10_000).contains(&sent.load(Ordering::SeqCst)), "{sent:?}");
    let partial = world.directory(2).join("library/partial");
    assert_eq!(fs::read_dir(partial).unwrap().count(), 0);
}

/// Two packages have the file: one brings it while the other has asked and not yet sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_another_package_brings_meanwhile_is_asked_for_again() {
    let world = World::new(161).await;
    let content = large(2 * usize::try_from(PIECE).unwrap());
    let point = world.standard_point(2).await;
    for number in [1, 2] {
        world.take(number, 1, &[("image".to_owned(), content.clone())]).await;
        world.send(number, 1, &point).await;
    }
    let hex = Digest::of(&content).to_hex();
    let place = world.directory(2).join("library/files").join(&hex[..2]).join(&hex);
    let mut damaged = content.clone();
    damaged[7] ^= 1;
    fs::write(&place, damaged).unwrap();
    assert_eq!(point.validate(everything(), &Reporter::silent()).await.unwrap().damaged, 1);
    let (reached, open) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (at, gate) = (Arc::clone(&reached), Arc::clone(&open));
    let router = point.admin_router().layer(axum::middleware::from_fn(
        move |request: axum::extract::Request, next: axum::middleware::Next| {
            let (at, gate) = (Arc::clone(&at), Arc::clone(&gate));
            async move {
                if request.method() == "PUT" && request.uri().path().ends_with("/pieces") {
                    at.add_permits(1);
                    gate.acquire().await.unwrap().forget();
                }
                next.run(request).await
            }
        },
    ));
    let other = async {
        reached.acquire().await.unwrap().forget();
        world.send(2, 1, &point).await;
        open.add_permits(100);
    };
    let (sent, ()) = tokio::join!(world.send_to(1, 1, router, None), other);
    sent.unwrap();
    assert_eq!(fs::read(&place).unwrap(), content);
    assert_eq!(observed(&point).await.packages[&package(1)].damaged, 0);
}
