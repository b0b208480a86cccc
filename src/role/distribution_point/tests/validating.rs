//! Content validation: what was changed behind the library's back is found and pulled again.

use std::{fs, time::Duration};

use super::{
    super::DistributionPoint,
    world::{World, name, observed, package, pull, some_files, stored},
};
use crate::model::{
    ContentValidation, Digest, DistributionPointSettings, Interval, Priority, ValidationRecord,
};

/// As if the last validation had been long ago.
fn long_ago(world: &World, host: u8) {
    let record = ValidationRecord {
        finished_at: jiff::Timestamp::UNIX_EPOCH,
        files: 0,
        bytes: 0,
        damaged: 0,
    };
    let path = world.directory(host).join("validation.json");
    fs::create_dir_all(world.directory(host)).unwrap();
    fs::write(path, serde_json::json!({ "last": record }).to_string()).unwrap();
}

/// Waits until a validation has ended that began after what is there now.
async fn validated(point: &DistributionPoint) -> ValidationRecord {
    loop {
        let record = observed(point).await.validated;
        if let Some(record) = record.filter(|it| it.finished_at > jiff::Timestamp::UNIX_EPOCH) {
            return record;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn damage_of_the_same_length_is_found_put_aside_and_pulled_again() {
    let world = World::new(70).await;
    let taken = world.take(1, 1, &some_files()).await;
    let (_port, requests) = world.counted_source(1).await;
    let settings = DistributionPointSettings {
        content_validation: Some(ContentValidation {
            every: Interval::days(7),
            priority: Priority::High,
        }),
        ..world.pulling(&[(1, 1)])
    };
    let point = world.open(2, true).await;
    point.configure(name("dp-2"), settings.clone()).await.unwrap();
    pull(&point, 1, &taken).await;
    assert_eq!(observed(&point).await.validated, None, "it is not due yet");
    point.close().await;
    drop(point);

    let (_, content) = some_files().pop().unwrap();
    let digest = Digest::of(&content).to_hex();
    let place = world.directory(2).join("library/files").join(&digest[..2]).join(&digest);
    let mut damaged = content.clone();
    damaged[1_000_000] ^= 1;
    fs::write(&place, &damaged).unwrap();
    long_ago(&world, 2);
    let point = world.open(2, true).await;
    let found = validated(&point).await;
    let files = stored(&world.directory(2)).len() as u64;
    assert_eq!((found.files, found.damaged), (files + 1, 1));
    assert_eq!(observed(&point).await.packages[&package(1)].damaged, 1);
    let aside = world.directory(2).join("library/quarantine").join(&digest);
    assert_eq!(fs::read(aside).unwrap(), damaged);

    let before = requests.files();
    assert_eq!(pull(&point, 1, &taken).await.damaged, 0);
    let again: Vec<_> =
        requests.files().into_iter().filter(|it| before.get(&it.0) != Some(&it.1)).collect();
    assert_eq!(again, [(format!("/files/{digest}"), 2)], "nothing else is fetched again");
    assert_eq!(stored(&world.directory(2))[&digest], content);
}

#[tokio::test]
async fn a_validation_ends_with_its_point() {
    let world = World::new(71).await;
    let taken = world.take(1, 1, &some_files()).await;
    let _source = world.wrapped_source(1, |router| router).await;
    let settings = DistributionPointSettings {
        content_validation: Some(ContentValidation {
            every: Interval::days(7),
            // Slow enough to be under way: 3 MiB take a tenth of a second.
            priority: Priority::Low,
        }),
        ..world.pulling(&[(1, 1)])
    };
    let point = world.open(2, true).await;
    point.configure(name("dp-2"), settings.clone()).await.unwrap();
    pull(&point, 1, &taken).await;
    drop(point);
    long_ago(&world, 2);
    let point = world.open(2, true).await;
    point.remove().await.unwrap();
    drop(point);
    // What it held is free again, and nothing of it has been left behind.
    let point = world.open(2, true).await;
    point.configure(name("dp-2"), settings).await.unwrap();
    assert_eq!(observed(&point).await.validated, None);
}
