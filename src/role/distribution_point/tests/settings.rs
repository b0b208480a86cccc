//! Settings, ports and removal.

use std::fs;

use super::world::{PORT, World, name, observed, package, some_files, standard, stored};
use crate::{
    model::{
        ContentProtocol, DistributionPointSettings, DistributionPointType, Listener, Port,
        Unsupported,
    },
    net::{ListenError, OpenPort},
    role::{
        WebPortError,
        distribution_point::{DistributionPoint, DistributionPointError},
    },
};

fn on_port(number: u16) -> DistributionPointSettings {
    let mut settings = standard();
    settings.ports.http = Port::new(number).unwrap();
    settings
}

async fn answers(world: &World, port: u16) -> bool {
    reqwest::get(format!("http://{}:{port}/packages/CEN00001", world.ip(1))).await.is_ok()
}

#[tokio::test]
async fn changed_port_opens_and_the_old_one_closes() {
    let world = World::new(60).await;
    let point = world.standard_point(1).await;
    assert!(answers(&world, PORT).await);
    point.configure(name("dp-1"), on_port(PORT + 10)).await.unwrap();
    assert!(answers(&world, PORT + 10).await && !answers(&world, PORT).await);
    let open = Listener::Open(format!("{}:{}", world.ip(1), PORT + 10));
    assert_eq!(observed(&point).await.listener, open);
    point.configure(name("dp-1"), on_port(PORT + 10)).await.unwrap();
    point.close().await;
    assert!(!answers(&world, PORT + 10).await);
    let point = world.open(1, true).await;
    assert_eq!(observed(&point).await.listener, open);
    assert_eq!(observed(&point).await.settings, on_port(PORT + 10));
}

#[tokio::test]
async fn port_in_use_changes_nothing_and_heals() {
    let world = World::new(61).await;
    let point = world.standard_point(1).await;
    let other = OpenPort::open(world.ip(1), PORT + 10, axum::Router::new()).await.unwrap();
    let refused = point.configure(name("dp-1"), on_port(PORT + 10)).await;
    assert!(matches!(
        refused,
        Err(DistributionPointError::Port(WebPortError::Listen(ListenError::InUse(_))))
    ));
    assert_eq!(observed(&point).await.settings, standard());
    assert!(answers(&world, PORT).await);
    point.close().await;
    // Taken while it was down: it starts, and says so.
    let taken = OpenPort::open(world.ip(1), PORT, axum::Router::new()).await.unwrap();
    let point = world.open(1, true).await;
    let Listener::Closed(why) = observed(&point).await.listener else { panic!("it is taken") };
    assert!(why.contains("in use"), "{why}");
    taken.close().await;
    other.close().await;
    point.configure(name("dp-1"), standard()).await.unwrap();
    assert!(matches!(observed(&point).await.listener, Listener::Open(_)));
}

#[tokio::test]
async fn what_is_not_supported_is_said_so() {
    let world = World::new(62).await;
    let point = world.open(1, true).await;
    let refused = async |change: fn(&mut DistributionPointSettings)| {
        let mut settings = standard();
        change(&mut settings);
        match point.configure(name("dp-1"), settings).await {
            Err(DistributionPointError::Unsupported(what)) => what,
            other => panic!("{other:?}"),
        }
    };
    let pxe = refused(|it| it.pxe = serde_json::from_str(r#"{"enabled": true}"#).unwrap()).await;
    assert_eq!(pxe, Unsupported::Pxe);
    let multicast =
        refused(|it| it.multicast = serde_json::from_str(r#"{"enabled": true}"#).unwrap());
    assert_eq!(multicast.await, Unsupported::Multicast);
    assert!(point.state().await.unwrap().is_none());
}

#[tokio::test]
async fn a_gateway_serves_over_https_and_neither_pulls_nor_takes_content_by_hand() {
    let world = World::new(150).await;
    let gateway = || DistributionPointSettings {
        r#type: DistributionPointType::CloudManagementGateway,
        protocol: ContentProtocol::Https,
        ..standard()
    };
    let point = world.open(1, true).await;
    for (wrong, why) in [
        (DistributionPointSettings { protocol: ContentProtocol::Http, ..gateway() }, "HTTPS only"),
        (DistributionPointSettings { prestaged: true, ..gateway() }, "by hand"),
        (DistributionPointSettings { pull: world.pulling(&[(1, 2)]).pull, ..gateway() }, "pulls"),
    ] {
        let refused = point.configure(name("dp-1"), wrong).await.unwrap_err();
        assert!(matches!(refused, DistributionPointError::Gateway(_)), "{refused}");
        assert!(refused.to_string().contains(why), "{refused}");
        assert!(point.state().await.unwrap().is_none());
    }
    point.configure(name("dp-1"), gateway()).await.unwrap();
    world.take(1, 1, &some_files()).await;
    assert!(world.send(1, 1, &point).await.available());
    assert!(!answers(&world, PORT).await, "nothing is served in the clear");
}

#[tokio::test]
async fn removed_point_leaves_nothing() {
    let world = World::new(63).await;
    let point = world.standard_point(1).await;
    world.take(1, 1, &some_files()).await;
    world.send(1, 1, &point).await;
    assert!(!stored(&world.directory(1)).is_empty());
    point.remove().await.unwrap();
    point.remove().await.unwrap();
    assert!(point.state().await.unwrap().is_none());
    assert!(!answers(&world, PORT).await);
    assert_eq!(fs::read_dir(world.directory(1)).unwrap().count(), 0);
    point.configure(name("dp-1"), standard()).await.unwrap();
    assert!(observed(&point).await.packages.is_empty());
}

#[tokio::test]
async fn point_answers_to_its_name_and_to_a_new_one() {
    let world = World::new(66).await;
    let point = world.standard_point(1).await;
    let says = || async {
        let answer = reqwest::get(format!("{}/distribution-point", world.url(1))).await.unwrap();
        answer.text().await.unwrap()
    };
    assert_eq!(says().await, r#"{"distributionPoint":"dp-1"}"#);
    point.configure(name("branch"), standard()).await.unwrap();
    assert_eq!(says().await, r#"{"distributionPoint":"branch"}"#);
    point.close().await;
    let _point = world.open(1, true).await;
    assert_eq!(says().await, r#"{"distributionPoint":"branch"}"#, "after a restart too");
}

#[tokio::test]
async fn removed_package_is_gone_for_readers() {
    let world = World::new(64).await;
    let point = world.standard_point(1).await;
    world.take(1, 1, &some_files()).await;
    world.send(1, 1, &point).await;
    let url = format!("{}/packages/CEN00001", world.url(1));
    assert_eq!(reqwest::get(&url).await.unwrap().status(), 200);
    point.remove_package(&package(1)).await.unwrap();
    assert_eq!(reqwest::get(&url).await.unwrap().status(), 404);
    assert!(stored(&world.directory(1)).is_empty());
}

#[tokio::test]
async fn library_of_another_process_is_not_touched() {
    let world = World::new(65).await;
    let _point = world.standard_point(1).await;
    let directory = world.directory(1);
    let second = DistributionPoint::open(directory, world.surroundings(2), true).await;
    assert!(second.unwrap_err().to_string().contains("used by another process"));
}

#[tokio::test]
async fn prestaged_content_goes_to_points_that_do_not_pull() {
    let world = World::new(93).await;
    let point = world.standard_point(1).await;
    assert!(point.extracting_library().await.is_ok());
    let pulling = world.pulling(&[(1, 2)]);
    point.configure(name("dp-1"), pulling.clone()).await.unwrap();
    let refused = point.extracting_library().await;
    assert!(matches!(refused, Err(DistributionPointError::NotPrestaged)));
    // It overrides pull (PDP-9), and takes nothing from a site server.
    let prestaged = DistributionPointSettings { prestaged: true, ..pulling };
    point.configure(name("dp-1"), prestaged).await.unwrap();
    assert!(point.extracting_library().await.is_ok());
    let sent = point.receiving_library().await;
    assert!(matches!(sent, Err(DistributionPointError::Prestaged)));
}
