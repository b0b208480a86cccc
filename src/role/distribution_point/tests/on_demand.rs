//! Packages that come when a client first asks for them (PDP-3).

use std::{fs, sync::Arc, time::Duration};

use axum::{extract::Request, middleware::Next};
use futures::future::join_all;
use reqwest::{Client, Method, StatusCode, header::RETRY_AFTER};
use tokio::sync::Semaphore;

use super::world::{World, name, observed, package, some_files, standard, state};
use crate::{
    engine::CAPACITY,
    model::{ContentFacts, Digest, DistributionPointSettings, PackageState, PullJobState},
    role::{
        Reporter,
        distribution_point::{DistributionPoint, DistributionPointError},
    },
};

fn content(of: &PackageState) -> ContentFacts {
    let PackageState { version, digest, files, bytes, .. } = *of;
    ContentFacts { version, digest, files, bytes }
}

/// A pull point that fetches on demand, and may fetch the first package.
async fn pulling(
    world: &World,
    host: u8,
    sources: &[(u32, u8)],
    wanted: &PackageState,
) -> DistributionPoint {
    let point = world.configured(host, on_demand(world.pulling(sources))).await;
    point.offer(package(1), content(wanted)).await.unwrap();
    point
}

fn on_demand(settings: DistributionPointSettings) -> DistributionPointSettings {
    DistributionPointSettings { on_demand: true, ..settings }
}

/// The answer to a client: its status, and when it shall ask again.
async fn ask(world: &World, host: u8, path: &str) -> (StatusCode, Option<u64>) {
    ask_by(world, host, path, Method::GET).await
}

async fn ask_by(world: &World, host: u8, path: &str, method: Method) -> (StatusCode, Option<u64>) {
    let url = format!("{}{path}", world.url(host));
    let answer = Client::new().request(method, url).send().await.unwrap();
    let after = answer.headers().get(RETRY_AFTER).map(|it| it.to_str().unwrap().parse().unwrap());
    let status = answer.status();
    answer.bytes().await.unwrap();
    (status, after)
}

const LATER: StatusCode = StatusCode::SERVICE_UNAVAILABLE;

/// Waits until a package is there.
async fn arrives(point: &DistributionPoint) -> PackageState {
    loop {
        match point.follow(&package(1), &Reporter::silent()).await {
            Ok(outcome) => return state(outcome),
            Err(DistributionPointError::NoTransfer(_)) => tokio::time::sleep(PAUSE).await,
            Err(error) => panic!("{error}"),
        }
    }
}

const PAUSE: Duration = Duration::from_millis(10);

#[tokio::test]
async fn the_first_request_makes_one_transfer_whoever_else_asks() {
    let world = World::new(151).await;
    let wanted = world.take(1, 1, &some_files()).await;
    // The source answers nobody before all clients have asked.
    let open = Arc::new(Semaphore::new(0));
    let gate = Arc::clone(&open);
    let requests = super::world::Requests::default();
    let _source = world
        .wrapped_source(1, |router| {
            requests.count(router).layer(axum::middleware::from_fn(
                move |request: Request, next: Next| {
                    let gate = Arc::clone(&gate);
                    async move {
                        let _open = gate.acquire().await.unwrap();
                        next.run(request).await
                    }
                },
            ))
        })
        .await;
    let point = pulling(&world, 2, &[(1, 1)], &wanted).await;
    let quiet = observed(&point).await;
    assert_eq!(quiet.on_demand[&package(1)].requested, None);
    assert!(quiet.pull_jobs.is_empty() && requests.all().is_empty(), "nobody has asked");

    let paths = ["/packages/CEN00001", "/content/CEN00001/again.bin", "/content/CEN00001/nothing"];
    let clients = (0..60).map(|number| ask(&world, 2, paths[number % 3]));
    for (status, after) in join_all(clients).await {
        assert_eq!(status, LATER);
        assert!((1..=60).contains(&after.unwrap()));
    }
    let asked = observed(&point).await;
    assert!(asked.on_demand[&package(1)].requested.is_some());
    assert_eq!(asked.pull_jobs.len(), 1);
    open.add_permits(64);
    assert!(arrives(&point).await.available());
    assert_eq!(ask(&world, 2, "/packages/CEN00001").await, (StatusCode::OK, None));
    assert_eq!(ask(&world, 2, "/content/CEN00001/again.bin").await.0, StatusCode::OK);
    assert_eq!(ask(&world, 2, "/content/CEN00001/nothing").await.0, StatusCode::NOT_FOUND);
    let there = observed(&point).await;
    assert!(there.on_demand.is_empty() && there.pull_jobs.is_empty());
    let lists = requests.all()[&("/packages/CEN00001".to_owned(), None)];
    assert_eq!(lists, 1, "one transfer");
    assert!(requests.files().values().all(|count| *count == 1));
}

#[tokio::test]
async fn nobody_makes_it_fetch_what_it_was_not_offered() {
    let world = World::new(152).await;
    let wanted = world.take(1, 1, &some_files()).await;
    world.take(2, 1, &some_files()).await;
    let (_source, requests) = world.counted_source(1).await;
    let point = pulling(&world, 2, &[(1, 1)], &wanted).await;
    for path in [
        "/packages/CEN00002",
        "/content/CEN00002/again.bin",
        "/packages/../CEN00001",
        "/packages/cen00001%00",
        "/packages/CEN000011",
        "/content/CEN00001/../secret",
        "/content/CEN00001/",
        &format!("/files/{}", wanted.digest.to_hex()),
    ] {
        assert_eq!(ask(&world, 2, path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(
        ask_by(&world, 2, "/packages/CEN00001", Method::POST).await.0,
        StatusCode::METHOD_NOT_ALLOWED
    );
    // What is taken back is as if it had never been offered.
    point.withdraw(package(1)).await.unwrap();
    assert_eq!(ask(&world, 2, "/packages/CEN00001").await.0, StatusCode::NOT_FOUND);
    let state = observed(&point).await;
    assert!(state.on_demand.is_empty() && state.pull_jobs.is_empty() && requests.all().is_empty());
    // A point that fetches nothing on demand is offered nothing.
    let other = world.pull_point(3, &[(1, 1)]).await;
    let refused = other.offer(package(1), content(&wanted)).await;
    assert!(matches!(refused, Err(DistributionPointError::NotOnDemand)));
}

#[tokio::test]
async fn what_was_asked_for_comes_after_a_restart_at_any_moment() {
    let world = World::new(153).await;
    let wanted = world.take(1, 1, &some_files()).await;
    // Nobody answers at the source.
    let point = pulling(&world, 2, &[(1, 1)], &wanted).await;
    assert_eq!(ask(&world, 2, "/packages/CEN00001").await.0, LATER);
    point.close().await;
    drop(point);
    // Ended between the two: it is written down that somebody has asked, and no transfer yet.
    fs::remove_file(world.directory(2).join("jobs/CEN00001.json")).unwrap();
    let (_source, requests) = world.counted_source(1).await;
    // A look at what there is sets nothing in motion, and neither does who asks meanwhile.
    let look = world.open(2, false).await;
    assert_eq!(ask(&world, 2, "/packages/CEN00001").await.0, LATER);
    assert!(observed(&look).await.on_demand[&package(1)].requested.is_some());
    look.close().await;
    drop(look);
    assert!(requests.all().is_empty());
    let point = world.open(2, true).await;
    assert!(arrives(&point).await.available());
    assert_eq!(ask(&world, 2, "/packages/CEN00001").await.0, StatusCode::OK);
}

#[tokio::test]
async fn who_asks_does_not_make_a_transfer_that_waits_try_again() {
    let world = World::new(154).await;
    let wanted = world.take(1, 1, &some_files()).await;
    let point = pulling(&world, 2, &[(1, 1)], &wanted).await;
    assert_eq!(ask(&world, 2, "/packages/CEN00001").await.0, LATER);
    let waiting = loop {
        let job = observed(&point).await.pull_jobs.remove(&package(1)).unwrap();
        if matches!(job.state, PullJobState::WaitingForSource { .. }) {
            break job;
        }
        tokio::time::sleep(PAUSE).await;
    };
    for _ in 0..20 {
        assert_eq!(ask(&world, 2, "/packages/CEN00001").await.0, LATER);
    }
    let still = observed(&point).await.pull_jobs.remove(&package(1)).unwrap();
    assert_eq!((still.state, still.attempts), (waiting.state, waiting.attempts));
    // The site may.
    let _source = world.counted_source(1).await;
    point.pull(package(1), 1, wanted.digest).await.unwrap();
    assert!(arrives(&point).await.available());
}

#[tokio::test]
async fn a_standard_point_says_what_was_asked_for_until_the_site_server_sends_it() {
    let world = World::new(155).await;
    let wanted = world.take(1, 1, &some_files()).await;
    let point = world.open(1, true).await;
    point.configure(name("dp-1"), on_demand(standard())).await.unwrap();
    point.offer(package(1), content(&wanted)).await.unwrap();
    // Some clients look before they get.
    assert_eq!(ask_by(&world, 1, "/packages/CEN00001", Method::HEAD).await, (LATER, Some(30)));
    let requested = observed(&point).await.on_demand[&package(1)].requested;
    assert!(requested.is_some() && observed(&point).await.pull_jobs.is_empty());
    point.close().await;
    drop(point);
    let point = world.open(1, true).await;
    assert_eq!(observed(&point).await.on_demand[&package(1)].requested, requested);
    assert_eq!(ask(&world, 1, "/packages/CEN00001").await, (LATER, Some(30)));
    assert_eq!(observed(&point).await.on_demand[&package(1)].requested, requested);
    // Another version that the site offers meanwhile is asked for too.
    let newer = world.take(1, 2, &some_files()).await;
    point.offer(package(1), content(&newer)).await.unwrap();
    assert_eq!(observed(&point).await.on_demand[&package(1)].requested, requested);
    world.send(1, 2, &point).await;
    assert_eq!(ask(&world, 1, "/packages/CEN00001").await, (StatusCode::OK, None));
    assert!(observed(&point).await.on_demand.is_empty());
    // Removed: nobody may ask for it before it is offered again.
    point.remove_package(&package(1)).await.unwrap();
    assert_eq!(ask(&world, 1, "/packages/CEN00001").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn files_of_a_package_that_comes_for_a_request_are_on_their_way() {
    let world = World::new(156).await;
    let wanted = world.take(1, 1, &some_files()).await;
    let file = crate::model::Digest::of(&[7; 700]).to_hex();
    // The source gives the list, and no file before it is let.
    let open = Arc::new(Semaphore::new(0));
    let gate = Arc::clone(&open);
    let _source = world
        .wrapped_source(1, |router| {
            router.layer(axum::middleware::from_fn(move |request: Request, next: Next| {
                let gate = Arc::clone(&gate);
                async move {
                    if request.uri().path().starts_with("/files") {
                        let _open = gate.acquire().await.unwrap();
                    }
                    next.run(request).await
                }
            }))
        })
        .await;
    let point = pulling(&world, 2, &[(1, 1)], &wanted).await;
    let path = format!("/files/{file}");
    assert_eq!(ask(&world, 2, &path).await.0, StatusCode::NOT_FOUND, "of which package?");
    assert_eq!(ask(&world, 2, "/packages/CEN00001").await.0, LATER);
    while ask(&world, 2, &path).await.0 != LATER {
        tokio::time::sleep(PAUSE).await;
    }
    open.add_permits(64);
    assert!(arrives(&point).await.available());
    assert_eq!(ask(&world, 2, &path).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_point_that_pulls_from_one_on_demand_is_a_client_of_it() {
    let world = World::new(157).await;
    let wanted = world.take(1, 1, &some_files()).await;
    let _source = world.counted_source(1).await;
    let between = pulling(&world, 2, &[(1, 1)], &wanted).await;
    let point = pulling(&world, 3, &[(1, 2)], &wanted).await;
    assert_eq!(ask(&world, 3, "/packages/CEN00001").await.0, LATER);
    assert!(arrives(&point).await.available());
    assert!(observed(&between).await.packages.contains_key(&package(1)));
}

#[tokio::test]
async fn without_the_setting_nothing_may_be_fetched_any_more() {
    let world = World::new(158).await;
    let wanted = world.take(1, 1, &some_files()).await;
    let (_source, requests) = world.counted_source(1).await;
    let prestaged =
        DistributionPointSettings { prestaged: true, ..on_demand(world.pulling(&[(1, 1)])) };
    for settings in [world.pulling(&[(1, 1)]), prestaged] {
        let point = pulling(&world, 2, &[(1, 1)], &wanted).await;
        point.configure(name("dp-2"), settings).await.unwrap();
        assert_eq!(ask(&world, 2, "/packages/CEN00001").await.0, StatusCode::NOT_FOUND);
        assert!(observed(&point).await.on_demand.is_empty());
        point.close().await;
        drop(point);
        let point = world.open(2, true).await;
        assert!(observed(&point).await.on_demand.is_empty(), "after a restart too");
        point.close().await;
    }
    assert!(requests.all().is_empty());
}

#[tokio::test]
async fn clients_begin_no_more_transfers_than_the_point_takes() {
    let world = World::new(159).await;
    let wanted = world.take(1, 1, &some_files()).await;
    // Nobody answers at the source: what has begun waits, and counts.
    let point = pulling(&world, 2, &[(1, 1)], &wanted).await;
    let last = u32::try_from(CAPACITY).unwrap() + 1;
    for number in 2..=last {
        point.offer(package(number), content(&wanted)).await.unwrap();
    }
    let ask_for = |number: u32| {
        let (world, path) = (&world, format!("/packages/CEN{number:05}"));
        async move { ask(world, 2, &path).await.0 }
    };
    for number in 1..=last {
        assert_eq!(ask_for(number).await, LATER);
    }
    let state = observed(&point).await;
    assert_eq!(state.pull_jobs.len(), CAPACITY);
    assert!(!state.pull_jobs.contains_key(&package(last)));
    assert!(state.on_demand[&package(last)].requested.is_some(), "it is not forgotten");
    // One is given up: who asks next begins the one that is left.
    point.remove_package(&package(1)).await.unwrap();
    assert_eq!(ask_for(last).await, LATER);
    assert!(observed(&point).await.pull_jobs.contains_key(&package(last)));
}

#[tokio::test]
async fn a_file_that_does_not_come_is_not_promised() {
    let world = World::new(160).await;
    let wanted = world.take(1, 1, &some_files()).await;
    let (_source, _) = world.counted_source(1).await;
    let point = pulling(&world, 2, &[(1, 1)], &wanted).await;
    assert_eq!(ask(&world, 2, "/packages/CEN00001").await.0, LATER);
    arrives(&point).await;
    let (_, content) = some_files().pop().unwrap();
    let hex = Digest::of(&content).to_hex();
    let file = format!("/files/{hex}");
    assert_eq!(ask(&world, 2, &file).await.0, StatusCode::OK);
    fs::remove_file(world.directory(2).join("library/files").join(&hex[..2]).join(&hex)).unwrap();
    assert_eq!(ask(&world, 2, &file).await, (StatusCode::NOT_FOUND, None));
}
